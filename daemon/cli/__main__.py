"""`python -m daemon.cli` is `suivi`, where no script was installed."""

from daemon.cli import main

main()

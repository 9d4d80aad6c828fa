"""The daemon and whoever speaks to it: run, sync, status, reload, release."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.bars import bars
from daemon.cli.context import (
    Trouble,
    built,
    prepare,
    settings,
    store,
    tell_refused,
    usual_socket,
    words,
)
from daemon.cli.output import Json, as_json, plain, table, tell_troubles
from daemon.cli.rules_list import in_force
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from daemon.store import Store


def add(app: typer.Typer) -> None:
    """These commands."""
    app.command(help=mark("Run the daemon until SIGTERM or Ctrl-C."))(run)
    app.command(help=mark("Read every mailbox and calendar once, and show the progress."))(sync)
    app.command(help=mark("How the running daemon is."))(status)
    app.command(help=mark("Make the running daemon read its configuration and rules again."))(
        reload
    )
    app.command(
        help=mark("End the first days of observing: from now on suivi records, writes and sends.")
    )(release)


def run(context: typer.Context) -> None:
    """`suivi run`"""
    import faulthandler

    from daemon import app, logs, notify
    from daemon.app.hidden import hidden_texts

    # Where the watchdog ends a hang (SIGABRT), the journal says what every thread was doing.
    faulthandler.enable()
    loaded = settings(context, servers=True)
    logs.setup(loaded.log, hidden=hidden_texts(loaded))
    with notify.patience("making the database ready"):
        prepare(loaded)
    app.build(loaded).run()


def sync(context: typer.Context) -> None:
    """`suivi sync`"""
    from daemon.retold import retold

    _ = words()
    loaded = settings(context, servers=True)
    prepare(loaded)
    suivi = built(loaded)
    with bars() as progress:
        report = suivi.sync(progress.tell)
    table((_("result"), _("number")), sorted(report.counts.items()))
    tell_troubles(retold(trouble, _) for trouble in report.troubles)
    if report.troubles:
        raise typer.Exit(1)


def status(
    context: typer.Context,
    *,
    json: Json = False,
) -> None:
    """`suivi status`"""
    from daemon.control import ask

    _ = words()
    answer = ask(settings(context).control_socket, "status", language=of_environment())
    if json:
        as_json(answer)
        return
    if answer.get("observing"):
        typer.echo(
            _("Only observing: nothing is recorded, written or sent. `suivi release` ends it.")
        )
    if answer.get("held"):
        typer.echo(
            _(
                "A backup was restored: nothing is sent or written to calendars until"
                " `suivi release`."
            )
        )
    columns = (_("account"), _("kind"), _("last read"), _("trouble"))
    accounts = answer.get("accounts", [])
    table(
        columns,
        [[a.get(n) or "–" for n in ("name", "kind", "last_ok", "trouble")] for a in accounts],
    )
    reminders = [(state, number) for state, number in answer.get("reminders", {}).items() if number]
    if reminders:
        table((_("reminders"), _("number")), reminders)
    troubles = answer.get("reminder_troubles", [])
    if troubles:
        table(
            (_("reminder for"), _("state"), _("why")),
            [[t.get(n) or "–" for n in ("recipient", "state", "why")] for t in troubles],
        )
    if letters := answer.get("letter_troubles", []):
        table(
            (_("mail to"), _("kind"), _("state"), _("why")),
            [[t[n] or "–" for n in ("recipient", "kind", "state", "why")] for t in letters],
        )
    _rules(answer["rules"])
    tell_troubles(answer.get("alarms", ()))
    if earlier := answer.get("of_earlier_rules"):
        told = _("{number} exchanges were judged by earlier rules: `suivi rules diff` compares")
        typer.echo(told.format(number=earlier))
    for job in answer.get("loop", {}).get("overdue", ()):
        typer.echo(f"suivi: {_('overdue')}: {plain(job)}", err=True)
    backup = answer.get("last_backup") or _("none yet: suivi backup FILE")
    typer.echo(_("last good backup: {when}").format(when=backup))
    typer.echo(answer.get("http", ""))


def _rules(rules: dict[str, Any]) -> None:
    in_force(rules["rules"], len(rules["files"]), rules["since"], rules["fingerprint"])
    tell_troubles(rules["warnings"])
    tell_refused(rules["directory"], rules["mistakes"])


def reload(context: typer.Context) -> None:
    """`suivi reload`: waits for the answer, and fails if the new configuration is refused."""
    from daemon.control import ask

    _ = words()
    # The daemon reads it, and says what is wrong: here, as the unit's ExecReload=, there are no
    # credentials, so that a password of the database would be missed.
    ask(usual_socket(context), "reload", timeout=60, language=of_environment())
    typer.echo(_("Reloaded."))


def release(
    context: typer.Context,
    *,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help=mark("After a restore, though not all accounts were read.")),
    ] = False,
) -> None:
    """`suivi release`: through the daemon if one runs, else in the database."""
    from daemon import clock
    from daemon.control import NoDaemon, ask
    from daemon.store import installation

    _ = words()
    with store(context) as (loaded, opened):
        if not anyway and (unread := _unread(opened)):
            told = _(
                "not read since the backup was restored: {accounts}. What was sent or written there"
                " is not recognised yet: wait, or suivi release --anyway"
            )
            raise Trouble(told.format(accounts=", ".join(unread)))
        try:
            ask(loaded.control_socket, "release", timeout=60)
        except NoDaemon:
            with opened.write() as tx:
                installation.release(tx, clock.now())
    typer.echo(_("Released: suivi records, writes to calendars and sends reminders from now on."))


def _unread(opened: "Store") -> list[str]:
    """The accounts of a held installation that were not read since its backup was restored."""
    from daemon.store import accounts, installation

    with opened.read() as tx:
        state, watched = installation.get(tx), accounts.watched(tx)
    since = state.restored_at
    if not state.held or since is None:
        return []
    return [a.name for a in watched if a.last_ok_at is None or a.last_ok_at < since]

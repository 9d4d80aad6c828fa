"""`suivi init`: asks what suivi needs, writes the configuration, and tries all of it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Options, Trouble, words
from daemon.cli.output import plain
from daemon.i18n import mark, of_environment

if TYPE_CHECKING:
    from pwd import struct_passwd

    from daemon.app.installing import Installing
    from daemon.config import Settings
    from daemon.config.answers import Answers


def add(app: typer.Typer) -> None:
    """This command."""
    app.command(help=mark("Ask what suivi needs, write its configuration, and check it."))(init)


def init(
    context: typer.Context,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help=mark("Ask nothing: a suivi.toml with passwords, and [directory] third_parties."),
        ),
    ] = None,
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help=mark("Replace files that are there already."))
    ] = False,
) -> None:
    """`suivi init`: exit code as `suivi check`, and 1 where files are in the way."""
    from daemon.app.installing import installing
    from daemon.cli.init_questions import asked
    from daemon.config import DEFAULT_PATH, load
    from daemon.config.answers import read

    options: Options = context.obj
    path = Path(options.config or os.environ.get("SUIVI_CONFIG") or DEFAULT_PATH)
    told = read(answers) if answers is not None else asked(path)
    files = installing(told.tables, path, of_environment())
    _make_sure(files, ask=answers is None, overwrite=overwrite)
    files.put(_state_dir(told))
    _ = words()
    done = _("Written: {path}, and passwords in {folder}.")
    typer.echo(done.format(path=plain(path), folder=plain(files.folder)))
    loaded = load(path)
    with _service(path, files) as service:
        _beside(service, loaded.state_dir, told.third_parties)
        _check(service, by_user=_knows_the_user(loaded))


def _state_dir(told: "Answers") -> Path:
    from daemon.config import Settings

    return Settings.model_validate(told.tables).state_dir


def _make_sure(files: "Installing", *, ask: bool, overwrite: bool) -> None:
    """Nothing is replaced that nobody agreed to. Raises Trouble."""
    _ = words()
    there = files.in_the_way()
    if not there or overwrite:
        return
    named = ", ".join(map(str, there))
    if not ask:
        raise Trouble(_("{files}: there already; --overwrite replaces them").format(files=named))
    question = _("{files}: there already. Replace them?").format(files=plain(named))
    if not typer.confirm(question, default=False):
        raise Trouble(_("nothing was changed"))


@dataclass(frozen=True, slots=True)
class _Service:
    """How suivi runs once it is started: on this configuration, as this user if there is one (these
    files are its own), with a directory of credentials that are its to read."""

    path: Path
    user: "struct_passwd | None"
    credentials: Path | None

    def suivi(self, *arguments: str) -> int:
        """One of our own commands, its words shown; what it can't do the check tells too."""
        # Not with -m alone: root may stand in a folder that holds a `daemon` of somebody else's.
        command = [sys.executable, "-P", "-m", "daemon.cli", "--config", str(self.path)]
        lent = {"CREDENTIALS_DIRECTORY": str(self.credentials)} if self.credentials else {}
        return subprocess.run(  # noqa: S603  ours
            [*command, *arguments],
            check=False,
            env={**os.environ, **lent},
            user=self.user and self.user.pw_uid,
            group=self.user and self.user.pw_gid,
            extra_groups=self.user and (),
        ).returncode


@contextmanager
def _service(path: Path, files: "Installing") -> Iterator[_Service]:
    """With what the unit would load, for so long: what lies beside the configuration is root's."""
    from daemon.app.installing import service_user

    user = service_user()
    if user is None:
        yield _Service(path, None, None)
        return
    # In memory, as systemd's own: one that is killed leaves no secret on a disk.
    with tempfile.TemporaryDirectory(prefix="suivi-init-", dir="/run") as folder:
        place = Path(folder)
        for file in filter(Path.is_file, files.folder.iterdir()):
            _give(file, place / file.name, user)
        os.chown(place, user.pw_uid, user.pw_gid)
        yield _Service(path, user, place)


def _give(file: Path, copy: Path, user: "struct_passwd") -> None:
    """A copy that this user alone reads."""
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "wb") as out:
        out.write(file.read_bytes())
    os.chown(copy, user.pw_uid, user.pw_gid)


def _beside(service: _Service, state_dir: Path, third_parties: Path | None) -> None:
    """Make the database, and import the list."""
    user = service.user
    if user is not None and not state_dir.exists():
        state_dir.mkdir(mode=0o700, parents=True)
        os.chown(state_dir, user.pw_uid, user.pw_gid)
    service.suivi("db", "upgrade")
    if third_parties is None:
        return
    with tempfile.TemporaryDirectory(prefix="suivi-init-") as folder:
        # Root's own list may be nobody else's to read.
        copy = Path(folder) / third_parties.name
        shutil.copyfile(third_parties, copy)
        if user is not None:
            for place in (Path(folder), copy):
                os.chown(place, user.pw_uid, user.pw_gid)
        service.suivi("import", "third-parties", str(copy))


def _knows_the_user(loaded: "Settings") -> bool:
    """Whether the database may know us by our user alone (PostgreSQL's peer authentication)."""
    return loaded.database.url is not None and loaded.database.password is None


def _check(service: _Service, *, by_user: bool) -> None:
    from daemon import clock
    from daemon.app.checkup import Asked
    from daemon.cli.operation import tried
    from daemon.config import load

    _ = words()
    if by_user and service.user is not None:
        sound = service.suivi("check") == 0
    else:
        sound = tried(Asked(load(service.path), clock.now, of_environment()))
    typer.echo()
    if not sound:
        typer.echo(_("Mend what is marked ✗, then `suivi check` again."))
        raise typer.Exit(1)
    typer.echo(_("Start it: systemctl enable --now suivi.target"))
    typer.echo(
        _("The first days only observe: `suivi report` shows what, `suivi release` ends it.")
    )

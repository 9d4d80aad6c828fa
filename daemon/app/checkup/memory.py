"""What suivi knows and goes by: the database, the rules, the mail templates."""

from collections.abc import Iterator
from datetime import timedelta

from daemon.app.checkup.lines import Asked, CheckLine, bad, ok, warning
from daemon.app.rules import source_of
from daemon.reminders.sheets import Sheets, short
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.reading import Bad, read_directory
from daemon.rulefiles.saved import saved
from daemon.store import StoreError, installation, open_store, shown
from daemon.store.versions import clock, known
from rules.language import Known

MOST_MISTAKES = 50
"""Lines about rules."""

SKEW = timedelta(seconds=30)
"""How far two clocks may be apart: reminders are due on the minute."""


def database(asked: Asked) -> Iterator[CheckLine]:
    """Whether it is there, of this version, and may be written; and what its clock says."""
    _, url = asked.words, asked.settings.database_url
    try:
        store = open_store(url)
        try:
            with store.write() as tx:
                there = clock(tx)
                ahead = timedelta() if there is None else there - asked.now()
            with store.read() as tx:
                state = installation.find(tx)
        finally:
            store.close()
    except StoreError as error:
        yield bad("database", str(error))
        return
    text = _("{database} is of this version ({version})")
    yield ok("database", text.format(database=shown(url), version=known()[-1]))
    if abs(ahead) > SKEW:
        yield skewed(asked, "database", ahead)
    if state is not None and state.held:
        text = _("a backup was restored: nothing is sent or written before `suivi release`")
        yield warning("installation", text)
    elif state is not None and state.observing:
        text = _("only observing: nothing is recorded, written or sent before `suivi release`")
        yield warning("installation", text)


def skewed(asked: Asked, who: str, ahead: timedelta) -> CheckLine:
    """Another's clock and ours differ."""
    _ = asked.words
    seconds = round(abs(ahead).total_seconds())
    if ahead > timedelta():
        text = _("{who} is {seconds} s ahead of this machine: set the clocks by NTP")
    else:
        text = _("{who} is {seconds} s behind this machine: set the clocks by NTP")
    return warning("clock", text.format(who=who, seconds=seconds))


def rules(asked: Asked) -> Iterator[CheckLine]:
    """The saved rules; against the names in the database where it can be asked."""
    _, source = asked.words, source_of(asked.settings)
    try:
        store = open_store(asked.settings.database_url)
        try:
            _kept, found = saved(store, source)
        finally:
            store.close()
    except StoreError:
        # The line about the database says why.
        _look, found = read_directory(source, Known(), held_rules=False)
    if isinstance(found, Bad):
        for line in lines(found.mistakes, asked.language, MOST_MISTAKES):
            yield bad("rules", line)
        return
    for line in lines(found.warnings, asked.language, MOST_MISTAKES):
        yield warning("rules", line)
    text = _("{rules} rules in {files} files of {directory}")
    counts = {"rules": len(found.ruleset.rules), "files": len(found.files)}
    yield ok("rules", text.format(directory=source.directory, **counts))


def templates(asked: Asked) -> Iterator[CheckLine]:
    """Each template of the admin's own: nothing is said where there is none."""
    _, sheets = asked.words, Sheets(asked.settings.templates_folder)
    for name in sheets.names():
        files = sheets.files(name)
        if not files:
            continue
        found = sheets.faults(name)
        for misprint in found:
            yield bad("template", misprint.said(asked.language), name)
        if not found:
            shown = ", ".join(short(path, name) for path in files)
            text = _("{files} can be filled in").format(files=shown)
            yield ok("template", text, name)

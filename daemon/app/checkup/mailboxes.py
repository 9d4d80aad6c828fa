"""One mailbox: login, what its server can do, its folders, and whether they can be read."""

from collections.abc import Iterable, Iterator

from connectors import imap
from connectors.errors import ConnectorError, Refused
from daemon.app import connect
from daemon.app.checkup.lines import Asked, CheckLine, bad, certificate, ok, refused, until, warning
from daemon.capture.mail import watched
from daemon.config import Mailbox
from rules.model.sightings import FolderRole
from rules.model.wire import FolderInfo

USED = ("IDLE", "SPECIAL-USE", "CONDSTORE", "QRESYNC", "OBJECTID", "COMPRESS=DEFLATE")
"""Capabilities that are worth telling: what the server has of them makes suivi quicker or surer."""


def mailbox(asked: Asked, box: Mailbox) -> Iterator[CheckLine]:
    """Try one `[[mailboxes]]`; read-only, as always."""
    try:
        opened = imap.connect(connect.imap_account(box))
        try:
            yield from _looked_at(asked, box, opened)
        finally:
            opened.close()
    except ConnectorError as error:
        yield refused(asked, "mailbox", box.name, error)


def _looked_at(asked: Asked, box: Mailbox, opened: imap.ImapMailbox) -> Iterator[CheckLine]:
    _ = asked.words
    found = opened.folders()
    names = {folder.name for folder in found}
    if missing := [name for name in box.folders if name not in names]:
        text = _("no such folder: {folders}: correct `folders`; there are: {found}")
        shown = text.format(folders=", ".join(missing), found=", ".join(sorted(names)))
        yield bad("mailbox", shown, box.name)
    if box.purpose == "capture" and not any(f.role is FolderRole.SENT for f in found):
        text = _("no Sent folder found: what staff send is missed; name it in `folders`")
        yield warning("mailbox", text, box.name)
    wanted = tuple(watched(found, frozenset(box.folders)))
    troubles = [line for folder in wanted for line in _examined(asked, box, opened, folder)]
    yield from troubles
    yield from certificate(asked, "mailbox", box.name, opened.certificate_ends)
    if troubles or missing:
        return
    text = _("{number} folders in all; reads {folders}; the server offers {capabilities}; {news}")
    told = text.format(
        number=len(found),
        folders=_roles(asked, wanted),
        capabilities=", ".join(c for c in USED if c in opened.capabilities) or "–",
        news=_news(asked, opened),
    )
    yield ok("mailbox", told + until(asked, opened.certificate_ends), box.name)


def _examined(
    asked: Asked, box: Mailbox, opened: imap.ImapMailbox, folder: FolderInfo
) -> Iterator[CheckLine]:
    try:
        opened.examine(folder.name)
    except Refused as error:
        yield refused(asked, "mailbox", box.name, error)


def _roles(asked: Asked, folders: Iterable[FolderInfo]) -> str:
    """Which folders are read, as what, and whether that is only guessed from their names."""
    _ = asked.words
    guessed = _("{folder} (taken for {role} by its name)")
    return ", ".join(
        guessed.format(folder=f.name, role=f.role.value)
        if f.guessed and f.role is not FolderRole.OTHER
        else f"{f.name} ({f.role.value})"
        for f in folders
    )


def _news(asked: Asked, opened: imap.ImapMailbox) -> str:
    _ = asked.words
    if "IDLE" in opened.capabilities:
        return _("new mail is told at once")
    text = _("asked for new mail every {seconds} s")
    return text.format(seconds=round(asked.settings.capture.poll_seconds))

"""Folders and their roles: LIST with SPECIAL-USE (RFC 6154), else well-known names."""

import re
import unicodedata

from imapclient import imap_utf7

from connectors.errors import Unreachable
from connectors.imap import values
from connectors.imap.session import Session, shown
from connectors.imap.values import Value
from rules.model.sightings import FolderRole
from rules.model.wire import FolderInfo

_BY_ATTRIBUTE = {
    b"\\sent": FolderRole.SENT,
    b"\\archive": FolderRole.ARCHIVE,
    b"\\all": FolderRole.ALL,
    b"\\allmail": FolderRole.ALL,
    b"\\drafts": FolderRole.DRAFTS,
    b"\\junk": FolderRole.JUNK,
    b"\\spam": FolderRole.JUNK,
    b"\\trash": FolderRole.TRASH,
}

# What mail programs name their folders where the server does not say, in small letters.
_NAMES = {
    FolderRole.SENT: (
        "sent|sent items|sent messages|sent mail|envoyés|éléments envoyés|messages envoyés"
        "|courrier envoyé|objets envoyés|gesendet|gesendete objekte|gesendete elemente"
        "|gesendete nachrichten|enviados|elementos enviados|mensajes enviados|correo enviado"
        "|posta inviata|inviata|inviati|verzonden|verzonden items|itens enviados"
    ),
    FolderRole.DRAFTS: (
        "drafts|draft|brouillons|brouillon|entwürfe|borradores|bozze|concepten|rascunhos"
    ),
    FolderRole.JUNK: (
        "junk|junk e-mail|junk email|junk mail|spam|bulk mail|indésirables|courrier indésirable"
        "|pourriel|pourriels|spam-verdacht|junk-e-mail"
        "|correo no deseado|posta indesiderata|ongewenste e-mail"
    ),
    FolderRole.TRASH: (
        "trash|deleted items|deleted messages|deleted|bin|corbeille|éléments supprimés"
        "|messages supprimés|papierkorb|gelöschte objekte|gelöschte elemente|papelera"
        "|elementos eliminados|cestino|posta eliminata|prullenbak|verwijderde items"
    ),
    FolderRole.ARCHIVE: "archive|archives|archiv|archivo|archivio|archief",
}
_BY_NAME = {name: role for role, names in _NAMES.items() for name in names.split("|")}
_PARENTS = {"inbox", "[gmail]", "[google mail]"}
_UNSELECTABLE = {b"\\noselect", b"\\nonexistent"}
_LIST = re.compile(rb"\* (?:LIST|XLIST) ", re.IGNORECASE)


def listed(session: Session) -> tuple[dict[str, bytes], tuple[FolderInfo, ...]]:
    """Folder name → name on the wire, and the folders in the server's order."""
    extended = session.offers("SPECIAL-USE") and session.offers("LIST-EXTENDED")
    reply = session.must("LIST", b"", b"*", *(("RETURN (SPECIAL-USE)",) if extended else ()))
    wire_names: dict[str, bytes] = {}
    found: list[tuple[str, str, frozenset[bytes]]] = []
    for response in reply.data:
        prefix = _LIST.match(response.text)
        if prefix is None:
            continue
        try:
            read = values.read(response, prefix.end())
        except ValueError as error:
            raise Unreachable(f"{session.host}: LIST: {shown(response.text)}: {error}") from error
        match read:
            case [list(attributes), separator, bytes(raw), *_]:
                name = decoded(raw)
                if name in wire_names:
                    continue
                wire_names[name] = raw
                found.append((name, values.text(separator) or "", _lower(attributes)))
    return wire_names, _with_roles(found)


def decoded(raw: bytes) -> str:
    """A folder name from modified UTF-7 (RFC 3501 §5.1.3); as it stands where it is none."""
    try:
        if raw.isascii():
            name = imap_utf7.decode(raw)
            if imap_utf7.encode(name) == raw:
                return str(name)
    except ValueError:
        pass
    return values.text(raw) or ""


def _lower(attributes: list[Value]) -> frozenset[bytes]:
    return frozenset(a.lower() for a in attributes if isinstance(a, bytes))


def _with_roles(found: list[tuple[str, str, frozenset[bytes]]]) -> tuple[FolderInfo, ...]:
    said = [_said_role(name, attributes) for name, _, attributes in found]
    folders = []
    for (name, separator, attributes), role in zip(found, said, strict=True):
        guessed = role is None
        if role is None:
            guess = _role_by_name(name, separator)
            # A name counts only where the server has told of no folder with that role.
            role = guess if guess not in said else FolderRole.OTHER
        selectable = not (attributes & _UNSELECTABLE)
        folders.append(FolderInfo(name, role, selectable, guessed))
    return tuple(folders)


def _said_role(name: str, attributes: frozenset[bytes]) -> FolderRole | None:
    if name.upper() == "INBOX":
        return FolderRole.INBOX
    return next((_BY_ATTRIBUTE[a] for a in sorted(attributes) if a in _BY_ATTRIBUTE), None)


def _role_by_name(name: str, separator: str) -> FolderRole:
    """By name, at the top or right under INBOX: "Clients/Sent" is a folder about something else."""
    parent, _, last = name.rpartition(separator) if separator else ("", "", name)
    if parent and parent.casefold() not in _PARENTS:
        return FolderRole.OTHER
    return _BY_NAME.get(unicodedata.normalize("NFC", last).casefold(), FolderRole.OTHER)

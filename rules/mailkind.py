"""What sort of message is it (spec §5)? Kinds classify and are counted; they never drop."""

from collections.abc import Callable

from rules.model.sightings import MailKind, Message
from rules.words import fold

HEADERS = (
    "auto-submitted",
    "content-class",
    "content-type",
    "list-id",
    "list-post",
    "list-unsubscribe",
    "precedence",
    "return-path",
    "x-auto-reply",
    "x-autoreply",
    "x-autorespond",
    "x-failed-recipients",
)
"""The header fields that are read here, beside the addresses and the subject."""

# A header may hold a megabyte; what tells the kind stands at its start.
_LOOK_AT = 1000

_AWAY = (
    "automatic reply",
    "auto reply",
    "autoreply",
    "auto-reply",
    "out of office",
    "out of the office",
    "reponse automatique",
    "absence du bureau",
    "message d'absence",
    "automatische antwort",
    "abwesenheitsnotiz",
    "respuesta automatica",
    "risposta automatica",
)

_POSTMEN = frozenset({"mailer-daemon", "postmaster"})


_TELLING = frozenset(HEADERS) - {"content-type", "return-path"}
_HUMAN = MailKind.HUMAN


def kind(message: Message) -> MailKind:
    """The first kind whose sign the message carries; a message without signs is human."""
    if _is_plain(message):
        return MailKind.AUTO_REPLY if _is_away(message) else _HUMAN
    for kind, has_sign in SIGNS:
        if has_sign(message):
            return kind
    return _HUMAN


def _is_plain(message: Message) -> bool:
    """Whether none but its subject can tell its kind, as of most mail between people."""
    content_type = message.headers.get("content-type", "text/plain")
    return (
        _TELLING.isdisjoint(message.headers)
        and content_type.startswith(_PLAIN_TYPES)
        and "status" not in content_type.lower()
        and message.invites is None
        and _POSTMEN.isdisjoint([_local(a.email) for a in message.from_])
    )


_PLAIN_TYPES = ("text/plain", "text/html", "multipart/alternative", "multipart/mixed")


def _is_bounce(message: Message) -> bool:
    """A delivery status report (RFC 3464 §2), or what a mailer daemon writes in its own words."""
    content_type = _header(message, "content-type")
    if "report-type=delivery-status" in content_type.replace('"', "").replace(" ", ""):
        return True
    if "x-failed-recipients" in message.headers:
        return True
    return not _POSTMEN.isdisjoint([_local(a.email) for a in message.from_])


def _is_invitation(message: Message) -> bool:
    """iMIP (RFC 6047 §2.4), as far as the outermost headers tell; the text may tell more."""
    return (
        message.invites is not None
        or _header(message, "content-type").startswith("text/calendar")
        or _header(message, "content-class").endswith("calendarmessage")
    )


def _is_auto_reply(message: Message) -> bool:
    """RFC 3834 §5, and what was there before it."""
    submitted = _header(message, "auto-submitted").partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if not _AUTO.isdisjoint(message.headers):
        return True
    if _header(message, "precedence") in ("auto_reply", "auto-reply"):
        return True
    return _is_away(message)


_AUTO = frozenset({"x-autoreply", "x-auto-reply", "x-autorespond"})


def _is_away(message: Message) -> bool:
    return fold(message.subject[:_LOOK_AT]).startswith(_AWAY)


def _is_newsletter(message: Message) -> bool:
    """One can leave (RFC 2369 §3.2) but not answer it, or it calls itself bulk."""
    if _takes_posts(message):
        return False
    bulk = _header(message, "precedence") in ("bulk", "junk")
    return bulk or "list-unsubscribe" in message.headers


def _is_list(message: Message) -> bool:
    """RFC 2919 §3, RFC 2369 §3.4."""
    named = "list-id" in message.headers or _header(message, "precedence") == "list"
    return named or _takes_posts(message)


def _takes_posts(message: Message) -> bool:
    return "mailto:" in _header(message, "list-post")


def _header(message: Message, name: str) -> str:
    value = message.headers.get(name)
    return value[:_LOOK_AT].strip().lower() if value else ""


def _local(email: str) -> str:
    return email.strip().rpartition("@")[0].lower()


SIGNS: tuple[tuple[MailKind, Callable[[Message], bool]], ...] = (
    (MailKind.BOUNCE, _is_bounce),
    (MailKind.INVITATION, _is_invitation),
    (MailKind.AUTO_REPLY, _is_auto_reply),
    (MailKind.NEWSLETTER, _is_newsletter),
    (MailKind.LIST, _is_list),
)
"""Kinds in the order in which they are tried: a bounce of a newsletter is a bounce."""

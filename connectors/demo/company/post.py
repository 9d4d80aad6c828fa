"""A sample letter as the bytes that a mail server holds (RFC 5322, RFC 2045)."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from connectors.demo.company.letters import Letter
from connectors.demo.company.people import Person
from rules.model.sightings import MailKind

TYPES = {"pdf": ("application", "pdf"), "csv": ("text", "csv"), "jpg": ("image", "jpeg")}

# A sender whose program declares one charset and writes another: common, and must not stop capture.
DECLARED, WRITTEN = "x-mac-roman-8", "cp1252"


def render(letter: Letter) -> bytes:
    """The message, the same bytes for every copy of it."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=200))
    message["Date"] = format_datetime(letter.sent_at)
    message["From"] = _address(letter.from_)
    message["To"] = [_address(person) for person in letter.to]
    if letter.cc:
        message["Cc"] = [_address(person) for person in letter.cc]
    message["Subject"] = letter.subject
    if letter.message_id is not None:
        message["Message-ID"] = f"<{letter.message_id}>"
    if letter.parents:
        message["In-Reply-To"] = f"<{letter.parents[-1]}>"
        message["References"] = " ".join(f"<{parent}>" for parent in letter.parents)
    for name, value in letter.headers.items():
        message[name] = value
    _body(message, letter)
    # A random boundary would make each copy of one letter a little different.
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_lumen_{letter.id}_{number}")
    data = message.as_bytes()
    return _broken(data) if letter.broken_charset else data


def _address(person: Person) -> Address:
    return Address(person.name, addr_spec=person.email)


def _body(message: EmailMessage, letter: Letter) -> None:
    text = letter.text + _signature(letter) + _quote(letter)
    message.set_content(text, cte="8bit" if letter.broken_charset else "quoted-printable")
    if letter.kind is MailKind.BOUNCE:
        message.make_mixed()
        message.replace_header("Content-Type", "multipart/report; report-type=delivery-status")
    if letter.kind is MailKind.NEWSLETTER:
        page = f"<html><body><h1>{escape(letter.subject)}</h1><p>{escape(text)}</p></body></html>"
        message.add_alternative(page, subtype="html", cte="quoted-printable")
    for name in letter.attachments:
        main, sub = TYPES[name.rpartition(".")[2]]
        # Never opened by anybody: of attachments suivi keeps name, type and size (spec §5).
        message.add_attachment(
            f"{name}\n".encode() * 40, maintype=main, subtype=sub, filename=name, cte="base64"
        )


def _signature(letter: Letter) -> str:
    if letter.kind is not MailKind.HUMAN or not letter.from_.key:
        return ""
    return f"\n-- \n{letter.from_.signature or letter.from_.name}\n"


def _quote(letter: Letter) -> str:
    """What mail programs put under an answer, in the language of the conversation."""
    if letter.answered is None or letter.kind is not MailKind.HUMAN:
        return ""
    before = letter.answered
    when, name = before.sent_at, before.from_.name
    lead = (
        f"Le {when:%d/%m/%Y} à {when:%H:%M}, {name} a écrit :"
        if letter.language == "fr"
        else f"On {when:%d/%m/%Y} at {when:%H:%M}, {name} wrote:"
    )
    return f"\n{lead}\n" + "".join(f"> {line}".rstrip() + "\n" for line in before.text.splitlines())


def _broken(data: bytes) -> bytes:
    """The same message, its text in a charset nobody has heard of."""
    text = data.decode("utf-8").replace('charset="utf-8"', f'charset="{DECLARED}"', 1)
    return text.encode(WRITTEN)

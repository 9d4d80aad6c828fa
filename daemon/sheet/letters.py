"""A mail that a person writes from an exchange: recorded as an outbound one at once, sent by the
post as soon as suivi may send, and known again by its Message-ID when it lies in a mailbox."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from connectors import mime
from connectors.mime.compose import MailText, compose
from daemon.i18n import mark
from daemon.sheet import exchanges
from daemon.sheet.errors import NotTaken, Unready
from daemon.sheet.writer import Writer
from daemon.store import exchanges as stored
from daemon.store import people, post
from daemon.store.post import Letter, Posted
from rules import identity
from rules.access import Action
from rules.model.exchanges import Direction, Draft, Exchange, Source
from rules.model.people import Address, ContactId
from rules.model.sightings import MailKind
from rules.model.wire import HeaderRow
from rules.words import one_line

MOST = 50
"""Recipients of one mail."""

USEFUL_FOR = timedelta(days=7)
"""How long it waits while suivi only observes, or no server takes it."""

# As the composer of mails, and stricter than RFC 5322: what no server takes for two addresses.
_ADDRESS = re.compile(r"[^\s<>\"(),:;\\@\x00-\x1f\x7f]{1,64}@[^\s<>\"(),:;\\@\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody writes, and to whom: to these addresses, and to nobody else."""

    to: tuple[str, ...]
    subject: str
    text: str
    cc: tuple[str, ...] = ()


def send(
    writer: Writer, sender: str | None, name: str, written: Written, key: str | None
) -> Exchange:
    """Record the mail, and put it into the post once for each recipient; in one transaction.
    `sender` is suivi's own address, `key` the writer's own name of this mail. Raises NotThere,
    NotAllowed, NotTaken, and Unready where no mail can be sent."""
    source = exchanges.find(writer, name)
    writer.must(Action.CREATE_EXCHANGE)
    if sender is None:
        raise Unready(mark("suivi sends no mail here: an admin has to configure [smtp]"))
    if writer.id is None:
        raise Unready(mark("only one of staff has an address to write from"))
    to, cc = _addresses("to", written.to), _addresses("cc", written.cc)
    known = {one.casefold() for one in to}
    cc = tuple(one for one in cc if one.casefold() not in known)
    if not to or len(to) + len(cc) > MOST:
        raise NotTaken("to", mark("name at least one address, and {most} at most"), most=str(MOST))
    nonce = secrets.token_hex(16)
    if key is not None:
        nonce = hashlib.sha256(f"{writer.id}:{key}".encode()).hexdigest()
    message_id = identity.letter_id(post.WRITTEN, f"{source.id}:{nonce}", _domain(writer, sender))
    answers = stored.message_id_of(writer.tx, source.id)
    mail = _composed(writer, sender, written, to, cc, message_id, answers)
    made = stored.add(
        writer.tx, _draft(writer, source, written, mail, to + cc, answers), writer.now
    )
    for n, recipient in enumerate(to + cc):
        letter = Letter(
            post.WRITTEN,
            f"{made.id}:{n}",
            recipient,
            message_id,
            mail,
            writer.now + USEFUL_FOR,
        )
        post.put(writer.tx, letter, writer.now)
    writer.note(f"send mail from {source.ref}", made.ref)
    return made


def sent(writer: Writer, name: str) -> tuple[Posted, ...]:
    """What became of the mail that an exchange records, for each recipient; nothing for who does
    not see all of it. Raises NotThere."""
    found = exchanges.find(writer, name)
    if not exchanges.sees_whole(writer, found):
        return ()
    return post.of_exchange(writer.tx, found.id)


def _addresses(parameter: str, given: Iterable[str]) -> tuple[str, ...]:
    """Each mailbox once, as it was written first."""
    found: dict[str, str] = {}
    for text in given:
        email = text.strip()
        if not _ADDRESS.fullmatch(email):
            raise NotTaken(parameter, mark("this is not an address that can be mailed to"))
        found.setdefault(email.casefold(), email)
    return tuple(found.values())


def _domain(writer: Writer, sender: str) -> str:
    """Of the Message-ID: the writer's, for it is their mail."""
    domain = (writer.user.email or sender).rpartition("@")[2]
    return identity.host_key(domain)


def _composed(
    writer: Writer,
    sender: str,
    written: Written,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    message_id: str,
    answers: str | None,
) -> bytes:
    own = writer.user.email
    mail = MailText(
        subject=one_line(written.subject),
        text=written.text,
        html=None,
        from_=Address(own, writer.user.name),
        to=tuple(map(Address, to)),
        cc=tuple(map(Address, cc)),
        sender=None if own.casefold() == sender.casefold() else Address(sender),
        reply_to=None,
        message_id=message_id,
        date=writer.now,
        in_reply_to=answers,
        auto_submitted=None,
    )
    try:
        return compose(mail)
    except (ValueError, UnicodeError) as error:
        raise NotTaken("to", mark("this is not an address that can be mailed to")) from error


def _draft(
    writer: Writer,
    source: Exchange,
    written: Written,
    mail: bytes,
    recipients: tuple[str, ...],
    answers: str | None,
) -> Draft:
    """The outbound exchange: with those whom the mail is for, about what the other was about, no
    more of it for anybody. Its key is that of the mail, as capture reads it in a mailbox."""
    header = mail.partition(b"\r\n\r\n")[0] + b"\r\n"
    message = mime.headers(HeaderRow(0, header))
    shown = exchanges.see(writer, str(source.id))
    return Draft(
        keys=(identity.message_key(message),),
        third_parties=source.third_parties,
        contacts=tuple(_contacts(writer, source, recipients)),
        direction=Direction.OUTBOUND,
        mode="email",
        happened_at=writer.now,
        source=Source.PERSON,
        subject=message.subject,
        comment=written.text,
        kind=MailKind.HUMAN,
        purpose=shown.purpose,
        entity=source.entity,
        author=writer.id,
        recorder=writer.id,
        elements=shown.elements,
        products=shown.products,
        project=shown.project,
        message_id=message.message_id,
        parents=() if answers is None else (answers,),
        level=source.level,
    )


def _contacts(writer: Writer, source: Exchange, recipients: Iterable[str]) -> Iterable[ContactId]:
    keys = {identity.key(email) for email in recipients}
    for party in source.third_parties:
        for contact in people.contacts(writer.tx, party):
            if keys & {identity.key(email) for email in contact.emails}:
                yield contact.id

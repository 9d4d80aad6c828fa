"""Confidential comments: who is privy to one reads it, which the audit trail tells; to everybody
else there is none, whether there is or not."""

from daemon.i18n import mark
from daemon.sheet import markup
from daemon.sheet.entry import Secret, groups_of
from daemon.sheet.errors import Changed, NotAllowed, NotTaken, NotThere
from daemon.sheet.writer import Check, Writer
from daemon.store import Stale
from daemon.store import exchanges as stored
from rules import access
from rules.access import Action
from rules.model.exchanges import ConfidentialComment, Exchange
from rules.model.people import EntityId


def read(writer: Writer, exchange: Exchange) -> ConfidentialComment:
    """The comment of an exchange that the writer sees. Raises NotThere."""
    comment = _seen(writer, exchange)
    if comment is None:
        raise NotThere(mark("there is no confidential comment"))
    writer.note("read confidential", exchange.ref)
    return comment


def write(writer: Writer, exchange: Exchange, check: Check, secret: Secret) -> ConfidentialComment:
    """Write it; `check` gets revision 0 where there is none yet. Raises NotThere for who would not
    see it, NotAllowed for who sees it only, NotTaken, Changed, and what `check` raises."""
    standing = _changeable(writer, exchange, check)
    comment = comment_of(writer, secret, exchange.entity, standing)
    _put(writer, exchange, comment, standing)
    writer.note("write confidential", exchange.ref)
    written = stored.confidential(writer.tx, exchange.id)
    if written is None:
        raise Changed(mark("it was changed meanwhile: read it again, and change that"))
    return written


def delete(writer: Writer, exchange: Exchange, check: Check) -> None:
    """Take it away. Raises as `write`."""
    standing = _changeable(writer, exchange, check)
    if standing is None:
        raise NotThere(mark("there is no confidential comment"))
    _put(writer, exchange, None, standing)
    writer.note("delete confidential", exchange.ref)


def comment_of(
    writer: Writer,
    secret: Secret,
    entity: EntityId | None,
    standing: ConfidentialComment | None = None,
) -> ConfidentialComment:
    """What is stored of it. Its first author stays. Raises NotTaken."""
    if standing is None and not writer.option("confidential_comments", entity):
        raise NotTaken(
            "confidential", mark("an option says that there are no confidential comments")
        )
    html = markup.clean(secret.html) if secret.html else None
    text = markup.plain(html) if html else secret.text
    author = standing.author if standing else writer.id
    return ConfidentialComment(text, author, groups_of(writer, secret.groups), html=html)


def is_privy(writer: Writer, exchange: Exchange) -> bool:
    """Whether they would see a comment, if there is one."""
    comment = stored.confidential(writer.tx, exchange.id)
    return writer.may(Action.SEE_CONFIDENTIAL, access.facts_of(exchange, comment))


def _seen(writer: Writer, exchange: Exchange) -> ConfidentialComment | None:
    comment = stored.confidential(writer.tx, exchange.id)
    if not writer.may(Action.SEE_CONFIDENTIAL, access.facts_of(exchange, comment)):
        return None
    return comment


def _changeable(writer: Writer, exchange: Exchange, check: Check) -> ConfidentialComment | None:
    standing = stored.confidential(writer.tx, exchange.id)
    facts = access.facts_of(exchange, standing)
    if not writer.may(Action.SEE_CONFIDENTIAL, facts):
        # The same whether there is one or not.
        raise NotThere(mark("there is no confidential comment"))
    if not writer.may(Action.EDIT_CONFIDENTIAL, facts):
        raise NotAllowed(mark("you have no right to do this"))
    check(standing.revision if standing else 0)
    return standing


def _put(
    writer: Writer,
    exchange: Exchange,
    comment: ConfidentialComment | None,
    standing: ConfidentialComment | None,
) -> None:
    expected = standing.revision if standing else 0
    try:
        stored.write_confidential(writer.tx, exchange.id, comment, expected, writer.now)
    except Stale as error:
        raise Changed(mark("it was changed meanwhile: read it again, and change that")) from error

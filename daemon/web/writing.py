"""What operations that write ask alike: who writes, with which check, and what became of it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Header, Path

from daemon.clock import now
from daemon.i18n import mark
from daemon.sheet.errors import Changed, NotAllowed, NotTaken, NotThere, Refusal, Unready
from daemon.sheet.writer import Check, Writer, writer
from daemon.web.api.named import in_short
from daemon.web.etags import etag, must_match
from daemon.web.house import House
from daemon.web.problems import Problem
from daemon.web.shapes.common import Names
from daemon.web.shapes.written import Answer, Answers, Made
from rules.model.people import ThirdPartyId, User, UserId

ExchangeName = Annotated[
    str,
    Path(
        alias="exchange",
        pattern=r"^(?:[0-9]{1,18}|[Ee][Xx][Cc]-(?:[A-Za-z0-9]{1,20}-)?[0-9]{1,18})$",
        description="Its reference, `EXC-12`, or its number in the API.",
    ),
]
FollowUpName = Annotated[
    str,
    Path(
        alias="follow_up",
        pattern=r"^(?:[Ff][Uu]-)?[0-9]{1,18}$",
        description="Its reference, `FU-12`, or its number.",
    ),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key with the same request again is answered alike, and done once.",
    ),
]

STATUS: dict[type[Refusal], int] = {
    NotThere: 404,
    NotAllowed: 403,
    NotTaken: 422,
    Changed: 412,
    Unready: 409,
}
"""How each refusal is told."""


@contextmanager
def writing(house: House, caller: User) -> Iterator[Writer]:
    """A transaction in which the caller writes."""
    with house.store.write() as tx:
        yield writer(tx, caller, house.desk().builtin, now())


@contextmanager
def reading(house: House, caller: User) -> Iterator[Writer]:
    """A transaction in which the caller looks, and nothing is written."""
    with house.store.read() as tx:
        yield writer(tx, caller, house.desk().builtin, now())


def matching(if_match: str | None) -> Check:
    """The check that an If-Match header asks for."""
    return lambda revision: must_match(if_match, revision)


def matching_if_said(if_match: str | None) -> Check:
    """The same, where who says nothing means whatever stands."""
    return matching(if_match or "*")


def at_revision(revision: int | None) -> Check:
    """Lets pass this revision only; None: any."""

    def check(standing: int) -> None:
        if revision is not None and revision != standing:
            raise Problem(412, mark("it was changed meanwhile: read it again, and change that"))

    return check


def made(number: int, ref: str, revision: int) -> Made:
    """What is told of something new."""
    return Made(id=number, ref=ref, etag=etag(revision))


def names_of(
    writer: Writer,
    users: Iterable[UserId | None] = (),
    parties: Iterable[ThirdPartyId | None] = (),
) -> Names:
    """Who is behind the ids of one answer."""
    return Names(
        writer.users.emails(users),
        in_short(writer.tx, (party for party in parties if party is not None)),
    )


def each(
    house: House,
    caller: User,
    names: list[tuple[str, int | None]],
    do: Callable[[Writer, str, Check], object],
    told: Callable[[Refusal | Problem], str],
) -> Answers:
    """Do it to each, in a transaction of its own: what one can't be done to stops no other."""
    items = []
    for name, revision in names:
        try:
            with writing(house, caller) as hand:
                do(hand, name, at_revision(revision))
        except Refusal as error:
            items.append(Answer(name=name, status=STATUS[type(error)], detail=told(error)))
        except Problem as error:
            items.append(Answer(name=name, status=error.status_code, detail=told(error)))
        else:
            items.append(Answer(name=name, status=204))
    return Answers(items=items)

"""The text of chosen messages: their structure first, then only the parts that are text."""

import re
from collections.abc import Collection, Iterable, Iterator

from connectors.errors import Unreachable
from connectors.imap import structure, values
from connectors.imap.fetch import attributes
from connectors.imap.session import Reply, Session, shown
from connectors.imap.structure import Choice
from rules.model.wire import FetchedText

GROUP = 200
"""Messages whose structure is asked for at once."""
TEXT_GROUP = 50
"""Messages whose text is asked for at once: 64 KiB each at the most."""
PART_KEPT = 65_536
"""Octets of one part that are fetched."""

_BODY = re.compile(rb"BODY\[([0-9.]+(?:\.HEADER)?)\](?:<0>)?", re.IGNORECASE)
_NOTHING = Choice((), ())


def texts(session: Session, uids: Collection[int]) -> tuple[FetchedText, ...]:
    """One value for each UID that still exists; without parts where they can't be had."""
    choices = _choices(session, sorted(set(uids)))
    bodies = _bodies(session, choices)
    return tuple(
        FetchedText(
            uid,
            tuple(
                (part, bodies[uid, part.section])
                for part in choice.wanted
                if (uid, part.section) in bodies
            ),
            choice.others,
        )
        for uid, choice in sorted(choices.items())
    )


def uid_set(uids: Collection[int]) -> str:
    """A sequence set (RFC 9051 §9): runs of neighbours as ranges."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and runs[-1][1] == uid - 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(f"{lo}:{hi}" if hi > lo else str(lo) for lo, hi in runs)


def _groups(uids: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(uids), size):
        yield uids[start : start + size]


def _choices(session: Session, uids: list[int]) -> dict[int, Choice]:
    choices: dict[int, Choice] = {}
    commands = [f"UID FETCH {uid_set(g)} (UID BODYSTRUCTURE)" for g in _groups(uids, GROUP)]
    for reply in session.pipeline(commands):
        _stop_if_busy(session, reply)
        choices.update(_read_choices(reply))
    # One broken message can spoil the answer for its group: then each is asked for alone.
    missing = [uid for uid in uids if uid not in choices]
    alone = session.pipeline(f"UID FETCH {uid} (UID BODYSTRUCTURE)" for uid in missing)
    for uid, reply in zip(missing, alone, strict=True):
        _stop_if_busy(session, reply)
        choices.update(_read_choices(reply))
        if not reply.ok:
            choices.setdefault(uid, _NOTHING)
    return choices


def _read_choices(reply: Reply) -> Iterator[tuple[int, Choice]]:
    for response in reply.data:
        items = attributes(response)
        if items is None:
            # Too deep or too long to be read, but its UID comes first and says whose it is.
            unread = re.match(rb"\* \d+ FETCH \(UID (\d{1,10}) BODYSTRUCTURE", response.text)
            if unread:
                yield int(unread[1]), _NOTHING
            continue
        uid = values.number(items.get(b"UID"))
        if uid and b"BODYSTRUCTURE" in items:
            try:
                yield uid, structure.choose(items[b"BODYSTRUCTURE"])
            except (ValueError, IndexError):
                yield uid, _NOTHING


def _bodies(session: Session, choices: dict[int, Choice]) -> dict[tuple[int, str], bytes]:
    by_section: dict[str, list[int]] = {}
    for uid, choice in choices.items():
        for part in choice.wanted:
            by_section.setdefault(part.section, []).append(uid)
    commands = (
        f"UID FETCH {uid_set(group)} (UID BODY.PEEK[{section}]<0.{PART_KEPT}>)"
        for section, uids in by_section.items()
        for group in _groups(uids, TEXT_GROUP)
    )
    bodies = _fetched(session, commands)
    # As with structures: one that can't be read must not cost its group their texts.
    missing = [
        (uid, part.section)
        for uid, choice in choices.items()
        for part in choice.wanted
        if (uid, part.section) not in bodies
    ]
    again = (f"UID FETCH {uid} (UID BODY.PEEK[{s}]<0.{PART_KEPT}>)" for uid, s in missing)
    return bodies | _fetched(session, again)


def _fetched(session: Session, commands: Iterable[str]) -> dict[tuple[int, str], bytes]:
    bodies: dict[tuple[int, str], bytes] = {}
    for reply in session.pipeline(commands):
        _stop_if_busy(session, reply)
        for response in reply.data:
            items = attributes(response) or {}
            uid = values.number(items.get(b"UID"))
            for name, body in items.items():
                section = _BODY.fullmatch(name)
                if section and isinstance(body, bytes):
                    bodies[uid, section[1].decode().upper()] = body
    return bodies


def _stop_if_busy(session: Session, reply: Reply) -> None:
    if not reply.ok and (reply.busy or reply.status == "BAD"):
        raise Unreachable(f"{session.host}: FETCH: {shown(reply.text)}")

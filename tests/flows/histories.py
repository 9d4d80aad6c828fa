"""Random histories: a person and suivi change the same follow-ups, the server and the machine
fail in between, and in the end both sides say the same.

A history is made of its seed alone, so that one that fails can be played again. The arrows run in
this process, against a real server behind a proxy that fails as told; a death is an exception that
nothing catches, at a step of the arrow, and takes the open transaction along.

Longer than a file should be, for what can happen and what must hold then are one thing.
"""

import random
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from connectors import ical
from daemon import steps
from daemon.app import turns
from daemon.app.parts import Parts
from daemon.app.turns import Member
from daemon.followups.series import extend_all
from daemon.jobs import Turn
from daemon.store import follow_ups, people, series
from daemon.store.tables.places import account as account_table
from daemon.store.tables.places import calendar as calendar_table
from rules import identity, merge
from rules.model.followups import (
    Assignee,
    CalendarCopy,
    CopyState,
    FollowUp,
    FollowUpDraft,
    FollowUpId,
    State,
)
from rules.model.sightings import Event, When
from tests.servers.dav import DavServer
from tests.servers.tampering import Fault, Proxy

QUIET: Final = 8
"""So many turns without trouble bring both sides together."""

FAULTS: Final = (
    Fault("PUT", 412),
    Fault("PUT", 423),
    Fault("PUT", 500),
    Fault("PUT", 500, applied=True),
    Fault("PUT", 0, applied=True),
    Fault("PUT", 507),
    Fault("REPORT", 500),
    Fault("REPORT", 403),
    Fault("GET", 500),
    Fault("DELETE", 412),
    Fault("DELETE", 500, applied=True),
    Fault("", 429),
)
STEPS: Final = ("event.fetched", "event.recorded", "follow-up.written", "follow-up.deleted")
YEAR: Final = timedelta(days=360)
MERGED: Final = ("title", "description", "place", "when")


class Killed(BaseException):
    """Death at a step: nothing may catch it."""


@dataclass(slots=True)
class _Death:
    step: str
    left: int

    def reached(self, name: str) -> None:
        if name == self.step:
            self.left -= 1
            if self.left == 0:
                raise Killed(name)


@dataclass(slots=True)
class _Said:
    """Who last gave a field its value, since both sides agreed; `met`: a turn without trouble lay
    between what the person said and what suivi said, None: one with trouble."""

    person: object = None
    suivi: object = None
    last: str = ""
    met: bool | None = False
    known: bool | None = False
    """`met` as it was when suivi spoke."""


@dataclass(slots=True)
class History:
    """One history on one house; `told` says what happened, line by line."""

    seed: int
    parts: Parts
    server: DavServer
    proxy: Proxy
    homes: dict[str, tuple[str, ...]]
    """The calendars of each user; suivi writes to the first."""
    told: list[str] = field(default_factory=list)
    dice: random.Random = field(init=False)
    trash: dict[tuple[str, str], bytes] = field(default_factory=dict)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    """The property that a person's client set in an object, by its UID."""
    said: dict[tuple[str, str], _Said] = field(default_factory=dict)
    wild: set[str] = field(default_factory=set)
    """The UIDs whose object came and went, of which only agreement is asked."""
    series: set[str] = field(default_factory=set)
    """The UIDs of what repeats."""
    met: list[Fault] = field(default_factory=list)
    numbers: int = 0
    start: datetime = field(init=False)

    def __post_init__(self) -> None:
        # Which history it is, not a secret.
        self.dice = random.Random(self.seed)
        self.start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    # --- playing -------------------------------------------------------------------------------

    def play(self, length: int = 11) -> None:
        """So many things happen, with turns in between; then all is quiet."""
        for _ in range(length):
            act = self.dice.choices(*self._acts())[0]
            act()
        self._quiet()
        self.agree()

    def _acts(self) -> tuple[list[Callable[[], None]], list[int]]:
        weights: dict[Callable[[], None], int] = {
            self.turns: 12,
            self.person_types: 3,
            self.person_types_a_series: 2,
            self.person_excepts: 6,
            self.suivi_opens: 3,
            self.suivi_opens_a_series: 1,
            self.person_edits: 12,
            self.suivi_edits: 8,
            self.person_deletes: 2,
            self.person_restores: 2,
            self.person_moves_calendar: 2,
            self.person_gives_away: 1,
            self.suivi_deletes: 1,
            self.suivi_reassigns: 1,
            self.token_is_lost: 1,
            self.fails: 4,
            self.dies: 3,
        }
        return list(weights), list(weights.values())

    def turns(self) -> None:
        """Each account has a turn."""
        died = clean = False
        faults = len(self.proxy.met)
        try:
            with_now = (self.parts.rulebook.in_force(), "Europe/Paris", datetime.now(UTC))
            extend_all(self.parts.store, *with_now)
            for member in self._members():
                clean = turns.take(self.parts.store, "history", member, _turn()) is not None
        except Killed as death:
            died = True
            self._tell(f"died at {death}")
        finally:
            steps._armed = None
        self._free()
        is_clean = clean and not died and len(self.proxy.met) == faults
        self._tell("turns" if is_clean else "turns, in trouble")
        for said in self.said.values():
            said.met = True if is_clean or said.met else None

    def _quiet(self) -> None:
        self.proxy.next.clear()
        steps._armed = None
        last: object = None
        for _ in range(QUIET):
            self.turns()
            now = self._standing()
            if now == last and not self._owed():
                return
            last = now
        raise AssertionError(f"never quiet: {self._owed()}\n{self}")

    def _members(self) -> tuple[Member, ...]:
        return self.parts.calendar_members()

    def _free(self) -> None:
        with self.parts.store.write() as tx:
            free = {"lease_until": None, "next_try_at": None, "failures": 0}
            columns = {c.name for c in account_table.c}
            tx.execute(
                sa.update(account_table).values({k: v for k, v in free.items() if k in columns})
            )

    def _standing(self) -> object:
        with self.parts.store.read() as tx:
            rows = tx.execute(sa.text("SELECT * FROM follow_up ORDER BY id")).all()
            return [tuple(r) for r in rows], self.objects()

    def _owed(self) -> list[str]:
        with self.parts.store.read() as tx:
            return [f"{f.ref} {c.state} {c.reason}" for f, c in follow_ups.unpublished(tx)]

    # --- the person ----------------------------------------------------------------------------

    def person_types(self) -> None:
        """A new event, or task, that is a follow-up by its title."""
        self.numbers += 1
        uid = f"typed-{self.seed}-{self.numbers}"
        kind = self.dice.choice(["VEVENT", "VEVENT", "VTODO"])
        at = self._when()
        data = typed(uid, f"Relance Brasserie Mistral {self.numbers}", at, kind)
        self.server.put("ann", f"{self.dice.choice(self.homes['ann'])}{uid}.ics", data)
        self._tell(f"person types {uid} {kind}")

    def person_types_a_series(self) -> None:
        """An event that repeats."""
        self.numbers += 1
        uid = f"typed-{self.seed}-{self.numbers}"
        title = f"Relance Brasserie Mistral {self.numbers}"
        rule = f"RRULE:FREQ=WEEKLY;COUNT={self.dice.randint(2, 6)}\r\n".encode()
        data = typed(uid, title, self._when(), "VEVENT").replace(b"SUMMARY", rule + b"SUMMARY")
        self.server.put("ann", f"{self.homes['ann'][0]}{uid}.ics", data)
        self._repeats(uid)
        self._tell(f"person types the series {uid}")

    def person_excepts(self) -> None:
        """One occurrence of a series is moved, ticked off or struck out."""
        found = [one for one in self._all() if uid_of(one[2]) in self.series]
        if not found:
            return
        user, href, data = self.dice.choice(found)
        events = {
            e.recurrence_id: e
            for e in ical.read(data, "Europe/Paris", self.start, self.start + YEAR)
            if e.recurrence_id and e.when is not None
        }
        if not events:
            return
        which = self.dice.choice(sorted(events))
        what = self.dice.choice(["move", "tick", "strike"])
        fresh = excepted(data, which, events[which], what)
        self.server.put(user, href, fresh)
        self._tell(f"person excepts {which} of {uid_of(data)}: {what}")

    def _repeats(self, uid: str) -> None:
        self.series.add(uid)
        self.wild.add(uid)

    def person_edits(self) -> None:
        """One change of one object."""
        found = self._pick()
        if found is None:
            return
        user, href, data = found
        edits = ["title", "when", "description", "place", "alarm", "done", "token", "free"]
        what = self.dice.choice(edits)
        fresh = getattr(self, f"_edit_{what}")(data)
        if fresh == data:
            return
        self.server.put(user, href, fresh)
        self._tell(f"person edits {what} of {uid_of(data)}")
        if what in MERGED:
            self._say(uid_of(data), what, "person", fresh)

    def _edit_title(self, data: bytes) -> bytes:
        return put_line(data, "SUMMARY", f"Relance Brasserie Mistral t{self._number()}")

    def _edit_description(self, data: bytes) -> bytes:
        return put_line(data, "DESCRIPTION", f"note {self._number()}")

    def _edit_place(self, data: bytes) -> bytes:
        return put_line(data, "LOCATION", f"salle {self._number()}")

    def _edit_when(self, data: bytes) -> bytes:
        at = self._when()
        end = "DUE" if b"BEGIN:VTODO" in data else "DTEND"
        data = put_line(data, "DTSTART", f"{at:%Y%m%dT%H%M%SZ}")
        data = re.sub(rb"DURATION[:;].*\r\n", b"", data)
        return put_line(data, end, f"{at + timedelta(minutes=30):%Y%m%dT%H%M%SZ}")

    def _edit_alarm(self, data: bytes) -> bytes:
        body = re.sub(rb"BEGIN:VALARM.*?END:VALARM\r\n", b"", data, flags=re.DOTALL)
        if self.dice.random() < 0.3:
            return body
        before = self.dice.choice([5, 30, 90, 240])
        alarm = f"ACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT{before}M\r\n".encode()
        alarm = b"BEGIN:VALARM\r\n" + alarm + b"END:VALARM\r\n"
        return re.sub(rb"END:(VEVENT|VTODO)", alarm + rb"END:\1", body)

    def _edit_done(self, data: bytes) -> bytes:
        if b"BEGIN:VTODO" in data:
            done = b"STATUS:COMPLETED" in data
            data = re.sub(rb"(COMPLETED|PERCENT-COMPLETE)[:;].*\r\n", b"", data)
            return put_line(data, "STATUS", "NEEDS-ACTION" if done else "COMPLETED")
        title = line_of(data, "SUMMARY")
        bare = re.sub(r"^(✓ |\[x\] |fait )", "", title)
        mark = self.dice.choice(["✓ ", "[x] ", "fait "])
        return put_line(data, "SUMMARY", bare if bare != title else mark + title)

    def _edit_token(self, data: bytes) -> bytes:
        name = f"X-PHONE-{self._number()}"
        self.tokens.setdefault(uid_of(data), set()).add(name)
        return put_line(data, name, "kept\\, as it is")

    def _edit_free(self, data: bytes) -> bytes:
        if b"BEGIN:VTODO" in data:
            return data
        free = line_of(data, "TRANSP") == "TRANSPARENT"
        return put_line(data, "TRANSP", "OPAQUE" if free else "TRANSPARENT")

    def person_deletes(self) -> None:
        """An object goes; it can be restored."""
        found = self._pick()
        if found is None:
            return
        user, href, data = found
        self.trash[user, href] = data
        self.server.delete(user, href)
        self.wild.add(uid_of(data))
        self._tell(f"person deletes {uid_of(data)}")

    def person_restores(self) -> None:
        """What was deleted is put back, as it was."""
        if not self.trash:
            return
        user, href = self.dice.choice(sorted(self.trash))
        data = self.trash.pop((user, href))
        if any(uid_of(other) == uid_of(data) for _, _, other in self._all()):
            return
        self.server.put(user, href, data)
        self._tell(f"person restores {uid_of(data)}")

    def person_moves_calendar(self) -> None:
        """To another calendar of the same account."""
        found = self._pick("ann")
        if found is None:
            return
        _, href, data = found
        home = next(h for h in self.homes["ann"] if not href.startswith(h))
        self._move("ann", href, "ann", home, data)

    def person_gives_away(self) -> None:
        """To a colleague's calendar."""
        found = self._pick("ann")
        if found is not None and uid_of(found[2]) not in self.series:
            self._move("ann", found[1], "bob", self.homes["bob"][0], found[2])

    def _move(self, user: str, href: str, to: str, home: str, data: bytes) -> None:
        name = href.rsplit("/", 1)[1]
        if self.dice.random() < 0.5:
            self.server.put(to, home + name, data)
            self.server.delete(user, href)
        else:
            self.server.delete(user, href)
            if self.dice.random() < 0.5:
                self.turns()
            self.server.put(to, home + name, data)
        self.wild.add(uid_of(data))
        self._tell(f"person moves {uid_of(data)} to {home}")

    # --- suivi ---------------------------------------------------------------------------------

    def suivi_opens(self) -> None:
        """A follow-up by the API, or a rule."""
        self.numbers += 1
        key = f"own-{self.seed}-{self.numbers}"
        with self.parts.store.write() as tx:
            user = people.user_by_email(tx, "ann@lumen.example")
            assert user is not None
            draft = FollowUpDraft(
                key,
                f"Appeler {self.numbers}",
                When(self._when(), None, zone="Europe/Paris"),
                (Assignee(user.id, owner=True),),
            )
            opened, _ = follow_ups.open(
                tx, draft, datetime.now(UTC), self.start - timedelta(days=1)
            )
        self._tell(f"suivi opens {opened.uid}")

    def suivi_opens_a_series(self) -> None:
        """A follow-up that repeats, as a page makes it."""
        self.numbers += 1
        key, at = f"own-{self.seed}-{self.numbers}", self._when()
        uid, rule = identity.follow_up_uid(key), f"FREQ=WEEKLY;COUNT={self.dice.randint(2, 6)}"
        with self.parts.store.write() as tx:
            user = people.user_by_email(tx, "ann@lumen.example")
            assert user is not None
            when = When(at, None, zone="Europe/Paris")
            whose = (Assignee(user.id, owner=True),)
            draft = FollowUpDraft(key, f"Appeler {self.numbers}", when, whose, uid=uid)
            made = series.put(tx, uid, datetime.now(UTC), rule=rule, draft=draft)
            which = f"{at:%Y%m%dT%H%M%SZ}"
            first = replace(draft, key=f"{key}/{which}", series=made.id, occurrence=which)
            follow_ups.open(tx, first, datetime.now(UTC), self.start - timedelta(days=1))
        self._repeats(uid)
        self._tell(f"suivi opens the series {uid}")

    def suivi_edits(self) -> None:
        """One change of one follow-up, as a page or a reply makes it."""
        ours = self._choose()
        if ours is None:
            return
        what = self.dice.choice(["title", "when", "description", "place", "done", "not needed"])
        value: object = {
            "title": f"Appeler s{self._number()}",
            "description": f"dit {self._number()}",
            "place": f"lieu {self._number()}",
            "when": When(self._when(), None, zone="Europe/Paris"),
        }.get(what)
        if what in MERGED:
            after = merge.apply(ours, replace(merge.Changes(), **{what: value}))
            self._say(ours.uid, what, "suivi", value)
        elif ours.state is not State.TO_DO:
            after = merge.reopen(ours)
        else:
            state = State.DONE if what == "done" else State.NOT_NEEDED
            after = merge.apply(ours, merge.Changes(state=state))
        self._change(ours, after)
        self._tell(f"suivi edits {what} of {ours.uid}")

    def suivi_reassigns(self) -> None:
        """To the colleague, or back."""
        ours = self._choose()
        if ours is None or ours.series is not None:
            return
        with self.parts.store.read() as tx:
            users = [people.user_by_email(tx, f"{n}@lumen.example") for n in ("ann", "bob")]
        other = next(u for u in users if u is not None and u.id != ours.owner)
        fresh = replace(
            ours, assignees=(Assignee(other.id, owner=True),), revision=ours.revision + 1
        )
        self._change(ours, fresh)
        self.wild.add(ours.uid)
        self._tell(f"suivi gives {ours.uid} to {other.name}")

    def suivi_deletes(self) -> None:
        """A follow-up is deleted on a page."""
        ours = self._choose()
        if ours is None:
            return
        with self.parts.store.write() as tx:
            follow_ups.delete(tx, ours.id, datetime.now(UTC), ours.revision)
        self.wild.add(ours.uid)
        self._tell(f"suivi deletes {ours.uid}")

    def _change(self, ours: FollowUp, after: FollowUp) -> None:
        if after == ours:
            return
        with self.parts.store.write() as tx:
            follow_ups.change(tx, after, "ann", "edited", datetime.now(UTC), ours.revision)

    # --- trouble -------------------------------------------------------------------------------

    def token_is_lost(self) -> None:
        """The server knows nothing of the token that suivi has."""
        with self.parts.store.write() as tx:
            lost = {"sync_token": "http://radicale.org/ns/sync/lost", "ctag": None}
            tx.execute(sa.update(calendar_table).values(**lost))
        self._tell("tokens are lost")

    def fails(self) -> None:
        """The server fails once, soon."""
        fault = self.dice.choice(FAULTS)
        self.proxy.next.append(fault)
        self._tell(f"to fail: {fault}")

    def dies(self) -> None:
        """The next turns end in the middle, if they come that far."""
        death = _Death(self.dice.choice(STEPS), self.dice.randint(1, 2))
        steps._armed = death  # type: ignore[assignment]
        self._tell(f"to die at {death.step}")

    # --- what must hold ------------------------------------------------------------------------

    def agree(self) -> None:
        """Both sides say the same, field by field; nothing is lost, nothing is there twice."""
        shown = self.objects()
        by_uid: dict[str, list[tuple[str, str, bytes]]] = {}
        for user, href, data in shown:
            by_uid.setdefault(uid_of(data), []).append((user, href, data))
        for uid in self.series:
            self._agree_series(uid, [data for _, _, data in by_uid.pop(uid, [])])
        rows = self._follow_ups(deleted=True)
        known = {one.uid: one for one in rows if one.uid not in self.series}
        for uid, copies in by_uid.items():
            assert uid in known, f"{uid} is no follow-up\n{self}"
            users = {user for user, _, _ in copies}
            # Given to a colleague in suivi, what a person typed stays, and the colleague gets one.
            assert len(copies) == (len(users) if uid in self.wild else 1), f"doubled\n{self}"
        for uid, user, data in ((u, c[0], c[2]) for u, copies in by_uid.items() for c in copies):
            if known[uid].deleted:
                # A person's own stays; what suivi wrote has gone, or is in nobody's care.
                assert uid.startswith("typed") or uid in self.wild, f"{uid} is deleted\n{self}"
                continue
            self._same(known[uid], user, data)
            missing = {t for t in self.tokens.get(uid, ()) if t.encode() not in data}
            assert not missing or uid in self.wild, f"{uid} has lost {missing}\n{self}"
        for uid, one in known.items():
            if uid not in by_uid and not one.deleted:
                # One that is over before it was ever written is written no more.
                assert uid in self.wild or not self._copies(one), f"{uid} is nowhere\n{self}"
                assert one.state is not State.TO_DO, f"{uid} is to do and nowhere\n{self}"
        for (uid, name), said in self.said.items():
            if uid in known and uid not in self.wild and not known[uid].deleted:
                self._kept(known[uid], name, said)
        for put in self.proxy.puts:
            assert b"ATTENDEE" not in put and b"ORGANIZER" not in put, str(self)

    def _agree_series(self, uid: str, copies: list[bytes]) -> None:
        """What is in the object, occurrence by occurrence, is what the follow-ups say."""
        rows = [one for one in self._follow_ups(deleted=True) if one.uid == uid]
        names = [one.occurrence for one in rows]
        assert len(names) == len(set(names)), f"{uid}: an occurrence is there twice\n{self}"
        assert len(copies) <= 1, f"{uid}: doubled\n{self}"
        until = datetime.now(UTC) + timedelta(days=366)
        events = {
            e.recurrence_id: e
            for data in copies
            for e in ical.read(data, "Europe/Paris", self.start, until)
            if e.recurrence_id and e.when is not None
        }
        coming = sorted(events, key=lambda name: events[name].when.start)  # type: ignore[union-attr]
        missing = set(coming[:12]) - set(names)
        assert not missing, f"{uid}: {missing} are no follow-ups\n{copies[0].decode()}\n{self}"
        for one in rows:
            there = events.get(one.occurrence)
            if not copies:
                # Opened again after its series was deleted there, one is in suivi alone.
                continue
            if there is None or there.when is None:
                # Struck out there and opened again here, one is in suivi alone.
                over = one.deleted or one.state is not State.TO_DO or one.schedule_version > 1
                assert over, f"{one} is nowhere\n{self}"
                continue
            if one.deleted:
                assert uid.startswith("typed"), f"{one.occurrence} is deleted\n{self}"
                continue
            title, state = merge.told(there, one)
            theirs = (title, state, there.description, there.location, there.when.start)
            mine = (one.title, one.state, one.description, one.place, one.when.start)
            assert mine == theirs, (
                f"{one.occurrence}: {mine} is not {theirs}\n{copies[0].decode()}\n{self}"
            )

    def _same(self, ours: FollowUp, user: str, data: bytes) -> None:
        with self.parts.store.read() as tx:
            owner = people.user_by_email(tx, f"{user}@lumen.example")
        assert owner is not None
        carried = {c.user: c.state for c in self._copies(ours)}
        strays = (None, CopyState.GONE, CopyState.ELSEWHERE)
        if ours.owner != owner.id and ours.uid in self.wild and carried.get(owner.id) in strays:
            # Given to somebody else in suivi: what the person typed or kept is theirs, as it was.
            return
        assert ours.owner == owner.id, f"{ours.uid}: owner\n{self}"
        (event,) = ical.read(data, "Europe/Paris", self.start, self.start)
        title, state = merge.told(event, ours)
        assert event.when is not None
        theirs = (title, state, event.description, event.location, event.when.start)
        mine = (ours.title, ours.state, ours.description, ours.place, ours.when.start)
        assert mine == theirs, f"{ours.uid}: {mine} is not {theirs}\n{data.decode()}\n{self}"
        if event.component.value == "VEVENT":
            assert event.busy == ours.busy, f"{ours.uid}: busy\n{self}"

    def _kept(self, ours: FollowUp, name: str, said: _Said) -> None:
        """A field ends as who had the last word gave it: the person, unless suivi spoke knowing
        what they had said."""
        value: object = getattr(ours, name)
        if isinstance(value, When):
            value = value.start
        allowed = {
            "person": {said.person},
            "suivi": {said.suivi} if said.person is None or said.known else {said.person},
        }[said.last]
        if said.last == "suivi" and said.known is None:
            allowed = {said.person, said.suivi}
        assert value in allowed, f"{ours.uid}: {name} is {value}, not {allowed}\n{self}"

    def _say(self, uid: str, name: str, who: str, told: object) -> None:
        said = self.said.setdefault((uid, name), _Said())
        if who == "person":
            assert isinstance(told, bytes)
            (event,) = ical.read(told, "Europe/Paris", self.start, self.start)
            said.person = _field(event, name)
            said.met = False
        else:
            said.suivi = told.start if isinstance(told, When) else told
            said.known = said.met
        said.last = who

    # --- looking -------------------------------------------------------------------------------

    def objects(self) -> list[tuple[str, str, bytes]]:
        """Everything in every calendar: whose, where and what."""
        return list(self._all())

    def _all(self) -> Iterator[tuple[str, str, bytes]]:
        for user, homes in self.homes.items():
            for home in homes:
                for name, data in sorted(self.server.objects(user, home).items()):
                    yield user, home + name, data

    def _pick(self, user: str | None = None) -> tuple[str, str, bytes] | None:
        found = [one for one in self._all() if user in (None, one[0])]
        return self.dice.choice(found) if found else None

    def _follow_ups(self, *, deleted: bool = False) -> list[FollowUp]:
        with self.parts.store.read() as tx:
            numbers = tx.execute(sa.text("SELECT id, key FROM follow_up ORDER BY id")).all()
            if deleted:
                return [f for _, key in numbers if (f := follow_ups.by_key(tx, key))]
            return [f for n, _ in numbers if (f := follow_ups.get(tx, FollowUpId(n)))]

    def _copies(self, one: FollowUp) -> tuple[CalendarCopy, ...]:
        with self.parts.store.read() as tx:
            return follow_ups.copies(tx, one.id)

    def _choose(self) -> FollowUp | None:
        found = self._follow_ups()
        return self.dice.choice(found) if found else None

    def _when(self) -> datetime:
        return self.start + timedelta(hours=self.dice.randint(48, 2000))

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _tell(self, text: str) -> None:
        self.told.append(text)

    def __str__(self) -> str:
        lines = "\n".join(f"  {n}. {line}" for n, line in enumerate(self.told, 1))
        with self.parts.store.read() as tx:
            ids = [f.id for f in self._follow_ups()]
            copies = [str(replace(c, base=None)) for n in ids for c in follow_ups.copies(tx, n)]
        return f"SUIVI_HISTORY={self.seed}\n{lines}\n" + "\n".join(copies)


def _field(event: Event, name: str) -> object:
    if name == "when":
        return None if event.when is None else event.when.start
    return {"title": merge.told(event)[0], "description": event.description}.get(
        name, event.location
    )


def excepted(data: bytes, which: str, event: Event, what: str) -> bytes:
    """A series of which a phone has changed one occurrence."""
    data = unfolded(data)
    kept = re.sub(
        rb"BEGIN:VEVENT\r\n(?:(?!END:VEVENT).)*RECURRENCE-ID[^\r]*"
        + which[:8].encode()
        + rb"(?:(?!END:VEVENT).)*END:VEVENT\r\n",
        b"",
        data,
        flags=re.DOTALL,
    )
    if kept.count(b"RRULE") != 1 or event.when is None:
        return data
    if what == "strike":
        return kept.replace(b"RRULE", f"EXDATE:{which}\r\nRRULE".encode(), 1)
    at = event.when.start.astimezone(UTC) + timedelta(hours=3 if what == "move" else 0)
    title = ("✓ " if what == "tick" else "") + event.summary.removeprefix("✓ ")
    lines = (
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{which}",
        f"RECURRENCE-ID:{which}",
        f"DTSTART:{at:%Y%m%dT%H%M%SZ}",
        f"DTEND:{at + timedelta(minutes=30):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{title}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return kept.replace(b"END:VCALENDAR", "\r\n".join(lines).encode())


def _turn() -> Turn:
    return Turn("history", threading.Event(), 60)


def typed(uid: str, title: str, at: datetime, kind: str) -> bytes:
    """An object as a phone makes it."""
    end = "DUE" if kind == "VTODO" else "DTEND"
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//phone//phone//EN",
        f"BEGIN:{kind}",
        f"UID:{uid}",
        f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{at:%Y%m%dT%H%M%SZ}",
        f"{end}:{at + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{title}",
        f"END:{kind}",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


def unfolded(data: bytes) -> bytes:
    """Each property on one line."""
    return re.sub(rb"\r\n[ \t]", b"", data)


def component_of(data: bytes) -> tuple[int, int]:
    """Where the properties of the event or task stand, without its alarms."""
    begin = re.search(rb"BEGIN:(VEVENT|VTODO)\r\n", data)
    assert begin is not None, data
    end = re.compile(rb"BEGIN:VALARM|END:(VEVENT|VTODO)").search(data, begin.end())
    assert end is not None, data
    return begin.end(), end.start()


def line_of(data: bytes, name: str) -> str:
    """The value of a property as it stands, "" for none."""
    data = unfolded(data)
    begin, end = component_of(data)
    found = re.search(rf"(?m)^{name}(?:;[^:\r\n]*)?:(.*?)\r$".encode(), data[begin:end])
    return found[1].decode() if found else ""


def put_line(data: bytes, name: str, value: str) -> bytes:
    """With this property set to this value."""
    data = unfolded(data)
    begin, end = component_of(data)
    body = re.sub(rf"(?m)^{name}(?:;[^:\r\n]*)?:.*\r\n".encode(), b"", data[begin:end])
    return data[:begin] + body + f"{name}:{value}\r\n".encode() + data[end:]


def uid_of(data: bytes) -> str:
    return line_of(data, "UID")

"""What people change and delete: two never overwrite each other, and no copy undoes it."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from daemon.store import (
    Stale,
    Store,
    audit,
    elements,
    exchanges,
    follow_ups,
    options,
    people,
    requests,
)
from daemon.store.tables.installation import audit as audit_table
from rules.model.exchanges import (
    ConfidentialComment,
    Direction,
    ExchangeKey,
    KeyKind,
    LinkedElement,
)
from rules.model.followups import (
    Assignee,
    CalendarCopy,
    CopyState,
    FollowUpDraft,
    Origin,
    Reminder,
    State,
)
from rules.model.people import EntityId
from rules.model.sightings import CalendarId, When
from rules.options import ALL, Scope
from tests.daemon.store.conftest import NOW, World

_numbers = itertools.count()
QUOTE, ORDER = LinkedElement("quote", "PR1"), LinkedElement("order", "CO2")


def test_every_field_can_be_edited(store: Store, world: World) -> None:
    with store.write() as tx:
        stored = exchanges.add(tx, world.draft(), NOW)
        after = replace(
            stored,
            third_parties=(world.beta, world.acme),
            contacts=(),
            direction=Direction.OUTBOUND,
            mode="phone",
            purpose="prospecting",
            happened_at=NOW - timedelta(days=1),
            subject="Autre",
            comment="dit autrement",
            html="<p>dit <b>autrement</b></p>",
            quoted_from=None,
            project="Toit",
            status="closed",
            author=world.anna,
            collaborators=(world.bob,),
            elements=(QUOTE, ORDER),
        )
        edited, fields = exchanges.edit(tx, after, 1, world.anna, NOW)
        assert edited == replace(after, revision=2)
        assert {"comment", "mode", "author", "elements", "third_parties"} <= fields
        assert exchanges.edit(tx, edited, 2, world.anna, NOW) == (edited, frozenset())
        found = exchanges.history(tx, text="autrement PR1 toit")
        assert [e.id for e in found] == [stored.id]
        assert exchanges.history(tx, text="réunion") == ()
        with pytest.raises(Stale):
            exchanges.edit(tx, replace(edited, subject="zu spät"), 1, world.anna, NOW)
        with pytest.raises(ValueError, match="recorded_at"):
            exchanges.edit(tx, replace(edited, recorded_at=NOW + timedelta(1)), 2, None, NOW)


def test_no_further_copy_undoes_what_a_person_changed(store: Store, world: World) -> None:
    with store.write() as tx:
        draft = world.draft(elements=(QUOTE, ORDER), collaborators=(world.bob,))
        first = world.record(tx, draft)
        assert first.exchange is not None
        stored = exchanges.get(tx, first.exchange)
        assert stored is not None
        after = replace(
            stored, elements=(ORDER,), contacts=(), third_parties=(world.beta,), collaborators=()
        )
        edited, _ = exchanges.edit(tx, after, stored.revision, world.anna, NOW)
    with store.write() as tx:
        world.record(tx, draft, 2, bobs=True)
        stored = exchanges.get(tx, first.exchange)
    assert stored is not None
    assert stored.elements == edited.elements
    assert (stored.third_parties, stored.contacts) == ((world.beta,), ())
    assert stored.collaborators == ()
    # Whose mailbox has a copy sees it: nobody decides that.
    assert stored.mailbox_owners == (world.anna, world.bob)


def test_the_confidential_comment_has_a_revision_of_its_own(store: Store, world: World) -> None:
    text = ConfidentialComment("secret", world.anna, html="<b>secret</b>")
    with store.write() as tx:
        stored = exchanges.add(tx, world.draft(), NOW)
        written = exchanges.write_confidential(tx, stored.id, text, 0, NOW)
        assert written == text
        with pytest.raises(Stale):
            exchanges.write_confidential(tx, stored.id, text, 0, NOW)
        again = exchanges.write_confidential(tx, stored.id, replace(text, text="more"), 1, NOW)
        assert again is not None
        assert again.revision == 2
        assert exchanges.get(tx, stored.id) == stored
        assert exchanges.write_confidential(tx, stored.id, None, 2, NOW) is None


def _follow_up(world: World, **other: object) -> FollowUpDraft:
    draft = FollowUpDraft(
        key="k1",
        title="Rappeler",
        when=When(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1)),
        assignees=(Assignee(world.anna, owner=True),),
        third_party=world.acme,
        project="Toit",
        reminders=(Reminder(timedelta(hours=2), anchor="end", unit="hours"),),
    )
    return replace(draft, **other)  # type: ignore[arg-type]


def test_of_a_deleted_follow_up_only_its_key_stays(store: Store, world: World) -> None:
    with store.write() as tx:
        opened, _ = follow_ups.open(tx, _follow_up(world), NOW, NOW)
        assert opened.reminders[0].unit == "hours"
        assert opened.reminders[0].lead(opened.when) == timedelta(hours=1)
        copy = CalendarCopy(opened.id, world.anna, CalendarId(1), "/a/1.ics", etag="1", base=b"x")
        follow_ups.put_copy(tx, replace(copy, state=CopyState.IN_STEP))
        follow_ups.planned(tx, [opened])
        with pytest.raises(Stale):
            follow_ups.delete(tx, opened.id, NOW, 7)
        follow_ups.delete(tx, opened.id, NOW, 1)
        assert follow_ups.get(tx, opened.id) is None
        assert follow_ups.by_ref(tx, opened.ref) is None
        assert follow_ups.open_ones(tx) == ()
        assert follow_ups.history(tx, opened.id) == ()
        again, new = follow_ups.open(tx, _follow_up(world), NOW, NOW)
        assert (again.deleted, again.title, again.state, new) == (
            True,
            "",
            State.NOT_NEEDED,
            False,
        )
        assert follow_ups.was_deleted(tx, opened.uid)
        # Its object is still to be taken away, and its reminders to be planned away.
        assert [f.deleted for f, _ in follow_ups.unpublished(tx)] == [True]
        assert [f.deleted for f in follow_ups.unplanned(tx, 9)] == [True]


def test_a_persons_own_event_stays_in_their_calendar(store: Store, world: World) -> None:
    with store.write() as tx:
        opened, _ = follow_ups.open(tx, _follow_up(world, origin=Origin.PERSON), NOW, NOW)
        copy = CalendarCopy(opened.id, world.anna, CalendarId(1), "/a/1.ics", etag="1", base=b"x")
        follow_ups.put_copy(tx, copy)
        follow_ups.delete(tx, opened.id, NOW, 1)
        assert follow_ups.unpublished(tx) == ()
        assert [c.state for c in follow_ups.copies(tx, opened.id)] == [CopyState.GONE]


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'nobody'", "DELETE FROM audit"])
def test_the_audit_trail_is_only_appended_to(store: Store, world: World, statement: str) -> None:
    with store.write() as tx:
        audit.note(tx, "anna", "read confidential", "EXC-1", NOW)
        audit.note(tx, "bob", "delete exchange", "EXC-2", NOW + timedelta(hours=1))
    with (
        pytest.raises(Exception, match="only appended to"),
        store.write() as tx,
    ):
        tx.execute(sa.text(statement))
    with store.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(audit_table)).scalar_one() == 2
        assert [e.subject for e in audit.entries(tx)] == ["EXC-2", "EXC-1"]
        assert [e.who for e in audit.entries(tx, action="read")] == ["anna"]
        assert audit.entries(tx, who="bob", until=NOW) == ()
        assert audit.entries(tx, before=audit.entries(tx)[1].id) == ()


def test_a_request_is_carried_out_once(store: Store, world: World) -> None:
    with store.write() as tx:
        assert requests.begin(tx, 1, "k", "print", NOW) is None
        requests.answered(tx, 1, "k", {"id": 5})
    with store.write() as tx:
        assert requests.begin(tx, 1, "k", "print", NOW) == {"id": 5}
        assert requests.begin(tx, 2, "k", "other", NOW) is None
        with pytest.raises(requests.Reused):
            requests.begin(tx, 1, "k", "other", NOW)
        later = NOW + requests.KEPT_FOR + timedelta(days=1)
        assert requests.begin(tx, 1, "k", "other", later) is None


def test_the_erp_tells_an_event_once_and_an_element_again(store: Store, world: World) -> None:
    told = replace(QUOTE, state="validated")
    with store.write() as tx:
        number = elements.tell(tx, told, world.acme, "https://erp.example/pr?id=1")
        assert elements.put(tx, QUOTE) == number
        found = elements.at_url(tx, "https://erp.example/pr?id=1")
        assert found is not None
        assert (found.linked, found.third_party) == (told, world.acme)
        event = ("dolibarr", "42", "Proposition PR1 validée", NOW, world.acme, number)
        first, new = elements.happened(tx, *event)
        assert elements.happened(tx, *event) == (first, False)
        assert new
        stored = elements.event(tx, "dolibarr", "42")
        assert stored is not None
        assert stored.label == "Proposition PR1 validée"


def test_what_was_deleted_is_not_recorded_again(store: Store, world: World) -> None:
    with store.write() as tx:
        recorded = world.record(tx)
        assert recorded.exchange is not None
        exchanges.delete(tx, recorded.exchange, None, "twice", NOW, "operator")
        assert world.record(tx, uid=2).exchange is None
        assert exchanges.buried(tx, [ExchangeKey(KeyKind.MESSAGE, "m1")])
        assert audit.of(tx, "EXC-1")[0].who == "operator"


def test_an_entity_may_number_its_own_exchanges(store: Store, world: World) -> None:
    with store.write() as tx:
        main, other = people.put_entity(tx, "main", "Us"), people.put_entity(tx, "o'ther", "They")
        options.put(tx, "own_references", ALL, value=True, by=None, now=NOW, plans=False)

        def refs(*entities: EntityId | None) -> list[str]:
            return [
                exchanges.add(tx, world.draft(f"x{n}{next(_numbers)}", entity=e), NOW).ref
                for n, e in enumerate(entities)
            ]

        assert refs(main, None, other, main) == [
            "EXC-MAIN-1",
            "EXC-2",
            f"EXC-E{other}-1",
            "EXC-MAIN-2",
        ]
        off = Scope(entity=other)
        options.put(tx, "own_references", off, value=False, by=None, now=NOW, plans=False)
        assert refs(other, main) == ["EXC-5", "EXC-MAIN-3"]
        # It is found by either.
        first, second = exchanges.by_ref(tx, "exc-main-3"), exchanges.by_ref(tx, "EXC-6")
        assert first is not None
        assert first == second
        assert exchanges.by_ref(tx, "EXC-MAIN-9") is None
        assert exchanges.parties_by_reference(tx, ["EXC-main-1"]) == {"EXC-MAIN-1": world.acme}

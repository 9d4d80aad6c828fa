"""A small company in which every operation has something to work on."""

from datetime import UTC, datetime, timedelta

from daemon.store import Store, exchanges, follow_ups, people
from rules.model.exchanges import Direction, Draft, ExchangeKey, KeyKind, Source
from rules.model.followups import Assignee, FollowUpDraft
from rules.model.people import PartyKind, Right, ThirdParty, ThirdPartyId
from rules.model.sightings import When

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def populated(store: Store) -> dict[str, list]:
    """Fills the store; values that exist, by the names of parameters and properties."""
    with store.write() as tx:
        entity = people.put_entity(tx, "main", "Us")
        alice = people.put_user(
            tx, name="Alice", email="alice@us.example", entities=[entity], rights=Right
        )
        parties = [
            people.put_third_party(
                tx,
                ThirdParty(
                    ThirdPartyId(0),
                    code,
                    name,
                    kinds=frozenset({PartyKind.CUSTOMER}),
                    domains=(f"{code.lower()}.example",),
                ),
            )
            for code, name in (("DUP", "Dupont & Fils"), ("LEF", "Lefèvre"))
        ]
        for number in range(4):
            draft = Draft(
                keys=(ExchangeKey(KeyKind.API, f"k{number}"),),
                third_parties=(parties[number % 2],),
                contacts=(),
                direction=Direction.OUTBOUND,
                mode="phone",
                happened_at=NOW - timedelta(hours=number),
                source=Source.PERSON,
                subject=f"Appel {number}",
                comment="au sujet de la réunion",
                author=alice,
                recorder=alice,
            )
            exchanges.add(tx, draft, NOW)
            plan = FollowUpDraft(
                key=f"f{number}",
                uid=f"f{number}@us.example",
                title=f"Relance {number}",
                when=When(NOW + timedelta(hours=number), zone="Europe/Paris"),
                assignees=(Assignee(alice, owner=True),),
                third_party=parties[0],
            )
            follow_ups.open(tx, plan, NOW, NOW - timedelta(days=9))
    return {"third_party": list(parties)}

"""What rules say, on a real mail server and a real calendar: each effect is where it belongs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import sqlalchemy as sa

from daemon.store import exchanges, lists, open_store, people
from rules.model.decisions import Reason
from rules.model.exchanges import Direction
from rules.model.people import Level
from tests.flows.agenda import Calendar, line
from tests.flows.house import House, mail
from tests.flows.inside import PARIS, furnish, inside
from tests.servers.dav import DavServer

RULES = r"""
version: 1
rules:
  - name: newsletters
    when: {mail_kind: newsletter}
    then: {ignore: true, stop: true}

  - name: personnel
    when: {subject: entretien annuel}
    then: {keep_private: nothing}

  - name: shop
    when:
      header: {X-Shop: true}
    then: {third_party: SU-1, tags: [Shop]}

  - name: quotes
    when: {direction: inbound, subject: devis}
    then:
      purpose: prospecting
      products: [PUMP]
      author: bob@lumen.example
      link: {type: quote, pattern: 'PR\d{4}-\d{4,}', in: [subject, text]}

  - name: urgent
    when: {text: sous 48 heures}
    then:
      tags: [urgent]
      open_follow_up:
        when: +1 working day at 09:00
        title: 'Rappeler {contact} ({reference})'
        assignee: ann@lumen.example
        reminder: 2h

  - name: salaries
    when: {text: salaire}
    then: {confidential: [direction], close_follow_ups: false}

  - name: reply wanted
    when: {direction: outbound}
    then:
      open_when_no_reply: 5 working days
"""


def moment() -> str:
    # A whole second, not before the installation went live.
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1))


def test_each_effect_is_seen_where_it_belongs(
    make_house: Callable[..., House], sqlite: str, dav: DavServer
) -> None:
    house = furnish(make_house(sqlite, dav=dav))
    store = open_store(sqlite)
    with store.write() as tx:
        group = people.put_group(tx, "direction")
        lists.put(tx, "product", "PUMP", {"en": "Pump"})
    store.close()
    folder = house.folder / "rules"
    folder.mkdir()
    (folder / "10-house.yaml").write_text(RULES)
    jean, ann, bob = "jean@mistral.example", "ann@lumen.example", "bob@lumen.example"

    def deliver(user: str, place: str, who: tuple[str, str], subject: str, **more: str) -> None:
        text, name = more.pop("text", "Bonjour\r\n"), more.pop("name")
        raw = mail(*who, subject, text, message_id=name, date=moment(), headers=more)
        house.dovecot.deliver(user, place, raw)

    with inside(house) as suivi:
        deliver("ann", "INBOX", (jean, ann), "Devis PR2303-0107", name="a@m", text=(
            "Bonjour, réponse sous 48 heures ? Voir aussi pr2303-0108.\r\n"
        ))  # fmt: skip
        deliver("ann", "INBOX", (jean, ann), "News", name="b@m", **{"List-Unsubscribe": "<x>"})
        deliver("bob", "INBOX", (jean, bob), "Entretien annuel", name="c@m")
        deliver(
            "ann", "INBOX", ("no-reply@gmail.com", ann), "Order 7", name="d@m", **{"X-Shop": "1"}
        )
        deliver("ann", "INBOX", (jean, ann), "Question", name="e@m", text="Votre salaire ?\r\n")
        deliver("ann", "Gesendet", (ann, "paul@colin.example"), "Commande", name="f@m")
        report = suivi.sync()
        suivi.sync()  # nothing twice

        assert report.counts[f"ignore:{Reason.RULE}"] == 1
        assert report.counts[f"ignore:{Reason.VETOED}"] == 1
        mistral = {e.subject: e for e in suivi.exchanges("CU-1")}
        assert set(mistral) == {"Devis PR2303-0107", "Question"}

        quote = mistral["Devis PR2303-0107"]
        assert (quote.purpose, quote.products, quote.tags) == (
            "prospecting",
            ("PUMP",),
            ("urgent",),
        )
        assert quote.author == suivi.user("bob").id
        assert [(e.type, e.ref) for e in quote.elements] == [
            ("quote", "PR2303-0107"),
            ("quote", "PR2303-0108"),
        ]

        question = mistral["Question"]
        assert (question.comment, question.answers) == ("", False)
        with suivi.read() as tx:
            hidden = exchanges.confidential(tx, question.id)
        assert hidden is not None
        assert ("Votre salaire ?" in hidden.text, hidden.groups) == (True, {group})

        colin = {e.subject: e for e in suivi.exchanges("SU-1")}
        order = colin["Order 7"]
        assert (order.direction, order.tags, order.contacts) == (Direction.INBOUND, ("shop",), ())

        (veto,) = suivi.rows("veto")
        # By a rule's wish alone, which other rules may lift.
        assert (veto["level"], veto["by_rules"]) == (Level.EVERYTHING, Level.NOTHING)

        (awaited,) = suivi.rows("awaited_reply")
        assert (awaited["exchange_id"], awaited["within"]) == (colin["Commande"].id, 5)

        follow_up = suivi.follow_up()
        assert follow_up.title == "Rappeler Jean Mistral (PR2303-0107)"
        assert (follow_up.owner, follow_up.exchange) == (suivi.user("ann").id, quote.id)
        at = follow_up.when.start.astimezone(PARIS)
        assert (at.hour, at.minute, at.weekday() < 5) == (9, 0, True)
        assert [r.before for r in follow_up.reminders] == [timedelta(hours=2)]
        name, written = Calendar(dav, "/ann/work/").only()
        assert name == f"{follow_up.uid}.ics"
        assert line(b"SUMMARY", written) == b"SUMMARY:Rappeler Jean Mistral (PR2303-0107)"

        # Each decision says which rules fired, and names nobody whom it does not concern.
        with suivi.read() as tx:
            traces = tx.execute(sa.text("SELECT reason, trace FROM decision")).all()
        told = [str(trace) for reason, trace in traces if reason == Reason.RULE]
        assert len(told) == 1
        assert "newsletters" in told[0]

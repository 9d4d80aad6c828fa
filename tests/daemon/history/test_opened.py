"""What rules opened with the past, once other rules judge it: as confidential as its exchange."""

from dataclasses import replace

import pytest

from daemon.history.findings import Undecided, Why
from daemon.store import follow_ups
from rules import merge
from rules.model.followups import State
from tests.daemon.history.company import BEGUN, Letter
from tests.daemon.history.test_past import ANN, CALLING, CARLA, OLD, rules


def test_a_follow_up_that_somebody_made_his_stays(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis")])
        company.ingest(CALLING)
        (mine,) = company.follow_ups()
        with company.store.write() as tx:
            moved = merge.apply(mine, merge.Changes(title="Call Carla herself"))
            follow_ups.change(tx, moved, "calendar", "changed there", BEGUN, mine.revision)
        differences = company.diff(OLD)
        assert [f.why for f in differences if isinstance(f, Undecided)] == [Why.EDITED]
        company.apply(OLD)
        assert [f.state for f in company.follow_ups()] == [State.TO_DO]


@pytest.mark.parametrize(
    ("then", "title"),
    [("keep_private: happened", "Acme"), ("keep_private: subject", "Acme: Devis")],
)
def test_one_that_somebody_made_his_tells_no_more_than_its_exchange(found, then, title):
    calling = rules(
        "  - name: call\n    when: {subject: devis}\n    then: {open_follow_up: {when: +1 day, "
        "title: 'Call about {subject} {reference}', description: 'It is {reference}'},\n"
        "      link: {type: quote, pattern: 'PR[0-9]+', in: text}}\n"
    )
    hiding = rules(f"  - {{name: hide, when: {{subject: devis}}, then: {{{then}}}}}\n")
    with found() as company:
        company.deliver([Letter(n, CARLA, ANN, "Devis", "See PR2303") for n in (1, 2)])
        company.ingest(calling)
        for one, change in zip(
            company.follow_ups(), ({"title": "Mine"}, {"percent": 50}), strict=True
        ):
            with company.store.write() as tx:
                mine = replace(one, **change)
                follow_ups.change(tx, mine, "calendar", "changed there", BEGUN, one.revision)
        company.apply(hiding)
        touched, moved = company.follow_ups()
        assert (touched.title, touched.description, touched.element) == ("Mine", "", None)
        assert (moved.title, moved.description, moved.element) == (title, "", None)
        assert (touched.state, moved.state, moved.percent) == (State.TO_DO, State.TO_DO, 50)
        assert "PR2303" not in str(company.rows()["follow_up_change"])


@pytest.mark.parametrize("then", ["ignore: true", "keep_private: nothing"])
def test_of_what_is_not_recorded_any_more_no_follow_up_tells(found, then):
    calling = rules(
        "  - {name: call, when: {subject: devis}, then: "
        "{open_follow_up: {when: +1 day, title: 'Call: {subject}', description: '{subject}'}}}\n"
    )
    hiding = rules(f"  - {{name: hide, when: {{subject: devis}}, then: {{{then}}}}}\n")
    with found() as company:
        company.deliver([Letter(n, CARLA, ANN, f"Devis {n}") for n in (1, 2)])
        company.ingest(calling)
        with company.store.write() as tx:
            one = company.follow_ups()[0]
            mine = replace(one, percent=50)
            follow_ups.change(tx, mine, "calendar", "changed there", BEGUN, one.revision)
        company.apply(hiding)
        assert company.refs() == {}
        touched, gone = company.follow_ups()
        assert (touched.title, touched.state) == ("Acme", State.TO_DO)
        assert gone.state is State.NOT_NEEDED
        rows = company.rows()
        assert "Devis" not in str([rows["follow_up"], rows["follow_up_change"]])
        company.apply(calling)
        assert [f.title for f in company.follow_ups()] == ["Acme", "Call: Devis 2"]

"""The past under other rules: what differs, and what stays as it is."""

from dataclasses import replace

from daemon.history.findings import Change, Difference, Undecided, Why
from rules.ruleset import RuleSet, builtin, sealed
from tests.daemon.history.company import Letter

OLD = builtin()
CARLA, DORA, STRANGER = "carla@carla.example", "dora@dora.example", "x@nowhere.example"
ANN = "ann@lumen.example"


def keeping_out(*tags: str) -> RuleSet:
    return sealed(replace(builtin(), keep_out_tags=tags))


def test_what_other_rules_hide_is_told_and_nothing_changes(found):
    with found() as company:
        company.deliver(
            [
                Letter(1, CARLA, ANN, "[hr] Paie"),
                Letter(2, CARLA, ANN, "Devis"),
                Letter(3, STRANGER, ANN, "Pub"),
            ]
        )
        company.ingest(OLD)
        before = company.rows()
        (only,) = company.diff(keeping_out("[hr]"))
        assert company.rows() == before
    assert isinstance(only, Difference)
    assert (only.change, only.known.ref) == (Change.HIDDEN, "EXC-1")
    assert only.known.parties == ("Acme (CU1)",)
    assert only.step and only.step.question == "kept out?"
    assert "Paie" not in repr(only)


def test_applied_it_is_hidden_and_comes_back_under_the_old_rules(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "[hr] Paie"), Letter(2, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        assert company.apply(keeping_out("[hr]")).counts == {Change.HIDDEN: 1}
        assert list(company.refs().values()) == ["Devis"]
        assert company.diff(keeping_out("[hr]")) == []
        assert company.apply(keeping_out("[hr]")).counts == {}
        assert [f.change for f in company.diff(OLD)] == [Change.RECORDED]
        assert company.apply(OLD).counts == {Change.RECORDED: 1}
        assert sorted(company.refs().values()) == ["Devis", "[hr] Paie"]
        assert company.diff(OLD) == []


def test_mail_that_came_since_is_no_past(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "Devis")])
        company.ingest(OLD)
        company.deliver([Letter(2, CARLA, ANN, "Facture")])
        assert company.diff(OLD) == []


def test_a_message_that_is_gone_stays_and_is_told(found):
    with found() as company:
        company.deliver([Letter(1, CARLA, ANN, "[hr] Paie")])
        company.ingest(OLD)
        company.boxes["ann"].expunge("INBOX", 1)
        (only,) = company.diff(keeping_out("[hr]"))
        assert isinstance(only, Undecided) and only.why is Why.GONE
        assert company.apply(keeping_out("[hr]")).counts == {}
        assert list(company.refs().values()) == ["[hr] Paie"]

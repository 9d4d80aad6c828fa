"""What rules name is held against store and files; what is gone later breaks no decision."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.capture import record
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.reading import Bad, Source
from daemon.store import Tx, accounts, calendars, exchanges, follow_ups, lists, people
from daemon.store.tables.people import staff_group
from rules import decide
from rules.model.exchanges import Exchange
from rules.model.followups import FollowUp
from rules.model.people import Address, Level, ThirdParty, ThirdPartyId, UserId
from rules.model.sightings import (
    AccountId,
    Body,
    FolderId,
    FolderRole,
    MailPlace,
    Message,
    Sighting,
)
from rules.model.wire import CalendarInfo
from tests.daemon.rulefiles.conftest import NOW, Desk, rule, rules_file

SECRET = b"x" * 32

SHORT = rules_file(rule("hr", then="reminder: {template: short}"))


class Shop(Desk):
    """A desk with a templates directory and a calendar account in its configuration."""

    @property
    def source(self) -> Source:
        return replace(
            super().source,
            templates=self.directory.with_name("templates"),
            calendars=frozenset({"ann's"}),
        )

    def template(self, name: str) -> Path:
        folder = self.directory.with_name("templates") / name
        folder.mkdir(parents=True)
        (folder / "text.fr.j2").write_text("Bonjour")
        return folder

    def has_read(self, *names: str) -> AccountId:
        """Ann's calendars were read, and are called so."""
        with self.store.write() as tx:
            owner = next(iter(people.users(tx)))
            account = accounts.declare(tx, "calendar", "ann's", "x", owner, Level.EVERYTHING, NOW)
            for number, name in enumerate(names):
                info = CalendarInfo(f"/{number}/", name, frozenset({"VEVENT"}))
                calendars.declare(tx, account, info, writes=False, dedicated=False)
            accounts.note_ok(tx, account, NOW)
        return account

    def told(self, language: str = "en") -> list[str]:
        """Read now: the mistakes."""
        found = self.keeper.refresh()
        return list(lines(found.mistakes, language)) if isinstance(found, Bad) else []


@pytest.fixture
def shop(desk: Desk) -> Shop:
    shop = Shop(desk.directory, desk.store)
    shop.start()
    return shop


def test_a_template_that_is_not_there_is_told_with_what_may_be_meant(shop: Shop) -> None:
    shop.template("short")
    shop.save("10.yaml", SHORT)
    assert shop.told() == []
    shop.save("10.yaml", SHORT.replace("short", "shrot"))
    assert shop.told() == [
        "10.yaml:5:33: rule 'hr': there is no template 'shrot'; did you mean 'short'?"
    ]
    assert shop.told("fr")[0].endswith("pas de modèle 'shrot' ; vouliez-vous dire 'short' ?")
    shop.save("10.yaml", SHORT.replace("short", "reminder"))
    assert shop.told() == []


def test_a_directory_without_a_part_is_no_template(shop: Shop) -> None:
    (shop.template("short") / "text.fr.j2").unlink()
    shop.save("10.yaml", SHORT)
    assert "it is one of: reminder" in shop.told()[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look at everything")
def test_a_template_that_may_not_be_looked_at_stops_no_watch(shop: Shop) -> None:
    folder = shop.template("short")
    shop.template("long")
    shop.save("10.yaml", SHORT.replace("short", "long"))
    folder.chmod(0)
    try:
        assert shop.told() == []
        assert not shop.keeper.has_moved(names_too=True)
    finally:
        folder.chmod(0o755)


def test_a_template_that_comes_mends_the_rules_that_name_it(shop: Shop) -> None:
    shop.save("10.yaml", SHORT)
    assert shop.told() != []
    assert not shop.keeper.has_moved(names_too=True)
    shop.template("short")
    assert shop.keeper.has_moved(names_too=True)
    assert shop.told() == []
    assert shop.names() == ["hr"]


def test_calendars_are_known_once_all_accounts_were_read(shop: Shop) -> None:
    shop.save("10.yaml", rules_file(rule("visits", when="calendar: Trvail")))
    assert shop.told() == []
    with shop.store.write() as tx:
        accounts.declare(tx, "calendar", "ann's", "x", UserId(1), Level.EVERYTHING, NOW)
    assert shop.told() == []
    account = shop.has_read("Travail", "Privé")
    assert shop.keeper.has_moved(names_too=True)
    assert shop.told() == [
        "10.yaml:4:22: rule 'visits': there is no calendar 'Trvail'; did you mean 'Travail'?"
    ]
    # As conditions compare them: without case and accents, unless they say exact.
    shop.save("10.yaml", rules_file(rule("visits", when="calendar: [travail, prive]")))
    assert shop.told() == []
    exact = "calendar: {equals: prive, exact: true}"
    shop.save("10.yaml", rules_file(rule("visits", when=exact)))
    assert "did you mean 'Privé'?" in shop.told()[0]
    # Patterns may be for calendars to come.
    shop.save("10.yaml", rules_file(rule("visits", when="calendar: {glob: 'Client*'}")))
    assert shop.told() == []
    # Of an account that is no longer configured nothing is seen.
    shop.save("10.yaml", rules_file(rule("visits", when="calendar: Travail")))
    assert shop.told() == []
    with shop.store.write() as tx:
        accounts.retire(tx, account, NOW)
        accounts.declare(tx, "calendar", "bob's", "x", UserId(1), Level.EVERYTHING, NOW)
        bobs = accounts.statuses(tx)[-1].id
        accounts.note_ok(tx, bobs, NOW)
    shop.keeper.refresh(replace(shop.source, calendars=frozenset({"bob's"})))
    assert shop.names() == ["visits"]


# --- gone while in force ------------------------------------------------------------------------

ALL = """\
version: 1
rules:
  - name: quotes
    when:
      any: [{subject: devis}, {calendar: Travail}, {to: {group: sales}}, {account: ann-mail}]
    then:
      mode: fax
      purpose: tender
      products: PUMP
      third_party: ACME
      author: bob@we.example
      collaborators: bob@we.example
      confidential: sales
      open_follow_up:
        when: +1h
        assignee: bob@we.example
        reminder: {before: 2h, template: short}
"""


def _retire(tx: Tx, name: str, code: str) -> None:
    lists.put(tx, name, code, {}, retired_at=NOW)


def _recoded(tx: Tx) -> None:
    (party,) = people.third_parties(tx)
    people.put_third_party(tx, replace(party, code="CU-1"))


GONE: dict[str, Callable[[Tx], object]] = {
    "user": lambda tx: people.put_user(tx, name="Bob", email="bob@we.example", active=False),
    "group": lambda tx: tx.execute(sa.delete(staff_group)),
    "mode": lambda tx: _retire(tx, "mode", "fax"),
    "purpose": lambda tx: _retire(tx, "purpose", "tender"),
    "product": lambda tx: _retire(tx, "product", "PUMP"),
    "third party": _recoded,
    "account": lambda tx: accounts.retire(tx, AccountId(1), NOW),
    "template": lambda tx: None,
    "calendar": lambda tx: tx.execute(sa.text("UPDATE calendar SET name = 'Boulot'")),
}


def stocked(shop: Shop) -> None:
    """Everything that ALL names is there."""
    shop.template("short")
    with shop.store.write() as tx:
        owner = people.put_user(tx, name="Bob", email="bob@we.example")
        people.put_group(tx, "sales")
        lists.put(tx, "mode", "fax", {})
        lists.put(tx, "purpose", "tender", {})
        lists.put(tx, "product", "PUMP", {})
        acme = ThirdParty(ThirdPartyId(0), "ACME", "Acme", domains=("acme.example",))
        people.put_third_party(tx, acme)
        accounts.declare(tx, "mail", "ann-mail", "x", owner, Level.EVERYTHING, NOW)
    shop.has_read("Travail")


def letter() -> Sighting:
    return Sighting(
        AccountId(1),
        UserId(1),
        MailPlace(FolderId(1), FolderRole.INBOX, "INBOX", uidvalidity=1, uid=1, received=NOW),
        Message(
            message_id="1@acme.example",
            subject="Devis",
            date=NOW,
            from_=(Address("jean@acme.example"),),
            to=(Address("ann@we.example"),),
        ),
    )


def recorded(shop: Shop) -> tuple[Exchange, FollowUp]:
    """A letter comes: what the rules in force make of it."""
    book, sighting = shop.keeper.rulebook.in_force(), letter()
    judged = decide.message(
        book.ruleset, book.directory, sighting, (), NOW, Level.EVERYTHING, around=book.around
    )
    assert isinstance(sighting.what, Message)
    decision = decide.text(judged, replace(sighting.what, body=Body("Bonjour")))
    with shop.store.write() as tx:
        keeping = record.Keeping(book, SECRET, timedelta(days=14), NOW)
        (entry,) = record.keep(tx, keeping, [(sighting, decision)])
        assert entry.exchange is not None
        exchange = exchanges.get(tx, entry.exchange)
        opened = follow_ups.by_key(tx, f"rule:quotes:{decision.effects[0].draft.keys[0].key}")
    assert exchange is not None and opened is not None
    return exchange, opened


@pytest.mark.parametrize("what", GONE)
def test_what_rules_name_may_go_while_they_are_in_force(shop: Shop, what: str) -> None:
    """It is told, and what is left of the rule decides on, also after a restart."""
    stocked(shop)
    shop.save("10.yaml", ALL)
    assert shop.told() == []
    with shop.store.write() as tx:
        GONE[what](tx)
    if what == "template":
        (shop.directory.with_name("templates") / "short" / "text.fr.j2").unlink()
    assert shop.keeper.has_moved(names_too=True)
    told = shop.told()
    assert told and all(f"there is no {what} " in line for line in told)
    assert shop.keeper.standing.mistakes
    shop.start()
    assert shop.keeper.standing.mistakes
    exchange, opened = recorded(shop)
    assert (exchange.mode, exchange.purpose, exchange.products) == ("fax", "tender", ("PUMP",))
    # Nobody's text becomes everybody's when the group is gone.
    assert exchange.comment == ""
    assert len(opened.assignees) == 1
    assert (opened.assignees[0].user == UserId(1)) == (what == "user")
    # A mail with it is written with the built-in one, and the admin told (test_failures.py).
    assert opened.reminders[0].template == "short"

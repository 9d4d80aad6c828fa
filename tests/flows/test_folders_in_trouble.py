"""A folder that can't be read stops no other; it shows until it is mended (spec §5, promise 1)."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.flows.house import House, mail
from tests.flows.inside import furnish, inside

ANN = "ann@lumen.example"


def _deliver(house: House, folder: str, subject: str) -> Path:
    name = subject.lower().replace(" ", "-")
    raw = mail("jean@mistral.example", ANN, subject, message_id=f"{name}@mistral.example")
    return house.dovecot.deliver("ann", folder, raw)


def test_the_other_folders_are_judged_and_the_trouble_shows(
    make_house: Callable[..., House], sqlite: str
) -> None:
    options = {"ann": 'folders = ["Affaires", "Archives 2025", "Zut"]'}
    house = make_house(sqlite, users=("ann",), mailbox_options=options)
    for folder in ("INBOX", "Affaires", "Zut"):
        _deliver(house, folder, f"Devis {folder}")
    # Dovecot lists it before the others.
    closed = house.dovecot.folder("ann", "Affaires")
    closed.chmod(0)
    with inside(furnish(house)) as suivi:
        (trouble,) = suivi.troubled_sync()
        assert "ann: there is no folder 'Archives 2025'" in trouble
        assert "folder 'Affaires': [SERVERBUG] Internal error" in trouble
        assert "make it readable, or leave it out" in trouble
        subjects = {e.subject for e in suivi.exchanges("CU-1")}
        assert subjects == {"Devis INBOX", "Devis Zut"}
        status = suivi.status("ann")
        # It was read, it is in trouble, and it does not rest.
        assert status.last_ok_at is not None
        assert status.failing_since is not None
        assert status.next_try_at is None
        since = status.failing_since
        suivi.troubled_sync()
        assert suivi.status("ann").failing_since == since
        # Mended.
        closed.chmod(0o700)
        house.dovecot.folder("ann", "Archives 2025")
        suivi.sync()
        subjects = {e.subject for e in suivi.exchanges("CU-1")}
        assert subjects == {"Devis INBOX", "Devis Zut", "Devis Affaires"}
        assert suivi.status("ann").failing_since is None


def test_a_mailbox_of_which_nothing_can_be_read_is_refused_and_rests(
    make_house: Callable[..., House], sqlite: str
) -> None:
    house = make_house(sqlite, users=("ann",))
    _deliver(house, "INBOX", "Devis")
    _deliver(house, "Gesendet", "Offre")
    house.dovecot.folder("ann", "Gesendet").chmod(0)
    (house.dovecot.folder("ann", "INBOX") / "cur").chmod(0)
    with inside(furnish(house)) as suivi:
        (trouble,) = suivi.troubled_sync()
        assert "Internal error" in trouble
        status = suivi.status("ann")
        assert status.last_ok_at is None
        assert status.next_try_at is not None


def test_what_is_explained_is_that_message_and_no_other(
    make_house: Callable[..., House], sqlite: str
) -> None:
    """Of a message too old for the log of decisions, the mailbox is asked, which finds parts of
    words; a folder that can't be read is told with the answer."""
    options = {"ann": 'folders = ["Affaires"]'}
    house = make_house(sqlite, users=("ann",), mailbox_options=options)
    past = (datetime.now(UTC) - timedelta(days=30)).timestamp()
    for name in ("offre", "contre-offre"):
        raw = mail("x@far.example", ANN, name, message_id=f"{name}@far.example")
        os.utime(house.dovecot.deliver("ann", "INBOX", raw), (past, past))
    house.dovecot.folder("ann", "Affaires").chmod(0)
    furnish(house)
    with inside(house) as suivi:
        suivi.troubled_sync()
    told = {e["place"]: e for e in house.json("explain", "<offre@FAR.example>")}
    assert told.keys() == {"ann: INBOX UID 1", "ann: Affaires"}
    assert told["ann: INBOX UID 1"]["reason"] == "no-third-party"
    assert told["ann: Affaires"]["verdict"] == "unknown"
    assert "make it readable" in told["ann: Affaires"]["reason"]

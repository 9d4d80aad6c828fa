"""Nobody answers: a rule of a file waits, opens a follow-up, and an answer takes it back."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from daemon.clock import now
from rules.model.followups import FollowUp, State
from tests.flows.agenda import begins
from tests.flows.house import House, eventually, mail
from tests.flows.inside import PARIS, Inside, furnish, inside
from tests.flows.office import Office, letters
from tests.servers.dav import DavServer

SINK = tuple[int, Path]
ANN, JEAN, PAUL = "ann@lumen.example", "jean@mistral.example", "paul@colin.example"
DAY = timedelta(days=1)

# A name as an admin writes one: it is a part of the follow-up's key.
RULES = """\
version: 1
rules:
  - name: 'devis : sans réponse'
    when:
      direction: outbound
      subject: devis
      no_reply_for: 2 working days
    then:
      open_follow_up:
        when: +3 working days at 09:30
        title: 'Sans réponse : {subject}'
"""


def put(house: House, folder: str, sender: str, to: str, name: str, **more: str) -> None:
    """A mail in one of Ann's folders; its subject is its name, its date now unless told."""
    date = more.pop("date", datetime.now(PARIS).strftime("%a, %d %b %Y %H:%M:%S %z"))
    headers = {key.replace("_", "-"): value for key, value in more.items()}
    names = {"message_id": f"{name.replace(' ', '-')}@mail.example", "date": date}
    raw = mail(sender, to, name, "Bonjour.\r\n", **names, headers=headers)
    house.dovecot.deliver("ann", folder, raw)


def sent(house: House, days: float, to: str, name: str, **more: str) -> None:
    """What Ann wrote so many days ago."""
    date = (datetime.now(PARIS) - days * DAY).strftime("%a, %d %b %Y %H:%M:%S %z")
    put(house, "Gesendet", f"Ann <{ANN}>", to, name, date=date, **more)


def save(house: House, text: str) -> None:
    (house.folder / "rules").mkdir(exist_ok=True)
    (house.folder / "rules" / ".10.yaml.new").write_text(text, "utf-8")
    (house.folder / "rules" / ".10.yaml.new").replace(house.folder / "rules" / "10.yaml")


def by_title(within: Inside) -> dict[str, FollowUp]:
    return {one.title.removeprefix("Sans réponse : "): one for one in within.follow_ups()}


def waits(within: Inside) -> int:
    return len(within.rows("awaited_reply"))


def test_a_rule_of_a_file_opens_one_when_nobody_answers_and_an_answer_takes_it_back(
    make_house: Callable[..., House], sqlite: str, sink: SINK, dav: DavServer
) -> None:
    port, posted = sink
    house = make_house(sqlite, smtp_port=port, dav=dav, users=("ann",))
    furnish(house)
    save(house, RULES)
    with inside(house) as within:
        office = Office(within)
        office.live_since(now() - 30 * DAY)
        sent(house, 9, JEAN, "devis toit")
        # The thread goes on: days count from here, and it stays one follow-up.
        sent(house, 8, JEAN, "relance", In_Reply_To="<devis-toit@mail.example>")
        sent(house, 9, PAUL, "devis papier")
        sent(house, 9, PAUL, "commande")
        sent(house, 0.1, PAUL, "devis encre")

        def event(title: str) -> bytes:
            path = f"/ann/work/{by_title(within)[title].uid}.ics"
            status, data = dav.request("ann", "GET", path)
            return data if status == 200 else b""

        def state(title: str) -> State:
            return by_title(within)[title].state

        with house.daemon():
            eventually(lambda: len(within.follow_ups()) == 2, what="two", house=house)
            assert set(by_title(within)) == {"devis toit", "devis papier"}
            for title in ("devis toit", "devis papier"):
                eventually(lambda title=title: event(title), what=title, house=house)
            mistral = {e.subject: e.id for e in within.exchanges("CU-1")}
            one = by_title(within)["devis toit"]
            assert one.exchange == mistral["relance"]
            assert one.when.start > now() + 2 * DAY
            assert begins(event("devis toit")) == one.when.start
            assert b"ATTENDEE" not in event("devis toit")
            assert waits(within) == 1

            # A machine answers nothing, and neither does a newsletter.
            put(house, "INBOX", JEAN, ANN, "absent", Auto_Submitted="auto-replied",
                In_Reply_To="<relance@mail.example>")  # fmt: skip
            put(house, "INBOX", JEAN, ANN, "offres", List_Unsubscribe="<x>", Precedence="bulk")
            eventually(lambda: len(within.exchanges("CU-1")) == 4, what="read", house=house)
            eventually(lambda: not within.rows("work"), what="looked at", house=house)
            assert state("devis toit") is State.TO_DO
            # Nothing of this answer says so but its References.
            put(house, "INBOX", JEAN, ANN, "oui", References="<devis-toit@mail.example>")
            (told,) = eventually(
                lambda: letters(posted, "Withdrawn:"), what="it is told", house=house
            )
            assert told.recipients == (ANN,)
            assert state("devis toit") is State.NOT_NEEDED
            eventually(lambda: "SUMMARY:✓".encode() in event("devis toit"), what="✓", house=house)

            # The rule goes. What it has opened or waits for was decided under it, and stays …
            save(house, "version: 1\n")
            eventually(lambda: len(within.rows("rule_set")) == 2, what="no rule", house=house)
            # A look or two of the no-reply arrow.
            time.sleep(1)
            assert (state("devis papier"), waits(within)) == (State.TO_DO, 1)
            # … and an answer withdraws it all the same.
            sent(house, 9, "lea.favre@orange.fr", "devis lit")
            put(house, "INBOX", PAUL, ANN, "d'accord", In_Reply_To="<devis-papier@mail.example>")
            eventually(
                lambda: state("devis papier") is State.NOT_NEEDED, what="withdrawn", house=house
            )
            eventually(lambda: within.exchanges("CU-2"), what="written to Léa", house=house)
            assert waits(within) == 1
            assert len(within.follow_ups()) == 2
            eventually(
                lambda: len(letters(posted, "Withdrawn:")) == 2, what="it is told", house=house
            )

"""The reply arrow on real servers: a line of mail or a signed link changes its follow-up, once."""

import html
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import Message
from email.utils import parseaddr
from pathlib import Path

from daemon.clock import now
from rules import replies
from rules.model.followups import FollowUpId, State
from tests.flows.house import House, eventually, mail
from tests.flows.inside import PARIS, furnish, inside
from tests.flows.office import HOUR, Letter, Office, letters
from tests.servers.dav import DavServer
from tests.servers.ports import free_port

SINK = tuple[int, Path]
QUOTE = "\r\n\r\nLe 24 nov. 2026, suivi a écrit :\r\n> done\r\n> Répondez : fait, +3d\r\n"
COMMANDS = "suivi@lumen.example"


def answer(
    house: House,
    to: str,
    text: str,
    *,
    name: str,
    sender: str = "Ann <ann@lumen.example>",
    headers: Mapping[str, str] | None = None,
) -> None:
    """A person's mail arrives in suivi's own mailbox."""
    raw = mail(
        sender, to, "Re: Relance", text + QUOTE, message_id=f"{name}@phone.example", headers=headers
    )
    house.dovecot.deliver("suivi", "INBOX", raw)


def damaged(signed: str) -> str:
    """The same address or link with one letter of its token changed."""
    token, at, domain = signed.partition("@")
    # Not the last one: some of its bits carry nothing.
    return f"{token[:-2]}{'a' if token[-2] != 'a' else 'b'}{token[-1]}{at}{domain}"


def test_a_line_of_mail_is_carried_out_once_and_reaches_the_calendar(
    make_house: Callable[..., House], database: str, sink: SINK, dav: DavServer
) -> None:
    port, sent = sink
    house = furnish(make_house(database, smtp_port=port, dav=dav, users=("ann", "bob")))
    start = now().replace(microsecond=0) + timedelta(minutes=50)
    names = ("fait", "plus", "mardi", "forged", "machine", "other", "unclear", "bob")
    with inside(house) as within:
        office = Office(within)
        opened = {n: office.open(n, start, owner="bob" if n == "bob" else "ann") for n in names}

        def event(name: str) -> str:
            href = f"/ann/work/{opened[name].uid}.ics"
            status, data = dav.request("ann", "GET", href)
            return data.decode() if status == 200 else ""

        with house.daemon():
            eventually(lambda: len(letters(sent)) == len(names), what="reminders", house=house)
            eventually(
                lambda: all(event(n) for n in names if n != "bob"), what="events", house=house
            )
            to = {n: parseaddr(letters(sent, n)[0]["Reply-To"])[1] for n in names}
            assert len(set(to.values())) == len(names)
            answer(house, damaged(to["forged"]), "fait", name="forged")
            answer(house, COMMANDS, "fait", name="unsigned")
            answer(
                house,
                to["machine"],
                "fait",
                name="machine",
                headers={"Auto-Submitted": "auto-replied"},
            )
            # Bob was forwarded Ann's reminder.
            answer(house, to["other"], "fait", name="other", sender="Bob <bob@lumen.example>")
            answer(house, to["unclear"], "On en parle demain au bureau ?", name="unclear")
            # One of Bob's other addresses is still Bob.
            answer(house, to["bob"], "Fait, merci", name="bob", sender="bob.lumen@gmail.com")
            answer(house, to["plus"], "+3d", name="plus")
            answer(house, to["mardi"], "mardi 10h", name="mardi")
            answer(house, to["fait"], "fait", name="fait")
            eventually(
                lambda: office.get(opened["fait"]).state is State.DONE, what="fait", house=house
            )
            eventually(lambda: "SUMMARY:✓ fait" in event("fait"), what="it shows", house=house)
            clock = start.astimezone(PARIS).time()
            in_three_days = now().astimezone(PARIS).date() + timedelta(days=3)
            moved = datetime.combine(in_three_days, clock).strftime("%Y%m%dT%H%M")
            eventually(lambda: f":{moved}" in event("plus"), what="it moved", house=house)
        after = {n: office.get(opened[n]) for n in names}
        # A daemon that starts again reads the same mailbox.
        with house.daemon():
            fresh = office.open("fresh", start)
            eventually(lambda: letters(sent, "fresh"), what="a reminder", house=house)
            answer(house, parseaddr(letters(sent, "fresh")[0]["Reply-To"])[1], "ok", name="fresh")
            eventually(lambda: office.get(fresh).state is State.DONE, what="ok", house=house)
            eventually(lambda: len(told(sent)) == 9, what="answer mails", house=house)
        assert {n: office.get(opened[n]) for n in names} == after
    assert after["bob"].state is State.DONE
    tuesday = after["mardi"].when.start.astimezone(PARIS)
    assert (tuesday.weekday(), tuesday.hour, tuesday.minute) == (1, 10, 0)
    today = now().astimezone(PARIS).date()
    # Said on a Tuesday, it is the one in a week.
    assert 1 <= (tuesday.date() - today).days <= 7
    assert (after["plus"].when.start.astimezone(PARIS).date() - today).days == 3
    for name in ("forged", "machine", "other", "unclear"):
        assert after[name] == opened[name], name
    for name in names:
        assert "ATTENDEE" not in event(name)
        assert "ORGANIZER" not in event(name)
    assert told(sent) == {
        "forged": ("ann", "Nothing was changed"),
        "unsigned": ("ann", "Nothing was changed"),
        "other": ("bob", "Rien n’a été modifié"),
        "unclear": ("ann", "Not understood: unclear"),
        "bob": ("bob", "Terminé : bob"),
        "plus": ("ann", "Put off: plus"),
        "mardi": ("ann", "Put off: mardi"),
        "fait": ("ann", "Done: fait"),
        "fresh": ("ann", "Done: fresh"),
    }


def told(sent: Path) -> dict[str, tuple[str, str]]:
    """To whom each mail was answered, and how; each of them once."""
    answers = [m for m in letters(sent) if m["Auto-Submitted"] == "auto-replied"]
    found = {
        m["In-Reply-To"].strip("<>").partition("@")[0]: (
            m.recipients[0].partition("@")[0],
            m["Subject"],
        )
        for m in answers
    }
    assert len(found) == len(answers)
    return found


def test_only_what_the_mail_server_vouches_for_is_carried_out_where_that_is_asked(
    make_house: Callable[..., House], sqlite: str
) -> None:
    trusted = 'authserv_id = "mx.lumen.example"\nrequire_authentication = true\n'
    house = make_house(sqlite, smtp_port=9, users=(), mailbox_options={"suivi": trusted})
    says = {
        "passed": "mx.lumen.example; dmarc=pass header.from=lumen.example",
        "failed": "mx.lumen.example; dmarc=fail header.from=lumen.example",
        "elsewhere": "mx.evil.example; dmarc=pass header.from=lumen.example",
        "silent": "",
    }
    with inside(furnish(house)) as within:
        office, sender = Office(within), within.parts.sender
        assert sender is not None
        opened = {name: office.open(name, now() + timedelta(days=1)) for name in says}
        for name, said in says.items():
            to = sender.letter.ways.reply_to(opened[name], within.user("ann"), now())
            assert to is not None
            head = {"Authentication-Results": said} if said else {}
            answer(house, to.email, "fait", name=name, headers=head)
        within.sync()
        done = {name for name, one in opened.items() if office.get(one).state is State.DONE}
    assert done == {"passed"}


def test_signed_links_ask_first_and_act_once(
    make_house: Callable[..., House], sqlite: str, sink: SINK
) -> None:
    port, sent = sink
    house = make_house(sqlite, smtp_port=port, http_port=free_port(), users=("bob",))
    start = now().replace(second=0, microsecond=0) + timedelta(minutes=50)
    with inside(furnish(house)) as within:
        office = Office(within)
        done = office.open("Appeler <Jean> & Léa", start, owner="bob")
        hour = office.open("Une heure", start, owner="bob")
        with house.daemon():
            eventually(lambda: len(letters(sent)) == 2, what="reminders", house=house)
            finish, *_ = links_in(letters(sent, "Appeler")[0])
            _, in_an_hour, tomorrow, monday, opened = links_in(letters(sent, "Une heure")[0])

            status, page, head = ask("GET", finish)
            assert status == 200
            assert '<html lang="fr"' in page
            assert "Appeler &lt;Jean&gt; &amp; Léa" in page
            assert head["Cache-Control"] == "no-store"
            assert head["Referrer-Policy"] == "no-referrer"
            # A mail scanner opens every link: nothing has happened yet.
            for link in (in_an_hour, tomorrow, monday, opened):
                assert ask("GET", link)[0] == 200
            assert office.get(done) == done
            assert office.get(hour) == hour

            assert ask("POST", damaged(finish))[0] == 403
            expired = signed(office, done.id, "done", now() - timedelta(seconds=1))
            base = finish.rpartition("/")[0]
            assert ask("POST", f"{base}/{expired}")[0] == 410
            # The address for answers by mail is no link.
            reply_to = parseaddr(letters(sent, "Appeler")[0]["Reply-To"])[1]
            token = reply_to.partition("@")[0].partition("+")[2]
            assert ask("POST", f"{base}/{token}")[0] == 403
            assert ask("GET", f"{base}/{token}")[0] == 403
            assert office.get(done) == done

            assert ask("POST", finish)[0] == 200
            assert office.get(done).state is State.DONE
            assert ask("POST", in_an_hour)[0] == 200
            assert office.get(hour).when.start == start + HOUR
            # Pressed twice it moves once.
            status, page, _ = ask("POST", in_an_hour)
            assert status == 409
            assert "déplacée" in page
            assert office.get(hour).when.start == start + HOUR
            eventually(
                lambda: office.states(hour)[-1] == (2, "due"), what="a new reminder", house=house
            )
            # The others were for the time before, too.
            assert ask("POST", tomorrow)[0] == 409
            assert office.get(hour).when.start == start + HOUR
            # That which opens it offers what can be done now, and by itself does nothing.
            status, page, _ = ask("POST", opened)
            assert status == 200
            *_, again = re.findall(r'action="([^"]+)"', page)
            assert office.get(hour).when.start == start + HOUR
            assert ask("POST", f"{base.rpartition('/')[0]}{again}")[0] == 200
            after = office.get(hour).when.start.astimezone(PARIS)
            assert after.time() == (start + HOUR).astimezone(PARIS).time()
            assert after.weekday() == 0
            assert 1 <= (after.date() - now().astimezone(PARIS).date()).days <= 7


def links_in(letter: Letter) -> tuple[str, ...]:
    """Done, in an hour, tomorrow, next Monday, open: the same in both parts of the mail."""
    in_text = re.findall(r"http://127\S+", letter.text)
    in_html = [html.unescape(h) for h in re.findall(r'href="([^"]+)"', letter.html)]
    assert in_text == in_html
    return tuple(in_text)


def signed(office: Office, follow_up: FollowUpId, verb: str, expires: datetime) -> str:
    """A token of Bob's, by suivi's own key."""
    user = office.within.user("bob").id
    return replies.token(office.secret, follow_up, user, verb, expires)


def ask(method: str, url: str) -> tuple[int, str, Message]:
    """One request without cookies, scripts or a body: status, page and header fields."""
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=10) as got:
            return got.status, got.read().decode(), got.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers

"""Links on the real server: whoever opens all of them, as mail scanners do, changes nothing; and
no token does anything for whom, what or when it was not made."""

import http.client
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from daemon.clock import now
from rules import links, replies
from rules.model.followups import FollowUp, State
from tests.flows.house import House, eventually
from tests.flows.inside import furnish, inside
from tests.flows.office import Office, letters
from tests.flows.test_answers import ask, damaged, links_in
from tests.servers.ports import free_port

MAILS = 100
LINKS = 5


def test_a_scanner_that_opens_every_link_of_a_hundred_mails_changes_nothing(
    make_house: Callable[..., House],
    sqlite: str,
    sink: tuple[int, Path],
    tell: Callable[[str], None],
) -> None:
    port, sent = sink
    house = make_house(sqlite, smtp_port=port, http_port=free_port(), users=())
    start = now().replace(microsecond=0) + timedelta(minutes=50)
    with inside(furnish(house)) as within:
        office = Office(within)
        opened = [office.open(f"Relance {n:03}", start) for n in range(MAILS)]
        with house.daemon():
            eventually(lambda: len(letters(sent)) == MAILS, what="reminders", house=house)
            found = [link for letter in letters(sent) for link in links_in(letter)]
            assert len(set(found)) == MAILS * LINKS
            planned = within.rows("ledger")
            began = time.monotonic()
            # One connection, as a scanner has; it follows nothing and sends no cookie.
            scanner = http.client.HTTPConnection(urlsplit(found[0]).netloc, timeout=30)
            for link in found:
                for method in ("HEAD", "GET"):
                    scanner.request(method, urlsplit(link).path)
                    answer = scanner.getresponse()
                    page = answer.read()
                    assert answer.status == 200
                    assert answer.getheader("Referrer-Policy") == "no-referrer"
                    assert answer.getheader("Cache-Control") == "no-store"
                    assert bool(page) == (method == "GET")
            seconds = time.monotonic() - began
        assert [office.get(one) for one in opened] == opened
        assert within.rows("ledger") == planned
        assert within.rows("audit") == []
        assert house.log().count("/l/") == 0
    tell(f"{2 * len(found)} requests on {len(found)} links changed nothing, in {seconds:.1f} s")


def test_a_token_is_for_one_user_one_deed_one_time_and_a_while(
    make_house: Callable[..., House], sqlite: str, sink: tuple[int, Path]
) -> None:
    port, _ = sink
    house = make_house(sqlite, smtp_port=port, http_port=free_port(), users=())
    base = f"http://127.0.0.1:{house.http_port}/l/"
    later = now() + timedelta(days=1)
    with inside(furnish(house)) as within:
        office = Office(within)
        anns = office.open("Ann's", later)
        ann, bob = within.user("ann"), within.user("bob")

        def signed(words: str, one: FollowUp = anns, user: int = ann.id, **more: object) -> str:
            verb = links.verb(words, one)
            expires = more.get("expires", later)
            secret = more.get("secret", office.secret)
            return base + replies.token(secret, one.id, user, verb, expires)  # type: ignore[arg-type]

        with house.daemon():
            done = signed("done")
            eventually(lambda: _answers(done), what="the endpoint", house=house)
            refused = {
                "forged": (damaged(done), 403),
                "of another key": (signed("done", secret=b"x" * 32), 403),
                "expired": (signed("done", expires=now() - timedelta(seconds=1)), 410),
                "bob's": (signed("done", user=bob.id), 403),
                "nobody's": (signed("done", user=999), 410),
                "of what is not there": (
                    base + replies.token(office.secret, 999_999, ann.id, "done", later),  # type: ignore[arg-type]
                    410,
                ),
                "an address": (
                    base + replies.token(office.secret, anns.id, ann.id, replies.REPLY, later),
                    403,
                ),
            }
            for why, (link, status) in refused.items():
                for method in ("GET", "POST"):
                    assert (why, ask(method, link)[0]) == (why, status)
            assert office.get(anns) == anns

            hour = signed("+1h")
            assert ask("POST", hour)[0] == 200
            moved = office.get(anns)
            assert moved.schedule_version == 2
            # Replayed, it is for another time; so is what else was made for the time before.
            for link in (hour, done):
                assert ask("POST", link)[0] == 409
            assert office.get(anns) == moved
            done = signed("done", moved)
            for _ in range(3):
                assert ask("POST", done)[0] == 200
            closed = office.get(anns)
            assert closed.state is State.DONE
            assert closed.revision == moved.revision + 1
            # Whoever closed it has answered: no link of before opens it again.
            assert ask("POST", signed("+1h", moved))[0] == 200
            assert office.get(anns) == closed


def _answers(link: str) -> bool:
    try:
        return ask("GET", link)[0] == 200
    except OSError:
        return False

"""Servers as they are: lying tokens, broken objects, writes applied with an error, redirects."""

import time
from dataclasses import replace

import pytest

from connectors.caldav import CaldavAccount, connect
from connectors.errors import Changed, Refused, Unreachable
from tests.connectors.caldav.contract import event
from tests.servers import certificates
from tests.servers.crooked import Reply, crooked
from tests.servers.ports import free_port

PASSWORD = "s3cret-and-long"
CALENDAR = "/c/"


def client(server, **more):
    return connect(CaldavAccount(server.url, "anna", PASSWORD, **({"timeout": 5} | more)))


def multistatus(*responses, token=None):
    tail = f"<d:sync-token>{token}</d:sync-token>" if token else ""
    body = (
        '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" '
        f'xmlns:cs="http://calendarserver.org/ns/">{"".join(responses)}{tail}</d:multistatus>'
    )
    return Reply(207, body.encode(), {"Content-Type": "application/xml"})


def found(href, props):
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{props}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def told(href, status):
    return (
        f"<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status} x</d:status></d:response>"
    )


def etag(href, tag):
    return found(href, f"<d:getetag>&quot;{tag}&quot;</d:getetag>")


def in_turn(*replies):
    """Answers one after the other, the last for ever."""
    rest = list(replies)
    return lambda _: rest.pop(0) if len(rest) > 1 else rest[0]


def test_pages_are_followed_to_the_end():
    first = multistatus(etag("/c/a.ics", 1), told("/c/", 507), token="t1")
    last = multistatus(etag("/c/b.ics", 2), told("/c/gone.ics", 404), token="t2")
    with crooked(in_turn(first, last)) as server:
        delta = client(server).changes(CALENDAR, "t0", {})
    assert (dict(delta.changed), delta.removed, delta.token, delta.complete) == (
        {"/c/a.ics": '"1"', "/c/b.ics": '"2"'},
        frozenset({"/c/gone.ics"}),
        "t2",
        False,
    )
    assert b"limit" not in b"".join(each.body for each in server.asked)


def test_pages_that_never_end_become_a_listing():
    def answer(asked):
        if asked.method == "REPORT":
            return multistatus(told("/c/", 507), token="always")
        if asked.headers["depth"] == "0":
            return multistatus(found("/c/", "<cs:getctag>7</cs:getctag>"))
        return multistatus(etag("/c/", 9), etag("/c/a.ics", 1))

    with crooked(answer) as server:
        calendars = client(server)
        delta = calendars.changes(CALENDAR, "t0", {"/c/old.ics": '"1"'})
        assert (dict(delta.changed), delta.removed, delta.complete) == (
            {"/c/a.ics": '"1"'},
            frozenset({"/c/old.ics"}),
            True,
        )
        # The ctag stands in for the token: nothing is listed while it is the same.
        before = len(server.asked)
        again = calendars.changes(CALENDAR, delta.token, delta.changed)
    assert (dict(again.changed), again.removed, again.token) == ({}, frozenset(), delta.token)
    assert len(server.asked) == before + 1


@pytest.mark.parametrize("status", [400, 403, 409, 410, 412, 418, 500, 501, 507])
def test_any_way_to_refuse_a_token_means_everything(status):
    def answer(asked):
        if b"<ns0:sync-token>t0" in asked.body or b">t0<" in asked.body:
            return Reply(status)
        return multistatus(etag("/c/a.ics", 1), token="fresh")

    with crooked(answer) as server:
        delta = client(server).changes(CALENDAR, "t0", {"/c/gone.ics": '"1"'})
    assert (delta.complete, delta.token, delta.removed) == (True, "fresh", {"/c/gone.ics"})


def test_an_object_listed_as_changed_and_removed_is_looked_at():
    both = multistatus(etag("/c/a.ics", 1), told("/c/a.ics", 404), token="t1")
    with crooked(lambda asked: both if asked.method == "REPORT" else Reply(404)) as server:
        delta = client(server).changes(CALENDAR, "t0", {})
    assert (dict(delta.changed), delta.removed) == ({}, {"/c/a.ics"})


def test_hrefs_have_one_spelling():
    odd = ("http://127.0.0.1/c/%61%20b%40c.ics", "/c/a%20b@c.ics")
    for href in odd:
        with crooked(in_turn(multistatus(etag(href, 1), token="t"))) as server:
            assert list(client(server).changes(CALENDAR, "t0", {}).changed) == ["/c/a%20b@c.ics"]


def data(href, text, tag="1"):
    return found(
        href,
        f"<d:getetag>&quot;{tag}&quot;</d:getetag><c:calendar-data>{text}</c:calendar-data>",
    )


def test_one_bad_object_does_not_stop_the_others():
    """The report is spoilt by a control character, and one object can't be served at all."""
    spoilt = multistatus(data("/c/a.ics", "BEGIN:VCALENDAR&#x1;"))

    def answer(asked):
        if asked.method == "REPORT":
            return spoilt
        if asked.path == "/c/bad.ics":
            return Reply(500)
        return Reply(200, event(asked.path), {"ETag": '"5-gzip"'})

    with crooked(answer) as server:
        objects = client(server).fetch(CALENDAR, ["/c/a.ics", "/c/bad.ics", "/c/b.ics"])
    assert [each.href for each in objects] == ["/c/a.ics", "/c/bad.ics", "/c/b.ics"]
    assert [each.etag for each in objects] == ['"5"', None, '"5"']
    assert objects[1].data == b""


def test_what_a_report_leaves_out_is_asked_for():
    def answer(asked):
        if asked.method == "REPORT":
            return multistatus(data("/c/a.ics", "x\ny"), told("/c/gone.ics", 404))
        return Reply(200, b"z", {"ETag": 'W/"2"'})

    with crooked(answer) as server:
        objects = client(server).fetch(CALENDAR, ["/c/a.ics", "/c/gone.ics", "/c/b.ics"])
    assert [(each.href, each.data, each.etag) for each in objects] == [
        ("/c/a.ics", b"x\r\ny", '"1"'),
        ("/c/b.ics", b"z", 'W/"2"'),
    ]
    assert [each.path for each in server.asked if each.method == "GET"] == ["/c/b.ics"]


def test_hundreds_are_asked_for_by_the_hundred():
    def answer(asked):
        names = [part.split("<")[0] for part in asked.body.decode().split("href>")[1::2]]
        return multistatus(*(data(name.rstrip("/"), "x") for name in names))

    wanted = [f"/c/{n}.ics" for n in range(120)]
    with crooked(answer) as server:
        assert [each.href for each in client(server).fetch(CALENDAR, wanted)] == wanted
    assert server.methods() == ["REPORT"] * 2


def test_a_create_that_was_applied_with_an_error_is_found():
    stored = {}

    def answer(asked):
        if asked.method == "PUT":
            stored["it"] = asked.body
            return Reply(500)
        return Reply(200, stored["it"], {"ETag": '"1"'}) if stored else Reply(404)

    with crooked(answer) as server:
        made = client(server).put(CALENDAR, "/c/a.ics", event(), None)
    assert (made.etag, made.data) == ('"1"', event())


def test_a_create_without_an_answer_is_found():
    stored = {}

    def answer(asked):
        if asked.method == "PUT":
            stored["it"] = asked.body
            return Reply(0)
        return Reply(200, stored["it"], {"ETag": '"1"'}) if stored else Reply(404)

    with crooked(answer) as server:
        assert client(server).put(CALENDAR, "/c/a.ics", event(), None).etag == '"1"'


def test_a_create_that_was_not_applied_is_tried_again_later():
    refuses = crooked(lambda asked: Reply(500 if asked.method == "PUT" else 404))
    with refuses as server, pytest.raises(Unreachable):
        client(server).put(CALENDAR, "/c/a.ics", event(), None)


def test_our_object_under_another_name_is_adopted():
    """Servers refuse a second object with the same UID (RFC 4791 §5.3.2.1)."""

    def answer(asked):
        if asked.method == "REPORT":
            return multistatus(data("/c/elsewhere.ics", event().decode(), "3"))
        return Reply(409 if asked.method == "PUT" else 404)

    with crooked(answer) as server:
        made = client(server).put(CALENDAR, "/c/a.ics", event(), None)
    assert (made.href, made.etag) == ("/c/elsewhere.ics", '"3"')


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ((event(summary="new"), '"2"'), None),
        ((event(summary="old"), '"1"'), Unreachable),
        ((event(summary="theirs"), '"2"'), Changed),
        (None, Changed),
    ],
)
def test_an_update_with_an_error_is_looked_at(standing, expected):
    def answer(asked):
        if asked.method == "PUT":
            return Reply(500)
        return Reply(200, standing[0], {"ETag": standing[1]}) if standing else Reply(404)

    with crooked(answer) as server:
        calendars = client(server)
        if expected is None:
            assert calendars.put(CALENDAR, "/c/a.ics", event(summary="new"), '"1"').etag == '"2"'
        else:
            with pytest.raises(expected):
                calendars.put(CALENDAR, "/c/a.ics", event(summary="new"), '"1"')


def test_a_weak_etag_is_compared_by_us_because_if_match_never_holds():
    def answer(asked):
        return Reply(204) if asked.method == "PUT" else Reply(200, event(), {"ETag": 'W/"1"'})

    with crooked(answer) as server:
        client(server).put(CALENDAR, "/c/a.ics", event(summary="new"), 'W/"1"')
        with pytest.raises(Changed):
            client(server).put(CALENDAR, "/c/a.ics", event(summary="new"), 'W/"0"')
    puts = [each for each in server.asked if each.method == "PUT"]
    assert ["if-match" in each.headers for each in puts] == [False]


def test_a_calendar_that_may_not_be_written_needs_an_admin():
    forbids = crooked(lambda asked: Reply(403 if asked.method == "PUT" else 404))
    with forbids as server, pytest.raises(Refused, match="rights"):
        client(server).put(CALENDAR, "/c/a.ics", event(), None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_within_the_server_keeps_method_and_body(status):
    def answer(asked):
        if asked.path == "/c/":
            return Reply(status, headers={"Location": "/new/"})
        return multistatus(etag("/new/a.ics", 1), token="t")

    with crooked(answer) as server:
        delta = client(server).changes(CALENDAR, "t0", {})
    assert delta.token == "t"
    assert server.methods() == ["REPORT", "REPORT"]
    assert server.asked[0].body == server.asked[1].body


def test_the_password_follows_no_redirect_to_somebody_else():
    challenge = Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    with crooked(lambda _: challenge) as other:
        away = Reply(307, headers={"Location": f"http://127.0.0.1:{other.port}/c/"})
        moved = crooked(in_turn(challenge, away))
        with moved as server, pytest.raises(Refused, match="redirects to"):
            client(server).changes(CALENDAR, "t0", {})
    assert other.asked == []


def test_homes_on_another_host_are_named_not_followed():
    home = found(
        "/p/",
        "<c:calendar-home-set><d:href>https://p12.example.com/1/</d:href></c:calendar-home-set>",
    )
    away = pytest.raises(Refused, match=r"https://p12\.example\.com/1/")
    with crooked(lambda _: multistatus(home)) as server, away:
        client(server).discover()


def test_discovery_goes_by_well_known_when_the_url_is_only_a_host():
    def answer(asked):
        if asked.path == "/.well-known/caldav":
            return Reply(301, headers={"Location": "/dav/"})
        if asked.path == "/dav/":
            who = "<d:current-user-principal><d:href>/dav/anna/</d:href></d:current-user-principal>"
            return multistatus(found("/dav/", who))
        if asked.path == "/dav/anna/":
            home = "<c:calendar-home-set><d:href>/dav/cal/a@b/</d:href></c:calendar-home-set>"
            return multistatus(found("/dav/anna/", home))
        if asked.path == "/dav/cal/a@b/":
            kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
            read = "<d:privilege><d:read/></d:privilege>"
            read = f"<d:current-user-privilege-set>{read}</d:current-user-privilege-set>"
            return multistatus(found("/dav/cal/a%40b/x/", kind + read))
        return Reply(404)

    with crooked(answer) as server:
        calendars = client(server)
        (info,) = calendars.discover()
        assert (info.href, info.name, info.writable) == ("/dav/cal/a@b/x/", "x", False)
        # Asked for as the server spells it.
        with pytest.raises(Refused, match="gone"):
            calendars.changes(info.href, None, {})
    assert server.asked[-1].path == "/dav/cal/a%40b/x/"


def test_a_url_that_is_a_calendar_is_that_calendar():
    kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    with crooked(lambda _: multistatus(found("/", kind))) as server:
        (info,) = client(server).discover()
    assert (info.href, info.components) == ("/", {"VEVENT", "VTODO", "VJOURNAL"})


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'}), Refused),
        (Reply(401, headers={"WWW-Authenticate": "Negotiate"}), Refused),
        (Reply(503, headers={"Retry-After": "120"}), Unreachable),
        (Reply(429), Unreachable),
        (Reply(502), Unreachable),
        (Reply(0), Unreachable),
        (Reply(404), Refused),
        (Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}), Refused),
        (Reply(302, headers={"Location": "/again/"}), Unreachable),
        (Reply(207, b"<d:multistatus", {}), Refused),
        (
            Reply(207, b'<!DOCTYPE x [<!ENTITY a "b">]><d:multistatus xmlns:d="DAV:">&a;</d:m>'),
            Refused,
        ),
    ],
)
def test_what_goes_wrong_is_said_in_one_line_without_the_password(reply, error):
    with crooked(lambda _: reply) as server, pytest.raises(error) as raised:
        client(server).discover()
    text = str(raised.value)
    assert text.startswith("127.0.0.1: ")
    assert "\n" not in text
    assert PASSWORD not in text


def test_a_server_that_does_not_answer_is_not_waited_for():
    began = time.monotonic()
    with crooked(lambda _: Reply(200, seconds=3)) as server:
        with pytest.raises(Unreachable, match="no answer within"):
            client(server, timeout=0.5).discover()
        assert time.monotonic() - began < 2.5


def test_nobody_listens():
    account = CaldavAccount(f"http://127.0.0.1:{free_port()}/", "anna", PASSWORD)
    assert PASSWORD not in repr(account)
    with pytest.raises(Unreachable, match="refused"):
        connect(account).discover()


def test_a_password_in_the_url_is_not_kept():
    account = CaldavAccount(f"http://anna:{PASSWORD}@127.0.0.1:{free_port()}/", "anna", "x")
    with pytest.raises(Unreachable) as raised:
        connect(account).discover()
    assert PASSWORD not in str(raised.value)


def test_a_certificate_is_checked_against_the_authorities(tmp_path):
    kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    tls = certificates.make(tmp_path)
    with crooked(lambda _: multistatus(found("/", kind)), tls) as server:
        with pytest.raises(Refused, match="certificate"):
            client(server).discover()
        assert server.asked == []
        assert len(client(server, ca_file=str(tls.cert)).discover()) == 1


def test_a_certificate_of_another_host_is_refused(tmp_path):
    tls = certificates.make(tmp_path, "elsewhere.example")
    refused = pytest.raises(Refused, match="certificate")
    with crooked(lambda _: Reply(404), tls) as server, refused:
        client(server, ca_file=str(tls.cert)).discover()


def test_a_connection_that_the_server_dropped_meanwhile_is_opened_again():
    delta = multistatus(etag("/c/a.ics", 1), token="t")
    with crooked(lambda _: replace(delta, hangs_up=True)) as server:
        calendars = client(server)
        for _ in range(3):
            assert calendars.changes(CALENDAR, "t0", {}).token == "t"
            time.sleep(0.1)

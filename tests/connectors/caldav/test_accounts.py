"""How an account logs in, what is known of its provider, and whose calendars it has."""

import pytest

from connectors.caldav import profiles
from connectors.errors import Refused
from connectors.oauth import Tokens, TokenSource
from tests.connectors.caldav.test_crooked import PASSWORD, client, found, multistatus
from tests.servers.crooked import Reply, crooked


def test_a_token_that_is_not_taken_is_renewed_once():
    given = iter(["old", "new", "newer", "newest"])
    valid = {"new"}

    def tokens(asked):
        body = b'{"access_token": "%s", "expires_in": 3600}' % next(given).encode()
        return Reply(200, body, {"Content-Type": "application/json"})

    def answer(asked):
        told = asked.headers.get("authorization", "")
        if told.removeprefix("Bearer ") not in valid:
            return Reply(401, headers={"WWW-Authenticate": 'Bearer realm="x"'})
        kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
        return multistatus(found("/", kind))

    with crooked(tokens) as issuer, crooked(answer) as server:
        source = Tokens(TokenSource(issuer.url, "client", "client-secret"))
        calendars = client(server, tokens=source)
        (info,) = calendars.discover()
        assert info.href == "/"
        homes = calendars.homes
        assert homes.login == "bearer"
        # From then on nothing is asked in vain.
        before = len(server.asked)
        calendars.look(homes)
        assert len(server.asked) == before + 1
        # It was withdrawn, and so is the next: an admin must act, and the server is left alone.
        valid.clear()
        before = len(server.asked)
        with pytest.raises(Refused, match="not accepted"):
            calendars.look(homes)
        assert len(server.asked) == before + 2
    assert PASSWORD not in "".join(each.headers.get("authorization", "") for each in server.asked)


def test_the_login_follows_the_provider_to_the_host_of_a_home_and_nowhere_else():
    icloud = profiles.of("https://caldav.icloud.com/")
    here = "https://caldav.icloud.com"
    assert icloud.name == "icloud"
    assert profiles.may_follow(icloud, here, "https://p42-caldav.icloud.com")
    assert profiles.may_follow(icloud, here, "https://p42-caldav.icloud.com:443")
    for elsewhere in (
        "http://p42-caldav.icloud.com",
        "https://p42-caldav.icloud.com:8443",
        "https://icloud.com.evil.example",
        "https://evilicloud.com",
        "https://p42-caldav.icloud.com@evil.example",
    ):
        assert not profiles.may_follow(icloud, here, elsewhere)
    assert not profiles.may_follow(profiles.STANDARD, "https://a.example", "https://b.a.example")
    assert profiles.may_follow(profiles.STANDARD, "http://a.example", "https://a.example")
    assert not profiles.may_follow(profiles.STANDARD, "https://a.example", "http://a.example")


@pytest.mark.parametrize(
    ("url", "headers", "name", "trusted"),
    [
        ("https://cloud.example/remote.php/dav/", {}, "nextcloud", True),
        ("https://dav.example/SOGo/dav/anne/", {}, "sogo", False),
        ("https://dav.example/", {"x-davical-version": "1.1.12"}, "davical", False),
        ("https://dav.example/", {"server": "Stalwart JMAP"}, "stalwart", False),
        ("https://apidata.googleusercontent.com/caldav/v2/", {}, "google", True),
        ("https://dav.example/", {"server": "WSGIServer/0.2"}, "standard", True),
    ],
)
def test_servers_are_known_by_host_path_or_header(url, headers, name, trusted):
    profile = profiles.of(url, headers)
    assert (profile.name, profile.trusted) == (name, trusted)


def test_calendars_that_were_lent_are_found_and_lost_ones_left_out():
    kind = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
    read = "<d:current-user-privilege-set><d:privilege><d:read/></d:privilege>"
    read += "</d:current-user-privilege-set>"

    def home(href):
        return f"<c:calendar-home-set><d:href>{href}</d:href></c:calendar-home-set>"

    def proxies(which, *people):
        told = "".join(f"<d:href>/p/{p}/</d:href>" for p in people)
        return f"<cs:calendar-proxy-{which}-for>{told}</cs:calendar-proxy-{which}-for>"

    def answer(asked):
        if asked.path in ("/", "/p/anna/"):
            lent = proxies("read", "bruno", "gone") + proxies("write", "carla")
            return multistatus(found(asked.path, home("/cal/anna/") + lent))
        if asked.path in ("/p/bruno/", "/p/carla/"):
            return multistatus(found(asked.path, home(asked.path.replace("/p/", "/cal/"))))
        if asked.path.startswith("/cal/"):
            rights = read if "bruno" in asked.path else ""
            tag = "<cs:getctag>1</cs:getctag>"
            return multistatus(found(f"{asked.path}work/", kind + rights + tag))
        return Reply(403)

    with crooked(answer) as server:
        calendars = client(server)
        told = {info.href: info.writable for info in calendars.discover()}
        assert told == {
            "/cal/anna/work/": True,
            "/cal/bruno/work/": False,
            "/cal/carla/work/": True,
        }
        # One request a home tells how they stand.
        before = len(server.asked)
        again = calendars.look(calendars.homes)
        assert [(info.href, info.writable, info.ctag) for info in again] == [
            (href, writable, "1") for href, writable in told.items()
        ]
        assert len(server.asked) == before + 3

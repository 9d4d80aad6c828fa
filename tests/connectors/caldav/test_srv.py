"""Where a domain says that its calendars are, and whether the login goes there."""

from types import SimpleNamespace

import pytest

from connectors.caldav import CaldavAccount, connect, srv
from connectors.caldav.http import Session
from connectors.errors import Refused


def record(priority, weight, target, port=443):
    return SimpleNamespace(priority=priority, weight=weight, target=target, port=port)


def dns(srvs=(), texts=()):
    """A resolver that knows one domain."""
    told = {
        ("_caldavs._tcp.dupont.example", "SRV"): srvs,
        ("_caldavs._tcp.dupont.example", "TXT"): [SimpleNamespace(strings=[t]) for t in texts],
    }
    return lambda name, kind: told.get((name, kind), ())


@pytest.mark.parametrize(
    ("srvs", "texts", "places"),
    [
        ((), (b"path=/dav/",), ()),
        ((record(0, 0, "."),), (), ()),
        (
            (record(0, 1, "dav.dupont.example."),),
            (),
            ("https://dav.dupont.example/.well-known/caldav",),
        ),
        (
            (record(2, 9, "b.dupont.example."), record(1, 0, "a.dupont.example.", 8443)),
            (b"v=1", b"path=/dav/"),
            ("https://a.dupont.example:8443/dav/", "https://b.dupont.example/dav/"),
        ),
        (
            (record(0, 0, "a.dupont.example."),),
            (b"path=@evil.example/",),
            ("https://a.dupont.example/.well-known/caldav",),
        ),
    ],
)
def test_a_domain_tells_hosts_in_order_and_a_path(srvs, texts, places):
    assert srv.places("dupont.example", dns(srvs, texts)) == places


def test_the_login_follows_dns_within_the_domain_only(monkeypatch):
    session = Session("anne@dupont.example", "anne", "secret", None, 1)
    assert (session.host, session.domain) == ("dupont.example", "dupont.example")
    assert not session.moves("https://dav.elsewhere.example")
    assert not session.moves("http://dav.dupont.example")
    assert session.moves("https://dav.dupont.example:8443")
    assert session.origin == "https://dav.dupont.example:8443"

    elsewhere = dns((record(0, 0, "dav.elsewhere.example."),))
    honest = srv.places
    monkeypatch.setattr(srv, "places", lambda domain: honest(domain, elsewhere))
    with pytest.raises(Refused, match=r"live on https://dav\.elsewhere\.example"):
        connect(CaldavAccount("dupont.example", "anne", "secret")).discover()


def test_an_account_with_an_address_asks_no_dns():
    assert Session("https://dav.dupont.example/", "anne", "secret", None, 1).domain == ""

"""What is known of CalDAV servers that deviate, as data: each by what tells it, and what to do.

Where a server says nothing of itself it is taken for one that keeps to the standard, whose words
are compared with a full listing once a week all the same (`rules.calendars`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of server.

    It is told by a domain of its host (`hosts`), by a path below which it serves (`paths`), or by
    what stands in a header of its answers (`headers`, in lower case). `starts` is where to begin
    when the account's URL is a host only. The user's login goes to hosts under `follows` as well,
    for there the provider keeps the homes. `trusted`: its tokens tell of every change. `queries`:
    a calendar-query without conditions gives all objects. `tasks` and `makes_calendars` are False
    where there can't be any. `why` is what has been seen of it.
    """

    name: str
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    starts: str = ""
    follows: tuple[str, ...] = ()
    trusted: bool = True
    queries: bool = True
    tasks: bool = True
    makes_calendars: bool = True
    why: str = ""


STANDARD: Final = Profile("standard")

# Sources: compatibility_hints of python-caldav 3.6, and the threads of vdirsyncer, DAVx5 and the
# servers themselves. The order counts: a header says more than a path.
PROFILES: Final = (
    Profile(
        "google",
        hosts=("googleusercontent.com", "google.com"),
        starts="/caldav/v2/",
        tasks=False,
        makes_calendars=False,
        why="OAuth only; of the conditions only If-Match; no VTODO, MKCALENDAR, MOVE",
    ),
    Profile(
        "icloud",
        hosts=("icloud.com",),
        starts="/",
        follows=("icloud.com",),
        tasks=False,
        why="the home lies on a host of its own, pNN-caldav; a collection lists itself",
    ),
    Profile(
        "fastmail",
        hosts=("fastmail.com",),
        starts="/dav/",
        why="Cyrus: a UID is unique in the account, schedule tags change with each answer",
    ),
    Profile(
        "sogo",
        headers=(("server", "sope"), ("server", "sogo")),
        paths=("/SOGo/",),
        trusted=False,
        queries=False,
        why="tokens of whole seconds, 207 for a token that is none, no conditions on PUT",
    ),
    Profile(
        "davical",
        headers=(("x-davical-version", ""),),
        paths=("/caldav.php/", "/davical/"),
        trusted=False,
        why="207 for a token that is none; a second object with one UID is stored",
    ),
    Profile(
        "synology",
        paths=("/caldav/principals/", "/caldav.php/principals/"),
        trusted=False,
        why="207 for a token that is none; calendars can't be deleted",
    ),
    Profile(
        "stalwart",
        headers=(("server", "stalwart"),),
        trusted=False,
        why="207 for a token that is none; a first answer that was cut leaves members out",
    ),
    Profile(
        "purelymail",
        hosts=("purelymail.com",),
        trusted=False,
        why="207 for a token that is none",
    ),
    Profile(
        "ox",
        hosts=("mailbox.org",),
        headers=(("server", "open-xchange"),),
        trusted=False,
        why="207 for a token that is none; VTODO only in a calendar of their own",
    ),
    Profile(
        "bedework",
        paths=("/ucaldav/",),
        trusted=False,
        why="never tells of deletions; percent-encoded etags; writes are applied later",
    ),
    Profile(
        "zimbra",
        headers=(("server", "zimbra"),),
        paths=("/dav/zimbra/",),
        trusted=False,
        why="fragile tokens, hrefs listed twice, a renamed calendar moves, PUT always overwrites",
    ),
    Profile(
        "gmx",
        hosts=("gmx.net", "web.de"),
        trusted=False,
        why="weak etags on PUT, strong ones on GET; no usable token",
    ),
    Profile(
        "posteo",
        hosts=("posteo.de",),
        trusted=False,
        why="no usable token",
    ),
    Profile(
        "nextcloud",
        paths=("/remote.php/dav/", "/remote.php/caldav/"),
        why="a limit cuts the answer while the token skips the rest, so none is ever sent",
    ),
    Profile(
        "davmail",
        headers=(("server", "davmail"),),
        trusted=False,
        why="hrefs listed twice; 412 for a first PUT",
    ),
)


def of(url: str, headers: Mapping[str, str] | None = None) -> Profile:
    """The profile of a server by its URL and by what it answered; headers by lower-case name."""
    parts = urlsplit(url)
    told = headers or {}
    for profile in PROFILES:
        if any(name in told and word in told[name].lower() for name, word in profile.headers):
            return profile
    for profile in PROFILES:
        if any(is_under(parts.hostname or "", domain) for domain in profile.hosts):
            return profile
    for profile in PROFILES:
        if any(parts.path.startswith(path) for path in profile.paths):
            return profile
    return STANDARD


def may_follow(profile: Profile, here: str, there: str) -> bool:
    """Whether the login for the origin `here` may go to the origin `there` too: to the same host
    over TLS instead of without, or where the profile names a domain that both lie in, over TLS."""
    one, other = urlsplit(here), urlsplit(there)
    if other.scheme != "https" or other.port not in (None, 443):
        return False
    if one.scheme == "http":
        return one.hostname == other.hostname and one.port in (None, 80)
    hosts = (one.hostname or "", other.hostname or "")
    return any(all(is_under(host, domain) for host in hosts) for domain in profile.follows)


def is_under(host: str, domain: str) -> bool:
    """Whether a host is a domain or lies in it."""
    host = host.lower().rstrip(".")
    return host == domain or host.endswith("." + domain)

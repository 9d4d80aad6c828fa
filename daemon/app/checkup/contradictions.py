"""Options that contradict each other: each alone is right, together they do what nobody wants."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from daemon.config import Calendar, Mailbox, Settings
from daemon.i18n import translator
from rules import identity
from rules.words import fold

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

UNIX = "unix"
_MANY = 2**24
"""Addresses of the largest network that is somebody's own: 10.0.0.0/8."""

_Words = Callable[[str], str]


def contradictions(settings: Settings, language: str) -> Iterator[str]:
    """What doesn't go together, a line each that says what to do."""
    _ = translator(language)
    for found in (_company, _answers, _post, _web, _doors, _twins):
        yield from found(settings, _)
    for box in settings.mailboxes:
        yield from _mailbox(settings, box, _)
    for account in settings.calendars:
        yield from _calendar(account, _)


def _company(settings: Settings, _: _Words) -> Iterator[str]:
    if not settings.company.domains:
        yield _(
            "[company] domains is empty: mail among colleagues counts as with strangers; name your "
            "domains"
        )
        return
    for staff in settings.users:
        if not _is_ours(settings, staff.email):
            text = _("user {email} has an address outside [company] domains: add its domain")
            yield text.format(email=staff.email)


def _answers(settings: Settings, _: _Words) -> Iterator[str]:
    commands = [box for box in settings.mailboxes if box.purpose == "commands"]
    if settings.smtp is None:
        for box in commands:
            text = _("mailbox {name} is for answers to reminders, but without [smtp] none is sent")
            yield text.format(name=box.name)
        return
    if not commands and settings.http.public_url is None:
        yield _(
            "reminders offer no way to answer: set [http] public_url, or add a mailbox with "
            'purpose = "commands"'
        )
    if len(commands) > 1:
        text = _("{number} mailboxes are for answers; mails name only the first, {name}")
        yield text.format(number=len(commands), name=commands[0].name)


def _post(settings: Settings, _: _Words) -> Iterator[str]:
    smtp = settings.smtp
    if smtp is None:
        return
    if smtp.admin is None:
        yield _("[smtp] admin is missing: nobody is told when something goes wrong")
    if settings.company.domains and not _is_ours(settings, smtp.sender):
        text = _("[smtp] from = {address} is outside [company] domains: receivers may refuse it")
        yield text.format(address=smtp.sender)
    if smtp.user is not None and smtp.security == "none" and smtp.host not in LOOPBACK:
        yield _('[smtp] security = "none" sends the password in clear: use "starttls" or "tls"')
    if smtp.user is None and smtp.password is not None:
        yield _("[smtp] has a password but no user: it is not used")


def _web(settings: Settings, _: _Words) -> Iterator[str]:
    http = settings.http
    if http.public_url is None:
        return
    parts = urlsplit(http.public_url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield _(
            "[http] public_url is not https: whoever reads the traffic can use the links of mails"
        )
    elif parts.hostname in LOOPBACK and any(not _is_local(box.host) for box in settings.mailboxes):
        yield _("[http] public_url is this machine: links in mails work nowhere else")


def _doors(settings: Settings, _: _Words) -> Iterator[str]:
    http = settings.http
    https = http.public_url is not None and urlsplit(http.public_url).scheme == "https"
    wide = [
        p
        for p in http.trusted_proxies
        if p != UNIX and ip_network(p, strict=False).num_addresses > _MANY
    ]
    for network in wide:
        text = _("[http] trusted_proxies: {network} is no proxy, but everybody: name its address")
        yield text.format(network=network)
    if http.user_header is not None and not http.trusted_proxies:
        yield _(
            "[http] user_header without trusted_proxies: whoever sends that header is refused, the "
            "proxy too"
        )
    if https and not http.trusted_proxies:
        yield _(
            "[http] trusted_proxies is empty: to suivi all logins come from the reverse proxy's "
            "address, and who guesses passwords makes everybody wait"
        )
    if http.plain_cookies and https:
        yield _("[http] plain_cookies lets logins pass without TLS, though public_url is https")
    elif http.plain_cookies:
        yield _("[http] plain_cookies: whoever reads the traffic is logged in; use https")
    elif not https and http.host not in LOOPBACK:
        yield _(
            "[http] listens beyond this machine without an https public_url: nobody can log in "
            "from elsewhere"
        )
    if any(site.startswith("http:") for site in http.frame_ancestors) and https:
        yield _(
            "[http] frame_ancestors names a site without https: whoever changes it frames suivi"
        )
    issuer = urlsplit(settings.oidc.issuer) if settings.oidc is not None else None
    if issuer is not None and issuer.scheme != "https" and not _is_local(issuer.hostname):
        yield _("[oidc] issuer is not https: it is not believed")


def _twins(settings: Settings, _: _Words) -> Iterator[str]:
    seen: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for box in settings.mailboxes:
        seen["mailboxes", box.host.casefold(), box.user.casefold()].append(box.name)
    for account in settings.calendars:
        seen["calendars", account.url.rstrip("/"), account.user].append(account.name)
    for (kind, _host, user), names in seen.items():
        if len(names) > 1:
            text = _("[[{kind}]] {names} are one account ({user}): it is read as many times")
            yield text.format(kind=kind, names=", ".join(names), user=user)


def _mailbox(settings: Settings, box: Mailbox, _: _Words) -> Iterator[str]:
    if box.security == "none" and not _is_local(box.host):
        text = _('mailbox {name}: security = "none" sends the password in clear: use "tls"')
        yield text.format(name=box.name)
    kept_out = {fold(folder) for folder in settings.rules.keep_out_folders or ()}
    for folder in box.folders:
        if fold(folder) in kept_out:
            text = _("mailbox {name}: folder {folder} is to be read, and [rules] keeps it out")
            yield text.format(name=box.name, folder=folder)
    if box.purpose == "capture" and box.address is not None:
        text = _('mailbox {name}: address is only for purpose = "commands"')
        yield text.format(name=box.name)
    if box.purpose == "commands" and box.owner is not None:
        text = _("mailbox {name} is for answers: its owner's mail in it is not captured")
        yield text.format(name=box.name)


def _calendar(account: Calendar, _: _Words) -> Iterator[str]:
    ignored = set(account.ignore)
    if urlsplit(account.url).scheme == "http" and not _is_local(urlsplit(account.url).hostname):
        text = _("calendar {name}: its url is not https: the password is sent in clear")
        yield text.format(name=account.name)
    for option, names in (
        ("watch", account.watch),
        ("dedicated", account.dedicated),
        ("follow_ups", (account.follow_ups,) if account.follow_ups else ()),
    ):
        for both in sorted(ignored.intersection(names)):
            text = _("calendar {name}: {calendar} is in `{option}` and in `ignore`: choose one")
            yield text.format(name=account.name, calendar=both, option=option)
    if not account.watch:
        return
    for option, names in (
        ("dedicated", account.dedicated),
        ("follow_ups", (account.follow_ups,) if account.follow_ups else ()),
    ):
        for unseen in sorted(set(names) - set(account.watch) - ignored):
            text = _(
                "calendar {name}: {calendar} is in `{option}` but not in `watch`: what people "
                "change there is not seen"
            )
            yield text.format(name=account.name, calendar=unseen, option=option)


def _is_ours(settings: Settings, address: str) -> bool:
    host = identity.key(address).rpartition("@")[2]
    domains = map(identity.host_key, settings.company.domains)
    return any(host == ours or host.endswith(f".{ours}") for ours in domains)


def _is_local(host: str | None) -> bool:
    return host is not None and host.casefold() in LOOPBACK

"""The ways in for users and programs, and how much is taken of them, as the configuration says."""

from datetime import timedelta

from daemon.app.parts import Parts
from daemon.config import ConfigError
from daemon.config.settings import Http, Oidc
from daemon.logins.desk import Desk
from daemon.logins.passwords import Hasher
from daemon.web.auth.doors import Doors, SignOn, Trusted
from daemon.web.limits import Limits
from rules.logins import Lasting


def doors_of(parts: Parts) -> Doors:
    """The ways in for users, as the configuration has them."""
    http, oidc = parts.settings.http, parts.settings.oidc
    lasting = Lasting(timedelta(hours=http.session_idle_hours), timedelta(days=http.session_days))
    return Doors(
        Desk(parts.store, Hasher(), lasting, parts.secret),
        http.public_url,
        http.user_header,
        Trusted(http.trusted_proxies),
        http.plain_cookies,
        None if oidc is None else provider(oidc),
    )


def provider(oidc: Oidc) -> SignOn:
    """The configured provider; it is not asked yet. Raises ConfigError where the extra is not
    installed."""
    try:
        # Here, because it is an extra, and few need it.
        from connectors.oidc import client
    except ImportError as error:
        raise ConfigError("[oidc] needs what `pip install 'suivi[oidc]'` installs") from error
    secret = oidc.password.get_secret_value() if oidc.password is not None else None
    return client.SignOn(
        client.Provider(oidc.issuer, oidc.client, secret, oidc.scope, oidc.timeout)
    )


def limits_of(http: Http) -> Limits:
    """How much is taken of a request, and who may show suivi in a frame."""
    return Limits(int(http.max_body_mb * 1024 * 1024), http.frame_ancestors)

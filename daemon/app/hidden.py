"""What the log must not show of a configuration."""

from daemon.config import Settings
from daemon.config.hidden import hidden
from daemon.logs.veil import logins


def hidden_texts(settings: Settings) -> frozenset[str]:
    """Each secret, and the forms in which it travels together with its user."""
    pairs = list(hidden(settings))
    texts = {password for _, password in pairs if password}
    return frozenset(texts.union(*(logins(user, password) for user, password in pairs if user)))

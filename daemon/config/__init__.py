"""Configuration: one TOML file, the environment, and a credentials directory (spec §13)."""

from daemon.config.load import (
    DEFAULT_PATH,
    ConfigError,
    control_socket_of,
    credentials_folder,
    load,
)
from daemon.config.settings import Calendar, Company, Mailbox, Settings, Smtp, Staff

__all__ = [
    "DEFAULT_PATH",
    "Calendar",
    "Company",
    "ConfigError",
    "Mailbox",
    "Settings",
    "Smtp",
    "Staff",
    "control_socket_of",
    "credentials_folder",
    "load",
]

"""Every secret of a configuration, for who must not show them."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from daemon.config.settings import Settings


def hidden(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each secret with the user that it belongs to, "" where it has none."""
    yield from _of(settings)
    for file in (settings.http_token_file, *settings.secret_files):
        try:
            text = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            # There is none yet, or it is not for us to read: then nobody here shows it.
            continue
        if file != settings.path:
            yield "", text


def _of(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if isinstance(inner, SecretStr):
                yield str(getattr(value, "user", None) or ""), inner.get_secret_value()
            else:
                yield from _of(inner)
    elif isinstance(value, tuple):
        for row in value:
            yield from _of(row)

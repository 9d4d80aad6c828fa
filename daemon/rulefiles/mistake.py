"""What is wrong with a saved set of rules files, one line each, in the admin's language."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from daemon.i18n import translator


class Mistake(Protocol):
    """Something that keeps a set from coming into force."""

    def said(self, language: str) -> str:
        """The line: `place: what is wrong: what to do`."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mistake of the directory or of a file as a whole. `text` is a message of the catalogue
    with places for `facts`; `reason`, of the operating system, stands behind it."""

    place: str
    text: str
    facts: dict[str, object] = field(default_factory=dict)
    reason: str = ""

    def said(self, language: str) -> str:
        """See Mistake."""
        said = translator(language)(self.text).format(**self.facts)
        return f"{self.place}: {said}" + (f": {self.reason}" if self.reason else "")


def lines(mistakes: Iterable[Mistake], language: str, most: int | None = None) -> tuple[str, ...]:
    """All of them as lines; beyond `most` only how many more there are."""
    said = [" ".join(mistake.said(language).split()) for mistake in mistakes]
    if most is None or len(said) <= most:
        return tuple(said)
    _ = translator(language)
    more = _("… and {number} more: `suivi rules check` shows them all")
    return (*said[:most], more.format(number=len(said) - most))

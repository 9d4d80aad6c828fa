"""What users read, in their language: gettext catalogues, English being the message itself.

French is read from its .po at run time, so that no build step can be forgotten.
"""

import gettext
import io
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "fr")

_LOCALE = Path(__file__).parent / "locale"


def translator(language: str) -> Callable[[str], str]:
    """gettext for a language of LANGUAGES; any other, or a text it lacks, stays English."""
    return catalogue(language).gettext


def plural(language: str) -> Callable[[str, str, int], str]:
    """ngettext: (one, many, number) → the form for that number."""
    return catalogue(language).ngettext


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue itself, for Jinja2's `install_gettext_translations`."""
    short = language.lower().replace("-", "_").split("_")[0]
    if short == "en" or short not in LANGUAGES:
        return gettext.NullTranslations()
    # Here, because English needs neither: the command line starts faster.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (_LOCALE / short / "LC_MESSAGES" / "suivi.po").open("rb") as file:
        messages = read_po(file, locale=short)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def of_environment() -> str:
    """The language of whoever types commands: SUIVI_LANGUAGE, else the locale's variables."""
    for variable in ("SUIVI_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            short = value.lower().split("_")[0].split(".")[0]
            return short if short in LANGUAGES else "en"
    return "en"


def mark(message: str) -> str:
    """Names a message for extraction where it is not translated yet (the gettext `N_`)."""
    return message


class Told(ValueError):
    """A value that is not taken, and why, in words that can be translated: `text` is marked, with
    places for `details`."""

    def __init__(self, text: str, **details: str) -> None:
        super().__init__(text.format(**details))
        self.text = text
        self.details = details

    def told(self, _: Callable[[str], str]) -> str:
        """The reason in the language of `_`."""
        return _(self.text).format(**self.details)

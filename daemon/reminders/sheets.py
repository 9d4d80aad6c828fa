"""Which template a mail is written with, and what it says: an admin's own, else the built-in one.

The admin's stand in the configuration directory, `templates/NAME/{subject,text,html}.LANG.j2`, or
without LANG for every language; a part that is missing is the built-in one's. They are read again
when they have changed. A broken one stops no mail: the built-in one is used, and the fault told.
"""

import os
import re
import stat
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from daemon import i18n
from daemon.config import templates
from daemon.config.templates import BUILT_IN, PARTS
from daemon.i18n import LANGUAGES, mark
from daemon.reminders import grammar
from daemon.reminders.grammar import Fault
from daemon.reminders.vocabulary import REMINDER, Variable, kinds

MOST = {"subject": 10_000, "text": 100_000, "html": 300_000}
"""Characters of a part; what is longer is broken."""
VALUE_MOST = 4_000
"""Characters of a value; what is longer is cut."""
SUBJECT_MOST = 250
"""Characters of a subject as it is sent; what is longer is cut."""
LIST_MOST = 20

OURS = Path(__file__).parent / "templates"
# Control characters, what turns the direction of the text around, and what nobody can see.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

NO_SUCH = mark("there is no template '{name}'")
UNREADABLE = mark("can't be read: {why}")
FAILED = mark("can't be filled in: {why}")
ENDLESS = mark("makes more than {most} characters")
EMPTY = mark("makes nothing")


@dataclass(frozen=True, slots=True)
class Misprint:
    """A fault of a template and the file it is in."""

    file: str
    fault: Fault

    def said(self, language: str) -> str:
        """One line: file, line, what is wrong."""
        place = f"{self.file}:{self.fault.line}" if self.fault.line else self.file
        return f"{place}: {self.fault.said(i18n.translator(language))}"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a mail says. `faults` is not empty when the built-in template had to help out."""

    subject: str
    text: str
    html: str
    faults: tuple[Misprint, ...] = ()


class _Broken(Exception):
    def __init__(self, *faults: Misprint) -> None:
        super().__init__("a broken template")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: tuple[int, int, int]
    template: Template | None
    faults: tuple[Misprint, ...]


class Sheets:
    """The templates of a kind of mail. Safe to share between threads."""

    def __init__(
        self,
        folder: Path | None,
        variables: tuple[Variable, ...] = REMINDER,
        built_in: str = BUILT_IN,
    ) -> None:
        self._folder = folder
        self._built_in = built_in
        self._kinds = kinds(variables)
        self._environments = {language: _environment(language) for language in LANGUAGES}
        self._read: dict[tuple[Path, str], _Read] = {}
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """The templates that there are, the built-in one first."""
        own = templates.folders(self._folder)
        return (self._built_in, *(n for n in own if n != self._built_in))

    def print(self, name: str | None, language: str, values: Mapping[str, Any]) -> Printed:
        """The mail that the template of this name makes of the values, or the built-in one if that
        is broken. Raises TemplateError when the built-in one can't be filled in either."""
        short = language if language in LANGUAGES else "en"
        tame = _tame(values)
        try:
            return self._print(name or self._built_in, short, tame)
        except _Broken as broken:
            return self._print_ours(short, tame, broken.faults)

    def faults(self, name: str, samples: tuple[Mapping[str, Any], ...]) -> tuple[Misprint, ...]:
        """Every mistake of a template: in its files, and those that only show when it is filled
        in, with each of the samples in each language."""
        found: dict[str, Misprint] = {}
        for language in LANGUAGES:
            for sample in samples:
                told = self._tried(name, language, _tame({**sample, "language": language}))
                found |= {misprint.said("en"): misprint for misprint in told}
        return tuple(found.values())

    def _tried(self, name: str, language: str, values: Mapping[str, Any]) -> tuple[Misprint, ...]:
        try:
            printed = self._print(name, language, values)
        except _Broken as broken:
            return broken.faults
        return () if printed.subject else (Misprint(f"{name}/subject", Fault(0, EMPTY, {})),)

    def files(self, name: str) -> tuple[Path, ...]:
        """The admin's files of a template."""
        return templates.files(self._folder, name)

    def _print(self, name: str, language: str, values: Mapping[str, Any]) -> Printed:
        made: dict[str, str] = {}
        for part, (file, template) in self._templates(name, language).items():
            made[part] = _filled(file, template, values, MOST[part])
        return Printed(_subject(made["subject"]), made["text"], made["html"])

    def _print_ours(
        self, language: str, values: Mapping[str, Any], faults: tuple[Misprint, ...]
    ) -> Printed:
        environment = self._environments[language]
        made = {}
        for part in PARTS:
            path = OURS / self._built_in / f"{part}.j2"
            read = self._template(path, environment, language)
            if read.template is None:
                raise TemplateError(f"the built-in template {self._built_in} is broken")
            made[part] = "".join(_bounded(read.template, values, 10 * MOST[part]))
        return Printed(_subject(made["subject"]), made["text"], made["html"], faults)

    def _templates(self, name: str, language: str) -> dict[str, tuple[str, Template]]:
        """A template for each part. Raises _Broken with the faults of all of them."""
        if not templates.is_name(name) or (name != self._built_in and not self.files(name)):
            raise _Broken(Misprint(name[:100], Fault(0, NO_SUCH, {"name": name[:100]})))
        found: dict[str, tuple[str, Template]] = {}
        faults: list[Misprint] = []
        for part in PARTS:
            path = self._path(name, part, language)
            read = self._template(path, self._environments[language], language)
            faults += read.faults
            if read.template is not None:
                found[part] = (_shown(path), read.template)
        if faults:
            raise _Broken(*faults)
        return found

    def _path(self, name: str, part: str, language: str) -> Path:
        if self._folder is not None:
            for file in (f"{part}.{language}.j2", f"{part}.j2"):
                path = self._folder / name / file
                if path.exists():
                    return path
        return OURS / self._built_in / f"{part}.j2"

    def _template(
        self, path: Path, environment: ImmutableSandboxedEnvironment, language: str
    ) -> _Read:
        with self._lock:
            known = self._read.get((path, language))
        try:
            found = path.stat()
        except OSError as error:
            return _unreadable(path, error)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if known is not None and known.stamp == stamp:
            return known
        read = self._compiled(path, stamp, environment)
        with self._lock:
            self._read[path, language] = read
        return read

    def _compiled(
        self, path: Path, stamp: tuple[int, int, int], environment: ImmutableSandboxedEnvironment
    ) -> _Read:
        try:
            source = _source(path)
        except (OSError, ValueError) as error:
            return _unreadable(path, error)
        faults = grammar.check(environment, source, self._kinds)
        if faults:
            return _Read(stamp, None, tuple(Misprint(_shown(path), f) for f in faults))
        # By the kind of part HTML is escaped: the names of files are the admin's.
        code = environment.overlay(autoescape=path.name.startswith("html.")).from_string(source)
        return _Read(stamp, code, ())


def _environment(language: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # by the extension
        i18n.catalogue(language), newstyle=True
    )
    return environment


def _source(path: Path) -> str:
    """The text of a file, bounded. Raises OSError, or ValueError for what is no UTF-8 text."""
    # A pipe would wait for its writer, for ever.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("not a file")
        octets = file.read(4 * grammar.SOURCE_MOST + 1)
    return octets.decode("utf-8-sig")


def _subject(made: str) -> str:
    """One line, of a length that mail programs show."""
    line = " ".join(made.split())
    return line if len(line) <= SUBJECT_MOST else f"{line[: SUBJECT_MOST - 1]}…"


def _unreadable(path: Path, error: Exception) -> _Read:
    why = getattr(error, "strerror", None) or type(error).__name__
    return _Read((0, 0, 0), None, (Misprint(_shown(path), Fault(0, UNREADABLE, {"why": why})),))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _filled(file: str, template: Template, values: Mapping[str, Any], most: int) -> str:
    try:
        return "".join(_bounded(template, values, most))
    except _TooMuch:
        raise _Broken(Misprint(file, Fault(0, ENDLESS, {"most": most}))) from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # The kind only where the words may quote a value.
        why = str(error) if isinstance(error, TemplateError) else type(error).__name__
        raise _Broken(Misprint(file, Fault(0, FAILED, {"why": why[:200]}))) from error


class _TooMuch(TemplateError):
    pass


def _bounded(template: Template, values: Mapping[str, Any], most: int) -> Iterator[str]:
    made = 0
    for piece in template.generate(values):
        made += len(piece)
        if made > most:
            raise _TooMuch("too much")
        yield piece


def _tame(value: Any) -> Any:
    """The value as templates get it: plain, of bounded size, without control characters."""
    if isinstance(value, str):
        return _HARMFUL.sub(" ", value[: 2 * VALUE_MOST].replace("\r\n", "\n"))[:VALUE_MOST]
    if isinstance(value, Mapping):
        return {name: _tame(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_tame(part) for part in value[:LIST_MOST])
    return value if isinstance(value, bool) else None

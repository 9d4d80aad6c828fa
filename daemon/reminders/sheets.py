"""Which template a mail is written with, and what it says: an admin's own, else the built-in one.

The admin's stand in the configuration directory, `templates/NAME/{subject,text,html}.LANG.j2`, or
without LANG for every language; those of one entity in `templates/NAME/ENTITY/` come before them. A
part that is missing is the built-in one's. HTML without a page of its own gets the frame that ours
have. They are read again when they have changed. A broken one stops no mail: the built-in one is
used, and the fault told.

Longer than a file should be, for choosing, reading and filling in share one promise: whatever an
admin writes, the mail goes out.
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
from daemon.config.templates import PARTS
from daemon.i18n import LANGUAGES, mark
from daemon.reminders import grammar
from daemon.reminders.grammar import Fault
from daemon.reminders.mails import REMINDED, SORTS, Sort, sort_of
from daemon.reminders.vocabulary import full, kinds, sparse

MOST = {"subject": 10_000, "text": 100_000, "html": 300_000}
"""Characters of a part; what is longer is broken."""
VALUE_MOST = 4_000
"""Characters of a value; what is longer is cut."""
SUBJECT_MOST = 250
"""Characters of a subject as it is sent; what is longer is cut."""

OURS = Path(__file__).parent / "templates"
FRAME = OURS / "frame.html.j2"
_BODY = "{# body #}"
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
    """What a mail says; without HTML it is plain text. `faults` is not empty when the built-in
    template had to help out."""

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
    """The templates of all mails. Safe to share between threads."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._environments = {language: _environment(language) for language in LANGUAGES}
        self._read: dict[tuple[Path, str], _Read] = {}
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """The templates that there are, the built-in ones first."""
        return (*SORTS, *(n for n in templates.folders(self._folder) if n not in SORTS))

    def entities(self, name: str) -> tuple[str, ...]:
        """The entities that have this template to themselves, by their codes."""
        return templates.entities(self._folder, name)

    def print(
        self,
        mail: str,
        language: str,
        values: Mapping[str, Any],
        *,
        name: str | None = None,
        entity: str | None = None,
    ) -> Printed:
        """What a mail of this sort says: by the template `name` where one was chosen, and that of
        the entity of this code where it has one; by the built-in one if that is broken. Raises
        TemplateError when the built-in one can't be filled in either."""
        short = language if language in LANGUAGES else "en"
        sort = SORTS[mail]
        tame = _tame(values, sort.most)
        try:
            return self._print(name or mail, sort, short, tame, entity)
        except _Broken as broken:
            return self._print_ours(sort, short, tame, broken.faults)

    def faults(self, name: str) -> tuple[Misprint, ...]:
        """Every mistake of a template: in its files, those of entities too, and those that only
        show when it is filled in, with all that there may be and with nothing, in each language."""
        sort = sort_of(name)
        found: dict[str, Misprint] = {}
        for entity in self._variants(name):
            for language in LANGUAGES:
                for sample in (full(sort.variables), sparse(sort.variables)):
                    tame = _tame({**sample, "language": language}, sort.most)
                    told = self._tried(name, sort, language, tame, entity)
                    found |= {misprint.said("en"): misprint for misprint in told}
        return tuple(found.values())

    def _variants(self, name: str) -> tuple[str | None, ...]:
        """For whom it is written: for everybody, as None, unless only entities have it."""
        mine = self.entities(name)
        if mine and name not in SORTS and not templates.files(self._folder, name):
            return mine
        return (None, *mine)

    def _tried(
        self, name: str, sort: Sort, language: str, values: Mapping[str, Any], entity: str | None
    ) -> tuple[Misprint, ...]:
        try:
            printed = self._print(name, sort, language, values, entity)
        except _Broken as broken:
            return broken.faults
        place = f"{name}/{entity}/subject" if entity else f"{name}/subject"
        return () if printed.subject else (Misprint(place, Fault(0, EMPTY, {})),)

    def files(self, name: str) -> tuple[Path, ...]:
        """The admin's files of a template, those of entities last."""
        return templates.all_files(self._folder, name)

    def _print(
        self, name: str, sort: Sort, language: str, values: Mapping[str, Any], entity: str | None
    ) -> Printed:
        made: dict[str, str] = {}
        for part, (path, template) in self._templates(name, sort, language, entity).items():
            # Ours is not broken because there is much to tell.
            most = 10 * MOST[part] if OURS in path.parents else MOST[part]
            made[part] = _filled(self._shown(path), template, _titled(values, made), most)
        return _printed(made, ())

    def _print_ours(
        self, sort: Sort, language: str, values: Mapping[str, Any], faults: tuple[Misprint, ...]
    ) -> Printed:
        made: dict[str, str] = {}
        for part in PARTS:
            read = self._template(OURS / sort.name / f"{part}.j2", sort, language)
            if read.template is None:
                raise TemplateError(f"the built-in template {sort.name} is broken")
            pieces = _bounded(read.template, _titled(values, made), 10 * MOST[part])
            made[part] = "".join(pieces)
        return _printed(made, faults)

    def _templates(
        self, name: str, sort: Sort, language: str, entity: str | None
    ) -> dict[str, tuple[Path, Template]]:
        """A template for each part. Raises _Broken with the faults of all of them."""
        if not self._is_there(name, sort, entity):
            raise _Broken(Misprint(name[:100], Fault(0, NO_SUCH, {"name": name[:100]})))
        found: dict[str, tuple[Path, Template]] = {}
        faults: list[Misprint] = []
        for part in PARTS:
            path = self._path(name, sort, part, language, entity)
            read = self._template(path, sort, language)
            faults += read.faults
            if read.template is not None:
                found[part] = (path, read.template)
        if faults:
            raise _Broken(*faults)
        return found

    def _is_there(self, name: str, sort: Sort, entity: str | None) -> bool:
        """Whether mails of this sort can be written with it."""
        if name in SORTS or sort.name != REMINDED:
            return name == sort.name
        own = templates.files(self._folder, name)
        return bool(own or (entity and templates.files(self._folder, name, entity)))

    def _path(self, name: str, sort: Sort, part: str, language: str, entity: str | None) -> Path:
        if self._folder is not None:
            mine = self._folder / name
            for place in (mine / entity, mine) if entity and templates.is_name(entity) else (mine,):
                for file in (f"{part}.{language}.j2", f"{part}.j2"):
                    if templates.is_there(place / file):
                        return place / file
        return OURS / sort.name / f"{part}.j2"

    def _template(self, path: Path, sort: Sort, language: str) -> _Read:
        with self._lock:
            known = self._read.get((path, language))
        try:
            found = path.stat()
        except OSError as error:
            return self._unreadable(path, error)
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if known is not None and known.stamp == stamp:
            return known
        read = self._compiled(path, stamp, sort, self._environments[language])
        with self._lock:
            self._read[path, language] = read
        return read

    def _compiled(
        self,
        path: Path,
        stamp: tuple[int, int, int],
        sort: Sort,
        environment: ImmutableSandboxedEnvironment,
    ) -> _Read:
        try:
            source = _source(path)
        except (OSError, ValueError) as error:
            return self._unreadable(path, error)
        faults = grammar.check(environment, source, kinds(sort.variables))
        if faults:
            return _Read(stamp, None, tuple(Misprint(self._shown(path), f) for f in faults))
        # By the kind of part HTML is escaped: the names of files are the admin's.
        is_html = path.name.startswith("html.")
        whole = _framed(source) if is_html else source
        code = environment.overlay(autoescape=is_html).from_string(whole)
        return _Read(stamp, code, ())

    def _unreadable(self, path: Path, error: Exception) -> _Read:
        why = getattr(error, "strerror", None) or type(error).__name__
        misprint = Misprint(self._shown(path), Fault(0, UNREADABLE, {"why": why}))
        return _Read((0, 0, 0), None, (misprint,))

    def _shown(self, path: Path) -> str:
        """The file as an admin knows it: from the directory of templates on."""
        for root in (self._folder, OURS):
            if root is not None and root in path.parents:
                return str(path.relative_to(root))
        return path.name


def short(path: Path, name: str) -> str:
    """A file of a template, from the directory of that on."""
    return "/".join(path.parts[-2:]) if path.parent.name != name else path.name


def _framed(source: str) -> str:
    """HTML as a page: in our frame, unless it is a page already."""
    if not source.strip() or "<html" in source.casefold():
        return source
    before, _, after = FRAME.read_text("utf-8").partition(_BODY)
    return f"{before}{source}{after}"


def _printed(made: Mapping[str, str], faults: tuple[Misprint, ...]) -> Printed:
    html = made["html"] if made["html"].strip() else ""
    return Printed(_subject(made["subject"]), made["text"], html, faults)


def _titled(values: Mapping[str, Any], made: Mapping[str, str]) -> Mapping[str, Any]:
    """With the subject that was made, for the title of our frame."""
    return {**values, "subject": _subject(made["subject"])} if made else values


def source(name: str, part: str) -> str:
    """A part of the built-in template that one of this name stands in for, as a start for one's
    own. Raises KeyError for a part that is none."""
    if part not in PARTS:
        raise KeyError(part)
    return (OURS / sort_of(name).name / f"{part}.j2").read_text("utf-8")


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


def _tame(value: Any, most: int) -> Any:
    """The value as templates get it: plain, of bounded size, without control characters."""
    if isinstance(value, str):
        return _HARMFUL.sub(" ", value[: 2 * VALUE_MOST].replace("\r\n", "\n"))[:VALUE_MOST]
    if isinstance(value, Mapping):
        return {name: _tame(part, most) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_tame(part, most) for part in value[:most])
    return value if isinstance(value, bool) else None

"""Every message of the shared corpus by name, from files, mailbox files and the archive."""

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

# Bodies without headers, and texts that are about the mail beside them.
_BODIES = ("reply-bodies-crisp", "reply-bodies-discourse")
_NO_MAIL = (".tar.xz", ".html", ".htm", ".xml", ".zip")
_FROM = re.compile(rb"^From [^\n]*\d{4}[^\n]*\n", re.MULTILINE)
_FIELD = re.compile(rb"\s*(?:From [^\n]*\n)?[A-Za-z][A-Za-z0-9-]*\s*:")


def messages(corpus: Path, *, archive: bool = True) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each: `source/…/file`, with `#n` for one of a mailbox file."""
    mail = corpus / "mail"
    for path in sorted(p for p in mail.rglob("*") if p.is_file()):
        name = path.relative_to(mail).as_posix()
        if name.startswith(_BODIES):
            continue
        if name.endswith(".tar.xz"):
            if archive:
                yield from _archived(path)
        elif not name.endswith(_NO_MAIL):
            yield from _split(name, path.read_bytes())


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield f"spamassassin/{member.name}", file.read()


def _split(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    starts = [m.start() for m in _FROM.finditer(raw) if _FIELD.match(raw, m.start())]
    if len(starts) < 2 or raw[: starts[0]].strip():
        yield name, raw
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(raw)], strict=True), 1):
        yield f"{name}#{number}", raw[start:end]

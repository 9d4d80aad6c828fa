"""`suivi reconcile`: the proof that no message of a mailbox is missed in silence (spec §11)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.cli.bars import bars
from daemon.cli.context import built, settings, words
from daemon.cli.output import Json, as_json, plain, tell_troubles
from daemon.i18n import mark

if TYPE_CHECKING:
    from daemon.capture.reconcile import AccountFound, FolderFound

EX_UNAVAILABLE = 69
"""sysexits.h: not every mailbox and folder could be asked."""

FATES: Mapping[str, str] = {
    "captured": mark("captured"),
    "ignored": mark("left out"),
    "quarantined": mark("in quarantine"),
    "hole": mark("not given by the server"),
    "pending": mark("pending"),
    "unexplained": mark("unexplained"),
}
"""What became of a message, in the order in which it is told."""

REASONS: Mapping[str, str] = {
    "no-third-party": mark("no third party known"),
    "internal": mark("among colleagues"),
    "kept-out": mark("kept out by folder, keyword, header or tag"),
    "own-mail": mark("suivi's own mail"),
    "draft-or-junk": mark("draft or junk"),
    "vetoed": mark("not to be kept"),
    "tombstone": mark("deleted, and stays so"),
    "too-old": mark("older than what is read"),
    "rule": mark("by a rule"),
    "earlier-rules": mark("by the rules of then"),
    "dropped": mark("dropped from quarantine"),
    "never-read": mark("its folder was not read yet"),
    "renumbered": mark("its folder was numbered anew"),
    "new": mark("new"),
    "not-reached": mark("not reached yet"),
    "judged-otherwise": mark("to be judged by the present directory and settings"),
    "observing": mark("suivi only observes"),
    "sync-in-hand": mark("a sync is not at its end"),
    "ambiguous": mark("a person is asked whose it is"),
}
"""Reasons that need saying."""

UNEXPLAINED: Mapping[str, str] = {
    "not-recorded": mark("would be recorded, and is not"),
    "late-parent": mark("what it answers was recorded only after it was judged"),
    "not-asked": mark("a person should be asked whose it is, and is not"),
    "not-quarantined": mark("can't be read, and is not in quarantine"),
}
"""What is wrong with a message that nothing accounts for."""


def add(app: typer.Typer) -> None:
    """This command."""
    app.command(
        help=mark("Hold every message of every mailbox against what suivi knows of it."),
        epilog=mark(
            "Exit codes: 0 all is accounted for, 1 something is unexplained, 69 not everything"
            " could be asked."
        ),
    )(reconcile)


def reconcile(
    context: typer.Context,
    *,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help=mark("Only this mailbox."))
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help=mark("Let the next sync judge what is unexplained.")),
    ] = False,
    json: Json = False,
) -> None:
    """`suivi reconcile`"""
    from daemon.app.reconciling import NoSuchMailbox

    _ = words()
    suivi = built(settings(context, servers=True), looks_only=True)
    found: list[AccountFound] = []
    with bars() as progress:
        try:
            found += suivi.reconcile(account, progress.tell)
        except NoSuchMailbox as error:
            told = _("no captured mailbox is called '{name}'; there are {names}")
            raise typer.BadParameter(told.format(name=account, names=error)) from error
    if json:
        as_json(_as_data(found))
    else:
        for line in _lines(found):
            typer.echo(plain(line))
    tell_troubles(f"{one.name}: {trouble}" for one in found for trouble in one.troubles)
    if again and (number := suivi.judge_again(found)):
        done = _("{number} messages count as not judged: the next sync judges them")
        typer.echo(done.format(number=number), err=True)
    if any(folder.unexplained for one in found for folder in one.folders):
        raise typer.Exit(1)
    if any(one.troubles for one in found):
        raise typer.Exit(EX_UNAVAILABLE)


def _lines(found: "list[AccountFound]") -> Iterator[str]:
    """A line for each folder, and one for each message that is unexplained."""
    _ = words()
    remedy = _("`suivi reconcile --again`, then `suivi sync`; if it stays, it is a mistake of ours")
    for one in found:
        for folder in one.folders:
            yield f"{one.name}: {folder.name}: {'; '.join(_parts(folder))}"
            for missed in folder.unexplained:
                told = _("UID {uid} is unexplained: {why}: {remedy}")
                why = _(UNEXPLAINED[missed.why])
                line = told.format(uid=missed.uid, why=why, remedy=remedy)
                yield f"{one.name}: {folder.name}: {line}"
    number = sum(len(folder.unexplained) for one in found for folder in one.folders)
    yield _("unexplained: {number}").format(number=number)


def _parts(folder: "FolderFound") -> Iterator[str]:
    _ = words()
    if folder.absent:
        told = _("not there, or not watched, any more; {number} copies of it stay")
        yield told.format(number=folder.gone)
        return
    yield _("{number} messages").format(number=folder.counts.total())
    for fate, name in FATES.items():
        reasons = Counter({why: n for (its, why), n in folder.counts.items() if its == fate})
        if not reasons:
            continue
        several = ", ".join(f"{n} {_said(why, _)}" for why, n in reasons.most_common())
        shown = "" if fate in ("captured", "hole", "unexplained") else f" ({several})"
        yield f"{reasons.total()} {_(name)}{shown}"
    if folder.gone:
        yield _("{number} captured copies were moved or deleted").format(number=folder.gone)
    if folder.renumbered:
        told = _("{number} captured copies had other numbers")
        yield told.format(number=folder.renumbered)


def _said(why: str, _: Callable[[str], str]) -> str:
    return _(REASONS[why]) if why in REASONS else why


def _as_data(found: "list[AccountFound]") -> dict[str, Any]:
    return {
        "unexplained": sum(len(f.unexplained) for one in found for f in one.folders),
        "accounts": [
            {
                "name": one.name,
                "troubles": one.troubles,
                "folders": [_folder(folder) for folder in one.folders],
            }
            for one in found
        ],
    }


def _folder(folder: "FolderFound") -> dict[str, Any]:
    return {
        "name": folder.name,
        "uidvalidity": folder.uidvalidity,
        "absent": folder.absent,
        "messages": folder.counts.total(),
        "counts": [
            {"fate": fate, "reason": why, "number": n}
            for (fate, why), n in sorted(folder.counts.items())
        ],
        "unexplained": folder.unexplained,
        "gone": folder.gone,
        "renumbered": folder.renumbered,
    }

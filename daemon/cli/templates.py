"""Mail templates: list, check, preview, and the table of what they may speak of."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.context import Trouble, settings, store, words
from daemon.cli.output import Json, as_json, plain, table
from daemon.cli.refs import open_follow_ups
from daemon.i18n import LANGUAGES, mark, of_environment

if TYPE_CHECKING:
    from daemon.reminders.sheets import Printed, Sheets


class Part(StrEnum):
    """What a mail is made of."""

    SUBJECT = "subject"
    TEXT = "text"
    HTML = "html"


def add(app: typer.Typer) -> None:
    """`suivi template …`"""
    group = typer.Typer(no_args_is_help=True, help=mark("Mail templates: one's own, beside ours."))
    group.command("list", help=mark("Which there are, and which are in order."))(listed)
    group.command("check", help=mark("Every mistake of every template, or of one."))(check)
    group.command("preview", help=mark("The mail that one makes of a follow-up."))(preview)
    group.command("source", help=mark("A part of a built-in one, to begin one's own with."))(source)
    group.command("variables", help=mark("What templates may speak of, as a manual."))(variables)
    app.add_typer(group, name="template")


def listed(context: typer.Context, *, json: Json = False) -> None:
    """`suivi template list`"""
    from daemon.reminders.mails import sort_of
    from daemon.reminders.sheets import short

    _ = words()
    sheets = _sheets(context)
    rows = [
        {
            "name": name,
            "mail": sort_of(name).name,
            "files": [str(path) for path in sheets.files(name)],
            "mistakes": len(_mistakes(sheets, name)),
        }
        for name in sheets.names()
    ]
    if json:
        as_json(rows)
        return
    shown = [
        (
            row["name"],
            _(sort_of(str(row["name"])).help),
            ", ".join(short(path, str(row["name"])) for path in sheets.files(str(row["name"])))
            or _("built in"),
            _("in order") if not row["mistakes"] else row["mistakes"],
        )
        for row in rows
    ]
    table((_("template"), _("mail"), _("files"), _("mistakes")), shown)


def check(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help=mark("One template; default: all."))] = None,
    *,
    json: Json = False,
) -> None:
    """`suivi template check [NAME]`"""
    _ = words()
    sheets = _sheets(context)
    names = sheets.names() if name is None else (name,)
    found = [line for each in names for line in _mistakes(sheets, each)]
    if json:
        as_json({"templates": names, "mistakes": found})
    else:
        for line in found or [_("Every template is in order.")]:
            typer.echo(plain(line))
    if found:
        raise typer.Exit(1)


def preview(
    context: typer.Context,
    ref: Annotated[
        str | None,
        typer.Argument(
            metavar="[FU-12]",
            help=mark("Of this follow-up; default: with the examples of the manual."),
            autocompletion=open_follow_ups,
        ),
    ] = None,
    *,
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="NAME", help=mark("Which; default: the built-in one.")),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help=mark("en or fr; default: the assignee's."))
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help=mark("Write its HTML into this file.")),
    ] = None,
    show: Annotated[
        bool, typer.Option("--open", help=mark("Write its HTML into a file, and open a browser."))
    ] = False,
) -> None:
    """`suivi template preview [FU-12]`"""
    _ = words()
    if language is not None and language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise Trouble(_("no such language: {language}; there are: {known}").format(
            language=plain(language), known=known))  # fmt: skip
    if ref is None:
        printed = _sample(context, template, language)
    else:
        printed = _printed(context, ref, template, language)
    for misprint in printed.faults:
        typer.echo(f"suivi: {plain(misprint.said(of_environment()))}", err=True)
    typer.echo(f"{_('Subject')}: {plain(printed.subject)}\n")
    typer.echo(plain(printed.text))
    if (html is not None or show) and printed.html:
        _write_html(printed.html, html, show=show)
    if printed.faults:
        raise typer.Exit(1)


def source(
    name: Annotated[str, typer.Argument(help=mark("Which template."))],
    part: Annotated[Part, typer.Argument(help=mark("Which part of it."))],
) -> None:
    """`suivi template source digest text > templates/digest/text.fr.j2`"""
    from daemon.reminders.sheets import source as built_in

    typer.echo(built_in(name, part), nl=False)


def variables() -> None:
    """`suivi template variables`"""
    from daemon.reminders.manual import manual

    typer.echo(manual(of_environment()), nl=False)


def _sheets(context: typer.Context) -> "Sheets":
    from daemon.reminders.sheets import Sheets

    return Sheets(settings(context).templates_folder)


def _mistakes(sheets: "Sheets", name: str) -> list[str]:
    return [misprint.said(of_environment()) for misprint in sheets.faults(name)]


def _sample(context: typer.Context, template: str | None, language: str | None) -> "Printed":
    from daemon.reminders.mails import REMINDED, sort_of
    from daemon.reminders.vocabulary import full

    name = template or REMINDED
    sort = sort_of(name)
    spoken = language or of_environment()
    values = {**full(sort.variables), "language": spoken}
    return _sheets(context).print(sort.name, spoken, values, name=name)


def _printed(
    context: typer.Context, ref: str, template: str | None, language: str | None
) -> "Printed":
    from daemon.app.preview import preview as made
    from daemon.reminders.mails import REMINDED, sort_of
    from daemon.store import follow_ups

    _ = words()
    if template is not None and sort_of(template).name != REMINDED:
        what = _("{name} is no template of reminders: leave {ref} out")
        raise Trouble(what.format(name=plain(template), ref=plain(ref)))
    with store(context) as (loaded, opened), opened.read() as tx:
        found = follow_ups.by_ref(tx, ref)
        if found is None:
            raise Trouble(_("there is no follow-up {ref}").format(ref=plain(ref)))
        printed = made(tx, loaded, found, template, language)
    if printed is None:
        raise Trouble(_("{ref} has no assignee, so no mail of it is sent").format(ref=found.ref))
    return printed


def _write_html(html: str, file: Path | None, *, show: bool) -> None:
    import tempfile
    import webbrowser

    _ = words()
    if file is None:
        handle, name = tempfile.mkstemp(prefix="suivi-", suffix=".html")
        with open(handle, "w", encoding="utf-8") as stream:  # noqa: PTH123  a handle, no path
            stream.write(html)
        file = Path(name)
    else:
        file.write_text(html, "utf-8")
    typer.echo(_("Its HTML is in {file}.").format(file=file), err=True)
    if show and not webbrowser.open(file.absolute().as_uri()):
        typer.echo(_("No browser could be opened."), err=True)

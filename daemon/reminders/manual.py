"""The manual of templates, made of the table of mails and their variables."""

from collections.abc import Callable, Sequence

from daemon.config.templates import PARTS
from daemon.i18n import mark, translator
from daemon.reminders import grammar
from daemon.reminders.mails import REMINDED, SORTS
from daemon.reminders.sheets import MOST, VALUE_MOST
from daemon.reminders.vocabulary import FLAG, GROUP, LIST, OF_A_LOOP, TEXT, Variable

_KINDS = {TEXT: mark("text"), FLAG: mark("yes or no"), GROUP: mark("group"), LIST: mark("list")}

_HEAD = mark(
    "Every mail of suivi is written from a template, in English or French as its reader likes. "
    "One's own stand beside suivi.toml, in `templates/NAME/`, as `subject`, `text` and `html` with "
    "the language behind: `text.fr.j2`; without one, `text.j2` is for every language. A part that "
    "is missing is the built-in one's. HTML without a page of its own (`<html`) gets the frame of "
    "suivi's mails, with its style for light and dark; an empty `html.j2` makes plain text. Files "
    "are read again when they have changed. One that is broken stops no mail: the built-in "
    "template is used, and the admin is told, once; a broken `notice` is told in each notice."
)
_NAMES = mark(
    "A name of this table replaces the built-in template. Any other name is one more template of "
    "reminders, chosen by a follow-up, a rule or the option `reminder_template`, which may be set "
    "for a user, an entity or all."
)
_ENTITIES = mark(
    "Where several companies share one suivi, `templates/NAME/ENTITY/` holds files of one entity, "
    "by its code in small letters: `templates/digest/main/text.fr.j2`. They come before those of "
    "`templates/NAME/`. The entity is that of the follow-up; without one, and for digests, that "
    "for which the reader works, if it is only one."
)
_GRAMMAR = mark(
    "They are written in the language of Jinja2: `{{ title }}`, `{% if party %} … {% endif %}`, "
    '`{% for exchange in past %} … {% endfor %}`, and `_("Done")` for suivi\'s own phrases. '
    "Filters: {filters}. There are no assignments, macros, imports or calls, and no loop stands in "
    "another. In HTML all that is filled in is escaped."
)
_BOUNDS = mark(
    "A text longer than {value} characters is cut, and a list longer than 20 too, where nothing "
    "else is said. What a part makes may have: {most} characters."
)


def manual(language: str = "en") -> str:
    """Markdown."""
    _ = translator(language)
    filters = ", ".join(f"`{name}`" for name in sorted(grammar.FILTERS))
    most = ", ".join(f"{part} {MOST[part]}" for part in PARTS)
    sorts = [(f"`{sort.name}`", _(sort.help)) for sort in SORTS.values()]
    parts = [
        f"# {_('Mail templates')}",
        _(_HEAD),
        _table((_("template"), _("mail")), sorts),
        _(_NAMES),
        _(_ENTITIES),
        _(_GRAMMAR).replace("{filters}", filters),
        _(_BOUNDS).format(value=VALUE_MOST, most=most),
    ]
    for sort in SORTS.values():
        parts += [f"## {sort.name}", _(sort.help), _variables(sort.variables, _)]
        if sort.most != SORTS[REMINDED].most:
            parts.append(_("A list holds {most} entries at most.").format(most=sort.most))
    loops = _("In a loop")
    parts += [f"## {loops}", _variables(OF_A_LOOP, _)]
    commands = (
        "source digest text > templates/digest/text.fr.j2",
        "check",
        "preview FU-12 --template NAME --open",
        "preview --template digest",
    )
    parts.append(", ".join(f"`suivi template {command}`" for command in commands))
    return "\n\n".join(parts) + "\n"


def _variables(variables: tuple[Variable, ...], _: Callable[[str], str]) -> str:
    columns = (_("variable"), _("kind"), _("what it holds"), _("example"))
    return _table(columns, [(f"`{v.name}`", _(_KINDS[v.kind]), _(v.help), v.sample)
                            for v in variables])  # fmt: skip


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""The manual of templates, made of the table of their variables."""

from daemon.config.templates import PARTS
from daemon.i18n import mark, translator
from daemon.reminders import grammar
from daemon.reminders.sheets import LIST_MOST, MOST, VALUE_MOST
from daemon.reminders.vocabulary import FLAG, GROUP, LIST, OF_A_LOOP, REMINDER, TEXT

_KINDS = {TEXT: mark("text"), FLAG: mark("yes or no"), GROUP: mark("group"), LIST: mark("list")}

_HEAD = mark(
    "Templates of reminders stand beside suivi.toml, in `templates/NAME/`, as `subject`, `text` "
    "and `html` with the language behind: `text.fr.j2`; without one, `text.j2` is for every "
    "language. A part that is missing is the built-in one's. The name `reminder` replaces the "
    "built-in template itself; any other is chosen by a follow-up, a rule or an option. Files are "
    "read again when they have changed. One that is broken stops no mail: the built-in template "
    "is used, and the admin is told, once."
)
_GRAMMAR = mark(
    "They are written in the language of Jinja2: `{{ title }}`, `{% if party %} … {% endif %}`, "
    '`{% for exchange in past %} … {% endfor %}`, and `_("Done")` for suivi\'s own phrases. '
    "Filters: {filters}. There are no assignments, macros, imports or calls, and no loop stands in "
    "another. In HTML all that is filled in is escaped."
)
_BOUNDS = mark(
    "A text longer than {value} characters is cut, and a list longer than {items} too. What a "
    "part makes may have: {most} characters."
)


def manual(language: str = "en") -> str:
    """Markdown."""
    _ = translator(language)
    filters = ", ".join(f"`{name}`" for name in sorted(grammar.FILTERS))
    most = ", ".join(f"{part} {MOST[part]}" for part in PARTS)
    rows = [
        f"| `{v.name}` | {_(_KINDS[v.kind])} | {_(v.help)} | {v.sample} |"
        for v in (*REMINDER, *OF_A_LOOP)
    ]
    columns = (_("variable"), _("kind"), _("what it holds"), _("example"))
    return (
        "\n\n".join(
            [
                f"# {_('Mail templates')}",
                _(_HEAD),
                _(_GRAMMAR).replace("{filters}", filters),
                _(_BOUNDS).format(value=VALUE_MOST, items=LIST_MOST, most=most),
                "\n".join(
                    [
                        f"| {' | '.join(columns)} |",
                        "|---|---|---|---|",
                        *rows,
                    ]
                ),
                "`suivi template check`, `suivi template preview FU-12 --template NAME --open`",
            ]
        )
        + "\n"
    )

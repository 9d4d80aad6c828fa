"""What a template may speak of: one table, from which the checker, the samples and
`docs/reference/templates.md` come.

A name with a dot is part of what stands before it; `[]` marks a list, of which a loop gives one
after the other. Parts of a group that may be missing are to be asked for first: `{% if party %}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daemon.i18n import mark

TEXT, FLAG, GROUP, LIST = "text", "yes or no", "group", "list"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that templates know: its kind, what it holds, and a sample of a text. `lacks`: a
    text that may be empty; groups and lists always may."""

    name: str
    kind: str
    help: str
    sample: str = ""
    lacks: bool = False


REMINDER: tuple[Variable, ...] = (
    Variable("language", TEXT, mark("The reader's language: en or fr."), "fr"),
    Variable("company", TEXT, mark("The company's name."), "Dupont & Fils"),
    Variable("reader", TEXT, mark("The name of whom the mail is for."), "Alice Martin"),
    Variable("title", TEXT, mark("The follow-up's title."), "Relance devis PR2303-0107"),
    Variable("when", TEXT, mark("Its time, as the reader's clock shows it."), "mardi 10:00"),
    Variable("place", TEXT, mark("Its place, or nothing."), "12 rue des Lilas, Lyon", lacks=True),
    Variable(
        "description", TEXT, mark("Its description, or nothing."), "Demander la date.", lacks=True
    ),
    Variable("late", FLAG, mark("Whether the mail comes later than it should.")),
    Variable("says_follow_up", FLAG, mark("Whether the title says already that it is one.")),
    Variable("says_party", FLAG, mark("Whether the title names the third party already.")),
    Variable("party", GROUP, mark("The third party, or nothing.")),
    Variable("party.name", TEXT, mark("Its name."), "Brasserie Mistral"),
    Variable("party.code", TEXT, mark("Its code."), "CU-1"),
    Variable("contact", GROUP, mark("The contact, or nothing.")),
    Variable("contact.name", TEXT, mark("Their name."), "Jean Mistral"),
    Variable("contact.phones", LIST, mark("Their telephone numbers.")),
    Variable("contact.phones[]", TEXT, mark("One of them."), "+33 4 90 00 00 01"),
    Variable("past", LIST, mark("The last three exchanges that the reader may see, newest first.")),
    Variable("past[].day", TEXT, mark("The day of one."), "23 nov."),
    Variable("past[].ref", TEXT, mark("Its reference."), "EXC-12"),
    Variable("past[].inbound", FLAG, mark("Whether it came from the third party.")),
    Variable("past[].subject", TEXT, mark("Its subject, or nothing."), "Votre devis", lacks=True),
    Variable(
        "past[].excerpt", TEXT, mark("How it begins, or nothing."), "Bonjour, merci…", lacks=True
    ),
    Variable("links", GROUP, mark("Signed links, or nothing without `public_url`.")),
    Variable("links.done", TEXT, mark("Marks it as done."), "https://suivi.example/l/a"),
    Variable("links.hour", TEXT, mark("Puts it off by an hour."), "https://suivi.example/l/b"),
    Variable("links.tomorrow", TEXT, mark("Until tomorrow."), "https://suivi.example/l/c"),
    Variable("links.monday", TEXT, mark("Until next Monday."), "https://suivi.example/l/d"),
    Variable("links.open", TEXT, mark("Shows it."), "https://suivi.example/l/e"),
    Variable("answers", FLAG, mark("Whether the mail can be answered with a word.")),
)
"""The variables of a reminder."""

OF_A_LOOP: tuple[Variable, ...] = (
    Variable("loop.index", TEXT, mark("In a loop: the number of this round, from 1."), "1"),
    Variable("loop.first", FLAG, mark("In a loop: whether this is the first round.")),
    Variable("loop.last", FLAG, mark("In a loop: whether this is the last round.")),
)


def kinds(variables: tuple[Variable, ...]) -> Mapping[str, str]:
    """Kind by name, with those of a loop."""
    return {v.name: v.kind for v in (*variables, *OF_A_LOOP)}


def full(variables: tuple[Variable, ...]) -> dict[str, Any]:
    """A sample in which nothing is missing; each list has two of its kind."""
    return _sample(variables, "", None)


def sparse(variables: tuple[Variable, ...]) -> dict[str, Any]:
    """A sample in which all is missing that may be."""
    return {
        v.name: {TEXT: "" if v.lacks else v.sample, FLAG: False, GROUP: None, LIST: ()}[v.kind]
        for v in variables
        if not {".", "["} & set(v.name)
    }


def hostile(variables: tuple[Variable, ...], text: str) -> dict[str, Any]:
    """A sample in which every text is this one."""
    return _sample(variables, "", text)


def _sample(variables: tuple[Variable, ...], within: str, text: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable in variables:
        name = variable.name.removeprefix(within)
        if not variable.name.startswith(within) or {".", "["} & set(name):
            continue
        match variable.kind:
            case "group":
                found[name] = _sample(variables, f"{variable.name}.", text)
            case "list":
                texts = [v.sample if text is None else text
                         for v in variables if v.name == f"{variable.name}[]"]  # fmt: skip
                parts = _sample(variables, f"{variable.name}[].", text)
                found[name] = (*texts, *texts) or (parts, parts)
            case "text":
                found[name] = variable.sample if text is None else text
            case _:
                found[name] = True
    return found

"""Every mail that suivi writes: its name, which is that of its template, what it is for, and what
the template may speak of. One table, from which the checker, the samples and the manual come."""

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.config.templates import BUILT_IN
from daemon.i18n import mark
from daemon.reminders.vocabulary import FLAG, GROUP, LIST, REMINDER, TEXT, Variable

_LANGUAGE, _COMPANY, _READER = REMINDER[:3]
_TITLE = Variable("title", TEXT, mark("The follow-up's title."), "Relance devis PR2303-0107")
_WHEN = Variable("when", TEXT, mark("Its time, as the reader's clock shows it."), "mardi 10:00")
_TO_ALL = (_LANGUAGE, _COMPANY, _READER)
_PARTY = (
    Variable("party", GROUP, mark("The third party, or nothing.")),
    Variable("party.name", TEXT, mark("Its name."), "Brasserie Mistral"),
    Variable("party.code", TEXT, mark("Its code."), "CU-1"),
)
_EXCHANGE = (
    Variable("exchange", GROUP, mark("The exchange, or nothing where the reader may not see it.")),
    Variable("exchange.day", TEXT, mark("The day of one."), "23 nov."),
    Variable("exchange.ref", TEXT, mark("Its reference."), "EXC-12"),
    Variable(
        "exchange.subject", TEXT, mark("Its subject, or nothing."), "Re: Votre devis", lacks=True
    ),
)
_WAYS = (
    Variable(
        "link",
        TEXT,
        mark("A signed link that does it, or nothing without `public_url`."),
        "https://suivi.example/l/a",
        lacks=True,
    ),
    Variable("answers", FLAG, mark("Whether the mail can be answered with a word.")),
)


def _listed(name: str, help_: str, *parts: Variable) -> tuple[Variable, ...]:
    """A list of so many lines at most, and how many more there are."""
    return (
        Variable(name, LIST, help_),
        *(Variable(f"{name}[].{p.name}", p.kind, p.help, p.sample, p.lacks) for p in parts),
        Variable(f"{name}_more", TEXT, mark("How many more, or nothing."), "3", lacks=True),
    )


_OF_PARTY = Variable(
    "party", TEXT, mark("The third party, or nothing."), "Brasserie Mistral", lacks=True
)
_A_DAY = Variable("day", TEXT, mark("The day of one."), "20 novembre 2026")

DIGEST = (
    *_TO_ALL,
    Variable("day", TEXT, mark("The day that it is for."), "mardi 24 novembre 2026"),
    *_listed("today", mark("What is due today."), _WHEN, _TITLE, _OF_PARTY),
    *_listed("overdue", mark("What is overdue."), _WHEN, _TITLE, _OF_PARTY),
    *_listed(
        "closed",
        mark("What exchanges closed since the last digest."),
        _TITLE,
        _OF_PARTY,
        Variable("why", TEXT, mark("How it was answered."), "EXC-12 : réponse reçue"),
    ),
    *_listed(
        "waiting",
        mark("What the reader wrote and nobody has answered."),
        _A_DAY,
        Variable("ref", TEXT, mark("Its reference."), "EXC-9"),
        Variable("subject", TEXT, mark("Its subject, or nothing."), "Votre devis", lacks=True),
        _OF_PARTY,
    ),
    *_listed(
        "resting",
        mark("Third parties with no next step."),
        Variable("party", TEXT, mark("Its name."), "Brasserie Mistral"),
        Variable("day", TEXT, mark("When it was last dealt with."), "3 novembre 2026"),
    ),
)

MISSED = (
    *_TO_ALL,
    Variable("number", TEXT, mark("How many reminders were too late."), "12"),
    Variable(
        "restored",
        FLAG,
        mark("Whether a backup was restored, so that not all that was sent is known."),
    ),
    *_listed("missed", mark("What they were for, soonest first."), _WHEN, _TITLE, _OF_PARTY),
    *_listed(
        "doubtful",
        mark("What the reader may have been reminded of before a backup was restored."),
        _WHEN,
        _TITLE,
        _OF_PARTY,
    ),
)

CLOSED = (
    *_TO_ALL,
    _TITLE,
    _WHEN,
    Variable("withdrawn", FLAG, mark("Whether it only waited for a reply, and goes with it.")),
    Variable("spoken", FLAG, mark("Whether it was spoken about, rather than answered in writing.")),
    *_PARTY,
    *_EXCHANGE,
    *_WAYS,
)

AWAY = (
    *_TO_ALL,
    _TITLE,
    _WHEN,
    Variable("who", TEXT, mark("Who is away."), "Jean Mistral"),
    Variable("back", TEXT, mark("The day of their return."), "lundi 30 novembre 2026"),
    Variable("words", TEXT, mark("The answer that puts it off."), "2026-12-01"),
    *_EXCHANGE,
    *_WAYS,
)

ANSWER = (
    *_TO_ALL,
    Variable(
        "result",
        TEXT,
        mark("`applied`, `already`, `not-understood`, `not-allowed`, `expired`, or what else."),
        "not-understood",
    ),
    Variable("what", TEXT, mark("In a word, what came of it."), "Pas compris"),
    Variable("lines", LIST, mark("What there is to say about that.")),
    Variable("lines[]", TEXT, mark("One of them."), "Rien n’a été changé."),
    Variable("examples", LIST, mark("Words that would have been understood.")),
    Variable("examples[]", TEXT, mark("One of them."), "fait · +3j · demain 9h"),
    Variable("title", TEXT, mark("The follow-up's title, or nothing."), _TITLE.sample, lacks=True),
    Variable("when", TEXT, mark("Its time, or nothing."), _WHEN.sample, lacks=True),
)

NOTICE = (
    _LANGUAGE,
    _COMPANY,
    Variable("subject", TEXT, mark("What it is about."), "Un modèle ne peut pas servir"),
    Variable("lines", LIST, mark("Its text, line by line; some are empty.")),
    Variable("lines[]", TEXT, mark("One of them."), "digest/text.fr.j2:3: …"),
)


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of mail. `most`: entries of a list in it; what is more is cut."""

    name: str
    help: str
    variables: tuple[Variable, ...]
    most: int = 20


REMINDED = BUILT_IN
"""The only sort of which there may be several templates, each with a name of its own."""

_ALL = (
    Sort(REMINDED, mark("The reminder of a follow-up."), REMINDER),
    Sort("digest", mark("The daily digest."), DIGEST, most=50),
    Sort("missed", mark("What was not reminded of in time, after a downtime."), MISSED, most=50),
    Sort("closed", mark("An exchange closed a follow-up."), CLOSED),
    Sort("away", mark("Somebody is away: put off until the return?"), AWAY),
    Sort("answer", mark("What came of an answer to a reminder."), ANSWER),
    Sort("notice", mark("What goes wrong, for the admin."), NOTICE, most=300),
)

SORTS: Mapping[str, Sort] = {sort.name: sort for sort in _ALL}
"""By the name of the template that is built in."""


def sort_of(name: str) -> Sort:
    """The sort of mail that a template is for."""
    return SORTS.get(name, SORTS[REMINDED])

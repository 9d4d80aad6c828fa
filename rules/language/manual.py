"""The manual of the language (docs/reference/rules.md), derived from the tables."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rules.language.actions import ACTIONS, VARIABLES
from rules.language.conditions import CONDITIONS
from rules.language.readers import Reader
from rules.language.samples import EVENT, MAIL
from rules.model.rules import Phase, Thing

_HEAD = """# Rules files: every word

This page is made from the tables that read the files: `./run docs` writes it, `suivi rules
manual` prints it. How rules are used is told in [the how-to](../how-to/rules.md), what they mean
for the past in [decision 0003](../decisions/0003-rules.md).

```yaml
# yaml-language-server: $schema=rules.schema.json
version: 1
rules:
  - name: quotes                     # once in the whole set; it stands in every reason
    when:                            # each word must hold
      kind: mail
      subject: {regex: 'PR\\d{4}-\\d{4,}'}
      not: {mail_kind: [auto-reply, bounce]}
    then:
      tags: [quote]
      link: {type: quote, pattern: 'PR\\d{4}-\\d{4,}'}
    examples:                        # tried whenever the files are read
      - mail: {subject: Your quote PR2303-0107}
        gives: {tags: quote, link: quote PR2303-0107}
      - mail: {subject: Lunch}
        fires: false
```

Files are read in the order of their names, rules in the order of the file, until one says `stop`.
Of an action that has one value (mode, purpose, third party, author, reminder) the later rule
wins; others add up; of privacy the strictest wins. Nothing is typed but by what reads it: `no`,
`010` and `12:30` are texts where a text is read. Anchors, aliases, tags and repeated words are
refused.

`when: always` is a rule for everything. `all` and `any` take a list of conditions, `not` one, or
a list of which none may hold. A rule of which each condition reads headers may do anything. One
that reads the **text** is decided when the text is there, so it can't `ignore`, `keep_private`,
assign a `third_party` or `adopt`: whom mail belongs to and whether it is kept is settled by then.

## Values

| value | written as |
|---|---|
| texts | one, or a list of which one must be met: `quote`, `[quote, devis]`. Letter case, accents and blanks don't count. By default it is compared as the table says (equals, contains, glob); `{equals: …}`, `{contains: …}`, `{glob: …}`, `{regex: …}` say it, and `exact: true` makes letters count. A glob (`*`, `?`) covers the whole text; a regex ([RE2](https://github.com/google/re2/wiki/Syntax)) may meet a part of it, and has no look-around and no back-references |
| people | an address, `'@domain'` (and the domains under it), a glob over addresses, or `{address, domain, user, group, contact, third_party}`, each with texts or `any`; a list of which one must take part |
| numbers | `3`, `over 3`, `under 3`, `at least 3`, `at most 3`, `2 to 5` |
| sizes | the same with `bytes`, `kB`, `MB`, `GB` (powers of 1000), `KiB`, `MiB`, `GiB` |
| lengths of time | `2h`, `15 minutes`, `1 day 12 hours`, `2 weeks` |
| times that come later | `+2h`, `+1 day at 09:00`, `+3 working days at 09:00`; hours are on the assignee's clock |
"""


def manual() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *_conditions(), "", *_actions(), "", *_examples(), ""])


def _conditions() -> Iterator[str]:
    yield "## Conditions\n"
    yield "| word | takes | holds by | reads | of |"
    yield "|---|---|---|---|---|"
    for name, word in CONDITIONS.items():
        reads = "text" if word.phase is Phase.TEXT else "headers"
        yield _row(f"`{name}`", word.reader.says, word.help, reads, _about(word.about))
    yield "\n```yaml"
    yield from (word.example for word in CONDITIONS.values())
    yield "```"


def _actions() -> Iterator[str]:
    yield "## Actions\n"
    yield "| word | takes | does | when the text decided | of |"
    yield "|---|---|---|---|---|"
    for name, word in ACTIONS.items():
        late = "yes" if word.late else "no"
        yield _row(f"`{name}`", word.reader.says, word.help, late, _about(word.about))
    yield "\n```yaml"
    yield from (word.example for word in ACTIONS.values())
    yield "```"
    names = ", ".join(f"`{{{name}}}`" for name in VARIABLES)
    yield f"\nTitles and descriptions may name {names}; `{{{{` and `}}}}` are braces. A follow-up"
    yield "without a title is named after the exchange. `no_reply_for` and `open_when_no_reply` say"
    yield "the same in two ways; its `when` counts from the end of the time that was waited."


def _examples() -> Iterator[str]:
    yield "## Examples\n"
    yield "An example has a `mail` or an `event`, `fires` (whether this rule fires: `true`), and"
    yield "`gives`: what this rule and those before it make of it, by the words of actions. `none`"
    yield "means nothing of the sort, `true` anything; `link` gives `type reference`, follow-ups"
    yield "their title. What is not said is ordinary: a human's message from a contact of a third"
    yield "party `EXAMPLE`, a customer, on a working Wednesday at 10:00.\n"
    yield "| in `mail` | takes |\n|---|---|"
    yield from _fields(MAIL)
    yield "\n| in `event` | takes |\n|---|---|"
    yield from _fields(EVENT)


def _fields(readers: Mapping[str, Reader[Any]]) -> Iterable[str]:
    return (_row(f"`{name}`", reader.says) for name, reader in readers.items())


def _about(things: frozenset[Thing]) -> str:
    return ", ".join(thing.value for thing in Thing if thing in things)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

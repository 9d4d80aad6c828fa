"""Full-text search: the same words on both databases, in whatever order, by their stems.

What is typed loses the endings that French and English put on words, and finds the words that
begin so: "decaler" and "décalées" both find "décalées", "décaler" and "décalage". Only what is
typed is cut, so the index holds plain words (`text.words`) and both databases find the same.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from daemon.store.database import Tx
from daemon.store.tables import exchanges
from daemon.store.text import words

# Longest first. What is left of a word has at least so many letters, and no digits: references
# and numbers are meant as they are typed.
_ENDINGS: tuple[str, ...] = ("ements", "ement", "ments", "ment", "ees", "ing", "ant", "ent")
_ENDINGS += ("ee", "es", "er", "ez", "ed", "e", "s", "x")
_SHORTEST = 4
# Shorter ones begin so many words that no index is of use.
_SELECTIVE = 3


def sought(text: str) -> tuple[str, ...]:
    """The beginnings of words that are looked for, folded; () where there is no word in it."""
    return tuple(dict.fromkeys(map(_stem, words(text).split())))


def _stem(word: str) -> str:
    if not word.isalpha():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            return word.removesuffix(ending)
    return word


def exchanges_with(tx: Tx, text: str) -> sa.ColumnElement[bool]:
    """The condition that an exchange has words beginning with each of those in `text`."""
    return _having(tx, exchanges.exchange, sought(text))


def confidential_with(tx: Tx, text: str) -> sa.ColumnElement[bool]:
    """As `exchanges_with`, of confidential comments: for those who may see them only."""
    return _having(tx, exchanges.confidential_comment, sought(text))


def said(tx: Tx, column: sa.ColumnElement[str], stems: Sequence[str]) -> sa.ColumnElement[bool]:
    """The same condition, asked of one row after another, without an index: for rows that are few
    or at hand. `column` holds `text.words`."""
    find = sa.func.instr if tx.dialect.name == "sqlite" else sa.func.strpos
    spaced = sa.literal(" ").concat(column)
    if not stems:
        return sa.false()
    return sa.and_(*(find(spaced, f" {stem}") > 0 for stem in stems))


def hits(tx: Tx, stems: Sequence[str]) -> sa.Select[int]:
    """The exchanges that the index finds, in their open or their confidential words: no fewer
    than those of which `said` holds. Who reads which of them is another question."""
    open_, hidden = exchanges.exchange, exchanges.confidential_comment
    selective = [s for s in stems if len(s) >= _SELECTIVE] or stems
    found = sa.union(_indexed(tx, open_, selective), _indexed(tx, hidden, selective)).subquery()
    ids: sa.ColumnElement[int] = found.c[0]
    return sa.select(ids)


def _key(table: sa.Table) -> sa.Column[int]:
    return table.c.id if table is exchanges.exchange else table.c.exchange_id


def _having(tx: Tx, table: sa.Table, stems: Sequence[str]) -> sa.ColumnElement[bool]:
    if not stems:
        return sa.false()
    if tx.dialect.name == "sqlite":
        return _key(table).in_(_indexed(tx, table, stems))
    return _matches(table, stems)


def _indexed(tx: Tx, table: sa.Table, stems: Sequence[str]) -> sa.Select[int]:
    # `words` leaves letters and digits only, so nothing in here needs quoting.
    if tx.dialect.name == "sqlite":
        index = sa.table(f"{table.name}_search", sa.column("rowid"), schema=None)
        query = " AND ".join(f'"{stem}"*' for stem in stems)
        return sa.select(index.c.rowid).where(sa.column(index.name).op("MATCH")(query))
    return sa.select(_key(table)).where(_matches(table, stems))


def _matches(table: sa.Table, stems: Sequence[str]) -> sa.ColumnElement[bool]:
    tokens = sa.func.array_to_tsvector(sa.func.string_to_array(table.c.words, sa.text("' '")))
    prefixes = " & ".join(f"'{stem}':*" for stem in stems)
    return tokens.op("@@")(sa.cast(prefixes, TSQUERY))

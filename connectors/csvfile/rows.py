"""Third parties and contacts from a CSV file, each line usable or with its problem."""

from connectors.csvfile.cells import BETWEEN, READERS, plain
from connectors.csvfile.columns import COLUMNS, LISTS, Header, header
from connectors.csvfile.table import Record, records, text
from connectors.errors import Unreadable
from rules.model.wire import ImportRow


def read(data: bytes) -> tuple[ImportRow, ...]:
    """The rows of a file; raises Unreadable when it is no table of third parties at all.

    Fields have the keys code, name, kind, domain, contact, email, phone, entity, former and tags,
    those that are not empty; ";" stands between several kinds, domains, emails, phones and former
    names. A row with a problem has no fields. Columns that nobody knows are one problem, on the
    header's line, and the rows are usable all the same.
    """
    table = records(text(data))
    first = next(table, None)
    if first is None:
        raise Unreadable("csv: the file is empty")
    if first.problem:
        raise Unreadable(f"csv: line {first.line}: {first.problem}")
    columns = header(first.cells)
    if not {"code", "name"} & set(columns.keys):
        raise Unreadable(
            f"csv: line {first.line} names no column 'code' or 'name'; known are: "
            + ", ".join(sorted(COLUMNS))
        )
    rows = [_row(columns, record) for record in table]
    if columns.unknown:
        rows.insert(0, ImportRow(first.line, problem=_unknown(columns)))
    return tuple(rows)


def _unknown(columns: Header) -> str:
    shown = ", ".join(plain(name[:60]) for name in columns.unknown[:20])
    return f"columns that are not read: {shown}"


def _row(columns: Header, record: Record) -> ImportRow:
    if record.problem:
        return ImportRow(record.line, problem=record.problem)
    if any(cell.strip() for cell in record.cells[len(columns.keys) :]):
        return ImportRow(record.line, problem="more cells than the header has")
    fields: dict[str, str] = {}
    problems: list[str] = []
    # A row may be short: spreadsheets leave out the last empty cells.
    for key, cell in zip(columns.keys, record.cells, strict=False):
        if key is None:
            continue
        try:
            _add(fields, key, READERS.get(key, plain)(cell))
        except ValueError as error:
            problems.append(f"{key}: {error}")
    _join_names(fields)
    if not fields.get("code") and not fields.get("name"):
        problems.append("neither code nor name")
    if problems:
        return ImportRow(record.line, problem="; ".join(problems))
    return ImportRow(record.line, fields)


def _add(fields: dict[str, str], key: str, value: str) -> None:
    if not value:
        return
    if key in LISTS and key in fields:
        value = BETWEEN.join(dict.fromkeys([*fields[key].split(BETWEEN), *value.split(BETWEEN)]))
    fields[key] = value


def _join_names(fields: dict[str, str]) -> None:
    """First and last name are the contact's name, unless that has a column of its own."""
    whole = " ".join(filter(None, (fields.pop("first", ""), fields.pop("last", ""))))
    if whole and "contact" not in fields:
        fields["contact"] = whole

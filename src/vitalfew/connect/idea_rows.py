"""The rows of a sheet of ideas: titles, scores, costs. What cannot be taken is told, row by row; no row is lost."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vitalfew.connect import idea_values
from vitalfew.connect.look import as_written, is_text
from vitalfew.connect.numbers import decimal_of, written_in_two_ways
from vitalfew.connect.words import is_total, listed, plain, title_of
from vitalfew.errors import DataError
from vitalfew.results.words import count
from vitalfew.warehouse import csv_files
from vitalfew.warehouse.profile import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.connect.idea_values import Read
    from vitalfew.connect.recognise import Recognised
    from vitalfew.workspace.definitions import Status

MOST_IDEAS = 20_000
_SHOWN = 4
_STATUSES: Mapping[Status, tuple[str, ...]] = {
    "shipped": (
        "done", "shipped", "released", "live", "launched", "complete", "completed", "closed", "delivered", "deployed",
        "resolved", "fertig", "erledigt", "ausgeliefert", "faerdig", "udgivet", "leveret",
    ),
    "dropped": (
        "rejected", "dropped", "declined", "won't do", "wont do", "wontfix", "not now", "archived", "cancelled",
        "canceled", "abandoned", "duplicate", "abgelehnt", "verworfen", "afvist", "droppet",
    ),
    "committed": (
        "committed", "planned", "in progress", "in development", "doing", "building", "started", "scheduled",
        "approved", "next", "now", "in review", "testing", "geplant", "in arbeit", "i gang", "planlagt",
    ),
}  # fmt: skip
_STATUS_OF = {plain(word): status for status, words in _STATUSES.items() for word in words}
_SCALED = ("impact", "confidence")


@dataclass
class Idea:
    """One row: its title, and the numbers it holds by role."""

    row: int
    title: str
    numbers: dict[str, float]
    metric: str | None = None
    team: str | None = None
    product: str | None = None
    status: Status | None = None


@dataclass
class Sheet:
    """All ideas of a file. `unit`: of effort or cost. `remarks`: what was read how, and what could not be."""

    ideas: list[Idea]
    unit: str
    remarks: list[str] = field(default_factory=list)


def read_sheet(file: Recognised, *, is_ice: bool) -> Sheet:
    """Read the ideas of a file.

    Args:
        file: the recognised sheet.
        is_ice: whether impact and confidence are ratings of 1 to 10, not those of RICE.

    Raises:
        DataError: more ideas than anybody can choose from, or none at all.
    """
    cells, sign, delimiter = _cells(file)
    remarks: list[str] = []
    numbers: dict[str, Read] = {}
    unit = "units of effort"
    for role, column in file.columns.items():
        if role in ("title", "metric", "team", "product", "status"):
            continue
        decimal = decimal_of(cells[role], sign, delimiter)
        if role in ("effort", "size", "duration", "cost"):
            numbers[role], found = idea_values.efforts(cells[role], decimal, column)
            unit = unit if "cost" in file.columns and role != "cost" else _cost_unit(found, role, column)
        elif role in _SCALED and not is_ice:
            read = idea_values.impacts if role == "impact" else idea_values.confidences
            numbers[role] = read(cells[role], decimal)
        else:
            numbers[role] = idea_values.plain_numbers(cells[role], decimal)
        remarks += numbers[role].remarks
        remarks += _unread(column, numbers[role], cells[role])
        remarks += written_in_two_ways(column, cells[role])
    ideas = _ideas(cells, numbers, remarks)
    if not ideas:
        raise DataError(f"{file.look.name} holds no idea", expected="one row per idea, with its title")
    return Sheet(ideas, unit, remarks)


def _cells(file: Recognised) -> tuple[dict[str, list[str]], str, str]:
    """The cells of each role as they were written, the decimal sign of the file, and what parts its columns."""
    look, wanted = file.look, dict(file.columns)
    if look.rows > MOST_IDEAS:
        raise DataError(f"{look.name} has {look.rows:,} rows of ideas", expected=f"at most {MOST_IDEAS:,}")
    columns = list(dict.fromkeys(wanted.values()))
    if not is_text(look.path):
        rows = rows_of(look.engine, look.table, columns, MOST_IDEAS)
        return _by_role(rows, wanted), ".", ","
    with as_written(look) as (engine, table):
        rows = rows_of(engine, table, columns, MOST_IDEAS)
    shape = csv_files.sniff(look.path)
    return _by_role(rows, wanted), shape.decimal, shape.delimiter


def _by_role(rows: Sequence[Mapping[str, object]], wanted: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        role: ["" if row[column] is None else str(row[column]).strip() for row in rows]
        for role, column in wanted.items()
    }


def _cost_unit(found: str, role: str, heading: str) -> str:
    if role != "cost" or found != "units of effort":
        return found
    money = re.search(r"€|\$|£|\b(EUR|USD|DKK|GBP|SEK|NOK|CHF)\b", heading, re.IGNORECASE)
    signs = {"€": "EUR", "$": "USD", "£": "GBP"}
    return signs.get(money[0], money[0].upper()) if money else "units of cost"


def _unread(column: str, read: Read, cells: Sequence[str]) -> list[str]:
    if not read.bad:
        return []
    shown = listed((f"'{cells[at][:20]}'" for at in read.bad[:_SHOWN]), _SHOWN)
    more = f" and {len(read.bad) - _SHOWN} more" if len(read.bad) > _SHOWN else ""
    return [f"'{column}' holds what is no number: {shown}{more}"]


def _ideas(cells: Mapping[str, Sequence[str]], numbers: Mapping[str, Read], remarks: list[str]) -> list[Idea]:
    """An idea per row; totals and empty rows are left out, rows without a title are called after their place."""
    found: list[Idea] = []
    nameless, totals = [], []
    for at, title in enumerate(cells["title"]):
        own = {role: number for role, read in numbers.items() if (number := read.numbers[at]) is not None}
        if not title and not own:
            continue
        if is_total(title) or (not title and _is_sum(at, numbers)):
            totals.append(title or f"row {at + 1}")
            continue
        if not title:
            nameless.append(at + 1)
        found.append(_idea(at, title or called_after(at + 1), own, cells))
    if totals:
        remarks.append(f"{count(len(totals), 'row')} of totals left out ({listed(totals, _SHOWN)})")
    if nameless:
        rows = ", ".join(map(str, nameless[:_SHOWN])) + (", …" if len(nameless) > _SHOWN else "")
        remarks.append(f"{count(len(nameless), 'row')} without a title, called after their place ({rows})")
    remarks += _told_apart(found)
    return found


def called_after(row: int) -> str:
    """What an idea without a title is called."""
    return f"Row {row} (no title)"


def _idea(at: int, title: str, own: dict[str, float], cells: Mapping[str, Sequence[str]]) -> Idea:
    def told(role: str) -> str | None:
        return cells[role][at] or None if role in cells else None

    status = told("status")
    stands = _STATUS_OF.get(plain(status)) if status else None
    return Idea(at + 1, title_of(title), own, told("metric"), told("team"), told("product"), stands)


def _is_sum(at: int, numbers: Mapping[str, Read]) -> bool:
    """Whether a row without a title holds the sums of those above it."""
    for role in ("effort", "cost", "reach", "size"):
        if role in numbers and at > 1:
            above = sum(number or 0.0 for number in numbers[role].numbers[:at])
            own = numbers[role].numbers[at]
            if own and above and abs(own - above) < 1e-6 * above:
                return True
    return False


def _told_apart(ideas: Sequence[Idea]) -> list[str]:
    """Number the later ones of the ideas that share a title (and say nothing of different metrics)."""
    seen: Counter[tuple[str, str | None]] = Counter()
    twice = []
    for idea in ideas:
        name = (plain(idea.title), idea.metric)
        seen[name] += 1
        if seen[name] > 1:
            twice.append(idea.title)
            idea.title = title_of(f"{idea.title} ({seen[name]})")
    if not twice:
        return []
    return [f"{count(len(twice), 'row')} with a title that another one has, kept and numbered ({listed(twice, 3)})"]

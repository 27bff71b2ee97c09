"""How a stranger writes moments: told from the values of a column, checked against all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vitalfew.connect.look import as_written, is_text
from vitalfew.warehouse.convert import Cell, largest_parts, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.connect.asking import Asker
    from vitalfew.connect.look import Look

MOST_MONTHS = 12
READ_SHARE = 0.5
_EPOCHS = ((1e8, 1e10, "seconds"), (1e11, 1e13, "milliseconds"), (1e14, 1e16, "microseconds"), (1e17, 1e19, "ns"))
_DAY_NUMBERS = (19_000_101, 21_001_231)
_PARTS = re.compile(r"\s*(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})\b")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_DATES = (
    "%Y%m%d", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d/%b/%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%d-%b-%y", "%a %b %d %Y", "%a, %d %b %Y", "%A, %B %d, %Y",
)  # fmt: skip
_OTHERS = (
    "%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S.%f %z", "%Y%m%dT%H%M%S%z", "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S", "%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%d %H:%M:%S UTC",
    "%Y-%m-%d %H:%M:%S.%f UTC", "%a, %d %b %Y %H:%M:%S GMT", "%Y-%m-%dT%H:%M:%S,%f",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """How the column of moments is read. `note` is a sentence about what was assumed; `as_text`: from the raw file."""

    cell: Cell
    as_text: bool = False
    note: str | None = None

    @property
    def needs_copy(self) -> bool:
        """Whether the workspace needs a copy of the table with times in a form that sources read."""
        return self.cell.reading != "as is"


def could_hold_times(look: Look, column: str) -> bool:
    """Whether the values of a column look like moments, from its type and some of its cells."""
    profile = look.columns[column]
    if profile.type in ("time", "date"):
        return True
    if profile.type in ("integer", "number"):
        return profile.low is not None and _unit_of(float(profile.low), float(profile.high)) is not None
    if profile.type != "text":
        return False
    texts = look.texts(column)[:50]
    return bool(texts) and sum(_looks_like_a_moment(text) for text in texts) >= READ_SHARE * len(texts)


def read_times(look: Look, column: str, asker: Asker) -> Reading:
    """Tell how to read a column of moments."""
    profile = look.columns[column]
    if is_text(look.path) and not look.is_flattened and profile.type in ("time", "date", "text"):
        ambiguous = _day_and_month(look, column, asker)
        if ambiguous is not None:
            return ambiguous
    if profile.type in ("integer", "number"):
        return _numbers(column, float(profile.low), float(profile.high))
    return _texts(look, column) if profile.type == "text" else Reading(Cell(column))


def _numbers(column: str, low: float, high: float) -> Reading:
    unit = _unit_of(low, high)
    if unit == "ns":
        return Reading(Cell(column, "nanoseconds"), note=f"'{column}' is read as nanoseconds since 1970")
    if unit == "day":
        return Reading(Cell(column, "day number"), note=f"'{column}' is read as days such as 20251231")
    return Reading(Cell(column), note=f"'{column}' is read as {unit} since 1970")


def _unit_of(low: float, high: float) -> str | None:
    if _DAY_NUMBERS[0] <= low and high <= _DAY_NUMBERS[1]:
        return "day"
    return next((unit for least, most, unit in _EPOCHS if least <= high < most), None)


# Text ---------------------------------------------------------------------------------------------------------------


def _texts(look: Look, column: str) -> Reading:
    read, filled = readable(look.engine, look.table, Cell(column))
    sample = look.texts(column)
    if read < READ_SHARE * filled:
        if all(re.fullmatch(r"\d{9,19}(\.\d+)?", text) for text in sample):
            return Reading(Cell(column, "number"), note=f"'{column}' is read as time since 1970")
        forms = tuple(_fitting(sample))
        if forms:
            cell = Cell(column, "formats", forms)
            read, filled = readable(look.engine, look.table, cell)
            return Reading(cell, note=_unread(column, read, filled))
    return Reading(Cell(column), note=_unread(column, read, filled))


def _unread(column: str, read: int, filled: int) -> str | None:
    return (
        None if read == filled else f"{filled - read:,} of {filled:,} cells in '{column}' hold no time and are left out"
    )


def _fitting(texts: Sequence[str]) -> Iterator[str]:
    """The forms that some of the texts have."""
    forms = [*_OTHERS, *(date + clock for date in _DATES for clock in _CLOCKS)]
    return (form for form in forms if any(_has_form(text, form) for text in texts[:50]))


def _has_form(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it fits; the zone is read by the engine
    except ValueError:
        return False
    return True


def _looks_like_a_moment(text: str) -> bool:
    if _PARTS.match(text) or re.match(r"\d{4}-\d\d?-\d\d?([T ]|$)|\d{4}/\d\d?/\d\d?", text):
        return True
    if re.fullmatch(r"\d{10}(\.\d+)?|\d{13}|\d{16}|\d{19}", text):
        return True
    return len(text) > 5 and any(_fitting((text,)))  # noqa: PLR2004 - nothing shorter is a date with a year


# Day first or month first -----------------------------------------------------------------------------------------


def _day_and_month(look: Look, column: str, asker: Asker) -> Reading | None:
    """Read 31/12/2025 and its like; None when the column is written otherwise."""
    sample = look.texts(column)
    parts = [found for text in sample if (found := _PARTS.match(text))]
    if not sample or len(parts) < READ_SHARE * len(sample):
        return None
    with as_written(look) as (engine, table):
        first, second = largest_parts(engine, table, column)
        day_first, note = _order(column, parts[0], (first, second), asker, sample)
        cell = Cell(column, "formats", tuple(_forms(parts[0], sample, day_first=day_first)))
        read, filled = readable(engine, table, cell)
    notes = [note, _unread(column, read, filled)]
    return Reading(cell, as_text=True, note="; ".join(one for one in notes if one))


def _order(
    column: str, example: re.Match[str], largest: tuple[int, int], asker: Asker, sample: Sequence[str]
) -> tuple[bool, str]:
    shown = example.group().strip()
    first, second = largest
    if first > MOST_MONTHS or second > MOST_MONTHS:
        day_first = first > MOST_MONTHS
        mixed = first > MOST_MONTHS and second > MOST_MONTHS
        told = "although both orders occur" if mixed else "as its values show"
        return day_first, f"'{column}' is read {_words(day_first)} first, {told}"
    clock = any(text.upper().endswith(("AM", "PM")) for text in sample)
    default = "month" if clock and example.group(2) == "/" else "day"
    question = f"{look_name(column)} holds {shown}: is the day or the month written first?"
    answer = asker.ask(question, ("day", "month"), default)
    how = "as you said" if asker.answered else "which is assumed: no value tells"
    return answer == "day", f"'{column}' is read {answer} first ({shown}), {how}"


def look_name(column: str) -> str:
    """A column in a question."""
    return f"The column '{column}'"


def _words(day_first: bool) -> str:
    return "day" if day_first else "month"


def _forms(example: re.Match[str], sample: Sequence[str], *, day_first: bool) -> Iterator[str]:
    sign = example.group(2)
    year = "%Y" if len(example.group(4)) == len("2025") else "%y"
    date = sign.join(("%d", "%m", year) if day_first else ("%m", "%d", year))
    gap = ", " if any(", " in text for text in sample) else " "
    yield from (date + clock.replace(" ", gap, 1) for clock in _CLOCKS)
    yield from (f"{date}T{clock.strip()}" for clock in _CLOCKS[1:4])
    yield from (f"{date}{clock} %z" for clock in _CLOCKS[1:4])

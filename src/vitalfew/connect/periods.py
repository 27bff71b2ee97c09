"""Months, weeks and quarters in place of days, as people write them over sums: `2025-01`, `Jan 2025`, `2025-W03`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple

from vitalfew.connect.times import READ_SHARE
from vitalfew.connect.words import plain, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.connect.look import Look

    type Length = Literal["month", "week", "quarter"]

_LOOKED_AT, _LONGEST = 50, 40
_YEARS = range(1970, 2100)
_CENTURY, _SHORT = 100, 70  # '70 is 1970, '69 is 2069
_MONTHS = (
    "january januar janner janvier enero januari gennaio",
    "february februar fevrier febrero februari febbraio",
    "march marz marts mars marzo maart mrt",
    "april avril abril aprile",
    "may mai maj mayo mei maggio",
    "june juni juin junio giugno",
    "july juli juillet julio luglio",
    "august aout agosto augusti augustus",
    "september septembre septiembre settembre sept",
    "october oktober octobre octubre ottobre",
    "november novembre noviembre",
    "december dezember decembre diciembre dicembre",
)
_FEWEST_LETTERS, _YEAR = 3, 12
_NUMBERED = re.compile(r"(?P<year>\d{4})[-/. ]?M?(?P<month>\d{2})|(?P<year_>\d{4})[-/]M?(?P<month_>\d)", re.ASCII)
_MONTH_FIRST = re.compile(r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})", re.ASCII)
_NAMED = re.compile(
    r"(?P<name>[^\W\d_]{3,})\.?,?[ /-]?(?P<year>\d{4}|'?\d\d)|(?P<year_>\d{4})[ /-]?(?P<name_>[^\W\d_]{3,})\.?",
)
_WEEK = re.compile(
    r"(?P<year>\d{4})-?W(?P<week>\d{1,2})|KW ?(?P<week_>\d{1,2})[ /.-](?P<year_>\d{4})", re.ASCII | re.IGNORECASE
)
_QUARTER = re.compile(
    r"(?P<year>\d{4})[ /-]?Q(?P<quarter>[1-4])|Q(?P<quarter_>[1-4])[ /-]?(?P<year_>\d{4})", re.ASCII | re.IGNORECASE
)
_NO_MONTHS = frozenset((
    "week", "weeks", "wk", "kw", "woche", "kalenderwoche", "yearweek", "isoweek", "uge", "semaine", "semana",
    "settimana", "quarter", "quarters", "quartal", "kvartal", "trimestre", "kwartaal",
))  # fmt: skip
_WITHOUT_YEAR = re.compile(r"(W|KW|week|wk|uge|woche) ?\d{1,2}|Q[1-4]|(FY|GJ) ?'?\d{2,4}.*", re.IGNORECASE)


class _Period(NamedTuple):
    """What a cell says. `first`: its first day; `is_short`: whether its year has two digits, and may be a day."""

    length: Length
    first: date
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Periods:
    """A column that holds periods in place of days: how long they are, and one of them as it was written."""

    column: str
    length: Length
    example: str

    def day(self, cell: object) -> date | None:
        """The first day of the period in a cell; None where it holds none of this length."""
        found = _period(str(cell or ""))
        return found.first if found is not None and found.length == self.length else None

    @property
    def sentence(self) -> str:
        """How the column is read."""
        counted = {"month": "months", "week": "ISO weeks", "quarter": "quarters of the calendar"}[self.length]
        shown = f"'{self.example}' is {self.day(self.example)}"
        return f"'{self.column}' is read as {counted}, each as its first day ({shown})"


def periods_in(look: Look, column: str) -> Periods | None:
    """The periods that a column holds where days might stand; None where it is not sure that it does.

    Numbers such as 202501 count only where each of them is a month; `Jan-25` only where the months follow each other
    as they do when 25 is the year, and not as days of a month.
    """
    if look.columns[column].type not in ("text", "integer"):
        return None
    texts = look.texts(column)
    read = [(text, found) for text in texts if (found := _period(text)) is not None]
    if not read or len(read) < (1 if look.columns[column].type == "integer" else READ_SHARE) * len(texts):
        return None
    if len({found.length for _, found in read}) > 1 or not _are_years([found for _, found in read]):
        return None
    if read[0][1].length == "month" and _NO_MONTHS & set(tokens(column)):
        return None  # 202503 is the third week where a column is called so
    return Periods(column, read[0][1].length, read[0][0])


def like_periods(texts: Iterable[str]) -> str | None:
    """What texts look like that are no days: `months`, `weeks or quarters`; None where they look like neither."""
    held = list(texts)[:_LOOKED_AT]
    months = sum(_month_named(text) is not None or _is_month(_period(text)) for text in held)
    others = sum(_WITHOUT_YEAR.fullmatch(text) is not None or _period(text) is not None for text in held)
    if held and months >= READ_SHARE * len(held):
        return "months"
    return "weeks or quarters" if held and others >= READ_SHARE * len(held) else None


def columns_of_periods(names: Iterable[str]) -> list[str]:
    """The names of columns that are periods, as in a table that has grown to the right.

    >>> columns_of_periods(["Metric", "Jan 2025", "Feb 2025"])
    ['Jan 2025', 'Feb 2025']
    """
    return [name for name in names if _period(name) is not None]


def _is_month(found: _Period | None) -> bool:
    return found is not None and found.length == "month"


def _are_years(found: Iterable[_Period]) -> bool:
    """Whether numbers of two digits behind months are years: then the months lie close, a few years apart at most."""
    short = {_YEAR * one.first.year + one.first.month for one in found if one.is_short}
    return not short or max(short) - min(short) < 2 * len(short)


def _period(text: str) -> _Period | None:
    """What a text says, when it says a period and nothing else."""
    if len(text) > _LONGEST:
        return None
    text = " ".join(text.split())
    for form, read in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            said = {name.strip("_"): part for name, part in found.groupdict().items() if part}
            return read(said)
    return None


def _numbered(said: dict[str, str]) -> _Period | None:
    return _month(int(said["year"]), int(said["month"]))


def _named(said: dict[str, str]) -> _Period | None:
    month, year = _month_named(said["name"]), int(said["year"].lstrip("'"))
    is_short = year < _CENTURY
    year += (1900 if year >= _SHORT else 2000) if is_short else 0
    return None if month is None else _month(year, month, is_short=is_short)


def _month(year: int, month: int, *, is_short: bool = False) -> _Period | None:
    fits = year in _YEARS and 1 <= month <= _YEAR
    return _Period("month", date(year, month, 1), is_short) if fits else None


def _week(said: dict[str, str]) -> _Period | None:
    try:
        first = date.fromisocalendar(int(said["year"]), int(said["week"]), 1)
    except ValueError:  # a year has 52 or 53 weeks
        return None
    return _Period("week", first) if int(said["year"]) in _YEARS else None


def _quarter(said: dict[str, str]) -> _Period | None:
    year = int(said["year"])
    return _Period("quarter", date(year, 3 * int(said["quarter"]) - 2, 1)) if year in _YEARS else None


_FORMS = (
    (_NUMBERED, _numbered),
    (_MONTH_FIRST, _numbered),
    (_WEEK, _week),
    (_QUARTER, _quarter),
    (_NAMED, _named),
)


def _month_named(word: str) -> int | None:
    """The month that a word names, whole or by its first letters, in one of the languages of the kinds of files.

    >>> _month_named("Jan"), _month_named("März"), _month_named("juillet"), _month_named("jui")
    (1, 3, 7, None)
    """
    begins = plain(word)
    if len(begins) < _FEWEST_LETTERS:
        return None
    found = {at for at, names in enumerate(_MONTHS, 1) for name in names.split() if name.startswith(begins)}
    return found.pop() if len(found) == 1 else None

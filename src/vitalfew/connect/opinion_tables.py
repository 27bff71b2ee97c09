"""Opinions as people keep them in a sheet: a row per person and a column per factor, or the other way round.

Other files look like that too: users with outcomes, teams with numbers. `OpinionTable.surety` weighs the signs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.columns import is_bare_id
from vitalfew.connect.idea_values import IMPACTS
from vitalfew.connect.look import as_written, is_text
from vitalfew.connect.numbers import number
from vitalfew.connect.times import could_hold_times
from vitalfew.connect.words import is_total, listed, plain, title_of
from vitalfew.results.words import count
from vitalfew.warehouse.profile import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vitalfew.connect.look import Look

SURE, LIKELY = 3, 2
"""Surety from which nothing else is thought of; from which opinions are likelier than users with outcomes."""
MOST_CELLS, _MANY_CELLS = 200_000, 30_000  # those of a table that somebody says is one of opinions; of any other
GROUPS = frozenset(map(plain, ("group", "role", "team", "stakeholder", "gruppe", "rolle", "groupe", "grupo")))
_MOST_ROWS, _MOST_FACTORS = 1_500, 40  # a larger table is one of opinions only where somebody says so
_FEW_PEOPLE, _MANY_PEOPLE = 30, 200
_FACTORS_OFTEN = 10  # as many as a workspace takes
_FEWEST = 2
_MOST = 0.8
_ROUND = frozenset((1.0, 10.0, 20.0, 50.0, 100.0, 200.0, 1000.0))
_MOST_POINTS = 10_000  # that anybody is given to share out
_NEAR = 0.005
_LONGEST_COUNT, _LONGEST_NAME = 10, 500  # signs; numbers of rows and headings are shorter
_OF_TEN, _OF_HUNDRED, _STEP = 10, 100, 5
_FORMS = frozenset(map(plain, ("timestamp", "zeitstempel", "horodateur", "tidsstempel", "submitted at", "start time")))
_ASIDE = frozenset(map(plain, (
    "comment", "comments", "remark", "remarks", "note", "notes", "why", "reason", "kommentar", "kommentare",
    "bemerkung", "bemerkungen", "commentaire", "commentaires", "email", "e-mail", "email address", "e-mail-adresse",
    "date", "datum", "phone",
)))  # fmt: skip
_SAME_AS_RATER = frozenset(map(plain, ("person", "participant", "who", "user", "respondent_id", "participant_id")))
_COUNTERS = frozenset(("", "#", "no", "nr", "num", "nummer", "number", "n°", "№"))
_SILENT = frozenset(("", "-", "–", "—", "?", ".", "n/a", "na", "nan", "none", "null", "k.a.", "k. a.", "keine angabe"))
_WORDS = frozenset(IMPACTS) | frozenset(map(plain, (
    "very important", "important", "rather important", "neutral", "less important", "not important", "unimportant",
    "must", "should", "could", "won't", "must have", "should have", "could have", "nice to have", "strongly agree",
    "agree", "disagree", "strongly disagree", "sehr wichtig", "wichtig", "eher wichtig", "weniger wichtig", "unwichtig",
    "muss", "soll", "kann", "tres important", "peu important", "pas important",
)))  # fmt: skip
_OUTCOMES = frozenset(map(plain, (
    "nps", "nps score", "csat", "ces", "satisfaction", "age", "visits", "sessions", "orders", "purchases", "logins",
    "clicks", "tickets", "seats", "headcount", "velocity", "story points", "bugs", "count",
)))  # fmt: skip
_PERIOD = re.compile(
    r"(q|h|w|kw|week|month|day|sprint)\s?\d{1,3}|(19|20)\d\d(\W?(q[1-4]|\d\d?))?|q[1-4]\W?(19|20)\d\d"
    r"|(jan(uary|uar)?|feb(ruary|ruar)?|mar(ch)?|apr(il)?|may|mai|june?|juni|july?|juli|aug(ust)?|sept?(ember)?"
    r"|o[ck]t(ober)?|nov(ember)?|de[cz](ember)?)\W*\d*",
    re.IGNORECASE,
)
_CELL = re.compile(
    r"(?P<number>[-+−]?\s*[\d.,]*\d)\s*(?P<share>%)?\s*"
    r"(?:/\s*\d+|of \d+|von \d+|pts?\.?|points?|punkte?n?|[-–:.=]\s*[^\W\d].*|\(.*\))?",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r".*\[(?P<name>[^\]]+)\]\s*")
_SCALE = re.compile(
    r"\s*[(\[](?:[\d\s–—\-.,%/]|points?|pts?|punkte?|max\.?|to|bis|von|of|out|rating|score)+[)\]]\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a cell says. `row`: of the table, from 1."""

    row: int
    person: str
    factor: str
    cell: str
    group: str | None = None


@dataclass(frozen=True)
class OpinionTable:
    """A sheet of opinions that was told by its shape.

    Attributes:
        columns: by role; the names of people are none.
        answers: what each person says of each factor.
        notes: what was read how.
        left: columns that say nothing here.
        by_person: whether a column is called after a person.
        surety: how much speaks for opinions; below 0 rather something else.
        problem: why they cannot be taken, with what is expected instead.
    """

    columns: Mapping[str, str]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]
    left: tuple[str, ...]
    surety: int
    problem: tuple[str, str] | None = None
    by_person: bool = False

    @property
    def factors(self) -> tuple[str, ...]:
        """What is weighed, in the order of the file."""
        return tuple(dict.fromkeys(answer.factor for answer in self.answers))


def points_in(cell: object) -> float | None:
    """The points a cell gives; a percentage counts its hundredths, so that `20 %` and `20` are the same.

    >>> points_in("20 %"), points_in("12,5"), points_in("8/10"), points_in("4 - important"), points_in("n/a")
    (20.0, 12.5, 8.0, 4.0, None)
    """
    text = "" if cell is None else str(cell).strip().replace("\u00a0", " ")
    found = _CELL.fullmatch(text)
    return number(found["number"] if found else text.replace("%", ""))


def table_of(look: Look, *, forced: bool = False) -> OpinionTable | None:
    """The sheet of opinions that a file is by its shape; None when it is none.

    Args:
        look: the open file.
        forced: the user says that it is one, so that less is asked for.
    """
    cells = look.rows * len(look.columns)
    large = cells > MOST_CELLS if forced else cells > _MANY_CELLS or look.rows > _MOST_ROWS
    if len(look.columns) < _FEWEST or large:
        return None
    sheet = _Sheet(look, _cells(look), forced)
    found = [table for table in (_across(sheet), _down(sheet)) if table is not None]
    return max(found, key=lambda table: table.surety, default=None)


@dataclass
class _Sheet:
    look: Look
    cells: Mapping[str, list[str]]
    forced: bool
    numeric: list[str] = field(init=False)
    points: Mapping[str, list[float | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.numeric = [name for name, cells in self.cells.items() if _holds_points(cells)]
        self.points = {name: [points_in(cell) for cell in self.cells[name]] for name in self.numeric}

    def texts(self, but: Collection[str | None] = ()) -> list[str]:
        """Columns that hold words."""
        return [
            name for name, cells in self.cells.items() if name not in self.numeric and name not in but and any(cells)
        ]


def _cells(look: Look) -> dict[str, list[str]]:
    if is_text(look.path):
        with as_written(look) as (engine, table):
            rows = rows_of(engine, table, list(look.columns), MOST_CELLS)
    else:
        rows = rows_of(look.engine, look.table, list(look.columns), MOST_CELLS)
    return {name: ["" if row[name] is None else str(row[name]).strip() for row in rows] for name in look.columns}


def _holds_points(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell.lower() not in _SILENT]
    return bool(said) and sum(points_in(cell) is not None for cell in said) >= _MOST * len(said)


# A row per person ---------------------------------------------------------------------------------------------------


def _across(sheet: _Sheet) -> OpinionTable | None:
    person, group, named = _people(sheet)
    apart = {person, group, *_numbered(sheet)}
    factors = [name for name in sheet.numeric if name not in apart]
    worded = [] if factors else _worded(sheet, person, group)
    total = _total_of(sheet, factors) if len(factors) <= _MOST_FACTORS else None
    factors = [name for name in factors if name != total] or worded
    if not _FEWEST <= len(factors) <= _MOST_FACTORS:
        return None
    titles = _titles(factors)
    rows = _rows_of_people(sheet, person, factors)
    points = [[points_in(sheet.cells[name][at]) for name in factors] for at in rows]
    scale = _scale(points)
    if not (named or scale.sums or group or sheet.forced):
        return None
    answers = tuple(
        Answer(at + 1, _called(sheet, person, at), titles[name], _cell(sheet.cells[name][at], blank), speaks_for)
        for at, blank in zip(rows, map(scale.blank, points), strict=True)
        for speaks_for in (_group(sheet, group, at),)
        for name in factors
    )
    others = [name for name in sheet.texts({person, group, *factors}) if plain(name) not in _ASIDE]
    columns = {"person": person, "group": group} | {f"factor {titles[name]}": name for name in factors}
    left = [name for name in sheet.cells if name not in columns.values() and any(sheet.cells[name])]
    notes = [f"a row per {'person' if person else 'person, without names'}; {scale.said}"]
    notes += _totals(sheet.look.rows - len(rows), "row") + _zeros(sheet, rows, factors, scale)
    kept = {role: column for role, column in columns.items() if column is not None}
    surety = _surety_of_people(person, len(rows)) + scale.surety + bool(group)
    surety -= _of_users(sheet, others) + _measured(factors)
    problem = None if sheet.forced and not worded else _problem(sheet.look.name, scale, worded)
    return OpinionTable(kept, answers, tuple(notes), tuple(left), surety + (SURE if worded else 0), problem)


def _people(sheet: _Sheet) -> tuple[str | None, str | None, bool]:
    """The columns of persons and of groups, and whether a name of a column tells them."""
    texts = sheet.texts()
    whole = [name for name in sheet.numeric if _is_key(sheet.cells[name])]
    ranked = sorted(
        (name not in texts, rank, name) for name in (*texts, *whole) if (rank := kinds.RATER.rank(name)) is not None
    )
    person = ranked[0][-1] if ranked else None
    others = (name for name in texts if name != person and kinds.RATER_GROUP.rank(name) is not None)
    group = next(others, None)
    if person is not None and plain(person) in GROUPS and len(set(sheet.cells[person])) < len(sheet.cells[person]):
        person, group = None, person
    named = person is not None or group is not None
    if person is None:
        ids = [name for name in (*texts, *whole) if name != group and kinds.USER.rank(name) is not None]
        fresh = (name for name in texts if name != group and len(set(sheet.cells[name])) == len(sheet.cells[name]))
        first = next((name for name in fresh if plain(name) not in _ASIDE), None)
        person = next(iter(ids), first)
        named = named or bool(ids)
    return person, group, named


def _is_key(cells: Sequence[str]) -> bool:
    return all(cell.isdecimal() for cell in cells) and len(set(cells)) == len(cells)


def _is_count(cell: str) -> bool:
    return cell.isdecimal() and len(cell) < _LONGEST_COUNT


def _numbered(sheet: _Sheet) -> list[str]:
    """Columns that only count the rows."""
    counts = [name for name in sheet.numeric if is_bare_id(name) or name.strip(" .").lower() in _COUNTERS]
    return [name for name in counts if _is_key(sheet.cells[name])] + [
        name
        for name in sheet.numeric
        if re.fullmatch(r"column\d+", name)
        and all(later == str(int(cell) + 1) for cell, later in pairwise(sheet.cells[name]) if _is_count(cell))
    ]


def _worded(sheet: _Sheet, person: str | None, group: str | None) -> list[str]:
    """Columns of words such as high and low that people say, where there are no points."""
    if person is None or kinds.RATER.rank(person) is None or plain(person) == "user":
        return []
    worded = [
        name for name in sheet.texts({person, group}) if {plain(cell) for cell in sheet.cells[name] if cell} <= _WORDS
    ]
    return worded if len(worded) >= _FEWEST else []


def _total_of(sheet: _Sheet, factors: Sequence[str]) -> str | None:
    """A column that holds the sum of the others, or is called so."""
    if len(factors) <= _FEWEST:
        return None
    sums = [sum(value or 0.0 for value in row) for row in zip(*map(sheet.points.__getitem__, factors), strict=True)]
    for name in reversed(factors):
        same = sum(
            own is not None and abs(own - (total - own)) <= _NEAR * (total - own)
            for own, total in zip(sheet.points[name], sums, strict=True)
        )
        if is_total(name) or same >= max(_FEWEST, _MOST * sheet.look.rows):
            return name
    return None


def _rows_of_people(sheet: _Sheet, person: str | None, factors: Sequence[str]) -> list[int]:
    """Rows that are no totals, and say something."""
    labels = sheet.cells[person] if person else [""] * sheet.look.rows
    kept, sums, above = [], [0.0] * len(factors), 0
    for at in range(sheet.look.rows):
        if not any(sheet.cells[name][at] for name in factors):
            continue
        own = [points_in(sheet.cells[name][at]) or 0.0 for name in factors]
        nameless = bool(person) and not labels[at]
        if not (is_total(labels[at]) or (nameless and _sums_up(own, sums, above)) or _says_total(sheet, at)):
            kept.append(at)
        sums = [total + value for total, value in zip(sums, own, strict=True)]
        above += 1
    return kept


def _says_total(sheet: _Sheet, at: int) -> bool:
    """Whether a word in a row says that it is a total."""
    return any(is_total(cells[at]) for cells in sheet.cells.values() if cells[at] and points_in(cells[at]) is None)


def _sums_up(own: Sequence[float], sums: Sequence[float], above: int) -> bool:
    """Whether a row holds the sums, or the means, of so many above it."""
    if above < _FEWEST:
        return False
    for share in (1.0, 1.0 / above):
        wanted = [share * total for total in sums]
        if all(abs(value - total) <= 2 * _NEAR * max(total, 1.0) for value, total in zip(own, wanted, strict=True)):
            return True
    return False


def _called(sheet: _Sheet, person: str | None, at: int) -> str:
    return (sheet.cells[person][at] if person else "") or f"row {at + 1}"


def _cell(cell: str, blank: str) -> str:
    return "" if cell and cell.lower() in _SILENT else cell or blank


def _group(sheet: _Sheet, column: str | None, at: int | None) -> str | None:
    return None if column is None or at is None else sheet.cells[column][at] or None


def _surety_of_people(person: str | None, people: int) -> int:
    few = 1 if people <= _FEW_PEOPLE else -1 if people > _MANY_PEOPLE else 0
    if person is None or plain(person) in ("", "column0"):
        return few
    if kinds.RATER.rank(person) is None:
        return few - (kinds.USER.rank(person) is not None)
    if plain(person) == "user":
        return few - 1
    return few + (1 if plain(person) in _SAME_AS_RATER else 2)


def _of_users(sheet: _Sheet, others: Sequence[str]) -> int:
    """How much speaks for users with attributes and outcomes."""
    dated = [name for name in others if could_hold_times(sheet.look, name)]
    attributes = [name for name in others if name not in dated]
    yes_no = any({cell for cell in sheet.cells[name] if cell} == {"0", "1"} for name in sheet.numeric)
    signed_up = any(plain(name) not in _FORMS for name in dated)
    return 2 * min(len(attributes), 2) + 2 * signed_up + 2 * yes_no


def _measured(names: Sequence[str]) -> int:
    """How much names speak for what was measured: outcomes, or weeks and years, which nobody weighs."""
    such = [name for name in names if plain(name) in _OUTCOMES or _PERIOD.fullmatch(name.strip())]
    return SURE if 2 * len(such) >= len(names) else 0


# A column per person ------------------------------------------------------------------------------------------------


def _down(sheet: _Sheet) -> OpinionTable | None:
    label = next(iter(sheet.cells))
    labels = sheet.cells[label]
    named = kinds.FACTOR.rank(label.removesuffix("s")) is not None or kinds.FACTOR.rank(label) is not None
    said_by = next((at for at, text in enumerate(labels) if plain(text) in GROUPS and _is_worded(sheet, at)), None)
    about = {name: [cell for at, cell in enumerate(cells) if at != said_by] for name, cells in sheet.cells.items()}
    people = [name for name in about if name != label and _holds_points(about[name]) and not is_total(name)]
    rows = [at for at, text in enumerate(labels) if text and at != said_by and not is_total(text)]
    if (
        label in sheet.numeric
        or not _FEWEST <= len(rows) <= _MOST_FACTORS
        or not people
        or len(set(labels)) < len(labels)
    ):
        return None
    points = [[points_in(sheet.cells[name][at]) for at in rows] for name in people]
    scale = _scale(points)
    if not named and (not scale.sums or kinds.RATER.rank(label) is not None):
        return None
    answers = tuple(
        Answer(at + 1, name, labels[at], _cell(sheet.cells[name][at], blank), _group(sheet, name, said_by))
        for name, blank in zip(people, map(scale.blank, points), strict=True)
        for at in rows
    )
    left = tuple(name for name in sheet.cells if name != label and name not in people and any(sheet.cells[name]))
    notes = [f"a column per person ({len(people)}), a row per factor; {scale.said}"]
    notes += _totals(sum(map(is_total, labels)), "row")
    few = 1 if len(rows) <= _FACTORS_OFTEN else -2
    surety = 3 * named + few + scale.surety - _measured(people) - (1 if kinds.USER.rank(label) is not None else 0)
    problem = None if sheet.forced else _problem(sheet.look.name, scale, ())
    return OpinionTable({"factor": label}, answers, tuple(notes), left, surety, problem, by_person=True)


def _is_worded(sheet: _Sheet, at: int) -> bool:
    """Whether a row holds no number."""
    return all(points_in(cells[at]) is None for cells in sheet.cells.values())


# What the numbers are -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scale:
    """`sums`: everybody gives out the same number of points; `ranks`: everybody says 1 to n, each once."""

    said: str
    surety: int
    sums: float | None = None
    ranks: int | None = None

    def blank(self, points: Sequence[float | None]) -> str:
        """What an empty cell of a person means: 0 where the others use up all points to give, else no answer."""
        given = sum(value for value in points if value is not None)
        return "0" if self.sums and abs(given - self.sums) <= _NEAR * self.sums else ""


def _scale(points: Sequence[Sequence[float | None]]) -> _Scale:
    """What the numbers of people are, each person's in a row."""
    rows = [[value for value in row if value is not None] for row in points]
    rows = [row for row in rows if len(row) >= _FEWEST]
    values = [value for row in rows for value in row]
    if not values:
        return _Scale("no number", -2)
    width = max(map(len, rows))
    if all(sorted(row) == list(range(1, len(row) + 1)) for row in rows):
        return _Scale(f"ranks from 1 to {width}", 1, ranks=width)
    total = median(map(sum, rows))
    same = sum(abs(sum(row) - total) <= _NEAR * abs(total) for row in rows)
    enough = (len(rows) >= _FEWEST and not _all_in_one(points)) or total in _ROUND
    if (
        0 < total <= _MOST_POINTS
        and min(values) >= 0
        and enough
        and same >= _MOST * len(rows)
        and not set(values) <= {0.0, 1.0}
    ):
        return _Scale(f"points that sum to {total:g}", SURE, sums=total)
    whole = all(value == int(value) for value in values)
    if min(values) >= 0 and whole and 1 < max(values) <= _OF_TEN:
        top = next(top for top in (5, 7, 10) if max(values) <= top)
        return _Scale(f"ratings up to {top} taken as points: {top} counts {top} times as much as 1", 1)
    if min(values) >= 0 and whole and max(values) <= _OF_HUNDRED and all(value % _STEP == 0 for value in values):
        return _Scale("points of 0 to 100", 1)
    topped = sum(max(row) == _OF_HUNDRED for row in rows)
    if min(values) >= 0 and max(values) <= _OF_HUNDRED and topped >= _MOST * len(rows):
        return _Scale("points of 0 to 100, the most important having 100", 1)
    return _Scale(f"points of {min(values):g} to {max(values):g}", -2)


def _all_in_one(points: Sequence[Sequence[float | None]]) -> bool:
    """Whether one column makes up nearly all of every sum: then the sums are alike because it hardly varies."""
    totals = [sum(value or 0.0 for value in row) for row in points]
    columns = zip(*points, strict=True)
    shares = [
        [(value or 0.0) / total for value, total in zip(column, totals, strict=True) if total] for column in columns
    ]
    return any(sum(share > 1 - 10 * _NEAR for share in each) >= _MOST * len(totals) for each in shares)


def _problem(name: str, scale: _Scale, worded: Sequence[str]) -> tuple[str, str] | None:
    """Why a sheet of opinions cannot be taken, and what could."""
    expected = "points: 100 for what counts most, and for each other factor how much it counts beside that"
    if worded:
        return f"{name} rates {listed(worded, 4)} in words, which do not say how much more one counts", expected
    if scale.ranks:
        why = f"{name} puts {scale.ranks} factors in order: ranks do not say how much more one counts than the next"
        return why, f"{expected}; or, if these are points all the same, --as '{name}=opinions'"
    return None


def _titles(factors: Iterable[str]) -> dict[str, str]:
    """Headings as names of factors: what stands in brackets behind a question, and no scale."""
    names = list(factors)
    if any(len(name) > _LONGEST_NAME for name in names):
        return dict(zip(names, names, strict=True))
    asked = [_BRACKETS.fullmatch(name) for name in names]
    inner = [found["name"].strip() for found in asked if found is not None]
    if len(set(inner)) == len(names) and not any(_SCALE.fullmatch(f"[{name}]") for name in inner):
        return dict(zip(names, inner, strict=True))
    short = [title_of(_SCALE.sub(" ", name)) for name in names]
    return dict(zip(names, short if len(set(short)) == len(names) and all(short) else names, strict=True))


def _totals(many: int, what: str) -> list[str]:
    return [f"{count(many, what)} of totals or without an answer left out"] if many else []


def _zeros(sheet: _Sheet, rows: Sequence[int], factors: Sequence[str], scale: _Scale) -> list[str]:
    if not scale.sums:
        return []
    every = [[sheet.cells[name][at] for name in factors] for at in rows]
    blank = sum(cells.count("") for cells in every if scale.blank([points_in(cell) for cell in cells]))
    return [f"{count(blank, 'empty cell')} read as 0, as the points sum to {scale.sums:g} without"] if blank else []

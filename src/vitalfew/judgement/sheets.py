"""Record what a group said on a sheet: judgements or forecasts of many people, all of them or none.

A sheet is a CSV file with a heading, or rows at hand. Of judgements: `person`, `group` if there is one, and points in a
column per factor. Of forecasts: `person`, `hypothesis`, `p10`, `p50`, `p90`, and `p_zero` and `evidence` if there are
such: several pieces of evidence in a cell are apart by blanks or semicolons. An empty cell says nothing.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.errors import ActError, UsageError, VitalfewError, Where, suggest
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.recording import forecast_body, journal_of, judgement_body, known
from vitalfew.workspace.cited import cited, separated
from vitalfew.workspace.locks import VALUE_MODEL, reference, value_model
from vitalfew.workspace.people import same_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from vitalfew.workspace.acts import Act, Writer
    from vitalfew.workspace.chain import DefinitionRef
    from vitalfew.workspace.workspace import Workspace

    type Line = tuple[int, dict[str, str]]
    type Record = Callable[[Writer, Mapping[str, str]], Act]

_NAMED = 5
"""Rows whose errors are told at once."""
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d{1,2}")  # three digits behind it could be thousands
_QUANTILES = ("p10", "p50", "p90")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Rows that say something, by their number; `called`: what a row is called; `file` is None of rows at hand."""

    heading: list[str]
    lines: list[Line]
    called: str
    file: Path | None = None

    def where(self, line: int | None = None) -> Where | None:
        """Where it is wrong, as errors tell it."""
        return None if self.file is None else Where(str(self.file), line)


def record(
    ws: Workspace, sheet: Path | str | Iterable[Mapping[str, object]], *, at: datetime | None = None
) -> tuple[Act, ...]:
    """Record the judgements or the forecasts of many people; nothing is recorded unless every row can be.

    Args:
        ws: a workspace whose acts are kept somewhere (`recording.journal_of`).
        sheet: a CSV file, or a mapping per person and answer from column to cell, None where nothing was said; of
            forecasts where there is a column `hypothesis`; their `evidence` may be a list.
        at: when; by default now.

    Raises:
        UsageError: the file or one of its columns is not what it should be.
        ActError: rows cannot be recorded; each is named with the reason.

    Example:
        >>> import vitalfew as vf
        >>> ws = vf.load("acme")  # doctest: +SKIP
        >>> said = [{"person": "anna", "retention": 100, "speed": 20}, {"person": "ben", "retention": 50, "speed": 50}]
        >>> len(vf.record(ws, said))  # doctest: +SKIP
        2
    """
    found = _read(Path(sheet)) if isinstance(sheet, (str, Path)) else _at_hand(sheet)
    told = _forecasts if "hypothesis" in found.heading else _judgements
    keep = told(ws, found, at)
    done: list[Act] = []
    wrong: list[tuple[int, str]] = []
    with journal_of(ws).writing() as writer, writer.all_or_nothing():
        for line, cells in found.lines:
            try:
                done.append(keep(writer, cells))
            except VitalfewError as error:
                wrong.append((line, str(error)))
        _raise(found, wrong)
    return tuple(done)


def _judgements(ws: Workspace, sheet: _Sheet, at: datetime | None) -> Record:
    factors = ws.definitions.factors
    _check(sheet, ["person"], ["group", *factors])
    _complete(sheet, ["person"])
    if not any(cells.get(factor) for _, cells in sheet.lines for factor in factors):
        raise UsageError("the sheet says nothing of any factor", where=sheet.where(), expected=", ".join(factors))

    told: list[DefinitionRef] = []  # the same for all rows of a sheet

    def record(writer: Writer, cells: Mapping[str, str]) -> Act:
        points = {factor: _number(cells[factor], factor) for factor in factors if cells.get(factor)}
        said = Judgement(cells["person"], points, (), None, cells.get("group") or None)
        body = judgement_body(ws.definitions, said)
        if not told:
            told.append(value_model(ws.definitions, writer))
        return writer.append("judgement", VALUE_MODEL, said.person, body, told[0], at)

    return record


def _forecasts(ws: Workspace, sheet: _Sheet, at: datetime | None) -> Record:
    needed = ["person", "hypothesis", *_QUANTILES]
    _check(sheet, needed, ["p_zero", "evidence"])
    _complete(sheet, needed, once=("person", "hypothesis"))

    told: dict[str, DefinitionRef] = {}  # the same for all rows about a hypothesis

    def record(writer: Writer, cells: Mapping[str, str]) -> Act:
        hypothesis = cells["hypothesis"]
        known(hypothesis, ws.definitions.hypotheses, "hypothesis")
        numbers = {name: _number(cells[name], name) for name in (*_QUANTILES, "p_zero") if cells.get(name)}
        body = forecast_body(numbers, cited(separated(cells.get("evidence", "")), ws.definitions))
        if hypothesis not in told:
            told[hypothesis] = reference("hypotheses", hypothesis, ws.definitions, writer)
        return writer.append("forecast", hypothesis, cells["person"], body, told[hypothesis], at)

    return record


def _at_hand(rows: Iterable[Mapping[str, object]]) -> _Sheet:
    """Rows as a program has them: None and NaN are empty cells, as of frames they come from."""
    told = [{str(name): _cell(cell) for name, cell in row.items()} for row in rows]
    lines = [(at, cells) for at, cells in enumerate(told, 1) if any(cells.values())]
    if not lines:
        raise UsageError("there are no rows")
    return _Sheet(list(dict.fromkeys(name for _, cells in lines for name in cells)), lines, "row")


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):  # pieces of evidence
        return " ".join(map(str, value))
    empty = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if empty else str(value).strip()


def _read(file: Path) -> _Sheet:
    """The heading of a file, and the rows that say something with their lines in it."""
    where, expected = Where(str(file)), "a CSV file in UTF-8"
    try:
        text = file.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        rows = csv.reader(StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)
        heading = [name.strip() for name in next(rows, [])]
        lines = [(rows.line_num, [cell.strip() for cell in row]) for row in rows]
    except OSError as error:
        raise UsageError(f"the sheet cannot be read: {error.strerror}", where=where, expected=expected) from None
    except UnicodeDecodeError:
        raise UsageError(
            "the sheet is no text in UTF-8", where=where, expected=expected, hint="save it as CSV UTF-8"
        ) from None
    except csv.Error as error:
        raise UsageError(f"the sheet cannot be read: {error}", where=where, expected=expected) from None
    lines = [(line, cells) for line, cells in lines if any(cells)]
    if not lines:
        raise UsageError("the sheet has no rows", where=where)
    # A comma in a number moves every cell after it into the next column.
    beyond = [(line, "more cells than the heading has") for line, cells in lines if any(cells[len(heading) :])]
    padding = [""] * len(heading)
    named = [(line, dict(zip(heading, cells + padding, strict=False))) for line, cells in lines]
    sheet = _Sheet(heading, named, "line", file)
    _raise(sheet, beyond)
    return sheet


def _check(sheet: _Sheet, needed: Sequence[str], others: Sequence[str]) -> None:
    """Refuse a heading in which a column is missing or means nothing."""
    where, names, heading = sheet.where(), (*needed, *others), sheet.heading
    for name in needed:
        if name not in heading:
            raise UsageError(f"the sheet has no column {name}", where=where, hint=suggest(name, heading))
    for name in filter(None, heading):
        if heading.count(name) > 1:
            raise UsageError(f"the sheet has the column {name[:80]} twice", where=where, hint="keep one of the two")
        if name not in names:
            problem = f"nothing is known by the name of the column '{name[:80]}'"
            raise UsageError(problem, where=where, hint=suggest(name[:80], names))


def _complete(sheet: _Sheet, needed: Sequence[str], once: Sequence[str] = ("person",)) -> None:
    """Refuse empty cells, and to guess which of two answers of a person counts."""
    lines = sheet.lines
    _raise(sheet, [(line, f"{name} is empty") for line, cells in lines for name in needed if not cells.get(name)])
    first: dict[tuple[str, ...], int] = {}
    known_as = [(line, cells | {"person": same_person(cells["person"])}) for line, cells in lines]
    said = [(line, tuple(cells[name] for name in once)) for line, cells in known_as]
    twice = [(line, who) for line, who in said if first.setdefault(who, line) != line]
    _raise(sheet, [(line, f"answered in {sheet.called} {first[who]} already") for line, who in twice])


def _raise(sheet: _Sheet, wrong: Sequence[tuple[int, str]]) -> None:
    """Say what is wrong in which line; names of people are not repeated."""
    if not wrong:
        return
    told = "; ".join(f"{sheet.called} {at}: {reason}" for at, reason in wrong[:_NAMED])
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    raise ActError(f"nothing was recorded: {told}{more}", where=sheet.where(wrong[0][0]))


def _number(text: str, name: str) -> float:
    written = text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text
    try:
        return float(written.replace("_", "?"))  # Python reads 1_0 as ten; whoever typed it may have meant 1.0
    except ValueError:
        raise ActError(f"{name} is '{text[:20]}', which is no number") from None

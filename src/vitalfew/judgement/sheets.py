"""Record what a group said on a sheet: judgements or forecasts of many people, all of them or none.

A sheet is a CSV file with a heading. Of judgements: `person`, `group` if there is one, and points in a column per
factor. Of forecasts: `person`, `hypothesis`, `p10`, `p50`, `p90`, and `p_zero` if there is one. An empty cell says
nothing.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from vitalfew.errors import ActError, UsageError, VitalfewError, Where, suggest
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.recording import folder_of, judgement_body, known
from vitalfew.workspace import acts as acts_of
from vitalfew.workspace.locks import VALUE_MODEL, reference, value_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from vitalfew.workspace.acts import Act, Writer
    from vitalfew.workspace.workspace import Workspace

    type Line = tuple[int, Mapping[str, str]]

_NAMED = 5
"""Rows whose errors are told at once."""
_QUANTILES = ("p10", "p50", "p90")


def judge_all(ws: Workspace, sheet: Path, *, at: datetime | None = None) -> tuple[Act, ...]:
    """Record the judgements of a group from a sheet; nothing is recorded unless every row can be.

    Args:
        ws: a workspace with a folder.
        sheet: a CSV file with `person`, perhaps `group`, and a column of points per factor.
        at: when; by default now.

    Raises:
        UsageError: the file or one of its columns is not what it should be.
        ActError: rows cannot be recorded; each is named with the reason.
    """
    factors = ws.definitions.factors
    lines = _lines(sheet, ["person"], ["group", *factors])
    if not any(cells.get(factor) for _, cells in lines for factor in factors):
        raise UsageError("the sheet says nothing of any factor", where=Where(str(sheet)), expected=", ".join(factors))
    _once(sheet, [(at, (cells["person"],)) for at, cells in lines])

    def record(writer: Writer, cells: Mapping[str, str]) -> Act:
        points = {factor: _number(cells[factor], factor) for factor in factors if cells.get(factor)}
        said = Judgement(cells["person"], points, (), None, cells.get("group") or None)
        body = judgement_body(ws.definitions, said)
        return writer.append("judgement", VALUE_MODEL, said.person, body, value_model(ws.definitions, writer.log), at)

    return _record(ws, sheet, lines, record)


def forecast_all(ws: Workspace, sheet: Path, *, at: datetime | None = None) -> tuple[Act, ...]:
    """Record the forecasts of a group from a sheet; nothing is recorded unless every row can be.

    Args:
        ws: a workspace with a folder.
        sheet: a CSV file with `person`, `hypothesis`, `p10`, `p50`, `p90` and perhaps `p_zero`.
        at: when; by default now.

    Raises:
        UsageError: the file or one of its columns is not what it should be.
        ActError: rows cannot be recorded; each is named with the reason.
    """
    lines = _lines(sheet, ["person", "hypothesis", *_QUANTILES], ["p_zero"])
    _once(sheet, [(at, (cells["person"], cells["hypothesis"])) for at, cells in lines])

    def record(writer: Writer, cells: Mapping[str, str]) -> Act:
        hypothesis = cells["hypothesis"]
        known(hypothesis, ws.definitions.hypotheses, "hypothesis")
        body = {name: _number(cells[name], name) for name in (*_QUANTILES, "p_zero") if cells.get(name)}
        definition = reference("hypotheses", hypothesis, ws.definitions, writer.log)
        return writer.append("forecast", hypothesis, cells["person"], body, definition, at)

    return _record(ws, sheet, lines, record)


def _record(
    ws: Workspace, sheet: Path, lines: Sequence[Line], record: Callable[[Writer, Mapping[str, str]], Act]
) -> tuple[Act, ...]:
    done: list[Act] = []
    wrong: list[tuple[int, str]] = []
    with acts_of.writing(folder_of(ws)) as writer, writer.all_or_nothing():
        for at, cells in lines:
            try:
                done.append(record(writer, cells))
            except VitalfewError as error:
                wrong.append((at, str(error)))
        _raise(sheet, wrong)
    return tuple(done)


def _lines(sheet: Path, needed: Sequence[str], others: Sequence[str]) -> list[Line]:
    """The rows of a sheet that say something, each with its line in the file."""
    where = Where(str(sheet))
    try:
        text = sheet.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the sheet cannot be read: {error}", where=where, expected="a CSV file in UTF-8") from None
    reader = csv.DictReader(StringIO(text), delimiter=_delimiter(text))
    heading = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = heading
    missing = [name for name in needed if name not in heading]
    if missing:
        raise UsageError(f"the sheet has no column {missing[0]}", where=where, hint=suggest(missing[0], heading))
    unknown = [name for name in heading if name and name not in (*needed, *others)]
    if unknown:
        raise UsageError(
            f"nothing is known by the name of the column '{unknown[0][:80]}'",
            where=where,
            hint=suggest(unknown[0][:80], (*needed, *others)),
        )
    rows = [(reader.line_num, {name: (cell or "").strip() for name, cell in row.items() if name}) for row in reader]
    return _filled(sheet, [(at, cells) for at, cells in rows if any(cells.values())], needed)


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max(",;\t", key=heading.count)


def _filled(sheet: Path, lines: list[Line], needed: Sequence[str]) -> list[Line]:
    if not lines:
        raise UsageError("the sheet has no rows", where=Where(str(sheet)))
    empty = [(at, f"{name} is empty") for at, cells in lines for name in needed if not cells[name]]
    _raise(sheet, empty)
    return lines


def _once(sheet: Path, said: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    """Refuse to guess which of two answers of a person counts."""
    first: dict[tuple[str, ...], int] = {}
    twice = [(at, who) for at, who in said if first.setdefault(who, at) != at]
    _raise(sheet, [(at, f"answered in line {first[who]} already") for at, who in twice])


def _raise(sheet: Path, wrong: Sequence[tuple[int, str]]) -> None:
    """Say what is wrong in which line; names of people are not repeated."""
    if not wrong:
        return
    told = "; ".join(f"line {at}: {reason}" for at, reason in wrong[:_NAMED])
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    raise ActError(f"nothing was recorded: {told}{more}", where=Where(str(sheet), wrong[0][0]))


def _number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ActError(f"{name} is '{text[:20]}', which is no number") from None

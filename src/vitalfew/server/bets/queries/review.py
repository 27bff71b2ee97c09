"""The review of a quarter: what was promised and what came of it, what we learned, what we stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.html_record import calibration, sentences
from vitalfew.report.html_value import promises
from vitalfew.report.view import View

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Markup
    from vitalfew.results.rows import ShippedLine, Verdict, VerdictRow

STOPPED = ("fix", "remove")


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter by its key `2026-Q4` and its name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Learned:
    """A verdict with the bets that got it: their lines and titles."""

    verdict: Verdict
    bets: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A quarter of bets.

    `picture`: promised against measured, with its table. `record`: what is known of how well we predict, in sentences.
    """

    picture: Markup
    bets: int
    record: tuple[str, ...]
    calibration: Markup | None
    rows: tuple[VerdictRow, ...]
    learned: tuple[Learned, ...]
    stop: tuple[ShippedLine, ...]


def quarters(run: Results) -> tuple[Quarter, ...]:
    """Quarters in which a promise fell due, newest first."""
    days = {_due(row) for row in run.tables.verdicts}
    keys = sorted({_quarter(day) for day in days if day}, reverse=True)
    return tuple(Quarter(key, f"{key[5:]} {key[:4]}") for key in keys)


def reviewed(run: Results, quarter: str = "", team: str = "") -> Reviewed:
    """The bets that fell due in a quarter, of one team or of all; empty: all of them."""
    rows = tuple(row for row in run.tables.verdicts if _fits(run, row, quarter, team))
    shown = View(replace(run.tables, verdicts=rows), run.workspace.definitions, run.info)
    whole = next((row for row in run.tables.calibration if row.kind == "overall"), None)
    lines = {row.initiative for row in rows}
    return Reviewed(
        picture=promises(shown),
        bets=len(rows),
        record=tuple(sentences(whole)) if whole else (),
        calibration=calibration(run.view),
        rows=rows,
        learned=_learned(run, rows),
        stop=tuple(line for line in run.tables.shipped if line.recommendation in STOPPED and line.line in lines),
    )


def _fits(run: Results, row: VerdictRow, quarter: str, team: str) -> bool:
    made = run.workspace.definitions.initiatives.get(row.initiative)
    if team and (made is None or made.team != team):
        return False
    day = _due(row)
    return not quarter or (day is not None and _quarter(day) == quarter)


def _due(row: VerdictRow) -> date | None:
    return date.fromisoformat(row.due[:10]) if row.due else None


def _quarter(day: date) -> str:
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def _learned(run: Results, rows: tuple[VerdictRow, ...]) -> tuple[Learned, ...]:
    """Bets by their verdict; those of which nothing was measured teach nothing yet."""
    told = [row for row in rows if row.estimate is not None]
    found = []
    for verdict in words.VERDICTS:
        lines = [row.initiative for row in told if row.verdict == verdict]
        bets = tuple((line, run.view.title("initiatives", line)) for line in lines)
        if bets:
            found.append(Learned(verdict, bets))
    return tuple(found)

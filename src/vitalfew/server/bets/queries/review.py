"""The review of a time such as a quarter: what was promised and what came of it, what we learned, what we stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.html_balance import balance
from vitalfew.report.html_record import bets, calibration, sentences
from vitalfew.report.html_review import effort, overrides, process
from vitalfew.report.html_value import due_or_measured, promises
from vitalfew.report.ledger_picture import promises_svg
from vitalfew.report.release_notes import delivered, release_notes
from vitalfew.report.review_words import stopped_title
from vitalfew.server.core.filters import owners, span, times
from vitalfew.server.core.queries.kept import per_run

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Markup
    from vitalfew.report.view import View
    from vitalfew.results.rows import StopRow, Verdict, VerdictRow
    from vitalfew.server.core.filters import Choices, Field, Filter


SHOWN = 20
"""Lines of each list that are shown before the rest is only offered."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A verdict with the bets that got it: their lines and titles; `more`: how many are not shown."""

    verdict: Verdict
    bets: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The bets that fell due in a time.

    `picture`: promised against measured, with its table. `record`: what is known of how well we predict, in sentences.
    `effort`: where effort went and what came of it, and `overrides`: what was decided anyway, both over everything.
    `balance`: effort by horizon beside its targets, when work pays and what exploring taught, over everything.
    `process`: how the bets that are asked for were made, beside what came of them.
    `found_out`: how long and dear it is to find out, and how much is found out at all.
    `more`: bets that the table does not show, `more_to_stop`: what else asks to be stopped.
    `looked`: the run looked for what to stop, as those of earlier versions did not.
    """

    picture: Markup
    bets: int
    record: tuple[str, ...]
    calibration: Markup | None
    effort: Markup | None
    overrides: Markup | None
    process: Markup | None
    balance: Markup | None
    found_out: Markup | None
    rows: tuple[VerdictRow, ...]
    learned: tuple[Learned, ...]
    stop: tuple[StopRow, ...]
    more: int
    more_to_stop: int
    looked: bool


def offers(run: Results) -> dict[Field, Choices]:
    """What bets with a verdict may be filtered by, the times by when their promises fell due."""
    rows, definitions = run.tables.verdicts, run.workspace.definitions
    bets = [bet for row in rows if (bet := definitions.initiatives.get(row.initiative))]
    about = {one.segment for row in rows if (one := definitions.hypotheses.get(row.hypothesis))}
    return {
        **owners(definitions, ((definitions.product_of(bet), bet.team) for bet in bets)),
        "segment": [(key, definitions.title("segments", key)) for key in sorted(about - {"all"})],
        "time": times(_due(row) for row in rows),
        "q": (),
    }


def due(run: Results, wanted: Filter) -> tuple[VerdictRow, ...]:
    """What fell due and is asked for."""
    return tuple(row for row in run.tables.verdicts if _fits(run, row, wanted))


def reviewed(run: Results, wanted: Filter, *, whole: bool = False) -> Reviewed:
    """The bets that fell due and are asked for, long lists cut unless `whole`; kept unless words were searched for."""
    if wanted.q:
        return _reviewed(run, wanted, whole=whole)
    return per_run(run, f"reviewed {whole} {wanted.name}", lambda of: _reviewed(of, wanted, whole=whole))


def _reviewed(run: Results, wanted: Filter, *, whole: bool) -> Reviewed:
    rows = due(run, wanted)
    most, listed = None if whole else SHOWN, due_or_measured(rows)
    stop = tuple(row for row in run.tables.stop if _stops(run, row, wanted))
    overall = next((row for row in run.tables.calibration if row.kind == "overall"), None)
    return Reviewed(
        picture=promises(_shown(run, rows), most),
        process=process(_shown(run, rows), most),
        balance=balance(run.view),
        bets=len(rows),
        found_out=bets(run.view, most),
        record=tuple(sentences(overall)) if overall else (),
        calibration=calibration(run.view),
        effort=effort(run.view),
        overrides=overrides(run.view),
        rows=rows,
        learned=_learned(run, rows, most),
        stop=stop[:most],
        more=len(listed) - len(listed[:most]),
        more_to_stop=len(stop) - len(stop[:most]),
        looked=run.info.holds("stop"),
    )


def picture(run: Results, wanted: Filter) -> str | None:
    """Promised against measured of what is asked for, as an SVG file; None where nothing can be drawn."""
    return promises_svg(_shown(run, due(run, wanted)))


def notes(run: Results, wanted: Filter) -> str:
    """Release notes of value of what shipped and is asked for, as Markdown, kept likewise; empty where nothing did."""
    if wanted.q:
        return _notes(run, wanted)
    return per_run(run, f"notes {wanted.name}", lambda of: _notes(of, wanted))


def _notes(run: Results, wanted: Filter) -> str:
    first, last = span(wanted.time, wanted.today) if wanted.time else (None, None)
    lines = [
        line
        for line in delivered(run.view, first, last)
        if wanted.owned(line.product, line.team) and wanted.worded(line.title, line.line)
    ]
    return release_notes(run.view, lines, first) if lines else ""


def _shown(run: Results, rows: tuple[VerdictRow, ...]) -> View:
    asked = {row.hypothesis for row in rows}
    made = tuple(row for row in run.tables.process if row.hypothesis in asked)
    return replace(run.view, tables=replace(run.tables, verdicts=rows, process=made))


def _fits(run: Results, row: VerdictRow, wanted: Filter) -> bool:
    made = run.workspace.definitions
    bet, question = made.initiatives.get(row.initiative), made.hypotheses.get(row.hypothesis)
    return (
        (wanted.owned(made.product_of(bet), bet.team) if bet else wanted.owned(None, None))
        and wanted.segment in ("", question.segment if question else "all")
        and wanted.worded(made.title("initiatives", row.initiative), row.initiative, row.hypothesis)
        and wanted.dated(_due(row))
    )


def _stops(run: Results, row: StopRow, wanted: Filter) -> bool:
    """Whether something to stop is of this product and team, whenever it fell due; a metric is its owner's."""
    made = run.workspace.definitions
    of = made.features.get(row.key) if row.kind == "feature" else made.initiatives.get(row.key)
    product, team = (made.product_of(of), of.team) if of else (None, None)
    return wanted.owned(product, team) and wanted.worded(stopped_title(run.view, row), row.key)


def _due(row: VerdictRow) -> date | None:
    return date.fromisoformat(row.due[:10]) if row.due else None


def _learned(run: Results, rows: tuple[VerdictRow, ...], most: int | None) -> tuple[Learned, ...]:
    """Bets by their verdict; those of which nothing was measured teach nothing yet."""
    told = [row for row in rows if row.estimate is not None]
    found = []
    for verdict in words.VERDICTS:
        lines = [row.initiative for row in told if row.verdict == verdict]
        bets = tuple((line, run.view.title("initiatives", line)) for line in lines[:most])
        if bets:
            found.append(Learned(verdict, bets, len(lines) - len(bets)))
    return tuple(found)

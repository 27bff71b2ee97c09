"""Checks of how people predict: facts about the organisation, and about teams and sources of five people or more."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.decide.verdict import has_come
from vitalfew.judgement.record import in_ranges
from vitalfew.judgement.scores import cdf
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.stats.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vitalfew.results.rows import CalibrationRow, PromiseRow, VerdictRow

_FEWEST = 10  # resolved promises before anything is said of how people predict


@check(
    "R76",
    "info",
    why="Whoever promises little is never wrong, and nobody can plan by what is promised.",
    do="Ask for what is expected, not for what is safe: ranges are scored, a kept promise is not.",
    reads=("sandbagged_times",),
)
def sandbagging(view: View) -> Iterator[Found]:
    """Records in which far more came than was promised, over most promises rather than by a few."""

    def low(row: CalibrationRow) -> bool:
        came = row.delivered.low if row.delivered else None
        above = sum(row.pit[len(row.pit) // 2 :])
        return came is not None and came > view.thresholds.sandbagged_times and wilson(above, row.resolved)[0] > 1 / 2

    for row in _where(view, low):
        came = row.delivered.estimate if row.delivered else 0.0
        yield Found("forecasts", f"{_whose(row)}: {came:.1f} times what was promised came ({_resolved(row)}).")


@check(
    "R53",
    "info",
    why="Where every prediction is certain and comes true, nothing was learned: what might fail was not predicted.",
    do="Pose the hypotheses whose answer would change what you build, doubtful ones first.",
    reads=("sure_chance", "sure_share"),
)
def sure_wins(view: View) -> Iterator[Found]:
    """Promises that were nearly all certain to come out well, and did."""
    resolved = _resolved_promises(view)
    if len(resolved) < _FEWEST:
        return
    limits = view.thresholds
    sure = sum(_chance(view, promise) >= limits.sure_chance for promise, _ in resolved)
    won = sum(_is_better(view, verdict) for _, verdict in resolved)
    if min(sure, won) >= limits.sure_share * len(resolved):
        what = f"{sure} of {len(resolved)} promises were all but certain to come out well, and {won} did"
        yield Found("forecasts", f"{what}: nobody predicts what might fail.")


@check(
    "R54",
    "info",
    why="A range that holds everything cannot be wrong, and says nothing to whoever has to choose.",
    do="Ask for the value that only one time in ten is undercut, and exceeded; show people their coverage.",
    reads=("expected_coverage", "wide_stretch"),
)
def stretched_ranges(view: View) -> Iterator[Found]:
    """Records in which clearly more than 80 % came inside the 80 % ranges, and these are far too wide."""

    def wide(row: CalibrationRow) -> bool:
        low = row.coverage.low if row.coverage else None
        return (
            low is not None and low > view.thresholds.expected_coverage and row.stretch < view.thresholds.wide_stretch
        )

    for row in _where(view, wide):
        yield Found(
            "forecasts", f"{_whose(row)}: 80 % ranges held {_covered(row)}, {1 / row.stretch:.1f} times too wide."
        )


@check(
    "R54",
    "warning",
    why="Ranges that are too narrow make guesses look like knowledge, and every plan built on them too sure.",
    do="Forecast again with a wider range in mind, and let people say first why the opposite might come.",
    reads=("expected_coverage", "narrow_stretch"),
)
def narrow_ranges(view: View) -> Iterator[Found]:
    """Records in which clearly less than 80 % came inside the 80 % ranges, and these are far too narrow."""

    def narrow(row: CalibrationRow) -> bool:
        high = row.coverage.high if row.coverage else None
        return (
            high is not None
            and high < view.thresholds.expected_coverage
            and row.stretch > view.thresholds.narrow_stretch
        )

    for row in _where(view, narrow):
        yield Found(
            "forecasts", f"{_whose(row)}: 80 % ranges held {_covered(row)}, {row.stretch:.1f} times too narrow."
        )


@check(
    "R54",
    "warning",
    why="Opinions that say nothing of what will come decide what is built, whoever holds them.",
    do="Test the next such idea at its smallest before it is built, and show the record beside the forecast.",
    reads=("hippo_slope", "scored_share"),
)
def hippo(view: View) -> Iterator[Found]:
    """Forecasts that are hardly ever scored, or that tell next to nothing of what comes."""
    due = [row for row in view.tables.verdicts if row.promised is not None and _is_due(view, row)]
    scored = sum(row.estimate is not None for row in due)
    if len(due) >= _FEWEST and scored < view.thresholds.scored_share * len(due):
        told = f"{scored} {'was' if scored == 1 else 'were'} measured"
        yield Found("forecasts", f"Of {len(due)} promises that fell due, {told}: forecasts are not scored.")

    def says_nothing(row: CalibrationRow) -> bool:
        return row.slope.estimate < view.thresholds.hippo_slope

    for row in _where(view, says_nothing):
        share = percent(row.slope.estimate)
        yield Found("forecasts", f"{_whose(row)}: of what is forecast, {share} comes ({_resolved(row)}).")


@check(
    "R51",
    "warning",
    why="Who forecasts while the numbers come in reads them: such a promise proves no foresight.",
    do="Lock before the first user is exposed; set `started:` to the day the work began.",
)
def late_lock(view: View) -> Iterator[Found]:
    """Promises that count as made in time, though their experiment had begun to show numbers before the lock."""
    first = _first_evidence(view)
    zone = ZoneInfo(view.definitions.workspace.time_zone)
    late = []
    for row in view.tables.promises:
        begun = first.get(row.initiative)
        if row.locked_at is not None and row.proved != "no" and begun is not None:
            locked = datetime.fromisoformat(row.locked_at).astimezone(zone).date()
            late += [row.initiative] if locked > begun else []
    if late:
        names = listed((view.title("initiatives", key) for key in dict.fromkeys(late)), SHOWN)
        yield Found("forecasts", f"Locked after the experiment had begun: {names}.")


def _where(view: View, is_so: Callable[[CalibrationRow], bool]) -> Iterator[CalibrationRow]:
    """Records of ten resolved or more of which something is so: the whole, else the teams and sources."""
    found = [row for row in view.tables.calibration if row.own and row.kind != "person" and is_so(row)]
    overall = [row for row in found if row.kind == "overall"]
    yield from overall or found


def _whose(row: CalibrationRow) -> str:
    return "Over everything" if row.kind == "overall" else f"{row.kind.capitalize()} {row.name}"


def _resolved(row: CalibrationRow) -> str:
    return f"{row.resolved} resolved"


def _covered(row: CalibrationRow) -> str:
    held = row.coverage.estimate if row.coverage else 0.0
    return f"{percent(held)} of what came ({_resolved(row)})"


def _resolved_promises(view: View) -> list[tuple[PromiseRow, VerdictRow]]:
    locked = {row.hypothesis: row for row in view.tables.promises if row.locked_at is not None}
    return [
        (locked[row.hypothesis], row)
        for row in view.tables.verdicts
        if row.promised is not None and row.estimate is not None and row.hypothesis in locked and _is_due(view, row)
    ]


def _is_due(view: View, row: VerdictRow) -> bool:
    return has_come(date.fromisoformat(row.due) if row.due else None, view.as_of)


def _sign(view: View, metric: str) -> float:
    defined = view.definitions.metrics.get(metric)
    return -1.0 if defined is not None and defined.direction == "down" else 1.0


def _chance(view: View, promise: PromiseRow) -> float:
    """P(better than nothing) by a promise."""
    return 1 - cdf(in_ranges(promise, _sign(view, promise.metric)), 0.0)


def _is_better(view: View, row: VerdictRow) -> bool:
    return _sign(view, row.metric) * (row.estimate or 0.0) > 0


def _first_evidence(view: View) -> dict[str, date]:
    """The day on which the first unit of an initiative's experiments was exposed, or was to be."""
    seen: dict[str, list[date]] = {}
    arrivals: dict[str, date] = {}
    for row in view.tables.arrivals:
        day = date.fromisoformat(row.day)
        arrivals[row.experiment] = min(day, arrivals.get(row.experiment, day))
    for key, experiment in view.definitions.experiments.items():
        begun = arrivals.get(key, experiment.start)
        if experiment.initiative is not None and begun is not None:
            seen.setdefault(experiment.initiative, []).append(begun)
    return {initiative: min(days) for initiative, days in seen.items()}

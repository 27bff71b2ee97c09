"""How well people predict, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.sheet import Sheet
from vitalfew.report.words import count, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from vitalfew.results.rows import CalibrationRow, Estimate

_USUAL = 0.15
"""Ranges off by less than this share are said to be about right."""
_ASKED = 0.8
"""Share of what comes that the ranges are asked to hold."""
_BLOCKS = " ▁▂▃▄▅▆▇█"


def calibration_text(rows: Iterable[CalibrationRow], person: CalibrationRow | None = None) -> str:
    """The record as text: over everything, of teams and sources, and of the person who asks."""
    parts = [*([person] if person else []), *rows]
    told = [row for row in parts if row.own or row.kind in ("overall", "person")]
    short = [f"{row.kind} {row.name} ({count(row.resolved, 'promise')})" for row in parts if row not in told]
    rest = [f"No record yet, fewer than ten resolved: {', '.join(short)}"] if short else []
    return "\n\n".join(["\n".join(_sentences(row)) for row in told] + rest)


def print_calibration(text: str, console: Console) -> None:
    """Print the record, wrapped at words and as wide as the console."""
    sheet = Sheet(console)
    for line in text.splitlines():
        sheet.say(line.lstrip(), indent=len(line) - len(line.lstrip()))


def _sentences(row: CalibrationRow) -> Iterator[str]:
    yield f"{_about(row)}: {count(row.resolved, 'forecast' if row.kind == 'person' else 'promise')} resolved"
    yield from (f"  {note}" for note in row.notes)
    label = "" if row.own else " (prior)"
    yield f"  of what is forecast, {_between(row.slope)} comes{label}"
    if row.own:
        yield from (f"  {sentence}" for sentence in _scores(row))
    usual = "of what came" if row.own else "of changes elsewhere (reference class)"
    yield f"  {usual}, {share(row.nothing)} did nothing and {share(row.better)} made things better"


def _about(row: CalibrationRow) -> str:
    if row.kind == "person":
        return "Your own record, shown to you alone"
    people = "1 person" if row.people == 1 else f"{row.people} people"
    if row.kind == "overall":
        return f"Everything ({people})" if row.people else "Everything"
    return f"{row.kind.capitalize()} {row.name} ({people})"


def _scores(row: CalibrationRow) -> Iterator[str]:
    if row.delivered is not None:
        yield f"of the gains promised, {_between(row.delivered)} came"
    if row.coverage is not None:
        yield f"inside the 80 % ranges came {_between(row.coverage, 95)}: {_ranges(row)}"
    if row.skill is not None:
        than = "better" if row.skill >= 0 else "worse"
        yield f"score (CRPS) {row.crps:.3g} of a range, {share(abs(row.skill))} {than} than knowing no initiative"
    if row.brier is not None and row.uncertainty:
        usual = f"always saying the usual share would give {row.uncertainty:.2f}"
        yield f"whether it helps at all: Brier score {row.brier:.2f}; {usual}"
    if any(row.pit):
        yield f"where in the forecasts it fell, tenth by tenth: {_histogram(row.pit)}"


def _between(found: Estimate, confidence: int = 80) -> str:
    if found.low is None or found.high is None:
        return share(found.estimate)
    return f"{share(found.estimate)} ({confidence} % interval {100 * found.low:.0f} to {100 * found.high:.0f})"


def _ranges(row: CalibrationRow) -> str:
    """Whether ranges are wide enough, once what is forecast too much or too little is taken off."""
    high = row.coverage.high if row.coverage else None
    if high is not None and high < _ASKED and row.stretch < 1 + _USUAL:
        return "they are wide enough, but lie beside what came"
    if abs(row.stretch - 1) <= _USUAL:
        return "they are about right"
    return (
        f"they are {row.stretch:.1f} times too narrow"
        if row.stretch > 1
        else f"they are {1 / row.stretch:.1f} times too wide"
    )


def _histogram(counts: tuple[int, ...]) -> str:
    most = max(counts)
    bars = "".join(_BLOCKS[round((len(_BLOCKS) - 1) * each / most)] for each in counts)
    return f"{bars} ({' '.join(map(str, counts))})"

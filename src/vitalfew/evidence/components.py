"""Component links: how a whole follows from its parts, exactly, and whether it does so on the data at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.component_parts import WINDOW, of_comparisons, of_series, windows
from vitalfew.evidence.wholes import newest, slopes_of, states, value_of
from vitalfew.results.figures import significant, unit_of, with_unit
from vitalfew.results.rows import FailedRow, LinkRow, PartRow
from vitalfew.workspace.formulas import formulas

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import Corpora
    from vitalfew.evidence.wholes import State
    from vitalfew.results.rows import SeriesRow
    from vitalfew.workspace.definitions import Definitions, Grade
    from vitalfew.workspace.formulas import Formula

    Floats = NDArray[np.float64]

ROUNDING = 1e-3
"""A formula may miss its whole by this share of it: what rounding, caps and late events do."""
_FIGURES = 6
_ERRORS = 3.0  # and by so many standard errors of the difference
BY_DEFINITION = "by definition: {child} = {formula}"


@dataclass(frozen=True, slots=True)
class Components:
    """Links of parts to wholes, shares of parts in changes, and what could not be computed."""

    links: tuple[LinkRow, ...]
    parts: tuple[PartRow, ...]
    failed: tuple[FailedRow, ...]


def components(definitions: Definitions, corpora: Corpora, series: Iterable[SeriesRow], today: date) -> Components:
    """All component links with their slopes at the present level of the parts, and all changes split by them.

    Args:
        definitions: with links of kind component.
        corpora: effects of experiments and of releases.
        series: daily values of metrics.
        today: nothing later counts.
    """
    daily = _daily(series, today)
    links, parts, failed = list[LinkRow](), list[PartRow](), list[FailedRow]()
    for child, formula in formulas(definitions).items():
        found = list(states(formula, child, corpora.randomised))
        level, where = _level(definitions, corpora, formula, found, daily)
        gap = _gap(formula, corpora, found)
        links += _links(definitions, child, formula, level, where, gap, len(found))
        parts += of_comparisons(child, formula, corpora.randomised, found, failed)
        parts += of_comparisons(
            child, formula, corpora.releases, list(states(formula, child, corpora.releases)), failed
        )
        parts += of_series(definitions, child, formula, daily, today, failed)
        if gap is not None:
            failed.append(FailedRow("components", child, gap.message(definitions, child), remark=True))
    return Components(tuple(links), tuple(parts), tuple(failed))


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where a whole differs from its formula."""

    experiment: str
    measured: float
    computed: float

    @property
    def share(self) -> float:
        return abs(self.measured - self.computed) / abs(self.measured) if self.measured else np.inf

    def message(self, definitions: Definitions, child: str) -> str:
        unit = unit_of(definitions.metrics.get(child))
        measured, computed = (
            with_unit(significant(value * unit.factor, _FIGURES), unit.level)
            for value in (self.measured, self.computed)
        )
        experiment, whole = definitions.title("experiments", self.experiment), definitions.title("metrics", child)
        return (
            f"the formula does not hold on your data: in {experiment}, {whole} is {measured} and its"
            f" formula gives {computed}; give the whole and its parts the same units, windows and caps"
        )


def _gap(formula: Formula, corpora: Corpora, found: Iterable[State]) -> _Gap | None:
    """The largest difference beyond rounding and noise between the whole in control and its formula."""
    largest: _Gap | None = None
    for state in found:
        if state.whole is None:
            continue
        gap = _Gap(corpora.randomised.experiments[state.at], state.whole[0], float(value_of(formula, state.before)))
        slopes = np.concatenate([[1.0], -slopes_of(formula, state.before)])
        noise = float(slopes @ ((1 - state.control_share) * state.with_whole) @ slopes)
        error = np.sqrt(noise) if np.isfinite(noise) and noise > 0 else 0.0
        beyond = gap.share > ROUNDING and abs(gap.measured - gap.computed) > _ERRORS * error
        if beyond and (largest is None or gap.share > largest.share):
            largest = gap
    return largest


def _level(
    definitions: Definitions,
    corpora: Corpora,
    formula: Formula,
    found: list[State],
    daily: Mapping[str, Mapping[int, float]],
) -> tuple[Floats | None, str]:
    """The present level of all parts from one place, and which: an experiment, a series, or the ranges of factors."""
    last = newest(definitions, corpora.randomised, found)
    if last is not None:
        title = definitions.title("experiments", corpora.randomised.experiments[last.at])
        return last.before, f"at the level of control in {title}"
    recent = windows(formula, daily)
    if recent is not None:
        return recent[1].mean(axis=0), f"at the mean of the last {WINDOW} days"
    baselines = [definitions.factors[part].baseline if part in definitions.factors else None for part in formula.parts]
    known = [value for value in baselines if value is not None]
    if len(known) == len(baselines):
        return np.array(known), "at the baselines of the factors"
    slopes = slopes_of(formula, np.ones(len(formula.parts)))
    # A sum has the same slopes everywhere, so that nobody need know where it stands.
    flat = np.allclose(slopes, slopes_of(formula, np.linspace(2.0, 3.0, len(slopes))), rtol=1e-6)
    return (np.ones(len(formula.parts)), "at any level") if flat else (None, "")


def _links(
    definitions: Definitions,
    child: str,
    formula: Formula,
    level: Floats | None,
    where: str,
    gap: _Gap | None,
    experiments: int,
) -> Iterable[LinkRow]:
    said = re.sub(r"\w+", lambda found: _titled(definitions, formula, found[0]), formula.text)
    method = BY_DEFINITION.format(child=definitions.title("metrics", child), formula=said)
    slopes: Sequence[float | None] = [None] * len(formula.parts)
    notes = ["where its parts stand is not measured, so that the slope is open"]
    if level is not None:
        found = slopes_of(formula, level)
        slopes = [float(slope) if np.isfinite(slope) else None for slope in found]
        notes = [f"exact by definition, {where}"]
    grade: Grade = "replicated"
    if gap is not None:
        grade = "opinion"  # a definition that the data contradict is somebody's belief
        notes.append(gap.message(definitions, child))
    for link, part, slope in zip(formula.links, formula.parts, slopes, strict=True):
        doubt = abs(slope or 0.0) * gap.share if gap is not None else 0.0
        yield LinkRow(
            link=link,
            parent=part,
            child=child,
            kind="component",
            status="exact",
            estimate=slope,
            low=slope,
            high=slope,
            se=None if slope is None else 0.0,
            grade=grade,
            z=None,
            experiments=experiments,
            method=method,
            believed=None if slope is None else (slope, doubt),
            notes=tuple(notes),
        )


def _titled(definitions: Definitions, formula: Formula, word: str) -> str:
    return definitions.title("metrics", word) if word in formula.parts else word


def _daily(series: Iterable[SeriesRow], today: date) -> dict[str, dict[int, float]]:
    """Values of whole metrics by day (counted from the first of January of the year 1)."""
    from datetime import date as day_of

    found: dict[str, dict[int, float]] = {}
    for row in series:
        day = day_of.fromisoformat(row.day)
        if row.unit is None and day <= today:
            found.setdefault(row.metric, {})[day.toordinal()] = row.value
    return found

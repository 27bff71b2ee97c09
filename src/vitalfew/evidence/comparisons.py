"""Which comparisons an experiment asks for: every metric, segment and arm against control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.errors import suggest
from vitalfew.results.columns import DENOMINATOR, covariates_of, steps_of
from vitalfew.results.rows import FailedRow, LifetimesRow, QuantilesRow
from vitalfew.stats.comparison import PAIRS, has_pairs
from vitalfew.stats.percent import percent
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.evidence.arms import Distribution, Measured
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions, Experiment

STAGE = "effects"
POOLED = "the split between the arms changed on the way, and {kind} of several phases cannot be joined"
_FEWEST = 2  # units per arm that a phase or stratum must have to count
_ENOUGH = 0.999  # share of all units that strata must hold to be told as complete


@dataclass(frozen=True, slots=True)
class Item:
    """One comparison to make.

    Attributes:
        cells: moments of control and treatment; several when phases or strata are compared apart and then averaged.
        pooled: moments of control and treatment as they are, where covariates or strata change the estimate; None
            otherwise, and where the split changed: there the pooled difference is no effect.
        covariates: columns to adjust for.
        distribution: order statistics or lifetimes of control and treatment, for metrics that no moments can tell.
        phases: how many phases the cells come from.
    """

    experiment: str
    metric: str
    segment: str | None
    arm: str
    control: str
    cells: tuple[tuple[Moments, Moments], ...] = ()
    pooled: tuple[Moments, Moments] | None = None
    denominator: str | None = None
    covariates: tuple[str, ...] = ()
    distribution: tuple[Distribution, Distribution] | None = None
    phases: int = 1
    notes: tuple[str, ...] = ()

    @property
    def quantiles(self) -> tuple[QuantilesRow, ...]:
        """Order statistics of control and treatment; empty when the metric has none."""
        return tuple(row for row in self.distribution or () if isinstance(row, QuantilesRow))

    @property
    def lifetimes(self) -> tuple[LifetimesRow, ...]:
        """Times to an event in control and treatment; empty when the metric has none."""
        return tuple(row for row in self.distribution or () if isinstance(row, LifetimesRow))

    @property
    def place(self) -> str:
        """What the item is about, in one word."""
        return "/".join(filter(None, (self.experiment, self.metric, self.segment, self.arm)))


def control_of(definitions: Definitions, experiment: str) -> str:
    """The arm that others are compared with; `control` in an experiment that nobody defined."""
    defined = definitions.experiments.get(experiment)
    return defined.control if defined is not None else "control"


def comparisons(definitions: Definitions, experiment: str, found: Measured) -> Iterator[Item | FailedRow]:
    """What to compare in one experiment, and what cannot be compared with the reason.

    An experiment that nobody defined is compared against the arm `control`, on everything that was measured.
    """
    control, everywhere = control_of(definitions, experiment), found.all_arms
    if control not in everywhere:
        yield FailedRow(STAGE, experiment, f"control '{control}' is no arm of the data; arms: {', '.join(everywhere)}")
        return
    if len(everywhere) == 1:
        yield FailedRow(STAGE, experiment, f"not enough data: '{control}' is the only arm that has units", remark=True)
        return
    wanted = wanted_metrics(definitions, experiment, found)
    yield from _not_measured(definitions, experiment, wanted, found)
    notes = found.notes_on_cross_products()
    strata = strata_of(definitions.experiments.get(experiment), found)
    yield from _unusable_strata(definitions, experiment, strata)
    for segment in found.segments:
        arms = found.arms(segment)
        for arm in (other for other in everywhere if other != control):
            empty = [name for name in (control, arm) if name not in arms]
            if empty:
                place = experiment if segment is None else f"{experiment}/{segment}"
                yield FailedRow(STAGE, place, f"not enough data: no units in arm '{empty[0]}'", remark=True)
                continue
            pair = _Pair(definitions, experiment, found, segment, control, arm, strata if segment is None else ())
            yield from (item for metric in wanted for item in pair.items(metric, notes))


def wanted_metrics(definitions: Definitions, experiment: str, found: Measured) -> tuple[str, ...]:
    """The metrics an experiment names, else all that were measured, and those of its source that had no value at all.

    Distributions have no row where no unit has a value; moments say so themselves.
    """
    defined = definitions.experiments.get(experiment)
    if defined is not None and defined.metrics:
        return defined.metrics
    measured = (name for arm in found.arms(found.main) for name in found.metrics(found.main, arm))
    own = (key for key, metric in definitions.metrics.items() if metric.numerator.source == found.source)
    empty = (key for key in own if defined is not None and definitions.metrics[key].kind in DISTRIBUTIONS)
    return tuple(dict.fromkeys((*measured, *empty)))


def strata_of(defined: Experiment | None, found: Measured) -> tuple[str, ...]:
    """The strata of an experiment that were measured and exclude each other; none when they overlap."""
    named = tuple(key for key in (defined.strata if defined is not None else ()) if key in found.cells)
    if not named:
        return ()
    within = sum(sum(found.units(key).values()) for key in named)
    return named if within <= sum(found.units(None).values()) else ()


def _unusable_strata(definitions: Definitions, experiment: str, strata: Sequence[str]) -> Iterator[FailedRow]:
    """Strata that an experiment names, when none of them is averaged over."""
    defined = definitions.experiments.get(experiment)
    if defined is None or not defined.strata or strata:
        return
    reason = "effects are not averaged over strata: " + (
        "these lie across the clusters that were dealt"
        if defined.cluster is not None
        else "they overlap or were not measured; name segments that exclude each other"
    )
    yield FailedRow(STAGE, experiment, reason, remark=True)


def _not_measured(
    definitions: Definitions, experiment: str, wanted: Sequence[str], found: Measured
) -> Iterator[FailedRow]:
    measured = {arm: found.metrics(found.main, arm) for arm in found.arms(found.main)}
    known = {name for names in measured.values() for name in names}
    for metric in wanted:
        arms = [arm for arm, names in measured.items() if metric not in names]
        if arms:
            where = "any arm" if len(arms) == len(measured) else f"arm '{arms[0]}'"
            reason = f"not measured in {where}; {suggest(metric, sorted(known))}"
            # Distributions have no row where no unit has a value.
            empty = metric in definitions.metrics and definitions.metrics[metric].kind in DISTRIBUTIONS
            if empty:
                reason = f"not enough data for '{metric}': no unit of {where} has a value"
            yield FailedRow(STAGE, f"{experiment}/{metric}", reason, remark=empty)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Control and one arm of an experiment, in one segment."""

    definitions: Definitions
    experiment: str
    found: Measured
    segment: str | None
    control: str
    arm: str
    strata: tuple[str, ...]

    def items(self, metric: str, notes: tuple[str, ...]) -> Iterator[Item | FailedRow]:
        """The comparison on one metric, if it was measured in both arms."""
        told = self.found.distributions.get(self.segment, {}).get(metric, {})
        if self.control in told and self.arm in told:
            yield self._of_distribution(metric, (told[self.control], told[self.arm]))
            return
        phases = self._cells(metric, (self.segment,))
        if not phases:
            return
        strata = self._cells(metric, self.strata) if len(self.strata) > 1 else []
        cells = strata or phases
        first = cells[0][0].names
        bottom = f"{metric}{DENOMINATOR}"
        ratio = all(bottom in moments.names for cell in cells for moments in cell)
        columns = tuple(
            name
            for name in covariates_of(metric, first)
            if all(name in moments.names for cell in cells for moments in cell)
        )
        yield Item(
            experiment=self.experiment,
            metric=metric,
            segment=self.segment,
            arm=self.arm,
            control=self.control,
            cells=tuple(cells),
            pooled=phases[0] if (strata or columns) and len(phases) == 1 else None,
            denominator=bottom if ratio else None,
            covariates=columns,
            phases=len(phases),
            notes=(*notes, *self._notes(metric, cells, phases, bottom if ratio else None)),
        )

    def _of_distribution(self, metric: str, rows: tuple[Distribution, Distribution]) -> Item | FailedRow:
        where = (self.experiment, metric, self.segment, self.arm)
        if len(self.found.phases(None)) > 1:
            defined = self.definitions.metrics.get(metric)
            kind = "times to an event" if defined and defined.kind == "time_to_event" else "quantiles"
            return FailedRow(STAGE, "/".join(filter(None, where)), POOLED.format(kind=kind), remark=True)
        return Item(*where, self.control, distribution=rows)

    def _cells(self, metric: str, segments: Sequence[str | None]) -> list[tuple[Moments, Moments]]:
        """Control and treatment on one metric, for every phase of some segments in which both have units.

        Where nowhere two units are in both arms, the first cell is kept: what it lacks is then said.
        """
        every = [
            pair
            for segment in segments
            for arms in self.found.phases(segment).values()
            if (pair := _pair_with(arms, metric, self.control, self.arm)) is not None
        ]
        enough = [pair for pair in every if min(moments.count(metric) for moments in pair) >= _FEWEST]
        return enough or every[:1]

    def _notes(
        self,
        metric: str,
        cells: Sequence[tuple[Moments, Moments]],
        phases: Sequence[tuple[Moments, Moments]],
        bottom: str | None,
    ) -> Iterator[str]:
        if bottom is not None and not all(has_pairs(moments, metric, bottom) for cell in cells for moments in cell):
            yield PAIRS
        if len(phases) > 1:
            yield f"the split between the arms changed on the way: {len(phases)} phases are compared apart and averaged"
        if cells is not phases:
            yield from self._on_strata(metric, cells, phases)
        yield from self._on_cap(metric)
        steps = steps_of(metric, cells[0][0].names)
        if steps and len(cells) == 1:
            yield self._on_steps(metric, steps, cells[0])

    def _on_strata(
        self, metric: str, cells: Sequence[tuple[Moments, Moments]], phases: Sequence[tuple[Moments, Moments]]
    ) -> Iterator[str]:
        within, everyone = (sum(part.count(metric) for cell in some for part in cell) for some in (cells, phases))
        names = ", ".join(self.definitions.title("segments", key) for key in self.strata)
        yield f"averaged over strata ({names}) by their size (post-stratification)"
        if within < _ENOUGH * everyone:
            are = "is" if everyone - within == 1 else "are"
            yield f"{everyone - within:,} of {everyone:,} units {are} left out: in no stratum that both arms have"

    def _on_cap(self, metric: str) -> Iterator[str]:
        defined = self.definitions.metrics.get(metric)
        if defined is not None and defined.cap is not None:
            cap = defined.cap
            quantile = f"the {percent(cap.percentile or 0.0, 1)} quantile of all units"
            at = quantile if cap.absolute is None else f"{cap.absolute:g}"
            yield f"values beyond {at} are set to it ({cap.side} cap)"

    def _on_steps(self, metric: str, steps: Sequence[str], cell: tuple[Moments, Moments]) -> str:
        defined = self.definitions.metrics.get(metric)
        names = defined.steps if defined is not None and len(defined.steps) == len(steps) else steps
        told = [
            f"{name} {percent(cell[1].mean_of(step), 1)} against {percent(cell[0].mean_of(step), 1)}"
            for name, step in zip(names, steps, strict=True)
        ]
        return f"steps reached, {self.arm} against {self.control}: {', '.join(told)}"


def _pair_with(
    arms: Mapping[str, Sequence[Moments]], metric: str, control: str, arm: str
) -> tuple[Moments, Moments] | None:
    found = [next((part for part in arms.get(name, ()) if metric in part.names), None) for name in (control, arm)]
    return None if found[0] is None or found[1] is None else (found[0], found[1])

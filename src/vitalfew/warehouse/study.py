"""What the experiments of one source ask for, and the rows that answer them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from operator import add
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vitalfew.errors import suggest
from vitalfew.results.columns import BEFORE, COVARIATE, DENOMINATOR
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import AssignmentRow, FailedRow, MomentsRow
from vitalfew.warehouse.calendar_days import date_of
from vitalfew.warehouse.covariates import covariates_of, without_gaps
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.values import values_of
from vitalfew.workspace.definitions import EventSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.sums import Cell
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Definitions, Experiment, Segment

STAGE = "measure"
MOST_BANDED = 12


@dataclass(slots=True)
class Study:
    """Experiments that are measured together, in one pass.

    Attributes:
        definitions: the workspace.
        source: key of the source that holds the assignment.
        experiments: the experiments by key; their order is the `experiment` of a cell.
        reasons: why a value (by name) or a segment (by `segment KEY`) cannot be measured.
        met: pairs of experiments, by position, of which shared units are looked at; all when None.
    """

    definitions: Definitions
    source: str
    experiments: Mapping[str, Experiment]
    reasons: dict[str, str] = field(default_factory=dict)
    met: frozenset[tuple[int, int]] | None = None

    def __post_init__(self) -> None:
        """Times to an event have no interval where units are not independent, so they are refused at once."""
        dealt = "whole clusters were dealt" if self.cluster is not None else "arms change in blocks of time"
        if self.cluster is None and not self.switchback:
            return
        for key in dict.fromkeys(key for one in self.experiments.values() for key in self.metrics(one)):
            metric = self.definitions.metrics.get(key)
            if metric is not None and metric.kind == "time_to_event":
                reason = f"'{key}' is a time to an event, of which no sound interval is known where {dealt}"
                hint = "take the share of units with the event within a window (kind: proportion)"
                self.reasons |= {value.name: f"{reason}; {hint}" for value in values_of(key, metric)}

    def metrics(self, experiment: Experiment) -> tuple[str, ...]:
        """Metrics an experiment measures: those it declares, else all of its own source."""
        own = (key for key, metric in self.definitions.metrics.items() if metric.numerator.source == self.source)
        return tuple(dict.fromkeys(experiment.metrics or own))

    def values(self) -> tuple[Value, ...]:
        """The numbers per unit that all experiments need, without those known to fail."""
        keys = dict.fromkeys(key for experiment in self.experiments.values() for key in self.metrics(experiment))
        values = [value for key in keys for value in self.values_of(key)]
        lost = {value.key for value in values if value.name in self.reasons and not value.is_covariate}
        return tuple(value for value in values if value.key not in lost and value.name not in self.reasons)

    def values_of(self, key: str) -> tuple[Value, ...]:
        """The numbers per unit that a metric needs, its covariates last."""
        values = values_of(key, self.definitions.metrics[key])
        # What happened before a block happened in another, so it is no covariate.
        return values if self.switchback else (*values, *covariates_of(self.definitions, key, self.source))

    def segments(self) -> dict[str, Segment]:
        """The segments of all experiments, without those known to fail."""
        keys = dict.fromkeys(key for experiment in self.experiments.values() for key in self.segments_of(experiment))
        return {key: self.definitions.segments[key] for key in keys if f"segment {key}" not in self.reasons}

    def segments_of(self, experiment: Experiment) -> tuple[str, ...]:
        """Segments of an experiment: those it declares, else all that say whom they hold and where that is known.

        Strata are among them, named or not: effects cannot be averaged over what was not measured.
        """
        if experiment.segments is not None:
            return tuple(dict.fromkeys((*experiment.segments, *experiment.strata)))
        shape = self.definitions.sources[self.source].shape
        return tuple(
            key
            for key, segment in self.definitions.segments.items()
            if segment.filter is not None and (segment.source is not None or shape == "units")
        )

    @property
    def zone(self) -> str:
        """The time zone of days."""
        return self.definitions.workspace.time_zone

    @property
    def cluster(self) -> str | None:
        """The column of what was randomised, where that is larger than the unit; the same for all experiments."""
        return next((one.cluster for one in self.experiments.values()), None)

    @property
    def switchback(self) -> bool:
        """Whether units change arms in blocks of time; the same for all experiments."""
        return any(one.design == "switchback" for one in self.experiments.values())

    @property
    def may_overlap(self) -> bool:
        """Whether units may be in several of the experiments, dealt apart from each other."""
        apart = not self.switchback and self.cluster is None
        shape = self.definitions.sources[self.source].shape
        return apart and len(self.experiments) > 1 and shape == "exposures"

    @property
    def to_the_bit(self) -> bool:
        """Whether results must not depend on the order in which events came, not even in the last bit."""
        sources = {self.definitions.sources.get(value.measure.source) for value in self.values()}
        return any(isinstance(source, EventSource) and source.id is not None for source in sources)

    @property
    def keeps_first(self) -> bool:
        """Whether any experiment keeps units seen in several arms in their first."""
        return any(experiment.crossed == "first" for experiment in self.experiments.values())

    def end(self, as_of: date | None) -> int | None:
        """The instant from which data are ignored, in microseconds since 1970: the end of the day where the team is."""
        return None if as_of is None else self.midnight(as_of + timedelta(days=1))

    def until(self, experiment: Experiment, end: int | None) -> int | None:
        """The instant from which exposures do not belong to an experiment: after its last day, or the day asked for."""
        own = None if experiment.end is None else self.midnight(experiment.end + timedelta(days=1))
        return min((instant for instant in (own, end) if instant is not None), default=None)

    def midnight(self, day: date) -> int:
        """The instant at which a day begins where the team is, in microseconds since 1970."""
        begin = datetime.combine(day, time(), ZoneInfo(self.zone))
        return round((begin - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))

    def banded(self) -> tuple[str, ...]:
        """Metrics whose course over the days is shown: those that decide or guard, else the first of all."""
        chosen: dict[str, None] = {}
        for experiment in self.experiments.values():
            chosen |= dict.fromkeys(self.banded_of(experiment))
        return tuple(chosen)

    def banded_of(self, experiment: Experiment) -> tuple[str, ...]:
        """Such metrics of one experiment, at most `MOST_BANDED`."""
        metrics, plan = self.metrics(experiment), experiment.plan
        planned = () if plan is None else (*plan.primary, *plan.guardrails)
        goals = (key for key in metrics if self.definitions.metrics[key].role in ("goal", "guardrail"))
        named = (*planned, *self.definitions.guardrails, *self.definitions.factors, *goals)
        chosen = tuple(key for key in dict.fromkeys(named) if key in metrics)
        return (chosen or metrics)[:MOST_BANDED]

    def failed(self) -> Iterator[FailedRow]:
        """The reasons, for each experiment that they concern."""
        for key, experiment in self.experiments.items():
            for metric in self.metrics(experiment):
                names = [value.name for value in values_of(metric, self.definitions.metrics[metric])]
                reason = next((self.reasons[name] for name in names if name in self.reasons), None)
                if reason is not None:
                    yield FailedRow(STAGE, f"{key}/{metric}", reason)
                    continue
                for covariate in covariates_of(self.definitions, metric, self.source):
                    asked = covariate.covariate == "filled" or self.definitions.metrics[metric].covariate_days
                    if covariate.name in self.reasons and asked:
                        known = covariate.name.partition(COVARIATE)[2] or "the days before the exposure"
                        reason = f"not adjusted for {known}: {self.reasons[covariate.name]}"
                        yield FailedRow(STAGE, f"{key}/{metric}", reason, remark=True)
            for segment in self.segments_of(experiment):
                if f"segment {segment}" in self.reasons:
                    yield FailedRow(STAGE, f"{key}/segment {segment}", self.reasons[f"segment {segment}"])

    def nothing(self, reason: str) -> Measured:
        """No experiment could be measured, for one reason."""
        return Measured(failed=tuple(FailedRow(STAGE, key, reason) for key in self.experiments))

    def answer(
        self, chunks: Sequence[tuple[Sequence[str], Mapping[Cell, Moments]]], crossed: Mapping[int, int]
    ) -> Measured:
        """Rows from cells.

        Args:
            chunks: segments with the cells whose patterns speak of them; the first holds all units.
            crossed: units seen in several arms, by position of the experiment.
        """
        moments: list[MomentsRow] = []
        assignments: list[AssignmentRow] = []
        failed = list(self.failed())
        for at, (key, experiment) in enumerate(self.experiments.items()):
            found = list(_arms_and_segments(chunks, at, self.segments_of(experiment)))
            everyone = [total for segment, _, _, total in found if segment is None]
            complete = without_gaps(everyone)
            names = [name for name in self.names(self.metrics(experiment)) if name not in complete]
            arms: dict[str, int] = defaultdict(int)
            for segment, arm, _, total in found:
                arms[arm] += total.units if segment is None else 0
            assignments.extend(_assignments(key, experiment, arms, crossed.get(at, 0)))
            if experiment.control not in arms:
                failed.append(FailedRow(STAGE, key, _no_control(experiment, arms, crossed.get(at, 0))))
                continue
            for segment, arm, phase, total in found:
                kept = [name for name in names if name in total.names]
                moments.append(moments_row(self.source, key, arm, segment, total.pick(kept), phase))
        return Measured(tuple(moments), tuple(assignments), failed=tuple(failed))

    def names(self, metrics: Iterable[str]) -> list[str]:
        """Columns of moments that metrics have, without the metrics known to fail."""
        metrics = list(metrics)
        values = [values_of(key, self.definitions.metrics[key]) for key in metrics]
        lost = {value.key for found in values for value in found if value.name in self.reasons}
        sound = [key for key in metrics if key not in lost]
        kept = [value.name for key in sound for value in self.values_of(key)]
        sizes = [f"{key}{DENOMINATOR}{which}" for key in sound for which in ("", BEFORE)]  # of clusters
        return [name for name in dict.fromkeys((*kept, *(sizes if self.cluster else ()))) if name not in self.reasons]

    def daily(self, cells: Mapping[Cell, Moments]) -> Iterator[MomentsRow]:
        """The daily table, of experiments whose control takes part."""
        with_control = {cell.experiment for cell in cells if cell.arm == self._control(cell.experiment)}
        keys = list(self.experiments)
        for cell in sorted(cells):
            if cell.experiment in with_control:
                key, total = keys[cell.experiment], cells[cell]
                kept = [name for name in self.names(self.banded_of(self.experiments[key])) if name in total.names]
                yield moments_row(self.source, key, cell.arm, None, total.pick(kept), cell.phase, date_of(cell.day))

    def _control(self, experiment: int) -> str:
        return list(self.experiments.values())[experiment].control


def _arms_and_segments(
    chunks: Sequence[tuple[Sequence[str], Mapping[Cell, Moments]]], experiment: int, segments: Sequence[str]
) -> Iterator[tuple[str | None, str, int, Moments]]:
    everyone = {cell: moments for cell, moments in chunks[0][1].items() if cell.experiment == experiment}
    for (arm, phase), parts in _by_arm(everyone):
        yield None, arm, phase, parts
    for keys, cells in chunks:
        for bit, key in enumerate(keys):
            members = {
                cell: moments
                for cell, moments in cells.items()
                if key in segments and cell.experiment == experiment and cell.pattern >> bit & 1
            }
            for (arm, phase), parts in _by_arm(members):
                yield key, arm, phase, parts


def _by_arm(cells: Mapping[Cell, Moments]) -> Iterator[tuple[tuple[str, int], Moments]]:
    parts: dict[tuple[str, int], list[Moments]] = defaultdict(list)
    for cell in sorted(cells):
        parts[cell.arm, cell.phase].append(cells[cell])
    for key in sorted(parts):
        yield key, reduce(add, parts[key])


def _assignments(key: str, experiment: Experiment, arms: Mapping[str, int], crossed: int) -> Iterator[AssignmentRow]:
    split = experiment.split or {}
    total = sum(split.values())
    for arm in sorted({*arms, *split}):
        share = split[arm] / total if arm in split else None
        yield AssignmentRow(key, arm, arms.get(arm, 0), crossed, share)


def _no_control(experiment: Experiment, arms: Mapping[str, int], crossed: int) -> str:
    if not arms and crossed:
        return f"no unit takes part: all {crossed:,} were seen in several arms"
    if not arms:
        column = "" if experiment.variant is None else f": none has a value in '{experiment.variant}'"
        return f"no unit takes part{column}"
    return f"no unit has the variant '{experiment.control}' (control); {suggest(experiment.control, sorted(arms))}"

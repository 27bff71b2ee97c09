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
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import AssignmentRow, FailedRow, MomentsRow
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.values import values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.sums import Cell
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Definitions, Experiment, Segment

STAGE = "measure"


@dataclass(slots=True)
class Study:
    """Experiments that are measured together, in one pass.

    Attributes:
        definitions: the workspace.
        source: key of the source that holds the assignment.
        experiments: the experiments by key; their order is the `experiment` of a cell.
        reasons: why a value (by name) or a segment (by `segment KEY`) cannot be measured.
    """

    definitions: Definitions
    source: str
    experiments: Mapping[str, Experiment]
    reasons: dict[str, str] = field(default_factory=dict)

    def metrics(self, experiment: Experiment) -> tuple[str, ...]:
        """Metrics an experiment measures: those it declares, else all of its own source."""
        own = (key for key, metric in self.definitions.metrics.items() if metric.numerator.source == self.source)
        return tuple(dict.fromkeys(experiment.metrics or own))

    def values(self) -> tuple[Value, ...]:
        """The numbers per unit that all experiments need, without those known to fail."""
        keys = dict.fromkeys(key for experiment in self.experiments.values() for key in self.metrics(experiment))
        values = [value for key in keys for value in values_of(key, self.definitions.metrics[key])]
        lost = {value.key for value in values if value.name in self.reasons}
        return tuple(value for value in values if value.key not in lost)

    def segments(self) -> dict[str, Segment]:
        """The segments of all experiments, without those known to fail."""
        keys = dict.fromkeys(key for experiment in self.experiments.values() for key in self.segments_of(experiment))
        return {key: self.definitions.segments[key] for key in keys if f"segment {key}" not in self.reasons}

    def segments_of(self, experiment: Experiment) -> tuple[str, ...]:
        """Segments of an experiment: those it declares, else all that say whom they hold and where that is known."""
        if experiment.segments is not None:
            return experiment.segments
        shape = self.definitions.sources[self.source].shape
        return tuple(
            key
            for key, segment in self.definitions.segments.items()
            if segment.filter is not None and (segment.source is not None or shape == "units")
        )

    def end(self, as_of: date | None) -> int | None:
        """The instant from which data are ignored, in microseconds since 1970: the end of the day where the team is."""
        if as_of is None:
            return None
        after = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(self.definitions.workspace.time_zone))
        return round((after - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))

    def failed(self) -> Iterator[FailedRow]:
        """The reasons, for each experiment that they concern."""
        for key, experiment in self.experiments.items():
            for metric in self.metrics(experiment):
                names = [value.name for value in values_of(metric, self.definitions.metrics[metric])]
                reason = next((self.reasons[name] for name in names if name in self.reasons), None)
                if reason is not None:
                    yield FailedRow(STAGE, f"{key}/{metric}", reason)
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
            chunks: segments with the cells whose patterns speak of them; every chunk holds all units.
            crossed: units seen in several arms, by position of the experiment.
        """
        moments: list[MomentsRow] = []
        assignments: list[AssignmentRow] = []
        failed = list(self.failed())
        for at, (key, experiment) in enumerate(self.experiments.items()):
            metrics = [values_of(metric, self.definitions.metrics[metric]) for metric in self.metrics(experiment)]
            sound = [values for values in metrics if not any(value.name in self.reasons for value in values)]
            names = [value.name for values in sound for value in values]
            found = list(_arms_and_segments(chunks, at, self.segments_of(experiment)))
            arms = {arm: total.units for segment, arm, total in found if segment is None}
            assignments.extend(_assignments(key, experiment, arms, crossed.get(at, 0)))
            if experiment.control not in arms:
                failed.append(FailedRow(STAGE, key, _no_control(experiment.control, arms)))
                continue
            for segment, arm, total in found:
                kept = [name for name in names if name in total.names]
                moments.append(moments_row(self.source, key, arm, segment, total.pick(kept)))
        return Measured(tuple(moments), tuple(assignments), failed=tuple(failed))


def _arms_and_segments(
    chunks: Sequence[tuple[Sequence[str], Mapping[Cell, Moments]]], experiment: int, segments: Sequence[str]
) -> Iterator[tuple[str | None, str, Moments]]:
    everyone = {cell: moments for cell, moments in chunks[0][1].items() if cell.experiment == experiment}
    for arm, parts in _by_arm(everyone):
        yield None, arm, parts
    for keys, cells in chunks:
        for bit, key in enumerate(keys):
            members = {
                cell: moments
                for cell, moments in cells.items()
                if key in segments and cell.experiment == experiment and cell.pattern >> bit & 1
            }
            for arm, parts in _by_arm(members):
                yield key, arm, parts


def _by_arm(cells: Mapping[Cell, Moments]) -> Iterator[tuple[str, Moments]]:
    parts: dict[str, list[Moments]] = defaultdict(list)
    for cell in sorted(cells):
        parts[cell.arm].append(cells[cell])
    for arm in sorted(parts):
        yield arm, reduce(add, parts[arm])


def _assignments(key: str, experiment: Experiment, arms: Mapping[str, int], crossed: int) -> Iterator[AssignmentRow]:
    split = experiment.split or {}
    total = sum(split.values())
    for arm in sorted({*arms, *split}):
        share = split[arm] / total if arm in split else None
        yield AssignmentRow(key, arm, arms.get(arm, 0), crossed, share)


def _no_control(control: str, arms: Mapping[str, int]) -> str:
    if not arms:
        return "no unit takes part"
    return f"no unit has the variant '{control}' (control); {suggest(control, sorted(arms))}"

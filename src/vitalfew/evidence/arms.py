"""What was measured of one experiment, by segment, phase and arm."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.columns import DENOMINATOR, metrics_in
from vitalfew.results.moments import moments_of
from vitalfew.results.rows import QuantilesRow
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import LifetimesRow, MomentsRow
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions

    Distribution = QuantilesRow | LifetimesRow

NO_CROSS_PRODUCTS = (
    "the source gives no cross products between metrics: links between metrics cannot be corrected without them"
)
SOME_CROSS_PRODUCTS = (
    "the source gives cross products between some metrics only: links between the others cannot be corrected"
)


@dataclass(slots=True)
class Measured:
    """One experiment.

    Attributes:
        source: key of the source it was measured from.
        cells: moments by segment (None: all units), phase and arm; an arm may be spread over several rows of different
            metrics.
        distributions: order statistics and lifetimes by segment, metric and arm.
    """

    source: str
    cells: dict[str | None, dict[int, dict[str, list[Moments]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    )
    distributions: dict[str | None, dict[str, dict[str, Distribution]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )

    @property
    def segments(self) -> list[str | None]:
        """Segments measured, in the order of the rows."""
        return list(dict.fromkeys((*self.cells, *self.distributions)))

    @property
    def main(self) -> str | None:
        """All units; the first segment when only segments were measured."""
        return None if None in self.segments else self.segments[0]

    def arms(self, segment: str | None) -> list[str]:
        """Arms that have units in a segment."""
        measured = (arm for arms in self.cells.get(segment, {}).values() for arm in arms)
        rows = self.distributions.get(segment, {}).values()
        return list(dict.fromkeys((*measured, *(arm for arms in rows for arm in arms))))

    @property
    def all_arms(self) -> list[str]:
        """Arms that have units anywhere."""
        return list(dict.fromkeys(arm for segment in self.segments for arm in self.arms(segment)))

    def metrics(self, segment: str | None, arm: str) -> list[str]:
        """Metrics measured in an arm, in any phase."""
        phases = self.cells.get(segment, {}).values()
        names = (name for arms in phases for part in arms.get(arm, ()) for name in part.names)
        rows = self.distributions.get(segment, {})
        return list(dict.fromkeys((*metrics_in(names), *(metric for metric in rows if arm in rows[metric]))))

    def phases(self, segment: str | None = None) -> Mapping[int, Mapping[str, Sequence[Moments]]]:
        """Moments by phase and arm."""
        return self.cells.get(segment, {})

    def over_phases(self, segment: str | None = None) -> dict[str, list[Moments]]:
        """Moments by arm over all phases: good for counting, never for an effect."""
        joined: dict[str, dict[tuple[str, ...], list[Moments]]] = {}
        for arms in self.phases(segment).values():
            for arm, parts in arms.items():
                for part in parts:
                    joined.setdefault(arm, {}).setdefault(part.names, []).append(part)
        return {arm: [reduce(add, parts) for parts in by_names.values()] for arm, by_names in joined.items()}

    def units(self, segment: str | None = None) -> dict[str, int]:
        """Units by arm, over all phases; of a distribution where nothing else was measured."""
        counts = {arm: max(part.units for part in parts) for arm, parts in self.over_phases(segment).items()}
        for arms in self.distributions.get(segment, {}).values():
            for arm, row in arms.items():
                counts.setdefault(arm, row.n if isinstance(row, QuantilesRow) else row.units)
        return counts

    def notes_on_cross_products(self) -> tuple[str, ...]:
        """What a reader of effects should know about links between metrics."""
        if self.has_cross_products:
            return ()
        some = any(known.any() for known in self._known_pairs())
        return (SOME_CROSS_PRODUCTS if some else NO_CROSS_PRODUCTS,)

    @property
    def has_cross_products(self) -> bool:
        """Whether the source says how its metrics vary together."""
        return all(known.all() for known in self._known_pairs())

    def _known_pairs(self) -> Iterator[NDArray[np.bool_]]:
        """Which cross products of different columns an arm of several metrics has."""
        for arms in self.phases(None).values():
            for arm in arms.values():
                metrics = {name for part in arm for name in part.names if not name.endswith(DENOMINATOR)}
                if len(metrics) > 1:
                    several = len(arm) > 1  # rows of their own say nothing about each other
                    off = None if several else ~np.eye(len(arm[0].names), dtype=bool)
                    yield np.zeros(1, bool) if off is None else ~np.isnan(arm[0].cross[off])


def by_experiment(moments: Iterable[MomentsRow], distributions: Iterable[Distribution] = ()) -> dict[str, Measured]:
    """What was measured by experiment, in the order of the rows."""
    measured: dict[str, Measured] = {}
    for row in moments:
        found = measured.setdefault(row.experiment, Measured(row.source))
        found.cells[row.segment][row.phase][row.arm].append(moments_of(row))
    for told in distributions:
        found = measured.setdefault(told.experiment, Measured(told.source))
        found.distributions[told.segment][told.metric][told.arm] = told
    return measured


def only_tellers(definitions: Definitions, rows: Iterable[Distribution]) -> tuple[Distribution, ...]:
    """The distributions that tell a metric: those of means are for pictures."""
    kinds = {key: metric.kind for key, metric in definitions.metrics.items()}
    return tuple(row for row in rows if kinds.get(row.metric) in DISTRIBUTIONS)

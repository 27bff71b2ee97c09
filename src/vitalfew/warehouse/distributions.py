"""What sums cannot tell of units: order statistics and times to an event, from the rows that moments are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.measured import Measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.values import Value
    from vitalfew.workspace.definitions import Experiment

_PICTURED = ("mean", "count", "participation", "duration")


@dataclass(frozen=True, slots=True)
class Units:
    """Units as queries, one per chunk of segments: `experiment`, `arm`, `pattern` and a column per value.

    Attributes:
        study: the experiments that ask.
        chunks: segments with the query whose `pattern` speaks of them; every query holds all units.
        columns: the column of each value.
        shared: every experiment has the same units, which stand in the queries as experiment 0.
    """

    study: Study
    chunks: Sequence[tuple[Sequence[str], exp.Select]]
    columns: Mapping[Value, str]
    shared: bool = False

    def groups(self) -> Iterator[tuple[str | None, exp.Select]]:
        """All units, then those of each segment."""
        yield None, self._named(self.chunks[0][1])
        for keys, query in self.chunks:
            for bit, key in enumerate(keys):
                member = exp.BitwiseAnd(this=exp.column("pattern"), expression=whole(1 << bit))
                yield key, self._named(query).where(exp.GT(this=exp.paren(member), expression=whole(0)))

    def askers(self, at: int, key: str, segment: str | None) -> Iterator[tuple[str, Experiment]]:
        """The experiments at this position that ask for a metric in a segment."""
        for position, (name, experiment) in enumerate(self.study.experiments.items()):
            here = self.shared or position == at
            wanted = segment is None or segment in self.study.segments_of(experiment)
            if here and wanted and key in self.study.metrics(experiment):
                yield name, experiment

    def _named(self, query: exp.Select) -> exp.Select:
        return exp.select("*").from_(query.copy().subquery("units"))


def distributions(engine: Engine, units: Units) -> Measured:
    """Order statistics and times to an event of the metrics that need them, and coarse pictures of those that count.

    Args:
        engine: where the units lie.
        units: them, with the columns of all values.
    """
    quantiles, lives, pictured = _asked(units)
    measured = Measured()
    if quantiles or pictured:
        from vitalfew.warehouse.quantiles import order_statistics, pictures

        measured += Measured(
            quantiles=(*order_statistics(engine, units, quantiles), *pictures(engine, units, pictured))
        )
    if lives:
        from vitalfew.warehouse.lifetimes import lifetimes

        measured += Measured(lifetimes=tuple(lifetimes(engine, units, lives)))
    return measured


def read_by(units: Units) -> set[str]:
    """Metrics that need more than sums."""
    return {value.key for values in _asked(units) for value in values}


def _asked(units: Units) -> tuple[list[Value], list[Value], list[Value]]:
    """Values whose quantiles, times to an event and pictures are asked for."""
    asked = [value for value in units.columns if value.name not in units.study.reasons]
    quantiles = [value for value in asked if value.metric.kind == "quantile"]
    lives = [value for value in asked if value.metric.kind == "time_to_event" and value.part == "value"]
    drawn = _counting(units.study)
    pictured = [
        value
        for value in asked
        if value.key in drawn and value.metric.kind in _PICTURED and value.name == value.key and not value.is_chained
    ]
    return quantiles, lives, pictured


def _counting(study: Study) -> set[str]:
    """Metrics whose distribution is drawn: those that count as value or decide, as to draw every one would cost."""
    definitions = study.definitions
    keys = {*definitions.factors, *(key for key, metric in definitions.metrics.items() if metric.role == "goal")}
    for experiment in study.experiments.values():
        if experiment.plan is not None:
            keys.update(experiment.plan.primary)
    return keys

"""A metric over everybody, without an experiment: units followed from a day on, as its definition follows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, Unsupported
from vitalfew.warehouse.compile import Scope, present, whole
from vitalfew.warehouse.measure import measure
from vitalfew.warehouse.prepared import IDENTITIES, learn_identities, opened
from vitalfew.workspace.definitions import EventSource, Experiment, ExposureSource, UnitSource
from vitalfew.workspace.metric_kinds import follow_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.measured import Measured
    from vitalfew.workspace.definitions import Definitions

ALL = "everybody"
"""Name of the only arm."""
_SOURCE = "everybody"
_TABLE = "vitalfew everybody"
_DAY = 86_400_000_000  # microseconds
_ACTIVE_DAYS = 28
_USUAL_WINDOW = 28.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """The instants (microseconds since 1970) between which the events of a source lie."""

    first: int
    last: int


def span_of(definitions: Definitions, metric: str, engine: Engine) -> Span | None:
    """Between which instants events lie that a metric is made of; None where it is not made of events.

    Raises:
        DataError: the table or its column of times is missing, or no event has a time.
    """
    source = definitions.sources[definitions.metrics[metric].numerator.source]
    if not isinstance(source, EventSource):
        return None
    scope = Scope.open(engine, source.table, "e")
    at = scope.instant(source.time)
    query = exp.select(exp.alias_(exp.Min(this=at), "first"), exp.alias_(exp.Max(this=at.copy()), "last"))
    row = engine.query(query.from_(scope.source())).to_pylist()[0]
    if row["first"] is None:
        raise DataError(f"no row of '{source.table}' has a time in '{source.time}'")
    return Span(int(row["first"]), int(row["last"]))


def measure_everybody(
    definitions: Definitions, metric: str, engine: Engine, span: Span | None, days_back: int = 0
) -> tuple[Measured, date | None]:
    """Measure a metric over everybody.

    Over events, units seen in four weeks are followed from the day after, as long as the metric's window takes; it
    ends `days_back` days before the last whole day. A column of units is measured as it is.

    Returns:
        What was measured, its only arm called `ALL`, and the last day counted; None where no day is known.

    Raises:
        Unsupported: the source holds what others computed, or the events end too early.
        DataError: a table or column is missing.
    """
    found = definitions.metrics[metric]
    source = definitions.sources[found.numerator.source]
    if isinstance(source, UnitSource):
        return _units(definitions, metric, source, engine), None
    if not isinstance(source, EventSource) or span is None:
        raise Unsupported(f"'{found.numerator.source}' holds {source.shape}, which are shown as they are")
    days = follow_up(found) or _USUAL_WINDOW
    end = (span.last // _DAY - days_back) * _DAY  # the day on which data end is seldom whole
    start = end - int(days * _DAY)
    if start - _DAY < span.first:
        raise Unsupported(f"its window of {days:g} days is longer than the events reach back")
    _lend_active(definitions, source, engine, start)
    try:
        asked = Experiment(source=_SOURCE, control=ALL, metrics=(metric,), segments=())
        exposures = ExposureSource(table=_TABLE, unit="unit", experiment="experiment", variant="variant", time="time")
        only = alone(definitions, [metric], {ALL: asked}, {_SOURCE: exposures})
        last = (_EPOCH + timedelta(microseconds=end - 1)).date()
        return measure(only, _SOURCE, engine, last), last
    finally:
        engine.drop(_TABLE)


def _lend_active(definitions: Definitions, source: EventSource, engine: Engine, start: int) -> None:
    """Units seen in the weeks before an instant, as if they were exposed then."""
    learn_identities(engine, definitions.data)
    try:
        scope = opened(engine, definitions.data, source, "e")
        at, unit = scope.instant(source.time), scope.column(source.unit)
        moment = exp.Literal.string(f"{(_EPOCH + timedelta(microseconds=start)):%Y-%m-%d %H:%M:%S}")
        seen = (
            exp.select(
                exp.alias_(unit, "unit"),
                exp.alias_(exp.Literal.string(ALL), "experiment"),
                exp.alias_(exp.Literal.string(ALL), "variant"),
                exp.alias_(exp.cast(moment, "TIMESTAMP"), "time"),
            )
            .distinct()
            .from_(scope.source())
            .where(present(unit.copy()))
            .where(exp.GTE(this=at, expression=whole(start - _ACTIVE_DAYS * _DAY)))
            .where(exp.LT(this=at.copy(), expression=whole(start)))
        )
        engine.write(_TABLE, seen)
    finally:
        engine.drop(IDENTITIES)


def _units(definitions: Definitions, metric: str, source: UnitSource, engine: Engine) -> Measured:
    """A column of units: the table with one more column, in which everybody is in the same arm."""
    key = definitions.metrics[metric].numerator.source
    scope = Scope.open(engine, source.table, "u")
    rows = exp.select("*", exp.alias_(exp.Literal.string(ALL), "vitalfew arm", quoted=True)).from_(scope.source())
    engine.lend(_TABLE, rows)
    try:
        asked = Experiment(source=key, variant="vitalfew arm", control=ALL, metrics=(metric,), segments=())
        table = source.model_copy(update={"table": _TABLE})
        return measure(alone(definitions, [metric], {ALL: asked}, {key: table}), key, engine)
    finally:
        engine.drop(_TABLE)


def alone(
    definitions: Definitions,
    metrics: Iterable[str],
    asked: Mapping[str, Experiment],
    sources: Mapping[str, ExposureSource | UnitSource],
) -> Definitions:
    """The definitions with nothing to measure but some metrics, without what makes their effects sharper."""
    update = {"covariate_days": 0, "covariates": (), "segments": ()}
    plain = {metric: definitions.metrics[metric].model_copy(update=update) for metric in metrics}
    policy = definitions.policy.model_copy(update={"covariate_days": 0})
    kept = {"metrics": plain, "experiments": dict(asked), "policy": policy, "segments": {}}
    return definitions.model_copy(update=kept | {"sources": {**definitions.sources, **sources}})

"""One metric on the data, at once and without a run: where it stands, how it went, and the queries that tell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, VitalfewError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.evidence.standing import Span as Interval
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.everybody import Span
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.workspace import Workspace

WEEKS = 12
_LIKELY, _SURE = 1.281552, 1.959964
_MOST_EVENTS, _MOST_VALUES = 200, 30


@dataclass(frozen=True, slots=True)
class Preview:
    """A metric over everybody, in its unit, with 80 % (`likely`) and 95 % (`sure`) interval where known.

    `until`: the last day (ISO) counted. `weeks`: the same, each a week earlier, oldest first, as (last day, value).
    `queries`: what was asked of the data for the value. `notes`: what could not be told, with the reason.
    """

    metric: str
    value: float | None
    likely: Interval | None
    sure: Interval | None
    units: int | None
    until: str | None
    weeks: tuple[tuple[str, float], ...]
    queries: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a source holds: columns with their types, and the most frequent names of its events."""

    source: str
    types: dict[str, str]
    events: tuple[str, ...]
    reason: str = ""


def preview(workspace: Workspace, metric: str, *, seconds: float = 6.0) -> Preview:
    """Measure one metric over everybody: now, and week by week before as far as the time allows.

    Args:
        workspace: where it is defined.
        metric: its key.
        seconds: after these no further week is begun.

    Raises:
        UsageError: there is no such metric.
        DataError: a table or column is missing.
        Unsupported: it cannot be told without an experiment.
    """
    from vitalfew.warehouse.engine import engine_of
    from vitalfew.warehouse.recorded import RecordedEngine

    definitions = workspace.definitions
    if metric not in definitions.metrics:
        raise UsageError(f"there is no metric '{metric}'", hint=suggest(metric, definitions.metrics))
    engine = RecordedEngine(engine_of(workspace))
    try:
        return _series(definitions, metric, engine) or _everybody(definitions, metric, engine, seconds)
    finally:
        engine.close()


def columns(workspace: Workspace) -> tuple[Columns, ...]:
    """What each source of the workspace holds; a source that cannot be read says why."""
    from vitalfew.warehouse.engine import engine_of

    engine = engine_of(workspace)
    try:
        return tuple(_columns(workspace.definitions, key, engine) for key in workspace.definitions.sources)
    finally:
        engine.close()


def _columns(definitions: Definitions, key: str, engine: Engine) -> Columns:
    from vitalfew.warehouse.profile import values_of
    from vitalfew.workspace.definitions import EventSource

    source = definitions.sources[key]
    try:
        types = {name: str(kind) for name, kind in engine.columns(source.table).items()}
        named = isinstance(source, EventSource) and source.event in types
        found = values_of(engine, source.table, str(source.event), _MOST_EVENTS) if named else ()  # type: ignore[union-attr]  # looked at above
    except VitalfewError as error:
        return Columns(key, {}, (), str(error))
    return Columns(key, types, tuple(name for name, _ in found))


def _series(definitions: Definitions, metric: str, engine: Any) -> Preview | None:  # noqa: ANN401 - an engine that records
    """A metric that is a series already; None for others."""
    from vitalfew.evidence.standing import by_day, of_series, weeks
    from vitalfew.warehouse.series import series
    from vitalfew.workspace.definitions import SeriesSource

    key = definitions.metrics[metric].numerator.source
    if not isinstance(definitions.sources.get(key), SeriesSource):
        return None
    alone = {"metrics": {metric: definitions.metrics[metric]}, "sources": {key: definitions.sources[key]}}
    rows, failed = series(definitions.model_copy(update=alone), engine)
    notes = tuple(row.reason for row in failed)
    days = by_day(rows)
    if not days:
        return Preview(metric, None, None, None, None, None, (), tuple(engine.asked), notes)
    now = of_series(metric, days)
    past = tuple((week.last.isoformat(), week.value) for week in weeks(days)[-2 * WEEKS :])
    return Preview(metric, now.value, now.likely, now.sure, None, now.until, past, tuple(engine.asked), notes)


def _everybody(definitions: Definitions, metric: str, engine: Any, seconds: float) -> Preview:  # noqa: ANN401 - as above
    from vitalfew.warehouse.everybody import measure_everybody, span_of

    begun = time.monotonic()
    span = span_of(definitions, metric, engine)
    measured, last = measure_everybody(definitions, metric, engine, span)
    queries = tuple(engine.asked)
    value, se, units = _value(metric, measured.moments)
    notes = [row.reason for row in measured.failed]
    if value is None:
        value, interval = _quantile(definitions, metric, measured.quantiles)
        spans = interval
        notes += [] if value is not None else [_NO_VALUE.format(definitions.metrics[metric].kind.replace("_", " "))]
    else:
        spans = (None, None) if se is None else (_around(value, se, _LIKELY), _around(value, se, _SURE))
    past: list[tuple[str, float]] = []
    if value is not None and last is not None:
        past = _past(definitions, metric, engine, span, begun + seconds)
        past.append((last.isoformat(), value))
    until = last.isoformat() if last else None
    return Preview(metric, value, *spans, units, until, tuple(past), queries, tuple(dict.fromkeys(notes)))


_NO_VALUE = "a {} is read from a whole distribution, which pages show with an experiment"


def _past(
    definitions: Definitions, metric: str, engine: Engine, span: Span | None, until: float
) -> list[tuple[str, float]]:
    """The value week by week before, oldest first, as far as events and time reach."""
    from vitalfew.warehouse.everybody import measure_everybody

    found: list[tuple[str, float]] = []
    for week in range(1, WEEKS):
        if time.monotonic() > until:
            break
        try:
            measured, last = measure_everybody(definitions, metric, engine, span, 7 * week)
        except VitalfewError:
            break  # the events do not reach back further
        value = _value(metric, measured.moments)[0]
        if value is None:
            value = _quantile(definitions, metric, measured.quantiles)[0]
        if value is None or last is None:
            break
        found.append((last.isoformat(), value))
    return found[::-1]


def _value(metric: str, rows: Sequence[Any]) -> tuple[float | None, float | None, int | None]:
    from vitalfew.evidence.standing import mean_and_se
    from vitalfew.results.moments import moments_of

    found = next((row for row in rows if metric in row.names and row.segment is None), None)
    if found is None:
        return None, None, None
    mean, se = mean_and_se(metric, moments_of(found))
    return (None if mean != mean else mean), se, found.units  # noqa: PLR0124 - only NaN differs from itself


def _quantile(
    definitions: Definitions, metric: str, rows: Sequence[Any]
) -> tuple[float | None, tuple[Interval | None, Interval | None]]:
    from vitalfew.stats.quantiles import quantile_interval

    wanted = definitions.metrics[metric].quantile
    found = next((row for row in rows if row.metric == metric and row.segment is None), None)
    if wanted is None or found is None or not found.values:
        return None, (None, None)
    at = min(range(len(found.probabilities)), key=lambda place: abs(found.probabilities[place] - wanted))
    return found.values[at], (quantile_interval(found, wanted, 0.80), quantile_interval(found, wanted, 0.95))


def _around(value: float, se: float, times: float) -> Interval:
    return value - times * se, value + times * se

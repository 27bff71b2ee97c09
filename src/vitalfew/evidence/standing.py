"""Where each metric stands: in the control of the newest experiment that measured it, or by its series."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from vitalfew.results.columns import DENOMINATOR
from vitalfew.results.moments import moments_of
from vitalfew.workspace.definitions import SeriesSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.results.rows import EffectRow, MomentsRow, QuantilesRow, SeriesRow, Tables
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions, Metric

WEEK = 7
_LIKELY, _SURE = 1.281552, 1.959964
_WEEKS = 4
_LIKELY_OF_FOUR, _SURE_OF_FOUR = 1.637744, 3.182446  # Student's t with three degrees of freedom
_SAME = 1e-6

type Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Standing:
    """The value of a metric now, in its unit, with the 80 % (`likely`) and 95 % (`sure`) interval where known.

    `basis`: *control*: the control of an experiment (`experiment`, over `n` units); *series*: the mean of the last four
    weeks, the interval from how weeks scatter. `until`: the last day (ISO) it rests on.
    """

    metric: str
    value: float
    likely: Span | None
    sure: Span | None
    basis: Literal["control", "series"]
    experiment: str | None
    n: int | None
    until: str | None


@dataclass(frozen=True, slots=True)
class Week:
    """The mean of a series over seven days; `last` is the day it ends on, `days` how many of them have a value."""

    last: date
    value: float
    days: int


def standings(definitions: Definitions, tables: Tables) -> dict[str, Standing]:
    """Where metrics stand, by metric; those that nothing tells are left out.

    A metric over units follows them from their exposure, so the control of an experiment tells it; a day of its series
    is another number. Only where a metric is a series, or no experiment measured it, the series tells.
    """
    days = {metric: by_day(rows) for metric, rows in _by_metric(tables.series).items()}
    seen = _last_seen(tables)
    newest = _newest(tables, seen)
    moments: dict[tuple[str, str], list[MomentsRow]] = defaultdict(list)
    for row in tables.moments:
        if row.segment is None:
            moments[row.experiment, row.arm].append(row)
    ordered = {(r.experiment, r.arm, r.metric): r for r in tables.quantiles if r.segment is None}
    found: dict[str, Standing] = {}
    for key, metric in definitions.metrics.items():
        effect = newest.get(key)
        is_series = isinstance(definitions.sources.get(metric.numerator.source), SeriesSource)
        if effect is not None and not (is_series and key in days):
            rows = moments[effect.experiment, effect.control]
            quantiles = ordered.get((effect.experiment, effect.control, key))
            found[key] = _of_control(key, metric, effect, rows, quantiles, seen.get(effect.experiment))
        elif days.get(key):
            found[key] = of_series(key, days[key])
    return found


def by_day(rows: Iterable[SeriesRow]) -> dict[date, float]:
    """A series by day: of all units, else the mean over those that have a value on the day."""
    values: dict[date, list[float]] = defaultdict(list)
    found = list(rows)
    whole = [row for row in found if row.unit is None]
    for row in whole or found:
        values[date.fromisoformat(row.day)].append(row.value)
    return {day: sum(each) / len(each) for day, each in sorted(values.items())}


def weeks(days: Mapping[date, float]) -> tuple[Week, ...]:
    """Means of seven days each, counted back from the last day, so that the weekly rhythm cancels out."""
    if not days:
        return ()
    last = max(days).toordinal()
    groups: dict[int, list[float]] = defaultdict(list)
    for day, value in days.items():
        groups[(last - day.toordinal()) // WEEK].append(value)
    return tuple(
        Week(date.fromordinal(last - WEEK * back), sum(values) / len(values), len(values))
        for back, values in sorted(groups.items(), reverse=True)
    )


def of_series(metric: str, days: Mapping[date, float]) -> Standing:
    """The mean of the last four weeks; its interval from how the four scatter (batch means)."""
    last = max(days)
    recent = [week.value for week in weeks(days) if (last - week.last).days < _WEEKS * WEEK]
    value = sum(recent) / len(recent)
    likely = sure = None
    if len(recent) == _WEEKS:
        se = math.sqrt(sum((week - value) ** 2 for week in recent) / (_WEEKS - 1) / _WEEKS)
        likely, sure = _around(value, se, _LIKELY_OF_FOUR), _around(value, se, _SURE_OF_FOUR)
    return Standing(metric, value, likely, sure, "series", None, None, last.isoformat())


def _by_metric(rows: Iterable[SeriesRow]) -> dict[str, list[SeriesRow]]:
    found: dict[str, list[SeriesRow]] = defaultdict(list)
    for row in rows:
        found[row.metric].append(row)
    return found


def _last_seen(tables: Tables) -> dict[str, str]:
    """The last day (ISO) on which units came into each experiment."""
    days: dict[str, str] = {}
    for row in tables.arrivals:
        days[row.experiment] = max(days.get(row.experiment, ""), row.day)
    return days


def _newest(tables: Tables, seen: Mapping[str, str]) -> dict[str, EffectRow]:
    """The effect of the newest experiment on each metric, over all units."""
    found: dict[str, EffectRow] = {}
    for row in tables.effects:
        if row.segment is not None or row.control not in row.mean:
            continue
        known = found.get(row.metric)
        if known is None or seen.get(row.experiment, "") > seen.get(known.experiment, ""):
            found[row.metric] = row
    return found


def _of_control(
    key: str,
    metric: Metric,
    effect: EffectRow,
    rows: Sequence[MomentsRow],
    quantiles: QuantilesRow | None,
    until: str | None,
) -> Standing:
    value = effect.mean[effect.control]
    likely, sure = _control_spans(key, metric, value, rows, quantiles)
    return Standing(key, value, likely, sure, "control", effect.experiment, effect.n.get(effect.control), until)


def _control_spans(
    key: str, metric: Metric, value: float, rows: Sequence[MomentsRow], quantiles: QuantilesRow | None
) -> tuple[Span | None, Span | None]:
    if metric.kind == "quantile" and quantiles is not None and metric.quantile is not None:
        from vitalfew.stats.quantiles import quantile_interval

        return (
            quantile_interval(quantiles, metric.quantile, 0.80),
            quantile_interval(quantiles, metric.quantile, 0.95),
        )
    parts = [moments_of(row) for row in rows if key in row.names]
    if not parts or any(part.names != parts[0].names for part in parts):
        return None, None
    mean, se = mean_and_se(key, sum(parts[1:], start=parts[0]))
    # A mean over phases, or of parts in another unit, is another number than the moments of all units together.
    if se is None or abs(mean - value) > _SAME * max(1.0, abs(value)):
        return None, None
    return _around(value, se, _LIKELY), _around(value, se, _SURE)


def mean_and_se(key: str, moments: Moments) -> tuple[float, float | None]:
    """The mean of a metric over units, of a ratio the ratio of means (delta method), with its standard error.

    Args:
        key: the metric.
        moments: of its units; with a column `KEY/denominator` it is a ratio.
    """
    mean, n = moments.mean_of(key), moments.count(key)
    under = f"{key}{DENOMINATOR}"
    variance = moments.variance_of(key)
    if under in moments.names:
        below = moments.mean_of(under)
        if not below:
            return math.nan, None
        ratio = mean / below
        both = moments.covariance_of(key, under)
        # Products, as a power that is too large for a float is an error and no infinity.
        variance = (variance - 2 * ratio * both + ratio * ratio * moments.variance_of(under)) / below / below
        mean = ratio
    known = n > 1 and math.isfinite(variance) and variance >= 0
    return mean, math.sqrt(variance / n) if known else None


def _around(value: float, se: float, times: float) -> Span:
    return value - times * se, value + times * se

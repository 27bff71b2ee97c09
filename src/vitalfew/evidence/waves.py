"""Outcomes by wave and period: from moments of units, or from series of regions and tenants with their days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import NotEnoughData
from vitalfew.results.words import listed
from vitalfew.stats.staggered import Cohort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.daily import Daily
    from vitalfew.results.rows import CohortRow
    from vitalfew.workspace.definitions import Definitions, Metric, MetricKind, Release

    Floats = NDArray[np.float64]

_RATES: tuple[MetricKind, ...] = ("ratio", "error_rate", "participation", "duration")
_GROWING: tuple[MetricKind, ...] = ("mean", "count")
MOST_BEFORE = 8
"""Periods before the first wave that are looked at in series."""


class Waves(NamedTuple):
    """One metric over the periods of a rollout, by wave; the first period begins on the day `since` (ISO).

    `per` says what outcomes are per; `left_out` names units of series with gaps.
    """

    cohorts: Sequence[Cohort]
    period_days: int
    since: str
    per: str
    left_out: tuple[str, ...] = ()

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return len(self.cohorts[0].mean)

    def day(self, period: int) -> str:
        """The first day of a period (ISO)."""
        return (date.fromisoformat(self.since) + timedelta(period * self.period_days)).isoformat()


def waves_of_rows(definitions: Definitions, rows: Iterable[CohortRow]) -> dict[str, dict[str, Waves]]:
    """The waves that rows hold, by release and metric, in the metric's unit."""
    parts: dict[tuple[str, str], list[CohortRow]] = defaultdict(list)
    for row in rows:
        parts[row.release, row.metric].append(row)
    found: dict[str, dict[str, Waves]] = defaultdict(dict)
    for (release, metric), own in parts.items():
        days = own[0].period_days
        factor = factor_of(definitions.metrics.get(metric), days)
        cohorts = [_times(cohort_of(row), factor) for row in own]
        found[release][metric] = Waves(cohorts, days, own[0].since, f"unit and {spell(factor * days)}")
    return found


def factor_of(metric: Metric | None, period_days: int) -> float:
    """What turns a number per period into one per window of the metric, so that effects compare with experiments.

    Sums and counts grow with the days counted. Shares of units do not do so evenly, and ratios not at all.
    """
    if metric is None or metric.window is None or metric.window.length is None:
        return 1.0
    grows = metric.kind in _GROWING and metric.numerator.aggregation in (None, "sum", "count")
    return float(metric.window.length) / period_days if grows else 1.0


def alike(metric: Metric, period_days: int) -> bool:
    """Whether a number per period is one per window of the metric, as it is or scaled."""
    window = None if metric.window is None else metric.window.length
    return window in (None, period_days) or metric.kind in _RATES or factor_of(metric, period_days) != 1.0


def said_of_window(definitions: Definitions, key: str, period_days: int) -> Iterator[str]:
    """What to know of a metric whose window is not as long as a period."""
    metric = definitions.metrics.get(key)
    window = None if metric is None or metric.window is None else metric.window.length
    if metric is None or window is None or window == period_days or metric.kind in _RATES:
        return
    if alike(metric, period_days):
        yield f"counted in periods of {spell(period_days)} and scaled to the {spell(window)} of the metric's window"
        return
    yield (
        f"told in periods of {spell(period_days)}, where the metric's window has {spell(window)}: sizes do not compare"
        f" with experiments (`period_days: {window:g}` would make them)"
    )


def spell(days: float) -> str:
    """So many days in words."""
    return "day" if days == 1 else f"{days:g} days"


def _times(cohort: Cohort, factor: float) -> Cohort:
    return replace(cohort, mean=cohort.mean * factor, covariance=cohort.covariance * factor**2)


def cohort_of(row: CohortRow) -> Cohort:
    """The cohort whose moments a row holds."""
    periods = len(row.shift)
    mean = np.asarray(row.shift) + np.diagonal(np.asarray(row.mean).reshape(periods, periods))
    independent = row.units if row.clusters is None else row.clusters
    cross = np.asarray(row.cross).reshape(periods, periods)
    covariance = cross / (independent - 1) if independent > 1 else np.full_like(cross, np.nan)
    return Cohort(row.wave, row.units, mean, covariance, row.clusters)


def waves_of_series(metric: str, release: Release, daily: Daily) -> Waves:
    """The waves of a release whose rollout names units of a series, each with its day.

    The outcome of a unit in a period is its mean per day. Units that the rollout does not name never got it; those with
    a gap in any period are left out. Each unit is one of its wave, whatever its size.

    Raises:
        NotEnoughData: no period before the first day or after it, or no series of the units named.
    """
    rollout = release.rollout
    got: Mapping[str, date] = {} if rollout is None else rollout.units
    days = 7 if rollout is None else rollout.period_days
    series = daily.units(metric)
    named = {unit: daily.at(day) for unit, day in got.items() if unit in series}
    if not named:
        units = listed(list(series), 3) if series else "no units"
        raise NotEnoughData("no unit of the rollout has a series", hint=f"the series has {units}")
    first, last = min(named.values()), max(named.values())
    before = min(first // days, MOST_BEFORE)
    since = first - before * days
    known = (daily.last(metric) + 1 - since) // days
    count = min(known, (last - since) // days + 1 + -(-int(release.after_days) // days))
    if before < 1 or count <= before:
        after = max(daily.last(metric) + 1 - first, 0)
        raise NotEnoughData(
            f"the series has {max(first, 0)} days before the first unit got it and {after} after",
            expected=f"at least one period of {days} days on either side",
        )
    means = {unit: _by_period(values, since, days, count) for unit, values in series.items()}
    whole = {unit: values for unit, values in means.items() if np.isfinite(values).all()}
    by_wave: dict[int | None, list[Floats]] = defaultdict(list)
    for unit, values in whole.items():
        wave = (named[unit] - since) // days if unit in named else None
        by_wave[wave if wave is not None and wave < count else None].append(values)
    cohorts = [Cohort.of(np.array(own), wave) for wave, own in by_wave.items()]
    gaps = tuple(unit for unit in means if unit not in whole)
    return Waves(cohorts, days, daily.day(since).isoformat(), "day", gaps)


def _by_period(values: Floats, since: int, days: int, count: int) -> Floats:
    found: Floats = values[since : since + count * days].reshape(count, days).mean(axis=1)
    return found

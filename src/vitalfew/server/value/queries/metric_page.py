"""One metric with everything a run knows about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.evidence.standing import mean_and_se
from vitalfew.report.series_picture import Happening
from vitalfew.results.moments import moments_of
from vitalfew.server.value.queries.metrics import known, uses_of
from vitalfew.stats.control_limits import control_limits
from vitalfew.workspace.definitions import EventSource, SeriesSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.evidence.standing import Standing, Week
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import (
        ContributionRow,
        EffectRow,
        HeterogeneityRow,
        LinkRow,
        ProxyRow,
        QuantilesRow,
        Tables,
    )
    from vitalfew.stats.control_limits import Limits
    from vitalfew.workspace.definitions import Definitions, Metric

_TIMES = 1.959964


@dataclass(frozen=True, slots=True)
class InSegment:
    """Where a metric stands in one segment: in the control of an experiment, with the 95 % interval where known."""

    segment: str
    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Page:
    """A metric: `up` what moves it, `down` what it moves; `moved_by` effects of experiments and releases on it.

    `why_no_series`: the reason where there is none. `quantiles`: of the arms of the newest experiment.
    """

    key: str
    metric: Metric
    title: str
    uses: tuple[str, ...]
    standing: Standing | None
    weeks: tuple[Week, ...]
    limits: Limits | None
    happenings: tuple[Happening, ...]
    why_no_series: str
    quantiles: tuple[QuantilesRow, ...]
    up: tuple[LinkRow, ...]
    down: tuple[LinkRow, ...]
    moved_by: tuple[EffectRow, ...]
    released: tuple[EffectRow, ...]
    contributions: tuple[ContributionRow, ...]
    segments: tuple[InSegment, ...]
    differs: tuple[HeterogeneityRow, ...]
    proxies: tuple[ProxyRow, ...]


def metric_page(definitions: Definitions, run: Results | None, key: str) -> Page:
    """Put together what is known of a metric that is defined."""
    metric = definitions.metrics[key]
    told = known(run)
    found = told.weeks.get(key, ())
    standing = told.standings.get(key)
    nothing: Sequence[EffectRow] = ()
    tables = run.tables if run else None
    newest = standing.experiment if standing else None
    return Page(
        key=key,
        metric=metric,
        title=definitions.title("metrics", key),
        uses=uses_of(definitions, key),
        standing=standing,
        weeks=found,
        limits=control_limits([week.value for week in found]),
        happenings=happenings(definitions, key),
        why_no_series="" if found else _why_no_series(definitions, metric, key, tables),
        quantiles=_quantiles(tables, key, newest),
        up=tuple(row for row in (tables.links if tables else ()) if row.child == key),
        down=tuple(row for row in (tables.links if tables else ()) if row.parent == key),
        moved_by=_on(tables.effects if tables else nothing, key),
        released=_on(tables.release_effects if tables else nothing, key),
        contributions=_contributions(tables, key),
        segments=_segments(tables, key, standing),
        differs=_differing(tables, key),
        proxies=tuple(row for row in (tables.proxies if tables else ()) if row.target == key or key in row.weights),
    )


def happenings(definitions: Definitions, metric: str) -> tuple[Happening, ...]:
    """Releases that may have moved a metric, and experiments that measured it, by their days."""
    found = [
        Happening("release", definitions.title("releases", key), release.date)
        for key, release in definitions.releases.items()
        if not release.metrics or metric in release.metrics
    ]
    found += [
        Happening("experiment", definitions.title("experiments", key), one.start, one.end)
        for key, one in definitions.experiments.items()
        if one.start is not None and (not one.named_metrics or metric in one.named_metrics)
    ]
    return tuple(sorted(found, key=lambda one: one.since))


def _why_no_series(definitions: Definitions, metric: Metric, key: str, tables: Tables | None) -> str:
    if tables is None:
        return "Nothing has been run yet; a run reads the series of every metric that has one."
    told = [row.reason for row in tables.failed if row.stage == "series" and row.item.split("/")[-1] == key]
    if told:
        return f"{told[0][:1].upper()}{told[0][1:]}."
    source = definitions.sources.get(metric.numerator.source)
    if isinstance(source, SeriesSource):
        return "Its source of series holds no day of it in this run."
    if not isinstance(source, EventSource):
        return "It is a column of units, which has no days; a source of series (shape: series) would give it some."
    if not definitions.releases:
        return "Days are counted once releases are defined, for these are judged by them."
    return (
        "It follows each unit over its window, so one day alone has no value of it; a source of series"
        " (shape: series) would give it some."
    )


def _on(rows: Sequence[EffectRow], key: str) -> tuple[EffectRow, ...]:
    """Effects on a metric over all units, the newest kind of evidence untouched; the largest first."""
    found = [row for row in rows if row.metric == key and row.segment is None and row.estimate is not None]
    return tuple(sorted(found, key=lambda row: -abs(row.estimate or 0.0)))


def _quantiles(tables: Tables | None, key: str, experiment: str | None) -> tuple[QuantilesRow, ...]:
    if tables is None:
        return ()
    rows = [row for row in tables.quantiles if row.metric == key and row.segment is None and row.values]
    wanted = experiment if any(row.experiment == experiment for row in rows) else rows[-1].experiment if rows else None
    return tuple(row for row in rows if row.experiment == wanted)


def _contributions(tables: Tables | None, key: str) -> tuple[ContributionRow, ...]:
    rows = [] if tables is None else [row for row in tables.contributions if row.metric == key and row.contribution]
    return tuple(sorted(rows, key=lambda row: -abs(row.contribution.estimate if row.contribution else 0.0)))


def _segments(tables: Tables | None, key: str, standing: Standing | None) -> tuple[InSegment, ...]:
    """Where the metric stands by segment, in the control that tells where it stands in all."""
    if tables is None or standing is None or standing.experiment is None:
        return ()
    effects = {
        row.segment: row
        for row in tables.effects
        if row.experiment == standing.experiment and row.metric == key and row.segment is not None
    }
    found = []
    for segment, effect in effects.items():
        if segment is None or effect.control not in effect.mean:
            continue
        parts = [
            moments_of(row)
            for row in tables.moments
            if row.experiment == effect.experiment
            and row.arm == effect.control
            and row.segment == segment
            and key in row.names
        ]
        se = mean_and_se(key, parts[0])[1] if len(parts) == 1 else None
        value = effect.mean[effect.control]
        low, high = (None, None) if se is None else (value - _TIMES * se, value + _TIMES * se)
        found.append(InSegment(segment, value, low, high, effect.n.get(effect.control, 0)))
    return tuple(found)


def _differing(tables: Tables | None, key: str) -> tuple[HeterogeneityRow, ...]:
    """Experiments whose effect on the metric differs between segments, after correction for many looks."""
    rows = [] if tables is None else [row for row in tables.heterogeneity if row.metric == key]
    return tuple(row for row in rows if row.kind == "segments" and (row.adjusted_p < 0.05 or row.reversal))  # noqa: PLR2004 - the level of all tests

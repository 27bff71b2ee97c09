"""What must hold of series, of metrics that have one, and of releases that are judged by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import Problem
from vitalfew.workspace.definitions import SeriesSource
from vitalfew.workspace.given import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions, Measure, MetricKind
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.problems import Places

OF_A_DAY: tuple[MetricKind, ...] = ("mean", "proportion", "ratio", "error_rate")
"""Kinds whose value of one day a series can hold: a number, a share, or a numerator and a denominator."""

_OF_UNITS = ("window", "cap", "threshold", "complement", "covariate_days", "covariates", "segments")


def series_measure(measure: Measure, places: Places, path: Path) -> Iterator[Problem]:
    """What a measure over a series may not say."""
    if measure.events:
        where = places.of_key(places.path_of((*path, "events")))
        yield Problem("'events' needs a source of events", where, hint="remove it: a series holds values, not events")


def series_rules(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """Report what does not hold of sources, metrics and releases with series."""
    yield from _sources(definitions, places)
    yield from _metrics(definitions, places)
    yield from _releases(definitions, places)


def _sources(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, source in definitions.sources.items():
        if isinstance(source, SeriesSource) and source.metric is not None and source.value is None:
            where = places.of_key(("sources", key, "metric"))
            hint = "add it, or remove 'metric' where every metric has a column of its own"
            yield Problem("'metric' names the metric of each row, and no column holds its 'value'", where, hint=hint)


def _metrics(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, metric in definitions.metrics.items():
        source = metric.numerator.source
        if not isinstance(definitions.sources.get(source), SeriesSource):
            continue
        if metric.kind not in OF_A_DAY:
            hint = "write 'kind: mean': a series holds ready values, whatever they were computed from"
            where = places.of_value(("metrics", key, "kind"))
            yield Problem(f"'{source}' holds one number a day, of which no {metric.kind} is made", where, hint=hint)
        for field in _OF_UNITS:
            if getattr(metric, field) not in (None, (), False):
                where = places.of_key(("metrics", key, field))
                yield Problem(f"'{field}' is about single units, and '{source}' is a series", where, hint="remove it")
        denominator = metric.denominator
        if denominator is not None and denominator.source != source:
            where = places.of_key(("metrics", key, "denominator"))
            hint = f"name '{source}' in both"
            yield Problem(f"'{key}' divides a series by something else", where, "both in one series", hint)


def _releases(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, release in definitions.releases.items():
        for metric in release.controls:
            if metric in release.metrics:
                where = places.of_key(("releases", key, "controls"))
                hint = "take it out of one of the two"
                message = f"'{shorten(metric)}' is where an effect is looked for, and a control that shows none"
                yield Problem(message, where, hint=hint)
        rollout = release.rollout
        if rollout is not None and rollout.units and len(set(rollout.units.values())) == 1:
            only = next(iter(rollout.units.values()))
            if only != release.date:
                where = places.of_value(("releases", key, "date"))
                yield Problem(f"all units of '{key}' got it on {only}", where, f"the date {only}")

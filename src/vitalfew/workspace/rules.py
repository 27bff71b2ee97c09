"""What must hold between definitions, beyond the type of each field. Few rules, each with the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from vitalfew.errors import DefinitionError, Problem, nearest, suggest
from vitalfew.workspace.bet_rules import bets
from vitalfew.workspace.definitions import AggregateSource, EventSource, ExposureSource, SeriesSource, UnitSource
from vitalfew.workspace.design_rules import designs
from vitalfew.workspace.expressions import parse
from vitalfew.workspace.given import shorten
from vitalfew.workspace.graph import event_source
from vitalfew.workspace.link_rules import links
from vitalfew.workspace.series_rules import series_measure, series_rules
from vitalfew.workspace.utility_rules import utilities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vitalfew.workspace.definitions import Definitions, Experiment, Measure, Metric
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.problems import Places

MOST_FACTORS = 10

_NAMES_NEEDED = "give the source 'event', the column with the names of events"

_ASSIGNING = "a source that assigns units: shape units (with 'variant'), exposures, aggregates or results"


def broken_rules(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """Report every rule that does not hold.

    Args:
        definitions: the sound definitions; names that do not exist are passed over, as they are reported elsewhere.
        places: where everything stands.
    """
    for rule in _RULES:
        yield from rule(definitions, places)


def _time_zone(definitions: Definitions, places: Places) -> Iterator[Problem]:
    zone = definitions.workspace.time_zone
    if zone == "UTC" or _is_zone(zone):
        return
    known = available_timezones()  # empty on machines without a database of zones, where nothing can be said
    if known:
        close = nearest(zone, known)
        where = places.of_value(("workspace", "time_zone"))
        hint = f"did you mean '{close}'?" if close else None
        yield Problem(f"there is no time zone '{shorten(zone)}'", where, "a name such as Europe/Copenhagen", hint)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _number_of_factors(definitions: Definitions, places: Places) -> Iterator[Problem]:
    count = len(definitions.factors)
    if count > MOST_FACTORS:
        last = list(definitions.factors)[MOST_FACTORS]
        hint = "keep what customers would miss most; the others stay metrics"
        yield Problem(f"{count} factors count as value", places.of_key(("factors", last)), "at most 10", hint)


# Sources -----------------------------------------------------------------------------------------------------------


def _arms(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, source in definitions.sources.items():
        if isinstance(source, AggregateSource) and len(source.arms) < 2:  # noqa: PLR2004 - a comparison has two sides
            where = places.of_value(("sources", key, "arms"))
            yield Problem(f"the source '{key}' has {len(source.arms)} arm", where, "control and at least one more")


def _covariances(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, source in definitions.sources.items():
        if not isinstance(source, AggregateSource) or source.covariances is None:
            continue
        path: Path = ("sources", key, "covariances")
        given = source.covariances
        for arm in given.arms:
            if arm not in source.arms:
                where = places.of_key((*path, "arms", arm))
                yield Problem(f"the source '{key}' has no arm '{shorten(arm)}'", where, hint=suggest(arm, source.arms))
        for arm in source.arms:
            if arm not in given.arms:
                where = places.of_key((*path, "arms"))
                yield Problem(f"'arms' has no column for the arm '{shorten(arm)}'", where, "a covariance of every arm")
        if given.metrics[0] == given.metrics[1]:
            where = places.of_value((*path, "metrics"))
            yield Problem(f"'{shorten(given.metrics[0])}' is given twice", where, "two columns, which name the pair")
        if given.variant is not None and source.variant is None:
            where = places.of_key((*path, "variant"))
            hint = f"remove it, or add 'variant' to the source '{key}'"
            yield Problem("'variant' is given here but not in the source", where, hint=hint)


def _measures(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, metric in definitions.metrics.items():
        for side in ("numerator", "denominator"):
            measure: Measure | None = getattr(metric, side)
            if measure is not None:
                path: Path = ("metrics", key, side)
                yield from _measure(definitions, measure, places, path, stepwise=bool(metric.steps))


def _measure(
    definitions: Definitions, measure: Measure, places: Places, path: Path, *, stepwise: bool
) -> Iterator[Problem]:
    source = definitions.sources.get(measure.source)
    place = places.path_of((*path, "source"))
    for position, text in enumerate(measure.filters):
        yield from _filter(text, places, places.path_of((*path, "filters", position)))
    if isinstance(source, EventSource) and source.event is None and (measure.events or stepwise):
        where = places.of_key(places.path_of((*path, "events")))
        yield Problem(f"'{measure.source}' does not tell its events apart", where, hint=_NAMES_NEEDED)
    if source is None or isinstance(source, EventSource):
        return
    if isinstance(source, SeriesSource):
        yield from series_measure(measure, places, path)
        return
    if isinstance(source, ExposureSource):
        message = f"'{measure.source}' says who saw which variant and holds no outcome"
        yield Problem(message, places.of_value(place), "a source of units or events")
    elif measure.events:
        hint = f"remove 'events', or name a source with 'event' ('{measure.source}' has none)"
        yield Problem("'events' needs a source of events", places.of_key(places.path_of((*path, "events"))), hint=hint)
    elif measure.column is None and not stepwise:
        meaning = "to add up" if isinstance(source, UnitSource) else "that names this metric in the table"
        hint = f"add 'column'; only a source of events counts without one ('{measure.source}' has shape {source.shape})"
        yield Problem("'column' is missing", places.of_key(place[:-1]), f"the column or key {meaning}", hint)


def _sources_of_kinds(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """What hangs on single events needs a source of events, which the kind of a metric alone cannot tell."""
    for key, metric in definitions.metrics.items():
        source = definitions.sources.get(metric.numerator.source)
        if isinstance(source, EventSource):
            if metric.kind == "retention" and (metric.window is None or metric.window.length is None):
                hint = "add it, as in 'window: {delay: 7, length: 1}'"
                yield Problem("retention needs a window in days", places.of_key(("metrics", key)), hint=hint)
        elif isinstance(source, UnitSource):
            yield from _needs_events(key, metric, places)


def _needs_events(key: str, metric: Metric, places: Places) -> Iterator[Problem]:
    source = metric.numerator.source
    instead = f"name a source with 'event' ('{source}' has one row per unit)"
    if metric.steps:
        where = places.of_key(("metrics", key, "steps"))
        hint = f"{instead}, or its column of seconds with 'column'" if metric.kind == "duration" else instead
        yield Problem("'steps' needs a source of events", where, hint=hint)
    elif metric.over == "events":
        yield Problem("'over: events' needs a source of events", places.of_key(("metrics", key, "over")), hint=instead)


def _ratios(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, metric in definitions.metrics.items():
        if metric.denominator is None:
            continue
        units = [_unit(definitions, measure.source) for measure in (metric.numerator, metric.denominator)]
        if None not in units and units[0] != units[1]:
            message = f"'{key}' divides per {units[0]} by per {units[1]}"
            hint = "name a denominator from a source with the same 'unit'"
            yield Problem(message, places.of_key(("metrics", key, "denominator")), "the same unit in both", hint)


def _unit(definitions: Definitions, source: str) -> str | None:
    return getattr(definitions.sources.get(source), "unit", None)


# Filters -----------------------------------------------------------------------------------------------------------


def _segments(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, segment in definitions.segments.items():
        if segment.filter is not None:
            yield from _filter(segment.filter, places, ("segments", key, "filter"))
        source = definitions.sources.get(segment.source) if segment.source else None
        if source is not None and not isinstance(source, UnitSource):
            message = f"the segment '{key}' is cut from a source of shape {source.shape}"
            hint = "name a source with one row per unit"
            yield Problem(message, places.of_value(("segments", key, "source")), "a source of shape units", hint)


def _filter(text: str, places: Places, path: Path) -> Iterator[Problem]:
    try:
        parse(text)
    except DefinitionError as error:
        where = places.of_value(path)
        yield from (Problem(found.message, where, found.expected, found.hint) for found in error.problems)


# What is built -----------------------------------------------------------------------------------------------------


def _features(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, feature in definitions.features.items():
        if not feature.events:
            continue
        name = event_source(definitions, feature)
        if name is None and len(definitions.sources) < len(places.tree.get("sources", ())):
            continue  # the source it would come from is among those reported as wrong
        if name is None:
            hint = "add 'source' with the key of a source that has 'event'"
            where = places.of_key(("features", key, "events"))
            yield Problem(f"it is open which source holds the events of '{key}'", where, "one source of events", hint)
        elif name in definitions.sources and _is_nameless(definitions, name):
            where = places.of_value(("features", key, "source"))
            yield Problem(f"the source '{name}' does not tell its events apart", where, hint=_NAMES_NEEDED)
        elif name in definitions.sources and not isinstance(definitions.sources[name], EventSource):
            where = places.of_value(("features", key, "source"))
            hint = "name a source that has 'event'"
            yield Problem(f"the source '{name}' holds no events", where, "a source of shape events", hint)


def _is_nameless(definitions: Definitions, name: str) -> bool:
    source = definitions.sources[name]
    return isinstance(source, EventSource) and source.event is None


def _experiments(definitions: Definitions, places: Places) -> Iterator[Problem]:
    for key, experiment in definitions.experiments.items():
        path: Path = ("experiments", key)
        yield from _assignment(definitions, experiment, places, path)
        if experiment.start and experiment.end and experiment.end < experiment.start:
            where = places.of_value((*path, "end"))
            yield Problem(f"'{key}' ends before it starts", where, f"a day from {experiment.start} on")
        if experiment.split is not None and experiment.control not in experiment.split:
            where = places.of_key((*path, "split"))
            hint = suggest(experiment.control, experiment.split)
            yield Problem(f"'split' has no share for the control '{experiment.control}'", where, hint=hint)


def _assignment(definitions: Definitions, experiment: Experiment, places: Places, path: Path) -> Iterator[Problem]:
    source = definitions.sources.get(experiment.source)
    where = places.of_value((*path, "source"))
    if isinstance(source, UnitSource) and experiment.variant is None:
        hint = f"add 'variant', the column of '{source.table}' that tells the arm of each unit"
        yield Problem("'variant' is missing", places.of_key(path), "the name of a column", hint)
    elif isinstance(source, AggregateSource) and experiment.control not in source.arms:
        hint = suggest(experiment.control, source.arms)
        yield Problem(f"the source has no arm '{experiment.control}'", where, "'control' to name one of its arms", hint)
    elif source is not None and source.shape in ("events", "series"):
        message = f"a source of shape {source.shape} does not say which unit got which variant"
        yield Problem(message, where, _ASSIGNING, "name the table of assignments or exposures")


_RULES: tuple[Callable[[Definitions, Places], Iterator[Problem]], ...] = (
    _time_zone,
    _number_of_factors,
    _arms,
    _covariances,
    _measures,
    _sources_of_kinds,
    _ratios,
    _segments,
    _features,
    _experiments,
    bets,
    designs,
    utilities,
    series_rules,
    links,
)

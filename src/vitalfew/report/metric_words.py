"""A metric's definition in plain sentences: what is taken per unit, of which rows, when, and what is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.words import listed
from vitalfew.workspace.definitions import EventSource, SeriesSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vitalfew.workspace.definitions import Definitions, Measure, Metric, MetricKind

_TAKEN = {
    "sum": "the sum of",
    "max": "the largest",
    "min": "the smallest",
    "last": "the last",
    "avg": "the mean of",
    "count": "how many rows have",
    "count_distinct": "how many different values of",
}
_RULES = {"mean": "the mean of the answers", "share": "the share of 5 to 7", "net": "5 to 7 minus 1 to 3, as shares"}


def definition_sentences(definitions: Definitions, metric: Metric, key: str) -> tuple[str, ...]:
    """The definition of a metric, sentence by sentence.

    Args:
        definitions: the workspace, for the titles of sources.
        metric: the definition.
        key: its key, which is the column where none is named.
    """
    return tuple(sentence[:1].upper() + sentence[1:] for sentence in _sentences(definitions, metric, key))


def _sentences(definitions: Definitions, metric: Metric, key: str) -> Iterator[str]:
    yield f"{_what(definitions, metric, key)}."
    for name, measure in (("", metric.numerator), ("below the line ", metric.denominator)):
        if measure is not None and measure.filters:
            yield f"{name}only rows count where {' and '.join(measure.filters)}."
    yield from _window(metric)
    yield from _cap(metric)
    if metric.covariate_days:
        yield f"effects are adjusted for the same measure in the {metric.covariate_days:g} days before the exposure."
    if metric.covariates:
        yield f"effects are adjusted for {listed(metric.covariates)}, known before the assignment."
    yield f"{'less' if metric.direction == 'down' else 'more'} is better."


def _what(definitions: Definitions, metric: Metric, key: str) -> str:
    if isinstance(definitions.sources.get(metric.numerator.source), SeriesSource):
        return f"the series {metric.numerator.column or key} of {_source(definitions, metric.numerator)}"
    taken = _measured(definitions, metric.numerator, key)
    if metric.kind in ("ratio", "error_rate") and metric.denominator is not None:
        return f"{taken}, divided by {_measured(definitions, metric.denominator, key)}"
    return _BY_KIND.get(metric.kind, _mean)(metric, taken)


def _mean(_metric: Metric, taken: str) -> str:
    return f"{taken}, per unit on average"


def _share(metric: Metric, taken: str) -> str:
    reached = "above 0" if metric.threshold is None else f"at least {metric.threshold:g}"
    return f"the share of units for which {taken} is {'not ' if metric.complement else ''}{reached}"


def _duration(metric: Metric, taken: str) -> str:
    steps = " → ".join(metric.steps)
    return f"seconds from the first to the second of {steps}, per completed task" if steps else taken


def _until(metric: Metric, _taken: str) -> str:
    summary = "median" if metric.summary == "median" else "restricted mean of the"
    return f"the {summary} days from the first exposure until {_events(metric.numerator)}"


def _quantile(metric: Metric, taken: str) -> str:
    return f"the {100 * (metric.quantile or 0.5):g} % quantile over {metric.over} of {taken}"


def _participation(metric: Metric, _taken: str) -> str:
    return f"the share of days of the window on which a unit has {_events(metric.numerator) or 'any event'}"


_BY_KIND: Mapping[MetricKind, Callable[[Metric, str], str]] = {
    "proportion": _share,
    "retention": _share,
    "quantile": _quantile,
    "funnel": lambda metric, _: f"the share of units that go through {' → '.join(metric.steps)} in this order",
    "duration": _duration,
    "time_to_event": _until,
    "nps": lambda _, taken: f"promoters (9 and 10) minus detractors (0 to 6) in points, of {taken}",
    "csat": lambda _, taken: f"the share of satisfied answers (4 and 5), of {taken}",
    "ces": lambda metric, taken: f"{_RULES[metric.rule or 'mean']} (1 to 7), of {taken}",
    "participation": _participation,
    "count": lambda _, taken: f"{taken}, per unit",
}


def _measured(definitions: Definitions, measure: Measure, key: str) -> str:
    events = _events(measure)
    source = _source(definitions, measure)
    counted = isinstance(definitions.sources.get(measure.source), EventSource) and measure.column is None
    if counted or measure.aggregation == "count":
        return f"the number of {events or 'events'} in {source}"
    column = measure.column or key
    taken = f"{_TAKEN[measure.aggregation]} " if measure.aggregation else "the "
    return f"{taken}column {column} of {f'{events} in ' if events else ''}{source}"


def _events(measure: Measure) -> str:
    return f"events {listed(measure.events)}" if measure.events else ""


def _source(definitions: Definitions, measure: Measure) -> str:
    found = definitions.sources.get(measure.source)
    return f"“{found.title if found is not None and found.title else measure.source}”"


def _window(metric: Metric) -> Iterator[str]:
    window = metric.window
    if window is None:
        return
    if window.kind == "lookback":
        yield f"counted over the last {window.length or 0:g} days of the data."
    elif window.length is not None:
        end = window.delay + window.length
        yield f"counted from day {window.delay:g} to before day {end:g} after a unit's first exposure."
    else:
        yield f"counted from day {window.delay:g} after a unit's first exposure on."


def _cap(metric: Metric) -> Iterator[str]:
    cap = metric.cap
    if cap is None:
        return
    sides = {"upper": "above", "lower": "below", "both": "beyond"}[cap.side]
    bound = f"{cap.absolute:g}" if cap.absolute is not None else f"the {100 * (cap.percentile or 0):g} % percentile"
    yield f"values {sides} {bound} are set to it."

"""Which fields each kind of metric takes, which it needs, and which kind was probably meant when they do not fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.metrics import Metric
    from vitalfew.workspace.sources import AnySource
    from vitalfew.workspace.vocabulary import MetricKind

SHARES: tuple[MetricKind, ...] = ("proportion", "retention")
"""Kinds that say of a unit whether it reached a threshold."""

DISTRIBUTIONS: tuple[MetricKind, ...] = ("quantile", "time_to_event")
"""Kinds that are read from a whole distribution: moments cannot tell them."""

SCALES: dict[MetricKind, tuple[int, int]] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""Kinds made of answers, with the lowest and highest answer of their scale."""

MOST_STEPS = 10

_PERCENTAGES: tuple[MetricKind, ...] = (*SHARES, "funnel", "csat", "participation", "error_rate")
_USUAL_UNITS: dict[MetricKind, str] = {"nps": "points", "duration": "s", "time_to_event": "days"}

_OWNERS: dict[str, tuple[MetricKind, ...]] = {
    "denominator": ("ratio", "error_rate"),
    "threshold": SHARES,
    "complement": SHARES,
    "quantile": ("quantile",),
    "over": ("quantile",),
    "steps": ("funnel", "duration"),
    "horizon": ("time_to_event", "duration"),
    "summary": ("time_to_event",),
    "rule": ("ces",),
}
_UNCAPPED: tuple[MetricKind, ...] = (*DISTRIBUTIONS, "funnel", "participation", *SCALES)
_OWN_AGGREGATION: tuple[MetricKind, ...] = ("funnel", "time_to_event", "participation", *SCALES)
_OF_A_DAY: tuple[MetricKind, ...] = ("mean", "count", "proportion", "ratio", "error_rate")
_SUMMED = (None, "sum", "count")


def is_percentage(metric: Metric) -> bool:
    """Whether its numbers are shares, so that changes are percentage points."""
    custom = metric.kind == "ces" and metric.rule == "share"
    return metric.kind in _PERCENTAGES or custom or metric.unit == "share"


def is_zero_or_one(metric: Metric) -> bool:
    """Whether each unit is 0 or 1, so that the variance follows from the share of ones."""
    custom = metric.kind == "ces" and metric.rule == "share"
    return metric.kind in (*SHARES, "funnel", "csat") or custom


def follow_up(metric: Metric) -> float | None:
    """Days after the first exposure until a unit's value is complete; None when nothing says."""
    window = metric.window
    if window is None or window.kind == "lookback" or window.length is None:
        return metric.horizon
    return window.delay + window.length


def is_of_a_day(metric: Metric) -> bool:
    """Whether the events of one day tell a metric's value of it."""
    parts = [one for one in (metric.numerator, metric.denominator) if one is not None]
    summed = all(one.aggregation in _SUMMED for one in parts) and metric.cap is None
    return metric.kind in _OF_A_DAY and summed and not metric.threshold


def is_told_by_days(metric: Metric, source: AnySource) -> bool:
    """Whether values of single days are on the scale of the metric: what is summed over a window is larger than a day.

    >>> from vitalfew.workspace.definitions import EventSource, Metric
    >>> log = EventSource(table="log", unit="id", time="at", event="name")
    >>> is_told_by_days(Metric(source="log", kind="count", events=["paid"], window={"length": 28}), log)
    False
    """
    if source.shape != "events" or not is_of_a_day(metric):
        return True
    return metric.kind in ("ratio", "error_rate") or follow_up(metric) == 1


def days_followed(metric: Metric, source: AnySource) -> int:
    """Days after that of a daily value in which it still could change; 0 where it says what happened on the day."""
    if source.shape == "series" or (source.shape == "events" and is_of_a_day(metric)):
        return 0
    return math.ceil(follow_up(metric) or 0)


def unit_of(metric: Metric) -> str:
    """The unit of a metric that is no share: its own, else that of its kind; empty for a bare number."""
    net = metric.kind == "ces" and metric.rule == "net"
    return metric.unit or ("points" if net else _USUAL_UNITS.get(metric.kind, ""))


def faults(metric: Metric) -> Iterator[str]:
    """What is wrong with the fields of a metric for its kind, each with the next step."""
    yield from _strangers(metric)
    needs = _NEEDS.get(metric.kind)
    if needs is not None:
        yield from needs(metric)


def _strangers(metric: Metric) -> Iterator[str]:
    for field in sorted(metric.model_fields_set & _OWNERS.keys()):
        owners = _OWNERS[field]
        given = getattr(metric, field)
        if metric.kind in owners or given in (None, (), False):
            continue
        if field == "denominator":
            yield "only a ratio has a denominator: write 'kind: ratio', or remove it"
        else:
            yield f"'{field}' does not belong to kind {metric.kind}: write 'kind: {owners[0]}', or remove it"
    if metric.cap is not None and metric.kind in _UNCAPPED:
        yield f"kind {metric.kind} takes no cap: its values are bounded as they are; remove it"
    if metric.numerator.aggregation is not None and metric.kind in _OWN_AGGREGATION:
        yield f"kind {metric.kind} takes no aggregation: the kind says what is taken per unit; remove it"


def _ratio(metric: Metric) -> Iterator[str]:
    if metric.denominator is None:
        yield "a ratio needs a denominator: add 'denominator: {source: …, column: …}'"


def _error_rate(metric: Metric) -> Iterator[str]:
    if metric.denominator is None:
        example = "'events: [failed]' and 'denominator: {source: …, events: [failed, succeeded]}'"
        yield f"an error_rate needs all attempts as its denominator, as in {example}"


def _retention(metric: Metric) -> Iterator[str]:
    without = metric.window is None or metric.window.length is None
    if without and metric.numerator.column is None:
        yield "retention needs a window in days, as in 'window: {delay: 7, length: 1}'"


def _quantile(metric: Metric) -> Iterator[str]:
    if metric.quantile is None:
        yield "a quantile needs to know which one, as in 'quantile: 0.9'"
    if metric.over == "events" and metric.numerator.column is None:
        yield "a quantile over events needs the column of their values, as in 'column: milliseconds'"


def _funnel(metric: Metric) -> Iterator[str]:
    if not 2 <= len(metric.steps) <= MOST_STEPS:  # noqa: PLR2004 - one step is no funnel
        yield f"a funnel needs 2 to {MOST_STEPS} steps in order, as in 'steps: [view, basket, order]'"
    yield from _only_steps(metric)


def _duration(metric: Metric) -> Iterator[str]:
    if not metric.steps:
        if metric.numerator.column is None:
            example = "'steps: [task_started, task_finished]', or 'column: seconds'"
            yield f"a duration needs the events that begin and end it, as in {example}"
        if metric.horizon is not None:
            yield "'horizon' limits how long after its start a task may end, which takes 'steps'"
        return
    if len(metric.steps) != 2 or metric.steps[0] == metric.steps[1]:  # noqa: PLR2004 - start and end
        yield "a duration has two different steps, its start and its end, as in 'steps: [task_started, task_finished]'"
    yield from _only_steps(metric)


def _only_steps(metric: Metric) -> Iterator[str]:
    for field in ("events", "column"):
        if metric.steps and getattr(metric.numerator, field):
            yield f"'{field}' is given beside 'steps', which name the events of a {metric.kind}; remove it"


def _time_to_event(metric: Metric) -> Iterator[str]:
    if not metric.numerator.events:
        yield "a time_to_event needs the events it waits for, as in 'events: [order]'"
    if metric.numerator.column is not None:
        yield "a time_to_event counts days from the first exposure and reads no column; remove 'column'"
    window = metric.window
    if window is not None and (window.kind == "lookback" or window.delay or window.length is None):
        yield "the window of a time_to_event begins with the exposure, as in 'window: {length: 28}'"


def _score(metric: Metric) -> Iterator[str]:
    if metric.numerator.column is None:
        low, high = SCALES[metric.kind]
        yield f"{metric.kind} needs the column of the answers ({low} to {high}), as in 'column: score'"
    if metric.kind == "ces" and metric.rule is None:
        yield (
            "ces has no single custom, so name its rule: 'mean' (of 1 to 7), 'share' (of 5 to 7), or 'net' (5 to 7"
            " minus 1 to 3), as in 'rule: mean'"
        )


def _participation(metric: Metric) -> Iterator[str]:
    length = None if metric.window is None else metric.window.length
    if length is None or length != int(length):
        yield "participation needs a window of whole days, as in 'window: {length: 28}'"


_NEEDS = {
    "ratio": _ratio,
    "error_rate": _error_rate,
    "retention": _retention,
    "quantile": _quantile,
    "funnel": _funnel,
    "duration": _duration,
    "time_to_event": _time_to_event,
    "nps": _score,
    "csat": _score,
    "ces": _score,
    "participation": _participation,
}

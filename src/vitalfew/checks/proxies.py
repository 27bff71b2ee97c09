"""Checks of proxies and goals: does what is chased still lead where it should, and was a goal met in truth?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.results.words import listed
from vitalfew.stats.normal import two_sided
from vitalfew.workspace.graph import edges
from vitalfew.workspace.plan_locks import plan_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import KeyResult
    from vitalfew.workspace.graph import Edge

    Floats = NDArray[np.float64]

_Z80 = two_sided(0.80)
_RECENT = 5  # experiments over which a proxy is watched
_FEWEST_RESULTS = 8  # key results near their targets, from which on a habit can show
_HISTORY = 60  # days before a due date by which its last days are judged
_BEFORE = 28  # days whose median says what is usual
_LAST, _AFTER = 7, 3  # days before the due date in which a spike counts; days after it that show its end
_FELL_BACK = 0.5  # share of a spike that must be gone by then


@check(
    "R66",
    "warning",
    why="What is chased does not lead where it should: every gain on it is paid for at the end.",
    do="Decide by the end itself until a test has shown another early metric that leads there.",
)
def proxy_broken(view: View) -> Iterator[Found]:
    """Early metrics that are relied upon, by a link, a key result or a hypothesis, while their end goes elsewhere."""
    relied = _relied_upon(view)
    linked = {(edge.parent, edge.child) for edge in edges(view.definitions) if not edge.is_component}
    for row in view.tables.proxies:
        if row.status != "broken" or len(row.weights) > 1:
            continue
        (proxy,) = row.weights
        if proxy in relied or (proxy, row.target) in linked:
            yield Found(proxy, f"{view.title('metrics', proxy)}: {row.message}.")


@check(
    "R67",
    "warning",
    why="A proxy that moves while its goal does not has come apart from it: chasing it is chasing a number.",
    do="Look at the goal itself for a while, and estimate the link anew before the proxy decides anything again.",
    reads=("proxy_errors",),
)
def goodhart(view: View) -> Iterator[Found]:
    """Proxies that rose in the last experiments while the metric they stand for stayed behind what they foretold."""
    for edge in edges(view.definitions):
        if not edge.is_component and edge.definition.low is not None and edge.definition.high is not None:
            found = _behind(view, edge)
            if found is not None and found > view.thresholds.proxy_errors:
                proxy, goal = (view.title("metrics", metric) for metric in (edge.parent, edge.child))
                yield Found(
                    edge.link, f"{proxy} moves and {goal} stays behind what it foretold ({found:.1f} standard errors)."
                )


@check(
    "R67",
    "info",
    why="Where work stops at the target, or numbers are helped over it, a goal measures the wish to meet it.",
    do="Look at how these were counted in their last days, and set goals as ranges rather than lines.",
    reads=("bunched_share", "bunched_p"),
)
def bunched_at_targets(view: View) -> Iterator[Found]:
    """Key results that ended just above their targets far more often than just below."""
    near = [miss for _, miss in _misses(view) if abs(miss) <= view.thresholds.bunched_share]
    above = sum(miss >= 0 for miss in near)
    if len(near) >= _FEWEST_RESULTS and _at_least(above, len(near)) <= view.thresholds.bunched_p:
        said = f"{above} of {len(near)} key results that ended near their target ended just above it"
        yield Found("objectives", f"{said}; by chance it would be about half.")


@check(
    "R67",
    "warning",
    why="A goal met by counting otherwise is not met.",
    do="Report the key result by the old definition, too, and say who changed it and why.",
    reads=("redefined_days",),
)
def redefined_before_due(view: View) -> Iterator[Found]:
    """Metrics of key results whose definition changed shortly before the due date, as locked plans prove."""
    changed = _redefinitions(view)
    for metric, result in _dated(view):
        if result.due is None or metric not in changed:
            continue
        old, new = changed[metric]
        if result.due - timedelta(days=view.thresholds.redefined_days) <= old and new <= result.due:
            name = view.title("metrics", metric)
            yield Found(
                metric,
                f"{name} was defined anew between {old} and {new}, before its key result fell due ({result.due}).",
            )


@check(
    "R67",
    "warning",
    why="A jump that comes with the due date and goes after it met the goal for a day.",
    do="Ask what was done in these days, and judge the key result by the weeks around them.",
    reads=("spike_times",),
)
def spike_at_due(view: View) -> Iterator[Found]:
    """Series that jump towards the target just before the due date, as never before, and fall back after it."""
    for metric, result in _dated(view):
        days, values = _series(view, metric)
        if result.due is None or result.baseline is None or result.target is None or not len(days):
            continue
        away = np.sign(result.target - result.baseline) * _unusual(values)
        if _is_spike(days, away, result.due, view.thresholds.spike_times):
            yield Found(metric, f"{view.title('metrics', metric)} jumped just before {result.due} and fell back after.")


@check(
    "R67",
    "info",
    why="What is chased alone is gained at the cost of something that nobody looks at.",
    do="Make the counter-metric a guardrail, with the most that may be lost on it; give every factor one.",
)
def unpaired(view: View) -> Iterator[Found]:
    """Factors whose counter-metric is neither a guardrail nor a factor; and, where some have one, those without."""
    defined = view.definitions
    watched = {*defined.guardrails, *defined.factors}
    pairs = {key: factor.counter for key, factor in defined.factors.items() if factor.counter is not None}
    for key, counter in pairs.items():
        if counter not in watched:
            factor, name = view.title("factors", key), view.title("metrics", counter)
            yield Found(key, f"{name}, which would get worse if {factor} were chased alone, is no guardrail.")
    alone = [key for key in defined.factors if key not in pairs] if pairs else []
    if alone:
        names = listed((view.title("factors", key) for key in alone), SHOWN)
        yield Found("factors", f"No counter-metric says what chasing these alone would cost: {names}.")


def _relied_upon(view: View) -> frozenset[str]:
    """Metrics that key results and hypotheses are about."""
    results = (metric for metric, _ in _dated(view))
    return frozenset((*results, *(one.metric for one in view.definitions.hypotheses.values())))


def _dated(view: View) -> Iterator[tuple[str, KeyResult]]:
    for objective in view.definitions.objectives.values():
        for result in objective.key_results.values():
            if result.metric is not None:
                yield result.metric, result


def _behind(view: View, edge: Edge) -> float | None:
    """By how many standard errors the goal stayed behind what its proxy foretold; None without enough experiments."""
    signs = [1.0 if view.definitions.metrics[m].direction == "up" else -1.0 for m in (edge.parent, edge.child)]
    shown: dict[str, dict[str, tuple[float, float]]] = {}
    for change in view.changes(lambda effect: effect.segment is None and effect.metric in (edge.parent, edge.child)):
        pair = (change.good, change.effect.se or 0.0)
        shown.setdefault(change.effect.experiment, {})[change.effect.metric] = pair
    ended = {key: each.end or each.start or date.min for key, each in view.definitions.experiments.items()}
    ordered = sorted(shown, key=lambda experiment: ended.get(experiment, date.min))
    both = [shown[experiment] for experiment in ordered if len(shown[experiment]) > 1][-_RECENT:]
    low, high = edge.definition.low, edge.definition.high
    if len(both) < _RECENT or low is None or high is None:
        return None
    slope = signs[0] * signs[1] * (low + high) / 2
    spread = abs(high - low) / (2 * _Z80)
    proxy = sum(found[edge.parent][0] for found in both)
    lag = slope * proxy - sum(found[edge.child][0] for found in both)
    variance = (spread * proxy) ** 2
    variance += sum(found[edge.child][1] ** 2 + (slope * found[edge.parent][1]) ** 2 for found in both)
    return lag / variance**0.5 if proxy > 0 and variance > 0 else None


def _misses(view: View) -> Iterator[tuple[str, float]]:
    """How far key results that fell due ended beyond their targets, as shares of the way from the baseline."""
    for metric, result in _dated(view):
        if result.due is None or result.baseline is None or result.target is None or result.due >= view.as_of:
            continue
        days, values = _series(view, metric)
        at = [i for i, day in enumerate(days) if result.due - timedelta(days=_LAST) <= day <= result.due]
        way = result.target - result.baseline
        if at and way:
            yield metric, float(values[at[-1]] - result.target) / way


def _series(view: View, metric: str) -> tuple[list[date], Floats]:
    """Days and values of the series of a metric over everybody."""
    rows = sorted((row.day, row.value) for row in view.tables.series if row.metric == metric and row.unit is None)
    return [date.fromisoformat(day) for day, _ in rows], np.array([value for _, value in rows], dtype=np.float64)


def _at_least(count: int, of: int) -> float:
    """Chance of so many heads or more among fair coins."""
    from scipy.special import bdtrc

    return 1.0 if count == 0 else float(bdtrc(count - 1, of, 0.5))


def _redefinitions(view: View) -> dict[str, tuple[date, date]]:
    """Metrics that were defined otherwise: the last day locked with the old definition, the first with today's."""
    old: dict[str, date] = {}
    new: dict[str, date] = {}
    for act, body in view.acts.of("lock"):
        if "rests_on" not in body or body.get("experiment") not in view.definitions.experiments:
            continue
        present, day = plan_body(body["experiment"], view.definitions)["rests_on"], date.fromisoformat(act.at[:10])
        for name, hashed in body["rests_on"].items():
            kind, _, key = name.partition(".")
            if kind == "metrics" and name in present:
                if present[name] == hashed:
                    new[key] = min(new.get(key, day), day)
                else:
                    old[key] = max(old.get(key, day), day)
    return {key: (old[key], new[key]) for key in old if key in new and old[key] <= new[key]}


def _unusual(values: Floats) -> Floats:
    """How far each day lies from the median of the days before it; 0 where there are too few."""
    away = np.zeros(len(values))
    for day in range(_BEFORE, len(values)):
        away[day] = values[day] - np.median(values[day - _BEFORE : day])
    return away


def _is_spike(days: list[date], away: Floats, due: date, times: float) -> bool:
    last = [i for i, day in enumerate(days) if due - timedelta(days=_LAST) < day <= due]
    after = [i for i, day in enumerate(days) if due < day <= due + timedelta(days=_LAST)]
    if not last or len(after) < _AFTER or last[0] < _BEFORE + _HISTORY:
        return False
    largest = float(np.abs(away[_BEFORE : last[0]]).max())
    peak = float(away[last].max())
    return largest > 0 and peak > times * largest and float(np.median(away[after])) < _FELL_BACK * peak

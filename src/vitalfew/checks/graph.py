"""Checks of how metrics hang together: side effects nobody meant, ends nobody works on, formulas that do not hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from vitalfew.checks.premortems import feared_metrics
from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.decide.purposes import meant_for
from vitalfew.evidence.changes import changes, losses
from vitalfew.results.words import listed
from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Initiative

_CONSIDERED = frozenset({"framed", "forecast", "committed"})
_NOTICED = 0.05  # p-value from which a gain counts as attention paid


@check(
    "R72",
    "warning",
    why="What one team raises another lowers: both work, both may reach their goal for a while, and nothing moves.",
    do="Bring both teams to one direction for this metric, or give one of them another key result.",
)
def opposed_aims(view: View) -> Iterator[Found]:
    """Teams mean to move the same metric in opposite directions, by key results or by locked promises."""
    for row in view.tables.opposed:
        up, down = (listed(dict.fromkeys(_team(view, aim.team) for aim in aims)) for aims in (row.up, row.down))
        yield Found(row.metric, f"{view.title('metrics', row.metric)} is to rise for {up} and to fall for {down}.")


def _team(view: View, team: str | None) -> str:
    return "nobody in particular" if team is None else view.title("teams", team)


@check(
    "R68",
    "warning",
    why="What nobody looked for is what nobody sees: a change does more than it was made for.",
    do="Look whether the change can do it, then mend it, or write the metric down as a guardrail of the next one.",
    reads=("false_discoveries",),
)
def unintended(view: View) -> Iterator[Found]:
    """Clear losses by what has reached users, on metrics it was not made for, for all or for a segment.

    All metrics and segments of all changes are searched at once. Factors and guardrails have a check of their own.
    """
    effects = (*view.tables.effects, *view.tables.release_effects)
    searched = changes(view.definitions, effects, view.tables.health, lambda effect: _is_aside(view, effect))
    sides: dict[str, dict[str, list[str]]] = {}
    for change in losses(searched, view.thresholds.false_discoveries):
        effect = change.effect
        who = "all" if effect.segment is None else view.title("segments", effect.segment)
        sides.setdefault(effect.experiment, {}).setdefault(view.title("metrics", effect.metric), []).append(who)
    for subject, found in sides.items():
        told = listed((f"{metric} (for {listed(dict.fromkeys(who), SHOWN)})" for metric, who in found.items()), SHOWN)
        kind = "releases" if subject in view.definitions.releases else "experiments"
        yield Found(subject, f"{view.title(kind, subject)} made worse what it was not made for: {told}.")


@check(
    "R69",
    "info",
    why="What is nobody's aim gets worse slowly, and is noticed when customers have left.",
    do="Set a small improvement of it for the next quarter, or agree that it no longer counts.",
    reads=("neglect_days",),
)
def neglected(view: View) -> Iterator[Found]:
    """Factors that no work was or is meant for and nothing improved for two quarters, while work went on elsewhere.

    Silent where less than two quarters of work are on record.
    """
    defined, since = view.definitions, view.as_of - timedelta(days=view.thresholds.neglect_days)
    dated = {key: days for key, each in defined.initiatives.items() if (days := _days(each))}
    if not dated or min(min(days) for days in dated.values()) > since:
        return
    recent = [
        key
        for key, each in defined.initiatives.items()
        if any(since < day <= view.as_of for day in dated.get(key, ())) or each.status in _CONSIDERED
    ]
    attended = {factor for key in recent for factor in meant_for(defined, key, {})}
    noticed = view.changes(lambda effect: effect.metric in defined.factors and _ended(view, effect) > since)
    attended |= {change.effect.metric for change in noticed if change.p_gain <= _NOTICED}
    for factor in defined.factors if recent else ():
        if factor not in attended:
            yield Found(factor, f"Nobody has worked on {view.title('metrics', factor)} for two quarters.")


@check(
    "R47",
    "info",
    why="An end without a measured means cannot be worked on: nobody learns in time whether they come closer.",
    do="Name a metric that moves sooner and leads to it (a link), or pose a hypothesis about it.",
)
def end_without_means(view: View) -> Iterator[Found]:
    """Metrics of the business to which no link leads, that no experiment measured and no work asks about.

    Silent where no metric is linked to any other.
    """
    defined = view.definitions
    reached = {edge.child for edge in edges(defined)}
    asked = {question.metric for question in defined.hypotheses.values()}
    measured = {effect.metric for effect in (*view.tables.effects, *view.tables.release_effects)}
    for key, metric in defined.metrics.items() if reached else ():
        if metric.level == "business" and key not in reached | asked | measured | set(defined.guardrails):
            yield Found(key, f"Nothing that is measured leads to {view.title('metrics', key)}.")


@check(
    "R41",
    "warning",
    why="A formula that misses its own total splits every change into parts that are not there.",
    do="Give the whole and its parts the same units, windows and caps, or make the link an influence.",
)
def formula_does_not_hold(view: View) -> Iterator[Found]:
    """Component links whose whole differs from its formula on the data, beyond rounding and noise."""
    for row in view.tables.failed:
        if row.stage == "components" and row.remark and row.item in view.definitions.metrics:
            yield Found(row.item, f"{view.title('metrics', row.item)}: {row.reason}.")


def _is_aside(view: View, effect: EffectRow) -> bool:
    """Whether an effect is of live work, on a metric that is neither its aim nor agreed to matter anyway."""
    defined = view.definitions
    if effect.metric in defined.factors or effect.metric in defined.guardrails:
        return False
    release, experiment = defined.releases.get(effect.experiment), defined.experiments.get(effect.experiment)
    if release is not None:
        keys = release.initiatives
        live = release.date <= view.as_of
    else:
        keys = (experiment.initiative,) if experiment and experiment.initiative in defined.initiatives else ()
        live = any(view.is_live(defined.initiatives[key]) for key in keys)
    asked = {question.metric for question in defined.hypotheses.values() if question.initiative in keys}
    served = {name for key in keys for name in defined.initiatives[key].serves}
    if not asked | served and experiment and experiment.metrics == (effect.metric,):
        return False  # a past result of one metric: what else was it made for?
    return live and effect.metric not in asked | served | feared_metrics(view, tuple(keys))


def _days(initiative: Initiative) -> list[date]:
    return [day for day in (initiative.started, initiative.shipped) if day is not None]


def _ended(view: View, effect: EffectRow) -> date:
    experiment = view.definitions.experiments.get(effect.experiment)
    return (experiment.end or experiment.start if experiment else None) or date.min

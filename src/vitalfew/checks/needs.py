"""Checks of needs: is there one, is its cause known, does it lead anywhere?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check
from vitalfew.workspace.graph import downstream
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions, Initiative

REQUESTED = frozenset({"request", "sales"})


@check(
    "R20",
    "warning",
    why="A request is somebody's solution. What was built as asked is often not used, because the need was another.",
    do="Ask those who requested it what they were trying to do, write it down as a need, and link it.",
)
def request_without_need(view: View) -> Iterator[Found]:
    """Initiatives that came as a request or from sales and serve no need."""
    for key, initiative in view.definitions.initiatives.items():
        requested = initiative.origin in REQUESTED and initiative.status not in OVER
        if requested and not _needs_of(view.definitions, initiative):
            yield Found(key, f"{view.title('initiatives', key)} came as a request; no need stands behind it.")


@check(
    "R23",
    "warning",
    why="A need without a way to the business is not funded for long; a goal without a need pleases nobody.",
    do="For a need, name the metric it harms and how that moves the business; for a goal, name the need it serves.",
)
def not_closing(view: View) -> Iterator[Found]:
    """Needs from which no harm, goal or link leads to a metric of level business; objectives that no need leads to.

    Silent where no metric is of level business, or no need is defined.
    """
    defined = view.definitions
    business = {key for key, metric in defined.metrics.items() if metric.level == "business"}
    for key in defined.needs if business else ():
        if not downstream(defined, _metrics_of_need(defined, key)) & business:
            yield Found(key, f"The need '{view.title('needs', key)}' has no way to a metric of the business.")
    for key, objective in defined.objectives.items() if defined.needs else ():
        if not _needs_of_objective(defined, key):
            yield Found(key, f"No need leads to the objective '{objective.title}'.")


@check(
    "R24",
    "warning",
    why="A solution to an assumed cause works only if the assumption happens to be right.",
    do="Watch three customers do it, or test the cheapest version first.",
)
def assumed_cause(view: View) -> Iterator[Found]:
    """Needs with an assumed root cause on which work was agreed or has begun without an experiment."""
    defined = view.definitions
    tested = {found.initiative for found in defined.experiments.values()}
    for key, need in defined.needs.items():
        assumed = next((cause.cause for cause in need.causes if cause.evidence == "assumed"), None)
        untested = [
            view.title("initiatives", name)
            for name, initiative in defined.initiatives.items()
            if key in initiative.serves and view.is_committed(initiative) and name not in tested
        ]
        if assumed is not None and untested:
            rests = f"'{assumed.rstrip('.')}' is assumed; built on it without a test: {', '.join(untested)}"
            yield Found(key, f"The need '{view.title('needs', key)}': {rests}.")


def _needs_of(defined: Definitions, initiative: Initiative) -> set[str]:
    """Needs that an initiative serves itself, or through an objective that names them."""
    served = set(initiative.serves)
    for key in initiative.serves:
        if key in defined.objectives and key not in defined.needs:
            served |= set(defined.objectives[key].serves)
    return served & set(defined.needs)


def _metrics_of_need(defined: Definitions, need: str) -> set[str]:
    """Metrics that a need harms, or that those who serve it want to move."""
    found = set(defined.needs[need].harms)
    for key, initiative in defined.initiatives.items():
        if need in initiative.serves:
            found |= set(initiative.serves) & set(defined.metrics)
            found |= {asked.metric for asked in defined.hypotheses.values() if asked.initiative == key}
    for objective in defined.objectives.values():
        if need in objective.serves:
            found |= {result.metric for result in objective.key_results.values() if result.metric}
    return found


def _needs_of_objective(defined: Definitions, key: str) -> set[str]:
    """Needs that an objective names, that its workers serve, or that harm what its key results measure."""
    objective = defined.objectives[key]
    found = set(objective.serves) & set(defined.needs)
    for initiative in defined.initiatives.values():
        if key in initiative.serves:
            found |= set(initiative.serves) & set(defined.needs)
    measured = {result.metric for result in objective.key_results.values() if result.metric}
    return found | {need for need in defined.needs if downstream(defined, defined.needs[need].harms) & measured}

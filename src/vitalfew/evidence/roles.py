"""What each metric of an experiment is for: it decides, it guards, or it is looked at besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.results.rows import Role
    from vitalfew.workspace.definitions import Definitions, Guardrail, Plan


def role_of(definitions: Definitions, plan: Plan | None, metric: str) -> Role:
    """The role of a metric: as planned; without a plan factors and goals decide, guardrails guard.

    A plan that names no primary metric leaves that to the value model.
    """
    named = plan is not None and bool(plan.primary)
    if plan is not None:
        if metric in plan.primary:
            return "primary"
        if metric in plan.guardrails:
            return "guardrail"
        if metric in plan.secondary:
            return "secondary"
    if not named and is_goal(definitions, metric):
        return "primary"
    return "guardrail" if metric in definitions.guardrails else "exploratory"


def is_planned(definitions: Definitions, plan: Plan | None, metric: str, segment: str | None) -> bool | None:
    """Whether the plan names this metric, and the segment; None when no plan was declared."""
    if plan is None:
        return None
    named = metric in plan.metrics
    return named and (segment is None or segment in plan.segments or gate_of(definitions, metric, segment) is not None)


def is_goal(definitions: Definitions, metric: str) -> bool:
    """Whether a metric counts as success by the value model: a factor, or a metric whose role is goal."""
    found = definitions.metrics.get(metric)
    return metric in definitions.factors or (found is not None and found.role == "goal")


def gate_of(definitions: Definitions, metric: str, segment: str | None) -> Guardrail | None:
    """The guardrail that an effect is held against; None when there is none on this metric in this segment."""
    guardrail = definitions.guardrails.get(metric)
    return guardrail if guardrail is not None and guardrail.segment == segment else None


def sign_of(definitions: Definitions, metric: str) -> int:
    """1 when more of a metric is better, -1 when less is."""
    found = definitions.metrics.get(metric)
    return -1 if found is not None and found.direction == "down" else 1

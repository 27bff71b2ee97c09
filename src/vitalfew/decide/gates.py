"""Guardrails in the way of a candidate: gates, never weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.decide.inputs import Inputs
    from vitalfew.evidence.guardrails import GateStatus


def gates_of(inputs: Inputs, key: str) -> tuple[dict[str, GateStatus], tuple[str, ...]]:
    """Guardrails that stand in the way of a candidate, after waivers, and what to say about them."""
    standing: dict[str, GateStatus] = {}
    reasons = []
    for metric, state in sorted(inputs.gates.get(key, {}).items()):
        title = inputs.definitions.title("metrics", metric)
        waived = max((inputs.waived[about] for about in (metric, key) if about in inputs.waived), default=None)
        if state == "fail" and waived:
            reasons.append(f"guardrail {title} failed; accepted by a waiver of {waived}")
        elif state == "fail":
            standing[metric] = state
            reasons.append(f"guardrail {title} failed: not to be funded without a signed waiver")
        elif state == "evidence needed":
            standing[metric] = state
            reasons.append(f"guardrail {title} needs more evidence before it can be funded")
    return standing, tuple(reasons)

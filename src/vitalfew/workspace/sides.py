"""Whose side a metric is on: the customer's, the business', the technical or the employees'; what is technical work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.definitions import Definitions, Side

SIDES: tuple[Side, ...] = ("customer", "business", "technical", "employee")
_OF_LEVEL: Mapping[str, Side] = {"business": "business"}
_OF_TYPE: Mapping[str, Side] = {
    "economic": "business",
    "experience": "customer",
    "efficiency": "customer",
    "functional": "customer",
}
_OF_ROLE: Mapping[str, Side] = {"payer": "customer", "user": "customer", "affected": "customer", "staff": "employee"}


def side_of(definitions: Definitions, metric: str) -> Side | None:
    """Whose metric it is: as it says, else by its stakeholder, its level, its type of value; None when unknown."""
    found = definitions.metrics[metric]
    if found.side is not None:
        return found.side
    held = (definitions.factors.get(metric), definitions.guardrails.get(metric))
    for key in (each.stakeholder for each in held if each):
        stakeholder = definitions.stakeholders.get(key or "")
        if stakeholder is not None and (stakeholder.side or stakeholder.role):
            return stakeholder.side or _OF_ROLE.get(stakeholder.role or "")
    return _OF_LEVEL.get(found.level) or _OF_TYPE.get(found.value_type or "")


def is_technical(definitions: Definitions, initiative: str) -> bool:
    """Whether work is for technical health: it asks about or serves a metric of that side, or came from there."""
    made = definitions.initiatives[initiative]
    asked = [each.metric for each in definitions.hypotheses.values() if each.initiative == initiative]
    named = (name for name in (*asked, *made.serves) if name in definitions.metrics)
    return made.origin == "technical" or any(side_of(definitions, name) == "technical" for name in named)

"""Ends and what is needed on the way to them: customers' delight is necessary for a business, and not sufficient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.words import listed
from vitalfew.workspace.sides import side_of

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

_NAMED = 4


def necessary(definitions: Definitions) -> str:
    """Which factors are needed and not enough; empty where customers are no factor or no metric is of the business."""
    ends = [key for key, metric in definitions.metrics.items() if metric.level == "business"]
    means = [key for key in definitions.factors if key in definitions.metrics and _is_delight(definitions, key)]
    if not ends or not means:
        return ""
    one = len(means) == 1
    factors = listed((definitions.title("factors", key) for key in means), _NAMED)
    business = listed((definitions.title("metrics", key) for key in ends), _NAMED)
    verb, they = ("is", "it") if one else ("are", "they")
    return (
        f"{factors} {verb} necessary, not sufficient: customers' delight keeps the business only by what {they}"
        f" {'moves' if one else 'move'} of {business}."
    )


def _is_delight(definitions: Definitions, factor: str) -> bool:
    return definitions.metrics[factor].level != "business" and side_of(definitions, factor) == "customer"

"""Forms over what matters: factors, guardrails, stakeholders, visions, objectives, the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.views.defining import NO_METRIC, Kind
from vitalfew.server.value.forms.definitions import (
    FactorForm,
    GuardrailForm,
    ObjectiveForm,
    PolicyForm,
    StakeholderForm,
    VisionForm,
)
from vitalfew.server.value.queries.factors import facts

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

WARN_ABOVE, REFUSE_ABOVE = 5, 10


def _beside_factor(request: Request, definitions: Definitions, key: str | None) -> dict[str, Any]:
    """Where it stands today; how many factors are too many."""
    many = len(definitions.factors) + (key is None)
    warning = f"This makes {many} factors: above {WARN_ABOVE} nobody can keep them in mind."
    told = facts(definitions, [key], open_run(request.place.workspace)) if key in definitions.factors else {}
    found: dict[str, Any] = {**_first(definitions), "warning": warning if many > WARN_ABOVE else ""}
    if key is None:
        refused = f"More than {REFUSE_ABOVE} factors are refused: park one first."
        return found | {"refused": refused if many > REFUSE_ABOVE else ""}
    today = told[key].stands if key in told else ""
    return found | {"title": f"Edit: {definitions.title('factors', key)}", "note": f"Today: {today}" if today else ""}


def _beside_guardrail(_request: Request, definitions: Definitions, _key: str | None) -> dict[str, Any]:
    return _first(definitions)


def _first(definitions: Definitions) -> dict[str, Any]:
    return {} if definitions.metrics else {"first": NO_METRIC}


KINDS = (
    Kind(
        FactorForm,
        "value-model",
        "Choose both ends so that you would just believe them: weights are about the way between.",
        beside=_beside_factor,
    ),
    Kind(
        GuardrailForm,
        "stakeholders",
        "A gate, never a weight: what breaks it is not funded without a signed waiver.",
        beside=_beside_guardrail,
    ),
    Kind(StakeholderForm, "stakeholders", "Those who gain or lose, payers or not."),
    Kind(VisionForm, "goals", "The root above every goal."),
    Kind(
        ObjectiveForm,
        "goals",
        "Key results are metrics with a baseline, a target and a date; outcomes, never counts of output.",
    ),
    Kind(
        PolicyForm,
        "policy",
        "How value is decided here; the page is written from this, the value model and the exceptions.",
    ),
)
"""Kinds of the value model that are written by form."""

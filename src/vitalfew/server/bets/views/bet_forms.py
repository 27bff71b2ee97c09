"""Writing bets down, and what they are about: forms of initiatives, hypotheses, features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse

from vitalfew.server.bets.bet_forms import FeatureForm, HypothesisForm, InitiativeForm
from vitalfew.server.bets.queries.bet import sentence
from vitalfew.server.bets.queries.record import base_rate
from vitalfew.server.bets.services.bets import remove_bet, remove_hypothesis, save_bet
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.looks import columns
from vitalfew.server.core.views.defining import NO_METRIC, First, Kind

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

NO_BET = First("There is no bet yet, and a hypothesis is what one asks.", "new-initiative", "Write down a bet")


def _beside_bet(request: Request, _definitions: Definitions, key: str | None) -> dict[str, Any]:
    """Where many ideas at once come in."""
    offered = key is None and request.place.may(Ability.DEFINE)
    return {"sheet": reverse("add-files", kwargs={"workspace": request.place.workspace.key}) if offered else ""}


def _beside_hypothesis(request: Request, definitions: Definitions, key: str | None) -> dict[str, Any]:
    """How often changes work; what a change of words does to what people said."""
    if not definitions.initiatives or not definitions.metrics:
        return {"first": NO_METRIC if definitions.initiatives else NO_BET}
    note = "Forecasts and locks name the wording they were given for: after a change people forecast anew."
    found: dict[str, Any] = {"rate": base_rate(open_run(request.place.workspace))}
    if key in definitions.hypotheses:
        found |= {"note": note, "title": f"Edit: {sentence(definitions.hypotheses[key], definitions)}"}
    return found


def _events(request: Request, _definitions: Definitions, _key: str | None) -> dict[str, Any]:
    """The events that the data hold."""
    return {"events": sorted({name for one in columns(request.place.workspace) for name in one["events"]})}


INITIATIVES = Kind(
    InitiativeForm,
    "board",
    "A title is enough to begin with; each thing more makes the ledger say more.",
    beside=_beside_bet,
    template="bets/initiatives_form.html",
    called="bet",
    save=save_bet,
    take_away=remove_bet,
)
HYPOTHESES = Kind(
    HypothesisForm,
    "board",
    "What a bet will change, for whom and by when: a question that can be answered afterwards.",
    beside=_beside_hypothesis,
    template="bets/hypotheses_form.html",
    save=save_bet,
    take_away=remove_hypothesis,
)
FEATURES = Kind(
    FeatureForm,
    "features",
    "Which events are its use, who could use it, what it costs: the rest is counted.",
    known=_events,
)

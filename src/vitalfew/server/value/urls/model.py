"""Addresses of the value model, stakeholders, guardrails, goals, policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.views.defining import routes
from vitalfew.server.value.views import editing, goals, model, pulse, starters
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.urls import URLPattern


_BELOW = {
    "value-model": "value/model/",
    "stakeholders": "value/stakeholders/",
    "goals": "value/goals/",
    "policy": "value/policy/edit/",
}
"""Forms lie below the page that shows what they change, so that the rail says where one is."""


def _forms() -> Iterator[URLPattern]:
    """A form to add, change and remove definitions of each kind."""
    for kind in editing.KINDS:
        base = f"{MINE}{_BELOW[kind.list]}{kind.name}/"
        yield from routes(kind, f"{base}new/", base if kind.kind in SETTINGS else f"{base}of/<str:key>/")


urlpatterns: list[URLPattern] = [
    route(MINE + "value/model/", model.value_model, "value-model", Ability.READ),
    route(MINE + "value/model/sign/", model.sign_value_model, "sign-value-model", Ability.RATE),
    route(MINE + "value/model/start/", starters.index, "starters", Ability.ADMINISTER),
    route(MINE + "value/model/start/<str:template>/", starters.start_from, "start-from", Ability.ADMINISTER),
    route(MINE + "value/model/pulse/", pulse.pulse, "pulse", Ability.READ),
    route(MINE + "value/model/pulse/answer/", pulse.answer_pulse, "answer-pulse", Ability.RATE),
    route(MINE + "value/model/pulse/ask/", pulse.ask_pulse, "ask-pulse", Ability.FACILITATE),
    route("pulse/", pulse.by_link, "pulse-by-link", Access.LINK),
    route("pulse/<str:secret>/", pulse.link, "pulse-link", Access.LINK),
    route(MINE + "value/model/versions/", model.compare_versions, "value-versions", Ability.READ),
    route(MINE + "value/stakeholders/", goals.stakeholders, "stakeholders", Ability.READ),
    route(MINE + "value/goals/", goals.goals, "goals", Ability.READ),
    route(MINE + "value/policy/", goals.policy, "policy", Ability.READ),
    *_forms(),
]

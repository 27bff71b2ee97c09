"""Addresses of the value model, stakeholders, guardrails, goals, policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import KIND_ABILITIES, Ability
from vitalfew.server.value.views import editing, goals, model
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
    for kind, name in editing.NAMES.items():
        ability = KIND_ABILITIES[kind]
        base = f"{MINE}{_BELOW[editing.PAGES[kind]]}{name}/"
        if kind in SETTINGS:
            yield route(base, editing.of_kind(editing.edit, kind), f"edit-{name}", ability)
            continue
        yield route(f"{base}new/", editing.of_kind(editing.new, kind), f"new-{name}", ability)
        yield route(f"{base}of/<str:key>/", editing.of_kind(editing.edit, kind), f"edit-{name}", ability)
        yield route(f"{base}of/<str:key>/remove/", editing.of_kind(editing.take_out, kind), f"remove-{name}", ability)


urlpatterns: list[URLPattern] = [
    route(MINE + "value/model/", model.value_model, "value-model", Ability.READ),
    route(MINE + "value/model/sign/", model.sign_value_model, "sign-value-model", Ability.RATE),
    route(MINE + "value/model/versions/", model.compare_versions, "value-versions", Ability.READ),
    route(MINE + "value/stakeholders/", goals.stakeholders, "stakeholders", Ability.READ),
    route(MINE + "value/goals/", goals.goals, "goals", Ability.READ),
    route(MINE + "value/policy/", goals.policy, "policy", Ability.READ),
    *_forms(),
]

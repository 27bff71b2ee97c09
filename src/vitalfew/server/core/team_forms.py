"""Forms over who works on what: teams and products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.definition_fields import Pick, number, text
from vitalfew.server.core.definition_forms import DefinitionForm, Group

if TYPE_CHECKING:
    from django import forms


def _without(family: str) -> forms.CharField:
    return text(f"Metrics of {family}, because", most=10_000)


class TeamForm(DefinitionForm):
    """A team: its product, its capacity, which families of metrics it goes without and why."""

    defines = "teams"
    groups = (
        Group("", "title product capacity"),
        Group(
            "Goes without, on purpose",
            "waives__acquisition waives__conversion waives__retention waives__technical waives__cost",
            "A check says which families of metrics a team does not look at; with a reason here it is quiet.",
            folded=True,
        ),
    )
    title = text("What it is called", required=True)
    product = Pick("products", "Product", none="none: it works on all")
    capacity = number("Capacity of one horizon", min_value=0)
    waives__acquisition = _without("acquisition")
    waives__conversion = _without("conversion")
    waives__retention = _without("retention")
    waives__technical = _without("technical health")
    waives__cost = _without("cost")

    def furnish(self) -> None:
        """The unit of cost."""
        super().furnish()
        self.fields["capacity"].label = f"Capacity of one horizon, in {self.definitions.policy.cost_unit}"


class ProductForm(DefinitionForm):
    """Something that is sold or offered as one."""

    defines = "products"
    title = text("What it is called", "Such as the name of an app.", required=True)

"""Teams and products: who works on what, with how much capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.results.figures import amount
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.team_forms import ProductForm, TeamForm
from vitalfew.server.core.views.defining import Kind, may_edit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request

TEAMS = Kind(TeamForm, "teams", "Who works together; every bet, feature and metric may name one.")
PRODUCTS = Kind(ProductForm, "teams", "Something that is sold or offered as one, such as an app.")


def index(request: Request) -> HttpResponse:
    """Every team with its product and capacity, and every product with its teams."""
    definitions = loaded(request.place.workspace).workspace.definitions
    unit = definitions.policy.cost_unit
    teams = [
        {
            "key": key,
            "title": definitions.title("teams", key),
            "product": definitions.title("products", one.product) if one.product else "",
            "capacity": amount(one.capacity, unit) if one.capacity else "",
            "waives": "; ".join(f"{family}: {reason}" for family, reason in one.waives.items()),
        }
        for key, one in definitions.teams.items()
    ]
    if request.GET.get("format") == "csv":
        heads = ("key", "title", "product", "capacity", "waives")
        return csv_response("teams", heads, [[row[name] for name in heads] for row in teams])
    products = [
        {
            "key": key,
            "title": definitions.title("products", key),
            "teams": [row["title"] for row in teams if definitions.teams[row["key"]].product == key],
        }
        for key in definitions.products
    ]
    context = {
        "title": "Teams and products",
        "answers": "Who works on what, and with how much capacity?",
        "teams": teams,
        "products": products,
        "may_edit": may_edit(request, "teams"),
    }
    return render(request, "core/teams.html", context)

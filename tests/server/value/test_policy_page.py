"""The policy page says which discipline was chosen, which levels are kept in the others, and which exceptions stand."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

from django.urls import reverse

from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]


def text_of(workspace: Workspace, client_of: ClientOf) -> str:
    page = client_of("viewer").get(reverse("policy", kwargs={"workspace": workspace.key}))
    return unescape(page.content.decode())


def test_the_chosen_discipline_stands_with_the_levels_of_the_other_two(
    workspace: Workspace, client_of: ClientOf
) -> None:
    definitions = loaded(workspace).workspace.definitions
    metric = next(iter(definitions.metrics))
    discipline = {"chosen": "product", "thresholds": [{"metric": metric, "level": 0.25}]}
    save(workspace, "policy", "", {"budget": 12, "discipline": discipline}, by=None, version=1)
    text = text_of(workspace, client_of)
    assert "We excel in product (offer the best)." in text
    assert f"{definitions.title('metrics', metric)} no worse than" in text


def test_without_a_choice_nothing_is_said_of_disciplines(workspace: Workspace, client_of: ClientOf) -> None:
    assert "We excel in" not in text_of(workspace, client_of)


def test_work_that_serves_nothing_stands_with_its_recorded_exception(workspace: Workspace, client_of: ClientOf) -> None:
    save(workspace, "initiatives", "icon", {"title": "New icon", "exception": "the brand changed"}, by=None, version=0)
    assert "New icon: the brand changed" in text_of(workspace, client_of)

"""Starting from a template in the browser: added beside what is there, all of it or nothing, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from form_pages import page_at
from vitalfew.connect.starters import NAMES, starter
from vitalfew.server.core.models import Definition
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.services.workspaces import create

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace


def test_a_template_is_added_to_an_empty_workspace_and_taken_back_by_undo(
    home: Path,  # noqa: ARG001 - files are kept in a folder of this test
    client_of: Callable[..., Client],
) -> None:
    client = client_of("admin")
    empty = create(client.member.user, "Repair shop")  # type: ignore[attr-defined]  # as the fixture says
    answer = client.post(page_at("start-from", empty, template="shop"), follow=True)
    page = answer.content.decode()
    assert "range to be agreed" in page
    empty.refresh_from_db()
    definitions = loaded(empty).workspace.definitions
    assert set(definitions.factors) == set(starter("shop").definitions.factors)
    table = Path(empty.folder) / definitions.data.path / definitions.sources["kpis"].table
    assert table.read_text() == starter("shop").header + "\n"
    (undo,) = [message.extra_tags for message in answer.context["messages"] if message.extra_tags]
    client.post(undo)
    empty.refresh_from_db()
    assert not loaded(empty).workspace.definitions.metrics


def test_every_template_is_shown_as_a_tree(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    page = client_of("admin").get(page_at("starters", workspace)).content.decode()
    assert page.count('class="panel starter"') == len(NAMES)
    assert "Revenue minus cost" in page


def test_what_collides_is_not_added_and_nothing_else_is(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    save(workspace, "metrics", "margin", {"source": "players", "column": "m"}, by=None, version=0)
    before = Definition.objects.filter(workspace=workspace).count()
    page = client_of("admin").post(page_at("start-from", workspace, template="shop"), follow=True).content.decode()
    assert "this workspace has metrics.margin already" in page
    assert Definition.objects.filter(workspace=workspace).count() == before


def test_a_template_goes_beside_what_has_other_names(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    answer = client_of("admin").post(page_at("start-from", workspace, template="service_desk"), follow=True)
    assert "Added: Service desk" in answer.content.decode(), [str(m) for m in answer.context["messages"]]
    workspace.refresh_from_db()
    assert {"rounds", "satisfied"} <= set(loaded(workspace).workspace.definitions.factors)


def test_a_template_s_policy_joins_the_one_that_stands(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    standing = loaded(workspace).workspace.definitions.policy.model_dump(mode="json", exclude_unset=True)
    version = Definition.objects.get(workspace=workspace, kind="policy").version if standing else 0
    save(workspace, "policy", "", standing | {"budget": 77}, by=None, version=version)
    client_of("admin").post(page_at("start-from", workspace, template="delivery"), follow=True)
    workspace.refresh_from_db()
    policy = loaded(workspace).workspace.definitions.policy
    assert policy.budget == 77
    assert policy.technical is not None
    assert {floor.metric for floor in policy.technical.floors} >= {"lead_time", "defects"}
    page = client_of("admin").post(page_at("start-from", workspace, template="delivery"), follow=True).content.decode()
    assert "policy.technical" in page


def test_what_the_folder_owns_is_left_to_the_folder(demo: Workspace, client_of: Callable[..., Client]) -> None:
    answer = client_of("admin").post(page_at("start-from", demo, template="subscription"))
    assert answer.status_code == 403
    assert "The folder owns" in answer.content.decode()

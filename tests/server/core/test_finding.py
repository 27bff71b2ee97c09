"""Search or jump: forgiving, quick, and never into nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from vitalfew.server.core.models import Definition
from vitalfew.server.value.models import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace


def found(client: Client, text: str, workspace: str = "fieldnote") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/w/{workspace}/find/", {"q": text}).json()["found"]
    return rows


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("minutes plan", "Minutes to plan a day"),
        ("retention_28", "Back in week four"),
        ("retentoin", "Back in week four"),
        ("metrcs", "Metrics"),
        ("OFFLINE", "Offline forms"),
    ],
)
@pytest.mark.usefixtures("demo")
def test_what_one_remembers_is_enough(client_of: Callable[..., Client], text: str, title: str) -> None:
    assert title in {row["title"] for row in found(client_of("viewer"), text)[:3]}


def test_a_session_is_found_by_its_title(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    Session.objects.create(workspace=workspace, key="autumn", title="Autumn weights", factors=[], groups=[])
    (row,) = found(client_of("viewer"), "autumn", workspace.key)
    assert row == {"title": "Autumn weights", "kind": "session", "address": f"/w/{workspace.key}/sessions/autumn/"}


@pytest.mark.usefixtures("demo")
def test_every_answer_can_be_opened(client_of: Callable[..., Client]) -> None:
    client = client_of("admin")
    for text in ("", "a", "job", "plan", "release"):
        rows = found(client, text)
        assert len(rows) <= 20
        for address in {row["address"] for row in rows}:
            assert client.get(address).status_code in (200, 302, 403), address


@pytest.mark.usefixtures("demo")
def test_nothing_is_found_in_another_workspace(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    client = client_of("viewer", of=workspace)
    assert client.get("/w/fieldnote/find/", {"q": "plan"}).status_code == 404
    assert found(client, "planning", "playground") == []


def test_three_thousand_definitions_are_searched_at_once(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    Definition.objects.bulk_create(
        Definition(workspace=workspace, kind="needs", key=f"n{at}", body={"statement": f"Need {at}"})
        for at in range(2_000)
    )
    Definition.objects.bulk_create(
        Definition(
            workspace=workspace, kind="initiatives", key=f"i{at}", body={"title": f"Initiative {at} for planning"}
        )
        for at in range(1_000)
    )
    client = client_of("viewer")
    assert len(found(client, "planning", "playground")) == 20
    begun = time.process_time()
    assert found(client, "initative 999", "playground")[0]["title"] == "Initiative 999 for planning"
    assert time.process_time() - begun < 0.25  # 0.02 s alone; the rest is room for a busy machine

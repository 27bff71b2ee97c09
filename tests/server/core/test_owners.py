"""Each kind of definitions has one owner, the folder or the server, and changes it by a plan."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import UsageError
from vitalfew.server.core.models import AuditEntry, Definition
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services import definitions, owners

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    from vitalfew.server.core.models import Member, Workspace


@pytest.fixture
def copied(demo: Workspace, tmp_path: Path) -> Workspace:
    """The demo in a folder of its own."""
    shutil.copytree(demo.folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".vitalfew"))
    demo.folder = str(tmp_path / "copy")
    demo.save()
    return demo


def test_a_kind_that_the_server_takes_over_begins_with_what_the_files_say(
    copied: Workspace, member: Callable[..., Member]
) -> None:
    before, admin = loaded(copied).workspace.definitions, member("admin").user
    plan = owners.plan_switch(copied, "initiatives", "server")
    assert plan.sentences == ("nothing changes",)
    assert not Definition.objects.exists(), "a plan changes nothing"
    owners.switch(copied, "initiatives", "server", stamp=plan.stamp, by=admin)
    assert loaded(copied).workspace.definitions == before
    key = next(iter(before.initiatives))
    body = Definition.objects.get(key=key).body | {"title": "Renamed here"}
    definitions.save(copied, "initiatives", key, body, by=admin, version=1)
    back = owners.plan_switch(copied, "initiatives", "folder")
    assert any("Renamed here" in line for line in back.sentences)
    owners.switch(copied, "initiatives", "folder", stamp=back.stamp, by=admin)
    assert loaded(copied).workspace.definitions == before
    assert [entry.detail for entry in AuditEntry.objects.filter(action="owner changed").order_by("id")] == [
        {"owner": "server"},
        {"owner": "folder"},
    ]


def test_a_plan_that_is_out_of_date_is_not_followed(copied: Workspace, member: Callable[..., Member]) -> None:
    admin = member("admin").user
    plan = owners.plan_switch(copied, "factors", "server")
    owners.switch(copied, "teams", "server", stamp=plan.stamp, by=admin)
    with pytest.raises(UsageError, match="changed while you looked"):
        owners.switch(copied, "factors", "server", stamp=plan.stamp, by=admin)


def test_the_page_shows_the_plan_first(client_of: Callable[..., Client], copied: Workspace) -> None:
    client, path = client_of("admin"), f"/w/{copied.key}/settings/owners/"
    assert "Edit here instead" in client.get(path).content.decode()
    page = client.get(f"{path}features/")
    assert "nothing changes" in page.content.decode()
    assert client.post(f"{path}features/", {"stamp": page.context["plan"].stamp}).status_code == 302
    assert "features" not in loaded(copied).folder_kinds
    assert client.get(f"{path}nonsense/").status_code == 404

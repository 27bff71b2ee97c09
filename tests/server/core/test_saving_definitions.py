"""Definitions of the server are checked as a whole, and nothing refused leaves a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import override_settings

from vitalfew.errors import DefinitionError
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import Conflict, save

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.server.core.models import Workspace


def test_what_was_refused_is_forgotten_and_the_next_change_is_judged_by_itself(workspace: Workspace) -> None:
    loaded(workspace)
    with pytest.raises(DefinitionError):
        save(workspace, "initiatives", "odd", {"title": "Odd", "status": "nonsense"}, by=None, version=0)
    saved = save(workspace, "initiatives", "fine", {"title": "Fine", "status": "idea"}, by=None, version=0)
    assert saved.version == 1
    assert {"fine", "gate", "tools"} == set(loaded(workspace).workspace.definitions.initiatives)


def test_a_change_that_rests_on_an_old_version_is_refused_with_both(workspace: Workspace) -> None:
    save(workspace, "teams", "games", {"title": "All games"}, by=None, version=1)
    with pytest.raises(Conflict) as refused:
        save(workspace, "teams", "games", {"title": "Old games"}, by=None, version=1)
    assert refused.value.theirs == {"title": "All games"}
    assert refused.value.version == 2


@pytest.mark.parametrize("table", ["/etc/passwd.csv", "../other/uploads/secret.csv", "~/secret.csv", "../*/x.csv"])
def test_a_source_reads_nothing_outside_of_its_workspace(workspace: Workspace, table: str) -> None:
    with pytest.raises(DefinitionError, match="not this workspace's to read"):
        save(workspace, "sources", "odd", {"table": table, "unit": "id"}, by=None, version=0)


def test_data_lie_in_the_workspace_or_where_the_owner_of_the_server_says(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "warehouse"
    with pytest.raises(DefinitionError, match="leads out"):
        save(workspace, "data", "", {"path": str(outside)}, by=None, version=0)
    with override_settings(CONFIG=replace(settings.CONFIG, data=(outside,))):
        assert save(workspace, "data", "", {"path": str(outside)}, by=None, version=0).version == 1

"""Definitions of the server are checked as a whole, and nothing refused leaves a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import Conflict, save

if TYPE_CHECKING:
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

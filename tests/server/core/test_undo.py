"""Undo and earlier versions: what was just done is taken back exactly, by whoever did it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied

from vitalfew.errors import UsageError
from vitalfew.server.core.access import place_of
from vitalfew.server.core.models import Definition
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of, versions
from vitalfew.server.core.services import undo
from vitalfew.server.core.services.definitions import Conflict, remove, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.access import Place
    from vitalfew.server.core.models import Member, User, Workspace

    type MakeMember = Callable[..., Member]


def _here(workspace: Workspace, user: User) -> Place:
    return replace(place_of(user, workspace.key), workspace=workspace)


def test_what_was_removed_is_back_as_it_was(workspace: Workspace, member: MakeMember) -> None:
    ada = member("editor").user
    before = Definition.objects.get(workspace=workspace, kind="initiatives", key="tools")
    done = remove(workspace, "initiatives", "tools", by=ada, version=1)
    undo.undo(_here(workspace, ada), undo.of_definitions(workspace, [done], ada))
    after = Definition.objects.get(workspace=workspace, kind="initiatives", key="tools")
    assert (after.body, after.position) == (before.body, before.position)
    assert after.version > before.version, "an old form must not overwrite it"


def test_a_change_is_taken_back(workspace: Workspace, member: MakeMember) -> None:
    ada = member("editor").user
    body, version = body_of(workspace, "initiatives", "tools") or ({}, None)
    done = save(workspace, "initiatives", "tools", body | {"title": "Newer tools"}, by=ada, version=version)
    undo.undo(_here(workspace, ada), undo.of_definitions(workspace, [done], ada))
    assert loaded(workspace).workspace.definitions.initiatives["tools"].title == "New tools"


def test_what_was_made_is_removed(workspace: Workspace, member: MakeMember) -> None:
    ada = member("editor").user
    done = save(workspace, "initiatives", "moat", {"title": "Dig a moat"}, by=ada, version=0)
    undo.undo(_here(workspace, ada), undo.of_definitions(workspace, [done], ada))
    assert "moat" not in loaded(workspace).workspace.definitions.initiatives


def test_only_who_did_it_or_an_admin_takes_it_back(workspace: Workspace, member: MakeMember) -> None:
    ada, ben = member("editor").user, member("editor").user
    token = undo.of_definitions(workspace, [remove(workspace, "initiatives", "tools", by=ada, version=1)], ada)
    with pytest.raises(PermissionDenied):
        undo.undo(_here(workspace, ben), token)
    undo.undo(_here(workspace, member("admin").user), token)
    assert "tools" in loaded(workspace).workspace.definitions.initiatives


def test_a_role_that_was_lowered_since_takes_nothing_back(workspace: Workspace, member: MakeMember) -> None:
    ada = member("editor")
    token = undo.of_definitions(
        workspace, [remove(workspace, "initiatives", "tools", by=ada.user, version=1)], ada.user
    )
    ada.role = "contributor"
    ada.save()
    with pytest.raises(PermissionDenied):
        undo.undo(_here(workspace, ada.user), token)
    assert "tools" not in loaded(workspace).workspace.definitions.initiatives


def test_it_is_not_taken_back_over_what_others_did_since(workspace: Workspace, member: MakeMember) -> None:
    ada, ben = member("editor").user, member("editor").user
    done = save(workspace, "initiatives", "tools", {"title": "A"}, by=ada, version=1)
    token = undo.of_definitions(workspace, [done], ada)
    save(workspace, "initiatives", "tools", {"title": "B"}, by=ben, version=2)
    with pytest.raises(Conflict):
        undo.undo(_here(workspace, ada), token)
    assert loaded(workspace).workspace.definitions.initiatives["tools"].title == "B"


def test_after_ten_minutes_it_is_too_late(
    workspace: Workspace, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = member("editor").user
    token = undo.of_definitions(workspace, [remove(workspace, "initiatives", "tools", by=ada, version=1)], ada)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)
    with pytest.raises(UsageError, match="no longer"):
        undo.undo(_here(workspace, ada), token)


def test_an_earlier_version_stands_again_as_a_new_one(workspace: Workspace, member: MakeMember) -> None:
    ada = member("editor").user
    save(workspace, "initiatives", "tools", {"title": "A", "cost": 3}, by=ada, version=1)
    save(workspace, "initiatives", "tools", {"title": "B", "cost": 3}, by=ada, version=2)
    newest, older, *_ = versions(workspace, "initiatives", "tools")
    assert [(d.field, d.before, d.after) for d in newest.differences] == [("title", "A", "B")]
    assert newest.stands
    assert newest.by == str(ada)
    undo.restore(workspace, older.id, by=ada, version=3)
    assert body_of(workspace, "initiatives", "tools") == ({"title": "A", "cost": 3}, 4)

"""Taking back what was just done to definitions and comments: by whoever did it or an admin, for ten minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.core.exceptions import PermissionDenied

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Definition
from vitalfew.server.core.roles import KIND_ABILITIES, Ability
from vitalfew.server.core.services.comments import bring_back
from vitalfew.server.core.services.definitions import change, save

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.server.core.access import Place
    from vitalfew.server.core.models import User, Workspace
    from vitalfew.server.core.services.definitions import Saved

LASTS = timedelta(minutes=10)
_SALT = "vitalfew.undo"


@dataclass(frozen=True, slots=True)
class Undone:
    """What was brought back: definitions by kind and key, or how many comments."""

    definitions: tuple[tuple[str, str], ...]
    comments: int


def of_definitions(workspace: Workspace, done: Sequence[Saved], by: User) -> str:
    """What takes back changes of definitions that were just made: the versions that stood before stand again."""
    steps = [[saved.kind, saved.key, saved.version, _before(workspace, saved)] for saved in done]
    return _sealed(workspace, by, {"definitions": steps})


def of_comment(workspace: Workspace, pk: int, by: User) -> str:
    """What brings a comment back that was just deleted."""
    return _sealed(workspace, by, {"comment": pk})


def undo(place: Place, token: str) -> Undone:
    """Take back what a token stands for.

    Raises:
        UsageError: it is too late, or the token is none of this workspace.
        PermissionDenied: somebody else did it, or the role no longer allows it.
        Conflict: the definition was changed again since.
        DefinitionError: it would no longer fit what is defined now.
    """
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        raise UsageError("this can no longer be undone", hint="its history still holds every earlier version") from None
    workspace = place.workspace
    if said["workspace"] != workspace.pk:
        raise UsageError("this can no longer be undone")
    if said["by"] != place.user.pk and not place.may(Ability.ADMINISTER):
        raise PermissionDenied("somebody else did this")
    if "comment" in said:
        bring_back(workspace, said["comment"])
        return Undone((), 1)
    if not all(place.may(KIND_ABILITIES[kind]) for kind, *_ in said["definitions"]):
        raise PermissionDenied("this needs an ability which your role does not give any more")
    bodies = {(kind, key): _body(workspace, history) for kind, key, _, history in said["definitions"]}
    versions: dict[tuple[str, str], int | None] = {
        (kind, key): version for kind, key, version, _ in said["definitions"]
    }
    change(workspace, bodies, by=place.user, versions=versions)
    return Undone(tuple(bodies), 0)


def restore(workspace: Workspace, history: int, *, by: User, version: int | None) -> Saved:
    """Let an earlier version of a definition stand again, as a new version.

    Args:
        workspace: where.
        history: the number of the version in the history (`queries.history.Version.id`).
        by: who does it.
        version: the version that stands now; 0 where the definition was removed.

    Raises:
        UsageError: there is no such version.
        Conflict: another version stands.
        DefinitionError: it would no longer fit what is defined now.
    """
    found = Definition.history.filter(history_id=history, workspace_id=workspace.pk).first()
    if found is None:
        raise UsageError("there is no such version")
    return save(workspace, found.kind, found.key, found.body, by=by, version=version)


def kind_of(workspace: Workspace, history: int) -> str:
    """The kind of the definition that a version is of; empty where there is no such version."""
    found = Definition.history.filter(history_id=history, workspace_id=workspace.pk)
    return str(found.values_list("kind", flat=True).first() or "")


def _before(workspace: Workspace, saved: Saved) -> int | None:
    """The number of the version that stood before a change in the history; None where nothing did."""
    rows = Definition.history.filter(workspace_id=workspace.pk, kind=saved.kind, key=saved.key)
    newest = list(rows.order_by("-history_id").values_list("history_id", "history_type")[:2])
    if saved.version == 0:
        return newest[0][0] if newest else None
    return newest[1][0] if len(newest) > 1 and newest[1][1] != "-" else None


def _body(workspace: Workspace, history: int | None) -> dict[str, Any] | None:
    if history is None:
        return None
    body: dict[str, Any] = Definition.history.values_list("body", flat=True).get(
        history_id=history, workspace_id=workspace.pk
    )
    return body


def _sealed(workspace: Workspace, by: User, what: dict[str, Any]) -> str:
    return signing.dumps({"workspace": workspace.pk, "by": by.pk, **what}, salt=_SALT, compress=True)

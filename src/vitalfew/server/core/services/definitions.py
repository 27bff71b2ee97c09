"""Changing definitions that the server owns: checked as a whole, locked by version, never half-done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Max

from vitalfew.errors import DefinitionError, Problem, UsageError, VitalfewError, Where
from vitalfew.server.core.models import KEY_LENGTH, Definition
from vitalfew.server.core.models import Workspace as WorkspaceRow
from vitalfew.server.core.queries.definitions import HERE, loaded
from vitalfew.server.core.reach import out_of_reach
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.unheld import unheld
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.server.core.models import User


class Conflict(VitalfewError):
    """Somebody else changed it in the meantime: `theirs` stands (`version` where they are counted), `ours` does not."""

    def __init__(
        self, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None, version: int | None = None
    ) -> None:
        super().__init__("this was changed by somebody else in the meantime", hint="compare the two and save again")
        self.ours, self.theirs, self.version = ours, theirs, version


class FolderOwned(VitalfewError):
    """The folder owns definitions of this kind: they are changed in their file."""

    def __init__(self, kind: str, where: Where | None) -> None:
        place = f"edit {where.file}, line {where.line}" if where else "add it to a file of the folder"
        super().__init__(f"{kind} of this workspace live in its folder", hint=place)
        self.where = where


@dataclass(frozen=True, slots=True)
class Saved:
    """A definition as it was saved; `version` 0: it was removed."""

    kind: str
    key: str
    version: int


def save(
    row: WorkspaceRow, kind: str, key: str, body: Mapping[str, Any], *, by: User | None, version: int | None
) -> Saved:
    """Save one definition.

    Args:
        row: the workspace.
        kind: as in a workspace folder, such as `hypotheses`.
        key: its key; '' for the settings `workspace`, `data` and `policy`.
        body: the plain tree that YAML would hold.
        by: who saves it; None: the server itself.
        version: the version it rests on; 0: it is new; None: whatever stands (imports only).

    Raises:
        FolderOwned: the kind belongs to the folder.
        Conflict: another version stands.
        DefinitionError: what is saved is wrong, or would make other definitions wrong; nothing was saved.
    """
    return change(row, {(kind, key): dict(body)}, by=by, versions={(kind, key): version})[0]


def remove(row: WorkspaceRow, kind: str, key: str, *, by: User | None, version: int | None) -> Saved:
    """Remove one definition; what names it must go first (`DefinitionError` tells what does). See `save`."""
    return change(row, {(kind, key): None}, by=by, versions={(kind, key): version})[0]


def change(
    row: WorkspaceRow,
    bodies: Mapping[tuple[str, str], dict[str, Any] | None],
    *,
    by: User | None,
    versions: Mapping[tuple[str, str], int | None] | None = None,
) -> tuple[Saved, ...]:
    """Change several definitions at once, all or none; a body of None removes. See `save`."""
    asked = versions or {}
    _refuse_unheld(bodies)
    with transaction.atomic():
        held = WorkspaceRow.objects.select_for_update().get(pk=row.pk)
        before = loaded(held)
        for kind, key in bodies:
            if kind not in Definitions.model_fields or (key == "") != (kind in SETTINGS):
                raise UsageError(f"there is no definition '{kind}.{key}'", expected=", ".join(Definitions.model_fields))
            if kind in before.folder_kinds:
                raise FolderOwned(kind, before.place_of(kind, key))
        done = tuple(_put(held, *name, body, by, asked.get(name)) for name, body in bodies.items())
        WorkspaceRow.objects.filter(pk=held.pk).update(stamp=F("stamp") + 1, defined=F("defined") + 1)
        held.refresh_from_db(fields=["stamp", "defined"])
        after = loaded(held, committed=False)
        foreign = out_of_reach(after.workspace.definitions, Path(held.folder), after.folder_kinds)
        _refuse_new_problems(before.problems, (*after.problems, *foreign))
        note(held, by, "definitions changed", ", ".join(f"{kind}.{key}" for kind, key in list(bodies)[:5]))
    row.stamp, row.defined = held.stamp, held.defined
    return done


def _put(
    row: WorkspaceRow, kind: str, key: str, body: dict[str, Any] | None, by: User | None, version: int | None
) -> Saved:
    standing = Definition.objects.filter(workspace=row, kind=kind, key=key).first()
    now = standing.version if standing else 0
    if version is not None and version != now:
        raise Conflict(body, standing.body if standing else None, now)
    if body is None:
        if standing is None:
            raise UsageError(f"there is no {kind} '{key}' to remove")
        _by(standing, by).delete()
        return Saved(kind, key, 0)
    if standing is None:
        standing = _begun(row, kind, key, body)
    else:
        standing.body, standing.version = body, now + 1
    standing.updated_by = by
    _by(standing, by).save()
    return Saved(kind, key, standing.version)


def _by(standing: Definition, by: User | None) -> Definition:
    """Tell the history who does it, also where no request is at work."""
    standing._history_user = by  # type: ignore[attr-defined]  # noqa: SLF001 - where simple-history looks for it
    return standing


def _begun(row: WorkspaceRow, kind: str, key: str, body: dict[str, Any]) -> Definition:
    """A new definition at the end of its kind; one that was there before goes on where it was, with its versions."""
    earlier = Definition.history.filter(workspace_id=row.pk, kind=kind, key=key).order_by("-history_id").first()
    if earlier is not None:
        version, position = earlier.version + 1, earlier.position
    else:
        last = Definition.objects.filter(workspace=row, kind=kind).aggregate(last=Max("position"))["last"]
        version, position = 1, 0 if last is None else last + 1
    return Definition(workspace=row, kind=kind, key=key, body=body, version=version, position=position)


def _refuse_unheld(bodies: Mapping[tuple[str, str], dict[str, Any] | None]) -> None:
    found = [
        Problem("this key is too long", Where(HERE, path=(kind, key[:20])), f"at most {KEY_LENGTH} characters")
        for kind, key in bodies
        if len(key) > KEY_LENGTH
    ]
    found += [
        Problem(said, Where(HERE, path=(*(part for part in name if part), *path)))
        for name, body in bodies.items()
        for path, said in unheld(body or {})
    ]
    if found:
        raise DefinitionError(found)


def _refuse_new_problems(before: tuple[Problem, ...], after: tuple[Problem, ...]) -> None:
    known = {str(problem) for problem in before}
    new = [problem for problem in after if str(problem) not in known]
    if new:
        raise DefinitionError(new)

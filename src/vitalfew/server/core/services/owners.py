"""Who owns the definitions of a kind: the workspace's folder (its files), or the server. Changed by a plan only."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from time import time_ns
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from vitalfew.errors import DefinitionError, UsageError
from vitalfew.server.core.models import Definition, KindOwner, Workspace
from vitalfew.server.core.queries.definitions import Loaded, loaded
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.moving import propose
from vitalfew.workspace.changes import entries_of
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.server.core.models import User

OWNERS = ("folder", "server")


@dataclass(frozen=True, slots=True)
class Owned:
    """A kind with its owner and how many definitions it has."""

    kind: str
    owner: str
    count: int


@dataclass(frozen=True, slots=True)
class Switch:
    """What it means to give a kind another owner; `stamp`: of the workspace it was worked out for."""

    kind: str
    to: str
    sentences: tuple[str, ...]
    stamp: int


def owners(row: Workspace) -> tuple[Owned, ...]:
    """Every kind with its owner."""
    found = loaded(row)
    entries = entries_of(found.workspace.definitions)
    return tuple(
        Owned(
            kind,
            "folder" if kind in found.folder_kinds else "server",
            sum(bool(body) for body in entries[kind].values()),
        )
        for kind in Definitions.model_fields
    )


def plan_switch(row: Workspace, kind: str, to: str) -> Switch:
    """Say what it means, without doing it.

    Raises:
        UsageError: there is no such kind or owner, or it has that owner already.
    """
    row.refresh_from_db()
    _refuse_nonsense(row, kind, to)
    known = loaded(row).problems
    with transaction.atomic():
        after = _switched(row, kind, to)
        transaction.set_rollback(True)
    faults = tuple(f"wrong then: {problem}" for problem in after.problems if problem not in known)
    # What would be wrong cannot be run, so nothing can be said of what would be computed anew.
    told = () if faults else propose(row, after.workspace.definitions).plan.sentences()
    return Switch(kind, to, (*told, *faults), row.stamp)


def switch(row: Workspace, kind: str, to: str, *, stamp: int, by: User) -> None:
    """Give a kind another owner.

    Args:
        row: the workspace.
        kind: of definitions.
        to: *folder*: what its files say counts, what the server had is gone; *server*: it goes on from what they say.
        stamp: of the plan somebody looked at.
        by: who does it.

    Raises:
        UsageError: as for `plan_switch`, or the workspace was changed since.
        DefinitionError: something would be wrong afterwards; nothing was changed.
    """
    with transaction.atomic():
        held = Workspace.objects.select_for_update().get(pk=row.pk)
        _refuse_nonsense(held, kind, to)
        if held.stamp != stamp:
            raise UsageError("the workspace was changed while you looked at the plan", hint="look at the new plan")
        known = {str(problem) for problem in loaded(held).problems}
        new = [problem for problem in _switched(held, kind, to).problems if str(problem) not in known]
        if new:
            raise DefinitionError(new)
        Workspace.objects.filter(pk=held.pk).update(stamp=F("stamp") + 1, defined=F("defined") + 1)
        note(held, by, "owner changed", kind, owner=to)
    row.refresh_from_db()


def _switched(row: Workspace, kind: str, to: str) -> Loaded:
    """The workspace with the other owner, inside the transaction that calls."""
    entries = entries_of(loaded(row).workspace.definitions)[kind]
    Definition.objects.filter(workspace=row, kind=kind).delete()
    KindOwner.objects.update_or_create(workspace=row, kind=kind, defaults={"owner": to})
    if to == "server":
        for position, (key, body) in enumerate(entries.items()):
            if body:
                Definition.objects.create(workspace=row, kind=kind, key=key, body=body, position=position)
    probe = copy(row)
    probe.defined = -time_ns()  # what no workspace ever has: what is read here is not what stands
    return loaded(probe)


def _refuse_nonsense(row: Workspace, kind: str, to: str) -> None:
    if kind not in Definitions.model_fields or to not in OWNERS:
        raise UsageError("there is no such kind or owner", expected="a kind of definitions; folder or server")
    is_folders = kind in loaded(row).folder_kinds
    if is_folders == (to == "folder"):
        raise UsageError(f"{kind} belong to the {to} already")

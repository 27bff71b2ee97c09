"""A starter template taken into a workspace: its definitions beside what is there, and a table for people to fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile

from vitalfew.connect.starters import SOURCE, TABLE
from vitalfew.errors import UsageError
from vitalfew.results.words import listed
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import FolderOwned, change
from vitalfew.server.core.services.sources import add_file
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Collection

    from vitalfew.connect.starters import Starter
    from vitalfew.server.core.rows import User, Workspace
    from vitalfew.server.core.services.definitions import Saved
    from vitalfew.workspace.definitions import Definitions

_SHOWN = 5


def in_the_way(definitions: Definitions, starter: Starter) -> tuple[str, ...]:
    """What the workspace defines already under a name that the template uses, as `kind.key`."""
    return tuple(
        f"{kind}.{key}" for kind, entries in starter.tree.items() for key in entries if key in _named(definitions, kind)
    )


def _named(definitions: Definitions, kind: str) -> Collection[str]:
    """What is defined of a kind: keys, or the fields that are given of one that there is once."""
    found = getattr(definitions, kind)
    named: Collection[str] = found.model_fields_set if kind in SETTINGS else found
    return named


def take(row: Workspace, starter: Starter, *, by: User) -> tuple[Saved, ...]:
    """Add all definitions of a template, with an empty table for its numbers; all of it or nothing.

    Raises:
        UsageError: the workspace defines something of the same name, or has no room for the table.
        FolderOwned: the folder owns a kind that the template defines.
    """
    found, tree = loaded(row), starter.tree
    taken = in_the_way(found.workspace.definitions, starter)
    if taken:
        raise UsageError(
            f"this workspace has {listed(taken, _SHOWN)} already", hint="rename or remove them, or add metrics by hand"
        )
    for kind in tree:
        if kind in found.folder_kinds:
            raise FolderOwned(kind, found.place_of(kind, ""))
    header = SimpleUploadedFile(TABLE, f"{starter.header}\n".encode())
    tree["sources"][SOURCE]["table"] = add_file(row, header, by=by)
    bodies: dict[tuple[str, str], dict[str, Any] | None] = {
        (kind, key): body for kind, entries in tree.items() if kind not in SETTINGS for key, body in entries.items()
    }
    for kind in (kind for kind in SETTINGS if kind in tree):
        held = getattr(found.workspace.definitions, kind).model_dump(mode="json", exclude_unset=True)
        bodies[kind, ""] = held | tree[kind]
    return change(row, bodies, by=by, versions=dict.fromkeys(bodies))

"""How definitions became what they are: versions with who made them and when, field by field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.models import Definition
from vitalfew.server.core.queries.definitions import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vitalfew.server.core.models import Workspace

_WAYS = {"+": "added", "~": "changed", "-": "removed"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two versions say differently; `before` or `after` is empty where it was not given."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Version:
    """A definition as it once stood; `number` as its form carries it, `how` it came about."""

    id: int
    kind: str
    key: str
    number: int
    how: str
    at: datetime
    by: str
    body: Mapping[str, Any]
    differences: tuple[Difference, ...]
    stands: bool = False


def versions(workspace: Workspace, kind: str, key: str) -> tuple[Version, ...]:
    """Every version of a definition that the server owns, newest first."""
    rows = Definition.history.filter(workspace_id=workspace.pk, kind=kind, key=key).select_related("history_user")
    found: list[Version] = []
    before: Mapping[str, Any] = {}
    for row in rows.order_by("history_id"):
        gone = row.history_type == "-"
        after = {} if gone else row.body
        by = str(row.history_user) if row.history_user else "the server"
        told = differences(before, after)
        how = _WAYS[row.history_type]
        found.append(Version(row.history_id, kind, key, row.version, how, row.history_date, by, row.body, told))
        before = after
    if found and found[-1].how != "removed":
        found[-1] = replace(found[-1], stands=True)
    return tuple(reversed(found))


def body_of(workspace: Workspace, kind: str, key: str) -> tuple[dict[str, Any], int | None] | None:
    """A definition as the plain tree that YAML would hold, with its version; without one where the folder owns it."""
    found = loaded(workspace)
    if kind not in found.folder_kinds:
        row = Definition.objects.filter(workspace=workspace, kind=kind, key=key).values_list("body", "version").first()
        return None if row is None else (row[0], row[1])
    defined = getattr(found.workspace.definitions, kind)
    definition = defined.get(key) if isinstance(defined, dict) else defined
    return None if definition is None else (definition.model_dump(mode="json", exclude_defaults=True), None)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields that two bodies say differently, in the order in which they stand."""
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        Difference(name, said(before.get(name)), said(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    )


def said(value: Any) -> str:  # noqa: ANN401 - whatever a definition may hold
    """A value of a definition as one reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {said(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value))
    return f"{value:g}" if isinstance(value, float) else str(value)

"""How all definitions of some kinds stood, one state after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.models import Definition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from vitalfew.server.core.models import Workspace

_TOGETHER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class State:
    """How things stood from a moment on: bodies by kind and key; `by` changed them last."""

    at: datetime
    by: str
    bodies: Mapping[str, Mapping[str, Any]]


def states(workspace: Workspace, kinds: Sequence[str]) -> tuple[State, ...]:
    """Every state of definitions that the server owns, oldest first; what was changed at once is one step."""
    rows = Definition.history.filter(workspace_id=workspace.pk, kind__in=kinds).select_related("history_user")
    held: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    found: list[State] = []
    for row in rows.order_by("history_id"):
        if row.history_type == "-":
            held[row.kind].pop(row.key, None)
        else:
            held[row.kind][row.key] = row.body
        by = str(row.history_user) if row.history_user else ""
        state = State(row.history_date, by, {kind: dict(bodies) for kind, bodies in held.items()})
        if found and row.history_date - found[-1].at < _TOGETHER and found[-1].by == by:
            found.pop()
        found.append(state)
    return tuple(found)

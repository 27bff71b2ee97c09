"""What a change of definitions means for promises, plans, judgements and results, before it is made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.workspace.changes import plan_of

if TYPE_CHECKING:
    from vitalfew.workspace.changes import ChangePlan
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.workspace import Workspace


def change_plan(ws: Workspace, after: Definitions) -> ChangePlan:
    """The plan of a change.

    Args:
        ws: the workspace as it stands, with its acts.
        after: the definitions that would stand.
    """
    from vitalfew.pipeline.walk import stage_keys

    if after == ws.definitions:
        return plan_of(ws.definitions, after, ws.acts)
    before, coming = stage_keys(ws), stage_keys(replace(ws, definitions=after))
    kept = [name for name, key in coming.items() if before.get(name) == key]
    anew = [name for name in coming if name not in kept]
    return plan_of(ws.definitions, after, ws.acts, anew, kept)

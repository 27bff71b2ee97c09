"""What one person judged, for that person alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.server.core.queries.acts import last_before, pseudonym_of, said
from vitalfew.server.core.queries.people import renewed_at
from vitalfew.workspace.hashing import definitions_hash
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.server.core.rows import Workspace
    from vitalfew.workspace.definitions import Definitions


def said_before(workspace: Workspace, participant: int) -> int:
    """The number of the last act before somebody came in by a link in place of an earlier one; 0 where nobody did.

    Who made that link could open it: what was said before it is shown to nobody who came by it.
    """
    at = renewed_at(workspace, "session", str(participant))
    return 0 if at is None else last_before(workspace, at)


def own_draft(workspace: Workspace, by: str, factors: Sequence[str], since: int) -> dict[str, Any]:
    """What a person judged last, as a form holds it; empty where nothing since an act of that number."""
    found = [body for act, body in said(workspace, kind="judgement", about=VALUE_MODEL, by=[by]) if act.n > since]
    points: Mapping[str, float] = found[-1].get("points") or {} if found else {}
    kept = {key: value for key, value in points.items() if key in factors}
    if not kept:
        return {}
    first = max(kept, key=lambda key: kept[key])
    return {"first": first, "points": kept, "skipped": [key for key in factors if key not in kept]}


def own_shares(draft: Mapping[str, Any]) -> dict[str, float]:
    """A person's points as shares of their sum."""
    points: Mapping[str, float] = draft.get("points") or {}
    total = sum(points.values())
    return {key: value / total for key, value in points.items()} if total else {}


def signed_by(workspace: Workspace, voice: str, definitions: Definitions) -> bool:
    """Whether somebody has signed the value model off as it stands."""
    present = definitions_hash(definitions, ["factors"])
    by = pseudonym_of(workspace, voice)
    acts = said(workspace, kind="sign_off", about=VALUE_MODEL, by=[by])
    return any(act.definition is not None and act.definition.hash == present for act, _ in acts)

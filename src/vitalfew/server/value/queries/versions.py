"""Versions of the value model: each state of factors and guardrails, who made it, who signed it, what was weighed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.errors import VitalfewError
from vitalfew.results.store import Store
from vitalfew.server.core.queries.acts import said, wordings
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.queries.states import states
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.hashing import definitions_hash
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vitalfew.server.core.rows import Workspace

KINDS = ("factors", "guardrails")
_RUNS = 20


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """The value model as it once stood.

    Attributes:
        at: its place among all states, from 1.
        number: the version that acts call it by, which counts the wordings of the factors that somebody weighed or
            signed; of what stands now, the one that the next act will call it by. None: a draft that nobody spoke of.
        hash: of its factors: what judgements and signatures name.
        since: when it came to stand; for a folder, when a run first read it.
        by: who made it; '' where a file did.
        definitions: its factors and guardrails.
        signed: how many signed it off.
        run: the newest run made by it, if one is kept.
    """

    at: int
    number: int | None
    hash: str
    since: datetime | str
    by: str
    definitions: Definitions
    signed: int
    run: str

    @property
    def name(self) -> str:
        """What it is called: `v2`, or `draft`."""
        return "draft" if self.number is None else f"v{self.number}"


@dataclass(frozen=True, slots=True)
class FactorChange:
    """A factor in two versions: *added*, *changed*, *removed* or *same*, fields that differ, and its weights."""

    key: str
    what: str
    fields: tuple[tuple[str, object, object], ...]
    before: float | None
    after: float | None


def versions(workspace: Workspace) -> tuple[ModelVersion, ...]:
    """All versions that are known, newest first; the first of them stands."""
    signed = Counter(act.definition.hash for act, _ in said(workspace, "sign_off", VALUE_MODEL) if act.definition)
    spoken = wordings(workspace, "factors", VALUE_MODEL)
    runs = _runs(workspace)
    newest = {digest: run for run, digest, _ in runs}
    found: list[ModelVersion] = []
    for since, by, definitions in _states(workspace, runs):
        digest = definitions_hash(definitions, ["factors"])
        if found and (found[-1].definitions.factors, found[-1].definitions.guardrails) == (
            definitions.factors,
            definitions.guardrails,
        ):
            continue
        kept = (since, by, definitions, signed[digest], newest.get(digest, ""))
        found.append(ModelVersion(len(found) + 1, spoken.get(digest), digest, *kept))
    if found and found[-1].number is None:
        found[-1] = replace(found[-1], number=len(spoken) + 1)
    return tuple(reversed(found))


def compared(workspace: Workspace, before: ModelVersion, after: ModelVersion) -> tuple[FactorChange, ...]:
    """Two versions side by side, factor by factor; what changed first."""
    old, new = (_plain(version.definitions) for version in (before, after))
    weights = [_weights(workspace, version.run) for version in (before, after)]
    rows = []
    for key in dict.fromkeys([*new, *old]):
        one, other = old.get(key), new.get(key)
        what = "added" if one is None else "removed" if other is None else "same" if one == other else "changed"
        names = dict.fromkeys([*(one or {}), *(other or {})]) if what == "changed" else ()
        fields = tuple(
            (name, (one or {}).get(name), (other or {}).get(name))
            for name in names
            if (one or {}).get(name) != (other or {}).get(name)
        )
        rows.append(FactorChange(key, what, fields, weights[0].get(key), weights[1].get(key)))
    order = ("added", "removed", "changed", "same")
    return tuple(sorted(rows, key=lambda row: order.index(row.what)))


def _states(
    workspace: Workspace, runs: list[tuple[str, str, Definitions]]
) -> list[tuple[datetime | str, str, Definitions]]:
    """States in order of time: by the history of what the server owns, else by what stored runs read."""
    current = loaded(workspace)
    if "factors" in current.folder_kinds:
        found: list[tuple[datetime | str, str, Definitions]] = [
            (_computed(workspace, run), "", definitions) for run, _, definitions in runs
        ]
        last = current.workspace.definitions
        return [*found, ("now, in the folder", "", last)]
    made: list[tuple[datetime | str, str, Definitions]] = []
    for state in states(workspace, KINDS):
        try:
            definitions = Definitions.model_validate(state.bodies)
        except ValueError:
            continue  # written by a version that knew other fields
        if definitions.factors:
            made.append((state.at, state.by, definitions))
    return made


def _runs(workspace: Workspace) -> list[tuple[str, str, Definitions]]:
    """The stored runs, oldest first, with the hash of their factors and their definitions."""
    folder = Path(workspace.folder)
    read = ((run, _of_run(folder, run)) for run in Store(folder).ids()[-_RUNS:])
    return [(run, *kept) for run, kept in read if kept]


@lru_cache(maxsize=400)  # a run never changes, and its id is never used again
def _of_run(folder: Path, run: str) -> tuple[str, Definitions] | None:
    try:
        plain = Store(folder).definitions(run)
        definitions = Definitions.model_validate({kind: plain.get(kind, {}) for kind in KINDS})
    except (VitalfewError, ValueError):
        return None  # of a version that kept no definitions
    return definitions_hash(definitions, ["factors"]), definitions


def _computed(workspace: Workspace, run: str) -> str:
    return Store(Path(workspace.folder)).info(run).computed_at


def _weights(workspace: Workspace, run: str) -> dict[str, float]:
    results = open_run(workspace, run) if run else None
    return {row.factor: row.mean for row in results.tables.weights} if results else {}


def _plain(definitions: Definitions) -> Mapping[str, Mapping[str, Any]]:
    return {key: factor.model_dump(mode="json", exclude_defaults=True) for key, factor in definitions.factors.items()}

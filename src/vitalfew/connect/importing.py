"""What an import changes: another program's definitions held against the workspace's, before anything is written.

A metric that was imported before is merged in three ways: what it was at the last import (the hashes in its
`import_key`), what people made of it, and what it is upstream now.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.connect.foreign import Foreign, Taken, hashes_of, parted, sources_of
from vitalfew.connect.foreign_given import settled
from vitalfew.connect.foreign_merge import merged
from vitalfew.connect.words import key_of
from vitalfew.errors import DataError, UsageError
from vitalfew.workspace import load
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.workspace import Workspace
from vitalfew.workspace.yaml_reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

What = Literal["added", "changed", "same", "kept", "conflict", "elsewhere", "gone"]
Tree = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one metric: its key here, its name there, and in sentences what differs."""

    what: What
    key: str
    ident: str
    details: tuple[str, ...] = ()


@dataclass(slots=True)
class ImportPlan:
    """An import before it is written.

    Attributes:
        foreign: what was read.
        file: the file of definitions it goes into; no other is ever written.
        before: what that file holds.
        tree: what it will hold.
        changes: what becomes of each metric.
        notes: what differs about the file, its sources and guardrails.
    """

    foreign: Foreign
    file: Path
    before: Tree
    tree: Tree
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether the file changes."""
        return bool(settled(self.tree) != settled(self.before))

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """Metrics changed both here and upstream, which only people can settle."""
        return tuple(change for change in self.changes if change.what == "conflict")


def workspace_of(folder: Path) -> Workspace:
    """The workspace in a folder; an empty one where the folder holds no definitions yet.

    Raises:
        UsageError: there is no such folder.
        DefinitionError: its definitions are wrong.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder '{folder}'", hint="make it, or name the folder of a workspace")
    found = (path.relative_to(folder) for suffix in ("*.yaml", "*.yml") for path in folder.rglob(suffix))
    if any(not any(part.startswith(".") for part in path.parts) for path in found):
        return load(folder)
    return Workspace(Definitions(), root=folder)


def plan_import(foreign: Foreign, workspace: Workspace, only: Collection[str] = ()) -> ImportPlan:
    """Say what an import would change.

    Args:
        foreign: what was read.
        workspace: the workspace in a folder.
        only: names of metrics to take, as they are called elsewhere; all when there are none.

    Raises:
        UsageError: a name in `only` is not among them.
        DataError: the file it would go into holds something else.
    """
    if workspace.root is None:
        raise UsageError("definitions are imported into the folder of a workspace, and this one has none")
    _known(foreign, only)
    file = workspace.root / f"metrics_{foreign.program}.yaml"
    before = _read(file)
    plan = ImportPlan(foreign, file, before, {kind: dict(entries) for kind, entries in before.items()})
    plan.notes += foreign.notes
    _Planner(plan, workspace).metrics([metric for metric in foreign.metrics if not only or metric.name in only])
    return plan


def _known(foreign: Foreign, only: Collection[str]) -> None:
    names = {metric.name for metric in foreign.metrics}
    refused = {one.name: one.reason for one in foreign.not_mapped}
    for name in only:
        if name not in names:
            raise UsageError(f"there is no metric '{name}' to take", hint=refused.get(name))


def _read(file: Path) -> Tree:
    if not file.exists():
        return {}
    tree = read_yaml(file.read_bytes(), str(file)).tree or {}
    if not isinstance(tree, dict) or not all(isinstance(entries, dict) for entries in tree.values()):
        raise DataError(f"{file.name} holds something other than definitions")
    return {str(kind): dict(entries) for kind, entries in tree.items() if isinstance(entries, dict)}


class _Planner:
    def __init__(self, plan: ImportPlan, workspace: Workspace) -> None:
        self.plan, self.workspace = plan, workspace
        self.definitions = workspace.definitions
        self.known = {
            parted(metric.import_key)[0]: key
            for key, metric in self.definitions.metrics.items()
            if metric.import_key is not None
        }
        self.renamed: dict[str, str] = {}
        self.wanted: dict[str, dict[str, Any]] = {}

    def metrics(self, taken: list[Taken]) -> None:
        """Plan what becomes of every metric, and of those that are upstream no more."""
        for key in sorted({key for metric in taken for key in sources_of(metric.fields)}):
            self._source(key)
        for metric in taken:
            self._metric(metric)
        self._add_sources()
        upstream = {metric.ident for metric in self.plan.foreign.metrics}
        refused = {one.ident: one.reason for one in self.plan.foreign.not_mapped}
        for ident, key in self.known.items():
            if ident.startswith(self.plan.foreign.place) and ident not in upstream:
                why = refused.get(ident)
                gone = "upstream it can no longer be taken: " + why if why else "it is upstream no more"
                self._change("gone", key, ident, f"{gone}; its definition here is kept as it is")

    def _change(self, what: What, key: str, ident: str, *details: str) -> None:
        self.plan.changes.append(Change(what, key, ident, details))

    # One metric ----------------------------------------------------------------------------------------------------

    def _metric(self, metric: Taken) -> None:
        fields = self._with_sources(dict(metric.fields))
        metric = Taken(metric.name, metric.ident, fields, metric.foreign, metric.margin, metric.notes)
        key = self.known.get(metric.ident)
        if key is None:
            self._add(metric)
        elif key in self.plan.tree.get("metrics", {}):
            self._merge(key, metric)
        else:
            self._elsewhere(key, metric)

    def _add(self, metric: Taken) -> None:
        entries = self.plan.tree.setdefault("metrics", {})
        taken = {*self.definitions.metrics, *entries}
        name = metric.name.rpartition("/")[2]
        key = key_of(name, (), "metric")
        details = metric.notes
        if key in taken:
            other, key = key, key_of(f"{name} {self.plan.foreign.program}", taken, "metric")
            details = (f"called '{key}', as there is a '{other}' already", *details)
        entries[key] = settled({**metric.fields, "import_key": f"{metric.ident}#{hashes_of(metric)}"})
        self._guardrail(key, metric)
        self._change("added", key, metric.ident, *details)

    def _merge(self, key: str, metric: Taken) -> None:
        entries = self.plan.tree["metrics"]
        result = merged(entries[key], metric)
        entries[key] = result.fields
        self._guardrail(key, metric)
        self._change(result.what, key, metric.ident, *result.details)

    def _elsewhere(self, key: str, metric: Taken) -> None:
        where = self.workspace.where("metrics", key)
        current = self.definitions.metrics[key]
        differs = "" if (current.import_key or "").endswith(hashes_of(metric)) else "; upstream it has changed since"
        self._change("elsewhere", key, metric.ident, f"it stands in {where}, which is not written{differs}")

    def _guardrail(self, key: str, metric: Taken) -> None:
        if metric.margin is None:
            return
        known = self.definitions.guardrails.get(key)
        if known is None:
            self.plan.tree.setdefault("guardrails", {}).setdefault(key, settled({"margin": metric.margin}))
        elif known.margin != metric.margin:
            self.plan.notes.append(f"guardrail '{key}': margin {known.margin:g} is kept; upstream {metric.margin:g}")

    # Sources -------------------------------------------------------------------------------------------------------

    def _source(self, key: str) -> None:
        """Find the source here: one of the same table, or one imported before, whose table people may have adapted."""
        wanted, known = self.plan.foreign.sources[key], self.definitions.sources.get(key)
        if known is None:
            self.wanted[key] = wanted
            return
        there = {name: getattr(known, name, None) for name in wanted}
        differing = [name for name in wanted if there[name] != wanted[name] and name != "title"]
        imported = key in self.plan.before.get("sources", {})
        if differing and not (imported and "shape" not in differing):
            other = f"{key}_{self.plan.foreign.program}"
            self.renamed[key] = other
            self.wanted[other] = wanted
            self.plan.notes.append(f"another source is called '{key}' here, so the imported one is '{other}'")
            return
        self.plan.notes += [
            f"source '{key}': {name} '{there[name]}' is kept; upstream '{wanted[name]}'" for name in differing
        ]

    def _add_sources(self) -> None:
        """Add the sources that metrics of the file read and nothing defines yet."""
        used = {key for metric in self.plan.tree.get("metrics", {}).values() for key in sources_of(metric)}
        for key, wanted in self.wanted.items():
            if key in used and key not in self.definitions.sources:
                self.plan.tree.setdefault("sources", {})[key] = settled(wanted)

    def _with_sources(self, fields: dict[str, Any]) -> dict[str, Any]:
        for part in ("numerator", "denominator"):
            if part in fields:
                fields[part] = self._with_sources(dict(fields[part]))
        if "source" in fields:
            fields["source"] = self.renamed.get(fields["source"], fields["source"])
        return fields

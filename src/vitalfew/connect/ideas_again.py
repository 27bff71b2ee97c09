"""A newer sheet of ideas, held against the initiatives of a workspace before anything is written.

An idea is known again by its title, through its `import_key`: `ideas:TITLE#SCORES.COST.WORDS`, with the hashes of what
the sheet said last. So a change of the sheet is told from a change by hand; where both changed, the one here stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.connect import kinds
from vitalfew.connect.asking import Asker
from vitalfew.connect.draft import Draft
from vitalfew.connect.foreign import parted
from vitalfew.connect.foreign_given import hash_of, settled
from vitalfew.connect.foreign_merge import differing
from vitalfew.connect.ideas import GROUPS, add_ideas, fields_of, ident_of, stamped, stamps_of
from vitalfew.connect.import_writing import told
from vitalfew.connect.opening import SAME_NAME, opened_file
from vitalfew.connect.recognise import ideas_beside, recognise
from vitalfew.connect.untitled import known_by_numbers, moved, refuse_strangers, row_of
from vitalfew.connect.words import key_of, listed, plain
from vitalfew.errors import DataError, UsageError
from vitalfew.results.words import count
from vitalfew.workspace.applying import Application, apply, prepare
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.workspace import Workspace
from vitalfew.workspace.writing import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.connect.recognise import Recognised

What = Literal["added", "changed", "conflict", "kept", "gone", "same"]
_HEADS: Mapping[What, str] = {
    "added": "Added",
    "changed": "Changed",
    "conflict": "Changed both here and in the sheet; what stands here is kept",
    "kept": "Kept as it stands here",
    "gone": "Not in this sheet; kept",
    "same": "Unchanged",
}
_NAMES = {"scores": "scores", "cost": "cost", "words": "title, team, product or status"}


@dataclass(frozen=True, slots=True)
class IdeaChange:
    """What becomes of one idea: its key and title here, and in sentences what differs."""

    what: What
    key: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class IdeasPlan:
    """What a sheet of ideas would change. `read`: how the sheet was read; `notes`: what of it does not carry over."""

    file: Path
    changes: tuple[IdeaChange, ...]
    read: str
    notes: tuple[str, ...]
    application: Application = field(repr=False)

    @property
    def conflicts(self) -> tuple[IdeaChange, ...]:
        """Ideas changed both here and in the sheet, which only people can settle."""
        return tuple(change for change in self.changes if change.what == "conflict")

    def write(self) -> None:
        """Write all of it or nothing.

        Raises:
            UsageError: files were changed since it was planned.
            DataError: nothing can be written.
        """
        if self.application.changes_anything:
            apply(self.application)

    def sentences(self, *, written: bool) -> Iterator[str]:
        """What it does, for the terminal; `written`: whether it was done, or is only shown."""
        yield self.read
        yield from told([(one.what, f"{one.title} ({one.key})", one.details) for one in self.changes], _HEADS, "idea")
        if self.notes:
            yield "Also:"
            yield from (f"  {note}" for note in self.notes)
        files = listed(sorted(self.application.files))
        if not files:
            yield "Nothing changes."
        else:
            yield f"Wrote {files}." if written else f"Nothing was written (--dry-run); it would go into {files}."

    def as_dict(self, *, written: bool) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        changes = [
            {"what": one.what, "initiative": one.key, "title": one.title, "details": list(one.details)}
            for one in self.changes
        ]
        files = sorted(self.application.files)
        return {"files": files, "written": written and bool(files), "changes": changes, "notes": list(self.notes)}


def plan_ideas(file: Path, workspace: Workspace) -> IdeasPlan:
    """Say what a newer sheet of ideas would change.

    Args:
        file: the sheet.
        workspace: the workspace in a folder.

    Raises:
        UsageError: there is no such file, or the workspace has no folder.
        DataError: it is no sheet of ideas, or counts costs or reach otherwise than the workspace does.
    """
    if workspace.root is None:
        raise UsageError("ideas are imported into the folder of a workspace, and this one has none")
    standing = tree_of(workspace.definitions)
    with ExitStack() as stack:
        sheet = _sheet(file, workspace.definitions, stack)
        draft = _draft(standing, Path(stack.enter_context(TemporaryDirectory(prefix="vitalfew-"))))
        add_ideas(draft, sheet)
        read = sheet.sentence
    notes = _only_known(draft.tree["initiatives"], workspace.definitions)
    given = dict(draft.tree["policy"])
    if not any("cost" in idea for idea in draft.tree["initiatives"].values()):
        del given["cost_unit"]  # of a sheet without costs nobody has said it
    policy = _policy(given, workspace.definitions, notes)
    merge = _Merge(dict(standing.get("initiatives", {})))  # type: ignore[call-overload] # a tree of dicts
    merge.take(draft.tree["initiatives"])
    owners = {kind: draft.tree[kind] for kind in ("teams", "products")}
    wanted = Definitions.model_validate_json(
        json.dumps({"initiatives": merge.tree, **owners, "policy": policy}, default=str)
    )
    after = workspace.definitions.model_copy(
        update={
            "initiatives": wanted.initiatives,
            "teams": {**wanted.teams, **workspace.definitions.teams},
            "products": {**wanted.products, **workspace.definitions.products},
            "policy": wanted.policy,
        }
    )
    changed = prepare(Workspace(after), workspace.root, ("initiatives", "teams", "products", "policy"))
    return IdeasPlan(file, tuple(merge.changes), read, tuple(notes), changed)


def _sheet(file: Path, definitions: Definitions, stack: ExitStack) -> Recognised:
    """The sheet, with a column for each factor of the workspace where there are such."""
    look, above = opened_file(file, stack)
    titles = [definitions.title("metrics", key) for key in definitions.factors]
    factors = [*titles, *(key for key in definitions.factors if key not in titles)]
    found = ideas_beside(look, factors) or recognise(look, Asker(None), kinds.IDEAS)
    if look.refused is not None:
        found.notes.append(SAME_NAME)
    if above:
        found.notes.append(f"{count(above, 'line')} above the column names left out")
    return found


def _draft(standing: Mapping[str, Any], folder: Path) -> Draft:
    """What the ideas may name: metrics, factors, teams and products of the workspace, all of them with a title."""
    draft = Draft(folder, folder, Asker(None))
    for kind in ("metrics", "factors", "teams", "products"):
        known = standing.get(kind, {})
        draft.tree[kind] = {key: {"title": key, **(body or {})} for key, body in known.items()}
    return draft


def _only_known(ideas: dict[str, Any], definitions: Definitions) -> list[str]:
    """Take out what ideas say of metrics that the workspace does not have; a remark names them."""
    unknown: dict[str, None] = {}
    for idea in ideas.values():
        moves = idea.get("scores", {}).get("moves", {})
        unknown |= dict.fromkeys(metric for metric in moves if metric not in definitions.metrics)
        kept = {metric: told for metric, told in moves.items() if metric in definitions.metrics}
        if moves and kept:
            idea["scores"]["moves"], idea["serves"] = kept, list(kept)
        elif moves:
            del idea["scores"]["moves"], idea["serves"]
    for key, idea in ideas.items():
        idea["import_key"] = stamped(ident_of(idea.get("title", key)), idea)
    return [f"left out, as the workspace has no such metric: {listed(unknown)}"] if unknown else []


def _policy(given: Mapping[str, Any], definitions: Definitions, notes: list[str]) -> dict[str, Any]:
    """The policy with what the sheet adds to it.

    Raises:
        DataError: costs or reach are counted otherwise here.
    """
    policy = definitions.policy
    before: dict[str, Any] = policy.model_dump(mode="json", exclude_defaults=True)
    found = dict(before)
    unit, period = given.get("cost_unit", policy.cost_unit), given.get("rice_period")
    if "cost_unit" not in before and not _counts_costs(definitions):
        found["cost_unit"] = unit
    elif not unit.startswith("units of") and plain(unit) != plain(policy.cost_unit):
        raise DataError(
            f"the sheet counts costs in {unit}, the workspace in {policy.cost_unit}",
            expected=policy.cost_unit,
            hint="convert them in a copy of the sheet",
        )
    elif unit != policy.cost_unit:
        notes.append(f"costs of the sheet are taken to be in {policy.cost_unit}, as here")
    if period is not None and policy.rice_period is None:
        found["rice_period"] = period
    elif period is not None and period not in (policy.rice_period, "a period that the sheet does not name"):
        raise DataError(
            f"the sheet counts reach per {period}, the workspace per {policy.rice_period}",
            expected=f"reach per {policy.rice_period}",
            hint="convert it in a copy of the sheet",
        )
    if "ice" in given:
        found.setdefault("ice", given["ice"])
    notes += [f"policy: {line}" for line in differing(before, found)]
    return found


def _counts_costs(definitions: Definitions) -> bool:
    """Whether anything is counted in the unit of costs, written or not."""
    policy = definitions.policy
    counted: list[object] = [policy.budget, policy.money_per_cost_unit, policy.test_cost or None]
    for initiative in definitions.initiatives.values():
        counted += (initiative.cost, initiative.upkeep, initiative.later, *initiative.spent)
    for feature in definitions.features.values():
        counted += (feature.cost, feature.upkeep)
    counted += (team.capacity for team in definitions.teams.values())
    return any(number is not None for number in counted)


@dataclass
class _Merge:
    """Initiatives by key with those of a sheet taken in; `changes` says what became of each."""

    tree: dict[str, dict[str, Any]]
    changes: list[IdeaChange] = field(default_factory=list)

    def take(self, sheet: Mapping[str, dict[str, Any]]) -> None:
        """Take in every idea of the sheet."""
        stamps = {key: parted(str(body.get("import_key", "")))[0] for key, body in self.tree.items()}
        known = self._known_again([idea | {"title": idea.get("title", name)} for name, idea in sheet.items()], stamps)
        seen = set()
        for found, (name, idea) in zip(known, sheet.items(), strict=True):
            key = found or key_of(idea.get("title", name), self.tree, "initiative")
            if found is None:
                self.tree[key] = settled(idea)
                self._say("added", key)
            else:
                self._merge(key, settled(idea))
            seen.add(key)
        scored = (key for key, body in self.tree.items() if key not in seen and (stamps.get(key) or body.get("scores")))
        for key in scored:
            self._say("gone", key)

    def _known_again(self, ideas: Sequence[Mapping[str, Any]], stamps: Mapping[str, str]) -> list[str | None]:
        """The initiative that each idea of a sheet is: as the sheet called it last, else as it is called here.

        Each is one idea at most: what is called here like another idea of the sheet stays what it was there. Those
        that the sheet called after their row are known by their numbers, with a title by now or without.

        Raises:
            DataError: rows without a title may be new, or may have been changed.
        """
        taken: set[str] = set()
        idents = [ident_of(idea["title"]) for idea in ideas]

        def one_of(keys: Iterable[str]) -> str | None:
            key = next((key for key in keys if key not in taken), None)
            taken.update(() if key is None else (key,))
            return key

        by_ident, by_title = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for key, body in self.tree.items():
            by_ident[stamps[key]].append(key)
            by_title[ident_of(body.get("title", key))].append(key)
        rows = [row_of(ident) for ident in idents]
        found = [one_of(by_ident[ident]) if row is None else None for ident, row in zip(idents, rows, strict=True)]
        found = [
            key or (one_of(by_title[ident]) if row is None else None)
            for key, ident, row in zip(found, idents, rows, strict=True)
        ]
        nameless = {
            key: row for key, ident in stamps.items() if (row := row_of(ident)) is not None and key not in taken
        }
        said = {key: parted(str(self.tree[key]["import_key"]))[1] for key in nameless}
        # Those that still have no title come first: a new idea may well have the same numbers.
        asked = sorted((at for at, key in enumerate(found) if key is None), key=lambda at: rows[at] is None)
        for at, known in zip(asked, known_by_numbers([ideas[at] for at in asked], said), strict=True):
            found[at] = known
        strangers = [row for row, key in zip(rows, found, strict=True) if row is not None and key is None]
        here = set(found)
        refuse_strangers(strangers, [row for key, row in nameless.items() if key not in here])
        return found

    def _say(self, what: What, key: str, *details: str) -> None:
        self.changes.append(IdeaChange(what, key, str(self.tree[key].get("title", key)), details))

    def _merge(self, key: str, there: dict[str, Any]) -> None:
        """Three ways for each group of fields: what the sheet said last, what stands here, what the sheet says now."""
        here = settled(self.tree[key])
        ident, stored = parted(str(here.get("import_key", "")))
        row = row_of(ident)
        if stored and row is not None:
            ident, stored = "", tuple(moved(here, stored, row, there))
        ident = ident or ident_of(there["title"])
        new, result = stamps_of(there), dict(here)
        bases, details, states = list(stored or new), [], []
        for at, (group, names) in enumerate(GROUPS.items()):
            own, told = fields_of(here, names), fields_of(there, names)
            if own == told:
                bases[at], state = new[at], "same"
            elif stored and hash_of(own) == stored[at]:
                result = {name: value for name, value in result.items() if name not in names} | told
                details += differing(_flat(own), _flat(told))
                bases[at], state = new[at], "changed"
            else:
                state = "conflict" if stored and new[at] != stored[at] else "kept"
                details += (
                    [f"{line} (not taken)" for line in differing(_flat(own), _flat(told))]
                    if state == "conflict"
                    else []
                )
                details += [f"{_NAMES[group]} as here, not as in the sheet"] if state == "kept" else []
            states.append(state)
        result["import_key"] = f"{ident}#{'.'.join(bases)}"
        known = {*here.get("serves", ()), *here.get("scores", {}).get("moves", {})}  # what people took out stays out
        purposes = [*here.get("serves", ()), *(one for one in there.get("serves", ()) if one not in known)]
        if states[0] == "changed" and purposes:
            result["serves"] = purposes
        self.tree[key] = {
            name: result[name] for name in (*(n for n in here if n in result), *(n for n in result if n not in here))
        }
        order: tuple[What, ...] = ("conflict", "changed", "kept", "same")
        self._say(next(what for what in order if what in states), key, *details)


def _flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with each score as one of its own, such as `rice reach`."""
    scores = {
        f"{method} {name}": value
        for method, parts in fields.get("scores", {}).items()
        for name, value in (parts.items() if isinstance(parts, dict) else [("", parts)])
    }
    return {name: value for name, value in fields.items() if name != "scores"} | scores

"""What a change of definitions means before it is made: what differs, and what it takes the ground from. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.locks import VALUE_MODEL, current_lock, speaks_of, stale, value_model
from vitalfew.workspace.merging import SETTINGS
from vitalfew.workspace.plan_locks import changes as changes_of_plan
from vitalfew.workspace.plan_locks import current_plan_lock
from vitalfew.workspace.writing import flow, tree_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from vitalfew.workspace.acts import ActLog

What = Literal["added", "changed", "removed"]
type Entries = dict[str, dict[str, object]]

_ABSENT = object()
_LONGEST = 60
_NAMED = 8


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with its plain values before and after; None where it was or is not given."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Change:
    """A definition that is added, changed in some fields, or removed. Settings have the key ''."""

    kind: str
    key: str
    what: What
    fields: tuple[FieldChange, ...] = ()

    @property
    def name(self) -> str:
        """Kind and key."""
        return f"{self.kind}.{self.key}" if self.key else self.kind


@dataclass(frozen=True, slots=True)
class LockLost:
    """A lock that no longer speaks of what is defined: of the promise of a hypothesis, or the plan of an experiment.

    `changed` names what of a plan is defined otherwise; `gone`: nothing of that key is defined any more.
    """

    of: Literal["promise", "plan"]
    key: str
    locked_at: str
    changed: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What would change, and which results it takes the ground from.

    Attributes:
        changes: of definitions, kind by kind.
        locks: promises and plans whose lock no longer fits.
        forecasts: how many forecasts that are not locked yet answer an earlier wording, by hypothesis.
        judgements: how many people judged other factors or ranges than those defined after it.
        anew: stages of a run that have to be computed anew.
        kept: the other stages, whose results are used again.
    """

    changes: tuple[Change, ...]
    locks: tuple[LockLost, ...] = ()
    forecasts: tuple[tuple[str, int], ...] = ()
    judgements: int = 0
    anew: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """The plan in sentences: what changes, then what that means for promises, judgements and results."""
        if not self.changes:
            return ("nothing changes",)
        return (
            *_changes_told(self.changes),
            *(_lock_told(lost) for lost in self.locks),
            *(
                f"forecasts of {key}: {_people(count)} will have answered an earlier wording"
                for key, count in self.forecasts
            ),
            *(
                [f"weights: {_people(self.judgements)} will have judged other factors or ranges"]
                if self.judgements
                else []
            ),
            *_results_told(self.anew, self.kept),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain: dict[str, Any] = asdict(self)
        return plain | {"forecasts": dict(self.forecasts)}


def plan_of(
    before: Definitions, after: Definitions, log: ActLog, anew: Sequence[str] = (), kept: Sequence[str] = ()
) -> ChangePlan:
    """Say what a change of definitions means; `pipeline.changing.change_plan` says what it means for results too.

    Args:
        before: the definitions that stand.
        after: those that would stand.
        log: the acts of the workspace.
        anew: stages of a run that would have another key.
        kept: stages whose key stays.
    """
    changes = tuple(differences(before, after))
    if not changes:
        return ChangePlan(())
    return ChangePlan(
        changes,
        (*_promises_lost(before, after, log), *_plans_lost(before, after, log)),
        tuple(_forecasts_left(before, after, log)),
        _judged_otherwise(before, after, log),
        tuple(anew),
        tuple(kept),
    )


def differences(before: Definitions, after: Definitions) -> Iterator[Change]:
    """What was added, changed and removed, in the order of kinds and keys."""
    earlier, later = entries_of(before), entries_of(after)
    for kind in Definitions.model_fields:
        old, new = earlier[kind], later[kind]
        for key in (*new, *(key for key in old if key not in new)):
            yield from _difference(kind, key, old.get(key), new.get(key))


def entries_of(definitions: Definitions) -> dict[str, Entries]:
    """By kind and key the fields of each definition, as short as YAML would give them; settings under the key ''."""
    tree = tree_of(definitions)
    found: dict[str, Any] = {kind: tree.get(kind, {}) for kind in Definitions.model_fields}
    return {kind: {"": fields} if kind in SETTINGS else fields for kind, fields in found.items()}


def merged(
    into: Definitions, source: Definitions, kinds: Collection[str] | None = None, *, prune: bool = False
) -> Definitions:
    """Definitions with those of another workspace laid over them.

    Args:
        into: what stands.
        source: what is laid over it; what both define is as here.
        kinds: only these; by default all that `source` says something of.
        prune: whether what `source` lacks is removed, of these kinds.
    """
    update: dict[str, Any] = {}
    for kind in Definitions.model_fields if kinds is None else kinds:
        given = getattr(source, kind)
        said = given != type(source).model_fields[kind].get_default(call_default_factory=True)
        if kinds is None and not said:
            continue
        if kind in SETTINGS:
            update[kind] = given if said or prune else getattr(into, kind)
        else:
            update[kind] = given if prune else {**getattr(into, kind), **given}
    return into.model_copy(update=update)


def _difference(kind: str, key: str, old: dict[str, object] | None, new: dict[str, object] | None) -> Iterator[Change]:
    if old is None:
        yield Change(kind, key, "added")
    elif new is None:
        yield Change(kind, key, "removed")
    elif old != new:
        names = [name for name in dict.fromkeys([*old, *new]) if old.get(name, _ABSENT) != new.get(name, _ABSENT)]
        yield Change(kind, key, "changed", tuple(FieldChange(name, old.get(name), new.get(name)) for name in names))


# What people said --------------------------------------------------------------------------------------------------


def _promises_lost(before: Definitions, after: Definitions, log: ActLog) -> Iterator[LockLost]:
    for key in before.hypotheses:
        lock = current_lock(key, log, before)
        if lock is None or stale(lock, "hypotheses", key, before):
            continue
        gone = key not in after.hypotheses
        if gone or stale(lock, "hypotheses", key, after):
            yield LockLost("promise", key, lock.at, gone=gone)


def _plans_lost(before: Definitions, after: Definitions, log: ActLog) -> Iterator[LockLost]:
    for key in before.experiments:
        lock = current_plan_lock(key, log, before)
        if lock is None or changes_of_plan(log.bodies[lock.n], key, before):
            continue
        if key not in after.experiments:
            yield LockLost("plan", key, lock.at, gone=True)
        elif changed := changes_of_plan(log.bodies[lock.n], key, after):
            yield LockLost("plan", key, lock.at, changed)


def _forecasts_left(before: Definitions, after: Definitions, log: ActLog) -> Iterator[tuple[str, int]]:
    for key in before.hypotheses:
        if key not in after.hypotheses or current_lock(key, log, before) is not None:
            continue
        standing, coming = (definition_hash("hypotheses", key, each.hypotheses[key]) for each in (before, after))
        left: set[str] = set()
        for act in log.spoken("forecast", key):
            lost = speaks_of(act, standing) and not speaks_of(act, coming)
            if lost and log.person(act.by) not in left and act.n in log.bodies:
                left.add(log.person(act.by))
        if left:
            yield key, len(left)


def _judged_otherwise(before: Definitions, after: Definitions, log: ActLog) -> int:
    standing, coming = value_model(before, log).hash, value_model(after, log).hash
    if standing == coming:
        return 0
    latest = {log.person(act.by): act for act, _ in log.of("judgement", VALUE_MODEL)}
    return sum(act.definition is not None and act.definition.hash == standing for act in latest.values())


# In sentences ------------------------------------------------------------------------------------------------------


def _changes_told(changes: Sequence[Change]) -> Iterator[str]:
    """Kind by kind: names of what comes and goes together, what is changed one by one."""
    for (kind, what), group in groupby(changes, key=lambda change: (change.kind, change.what)):
        if what == "changed":
            for change in group:
                yield f"changed {change.name}"
                yield from (
                    f"  {field.field}: {_short(field.before)} → {_short(field.after)}" for field in change.fields
                )
        else:
            names = [change.key for change in group]
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"{what} {kind}: {', '.join(names[:_NAMED])}{more}"


def _short(value: object) -> str:
    text = "not given" if value is None else flow(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _lock_told(lost: LockLost) -> str:
    name = f"{lost.of} of {lost.key}, locked on {lost.locked_at[:10]}"
    if lost.gone:
        return f"{name}: what it is about will be defined no more; the lock stays in the log"
    if lost.of == "promise":
        return f"{name}: will be of an earlier wording; it counts until it is locked again, and says so"
    return f"{name}: {', '.join(lost.changed)} changed after the lock; effects will no longer count as planned"


def _people_told(forecasts: Sequence[tuple[str, int]], judgements: int) -> Iterator[str]:
    for key, count in forecasts:
        yield f"forecasts of {key}: {_people(count)} will have answered an earlier wording"
    if judgements:
        yield f"weights: {_people(judgements)} will have judged other factors or ranges"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _results_told(anew: Collection[str], kept: Collection[str]) -> Iterator[str]:
    if not anew and not kept:
        return
    total = len(anew) + len(kept)
    if not anew:
        yield "results: no stage of a run reads what changes"
        return
    rest = f"; kept: {', '.join(kept)}" if kept else ""
    yield f"results: the next run computes {len(anew)} of {total} stages anew ({', '.join(_grouped(anew))}){rest}"
    yield "runs that are stored keep the definitions they were computed from"


def _grouped(names: Collection[str]) -> Iterator[str]:
    """Stages by the first part of their name: `measure.players` and `measure.shops` as `measure (2)`."""
    for name, count in Counter(name.partition(".")[0] for name in names).items():
        yield name if count == 1 else f"{name} ({count})"

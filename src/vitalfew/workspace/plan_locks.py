"""Locked plans: what of an experiment was declared, which lock counts, and what was changed since.

A lock holds the plan, the parts of the experiment that decide how it is analysed, and a hash of every metric,
guardrail and segment it rests on. What a thing is called, and who owns it, is no part of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.proving import held_against
from vitalfew.workspace.trials import Experiment, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.definitions import Definition, Definitions
    from vitalfew.workspace.heads import Head
    from vitalfew.workspace.proving import Proof

_NO_ANALYSIS = ("plan", "initiative", "title", "team", "product", "start", "end")
_NAMES = ("title", "description", "owner", "import_key", "stakeholder", "unit", "side", "timeliness")


@dataclass(frozen=True, slots=True)
class PlanProof:
    """Whether the plan of an experiment was locked before the start, and whether it still stands.

    `proved` as for promises. `matches`: what was locked is what is defined now; `changed` names what is not.
    `locked_at` is when the lock that counts was recorded, `start` the first day of the experiment as defined or, where
    no start is given, of its first exposure; `recorded_at` when the earliest commit that holds the lock was made.
    """

    experiment: str
    locked_at: str | None
    proved: Proof
    matches: bool
    reason: str
    changed: tuple[str, ...] = ()
    start: date | None = None
    recorded_at: str | None = None

    def sentence(self) -> str:
        """The proof in a sentence, for a terminal."""
        since = f"; changed since the lock: {', '.join(self.changed)}" if self.changed else ""
        return f"plan of {self.experiment}: {self.proved} ({self.reason}{since})"


def plan_body(experiment: str, definitions: Definitions) -> dict[str, Any]:
    """What a lock of the plan of an experiment says; see `bodies.PlanLockBody`."""
    defined = definitions.experiments[experiment]
    return {
        "experiment": experiment,
        "plan": _said(defined.plan or Plan()),
        "design": {name: value for name, value in _said(defined).items() if name not in _NO_ANALYSIS},
        "rests_on": _rests_on(defined, definitions),
        **({"end": defined.end.isoformat()} if defined.end else {}),
    }


def current_plan_lock(experiment: str, log: ActLog, definitions: Definitions) -> Act | None:
    """The lock that counts: the first of the plan as it stands, else the last one."""
    locks = [(act, body) for act, body in log.of("lock", experiment) if "plan" in body]
    standing = [act for act, body in locks if not changes(body, experiment, definitions)]
    return standing[0] if standing else locks[-1][0] if locks else None


def changes(body: Mapping[str, Any], experiment: str, definitions: Definitions) -> tuple[str, ...]:
    """Names of what is defined otherwise now than when it was locked. An end given only later changes no plan."""
    now = plan_body(experiment, definitions)
    found = [f"plan.{name}" for name in _differing(body["plan"], now["plan"], _said(Plan()))]
    defaults = _said(Experiment(source=""))
    found += _differing(body.get("design", {}), now["design"], defaults)
    if "end" in body and body["end"] != now.get("end"):
        found.append("end")
    locked, present = body.get("rests_on", {}), now["rests_on"]
    return (*found, *(name for name in sorted({*locked, *present}) if locked.get(name) != present.get(name)))


def prove_plan(
    experiment: str, log: ActLog, definitions: Definitions, heads: Iterable[Head], first_seen: date | None = None
) -> PlanProof:
    """Say whether the plan of one experiment is proved, claimed, or not locked before the start.

    Args:
        experiment: its key.
        log: the log of acts.
        definitions: the workspace.
        heads: heads known from elsewhere.
        first_seen: the day of the first exposure in the data, where that is known.
    """
    lock = current_plan_lock(experiment, log, definitions)
    if lock is None:
        return PlanProof(experiment, None, "no", matches=False, reason="its plan was never locked")
    start = definitions.experiments[experiment].start or first_seen
    proof, reason, stamp = held_against(lock, start, log, heads, definitions.workspace.time_zone)
    changed = changes(log.bodies[lock.n], experiment, definitions)
    return PlanProof(experiment, lock.at, proof, not changed, reason, changed, start, stamp)


def is_plan_lock(act: Act) -> bool:
    """Whether a lock is one of a plan, even when what it says was erased."""
    return act.kind == "lock" and act.definition is not None and act.definition.kind == "experiments"


def _differing(locked: Mapping[str, Any], now: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Fields with another value; one that an older version did not know stood at its default."""
    names = dict.fromkeys([*locked, *now])
    return [name for name in names if locked.get(name, defaults.get(name)) != now.get(name, defaults.get(name))]


def _said(definition: Definition) -> dict[str, Any]:
    said: dict[str, Any] = definition.model_dump(mode="json", exclude_none=True)
    return said


def _rests_on(experiment: Experiment, definitions: Definitions) -> dict[str, str]:
    plan = experiment.plan or Plan()
    metrics = experiment.named_metrics
    segments = dict.fromkeys((*(experiment.segments or ()), *experiment.strata, *plan.segments))
    wanted = [
        *(("metrics", key) for key in metrics),
        *(("guardrails", key) for key in metrics),
        *(("segments", key) for key in segments),
    ]
    return {
        f"{kind}.{key}": definition_hash(kind, key, _nameless(getattr(definitions, kind)[key]))
        for kind, key in wanted
        if key in getattr(definitions, kind)
    }


def _nameless(definition: Definition) -> Definition:
    fields = type(definition).model_fields
    return definition.model_copy(update={name: fields[name].default for name in _NAMES if name in fields})

"""Prove the log of acts: what is damaged or erased, which promises and plans preceded their start, what is unknown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.workspace import heads as heads_of
from vitalfew.workspace.chain import Damage
from vitalfew.workspace.locks import current_lock
from vitalfew.workspace.plan_locks import PlanProof, is_plan_lock, prove_plan
from vitalfew.workspace.proving import Proof, held_against

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.heads import Head, History
    from vitalfew.workspace.workspace import Workspace

__all__ = ["PlanProof", "PromiseProof", "Proof", "Verification", "audit", "prove", "start_of", "verify"]


@dataclass(frozen=True, slots=True)
class PromiseProof:
    """Whether the promise of a hypothesis was locked before the work started, and how we know.

    `recorded_at` is the time of the earliest record elsewhere, such as a commit, that holds the lock; `start` the first
    day of the work.
    """

    hypothesis: str
    proof: Proof
    reason: str
    locked_at: str | None = None
    start: date | None = None
    recorded_at: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known about a log. `ok`: no damage, and every head known from elsewhere is still in it."""

    acts: int
    head: str | None
    damage: tuple[Damage, ...]
    erased: tuple[int, ...]
    heads: int
    unrecorded: int
    history: History
    promises: tuple[PromiseProof, ...]
    plans: tuple[PlanProof, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.damage

    @property
    def proofs(self) -> Mapping[str, PromiseProof]:
        """The proof of each hypothesis' promise."""
        return {proof.hypothesis: proof for proof in self.promises}

    def sentences(self) -> tuple[str, ...]:
        """The whole in sentences, for a terminal: state, damage, erasures, promises, plans, limits."""
        return (
            _state(self),
            *(f"{_place(found)}{found.message}" for found in self.damage),
            *_erasures(self.erased),
            *(f"{proof.hypothesis}: {proof.proof} ({proof.reason})" for proof in self.promises),
            *(proof.sentence() for proof in self.plans),
            *self.limits(),
        )

    def limits(self) -> tuple[str, ...]:
        """What this verification cannot know, and why."""
        return _limits(self)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain: dict[str, Any] = asdict(self)
        for proof in (*plain["promises"], *plain["plans"]):
            proof["start"] = proof["start"].isoformat() if proof["start"] else None
        return {"ok": self.ok, **plain, "limits": list(self.limits())}


def verify(ws: Workspace, heads: Sequence[str] = (), first_seen: Mapping[str, date] | None = None) -> Verification:
    """Verify the acts of a workspace against heads recorded elsewhere, as in its git history, or given by hand.

    Args:
        ws: the workspace; one made in memory is held against the given heads only.
        heads: hashes of the log's end that were noted elsewhere at some time.
        first_seen: day of the first exposure by experiment, for plans of experiments without a start.

    Example:
        >>> import pathlib, tempfile
        >>> import vitalfew as vf
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "shop.yaml").write_text('''
        ... sources: {users: {table: users.csv, unit: id}}
        ... metrics: {paid: {source: users, column: paid}}
        ... factors: {paid: {range: [0, 1]}}
        ... ''')
        >>> act, = vf.record(vf.load(folder), [{"person": "Ada", "paid": 10}])
        >>> found = vf.verify(vf.load(folder), heads=[act.hash])
        >>> found.ok, found.acts, found.head == act.hash
        (True, 1, True)
        >>> vf.verify(vf.load(folder), heads=["0" * 64]).ok
        False
    """
    recorded = ws.journal.recorded() if ws.journal else heads_of.Recorded()
    log = ws.journal.read() if ws.journal else ws.acts
    return audit(log, ws.definitions, (*recorded.heads, *heads_of.given(heads)), recorded.history, first_seen)


def audit(
    log: ActLog,
    definitions: Definitions,
    heads: Sequence[Head],
    history: History = "none",
    first_seen: Mapping[str, date] | None = None,
) -> Verification:
    """Hold a log against heads known from elsewhere; `first_seen`: day of the first exposure by experiment. Pure."""
    damage = (*log.damage, *_lost(log, heads))
    known = {head.hash for head in heads}
    covered = max((n for head in heads if (n := log.number_of(head.hash, head.n)) is not None), default=0)
    return Verification(
        acts=len(log.acts),
        head=log.head,
        damage=damage,
        erased=log.erased,
        heads=len(known),
        unrecorded=sum(n > covered for n in log.numbers),
        history=history,
        promises=prove_promises(log, definitions, heads),
        plans=prove_plans(log, definitions, heads, first_seen),
    )


def prove_promises(log: ActLog, definitions: Definitions, heads: Sequence[Head]) -> tuple[PromiseProof, ...]:
    """The proof of every promise that was locked; of the log no more is looked at than that needs."""
    locked = {act.about for act in log.spoken("lock") if not is_plan_lock(act)}
    return tuple(prove(key, log, definitions, heads) for key in definitions.hypotheses if key in locked)


def prove_plans(
    log: ActLog, definitions: Definitions, heads: Sequence[Head], first_seen: Mapping[str, date] | None = None
) -> tuple[PlanProof, ...]:
    """The proof of every plan that was locked; `first_seen` as in `audit`."""
    seen = first_seen or {}
    locked = {act.about for act in log.spoken("lock") if is_plan_lock(act)}
    every = (key for key in definitions.experiments if key in locked)
    return tuple(prove_plan(key, log, definitions, heads, seen.get(key)) for key in every)


def prove(hypothesis: str, log: ActLog, definitions: Definitions, heads: Iterable[Head]) -> PromiseProof:
    """Say whether the promise of one hypothesis is proved, claimed, or not locked before the start."""
    lock = current_lock(hypothesis, log, definitions)
    if lock is None:
        return PromiseProof(hypothesis, "no", "no lock of it can be read")
    start = start_of(hypothesis, definitions)
    proof, reason, stamp = held_against(lock, start, log, heads, definitions.workspace.time_zone)
    return PromiseProof(hypothesis, proof, reason, lock.at, start, stamp)


def start_of(hypothesis: str, definitions: Definitions) -> date | None:
    """The first day of the work: the initiative's `started`, else the start of an experiment on it, else shipping."""
    key = definitions.hypotheses[hypothesis].initiative
    initiative = definitions.initiatives[key]
    if initiative.started is not None:
        return initiative.started
    starts = [found.start for found in definitions.experiments.values() if found.initiative == key and found.start]
    return min(starts, default=initiative.shipped)


def _lost(log: ActLog, heads: Iterable[Head]) -> list[Damage]:
    """Heads that the log no longer contains, each hash once."""
    lost = {head.hash: head for head in heads if log.number_of(head.hash, head.n) is None}
    longest = max(log.numbers, default=0)
    found = []
    for head in lost.values():
        name = f"the head {head.hash[:10]} ({head.source})"
        if head.n is not None and head.n > longest:
            message = f"{name} was act {head.n}, but the log ends at act {longest}: it was shortened"
        elif head.n is not None:
            message = f"{name} was act {head.n}, which is another one now: the log was rewritten"
        else:
            message = f"{name} is not in the log: it was rewritten or shortened, or the head is of another log"
        found.append(Damage("head", message, n=head.n))
    return found


def _state(found: Verification) -> str:
    if not found.acts and not found.damage:
        return "no acts are recorded yet"
    count = f"{found.acts} act{'s' if found.acts != 1 else ''}"
    if found.damage:
        return f"{count} can be read; {len(found.damage)} fault{'s' if len(found.damage) != 1 else ''} found"
    return f"{count}, each as it was written, in order, without a gap; head {found.head}"


def _limits(found: Verification) -> tuple[str, ...]:
    if not found.acts:
        return ()
    said = []
    if not found.heads:
        said.append(
            "no head of this log is known from elsewhere: had it been rewritten or shortened as a whole, nothing here "
            "would show it; commit acts.jsonl, or note the head"
        )
    elif found.unrecorded:
        count = f"the last {found.unrecorded} acts are" if found.unrecorded > 1 else "the last act is"
        said.append(f"{count} in no commit and under no given head: still open to being replaced unseen")
    if found.history == "shallow":
        said.append("the git history is cut off here (a shallow clone): earlier heads were not seen")
    proofs = (*(proof.proof for proof in found.promises), *(plan.proved for plan in found.plans))
    if "proved" in proofs:
        said.append(_WORTH[found.history == "server"])
    return tuple(said)


_WORTH = {
    False: "times of commits are set by the computer that makes them: a proof is as good as the copy of that commit "
    "which somebody else holds, such as a server",
    True: "times are those of this server: a proof is as good as its database is out of reach of those who want it; "
    "a head that is noted elsewhere holds against them too",
}


def _place(found: Damage) -> str:
    return f"acts.jsonl:{found.line}: " if found.line else ""


def _erasures(numbers: Sequence[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    shown = ", ".join(str(number) for number in numbers[:10])
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""  # noqa: PLR2004 - as many as were shown
    which = f"act{'s' if len(numbers) > 1 else ''} {shown}{more}"
    return (f"{which} erased: what was said is gone, its place in the chain holds",)

"""Prove the log of acts: what is damaged or erased, which promises preceded their start, what cannot be known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitalfew.workspace import acts as acts_of
from vitalfew.workspace import heads as heads_of
from vitalfew.workspace.chain import CLOCK_TOLERANCE, Damage
from vitalfew.workspace.locks import current_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, tzinfo

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.heads import Head, History
    from vitalfew.workspace.workspace import Workspace

Proof = Literal["proved", "claimed", "no"]


@dataclass(frozen=True, slots=True)
class PromiseProof:
    """Whether the promise of a hypothesis was locked before the work started, and how we know.

    `recorded_at` is the time of the earliest commit that holds the lock; `start` the first day of the work.
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

    @property
    def ok(self) -> bool:
        """Whether nothing wrong was found."""
        return not self.damage

    @property
    def proofs(self) -> Mapping[str, PromiseProof]:
        """The proof of each hypothesis' promise."""
        return {proof.hypothesis: proof for proof in self.promises}

    def sentences(self) -> tuple[str, ...]:
        """The whole in sentences, for a terminal: state, damage, erasures, promises, limits."""
        return (
            _state(self),
            *(f"{_place(found)}{found.message}" for found in self.damage),
            *_erasures(self.erased),
            *(f"{proof.hypothesis}: {proof.proof} ({proof.reason})" for proof in self.promises),
            *self.limits(),
        )

    def limits(self) -> tuple[str, ...]:
        """What this verification cannot know, and why."""
        return _limits(self)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain: dict[str, Any] = asdict(self)
        for proof in plain["promises"]:
            proof["start"] = proof["start"].isoformat() if proof["start"] else None
        return {"ok": self.ok, **plain, "limits": list(self.limits())}


def verify(ws: Workspace, heads: Sequence[str] = ()) -> Verification:
    """Verify the acts of a workspace against its git history and heads given by hand.

    Args:
        ws: the workspace; one without a folder is held against the given heads only.
        heads: hashes of the log's end that were noted elsewhere at some time.
    """
    recorded = heads_of.recorded(ws.root) if ws.root else heads_of.Recorded()
    log = acts_of.read(ws.root) if ws.root else ws.acts
    return audit(log, ws.definitions, (*recorded.heads, *heads_of.given(heads)), recorded.history)


def audit(log: ActLog, definitions: Definitions, heads: Sequence[Head], history: History = "none") -> Verification:
    """Hold a log against heads known from elsewhere. Pure."""
    damage = (*log.damage, *_lost(log, heads))
    covered = max((act.n for act in log.acts for head in heads if head.hash == act.hash), default=0)
    locked = [key for key in definitions.hypotheses if any(act.about == key for act in log.acts if act.kind == "lock")]
    return Verification(
        acts=len(log.acts),
        head=log.head,
        damage=damage,
        erased=log.erased,
        heads=len({head.hash for head in heads}),
        unrecorded=sum(act.n > covered for act in log.acts),
        history=history,
        promises=tuple(prove(key, log, definitions, heads) for key in locked),
    )


def prove(hypothesis: str, log: ActLog, definitions: Definitions, heads: Iterable[Head]) -> PromiseProof:
    """Say whether the promise of one hypothesis is proved, claimed, or not locked before the start."""
    lock = current_lock(hypothesis, log, definitions)
    if lock is None:
        return PromiseProof(hypothesis, "no", "no lock of it can be read")
    start = start_of(hypothesis, definitions)
    zone = _zone(definitions.workspace.time_zone)
    holding, contradicting = _earliest_holding(lock, log, heads)
    at = holding.at if holding else None
    stamp = _utc(at)
    proof, reason = _judge(lock.time.astimezone(zone).date(), start, at.astimezone(zone).date() if at else None)
    if holding is not None and proof == "proved":
        reason = f"{holding.source} of {stamp} holds the lock, before the start on {start}"
    if holding is None and contradicting is not None and proof == "claimed":
        reason = f"{contradicting.source} is older than the lock of {lock.at} that it holds: one of the clocks is wrong"
    return PromiseProof(hypothesis, proof, reason, lock.at, start, stamp)


def start_of(hypothesis: str, definitions: Definitions) -> date | None:
    """The first day of the work: the initiative's `started`, else the start of an experiment on it, else shipping."""
    key = definitions.hypotheses[hypothesis].initiative
    initiative = definitions.initiatives[key]
    if initiative.started is not None:
        return initiative.started
    starts = [found.start for found in definitions.experiments.values() if found.initiative == key and found.start]
    return min(starts, default=initiative.shipped)


def _judge(locked: date, start: date | None, recorded: date | None) -> tuple[Proof, str]:
    """Days are compared: within the day of the start nobody can tell which came first."""
    if start is None:
        return "claimed", "no start of the work is given to compare the lock with"
    if locked > start:
        return "no", f"locked on {locked}, after the start on {start}"
    if recorded is not None and recorded < start:
        return "proved", f"recorded on {recorded}, before the start on {start}"
    if locked == start:
        return "claimed", f"locked on the day of the start, {start}: which came first cannot be told"
    if recorded is not None:
        return "claimed", f"the log says {locked}, but the first commit with the lock is of {recorded}; start {start}"
    return "claimed", f"the log says {locked}, before the start on {start}, but no commit holds the lock"


def _earliest_holding(lock: Act, log: ActLog, heads: Iterable[Head]) -> tuple[Head | None, Head | None]:
    """The earliest commit whose log held the lock: its head follows from the lock by an unbroken chain.

    A commit cannot be older than what it holds: one that says so proves nothing, and is given apart.
    """
    chained = {lock.hash}
    link = lock
    for act in log.acts:
        if act.n == link.n + 1 and act.prev == link.hash:
            chained.add(act.hash)
            link = act
    dated = [(head.at, head) for head in heads if head.at is not None and head.hash in chained]
    sound = [pair for pair in dated if pair[0] >= lock.time - CLOCK_TOLERANCE]
    unsound = [pair for pair in dated if pair not in sound]
    return _earliest(sound), _earliest(unsound)


def _earliest(dated: Iterable[tuple[datetime, Head]]) -> Head | None:
    return min(dated, key=lambda pair: pair[0], default=(None, None))[1]


def _lost(log: ActLog, heads: Iterable[Head]) -> list[Damage]:
    """Heads that the log no longer contains, each hash once."""
    present = {act.hash for act in log.acts}
    lost = {head.hash: head for head in heads if head.hash not in present}
    longest = max((act.n for act in log.acts), default=0)
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
    if any(proof.proof == "proved" for proof in found.promises):
        said.append(
            "times of commits are set by the computer that makes them: a proof is as good as the copy of that commit "
            "which somebody else holds, such as a server"
        )
    return tuple(said)


def _place(found: Damage) -> str:
    return f"acts.jsonl:{found.line}: " if found.line else ""


def _erasures(numbers: Sequence[int]) -> tuple[str, ...]:
    if not numbers:
        return ()
    shown = ", ".join(str(number) for number in numbers[:10])
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""  # noqa: PLR2004 - as many as were shown
    which = f"act{'s' if len(numbers) > 1 else ''} {shown}{more}"
    return (f"{which} erased: what was said is gone, its place in the chain holds",)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _utc(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None

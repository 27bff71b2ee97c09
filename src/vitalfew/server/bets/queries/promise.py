"""What was promised: the lock of a hypothesis, one's own forecast, and never anybody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.queries.acts import pseudonym_of, said
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.locks import current_lock, stale
from vitalfew.workspace.plan_locks import changes, current_plan_lock

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.server.core.access import Place
    from vitalfew.server.core.services.opened import Opened
    from vitalfew.workspace.definitions import Definitions

PROOFS = {
    "proved": "proved: locked before the work started",
    "claimed": "claimed: locked before the work started, as far as the log itself can tell",
    "no": "locked after the work started, so it predicted nothing",
}
"""What the log can say about a lock."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A locked promise, in the metric's unit. `stamp`: the first figures of its hash; `again`: it is a later lock.

    `evidence`: what its forecasts rest on, all together, once a run has read them and five people named something.
    `evidenced`: how many of the forecasters named something, where five or more forecast.
    """

    at: str
    stamp: str
    p10: float
    p50: float
    p90: float
    p_zero: float
    forecasters: int
    metric: str
    segment: str
    due: str | None
    proof: str
    stale: bool
    again: bool
    evidence: tuple[str, ...] = ()
    evidenced: int | None = None


def lock_of(where: Place | Opened, hypothesis: str, definitions: Definitions, run: Results | None) -> Lock | None:
    """The lock that counts: of the log on the server, else of a run that knew one in a folder."""
    found = said(where.workspace, "lock", hypothesis)
    log = ActLog(tuple(act for act, _ in found), {act.n: body for act, body in found})
    act = current_lock(hypothesis, log, definitions)
    row = next((row for row in run.tables.promises if row.hypothesis == hypothesis), None) if run else None
    if act is not None:
        body = log.bodies[act.n]
        numbers = body["promise"]
        known = row if row is not None and row.locked_at == act.at else None
        proof = PROOFS[known.proved] if known else "the next run says whether it precedes the start of the work"
        first = next(one for one, said_then in found if "promise" in said_then)
        return Lock(
            act.at,
            act.hash[:7],
            numbers["p10"],
            numbers["p50"],
            numbers["p90"],
            numbers["p_zero"],
            numbers["forecasters"],
            body.get("metric", definitions.hypotheses[hypothesis].metric),
            body.get("segment", "all"),
            body.get("due"),
            proof,
            stale(act, "hypotheses", hypothesis, definitions),
            first.n != act.n,
            known.evidence if known else (),
            known.evidenced if known else None,
        )
    if row is None or row.locked_at is None:
        return None
    edited = any("edited after the lock" in note for note in row.notes)
    return Lock(
        row.locked_at,
        "",
        row.p10,
        row.p50,
        row.p90,
        row.p_zero,
        row.forecasters,
        row.metric,
        row.segment,
        row.due,
        PROOFS[row.proved],
        stale=edited,
        again=False,
        evidence=row.evidence,
        evidenced=row.evidenced,
    )


def plan_state(where: Place | Opened, experiment: str, definitions: Definitions) -> tuple[str, bool]:
    """How the plan of an experiment stands, in words, and whether it can be locked now."""
    if definitions.experiments[experiment].plan is None:
        return "no plan", False
    found = said(where.workspace, "lock", experiment)
    log = ActLog(tuple(act for act, _ in found), {act.n: body for act, body in found})
    act = current_plan_lock(experiment, log, definitions)
    if act is None:
        return "plan not locked", True
    changed = changes(log.bodies[act.n], experiment, definitions)
    return (f"plan locked {act.at[:10]}, edited since", True) if changed else (f"plan locked {act.at[:10]}", False)


def own_forecast(place: Place | Opened, hypothesis: str, voice: str, definitions: Definitions) -> dict[str, Any] | None:
    """What one said oneself of the hypothesis as it is worded now, the latest."""
    said_so = said(place.workspace, "forecast", hypothesis, [pseudonym_of(place.workspace, voice)])
    stands = definition_hash("hypotheses", hypothesis, definitions.hypotheses[hypothesis]) if said_so else ""
    found = [body for act, body in said_so if act.definition is None or act.definition.hash == stands]
    return found[-1] if found else None

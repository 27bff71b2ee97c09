"""Forecasts combined into promises, and the promises that were locked."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from vitalfew.results.rows import PromiseRow
from vitalfew.workspace.locks import current_lock, stale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.definitions import Definitions, Hypothesis
    from vitalfew.workspace.verify import PromiseProof

NOT_LOCKED = "not locked: forecasting is blind, do not show it yet"


@dataclass(frozen=True, slots=True)
class Combined:
    """The combined forecast of several people, given that there is an effect; P(no effect) apart."""

    p10: float
    p50: float
    p90: float
    p_zero: float
    forecasters: int
    left_out: int = 0


def promises(
    definitions: Definitions, acts: ActLog, proofs: Mapping[str, PromiseProof] | None = None
) -> tuple[PromiseRow, ...]:
    """The promise of every hypothesis that has a forecast or a lock, in the order of the definitions.

    Args:
        definitions: the definitions as they stand.
        acts: the log.
        proofs: what verification found out about each lock (`Verification.proofs`); without it a lock is *claimed*.
    """
    found = []
    for key, hypothesis in definitions.hypotheses.items():
        lock = current_lock(key, acts, definitions)
        proof = (proofs or {}).get(key)
        row = _open(key, hypothesis, definitions, acts) if lock is None else None
        if lock is not None:
            row = _locked(key, definitions, acts, lock, proof)
        if row is not None:
            found.append(row)
    return tuple(found)


def combined(hypothesis: str, definitions: Definitions, acts: ActLog, *, before: int | None = None) -> Combined | None:
    """Combine the latest forecast of each person by the mean of each quantile (Vincent averaging).

    Forecasts of an earlier wording of the hypothesis answer another question and are left out.

    Args:
        hypothesis: its key.
        definitions: the definitions as they stand.
        acts: the log.
        before: only acts with a smaller number count.

    Returns:
        The combination, or None without a usable forecast.
    """
    latest: dict[str, Mapping[str, Any]] = {}
    outdated: set[str] = set()
    for act, body in acts.of("forecast", hypothesis):
        if before is not None and act.n >= before:
            continue
        if stale(act, "hypotheses", hypothesis, definitions):
            outdated.add(act.by)
        else:
            latest[act.by] = body
    if not latest:
        return None
    return combine((latest[person] for person in sorted(latest)), left_out=len(outdated - set(latest)))


def combine(forecasts: Iterable[Mapping[str, Any]], *, left_out: int = 0) -> Combined:
    """The mean of each quantile and of P(no effect), over one forecast per person."""
    given = list(forecasts)
    means = {name: fmean(forecast[name] for forecast in given) for name in ("p10", "p50", "p90", "p_zero")}
    return Combined(**means, forecasters=len(given), left_out=left_out)


def _open(key: str, hypothesis: Hypothesis, definitions: Definitions, acts: ActLog) -> PromiseRow | None:
    found = combined(key, definitions, acts)
    if found is None:
        return None
    notes = (NOT_LOCKED, *_outdated(found.left_out))
    return PromiseRow(
        key,
        hypothesis.initiative,
        hypothesis.metric,
        hypothesis.segment,
        found.p10,
        found.p50,
        found.p90,
        found.p_zero,
        found.forecasters,
        due=hypothesis.due.isoformat() if hypothesis.due else None,
        notes=notes,
    )


def _locked(
    key: str, definitions: Definitions, acts: ActLog, lock: Act, proof: PromiseProof | None
) -> PromiseRow | None:
    """The promise as it was locked: metric, segment and due date too, whatever the definition says by now."""
    body = acts.bodies[lock.n]
    hypothesis = definitions.hypotheses[key]
    promise = body["promise"]
    present = hypothesis.due.isoformat() if hypothesis.due else None
    return PromiseRow(
        key,
        hypothesis.initiative,
        body.get("metric", hypothesis.metric),
        body.get("segment", hypothesis.segment),
        promise["p10"],
        promise["p50"],
        promise["p90"],
        promise["p_zero"],
        promise["forecasters"],
        due=body.get("due", present),
        locked_at=lock.at,
        proved=proof.proof if proof else "claimed",
        notes=(*([proof.reason] if proof else []), *_lock_notes(key, definitions, acts, lock)),
    )


def _lock_notes(key: str, definitions: Definitions, acts: ActLog, lock: Act) -> Iterable[str]:
    body, hypothesis = acts.bodies[lock.n], definitions.hypotheses[key]
    if stale(lock, "hypotheses", key, definitions):
        yield "the hypothesis was edited after the lock: what was locked counts until it is locked again"
    present = {
        "metric": hypothesis.metric,
        "segment": hypothesis.segment,
        "due": hypothesis.due.isoformat() if hypothesis.due else None,
    }
    for name, now in present.items():
        if name in body and body[name] != now:
            yield f"{name} was {body[name]} when it was locked, now {now}"
    first = next((act for act, said in acts.of("lock", key) if "promise" in said), lock)
    if first.n != lock.n:
        yield f"locked first on {first.at[:10]}; this is a later lock, of another wording"


def _outdated(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    if count == 1:
        return ("1 forecast answers an earlier wording and does not count",)
    return (f"{count} forecasts answer an earlier wording and do not count",)

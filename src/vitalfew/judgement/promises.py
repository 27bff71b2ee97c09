"""Forecasts combined into promises, and the promises that were locked."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from vitalfew.judgement.combining import shares
from vitalfew.judgement.groups import FEWEST
from vitalfew.results.rows import PromiseRow
from vitalfew.workspace.cited import is_address
from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.locks import current_lock, speaks_of, stale

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.definitions import Definitions, Hypothesis
    from vitalfew.workspace.verify import PromiseProof

NO_WEIGHTS: Mapping[str, float] = MappingProxyType({})
"""Nobody has a record: all count alike."""
_NUMBERS = ("p10", "p50", "p90", "p_zero")
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
    definitions: Definitions,
    acts: ActLog,
    proofs: Mapping[str, PromiseProof] | None = None,
    weights: Mapping[str, float] = NO_WEIGHTS,
) -> tuple[PromiseRow, ...]:
    """The promise of every hypothesis that has a forecast or a lock: locked ones first, each in the definitions' order.

    Args:
        definitions: the definitions as they stand.
        acts: the log.
        proofs: what verification found out about each lock (`Verification.proofs`); without it a lock is *claimed*.
        weights: of persons in promises that are still open (`combining.track_weights`); without them all count alike.
    """
    return (*locked_promises(definitions, acts, proofs), *open_promises(definitions, acts, weights))


def locked_promises(
    definitions: Definitions, acts: ActLog, proofs: Mapping[str, PromiseProof] | None = None
) -> tuple[PromiseRow, ...]:
    """The promises that were locked: no later forecast and no weight changes them."""
    found = []
    for key in definitions.hypotheses:
        lock = current_lock(key, acts, definitions)
        if lock is not None:
            found.append(_locked(key, definitions, acts, lock, (proofs or {}).get(key)))
    return tuple(found)


def open_promises(
    definitions: Definitions, acts: ActLog, weights: Mapping[str, float] = NO_WEIGHTS
) -> tuple[PromiseRow, ...]:
    """What is forecast of hypotheses that are not locked yet, combined by the weights of persons."""
    rows = (
        _open(key, hypothesis, combined(key, definitions, acts, weights=weights))
        for key, hypothesis in definitions.hypotheses.items()
        if current_lock(key, acts, definitions) is None
    )
    return tuple(row for row in rows if row is not None)


def combined(
    hypothesis: str,
    definitions: Definitions,
    acts: ActLog,
    *,
    weights: Mapping[str, float] = NO_WEIGHTS,
) -> Combined | None:
    """Combine the latest forecast of each person by the mean of each quantile (Vincent averaging).

    Forecasts of an earlier wording of the hypothesis answer another question and are left out.

    Args:
        hypothesis: its key.
        definitions: the definitions as they stand.
        acts: the log.
        weights: of persons; without them all count alike.

    Returns:
        The combination, or None without a usable forecast.
    """
    latest: dict[str, Mapping[str, Any]] = {}
    outdated: dict[str, Mapping[str, Any]] = {}
    present = definition_hash("hypotheses", hypothesis, definitions.hypotheses[hypothesis])
    for act in reversed([*acts.spoken("forecast", hypothesis)]):
        found = latest if speaks_of(act, present) else outdated
        person = acts.person(act.by)
        if person not in found and (body := acts.bodies.get(act.n)) is not None:
            found[person] = body
    if not latest:
        return None
    people = sorted(latest)
    return combine((latest[p] for p in people), shares(people, weights), left_out=len(outdated.keys() - latest.keys()))


def combine(
    forecasts: Iterable[Mapping[str, Any]], parts: Sequence[float] | None = None, *, left_out: int = 0
) -> Combined:
    """The mean of each quantile and of P(no effect), over one forecast per person.

    Args:
        forecasts: one per person.
        parts: share of each, summing to 1; without them all count alike.
        left_out: forecasts that answer an earlier wording.
    """
    given = list(forecasts)
    by = [1 / len(given)] * len(given) if parts is None else parts
    p10, p50, p90, p_zero = (fsum(part * said[name] for part, said in zip(by, given, strict=True)) for name in _NUMBERS)
    return Combined(p10, p50, p90, min(p_zero, 1.0), len(given), left_out)


def behind_lock(hypothesis: str, definitions: Definitions, acts: ActLog) -> tuple[frozenset[str], dict[str, Any]]:
    """Who forecast what was locked, and what they said: the latest forecast of each before the lock, of its wording.

    Returns:
        All people, those who had their words erased too, and what the others said, by person.
    """
    lock = current_lock(hypothesis, acts, definitions)
    if lock is None:
        return frozenset(), {}
    wording = lock.definition.hash if lock.definition else None
    spoken = [
        act
        for act in acts.spoken("forecast", hypothesis)
        if act.n < lock.n and (act.definition.hash if act.definition else None) == wording
    ]
    said: dict[str, dict[str, Any]] = {}
    for act in reversed(spoken):
        person = acts.person(act.by)
        if person not in said and (body := acts.bodies.get(act.n)) is not None:
            said[person] = body
    return frozenset(acts.person(act.by) for act in spoken), dict(sorted(said.items()))


def _open(key: str, hypothesis: Hypothesis, found: Combined | None) -> PromiseRow | None:
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


def _locked(key: str, definitions: Definitions, acts: ActLog, lock: Act, proof: PromiseProof | None) -> PromiseRow:
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
        **_rests_on(key, definitions, acts, promise["forecasters"]),
    )


def _rests_on(hypothesis: str, definitions: Definitions, acts: ActLog, forecasters: int) -> dict[str, Any]:
    """What the forecasts behind a lock rest on, as far as it may be told, and how many of them say so.

    Facts about five people or more: how many of the forecasters named something, and what was named, in no order
    that somebody gave it, once five did. Read from the forecasts each time, so that what was erased is gone from here.
    """
    if forecasters < FEWEST:
        return {}
    _, said = behind_lock(hypothesis, definitions, acts)
    named = [body["evidence"] for body in said.values() if body.get("evidence")]
    if len(said) < FEWEST:
        return {}
    every = sorted({one for each in named for one in each}, key=lambda one: (is_address(one), one))
    return {"evidence": tuple(every) if len(named) >= FEWEST else (), "evidenced": len(named)}


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

"""What people of the simulated company said, as a log of acts: judgements, forecasts, locks, decisions.

The log is written in one go and its salts follow from the seed, so that the same seed gives the same bytes; a real log
takes random salts, act by act, through `workspace.acts`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.simulate.clock import START
from vitalfew.workspace.acts import LOG, ActLog, body_path
from vitalfew.workspace.bodies import body_hash, validate
from vitalfew.workspace.chain import Act, DefinitionRef, Kind, follow, timestamp, to_line
from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.locks import value_model
from vitalfew.workspace.strict_json import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from vitalfew.simulate.plan import Company, Forecaster, Trial
    from vitalfew.simulate.truth import Truth
    from vitalfew.workspace.definitions import Definitions

_SESSION_DAY = -70
_IDEAS_DAY = 525
_LOCKED_BEFORE = 4
_LOCKED_LATE = 12


type Quantiles = tuple[float, float, float, float]
"""p10, p50, p90 and P(no effect) of a forecast, in the unit of its metric."""


@dataclass(frozen=True, slots=True)
class Said:
    """One act before it is chained; `day` counts from the start of the data and may be negative."""

    day: int
    minute: int
    kind: Kind
    about: str
    by: str
    body: dict[str, Any]
    definition: DefinitionRef

    @property
    def at(self) -> datetime:
        """The moment of the act, in office hours."""
        return datetime.combine(START, time(9), UTC) + timedelta(days=self.day, minutes=self.minute)


def pseudonym(name: str) -> str:
    """The pseudonym of a simulated person, the same in every simulated company."""
    return "p-" + base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:12]


def all_said(rng: np.random.Generator, company: Company, truth: Truth, definitions: Definitions) -> list[Said]:
    """Everything that is said, in order of time."""
    said = [*_judgements(company, definitions)]
    for trial in company.trials:
        said += _promise(rng, company, trial, truth, definitions)
    said += _ideas(rng, company, definitions)
    said += _decisions(company, definitions)
    return sorted(said, key=lambda act: act.at)


def write_acts(folder: Path, said: Sequence[Said], seed: int) -> None:
    """Chain the acts and write the log with its bodies."""
    (folder / "acts").mkdir()
    lines, last = [], None
    for number, act in enumerate(said, start=1):
        body = validate(act.kind, act.body)
        salt = hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
        last = _chained(last, act, body_hash(salt, body))
        body_path(folder, last.n).write_bytes(canonical({"body": body, "salt": salt}) + b"\n")
        lines.append(to_line(last))
    (folder / LOG).write_bytes(b"".join(lines))


def _chained(last: Act | None, act: Said, seal: str) -> Act:
    return follow(
        last,
        at=timestamp(act.at),
        by=act.by,
        kind=act.kind,
        about=act.about,
        definition=act.definition,
        body_hash=seal,
    )


def _judgements(company: Company, definitions: Definitions) -> Iterator[Said]:
    model = value_model(definitions, ActLog())
    for number, rater in enumerate(company.raters):
        body = {"group": rater.group, "points": dict(rater.points)}
        yield Said(_SESSION_DAY, 3 * number, "judgement", model.key, pseudonym(rater.name), body, model)
    signed = {"note": "Weights as they came out of the session; to be looked at again in half a year."}
    yield Said(_SESSION_DAY, 120, "sign_off", model.key, pseudonym(company.raters[0].name), signed, model)


def _promise(
    rng: np.random.Generator, company: Company, trial: Trial, truth: Truth, definitions: Definitions
) -> Iterator[Said]:
    """Blind forecasts of a claim, then the lock of their combination: the mean of quantiles and of P(no effect)."""
    if trial.claim is None:
        return
    key = next(
        key
        for key, hypothesis in definitions.hypotheses.items()
        if (hypothesis.initiative, hypothesis.metric) == (trial.key, trial.claim.metric)
    )
    named = _reference(definitions, "hypotheses", key)
    planted = truth.effect(trial.key, trial.claim.metric, trial.claim.segment)
    claimed = trial.claim.change * planted.base
    bodies = []
    for number, person in enumerate(company.forecasters):
        body = _forecast(rng, person, claimed, planted.effect)
        bodies.append(body)
        first = trial.build_starts - 14 + number
        yield Said(first, 7 * number, "forecast", key, pseudonym(person.name), body, named)
    lock = _lock(definitions, key, bodies)
    when = trial.build_starts + (_LOCKED_LATE if trial.claim.late else -_LOCKED_BEFORE)
    yield Said(when, 0, "lock", key, pseudonym("product manager"), lock, named)


def _forecast(rng: np.random.Generator, person: Forecaster, claimed: float, effect: float) -> dict[str, float]:
    middle = person.trust * claimed + (1 - person.trust) * effect + person.noise * abs(claimed) * rng.standard_normal()
    reach = person.width * abs(claimed)
    low, high = middle - reach, middle + reach
    return {"p10": round(low, 4), "p50": round(middle, 4), "p90": round(high, 4), "p_zero": person.doubt}


def promised(definitions: Definitions, key: str, forecasts: Mapping[str, Quantiles], day: int) -> Iterator[Said]:
    """Blind forecasts of one hypothesis, and the lock of their combination on the day after.

    Args:
        definitions: in which the hypothesis stands.
        key: of the hypothesis.
        forecasts: p10, p50, p90 and P(no effect) by the name of who said it.
        day: of the forecasts, counted from the start of the data.
    """
    named = _reference(definitions, "hypotheses", key)
    bodies = [dict(zip(("p10", "p50", "p90", "p_zero"), said, strict=True)) for said in forecasts.values()]
    for number, (name, body) in enumerate(zip(forecasts, bodies, strict=True)):
        yield Said(day, 7 * number, "forecast", key, pseudonym(name), body, named)
    yield Said(day + 1, 0, "lock", key, pseudonym("product manager"), _lock(definitions, key, bodies), named)


def _lock(definitions: Definitions, key: str, bodies: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    hypothesis = definitions.hypotheses[key]
    combined = {part: round(float(np.mean([body[part] for body in bodies])), 6) for part in bodies[0]}
    return {
        "hypothesis": key,
        "promise": {**combined, "forecasters": len(bodies)},
        "metric": hypothesis.metric,
        "segment": hypothesis.segment,
        "due": hypothesis.due,
    }


def _ideas(rng: np.random.Generator, company: Company, definitions: Definitions) -> Iterator[Said]:
    for number, idea in enumerate(company.ideas):
        named, bodies = _reference(definitions, "hypotheses", idea.hypothesis), []
        for place, person in enumerate(company.forecasters):
            shift = person.noise * (idea.high - idea.low) * float(rng.standard_normal())
            quantiles = {"p10": idea.low + shift, "p50": idea.middle + shift, "p90": idea.high + shift}
            body = {key: round(value, 4) for key, value in quantiles.items()} | {"p_zero": idea.p_zero}
            bodies.append(body)
            by = pseudonym(person.name)
            yield Said(_IDEAS_DAY + number, 11 * place, "forecast", idea.hypothesis, by, body, named)
        if idea.locked:
            lock = _lock(definitions, idea.hypothesis, bodies)
            yield Said(_IDEAS_DAY + number + 1, 0, "lock", idea.hypothesis, pseudonym("product manager"), lock, named)


def _decisions(company: Company, definitions: Definitions) -> Iterator[Said]:
    for decision in company.decisions:
        named = _reference(definitions, "initiatives", decision.initiative)
        body = {
            "what": decision.what,
            "evidence": decision.evidence,
            "counter": decision.counter,
            "against": decision.against,
            "review": START + timedelta(days=decision.day + 90),
        }
        by = pseudonym(decision.name)
        yield Said(decision.day, 200, "decision", decision.initiative, by, body, named)


def _reference(definitions: Definitions, kind: str, key: str) -> DefinitionRef:
    return DefinitionRef(kind, key, 1, definition_hash(kind, key, getattr(definitions, kind)[key]))

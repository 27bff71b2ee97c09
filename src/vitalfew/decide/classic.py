"""The classic columns of the candidates: what each method says, and how sure the order is that it gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vitalfew.decide import classic_scores as by_method
from vitalfew.decide.classic_basis import basis, estimates
from vitalfew.decide.classic_chances import chances
from vitalfew.decide.classic_evidence import evidence_of
from vitalfew.decide.shipped import is_shipped
from vitalfew.judgement.maxdiff import count_score
from vitalfew.judgement.surveys import KANO_KINDS, kano, opportunity
from vitalfew.results.basics import Estimate
from vitalfew.results.rows import ClassicRow
from vitalfew.results.words import METHODS
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.decide.classic_basis import Basis
    from vitalfew.decide.inputs import Inputs
    from vitalfew.workspace.definitions import Definitions, Initiative, Policy, Scores

TOP = 5
"""How many are the first; where there are no more ideas than that, only the very first counts."""


def classic(inputs: Inputs) -> tuple[ClassicRow, ...]:
    """A row for each candidate that a sheet or a survey gives numbers for, the highest score first."""
    definitions = inputs.definitions
    open_ = {
        key: each
        for key, each in definitions.initiatives.items()
        if not is_shipped(each, inputs) and each.status not in OVER
    }
    rows = {key: row for key, each in open_.items() if (row := _row(inputs, key, each)) is not None}
    if not rows:
        return ()
    given = {key: scores for key in rows if (scores := open_[key].scores) is not None}
    found = basis({key: _numbers(rows[key]) for key in rows}, given, definitions.policy)
    found = found or estimates(given, {key: open_[key].cost for key in rows}, definitions.policy.input_error)
    rows = _ranked(_normalised(rows))
    if found is not None:
        rows = _sure(rows, found, inputs)
    order = sorted(rows.values(), key=lambda row: (row.score is None, -(row.score or 0.0)))
    return tuple(order)


def numbers_of(scores: Scores, policy: Policy) -> dict[str, float]:
    """The scores by method that the numbers of one idea allow, by their names in `METHODS`."""
    found: dict[str, float | None] = {}
    if (rice := scores.rice) is not None:
        least = by_method.RICE_LEAST_EFFORT if policy.cost_unit.lower() in by_method.PERSON_MONTHS else 0.0
        inputs = _all(rice.reach, rice.impact, rice.confidence, rice.effort)
        found["rice"] = by_method.rice(*inputs, least_effort=least) if inputs else None
    if (ice := scores.ice) is not None and (inputs := _all(ice.impact, ice.confidence, ice.ease)):
        found["ice_mean"] = by_method.ice_mean(*inputs) if policy.ice != "product" else None
        found["ice_product"] = by_method.ice_product(*inputs) if policy.ice != "mean" else None
    if (wsjf := scores.wsjf) is not None:
        inputs = _all(wsjf.value, wsjf.criticality, wsjf.opportunity, wsjf.size)
        found["wsjf"] = by_method.wsjf(*inputs) if inputs else None
    if (delay := scores.delay) is not None:
        found["delay"] = by_method.cost_of_delay(delay.per_week, delay.weeks)
    if (two := scores.value_effort) is not None:
        found["value_effort"] = by_method.value_effort(two.value, two.effort)
    weights = {key: (each.weight, each.direction == "up") for key, each in policy.criteria.items()}
    found["weighted"] = by_method.weighted(scores.weighted, weights)
    return {name: score for name, score in found.items() if score is not None}


def _all(*inputs: float | None) -> tuple[float, ...]:
    """The inputs of a score; nothing when one is missing: it is never filled in by a guess."""
    present = tuple(each for each in inputs if each is not None)
    return present if len(present) == len(inputs) else ()


def _row(inputs: Inputs, key: str, initiative: Initiative) -> ClassicRow | None:
    definitions, scores = inputs.definitions, initiative.scores
    told: dict[str, Any] = {} if scores is None else dict(numbers_of(scores, definitions.policy))
    notes = [] if scores is None else list(_missing(scores))
    surveys, doubts = _surveys(definitions, initiative)
    if not told and not surveys and not notes and (scores is None or scores.estimate is None):
        return None
    level, kind = evidence_of(inputs, key)
    return ClassicRow(key, evidence=level, evidence_kind=kind, **told, **surveys, notes=(*notes, *doubts))


def _surveys(definitions: Definitions, initiative: Initiative) -> tuple[dict[str, Any], list[str]]:
    """What surveys say of an idea: of the need it serves that is worst served, and of the idea itself."""
    told: dict[str, Any] = {}
    notes: list[str] = []
    needs = [definitions.needs[name] for name in initiative.serves if name in definitions.needs]
    asked = [
        opportunity(each.survey.importance, each.survey.satisfaction, each.survey.respondents)
        for each in needs
        if each.survey is not None
    ]
    if asked:
        best = max(asked, key=lambda each: each.score.estimate)
        told["odi"] = best.score
        notes += [best.note] if best.note else []
    scores = initiative.scores
    counts = {} if scores is None or scores.kano is None else {k: getattr(scores.kano, k) for k in KANO_KINDS}
    if any(counts.values()):
        found = kano(counts)
        told |= {"kano": found.category.replace("_", " "), "better": found.better, "worse": found.worse}
        notes += [found.note] if found.note else []
    if scores is not None and scores.maxdiff is not None:
        told["maxdiff"] = count_score(scores.maxdiff.best, scores.maxdiff.worst, scores.maxdiff.shown)
    return told, notes


def _missing(scores: Scores) -> Iterator[str]:
    """Which inputs keep a method from giving a score."""
    asked = {
        "RICE": (scores.rice, ("reach", "impact", "confidence", "effort")),
        "ICE": (scores.ice, ("impact", "confidence", "ease")),
        "WSJF": (scores.wsjf, ("value", "criticality", "opportunity", "size")),
    }
    for name, (found, parts) in asked.items():
        lack = [] if found is None else [part for part in parts if getattr(found, part) is None]
        if lack:
            yield f"no {name} score without {' and '.join(lack)}"


def _numbers(row: ClassicRow) -> dict[str, float]:
    return {name: score for name in METHODS if (score := getattr(row, name)) is not None}


def _normalised(rows: Mapping[str, ClassicRow]) -> dict[str, ClassicRow]:
    """With the weighted score as 0 to 100 of the highest, a view."""
    held = {key: row.weighted for key, row in rows.items() if row.weighted is not None}
    shares = dict(zip(held, by_method.normalised(list(held.values())), strict=True))
    return {key: replace(row, normalised=shares.get(key)) for key, row in rows.items()}


def _ranked(rows: Mapping[str, ClassicRow]) -> dict[str, ClassicRow]:
    """With the rank by each method."""
    ranks: dict[str, dict[str, int]] = {key: {} for key in rows}
    for name in METHODS:
        scores = {key: score for key, row in rows.items() if (score := getattr(row, name)) is not None}
        for key, rank in by_method.ranks(scores).items():
            ranks[key][name] = rank
    return {key: replace(row, ranks=ranks[key] or None) for key, row in rows.items()}


def _sure(rows: Mapping[str, ClassicRow], found: Basis, inputs: Inputs) -> dict[str, ClassicRow]:
    """With what the order by one method is worth."""
    keys, among = list(found.observed), len(found.observed) + len(found.none)
    top = TOP if among > TOP else 1
    error = None if found.by == "estimate" else inputs.definitions.policy.input_error
    about: dict[str, Any] = {"by": found.by, "top": top, "among": among, "input_error": error}
    sure = dict(rows)
    for key in found.none:
        score = getattr(rows[key], found.by)
        notes = (*rows[key].notes, _NONE if score == 0 else _BELOW)
        sure[key] = replace(rows[key], **about, score=score, p_top=0.0, p_first=0.0, notes=notes)
    if not keys:
        return sure
    errors = [found.errors[key] for key in keys]
    held = chances(list(found.observed.values()), errors, keys, top=top, spread=found.spread, seed=inputs.seed)
    for at, key in enumerate(keys):
        score = found.shown(found.observed[key]) if found.by == "estimate" else getattr(rows[key], found.by)
        levels = (found.shown(float(each[at])) for each in (held.middle, held.low, held.high))
        ranks = (float(each[at]) for each in (held.rank, held.rank_low, held.rank_high))
        told: dict[str, Any] = {"p_top": float(held.p_top[at]), "p_first": float(held.p_first[at])}
        told |= {"estimate": score} if found.by == "estimate" else {}
        sure[key] = replace(rows[key], **about, **told, score=score, likely=Estimate(*levels), rank=Estimate(*ranks))
    return sure


_NONE = "a score of 0 stays 0 however far off its inputs are"
_BELOW = "a score below 0 stays below 0 however far off its inputs are"

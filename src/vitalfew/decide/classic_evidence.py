"""The confidence ladder of an idea, derived from what is linked to it: nobody types it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.decide.classic_scores import LADDER, evidence_level
from vitalfew.judgement.surveys import ENOUGH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.inputs import Inputs
    from vitalfew.workspace.definitions import CauseEvidence, Grade, Need

_GRADES: dict[Grade, str] = {
    "replicated": "launch data",
    "tested": "a test",
    "staged": "a staged release",
    "dated": "market data",
    "correlated": "market data",
    "opinion": "opinions of others",
}
_CAUSES: dict[CauseEvidence, str] = {
    "observed": "user evidence",
    "analysed": "market data",
    "reported": "anecdotes",
    "assumed": "own conviction",
}
_SEVERAL = 3


def evidence_of(inputs: Inputs, key: str) -> tuple[float, str]:
    """Confidence in an initiative by the strongest evidence linked to it, 0.01 to 10, and which that is."""
    kinds = ["own conviction", *_kinds(inputs, key)]
    return evidence_level(kinds), max(kinds, key=lambda kind: LADDER[kind])


def _kinds(inputs: Inputs, key: str) -> Iterator[str]:
    for effect in inputs.known.get(key, {}).values():
        if effect.trusted:
            yield _GRADES[effect.grade]
    for promise in inputs.promises_of(key):
        several = promise.forecasters >= _SEVERAL
        yield "estimates" if several or promise.forecasters == 0 else "opinions of others"  # 0: a sheet's numbers
    initiative = inputs.definitions.initiatives[key]
    if initiative.scores is not None and initiative.scores.estimate is not None:
        yield "estimates"
    for name in initiative.serves:
        if name in inputs.definitions.needs:
            yield from _of_need(inputs.definitions.needs[name])


def _of_need(need: Need) -> Iterator[str]:
    if need.feedback:
        yield "anecdotes"
    if need.survey is not None and need.survey.respondents >= ENOUGH:
        yield "user evidence"
    yield from (_CAUSES[cause.evidence] for cause in need.causes)

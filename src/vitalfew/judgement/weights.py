"""Weights of the factors from people's own judgements, as the geometric mean over persons.

Source: Aczel and Saaty (1983), "Procedures for synthesizing ratio judgements": the geometric mean is the separable
rule that keeps reciprocity and unanimity.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vitalfew.results.rows import WeightRow
from vitalfew.workspace.locks import VALUE_MODEL, value_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions

ZERO_ENTERS_AS = 0.5
"""Points of a factor judged worthless, on a scale where the person's top factor has 100."""

NO_INTERVAL = "no interval yet"

type Points = Mapping[str, float]


def weights(definitions: Definitions, acts: ActLog) -> tuple[WeightRow, ...]:
    """Combine the latest judgement of each person into one weight per factor.

    Each person's points count relative to that person's top factor; factors a person did not answer are absent, not
    zero. All persons count alike; shares per group of raters are not applied.

    Returns:
        One row per factor that somebody weighed, in the order of the definitions; weights sum to 1. Empty without
        judgements. A factor nobody weighed has no row, and the others say so.
    """
    answers = _latest(acts)
    known = [{key: value for key, value in points.items() if key in definitions.factors} for points in answers]
    usable = [points for points in known if any(points.values())]
    factors = [key for key in definitions.factors if any(key in points for points in usable)]
    if not factors:
        return ()
    note = "; ".join([NO_INTERVAL, *_remarks(definitions, acts, answers, factors)])
    shares = combine(usable, factors)
    return tuple(
        WeightRow(
            factor, share, raters=sum(factor in points for points in usable), note=_with_zeros(note, factor, usable)
        )
        for factor, share in zip(factors, shares, strict=True)
    )


def combine(answers: Sequence[Points], factors: Sequence[str]) -> tuple[float, ...]:
    """The weights that fit everybody's log points best in least squares, with a free scale per person.

    With complete answers this is the normalised geometric mean. Where no chain of persons connects two factors, their
    ratio is unknown and the solution of least norm is taken.

    Args:
        answers: points per factor, one mapping per person, each with at least one point above zero.
        factors: the factors to weigh; each answered by somebody.

    Returns:
        Weights in the order of `factors`, summing to 1.
    """
    import numpy as np

    rows = [(person, factor) for person, points in enumerate(answers) for factor in factors if factor in points]
    design = np.zeros((len(rows), len(factors)))
    logs = np.zeros(len(rows))
    for row, (person, factor) in enumerate(rows):
        design[row, factors.index(factor)] = 1.0
        logs[row] = _log_points(answers[person], factor)
    owner = np.array([person for person, _ in rows])
    for person in range(len(answers)):  # a person's scale is free: only differences within the person count
        mine = owner == person
        design[mine] -= design[mine].mean(axis=0)
        logs[mine] -= logs[mine].mean()
    solution = np.linalg.lstsq(design, logs, rcond=None)[0]
    raised = np.exp(solution - solution.max())
    return tuple(float(share) for share in raised / raised.sum())


def _log_points(points: Points, factor: str) -> float:
    """Logarithm of the points on a scale where the top factor has 100."""
    if points[factor] == 0:
        return math.log(ZERO_ENTERS_AS)
    return math.log(100.0) + math.log(points[factor]) - math.log(max(points.values()))


def _latest(acts: ActLog) -> list[Points]:
    by_person: dict[str, Points] = {}
    for act, body in acts.of("judgement", VALUE_MODEL):
        by_person[act.by] = body["points"]
    return [by_person[person] for person in sorted(by_person)]


def _remarks(definitions: Definitions, acts: ActLog, answers: Sequence[Points], factors: Sequence[str]) -> list[str]:
    said = []
    if len(answers) > 1:
        said.append("every person counts alike, whatever their group")
    gone = sorted({key for points in answers for key in points if key not in definitions.factors})
    if gone:
        said.append(f"left out, no longer factors: {', '.join(gone)}")
    unweighed = [key for key in definitions.factors if key not in factors]
    if unweighed:
        said.append(f"nobody weighed: {', '.join(unweighed)}")
    present = value_model(definitions, acts).hash
    if any(act.definition and act.definition.hash != present for act, _ in acts.of("judgement", VALUE_MODEL)):
        said.append("factors or ranges were changed after some of the judgements: ask again")
    return said


def _with_zeros(note: str, factor: str, answers: Sequence[Points]) -> str:
    votes = sum(points.get(factor) == 0 for points in answers)
    return f"{note}; {votes} zero vote{'s' if votes > 1 else ''}" if votes else note

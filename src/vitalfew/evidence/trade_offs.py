"""Trade-offs: how true effects on two metrics go together, at what rate one is paid with the other, who beats whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import atanh, tanh
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.joint import joint_on
from vitalfew.evidence.joint_fits import JointFit
from vitalfew.evidence.roles import sign_of
from vitalfew.results.rows import Estimate, TradeOffRow
from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.joint import Joint
    from vitalfew.results.rows import WeightRow
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

FEWEST_FRONT = 3
"""Experiments that must have measured both metrics to compare them at all."""
FEWEST_PAIR = 10
"""Experiments that must have measured both to tell how effects on them go together."""
TOO_FEW = "{count} experiments measured both: to tell how effects go together takes {least}"
ALONE = "from effects on these two alone: too few experiments measured all metrics together"
AS_MEASURED = "the front is of effects as measured, luck included"
NO_CORRELATION = "the correlation is too close to its end to give it an interval"
_AT_END = 0.95
_EDGE = 1 - 1e-9  # of a correlation, whose transform has no value at 1


def trade_offs(
    definitions: Definitions, corpus: EffectCorpus, joint: Joint | None, weights: Iterable[WeightRow] = ()
) -> tuple[TradeOffRow, ...]:
    """A row per pair of metrics that people care about, or that a link joins, where experiments measured both.

    Args:
        definitions: factors, guardrails, metrics of the business, links.
        corpus: effects of randomised experiments.
        joint: what is known of all metrics at once; None with too few experiments.
        weights: of the factors, for the rate at which they agreed to exchange one for the other.
    """
    known = {row.factor: row.mean for row in weights}
    return tuple(
        row
        for pair in _pairs(definitions, corpus)
        if (row := _trade_off(definitions, corpus, joint, known, pair)) is not None
    )


def front(points: Floats) -> list[int]:
    """Which of some points `(k, 2)` no other beats: as good on both, better on one; more is better.

    >>> front(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 1.0]]))
    [0, 1]
    """
    found: list[int] = []
    last: tuple[float, float] | None = None
    for at in np.lexsort((-points[:, 1], -points[:, 0])):  # best first value first; of equal ones the best second value
        point = (float(points[at, 0]), float(points[at, 1]))
        if last is None or point[1] > last[1] or point == last:
            found.append(int(at))
            last = point
    return sorted(found)


def _pairs(definitions: Definitions, corpus: EffectCorpus) -> Iterator[tuple[str, str]]:
    """In the order of the metrics' definitions."""
    cared = {*definitions.factors, *definitions.guardrails}
    cared |= {key for key, metric in definitions.metrics.items() if metric.level == "business"}
    linked = {frozenset((edge.parent, edge.child)) for edge in edges(definitions) if not edge.is_component}
    for pair in combinations(corpus.metrics, 2):
        if cared.issuperset(pair) or frozenset(pair) in linked:
            yield pair


def _trade_off(
    definitions: Definitions,
    corpus: EffectCorpus,
    joint: Joint | None,
    weights: dict[str, float],
    pair: tuple[str, str],
) -> TradeOffRow | None:
    first, second = pair
    places = [corpus.at(first), corpus.at(second)]
    both = np.isfinite(corpus.effects[:, places]).all(axis=1)
    experiments = len({name for name, kept in zip(corpus.experiments, both, strict=True) if kept})
    if experiments < FEWEST_FRONT:
        return None
    signs = np.array([sign_of(definitions, first), sign_of(definitions, second)], dtype=np.float64)
    agreed = _agreed(definitions, weights, pair, signs)
    notes: tuple[str, ...] = ()
    if joint is None or not {first, second} <= set(joint.corpus.metrics):
        joint, notes = _alone(corpus, pair), (ALONE,)
    if joint is None:
        names = [name for name, kept in zip(corpus.experiments, both, strict=True) if kept]
        best = front(corpus.effects[np.ix_(np.flatnonzero(both), places)] * signs)
        notes = (TOO_FEW.format(count=experiments, least=FEWEST_PAIR), AS_MEASURED)
        return TradeOffRow(first, second, None, None, None, None, agreed, _unique(names, best), experiments, notes)
    row = _told(joint, pair, signs, agreed, experiments)
    at_end = bool(notes) and row.correlation is not None and abs(row.correlation.estimate) > _AT_END
    # By simulation intervals of so extreme a correlation of few, noisy effects hold it in 65 % of corpora, of the rate
    # in 94 %.
    correlation = None if at_end else row.correlation
    return replace(row, correlation=correlation, notes=(*row.notes, *notes, *((NO_CORRELATION,) if at_end else ())))


def _alone(corpus: EffectCorpus, pair: tuple[str, str]) -> Joint | None:
    """What experiments that measured both show of them; None where these are too few."""
    some = corpus.joint(pair)
    both = some.only(np.isfinite(some.effects).all(axis=1))
    if len(both.metrics) < len(pair) or len(set(both.clusters)) < FEWEST_PAIR:
        return None
    return joint_on(JointFit(both))


def _told(joint: Joint, pair: tuple[str, str], signs: Floats, agreed: float | None, experiments: int) -> TradeOffRow:
    one, other = (joint.corpus.at(name) for name in pair)
    spread = joint.spread
    both = np.isfinite(joint.corpus.effects[:, [one, other]]).all(axis=1)
    names = [name for name, kept in zip(joint.corpus.experiments, both, strict=True) if kept]
    best = front(joint.means[both][:, [one, other]] * signs)
    moves = spread[one, one] > 0 and spread[other, other] > 0
    z, rate, p_opposed = None, None, None
    if moves:
        z = joint.interval(*_with_doubt(joint, lambda found: _fisher(found, one, other)))
        rate = joint.interval(*_with_doubt(joint, lambda found: _rate(found, one, other)))
        p_opposed = _p_below(joint, float(signs.prod()), one, other)
    return TradeOffRow(
        first=pair[0],
        second=pair[1],
        covariance=(float(spread[one, one]), float(spread[one, other]), float(spread[other, other])),
        correlation=None if z is None else Estimate(tanh(z.estimate), _tanh(z.low), _tanh(z.high)),
        exchange_rate=rate,
        p_opposed=p_opposed,
        agreed_rate=agreed,
        front=_unique(names, best),
        experiments=experiments,
        notes=() if moves else ("no experiment moved one of the two beyond its noise",),
    )


def _agreed(definitions: Definitions, weights: dict[str, float], pair: tuple[str, str], signs: Floats) -> float | None:
    """The change of the second that makes up for one unit more of the first, by weights over the factors' ranges."""
    worth = []
    for name in pair:
        factor, weight = definitions.factors.get(name), weights.get(name)
        if factor is None or not weight:
            return None
        worth.append(weight / abs(factor.range[1] - factor.range[0]))
    return float(-signs.prod() * worth[0] / worth[1])


def _with_doubt(joint: Joint, statistic: Callable[[Floats], float]) -> tuple[float, float, float]:
    return statistic(joint.spread), 0.0, joint.doubt_of(statistic)


def _fisher(spread: Floats, one: int, other: int) -> float:
    """The correlation on the scale on which its errors are even (Fisher's z)."""
    scale = np.sqrt(max(spread[one, one], 0.0) * max(spread[other, other], 0.0))
    return atanh(float(np.clip(spread[one, other] / scale, -_EDGE, _EDGE))) if scale > 0 else 0.0


def _rate(spread: Floats, one: int, other: int) -> float:
    return float(spread[one, other] / spread[one, one]) if spread[one, one] > 0 else 0.0


def _p_below(joint: Joint, sign: float, one: int, other: int) -> float:
    """Probability that true effects in the good directions vary against each other."""
    from scipy.special import stdtr

    z, _, doubt = _with_doubt(joint, lambda found: sign * _fisher(found, one, other))
    if doubt <= 0:
        return float(z < 0)
    return float(stdtr(len(joint.doubts) - 1, -z / doubt**0.5))


def _tanh(end: float | None) -> float | None:
    return None if end is None else tanh(end)


def _unique(names: list[str], best: list[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names[at] for at in best))

"""Effects without the luck that made them stand out, and how far true effects scatter: for each metric of a corpus.

Where experiments say how their metrics vary together, all metrics help each other; else each metric is taken alone.
Randomised experiments and releases are never put together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.roles import sign_of
from vitalfew.results.rows import Estimate, ShrunkRow, SpreadRow
from vitalfew.stats.normal import cdf, two_sided
from vitalfew.stats.scatter import FEWEST_EFFECTS, scatter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.joint import Joint
    from vitalfew.stats.scatter import Scatter
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

WINNERS = 0.6
"""Share of wins from which on the losers were probably left out."""
_TOLD = two_sided(0.95)
_SHARED = "arms that share a control are counted as if each had its own"
_TOO_FEW = "{count} effects on this metric: fewer than {fewest} say nothing of each other, so nothing is borrowed"
_ONLY_WINS = (
    "{wins} of {count} effects are wins: losers were probably left out, and the true spread is smaller than this"
)
_FAT = "a few effects are far larger than the rest (fat tails, {tail:g} degrees of freedom)"
_TWO_VERSIONS = "effects on {others} of this metric's definition are left out"


def shrinkage(
    definitions: Definitions, corpus: EffectCorpus, joint: Joint | None = None
) -> tuple[tuple[SpreadRow, ...], tuple[ShrunkRow, ...]]:
    """Say of every metric how far true effects on it scatter, and of every effect what is left without luck.

    Args:
        definitions: directions and versions of metrics.
        corpus: of randomised experiments, or of releases.
        joint: all metrics of the corpus at once, where that could be fitted.

    Returns:
        One row per metric, and one per effect. With fewer than five effects on a metric each stays as measured.
    """
    spreads: list[SpreadRow] = []
    shrunk: list[ShrunkRow] = []
    for metric in corpus.metrics:
        taken = _Taken.of(definitions, corpus, metric)
        if not len(taken.at):
            continue
        found = scatter(taken.effects, taken.errors)
        together = None if joint is None or not found.borrowed or metric not in joint.corpus.metrics else joint
        rows = list(_rows(taken, found, together))
        shrunk += rows
        spreads.append(_spread_row(definitions, taken, found, together))
    return tuple(spreads), tuple(shrunk)


class _Taken:
    """The effects on one metric that may be compared: those of its newest definition."""

    def __init__(self, corpus: EffectCorpus, metric: str, at: NDArray[np.intp], notes: tuple[str, ...]) -> None:
        self.corpus, self.metric, self.at, self.notes = corpus, metric, at, notes
        place = corpus.at(metric)
        self.effects: Floats = corpus.effects[at, place]
        self.errors: Floats = np.sqrt(corpus.noise[at, place, place])
        self.scale = float(corpus.scale[place])

    @classmethod
    def of(cls, definitions: Definitions, corpus: EffectCorpus, metric: str) -> _Taken:
        place = corpus.at(metric)
        at = np.flatnonzero(np.isfinite(corpus.effects[:, place]) & (corpus.noise[:, place, place] > 0))
        versions = np.array([corpus.rows[k][metric].metric_version if corpus.rows else 1 for k in at])
        known = definitions.metrics.get(metric)
        newest = known.version if known is not None and known.version in versions else versions.max(initial=1)
        others = sorted({int(version) for version in versions if version != newest})
        notes = (_TWO_VERSIONS.format(others=f"version{'s' * (len(others) > 1)} {_joined(others)}"),) if others else ()
        return cls(corpus, metric, at[versions == newest], notes)


def _joined(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _rows(taken: _Taken, found: Scatter, joint: Joint | None) -> Iterator[ShrunkRow]:
    places = {} if joint is None else _places(joint)
    notes = () if found.borrowed else (_TOO_FEW.format(count=len(taken.at), fewest=FEWEST_EFFECTS),)
    for own, k in enumerate(taken.at):
        key = (taken.corpus.experiments[k], taken.corpus.arms[k])
        claimed, error = float(taken.effects[own]), float(taken.errors[own])
        half = _TOLD * error
        shrunk = Estimate(float(found.means[own]), *(float(end) for end in found.intervals[own]))
        positive = float(found.positive[own])
        if joint is not None and key in places:
            shrunk, positive = told_jointly(joint, places[key], joint.corpus.at(taken.metric))
        yield ShrunkRow(
            experiment=key[0],
            arm=key[1],
            metric=taken.metric,
            corpus=taken.corpus.kind,
            claimed=Estimate(claimed, claimed - half, claimed + half),
            shrunk=shrunk,
            p_positive=positive,
            joint=key in places,
            experiments=len(taken.at),
            notes=notes,
        )


def _places(joint: Joint) -> dict[tuple[str, str], int]:
    return {key: k for k, key in enumerate(zip(joint.corpus.experiments, joint.corpus.arms, strict=True))}


def told_jointly(joint: Joint, k: int, metric: int) -> tuple[Estimate, float]:
    """The effect of one comparison on one metric with the help of all others, and how likely it is above zero."""
    mean, known = float(joint.means[k, metric]), float(joint.covariances[k, metric, metric])
    doubt = float((joint.shifts[:, k, metric] ** 2).sum())
    total = (max(known, 0.0) + doubt) ** 0.5
    return joint.interval(mean, known, doubt, float(joint.unsteady[k, metric])), cdf(
        mean / total
    ) if total > 0 else float(mean > 0)


def _spread_row(definitions: Definitions, taken: _Taken, found: Scatter, joint: Joint | None) -> SpreadRow:
    sign = sign_of(definitions, taken.metric)
    wins = sign * taken.effects > _TOLD * taken.errors
    notes = list(taken.notes)
    if not found.borrowed:
        notes.append(_TOO_FEW.format(count=len(taken.at), fewest=FEWEST_EFFECTS))
    elif wins.mean() > WINNERS:
        notes.append(_ONLY_WINS.format(wins=int(wins.sum()), count=len(wins)))
    if found.tail is not None:
        notes.append(_FAT.format(tail=found.tail))
    if len({taken.corpus.clusters[k] for k in taken.at}) < len(taken.at):
        notes.append(_SHARED)
    spread = None if found.spread is None else Estimate(found.spread, found.low, found.high)
    known = found.spread is not None and taken.scale > 0
    return SpreadRow(
        metric=taken.metric,
        corpus=taken.corpus.kind,
        experiments=len(taken.at),
        spread=spread,
        spread_sd=float(found.spread or 0.0) / taken.scale if known else None,
        tail=found.tail,
        wins=int(wins.sum()),
        claimed=float(sign * taken.effects[wins].sum()) if wins.any() else None,
        expected=_expected(taken, found, joint, np.where(wins, float(sign), 0.0)) if wins.any() else None,
        notes=tuple(notes),
    )


def _expected(taken: _Taken, found: Scatter, joint: Joint | None, signs: Floats) -> Estimate | None:
    """What is left of the sum of wins without luck; the same doubt moves all of them."""
    if not found.borrowed:
        return None
    if joint is None:
        return Estimate(*found.total(signs))
    places, metric = _places(joint), joint.corpus.at(taken.metric)
    keys = [(taken.corpus.experiments[k], taken.corpus.arms[k]) for k in taken.at]
    inside = np.array([key in places for key in keys])
    rest, low, _ = found.total(np.where(inside, 0.0, signs))
    rows = [places[key] for key, kept in zip(keys, inside, strict=True) if kept]
    sign = signs[inside]
    mean = float(sign @ joint.means[rows, metric]) + rest
    known = float(sign**2 @ joint.covariances[rows, metric, metric]) + ((rest - low) / _TOLD) ** 2
    doubt = float(((joint.shifts[:, rows, metric] @ sign) ** 2).sum())
    return joint.interval(mean, known, doubt)

"""Factors that say what others say already: by their true effects, or by the graph of metrics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.effects import Known, believable, correlation, distrusted
from vitalfew.decide.true_correlation import Pairs, explained, true_correlation
from vitalfew.evidence.roles import sign_of
from vitalfew.results.grouped import grouped
from vitalfew.results.rows import Estimate, RedundantRow
from vitalfew.results.words import listed
from vitalfew.stats.normal import two_sided
from vitalfew.stats.percent import percent
from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.results.rows import EffectRow, Tables
    from vitalfew.workspace.definitions import Definitions, Link

    type Measured = Mapping[tuple[int, int], tuple[Estimate, int]]

FEWEST_EXPERIMENTS, MOST_EXPERIMENTS = 20, 200
REDUNDANT = 0.8
"""Correlation of true effects, or share of them that others explain, from which a factor is redundant."""
FEWEST_TO_KEEP = 5  # experiments from which one factor can be called better measured than another
_Z95 = two_sided(0.95)


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of experiments on the factors, in the good direction, as shares of each factor's range.

    Attributes:
        factors: in the order of the columns.
        estimates: `(experiments, factors)`; NaN where not measured.
        errors: standard errors, likewise.
        joint: correlation of errors, `(experiments, factors, factors)`; NaN where it is not known.
    """

    factors: tuple[str, ...]
    estimates: Floats
    errors: Floats
    joint: Floats

    def pairs(self, one: int, other: int) -> Pairs:
        """What was measured of two factors together: at most the 200 most precise experiments."""
        both = np.flatnonzero(np.isfinite(self.estimates[:, [one, other]]).all(axis=1))
        exact = both[np.argsort(self.errors[both][:, [one, other]].prod(axis=1), kind="stable")[:MOST_EXPERIMENTS]]
        return Pairs(
            self.estimates[exact][:, [one, other]], self.errors[exact][:, [one, other]], self.joint[exact, one, other]
        )

    def quality(self, factor: int, rival: int, weights: Floats) -> float | None:
        """How well a factor steers: direction times sensitivity, 0 to 1; None below five experiments.

        Direction: how often its effect has the sign of the value by all factors but itself and its rival, where that is
        known. Sensitivity: how often its effect can be told from none.
        """
        seen = np.isfinite(self.estimates[:, [factor, rival]]).all(axis=1)
        if seen.sum() < FEWEST_TO_KEEP:
            return None
        own = self.estimates[seen, factor]
        others = [at for at in range(len(self.factors)) if at not in (factor, rival)]
        value = np.nan_to_num(self.estimates[seen][:, others]) @ weights[others]
        judged = value != 0
        direction = float((np.sign(own[judged]) == np.sign(value[judged])).mean()) if judged.any() else 1.0
        return direction * float((np.abs(own) > _Z95 * self.errors[seen, factor]).mean())


def redundancy(definitions: Definitions, tables: Tables, weights: Mapping[str, float]) -> tuple[RedundantRow, ...]:
    """The factors that are redundant, with the one to keep of each pair.

    Args:
        definitions: factors, ranges and links.
        tables: effects, moments and trust tests of the run.
        weights: mean weight of each factor.
    """
    factors = tuple(key for key in definitions.factors if key in weights)
    found = effects_of(definitions, tables, factors)
    shares = np.array([weights[factor] for factor in factors])
    measured = _correlations(found)
    rows = [*_correlated(definitions, found, measured, shares), *_explained(definitions, found, measured)]
    named = {frozenset((row.factor, *row.others)) for row in rows if row.why == "correlated"}
    return (*rows, *_paths(definitions, found, measured, shares, named))


def effects_of(definitions: Definitions, tables: Tables, factors: tuple[str, ...]) -> Effects:
    """Every experiment's effects on these factors, those that failed a trust test left out."""
    sound = believable(tables.effects, distrusted(tables.health))
    by_experiment = grouped(row for row in sound if row.metric in factors)
    moments = grouped(row for row in tables.moments if row.experiment in by_experiment)
    estimates = np.full((len(by_experiment), len(factors)), np.nan)
    errors, joint = estimates.copy(), np.full((*estimates.shape, len(factors)), np.nan)
    for at, (experiment, rows) in enumerate(by_experiment.items()):
        known = {row.metric: _known(row) for row in rows}
        places = [factors.index(metric) for metric in known]
        signs = np.array([sign_of(definitions, metric) for metric in known])
        ranges = np.array([abs(np.subtract(*definitions.factors[metric].range)) for metric in known])
        estimates[at, places] = signs * np.array([effect.estimate for effect in known.values()]) / ranges
        errors[at, places] = np.array([effect.se for effect in known.values()]) / ranges
        if experiment in moments:
            shared = correlation(moments[experiment], experiment, known)
            joint[np.ix_([at], places, places)] = shared * np.outer(signs, signs)
    return Effects(factors, estimates, errors, joint)


def _known(row: EffectRow) -> Known:
    return Known(
        row.metric,
        float(row.estimate or 0.0),
        float(row.se or 0.0),
        row.grade,
        (row.experiment,),
        0.0,
        0.0,
        arms=(row.control, row.arm),
    )


def _correlations(found: Effects) -> Measured:
    """Correlation of true effects and number of experiments, of every pair measured often enough."""
    measured = {}
    for one, other in combinations(range(len(found.factors)), 2):
        pairs = found.pairs(one, other)
        if len(pairs.estimates) >= FEWEST_EXPERIMENTS:
            estimate = true_correlation(pairs)
            if estimate is not None:
                measured[one, other] = (estimate, len(pairs.estimates))
    return measured


def _correlated(definitions: Definitions, found: Effects, measured: Measured, weights: Floats) -> list[RedundantRow]:
    rows = []
    for (one, other), (strength, count) in measured.items():
        if abs(strength.estimate) < REDUNDANT:
            continue
        keep = _better(found, one, other, weights)
        gone = one if keep == other else other
        names = [definitions.title("factors", found.factors[at]) for at in (gone, one + other - gone)]
        how = "move together" if strength.estimate > 0 else "move against each other"
        message = (
            f"{names[0]} and {names[1]} {how}: true effects of {count} experiments correlate by "
            f"{strength.estimate:.2f} ({strength.low:.2f} to {strength.high:.2f}, 80 %)"
        )
        left = (found.factors[one + other - gone],)
        merged = float(weights[one] + weights[other])
        rows.append(
            RedundantRow(found.factors[gone], left, "correlated", strength, count, _name(found, keep), merged, message)
        )
    return rows


def _explained(definitions: Definitions, found: Effects, measured: Measured) -> list[RedundantRow]:
    """Factors that several others together explain, where no single one does."""
    size = len(found.factors)
    joint = np.eye(size)
    for (one, other), (strength, _) in measured.items():
        joint[one, other] = joint[other, one] = strength.estimate
    rows = []
    for at, factor in enumerate(found.factors):
        others = [j for j in range(size) if tuple(sorted((at, j))) in measured]
        own = [measured[min(at, j), max(at, j)] for j in others]
        if len(others) < 2 or any(abs(strength.estimate) >= REDUNDANT for strength, _ in own):  # noqa: PLR2004 - one other is a pair
            continue
        count = min(number for _, number in own)
        share = explained(joint[np.ix_([at, *others], [at, *others])], 0, count)
        if share < REDUNDANT:
            continue
        names = listed(definitions.title("factors", found.factors[j]) for j in others)
        message = f"{names} explain {percent(share)} of the true effects on {definitions.title('metrics', factor)}"
        partners = tuple(found.factors[j] for j in others)
        rows.append(RedundantRow(factor, partners, "explained", Estimate(share), count, None, None, message))
    return rows


def _paths(
    definitions: Definitions,
    found: Effects,
    measured: Measured,
    weights: Floats,
    named: set[frozenset[str]],
) -> list[RedundantRow]:
    """Pairs of which one is a means to the other, unless experiments show that they do not go together."""
    rows = []
    for one, factor in enumerate(found.factors):
        for end, way in _ways(definitions, factor).items():
            if end not in found.factors or frozenset((factor, end)) in named:
                continue
            other = found.factors.index(end)
            strength, count = measured.get((min(one, other), max(one, other)), (None, 0))
            if strength is not None and abs(strength.estimate) < REDUNDANT:
                continue
            keep = _better(found, one, other, weights)
            names = [definitions.title("factors", key) for key in way]
            message = f"{names[0]} is a means to {names[-1]} ({' → '.join(names)}): one value counts twice"
            merged = float(weights[one] + weights[other])
            rows.append(RedundantRow(factor, (end,), "path", strength, count, _name(found, keep), merged, message))
    return rows


def _name(found: Effects, at: int | None) -> str | None:
    return None if at is None else found.factors[at]


def _better(found: Effects, one: int, other: int, weights: Floats) -> int | None:
    """The one of two factors that steers better; None where that cannot be told."""
    first, second = found.quality(one, other, weights), found.quality(other, one, weights)
    if first is None or second is None or first == second:
        return None
    return one if first > second else other


def _ways(definitions: Definitions, start: str) -> dict[str, tuple[str, ...]]:
    """Metrics that links lead to from one, each with the shortest way; an influence that may be none leads nowhere."""
    reached: dict[str, tuple[str, ...]] = {start: (start,)}
    open_ends = [start]
    while open_ends:
        at = open_ends.pop(0)
        for edge in edges(definitions):
            if edge.parent == at and edge.child not in reached and _is_sure(edge.definition):
                reached[edge.child] = (*reached[at], edge.child)
                open_ends.append(edge.child)
    del reached[start]
    return reached


def _is_sure(link: Link) -> bool:
    """Whether a link is exact, or an influence whose range leaves out zero; one without a range is taken as said."""
    if link.kind == "component" or link.low is None or link.high is None:
        return True
    return link.low > 0 or link.high < 0

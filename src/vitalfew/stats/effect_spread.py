"""How the true effects of many experiments scatter over their metrics, and what to believe of each experiment then.

e_k ~ N(tau_k, V_k) with the full noise covariance V_k, tau_k ~ N(0, Lambda) or t. The raw scatter of effects holds the
noise of users too, so slopes and sizes read from it are wrong however many experiments there are; Lambda is fitted by
maximum likelihood instead (Bibaut, Chou, Ejdemyr & Kallus 2024 on the problem; the joint fit is ours). Arm labels are
arbitrary, so nothing is centred: swapping the arms of an experiment changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.effect_arrays import Prepared, prepare
from vitalfew.stats.refits import Jackknifed, Refits, refit
from vitalfew.stats.spread_settling import settle
from vitalfew.stats.spread_steps import NORMAL, Climbed, Expected, climb, expected, nodes_of, revived

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "Jackknifed",
    "Refits",
    "Spread",
    "Tails",
    "fit_spread",
    "heavier",
    "jackknife",
    "least_chance",
    "posterior_effects",
    "pulled_in",
    "refits",
]

Tails = Literal["normal", "t", "far"]
TAILS = (3.0, 5.0, 10.0, 30.0)
"""Degrees of freedom that are tried beside normal effects."""
GROUPS = 15
"""Groups of the jackknife."""
_LARGE, _PART = 2_000, 1_250  # experiments above which a fit starts from that of a part of them
_ROUGH = 1e-2  # tolerance of that start, and of fits that are only compared
_FAR = 1e-8  # chance, among as many normal effects, of one as large: where one is rarer, what is far is pulled in
_PULL_FROM, _PULL_TO = 0.999, 0.5  # quantiles of normal effects: what lies beyond the one is pulled in to the other
_MOST_PULLS, _SAME = 10, 0.05  # rounds of pulling in, and change of a weight that no longer matters
_GAIN = 2.0  # of log-likelihood, for which heavier tails are believed


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The covariance of true effects.

    Attributes:
        matrix: Lambda, `(G, G)`, in the squared units of the effects; positive semidefinite, of any rank.
        tail: degrees of freedom of the effects; None: normal.
        weights: of the experiments, `(K,)`: 1 for normal effects, below 1 where effects stand out; true effects of an
            experiment vary with the matrix over its weight.
        iterations: steps of the fit.
        converged: whether it came to rest.
        log_likelihood: at its end.
    """

    matrix: Floats
    tail: float | None
    weights: Floats
    iterations: int
    converged: bool
    log_likelihood: float


def fit_spread(
    effects: ArrayLike, noise: ArrayLike, *, tails: Tails = "normal", start: ArrayLike | None = None
) -> Spread:
    """Fit the covariance of the true effects of K experiments on G metrics.

    Args:
        effects: treatment minus control, `(K, G)`; NaN: not measured there.
        noise: covariance of each experiment's effects, `(K, G, G)`; NaN for metrics not measured.
        tails: "t" tries heavier tails too (3, 5, 10 and 30 degrees of freedom) and takes the likeliest; "far" pulls in
            what stands far out (see `pulled_in`): for slopes, which large effects of a normal size tell best.
        start: a covariance to start from, `(G, G)`; by default the total covariance less the noise.

    Raises:
        UsageError: shapes do not fit, or the noise is no covariance.
        NotEnoughData: fewer than three experiments, or a metric that none of them measured.

    >>> rng = np.random.default_rng(1)
    >>> truth, noise = rng.normal(0, 0.03, (400, 1)), np.full((400, 1, 1), 0.02**2)
    >>> spread = fit_spread(truth + rng.normal(0, 0.02, (400, 1)), noise)
    >>> round(float(spread.matrix[0, 0]) ** 0.5, 3)
    0.03
    """
    if tails not in {"normal", "t", "far"}:
        raise UsageError(f"tails '{tails}'", expected="'normal', 't' or 'far'")
    data = prepare(effects, noise)
    root = revived(_scaled(start, data) if start is not None else _total_less_noise(data))
    if start is None and len(data.effects) > _LARGE:
        part = np.linspace(0, len(data.effects) - 1, _PART).astype(np.intp)
        root = climb(data.pick(part), root, NORMAL, _ROUGH).at.root
    found = _spread(data, settle(data, root), None)
    if tails == "normal":
        return found
    return heavier(effects, noise, found) if tails == "t" else pulled_in(effects, noise, found)


def heavier(effects: ArrayLike, noise: ArrayLike, spread: Spread) -> Spread:
    """The fit with heavier tails than normal where these are likelier; else the normal fit that is given."""
    data = prepare(effects, noise)
    tail, found = _heavy(data, _scaled(spread.matrix, data))
    gain = found.at.log_likelihood - spread.log_likelihood
    return _spread(data, found, tail) if gain > _GAIN else spread


def pulled_in(effects: ArrayLike, noise: ArrayLike, spread: Spread) -> Spread:
    """The fit with weights below 1 for experiments that stand out, if one does so far beyond what is normal.

    A few that moved everything ten times as far would else set the slopes. Heavier tails would weigh down the large
    effects of every experiment, which tell most of slopes; here only what lies beyond the 99.9 % quantile of normal
    effects is pulled in, to the size of the median experiment, and again under the spread that then is left.

    Args:
        effects: `(K, G)`.
        noise: `(K, G, G)`.
        spread: the normal fit to these.

    Returns:
        The spread that was given, where nothing stands far out.
    """
    if least_chance(effects, noise, spread.matrix) >= _FAR:
        return spread
    from scipy.special import gammaincinv

    data = prepare(effects, noise)
    bounds, middle = (2 * gammaincinv(data.measured.sum(axis=1) / 2, share) for share in (_PULL_FROM, _PULL_TO))
    here = expected(data, revived(_scaled(spread.matrix, data), 0.0))
    weights = np.ones(len(bounds))
    for _ in range(_MOST_PULLS):
        before, away = weights, (here.found[:, 0, :] * data.effects).sum(axis=1)
        weights = np.where(away > bounds, middle / np.maximum(away, bounds), 1.0)
        here = expected(data, settle(data.weighed(weights), here.root).at.root)
        if np.abs(weights / before - 1).max() < _SAME:
            break
    last = settle(data.weighed(weights), here.root)
    return replace(_spread(data, last, None), weights=weights)


def _heavy(data: Prepared, normal: Floats) -> tuple[float, Climbed]:
    """The likeliest of the heavier tails: compared by rough fits, in which the likelihood has one top, then fitted."""
    tail, best = TAILS[0], climb(data, revived(normal, 1e-3), nodes_of(TAILS[0]), _ROUGH)
    for freedom in TAILS[1:]:
        found = climb(data, revived(best.at.matrix, 1e-3), nodes_of(freedom), _ROUGH)
        if found.at.log_likelihood < best.at.log_likelihood:
            break
        tail, best = freedom, found
    last = settle(data, best.at, nodes_of(tail))
    return tail, replace(last, steps=best.steps + last.steps)


def posterior_effects(effects: ArrayLike, noise: ArrayLike, spread: Spread | ArrayLike) -> tuple[Floats, Floats]:
    """What to believe of the true effects of each experiment: means, `(K, G)`, and covariances, `(K, G, G)`.

    Metrics that an experiment did not measure are filled in from those it did.

    Args:
        effects: `(K, G)`, with NaN where not measured; any number of experiments, one included.
        noise: `(K, G, G)`.
        spread: the result of `fit_spread`, or a covariance of true effects, `(G, G)`.

    Raises:
        UsageError: shapes do not fit, or the noise is no covariance.

    >>> means, covariances = posterior_effects([[0.04]], [[[0.0004]]], [[0.0004]])
    >>> round(float(means[0, 0]), 4), round(float(covariances[0, 0, 0]) ** 0.5, 4)
    (0.02, 0.0141)
    """
    given, tail = (spread.matrix, spread.tail) if isinstance(spread, Spread) else (spread, None)
    matrix = _square(given, np.shape(effects)[-1])
    data = prepare(effects, noise, np.sqrt(np.abs(matrix.diagonal())))
    nodes = nodes_of(tail)
    root = revived(matrix / np.outer(data.scale, data.scale), 0.0)
    here = expected(data, root, nodes)
    chances = _chances(here)
    means = np.zeros(data.effects.shape)
    covariances = np.zeros(data.noise.shape)
    for node, size in enumerate(nodes.sizes):
        at = expected(data, root * np.sqrt(size))
        prior = at.matrix
        found = at.found[:, 0, :] @ prior
        share = chances[:, node]
        means += share[:, None] * found
        inner = prior - prior @ at.shares @ prior + found[:, :, None] * found[:, None, :]
        covariances += share[:, None, None] * inner
    covariances -= means[:, :, None] * means[:, None, :]
    return means * data.scale, covariances * np.outer(data.scale, data.scale)


def least_chance(effects: ArrayLike, noise: ArrayLike, spread: ArrayLike) -> float:
    """Chance that normal effects of this spread hold an experiment as far out as the farthest (Bonferroni).

    Args:
        effects: `(K, G)`, with NaN where not measured.
        noise: `(K, G, G)`.
        spread: covariance of true effects, `(G, G)`.

    >>> round(least_chance([[0.1], [0.3], [8.0]], np.ones((3, 1, 1)), [[3.0]]), 4)
    0.0002
    """
    from scipy.special import gammaincc

    values, errors, matrix = (np.asarray(one, dtype=np.float64) for one in (effects, noise, spread))
    chances = [1.0]
    for effect, error in zip(values, errors, strict=True):
        seen = np.flatnonzero(np.isfinite(effect))
        total = (matrix + error)[np.ix_(seen, seen)]
        away = float(effect[seen] @ np.linalg.lstsq(total, effect[seen], rcond=None)[0])
        chances.append(float(gammaincc(len(seen) / 2, max(away, 0.0) / 2)) if len(seen) else 1.0)
    return min(min(chances) * len(values), 1.0)


def refits(
    effects: ArrayLike,
    noise: ArrayLike,
    spread: Spread,
    *,
    groups: int = GROUPS,
    clusters: ArrayLike | None = None,
    one_step: bool = False,
) -> Refits:
    """Fit the spread again without each group of experiments; see `jackknife`.

    Weights of experiments are taken as known: with heavy tails these are normal fits to what the weights leave.
    """
    data = prepare(effects, noise)
    root = revived(_scaled(spread.matrix, data), 0.0)
    if np.any(spread.weights != 1):
        data = data.weighed(spread.weights)
    if spread.tail is not None:
        root = settle(data, root).at.root
    found = refit(data, root, groups=groups, clusters=clusters, one_step=one_step)
    return replace(found, matrix=spread.matrix)


def jackknife(
    effects: ArrayLike,
    noise: ArrayLike,
    statistic: Callable[[Floats], ArrayLike],
    *,
    groups: int = GROUPS,
    clusters: ArrayLike | None = None,
    spread: Spread | None = None,
    one_step: bool = False,
    tails: Tails = "normal",
) -> Jackknifed:
    """Estimate, covariance and degrees of freedom of anything computed from Lambda, by leaving out experiments.

    Args:
        effects: `(K, G)`.
        noise: `(K, G, G)`.
        statistic: from Lambda, `(G, G)`, to numbers, `(p,)`.
        groups: of experiments, each left out in turn; dealt out in the order given.
        clusters: control group of each experiment, `(K,)`; those that share one are left out together.
        spread: the fit to all experiments, when it is at hand.
        one_step: one scoring step from the full fit instead of a fit without each group: for large corpora.
        tails: of the fit, when none is given.

    Raises:
        NotEnoughData: fewer than two groups.
    """
    full = spread if spread is not None else fit_spread(effects, noise, tails=tails)
    return refits(effects, noise, full, groups=groups, clusters=clusters, one_step=one_step).of(statistic)


def _spread(data: Prepared, found: Climbed, tail: float | None) -> Spread:
    precision = 1 / nodes_of(tail).sizes
    weights = _chances(found.at) @ precision
    matrix = found.at.matrix * np.outer(data.scale, data.scale)
    return Spread((matrix + matrix.T) / 2, tail, weights, found.steps, found.converged, found.at.log_likelihood)


def _chances(here: Expected) -> Floats:
    """Probability of each node given the effects, `(K, J)`."""
    return np.exp(here.log_nodes - here.log_likelihoods[:, None])


def _scaled(matrix: ArrayLike, data: Prepared) -> Floats:
    return _square(matrix, len(data.scale)) / np.outer(data.scale, data.scale)


def _square(matrix: ArrayLike, width: int) -> Floats:
    given = np.asarray(matrix, dtype=np.float64)
    if given.shape != (width, width):
        raise UsageError(f"a spread of shape {given.shape} for {width} metrics", expected=f"({width}, {width})")
    if not np.isfinite(given).all():
        raise UsageError("a spread with values that are no numbers", expected="a covariance matrix")
    return given


def _total_less_noise(data: Prepared) -> Floats:
    """Mean of e e' - V over the experiments that measured both metrics; 0 for pairs that none did."""
    flags = data.measured.astype(np.float64)
    together = flags.T @ flags
    total = data.effects.T @ data.effects
    noise = (data.noise * data.measured[:, :, None] * data.measured[:, None, :]).sum(axis=0)
    return np.asarray((total - noise) / np.maximum(together, 1))

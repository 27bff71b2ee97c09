"""A planted graph of metrics, 8 features -> 3 system metrics -> 1 business metric, and corpora of experiments on it.

Everything is in standard deviations of units, so that a link's slope is the same number in every corpus. The measured
effects are drawn from their exact sampling distribution, normal with covariance S / n of each arm, and the covariance
within arms from the Wishart distribution; `units` draws the rows themselves, for small checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEATURES = tuple(range(8))
SYSTEM = (8, 9, 10)
BUSINESS = 11
NAMES = (*(f"feature_{n}" for n in range(1, 9)), "system_1", "system_2", "system_3", "business")

_CARRIED = np.array(
    [
        [0.60, 0.45, 0.40, 0.00, 0.00, 0.00, 0.15, 0.30],
        [0.00, 0.20, 0.00, 0.60, 0.45, 0.40, 0.00, 0.30],
        [0.25, 0.00, 0.30, 0.00, 0.20, 0.30, 0.65, 0.00],
    ]
)
EDGES = (
    (BUSINESS, SYSTEM),
    *((SYSTEM[row], tuple(int(at) for at in np.flatnonzero(carried))) for row, carried in enumerate(_CARRIED)),
)
"""The graph as drawn: each child with its parents."""
_LOADINGS = np.array([0.67, 0.70, 0.72, 0.75, 0.78, 0.80, 0.69, 0.76, 0.74, 0.77, 0.79, 0.80])
_SIGNIFICANT = 1.959963984540054
_MOST_ROUNDS = 400  # of drawing experiments anew until enough of them won


@dataclass(frozen=True, slots=True)
class Planted:
    """What is true of a corpus, and how it was gathered. Effects in thousandths of a standard deviation of units.

    Attributes:
        experiments: in the corpus.
        users: median of the users per arm; arms are log-normal around it (`users_spread`: sd of the logarithm).
        links: slopes of the business metric on the three system metrics.
        feature: sd of the effect on a feature metric that an experiment touches (1 to 3 of 8).
        own: sd of the effect on a system metric that comes from no feature.
        bypass: sd of the effect on the business metric that goes round the system metrics and has nothing to do with
            them.
        around: slopes of the business metric on feature metrics themselves: a path round the parents, correlated with
            them, which breaks the assumption behind every estimate.
        tail: degrees of freedom of the size of an experiment's effects; None: normal.
        missing: share of metrics that an experiment did not measure.
        per_control: experiments that share one control group.
        winners_only: only experiments that raised the business metric significantly were kept.
    """

    experiments: int = 200
    users: int = 8_000
    users_spread: float = 0.5
    links: tuple[float, float, float] = (0.5, 0.2, 0.3)
    feature: float = 36.0
    own: float = 8.0
    bypass: float = 6.0
    around: tuple[float, ...] = (0.0,) * 8
    tail: float | None = None
    missing: float = 0.0
    per_control: int = 1
    winners_only: bool = False


SCENARIOS = {
    "base": Planted(),
    "clickbait": Planted(links=(0.5, 0.2, -0.3)),
    "no bypass": Planted(bypass=0.0),
    "INSIDE violated": Planted(around=(0.4, 0.0, 0.0, 0.3, 0.0, 0.0, 0.4, 0.0)),
    "winners only": Planted(winners_only=True),
    "K = 20": Planted(experiments=20),
    "fat tails": Planted(tail=3.0),
    "missing metrics": Planted(missing=0.2),
    "shared controls": Planted(per_control=4),
}
"""The cells of docs/validation/links.md."""


@dataclass(frozen=True, slots=True, eq=False)
class PlantedCorpus:
    """A corpus and its truth; K experiments, G = 12 metrics in the order of `NAMES`.

    Attributes:
        effects: measured, treatment minus control, `(K, G)`; NaN where a metric is missing.
        noise: covariance of each, `(K, G, G)`; NaN in the rows and columns of missing metrics.
        weights: n_t n_c / (n_t + n_c), `(K,)`.
        clusters: number of the control group, `(K,)`.
        within: pooled covariance of units within arms, `(G, G)`.
        users: of treatment and control, `(K, 2)`.
        true_effects: `(K, G)`.
        links: slopes of the business metric on the system metrics, `(3,)`.
    """

    effects: Floats
    noise: Floats
    weights: Floats
    clusters: NDArray[np.intp]
    within: Floats
    users: NDArray[np.int64]
    true_effects: Floats
    links: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PlantedUnits:
    """Rows of units, `(N, G)`, with their experiment, `(N,)`, and whether they were treated, `(N,)`."""

    values: Floats
    experiment: NDArray[np.intp]
    treated: NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class _Drawn:
    effects: list[Floats] = field(default_factory=list)
    noise: list[Floats] = field(default_factory=list)
    true_effects: list[Floats] = field(default_factory=list)
    users: list[NDArray[np.int64]] = field(default_factory=list)
    clusters: list[NDArray[np.intp]] = field(default_factory=list)
    spreads: list[Floats] = field(default_factory=list)


def within_units() -> Floats:
    """Covariance of the metrics between units of an arm, `(G, G)`: correlations from .45 to .64."""
    matrix = np.outer(_LOADINGS, _LOADINGS)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def corpus(planted: Planted, seed: int | np.random.Generator) -> PlantedCorpus:
    """Draw a corpus of experiments on the planted graph."""
    rng = np.random.default_rng(seed)
    drawn, kept = _Drawn(), 0
    for _ in range(_MOST_ROUNDS):
        kept += _draw(planted, rng, drawn)
        if kept >= planted.experiments:
            break
    keep = slice(planted.experiments)
    effects, noise = np.concatenate(drawn.effects)[keep], np.concatenate(drawn.noise)[keep]
    _drop(planted.missing, rng, effects, noise)
    users = np.concatenate(drawn.users)[keep]
    weights = users[:, 0] * users[:, 1] / users.sum(axis=1)
    clusters = np.unique(np.concatenate(drawn.clusters)[keep], return_inverse=True)[1]
    true_effects = np.concatenate(drawn.true_effects)[keep]
    within = np.mean(drawn.spreads, axis=0)
    return PlantedCorpus(
        effects, noise, weights, clusters, within, users, true_effects, np.array(planted.links, dtype=np.float64)
    )


def true_effects(planted: Planted, rng: np.random.Generator, count: int) -> Floats:
    """Draw what experiments really do to the twelve metrics, `(count, G)`."""
    touched = rng.random((count, len(FEATURES))).argsort(axis=1) < rng.integers(1, 4, (count, 1))
    features = np.where(touched, rng.normal(0, planted.feature, touched.shape), 0.0)
    system = features @ _CARRIED.T + rng.normal(0, planted.own, (count, 3))
    straight = features @ np.array(planted.around)
    business = system @ np.array(planted.links) + straight + rng.normal(0, planted.bypass, count)
    size = np.ones((count, 1))
    if planted.tail is not None:  # scaled to the same mean square as without tails
        size = np.sqrt((planted.tail - 2) / rng.chisquare(planted.tail, (count, 1)))
    return np.column_stack([features, system, business]) * size / 1_000


def units(planted: Planted, seed: int) -> tuple[PlantedUnits, PlantedCorpus]:
    """Draw every row of a small corpus, and the summaries that follow from these rows exactly."""
    rng = np.random.default_rng(seed)
    effects = true_effects(planted, rng, planted.experiments)
    users = _users(planted, rng, planted.experiments)
    experiment = np.repeat(np.arange(planted.experiments), users.sum(axis=1))
    treated = np.concatenate([np.arange(both.sum()) < both[0] for both in users])
    values = rng.multivariate_normal(np.zeros(len(NAMES)), within_units(), len(experiment))
    values += rng.normal(0, 1, (planted.experiments, len(NAMES)))[experiment] + effects[experiment] * treated[:, None]
    rows = PlantedUnits(values, experiment, treated)
    return rows, _summary(planted, rows, users, effects)


def _summary(planted: Planted, rows: PlantedUnits, users: NDArray[np.int64], effects: Floats) -> PlantedCorpus:
    arm = 2 * rows.experiment + ~rows.treated
    sizes = users.ravel()
    means = np.stack([np.bincount(arm, column) for column in rows.values.T], axis=1) / sizes[:, None]
    rest = rows.values - means[arm]
    products = np.stack([rest[arm == one].T @ rest[arm == one] for one in range(len(sizes))])
    noise = products / (sizes * (sizes - 1))[:, None, None]
    within = products.sum(axis=0) / (len(rest) - len(sizes))
    weights = users[:, 0] * users[:, 1] / users.sum(axis=1)
    return PlantedCorpus(
        means[::2] - means[1::2],
        noise[::2] + noise[1::2],
        weights,
        np.arange(len(users)),
        within,
        users,
        effects,
        np.array(planted.links, dtype=np.float64),
    )


def _users(planted: Planted, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    sizes = planted.users * np.exp(rng.normal(0, planted.users_spread, (count, 2)))
    return np.asarray(np.maximum(sizes, 3 * len(NAMES)), dtype=np.int64)


def _draw(planted: Planted, rng: np.random.Generator, drawn: _Drawn) -> int:
    """Draw as many experiments as were asked for, append those that are kept, and say how many they are."""
    groups = -(-planted.experiments // planted.per_control)
    count = groups * planted.per_control
    control = np.repeat(np.arange(groups), planted.per_control)
    users = _users(planted, rng, count)
    users[:, 1] = users[control * planted.per_control, 1]
    truth = true_effects(planted, rng, count)
    root = np.linalg.cholesky(within_units())
    treated, untreated = _spread(rng, root, users[:, 0]), _spread(rng, root, users[:: planted.per_control, 1])[control]
    errors = rng.normal(size=(count, len(NAMES))) @ root.T / np.sqrt(users[:, :1])
    shared = (rng.normal(size=(groups, len(NAMES))) @ root.T)[control] / np.sqrt(users[:, 1:])
    effects = truth + errors - shared
    noise = treated / users[:, 0, None, None] + untreated / users[:, 1, None, None]
    keep = np.ones(count, dtype=np.bool_)
    if planted.winners_only:
        keep = effects[:, BUSINESS] > _SIGNIFICANT * np.sqrt(noise[:, BUSINESS, BUSINESS])
    before = sum(len(part) for part in drawn.clusters)
    for part, values in zip((drawn.effects, drawn.noise, drawn.true_effects), (effects, noise, truth), strict=True):
        part.append(values[keep])
    drawn.users.append(users[keep])
    drawn.clusters.append((control + before)[keep])
    drawn.spreads.append(np.average(np.concatenate([treated, untreated]), axis=0, weights=users.T.ravel()))
    return int(keep.sum())


def _spread(rng: np.random.Generator, root: Floats, sizes: NDArray[np.int64]) -> Floats:
    """Covariance matrices of samples of these sizes, by Bartlett's decomposition of the Wishart distribution."""
    width = len(root)
    lower = np.tril(rng.normal(size=(len(sizes), width, width)), -1)
    at = np.arange(width)
    lower[:, at, at] = np.sqrt(rng.chisquare(sizes[:, None] - 1 - at))
    half = root @ lower
    return np.asarray(half @ half.swapaxes(1, 2) / (sizes - 1)[:, None, None])


def _drop(share: float, rng: np.random.Generator, effects: Floats, noise: Floats) -> None:
    """Make metrics missing at random, but never all of an experiment's."""
    if share == 0:
        return
    gone = rng.random(effects.shape) < share
    gone[np.arange(len(gone)), rng.integers(0, effects.shape[1], len(gone))] = False
    effects[gone] = np.nan
    noise[gone[:, :, None] | gone[:, None, :]] = np.nan

"""How well early metrics stand in for a later one in a planned experiment, and how often they did.

True effects scatter over experiments with covariance `spread` (Lambda); a planned experiment measures them with the
covariance `noise` (V) of its size. The best proxy and its quality then follow, and both depend on that size. Source:
Tripuraneni et al. (2023), arXiv 2309.07893 (proxy as a portfolio); Richardson et al. (2023), arXiv 2307.01000
(sensitivity and agreement, Pareto front).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_TOLD = two_sided(0.95)


def proxy_weights(spread: Floats, noise: Floats, proxies: Sequence[int], target: int) -> Floats:
    """Weights of the proxies that come nearest to the true effect on the target, `(p,)`.

    `(Lambda_PP + V_PP)^-1 Lambda_PN`: units of the target per unit of each proxy. With the target among the proxies
    this is the blend of proxy and target: row N of `Lambda (Lambda + V)^-1`.

    Args:
        spread: covariance of true effects, `(G, G)`.
        noise: covariance of the errors of the planned experiment, `(G, G)`.
        proxies: places of the metrics that stand in.
        target: place of the metric that they stand in for.

    >>> spread = np.array([[1.0, 0.8], [0.8, 1.0]])
    >>> proxy_weights(spread, np.eye(2), [0], 1), proxy_weights(spread, np.eye(2), [0, 1], 1).round(2)
    (array([0.4]), array([0.24, 0.4 ]))
    """
    at = _places(spread, proxies, target)
    block = np.ix_(at, at)
    return np.asarray(np.linalg.pinv(spread[block] + noise[block], hermitian=True) @ spread[at, target])


def proxy_quality(
    spread: Floats, noise: Floats, proxies: Sequence[int], target: int, weights: Floats | None = None
) -> float:
    """Correlation of the proxy, as a planned experiment would measure it, with the true effect on the target.

    Below 0 where it points the other way. 0 where either does not vary.

    Args:
        spread: covariance of true effects, `(G, G)`.
        noise: covariance of the errors of the planned experiment, `(G, G)`.
        proxies: places of the metrics that stand in.
        target: place of the metric that they stand in for.
        weights: of the proxies, `(p,)`; the best when not given, whose quality is never below 0.

    >>> spread = np.array([[1.0, 0.8], [0.8, 1.0]])
    >>> [round(proxy_quality(spread, size * np.eye(2), [0], 1), 3) for size in (1.0, 0.01)]
    [0.566, 0.796]
    """
    at = _places(spread, proxies, target)
    used = proxy_weights(spread, noise, proxies, target) if weights is None else np.asarray(weights, dtype=np.float64)
    block = np.ix_(at, at)
    varies = float(used @ (spread[block] + noise[block]) @ used) * float(spread[target, target])
    return float(used @ spread[at, target]) / varies**0.5 if varies > 0 else 0.0


def proxy_slope(spread: Floats, proxies: Sequence[int], target: int, weights: Floats) -> float:
    """True effect on the target that comes with a true effect of one on the proxy; NaN where the proxy never moves."""
    at = _places(spread, proxies, target)
    varies = float(weights @ spread[np.ix_(at, at)] @ weights)
    return float(weights @ spread[at, target]) / varies if varies > 0 else float("nan")


def standardised(effects: Floats, noise: Floats, weights: Floats) -> Floats:
    """A proxy's effect in its standard errors, `(k,)`; NaN where a metric that counts is missing.

    Args:
        effects: on the proxies, `(k, p)`.
        noise: covariances of their errors, `(k, p, p)`.
        weights: `(p,)`.
    """
    used = np.flatnonzero(weights)
    share = weights[used]
    variance = np.einsum("i,kij,j->k", share, noise[:, used[:, None], used], share)
    with np.errstate(all="ignore"):
        return np.where(variance > 0, effects[:, used] @ share / np.sqrt(variance), np.nan)


def sensitivity_and_agreement(proxy: Floats, target: Floats) -> tuple[float | None, float | None]:
    """How often the proxy told an effect from zero, and whether it then pointed where the target went.

    Args:
        proxy: effects in their standard errors, `(k,)`; NaN where not measured.
        target: likewise.

    Returns:
        The share of experiments with a significant proxy; and, of the experiments in which the target was significant,
        those of the same sign minus those of the opposite sign, both significant. None without such experiments.

    >>> sensitivity_and_agreement(np.array([3.0, -4.0, 0.5, 5.0]), np.array([2.5, 3.0, 2.2, 0.1]))
    (0.75, 0.0)
    """
    known = np.isfinite(proxy)
    told, counts = np.abs(proxy) > _TOLD, known & (np.abs(target) > _TOLD)
    sensitivity = float(told[known].mean()) if known.any() else None
    signs = np.where(told & counts, np.sign(proxy * target), 0.0)
    return sensitivity, float(signs[counts].sum() / counts.sum()) if counts.any() else None


def front(scores: Floats) -> Bools:
    """Which rows no other row beats: at least as good in every column, and better in one.

    >>> front(np.array([[0.9, 0.1], [0.5, 0.5], [0.4, 0.4]])).tolist()
    [True, True, False]
    """
    at_least = np.all(scores[:, None, :] >= scores[None, :, :], axis=2)
    better = np.any(scores[:, None, :] > scores[None, :, :], axis=2)
    return np.asarray(~(at_least & better).any(axis=0))


def _places(spread: Floats, proxies: Sequence[int], target: int) -> NDArray[np.intp]:
    at = np.asarray(proxies, dtype=np.intp)
    if not len(at) or at.min() < 0 or max(int(at.max()), target) >= len(spread):
        raise UsageError(f"proxies {list(proxies)} for {target}", expected="places among the metrics, one at least")
    return at

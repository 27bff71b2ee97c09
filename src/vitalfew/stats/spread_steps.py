"""Steps towards the most likely covariance of true effects, e_k ~ N(0, Lambda + V_k), positive semidefinite always.

With P_k = (Lambda + V_k)^-1, u_k = P_k e_k and T = sum_k (P_k - u_k u_k'), the EM step (Dempster, Laird & Rubin 1977)
is Lambda <- Lambda - Lambda T Lambda / K. It is slow where effects are small beside their noise, so steps of scoring in
a root B of Lambda = B B' are taken instead (Fisher's information, damped as by Levenberg & Marquardt), and EM steps
only where these fail. A root may lose rank without harm: the most likely Lambda often has. Effects with heavier tails
than normal are a scale mixture, tau_k ~ N(0, s_k Lambda), with s_k on a grid of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.effect_arrays import only_measured

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.stats.effect_arrays import Prepared

    Floats = NDArray[np.float64]

_CREEP = 0.1  # of the tolerance: a gain of the log-likelihood for which no further step is worth its while
_MOST_STEPS = 200
_REVIVED = 0.1  # of noise: least variance of a direction that a fit starts from; an empty one could not grow
_MOST_TRIES = 12  # of a damped step that does not raise the likelihood, before the EM step is taken instead
_DAMPING = 1e-3  # least, against directions that turn B and leave Lambda as it is
_STILL, _SLOWER = 0.02, 3.0  # a move below which, and a shrinking of moves above which, a curvature is used again
_NODES = 15
_TAIL_CUT = 0.002  # probability beyond the outermost nodes, on either side


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Squared sizes s of effects, mean 1, and the logarithms of their probabilities, `(J,)` each."""

    sizes: Floats
    log_weights: Floats


NORMAL = Nodes(np.ones(1), np.zeros(1))
"""All effects of one size: no tails."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What the data say at one Lambda = B B'.

    Attributes:
        root: B, `(G, G)`.
        shares: expectation of s P_k over the nodes, `(K, G, G)`.
        found: root-weighted u_k of every node, `(K, J, G)`: their outer products add up to the expectation of s u u'.
        log_likelihoods: of each experiment, `(K,)`.
        log_nodes: log of the joint density of node and effects, `(K, J)`.
    """

    root: Floats
    shares: Floats
    found: Floats
    log_likelihoods: Floats
    log_nodes: Floats

    @property
    def log_likelihood(self) -> float:
        """Of all experiments."""
        return float(self.log_likelihoods.sum())

    @property
    def matrix(self) -> Floats:
        """Lambda, `(G, G)`."""
        return self.root @ self.root.T

    def slope(self) -> Floats:
        """T, `(G, G)`: minus twice the derivative of the log-likelihood by Lambda."""
        flat = self.found.reshape(-1, self.found.shape[2])
        return np.asarray(self.shares.sum(axis=0) - flat.T @ flat)

    def slopes(self) -> Floats:
        """What each experiment adds to T, `(K, G, G)`."""
        return np.asarray(self.shares - self.found.swapaxes(1, 2) @ self.found)


@dataclass(frozen=True, slots=True, eq=False)
class Climbed:
    """Where the likelihood is highest."""

    at: Expected
    steps: int
    converged: bool


def nodes_of(tail: float | None) -> Nodes:
    """Nodes of the scale mixture that makes effects t with `tail` degrees of freedom; None: normal.

    Raises:
        UsageError: `tail` is not above 2, where a covariance exists.
    """
    if tail is None or np.isinf(tail):
        return NORMAL
    if not tail > 2:  # noqa: PLR2004 - where the variance of t becomes infinite
        raise UsageError(f"{tail:g} degrees of freedom", expected="above 2: effects without a variance have no spread")
    return _nodes_of(float(tail))


@lru_cache(maxsize=16)
def _nodes_of(tail: float) -> Nodes:
    from scipy.special import gammaincinv

    # 1 / s is gamma; nodes lie evenly in its logarithm, where the density is smooth and falls off on both sides
    low, high = (float(gammaincinv(tail / 2, p)) * 2 / tail for p in (_TAIL_CUT, 1 - _TAIL_CUT))
    precision = np.exp(np.linspace(np.log(low), np.log(high), _NODES))
    weights = precision ** (tail / 2) * np.exp(-tail / 2 * precision)
    weights /= weights.sum()
    sizes = 1 / precision
    return Nodes(sizes / (weights @ sizes), np.log(weights))


def expected(data: Prepared, root: Floats, nodes: Nodes = NORMAL) -> Expected:
    """The E step at Lambda = B B'."""
    return _normal(data, root) if len(nodes.sizes) == 1 else _mixed(data, root, nodes)


def _normal(data: Prepared, root: Floats) -> Expected:
    total = only_measured(np.broadcast_to(root @ root.T, data.noise.shape), data) + data.noise
    lower = np.linalg.cholesky(total)
    log_size = np.log(lower.diagonal(axis1=1, axis2=2)).sum(axis=1)
    shares = only_measured(np.linalg.inv(total), data)
    found = (shares @ data.effects[:, :, None]).swapaxes(1, 2)
    likelihood = data.constants - log_size - (found[:, 0, :] * data.effects).sum(axis=1) / 2
    return Expected(root, shares, found, likelihood, likelihood[:, None])


def _mixed(data: Prepared, root: Floats, nodes: Nodes) -> Expected:
    """All nodes at once: in the eigenvectors of B' V^-1 B the mixture costs no further inverse."""
    half = data.precision @ root
    pull = (data.precision @ data.effects[:, :, None])[:, :, 0]
    values, vectors = np.linalg.eigh(root.T @ half)
    values = np.maximum(values, 0.0)
    turned = (half @ vectors).swapaxes(1, 2)  # (K, direction, G)
    seen = (turned @ data.effects[:, :, None])[:, :, 0]
    part = nodes.sizes[:, None] / (1 + nodes.sizes[:, None] * values[:, None, :])  # (K, J, direction)
    lost = np.log1p(nodes.sizes[:, None] * values[:, None, :]).sum(axis=2)
    gain = (part * seen[:, None, :] ** 2).sum(axis=2)
    base = data.constants - (data.log_noise + (pull * data.effects).sum(axis=1)) / 2
    log_nodes = base[:, None] + nodes.log_weights + (gain - lost) / 2
    top = log_nodes.max(axis=1)
    chances = np.exp(log_nodes - top[:, None])
    total = chances.sum(axis=1)
    sized = chances / total[:, None] * nodes.sizes
    kept = (sized[:, :, None] * part).sum(axis=1)
    shares = sized.sum(axis=1)[:, None, None] * data.precision - (turned * kept[:, :, None]).swapaxes(1, 2) @ turned
    found = pull[:, None, :] - (part * seen[:, None, :]) @ turned
    return Expected(root, shares, np.sqrt(sized)[:, :, None] * found, top + np.log(total), log_nodes)


def climb(data: Prepared, start: Floats | Expected, nodes: Nodes, tolerance: float) -> Climbed:
    """Climb towards the most likely Lambda from a root `start`, `(G, G)`; it never loses height.

    `start`: or what is expected there, where that is known. `tolerance`: change of an entry of Lambda, in units of
    noise plus spread, that is small enough; `spread_settling` goes the rest of the way.
    """
    here = start if isinstance(start, Expected) else expected(data, start, nodes)
    damping, last, curve = _DAMPING, np.inf, None
    for step in range(1, _MOST_STEPS + 1):
        curve = curve or Curve.at(here, here.slope())
        there, damping = _better(data, here, nodes, curve, damping)
        moved = _distance(here, there)
        gain = there.log_likelihood - here.log_likelihood
        here = there
        if gain < _CREEP * tolerance or (moved < tolerance and gain < tolerance):
            return Climbed(here, step, converged=True)
        if moved > _STILL or moved > last / _SLOWER:  # else the curvature is still good, and costly to compute anew
            curve = None
        last = moved
    return Climbed(here, _MOST_STEPS, converged=False)


def revived(start: Floats, least: float = _REVIVED) -> Floats:
    """A root of a start value, `(G, G)`, with every direction at `least` of the variance of noise."""
    values, vectors = np.linalg.eigh((start + start.T) / 2)
    return np.asarray(vectors * np.sqrt(np.maximum(values, least)))


def em_step(data: Prepared, here: Expected) -> Floats:
    """The root of Lambda after one EM step."""
    signal = here.root.T @ here.slope() @ here.root
    values, vectors = np.linalg.eigh(np.eye(len(signal)) - signal / len(data.effects))
    return np.asarray(here.root @ (vectors * np.sqrt(np.maximum(values, 0.0))))


def bounded(steps: Floats, root: Floats) -> Floats:
    """Steps, `(..., G, G)`, no longer than the root they start from and one standard deviation of noise.

    An empty direction that should grow has next to no curvature: without a bound its step would be endless.
    """
    length = np.linalg.norm(steps, axis=(-2, -1), keepdims=True)
    return np.asarray(steps * np.minimum(1.0, (1 + np.linalg.norm(root)) / np.maximum(length, 1e-300)))


def _better(data: Prepared, here: Expected, nodes: Nodes, curve: Curve, damping: float) -> tuple[Expected, float]:
    """One scoring step, damped until it does not lower the likelihood; else the EM step, which never does."""
    slope = here.slope() @ here.root
    slack = 1e-12 * abs(here.log_likelihood)  # rounding of the sum over experiments
    for _ in range(_MOST_TRIES):
        there = expected(data, here.root + bounded(curve.step(slope, damping), here.root), nodes)
        if there.log_likelihood >= here.log_likelihood - slack:
            return there, max(damping / 10, _DAMPING)
        damping = max(10 * damping, 1e-4)
    there = expected(data, em_step(data, here), nodes)
    return (there if there.log_likelihood >= here.log_likelihood else here), damping


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Curvature of minus the log-likelihood in the entries of B, row by row, `(G^2, G^2)`, scaled by `size`, `(G^2,)`.

    Fisher's 1/2 sum_k tr(P_k D P_k D) for the change D = Z B' + B Z' of Lambda, plus what bends because Lambda is the
    square of B. Only the positive part of the latter: then it is no saddle.
    """

    scaled: Floats
    size: Floats
    factors: dict[float, tuple[Floats, Any]] = field(default_factory=dict)

    @classmethod
    def at(cls, here: Expected, slope: Floats, *, observed: bool = False) -> Curve:
        """The curvature at one Lambda with its T.

        `observed`: not Fisher's, which is expected, but that of these effects, P_k u_k u_k' + u_k u_k' P_k - P_k P_k in
        place of P_k P_k: exact at the top of the likelihood of normal effects, and no use far from it.
        """
        width = len(slope)
        seen = here.found.swapaxes(1, 2) @ here.found if observed else here.shares
        half = _products(here.shares, seen) @ here.root  # sum_k (P_k)_ij (P_k)_kl B_ln in (i, j, k, n)
        found = np.tensordot(here.root, half, (0, 2)) + np.tensordot(here.root, half, (0, 1))
        blocks = np.ascontiguousarray(found.transpose(2, 0, 1, 3))
        values, vectors = np.linalg.eigh(slope)
        each = np.arange(width)
        blocks[:, each, :, each] += (vectors * np.maximum(values, 0.0)) @ vectors.T
        flat = blocks.reshape(width * width, width * width)
        size = np.sqrt(np.maximum(flat.diagonal(), 0.0) + 1e-12)
        flat /= size[:, None]
        flat /= size
        return cls(flat, size)

    def step(self, slope: Floats, damping: float) -> Floats:
        """The step of B, `(G, G)`, for a slope T B, or a stack of steps for slopes `(..., G, G)`."""
        from scipy.linalg import cho_solve

        if damping not in self.factors:
            self.factors[damping] = self._factor(damping)
        flat = (slope.reshape(-1, len(self.size)) / self.size).T
        solved = cho_solve(self.factors[damping], flat, check_finite=False)
        return -(solved.T / self.size).reshape(slope.shape)

    def _factor(self, damping: float) -> tuple[Floats, Any]:
        from scipy.linalg import LinAlgError, cho_factor

        while True:  # what rounding makes negative needs more damping
            damped = self.scaled.copy()
            damped[np.diag_indices_from(damped)] += damping
            try:
                factor, lower = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:
                damping *= 10
            else:
                return factor, lower


def _products(shares: Floats, seen: Floats) -> Floats:
    """Sum over experiments of (P_k)_ij (S_k)_kl + (S_k)_ij (P_k)_kl - (P_k)_ij (P_k)_kl, `(G, G, G, G)`."""
    width = shares.shape[-1]
    rows, columns = np.triu_indices(width)
    packed = shares[:, rows, columns]
    half = packed.T @ (seen[:, rows, columns] - packed / 2)
    index = _places(width)
    return np.asarray((half + half.T)[index[:, None], index].reshape((width,) * 4))


@lru_cache(maxsize=4)
def _places(width: int) -> NDArray[np.intp]:
    """Where each entry of a symmetric matrix lies among its packed ones, `(G * G,)`."""
    rows, columns = np.triu_indices(width)
    index = np.zeros((width, width), dtype=np.intp)
    index[rows, columns] = index[columns, rows] = np.arange(len(rows))
    return index.ravel()


def _distance(before: Expected, after: Expected) -> float:
    old, new = before.matrix, after.matrix
    size = np.sqrt(1 + new.diagonal())
    return float(np.abs((new - old) / np.outer(size, size)).max())

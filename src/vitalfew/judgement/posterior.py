"""The posterior over the log weights of a group: a mixture of normals over how much people and their answers scatter.

theta_p = mu_g + delta_p, with delta_p ~ N(0, tau² C) between persons of a group, answers with noise sigma, and
C = I - 11'/n. tau ~ HalfNormal(0.7) and log sigma ~ N(log 0.3, 0.6²) run over a grid with their exact marginal
likelihood. The location mu_g is flat where somebody's answers reach it, so that complete answers give the geometric
mean and a single person's weights are what that person said; contrasts that nobody's answers reach are N(0, 1.5²).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.observations import TINY, observe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.judgement.answers import Judgement
    from vitalfew.judgement.observations import Floats, Observations

    Whole = NDArray[np.int64]

TAU_CELLS, SIGMA_CELLS = 14, 12
TAU_SCALE, SIGMA_CENTRE, SIGMA_SPREAD = 0.7, 0.3, 0.6
UNREACHED_SD = 1.5
STALE_SD = float(np.log(2.0))
"""Standard deviation that judgements of other ranges add to log weights: as if a range may have doubled since."""
_NEGLIGIBLE = 1e-5


@dataclass(frozen=True, slots=True)
class Mixture:
    """Log weights as a mixture of K normals.

    Attributes:
        factors: in the order of all arrays.
        share: of each normal, `(K,)`, summing to 1.
        mean: of log weights, summing to 0 over factors, `(K, n)`.
        covariance: `(K, n, n)`.
    """

    factors: tuple[str, ...]
    share: Floats
    mean: Floats
    covariance: Floats

    @property
    def centre(self) -> Floats:
        """Weights at the mean of the log weights, `(n,)`: for complete answers their geometric mean."""
        return softmax((self.share @ self.mean)[:, None])[:, 0]

    def draw(self, chooser: Floats, normals: Floats) -> Floats:
        """Draws of the weights.

        Args:
            chooser: uniform numbers that choose the normal, `(draws,)`.
            normals: standard normal numbers, a row per factor, `(n, draws)`.

        Returns:
            Weights, `(n, draws)`; every draw sums to 1.
        """
        at = self.choose(chooser)
        return softmax((self.mean[at] + np.einsum("dij,jd->di", roots(self.covariance)[at], normals)).T)

    def choose(self, chooser: Floats) -> Whole:
        """Which normal each uniform number chooses, `(draws,)`."""
        return np.minimum(np.searchsorted(np.cumsum(self.share), chooser), len(self.share) - 1)


@dataclass(frozen=True)
class Posterior:
    """What a panel's judgements say, over K cells of a grid and the groups of the panel, in contrasts.

    Attributes:
        factors: in the order of all arrays; at least two.
        shares: of the groups, `(groups,)`, summing to 1.
        group_of: place of each person's group, `(P,)`.
        seen: what was observed.
        cells: posterior probability of each cell, `(K,)`.
        tau: spread between persons of a group on log weights, `(K,)`.
        sigma: noise of their answers, `(K,)`.
        mean: of each group's mu, `(K, groups, m)`.
        covariance: likewise, `(K, groups, m, m)`.
        stale: share of the panel whose judgements are of other ranges.
    """

    factors: tuple[str, ...]
    shares: Floats
    group_of: Whole
    seen: Observations
    cells: Floats
    tau: Floats
    sigma: Floats
    mean: Floats
    covariance: Floats
    stale: float = 0.0

    @cached_property
    def consensus(self) -> Mixture:
        """The panel's weights: the mean of the groups' log weights by their shares."""
        mean = np.einsum("g,kgi->ki", self.shares, self.mean)
        return self._mixture(mean, np.einsum("g,kgij->kij", self.shares**2, self.covariance))

    def group(self, place: int) -> Mixture:
        """One group's weights."""
        return self._mixture(self.mean[:, place], self.covariance[:, place])

    @cached_property
    def member(self) -> Mixture:
        """Weights of one more person, whose group is chosen by the shares."""
        contrasts = self.mean.shape[2]
        spread = self.covariance + (self.tau**2)[:, None, None, None] * np.eye(contrasts)
        share = (self.cells[:, None] * self.shares).ravel()
        return self._mixture(self.mean.reshape(-1, contrasts), spread.reshape(-1, contrasts, contrasts), share)

    def typical(self) -> tuple[float, float]:
        """Posterior means of tau and sigma."""
        return float(self.cells @ self.tau), float(self.cells @ self.sigma)

    def shifts(self) -> Floats:
        """How far the weights move when each person is left out: total variation at the typical tau and sigma, `(P,)`.

        Who is alone in a group takes its share along.
        """
        (tau, sigma), seen = self.typical(), self.seen
        scale = sigma**2 + tau**2 * seen.values
        size = seen.values.shape[1]
        precision = np.einsum("pia,pa,pja->pij", seen.vectors, seen.values / scale, seen.vectors)
        score = np.einsum("pia,pa->pi", seen.vectors, seen.scores / scale)
        member = np.equal.outer(np.arange(len(self.shares)), self.group_of).astype(np.float64)
        whole = np.einsum("gp,pij->gij", member, precision) + TINY * np.eye(size)
        total = member @ score
        means = np.linalg.solve(whole, total[:, :, None])[:, :, 0]
        mine = self.group_of
        left = np.linalg.solve(whole[mine] - precision, (total[mine] - score)[:, :, None])[:, :, 0]
        share = np.where(member.sum(axis=1)[mine] > 1, self.shares[mine], 0.0)
        others = (self.shares @ means) - self.shares[mine, None] * means[mine]
        rest = np.maximum(1.0 - self.shares[mine] + share, TINY)[:, None]
        moved = softmax(((others + share[:, None] * left) / rest @ seen.basis.T).T)
        return np.asarray(np.abs(moved - softmax((seen.basis @ (self.shares @ means))[:, None])).sum(axis=0) / 2)

    def _mixture(self, mean: Floats, covariance: Floats, share: Floats | None = None) -> Mixture:
        share = self.cells if share is None else share
        kept = share > _NEGLIGIBLE * share.max()
        widened = covariance[kept] + (self.stale * STALE_SD) ** 2 * np.eye(mean.shape[1])
        basis = self.seen.basis
        return Mixture(self.factors, share[kept] / share[kept].sum(), mean[kept] @ basis.T, basis @ widened @ basis.T)


def posterior(
    judgements: Sequence[Judgement],
    factors: Sequence[str],
    groups: Sequence[int] | None = None,
    shares: Sequence[float] | None = None,
) -> Posterior:
    """Fit the posterior to what people said.

    Args:
        judgements: one per person, each of which says something (`Judgement.silence`).
        factors: at least two.
        groups: place of each person's group; all in one when None.
        shares: of the groups, above 0; normalised.

    Returns:
        The posterior. Its cost grows with cells x persons; 10 people and 10 factors take some 10 ms.
    """
    seen = observe(judgements, factors)
    place = np.zeros(len(judgements), dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    weight = np.asarray([1.0] if shares is None else shares, dtype=np.float64)
    tau, sigma, prior = _grid(seen)
    t, s = tau**2, sigma**2
    scale = s[:, None, None] + t[:, None, None] * seen.values
    fit = np.log(scale / s[:, None, None]).sum(axis=(1, 2)) + seen.free.sum() * np.log(s) + seen.squares.sum() / s
    fit -= (t[:, None, None] * seen.scores**2 / (s[:, None, None] * scale)).sum(axis=(1, 2))
    evidence = prior - fit / 2
    means, covariances = [], []
    for group in range(len(weight)):
        mean, covariance, more = _location(seen, place == group, scale)
        means.append(mean)
        covariances.append(covariance)
        evidence = evidence + more
    cells = np.exp(evidence - evidence.max())
    stale = np.bincount(place, [judgement.stale for judgement in judgements], len(weight))
    share = weight / weight.sum()
    return Posterior(
        factors=tuple(factors),
        shares=share,
        group_of=place,
        seen=seen,
        cells=cells / cells.sum(),
        tau=tau,
        sigma=sigma,
        mean=np.stack(means, axis=1),
        covariance=np.stack(covariances, axis=1),
        stale=float(share @ (stale / np.maximum(np.bincount(place, minlength=len(weight)), 1))),
    )


def _location(seen: Observations, mine: NDArray[np.bool_], scale: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean `(K, m)` and covariance `(K, m, m)` of a group's mu, and its part of the log marginal likelihood, `(K,)`."""
    vectors, values, scores = seen.vectors[mine], seen.values[mine], seen.scores[mine]
    size = scale.shape[2]
    outer = np.einsum("pia,pja->paij", vectors, vectors).reshape(-1, size * size)
    precision = (values / scale[:, mine]).reshape(len(scale), -1) @ outer
    score = (scores / scale[:, mine]).reshape(len(scale), -1) @ vectors.transpose(0, 2, 1).reshape(-1, size)
    reached, directions = np.linalg.eigh((values.reshape(1, -1) @ outer).reshape(size, size))
    unreached = directions[:, reached <= TINY * max(1.0, reached[-1])]
    covariance = np.linalg.inv(precision.reshape(-1, size, size) + unreached @ unreached.T / UNREACHED_SD**2)
    mean = np.einsum("kij,kj->ki", covariance, score)
    evidence = (np.linalg.slogdet(covariance)[1] + np.einsum("ki,ki->k", score, mean)) / 2
    return mean, covariance, np.asarray(evidence)


def _grid(seen: Observations) -> tuple[Floats, Floats, Floats]:
    """Tau and sigma of every cell, and the logarithm of prior times size of the cell, `(K,)` each.

    The grid reaches as far as the answers spread, so that people who contradict each other outright fit on it.
    """
    size = seen.values.shape[1]
    spread = float(np.sqrt(seen.own(np.zeros(len(seen.basis))).var(axis=0).sum() / size))
    squares, free = seen.left_over()
    noise = float(np.sqrt(squares.sum() / max(free.sum(), 1.0)))
    step = (np.arange(TAU_CELLS) + 0.5) / TAU_CELLS
    tau = max(3.0 * TAU_SCALE, 2.5 * spread) * step**1.5
    reach = max(SIGMA_CENTRE * np.exp(2.5 * SIGMA_SPREAD), 2.0 * noise)
    log_sigma = np.linspace(np.log(SIGMA_CENTRE) - 2.5 * SIGMA_SPREAD, np.log(reach), SIGMA_CELLS)
    log_tau_prior = -(tau**2) / (2 * TAU_SCALE**2) + 0.5 * np.log(step)  # cells grow as the root of their place
    log_sigma_prior = -((log_sigma - np.log(SIGMA_CENTRE)) ** 2) / (2 * SIGMA_SPREAD**2)
    prior = (log_tau_prior[:, None] + log_sigma_prior).ravel()
    return np.repeat(tau, SIGMA_CELLS), np.tile(np.exp(log_sigma), TAU_CELLS), prior


def softmax(logs: Floats) -> Floats:
    """Shares in proportion to exponentials, down the first axis; no number is too large."""
    raised = np.exp(logs - logs.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0))


def roots(covariance: Floats) -> Floats:
    """Symmetric square roots, `(K, n, n)`: they do not depend on the order of the factors."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))[:, None, :]) @ vectors.transpose(0, 2, 1))


def root(covariance: Floats) -> Floats:
    """The symmetric square root `(k, k)`: it does not depend on the order of the rows."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T, dtype=np.float64)

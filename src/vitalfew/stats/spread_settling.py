"""The last steps towards the most likely covariance of true effects: to rest, so that rounding moves nothing shown.

Near the top each step of scoring shortens the way by a factor only, the less the heavier the tails. From there one
curvature serves to the end, corrected by what the steps show of it (BFGS in limited memory; Nocedal 1980, Mathematics
of Computation 35), so that a step costs no more than the slope, and some ten lead from a hundredth of the noise to
what rounding leaves. A direction of Lambda that ended up empty though effects scatter along it cannot grow by itself:
such directions are looked for and filled.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.spread_steps import NORMAL, Climbed, Curve, bounded, climb, expected, revived

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.stats.effect_arrays import Prepared
    from vitalfew.stats.spread_steps import Expected, Nodes

    Floats = NDArray[np.float64]

_NEAR = 1e-2  # tolerance of the climb before
_AT_REST = 1e-22  # twice the log-likelihood still to be gained: 1e-11 of a standard error away from the top
_AS_GOOD = 1e-12  # likewise, with which a fit has converged where rounding hides the rest of the way
_STUCK = 8  # steps that gained nothing on that, after which it does
_MOST_STEPS, _MOST_ROUNDS = 200, 5
_MEMORY = 40  # steps that correct the curvature
_DAMPING, _MORE = 1e-2, 10.0  # against directions that turn B and leave Lambda as it is; after a step that went too far
_WAIT = 3  # good steps before the damping is lowered again
_TOO_FAR = 0.9  # of the slope at the start of a step: as steep downhill at its end
_CURVED = 1e-10  # least cosine between a step and the change of the slope along it
_LOST = 1e-11  # of the log-likelihood: what a step may lose by rounding
_EMPTY, _GROWS = 0.1, 1e-3  # variance, in units of noise, below which a direction may have to be filled; and the gain
_UNSEEN = 1e-9  # curvature below which no experiment tells of a direction


@dataclass(slots=True, eq=False)
class _Bowl:
    """The curvature round the top: that of scoring, corrected by steps and the changes of the slope along them."""

    curve: Curve
    known: deque[tuple[Floats, Floats, float]] = field(default_factory=lambda: deque(maxlen=_MEMORY))

    def step(self, slope: Floats, damping: float) -> Floats:
        """The step of B, `(G, G)`, at whose end the slope should be 0."""
        rest, shares = slope.copy(), list[float]()
        for step, change, size in reversed(self.known):
            shares.append(float((step * rest).sum()) / size)
            rest -= shares[-1] * change
        found = self.curve.step(rest, damping)
        for (step, change, size), share in zip(self.known, reversed(shares), strict=True):
            found -= (share + float((change * found).sum()) / size) * step
        return found

    def learn(self, step: Floats, change: Floats) -> None:
        """Take up how the slope changed along a step."""
        size = float((step * change).sum())
        if size > _CURVED * float(np.linalg.norm(step) * np.linalg.norm(change)):
            self.known.append((step, change, size))


def settle(data: Prepared, start: Floats | Expected, nodes: Nodes = NORMAL) -> Climbed:
    """Climb to the most likely Lambda from a root `start`, `(G, G)`, or what is expected there, until nothing moves."""
    here, steps = start, 0
    for _ in range(_MOST_ROUNDS):
        near = climb(data, here, nodes, _NEAR)
        more = _filled(near.at, _GROWS)
        last = _rest(data, near.at if more is None else expected(data, more, nodes), nodes)
        steps += near.steps + last.steps
        more = _filled(last.at, _AT_REST)
        # Where all steps were taken and the last of them still gained, there is more to gain.
        gained = last.at.log_likelihood - near.at.log_likelihood > _LOST * abs(last.at.log_likelihood)
        if more is None and (last.converged or not gained):
            return Climbed(last.at, steps, last.converged)
        here = last.at if more is None else more
    return Climbed(last.at, steps, converged=False)


def _rest(data: Prepared, here: Expected, nodes: Nodes) -> Climbed:
    """Steps of BFGS until nothing is left to gain, or nothing that rounding does not hide."""
    slope = here.slope()
    bowl, slope = _Bowl(Curve.at(here, slope, observed=nodes is NORMAL)), slope @ here.root
    damping, least, stuck, wait = _DAMPING, np.inf, 0, 0
    for step in range(1, _MOST_STEPS + 1):
        way = bounded(bowl.step(slope, damping), here.root)
        left = -float((slope * way).sum())
        stuck = 0 if left < least / 2 else stuck + 1
        least = min(least, left)
        if left < _AT_REST or (stuck > _STUCK and least < _AS_GOOD):
            return Climbed(here, step, converged=True)
        there = expected(data, here.root + way, nodes)
        after = there.slope() @ there.root
        bowl.learn(way, after - slope)
        lost = here.log_likelihood - there.log_likelihood > _LOST * abs(here.log_likelihood)
        if lost or float((after * way).sum()) > _TOO_FAR * left:
            damping, wait = damping * _MORE, _WAIT
            continue
        damping, wait = (damping, wait - 1) if wait else (max(damping / _MORE, _DAMPING), 0)
        here, slope = there, after
    return Climbed(here, _MOST_STEPS, converged=False)


def _filled(here: Expected, least: float) -> Floats | None:
    """A root with more in directions that are all but empty and should not be; None where none gains this much.

    Along v, minus twice the log-likelihood has the slope v'Tv in the variance, and sum_k (v'P_k v)^2 for a curvature.
    """
    matrix, slope = here.matrix, here.slope()
    values, vectors = np.linalg.eigh(matrix)
    inside = vectors[:, values < _EMPTY]
    down, turn = np.linalg.eigh(inside.T @ -slope @ inside)
    inside = inside @ turn
    curved = (((here.shares @ inside) * inside).sum(axis=1) ** 2).sum(axis=0)
    size = np.maximum(down, 0.0) / np.maximum(curved, _UNSEEN)
    held = ((inside.T @ here.root) ** 2).sum(axis=1)
    short = (size > 2 * held) & (down * size > least)
    if not short.any():
        return None
    return revived(matrix + (inside[:, short] * size[short]) @ inside[:, short].T, 0.0)

"""The path of a z statistic over looks, between boundaries: the integrals under group sequential designs.

The score sqrt(t) z is a Brownian motion with drift, t being the share of the planned information. Its density among
the paths that have not stopped is carried from look to look by numerical integration (Armitage, McPherson & Rowe 1969,
JRSS A 132; Jennison & Turnbull 2000, chapter 19), here with Gauss-Legendre nodes in z. Densities under a drift follow
from those without by the likelihood ratio, so any number of drifts costs one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.quadrature import legendre

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_REACH = 9.0  # standard deviations kept of a region without end
_PER_KERNEL = 5.0  # nodes for each standard deviation of a step between looks; more change nothing in 9 digits
_FEWEST, _MOST = 64, 640


@dataclass(frozen=True, slots=True)
class Front:
    """Paths that have not stopped by a look at `share`: places `z`, and `mass`, weights times density without drift."""

    share: float
    z: Floats
    mass: Floats

    def above(self, share: float, bound: float, drift: ArrayLike = 0.0) -> Floats:
        """Probability of going on until here, then lying above `bound` at a later `share`; shape of `drift`."""
        return self._beyond(share, bound, drift, 1.0)

    def below(self, share: float, bound: float, drift: ArrayLike = 0.0) -> Floats:
        """Likewise below `bound`."""
        return self._beyond(share, bound, drift, -1.0)

    def density(self, share: float, z: float) -> float:
        """Density of going on until here and being at `z` at a later `share`, without drift."""
        step = share - self.share
        distance = z * np.sqrt(share) - self.z * np.sqrt(self.share)
        kernel = np.exp(-(distance**2) / (2 * step)) * np.sqrt(share / (2 * np.pi * step))
        return float(self.mass @ kernel)

    def onward(self, share: float, low: float, high: float, reach: float = 0.0) -> Front:
        """The paths that go on at a later `share`, between `low` and `high`; `reach`: largest drift asked for."""
        tilt = reach * np.sqrt(share)
        low, high = max(low, min(0.0, tilt) - _REACH), min(high, max(0.0, tilt) + _REACH)
        if low >= high:
            return Front(share, np.zeros(1), np.zeros(1))
        step = share - self.share
        x, weight = _nodes(high - low, step / share)
        z = low + (high - low) * (x + 1) / 2
        distance = z[:, None] * np.sqrt(share) - self.z * np.sqrt(self.share)
        kernel = np.exp(-(distance**2) / (2 * step)) * np.sqrt(share / (2 * np.pi * step))
        return Front(share, z, weight * (high - low) / 2 * (kernel @ self.mass))

    def _beyond(self, share: float, bound: float, drift: ArrayLike, sign: float) -> Floats:
        from scipy.special import ndtr

        theta = np.asarray(drift, dtype=np.float64)[..., None]
        root, step = np.sqrt(self.share), share - self.share
        tilted = self.mass * np.exp(theta * root * self.z - theta**2 * self.share / 2)
        to_go = self.z * root + theta * step - bound * np.sqrt(share)
        return np.asarray(np.sum(tilted * ndtr(sign * to_go / np.sqrt(step)), axis=-1))


START = Front(0.0, np.zeros(1), np.ones(1))
"""Before the first look: everybody at zero."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Looks at `shares` of the information with stopping below `low` and above `high`, and the paths going on."""

    shares: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    fronts: tuple[Front, ...]

    def crossing(self, drift: ArrayLike = 0.0) -> tuple[Floats, Floats]:
        """Probabilities of first stopping at each look, above and below; `(..., looks)` for drifts `(...)`.

        A drift is the expected z statistic at share 1.
        """
        up = [f.above(s, b, drift) for f, s, b in zip(self.fronts, self.shares, self.high, strict=True)]
        down = [f.below(s, b, drift) for f, s, b in zip(self.fronts, self.shares, self.low, strict=True)]
        return np.stack(up, axis=-1), np.stack(down, axis=-1)


def walk(shares: Sequence[float], low: Sequence[float], high: Sequence[float], reach: float = 0.0) -> Walk:
    """Carry the paths over all looks; `reach` is the largest drift, in size, that will be asked for.

    Args:
        shares: of the planned information at each look, rising; above 1 when there was more than planned.
        low: z below which each look stops, `-inf` for never.
        high: z above which each look stops, `inf` for never.
        reach: of drifts, with sign.
    """
    fronts = [START]
    for share, below, above in zip(shares[:-1], low, high, strict=False):
        fronts.append(fronts[-1].onward(share, below, above, reach))
    return Walk(tuple(shares), tuple(low), tuple(high), tuple(fronts))


def _nodes(width: float, step: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes for a region of `width` in z, where one step has the variance `step` of the whole."""
    wanted = _PER_KERNEL * width / np.sqrt(step)
    return legendre(int(np.clip(32 * np.ceil(wanted / 32), _FEWEST, _MOST)))

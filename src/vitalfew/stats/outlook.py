"""Where a series may stand some time ahead: a straight trend, and a random walk around it.

Values are v(t) = a + b t + w(t) + e(t), with a random walk w and independent noise e. The ratio q of their variances is
not known: it is averaged over a grid by its restricted likelihood, and given q all else is exact (a and b flat, the
variance of the noise integrated out). So the prediction is a mixture of Student's t distributions with n - 2 degrees of
freedom. The grid is finer where the walk rules, since a walk that is taken for a trend makes intervals too narrow.
Source: Harvey (1989), "Forecasting, Structural Time Series Models and the Kalman Filter", sections 2.3 and 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 12
"""Values without which neither trend nor scatter is known."""
RATIOS = np.concatenate((np.geomspace(0.01, 1, 6), np.geomspace(1.5, 1000, 14)))
_HALVINGS = 80


@dataclass(frozen=True, slots=True)
class Outlook:
    """A mixture of Student's t distributions: `shares`, `means` and `scales` of equal length, one for each ratio q."""

    shares: Floats
    means: Floats
    scales: Floats
    degrees: int

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(self.shares @ self.means)

    def below(self, value: float) -> float:
        """The chance of a value below this one."""
        from scipy.special import stdtr

        return float(self.shares @ stdtr(self.degrees, (value - self.means) / self.scales))

    def quantile(self, share: float) -> float:
        """The value below which it lies with this chance, 0 < share < 1."""
        width = 1e3 * float(self.scales.max())
        low, high = float(self.means.min()) - width, float(self.means.max()) + width
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < share else (low, middle)
        return (low + high) / 2


def outlook(times: Floats, values: Floats, at: float) -> Outlook:
    """Predict the value at a later time.

    Args:
        times: when values were seen, rising, in any unit; shape (n,).
        values: what was seen; shape (n,).
        at: a time after the last of them.

    Raises:
        NotEnoughData: fewer than twelve values.
    """
    n = len(values)
    if n < FEWEST:
        raise NotEnoughData(f"{n} values tell no trend", expected=f"at least {FEWEST}")
    centre, scale = float(values.mean()), float(values.std()) or 1.0
    seen, since = (values - centre) / scale, times - times[0]
    line = np.column_stack((np.ones(n), since))
    ahead = np.array([1.0, at - times[0]])
    found = [_given(ratio, line, since, seen, ahead) for ratio in RATIOS]
    logs = np.array([each[0] for each in found])
    shares = np.exp(logs - logs.max())
    means, scales = (np.array([each[part] for each in found]) for part in (1, 2))
    return Outlook(shares / shares.sum(), centre + scale * means, scale * scales, n - 2)


def _given(ratio: float, line: Floats, since: Floats, seen: Floats, ahead: Floats) -> tuple[float, float, float]:
    """Log likelihood, mean and scale of the prediction, given the walk's variance per step over the noise's."""
    n = len(seen)
    covariance = np.eye(n) + ratio * np.minimum.outer(since, since)
    beside = ratio * np.minimum(since, ahead[1])
    half = np.linalg.cholesky(covariance)
    x, y, c = (np.linalg.solve(half, part) for part in (line, seen, beside))
    precision = x.T @ x
    effects = np.linalg.solve(precision, x.T @ y)
    residual = y - x @ effects
    squares = max(float(residual @ residual), 1e-12)
    offset = ahead - x.T @ c
    spread = 1 + ratio * ahead[1] - c @ c + offset @ np.linalg.solve(precision, offset)
    log = -np.log(np.diag(half)).sum() - np.linalg.slogdet(precision)[1] / 2 - (n - 2) / 2 * np.log(squares)
    return float(log), float(ahead @ effects + c @ residual), float(np.sqrt(spread * squares / (n - 2)))

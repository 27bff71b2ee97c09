"""How unusual a change is, held against the same computation on dates when nothing happened.

The noise of one series over time is never independent from day to day, and no formula for a standard error is right
for every way in which it hangs together. So none is used: what counts is how far the same number strays on other dates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FAR = 7.5  # median deviations: five standard deviations of normal changes


@dataclass(frozen=True, slots=True)
class Judged:
    """A change beside its placebos, all in the unit of the series.

    Attributes:
        estimate: the change less what such dates show on average, and less what the controls foretell.
        se: how far it strays by chance alone.
        df: degrees of freedom of that.
        p: two-sided.
        intervals: confidence, low, high; each holds what a test at 1 - confidence would not refuse.
        placebos: the changes on the other dates, centred and cleared of the controls in the same way.
        slopes: of the change on that of each control.
    """

    estimate: float
    se: float
    df: float
    p: float
    intervals: tuple[tuple[float, float, float], ...]
    placebos: Floats
    slopes: tuple[float, ...] = ()


def judge(
    change: float,
    placebos: Floats,
    windows: float,
    *,
    controls: Floats | None = None,
    moved: Floats | None = None,
    confidences: Sequence[float] = (0.8, 0.95),
) -> Judged:
    """Judge a change by those on placebo dates.

    A new observation is held against a sample (Student's t): the sample are the placebo dates, and they count as
    `windows` independent ones, however closely they are spaced. With controls the change is first regressed on theirs
    over the placebo dates, and each costs a degree of freedom. Exact for normal changes on dates that do not overlap;
    docs/validation/releases.md has the false alarms for dates that do.

    Args:
        change: at the date in question.
        placebos: on other dates, `(n,)`.
        windows: how many windows that do not overlap these dates cover; at least 3 more than there are controls.
        controls: changes of other series on the placebo dates, `(k, n)`.
        moved: their changes at the date in question, `(k,)`.
        confidences: of the intervals, as shares.

    Raises:
        UsageError: too few dates or windows, or changes that are no numbers.

    >>> found = judge(3.0, np.array([0.5, -1.0, 0.2, 1.1, -0.8, 0.3, -0.6, 0.9]), 8)
    >>> round(found.p, 3), len(found.placebos)
    (0.01, 8)
    """
    shifts = np.empty((0, len(placebos))) if controls is None else controls
    here = np.empty(0) if moved is None else moved
    df = windows - 1 - len(shifts)
    if df < 2 or not np.isfinite([change, *placebos, *shifts.ravel(), *here]).all():  # noqa: PLR2004 - no scale below
        raise UsageError(
            f"{windows:.3g} placebo windows and {len(shifts)} controls", expected="finite changes, 3 windows and more"
        )
    slopes, leverage, left, centre = _cleared(placebos, shifts, here)
    estimate = change - centre
    # The dates overlap, so their number says nothing; as independent windows they would lose these degrees of freedom.
    scale = math.sqrt(float(np.mean(left**2)) * windows / df * (1 + (1 + leverage) / windows))
    p, halves = _student(estimate, scale, df, confidences)
    bounds = ((share, estimate - half, estimate + half) for share, half in zip(confidences, halves, strict=True))
    return Judged(estimate, scale, df, p, tuple(bounds), left, tuple(slopes.tolist()))


def _cleared(placebos: Floats, shifts: Floats, here: Floats) -> tuple[Floats, float, Floats, float]:
    """Slopes on the controls, the leverage of the date (in windows), what is left of the placebos, the forecast."""
    means, centre = shifts.mean(axis=1), _centre(placebos)
    apart = (shifts - means[:, None]).T
    slopes = np.linalg.lstsq(apart, placebos - centre, rcond=None)[0] if len(shifts) else np.empty(0)
    left = placebos - centre - apart @ slopes
    away = here - means
    spread = apart.T @ apart / len(placebos)
    leverage = float(away @ np.linalg.pinv(spread) @ away) if len(shifts) else 0.0
    return slopes, leverage, left, float(centre + away @ slopes)


def _centre(placebos: Floats) -> float:
    """Mean, to which dates far from the others add no more than the farthest of these might.

    A launch long ago is no reason to expect another; it still counts in full in how far dates stray.
    """
    middle = float(np.median(placebos))
    far = _FAR * float(np.median(np.abs(placebos - middle)))
    return float(np.clip(placebos, middle - far, middle + far).mean()) if far > 0 else float(placebos.mean())


def _student(estimate: float, scale: float, df: float, confidences: Sequence[float]) -> tuple[float, list[float]]:
    from scipy import special

    if scale == 0:
        return (1.0 if estimate == 0 else 0.0), [0.0 for _ in confidences]
    p = 2 * float(special.stdtr(df, -abs(estimate) / scale))
    return p, [scale * float(special.stdtrit(df, (1 + share) / 2)) for share in confidences]

"""Group sequential designs: a few looks, planned beforehand, that share one error rate.

Boundaries spend the error rate as information comes in (Lan & DeMets 1983), so looks may fall anywhere; the classic
constants of Pocock (1977) and O'Brien & Fleming (1979) are for equally spaced looks. Futility boundaries are
non-binding: going on against them costs no error. Boundaries, statistics and drifts are on the scale of z; `drift` is
the expected z at all of the planned information. One-sided designs look upwards: turn the sign of a metric that
should fall.

Source of the methods: Jennison & Turnbull (2000), "Group Sequential Methods", chapters 2, 7, 8 and 19.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.normal import ppf
from vitalfew.stats.spending import check_spending, spent
from vitalfew.stats.walk import START, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.spending import Spending
    from vitalfew.stats.walk import Front

    Floats = NDArray[np.float64]

_FARTHEST = 30.0  # z beyond which no boundary is looked for
_LEAST_RATE = 1e-12  # of the classic designs
_LEAST = 1e-14  # error too small to find a boundary for: the look cannot stop
_CLOSE = 1e-10
_WEAKEST, _STRONGEST = 0.05, 30.0  # drifts below and beyond which no design is looked for


def boundaries(
    shares: Sequence[float], alpha: float = 0.05, spending: Spending = "obrien_fleming", *, two_sided: bool = True
) -> tuple[float, ...]:
    """Z values at which each look stops for efficacy; two-sided also below their negatives.

    Args:
        shares: of the planned information at each look, rising, above 0. After the last planned look the rest of the
            error is spent when its share is 1 or more; looks before spend only what is due.
        alpha: error rate over all looks together; two-sided, half of it on each side.
        spending: how the error is spent.
        two_sided: whether harm stops, too.

    Returns:
        One z per look; infinite where so little is due that no result could stop.

    Raises:
        UsageError: shares that do not rise from above 0, an alpha that is no share, an unknown spending function.

    >>> [round(z, 3) for z in boundaries([0.2, 0.4, 0.6, 0.8, 1.0])]
    [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    _check(shares, alpha)
    side = alpha / 2 if two_sided else alpha
    front, used, found = START, 0.0, list[float]()
    for at, share in enumerate(shares):
        due = spent(share, side, spending)
        bound = _bound(front, share, due - used)
        used = due if math.isfinite(bound) else used
        found.append(bound)
        if at + 1 < len(shares):
            front = front.onward(share, -bound if two_sided else -math.inf, bound)
    return tuple(found)


def classic(looks: int, alpha: float = 0.05, shape: Spending = "obrien_fleming") -> tuple[float, ...]:
    """Two-sided boundaries for equally spaced looks: constant (Pocock), or falling with the root of the look.

    >>> round(classic(5, 0.05, "pocock")[-1], 3), round(classic(5, 0.05, "obrien_fleming")[-1], 3)
    (2.413, 2.04)
    """
    from scipy.optimize import brentq

    shares = [(look + 1) / looks for look in range(looks)]
    _check(shares, alpha)
    check_spending(shape)
    scale = [1.0 if shape == "pocock" else 1 / math.sqrt(share) for share in shares]

    def excess(constant: float) -> float:
        high = [constant * part for part in scale]
        return float(np.sum(walk(shares, [-z for z in high], high).crossing())) - alpha

    if alpha < _LEAST_RATE:
        raise UsageError(f"an error rate of {alpha:g} is too small", expected=f"at least {_LEAST_RATE:g}")
    most = ppf(1 - alpha / 2 / looks) + 1
    constant = float(brentq(excess, 0.0, most, xtol=_CLOSE))
    return tuple(constant * part for part in scale)


def futility(
    shares: Sequence[float], high: Sequence[float], drift: float, beta: float, spending: Spending = "obrien_fleming"
) -> tuple[float, ...]:
    """Z values below which each look may stop for futility, non-binding, spending `beta` under the wanted `drift`.

    Never above the efficacy boundary `high`. The last one equals it when the design has the power 1 - beta.

    Args:
        shares: of the planned information at each look.
        high: efficacy boundary.
        drift: expected z at all of the planned information, see `drift_for`.
        beta: chance to miss an effect of that size over all looks.
        spending: how it is spent.

    Raises:
        UsageError: as for `boundaries`; or a boundary is missing, or the drift is no number.
    """
    _check(shares, beta)
    check_looks(shares, high)
    if not math.isfinite(drift):
        raise UsageError(f"a drift of {drift:g}", expected="the z expected at all of the planned information")
    front, used, found = START, 0.0, list[float]()
    for at, (share, top) in enumerate(zip(shares, high, strict=True)):
        due = spent(share, beta, spending)
        bound = min(_lower(front, share, drift, due - used), top)
        used = used if bound == -math.inf else due
        found.append(bound)
        if at + 1 < len(shares):
            front = front.onward(share, bound, top, drift)
    return tuple(found)


def power(shares: Sequence[float], high: Sequence[float], drift: Sequence[float] | Floats | float) -> Floats:
    """Probability of stopping above `high` at any look, and not below -`high` before; shape of `drift`."""
    check_looks(shares, high)
    sizes = np.asarray(drift, dtype=np.float64)
    up, _ = walk(shares, [-z for z in high], high, _reach(sizes)).crossing(sizes)
    return np.asarray(np.sum(up, axis=-1))


def drift_for(
    shares: Sequence[float],
    high: Sequence[float],
    power: float = 0.8,
    futility_spending: Spending | None = None,
) -> float:
    """Expected z at all of the planned information that gives this power, with non-binding futility when named.

    Raises:
        UsageError: the power is no share, or one that these boundaries have without any effect.

    >>> bounds = boundaries([0.2, 0.4, 0.6, 0.8, 1.0])
    >>> round(drift_for([0.2, 0.4, 0.6, 0.8, 1.0], bounds, 0.9), 3)
    3.279
    """
    from scipy.optimize import brentq

    def reached(drift: float) -> float:
        low = [-z for z in high]
        if futility_spending is not None:
            low = list(futility(shares, high, drift, 1 - power, futility_spending))
        return float(np.sum(walk(shares, low, high, drift).crossing(drift)[0])) - power

    check_looks(shares, high)
    if not 0 < power < 1 or reached(_WEAKEST) >= 0:
        raise UsageError(f"a power of {power:g}", expected="a share below 1, above the error rate")
    return float(brentq(reached, _WEAKEST, _STRONGEST, xtol=_CLOSE))


def inflation(shares: Sequence[float], high: Sequence[float], alpha: float = 0.05, power: float = 0.8) -> float:
    """Planned units divided by those of one look at the end, for the same power; two-sided.

    >>> round(inflation([0.2, 0.4, 0.6, 0.8, 1.0], classic(5, 0.05, "pocock")), 3)
    1.229
    """
    return (drift_for(shares, high, power) / (ppf(1 - alpha / 2) + ppf(power))) ** 2


def _bound(front: Front, share: float, due: float) -> float:
    from scipy.optimize import brentq

    if due < _LEAST:
        return math.inf
    return float(brentq(lambda z: float(front.above(share, z)) - due, -_FARTHEST, _FARTHEST, xtol=_CLOSE))


def _lower(front: Front, share: float, drift: float, due: float) -> float:
    from scipy.optimize import brentq

    if due < _LEAST:
        return -math.inf
    if float(front.below(share, _FARTHEST, drift)) <= due:
        return math.inf
    return float(brentq(lambda z: float(front.below(share, z, drift)) - due, -_FARTHEST, _FARTHEST, xtol=_CLOSE))


def _reach(drift: Floats) -> float:
    flat = drift.ravel()
    return float(flat[np.argmax(np.abs(flat))]) if flat.size else 0.0


def _check(shares: Sequence[float], alpha: float) -> None:
    if not 0 < alpha < 1:
        raise UsageError(f"an error rate of {alpha:g} is no share", expected="a number between 0 and 1")
    _check_shares(shares)


def _check_shares(shares: Sequence[float]) -> None:
    steps = zip([0.0, *shares], shares, strict=False)
    if not shares or not all(math.isfinite(after) and before < after for before, after in steps):
        raise UsageError(
            f"looks at {', '.join(f'{share:g}' for share in shares) or 'no share'} of the planned information",
            expected="shares above 0, each larger than the one before",
        )


def check_looks(shares: Sequence[float], high: Sequence[float]) -> None:
    """Refuse looks that cannot be.

    Raises:
        UsageError: shares that do not rise from above 0, or not a boundary for every look.
    """
    _check_shares(shares)
    if len(shares) != len(high) or any(math.isnan(bound) for bound in high):
        raise UsageError(f"{len(high)} boundaries for {len(shares)} looks", expected="a z value for every look")

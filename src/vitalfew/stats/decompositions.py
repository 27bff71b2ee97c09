"""A change of a formula split into what each of its parts did: shares that add up to it exactly, in any order.

Two exact rules, both independent of the order in which parts are changed. *Log-mean* (LMDI-I), for sums of products of
powers of positive parts: a term V contributes `L(V1, V0) * a * ln(x1 / x0)` for a part x with exponent a, where
`L(a, b) = (a - b) / ln(a / b)`; a term of one part alone is its own difference. *Shapley*, for any formula: the average
over all orders of what changing this part does.

Sources: Ang (2005), "The LMDI approach to decomposition analysis: a practical guide", Energy Policy 33, eqs 5 and 6;
Sun (1998), "Changes in energy consumption and energy intensity: a complete decomposition model", Energy Economics 20,
which Ang, Liu and Chew (2003) show to be the Shapley value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    type Reals = NDArray[np.float64]

Rule = Literal["difference", "log-mean", "shapley"]

_NEAR = 1e-4  # of two numbers whose log-mean is taken from its series
_TINY = 1e-150
_STEP = 1e-6  # of numerical derivatives, in parts of the number
_LEAST_STEP = 1e-300  # below, a step would be rounded to nothing


@dataclass(frozen=True, slots=True)
class Products:
    """A sum of products of powers: coefficients `(m,)` and exponents `(m, n)` of n parts."""

    coefficients: Reals
    exponents: Reals

    def __call__(self, parts: Reals) -> Reals:
        """The sum at parts `(..., n)`, `(...,)`."""
        return np.asarray(self.terms(parts).sum(axis=-1), dtype=np.float64)

    def terms(self, parts: Reals) -> Reals:
        """Each term at parts `(..., n)`, `(..., m)`; a negative part to a whole power is no trouble."""
        return np.asarray(self.coefficients * np.prod(parts[..., None, :] ** self.exponents, axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Shares of n parts in the change of a whole; they add up to it.

    Attributes:
        shares: `(n,)`, in the unit of the whole.
        by_before: derivative of each share by each part as it was before, `(n, n)`.
        by_after: and by each part as it was after.
        rule: by which they were found.
    """

    shares: Reals
    by_before: Reals
    by_after: Reals
    rule: Rule

    def covariance(self, before: Reals, after: Reals, between: Reals | None = None) -> Reals:
        """Covariance `(n, n)` of the shares, from the errors of the parts (delta method).

        Args:
            before: covariance of the parts as estimated before, `(n, n)`.
            after: and after.
            between: covariance of each part before (rows) with each after (columns); None: two samples apart.
        """
        found = self.by_before @ before @ self.by_before.T + self.by_after @ after @ self.by_after.T
        if between is not None:
            cross = self.by_before @ between @ self.by_after.T
            found = found + cross + cross.T
        return np.asarray(found, dtype=np.float64)


def decompose(whole: Callable[[Reals], Reals] | Products, before: Reals, after: Reals) -> Decomposition:
    """Split the change of a whole between two states of its parts.

    Args:
        whole: of parts `(..., n)`, `(...,)`; as `Products` where it can be written so, which is exact and fast.
        before: parts before, `(n,)`.
        after: parts after, `(n,)`.

    Raises:
        NotEnoughData: the whole is not defined on the way, as where something is divided by zero or too large to write.

    >>> decompose(Products(np.ones(1), np.ones((1, 2))), np.array([10.0, 2.0]), np.array([10.0, 3.0])).shares.tolist()
    [0.0, 10.0]
    """
    rule = _rule(whole, before, after)
    states = _nudged(before, after)
    too_large: list[str] = []
    with np.errstate(divide="ignore", invalid="ignore", over="call", call=lambda kind, _: too_large.append(kind)):
        if isinstance(whole, Products) and rule != "shapley":
            shares = _by_terms(whole, *states)
        else:
            shares = _shapley(whole, *states)
    if not np.isfinite(shares).all():
        raise NotEnoughData(
            "the formula is not defined between the two states of its parts",
            hint="numbers on the way are too large to write: take larger units for the parts"
            if too_large
            else "a part that is divided by may be zero",
        )
    n = len(before)
    steps = np.concatenate([_steps(before, after), _steps(after, before)])
    slopes = ((shares[1 : 2 * n + 1] - shares[2 * n + 1 :]) / (2 * steps)[:, None]).T
    return Decomposition(shares[0], slopes[:, :n], slopes[:, n:], rule)


def log_mean(one: Reals, other: Reals) -> Reals:
    """Logarithmic mean of positive numbers, `(a - b) / ln(a / b)`; their common value where they are equal."""
    ratio = one / other
    gap = ratio - 1
    # Near 1 the quotient loses all digits; L(1 + d, 1) = 1 + d/2 - d^2/12 + d^3/24 - …
    series = 1 + gap / 2 - gap**2 / 12 + gap**3 / 24
    near = np.abs(gap) < _NEAR
    exact = gap / np.where(near, 1.0, np.log(np.where(near, 2.0, ratio)))
    return np.asarray(other * np.where(near, series, exact), dtype=np.float64)


def _rule(whole: Callable[[Reals], Reals] | Products, before: Reals, after: Reals) -> Rule:
    if not isinstance(whole, Products):
        return "shapley"
    joint = _joint_terms(whole)
    if not joint.any():
        return "difference"
    used = (whole.exponents[joint] != 0).any(axis=0)
    states = np.stack([before, after])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sizes = np.abs(whole.terms(states)[:, joint])
    ordinary = (sizes > _TINY).all() and (sizes < 1 / _TINY).all()  # beyond, a product is rounded to nothing
    return "log-mean" if (states[:, used] > 0).all() and ordinary else "shapley"


def _joint_terms(whole: Products) -> NDArray[np.bool_]:
    """Terms that are more than a number times one part."""
    return np.asarray((whole.exponents != 0).sum(axis=1) + (whole.exponents < 0).any(axis=1) > 1)


def _by_terms(whole: Products, before: Reals, after: Reals) -> Reals:
    """Shares `(..., n)`: log-means of products, differences of terms of one part."""
    joint = _joint_terms(whole)
    first, second = whole.terms(before), whole.terms(after)
    alone = (second - first)[..., ~joint] @ (whole.exponents[~joint] != 0)
    used = (whole.exponents[joint] != 0).any(axis=0)
    grown = np.log(np.where(used, after, 1.0) / np.where(used, before, 1.0))
    weight = log_mean(second[..., joint], first[..., joint])
    return np.asarray(alone + (weight @ whole.exponents[joint]) * grown, dtype=np.float64)


def _shapley(whole: Callable[[Reals], Reals], before: Reals, after: Reals) -> Reals:
    """Shares `(..., n)` by all subsets of parts that have changed already, so 2^n evaluations."""
    n = before.shape[-1]
    subsets = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    values = whole(np.where(subsets, after[..., None, :], before[..., None, :]))
    sizes = subsets.sum(axis=1)
    chance = np.array([factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)])
    shares = []
    for part in range(n):
        without = np.flatnonzero(~subsets[:, part])
        step = values[..., without | 1 << part] - values[..., without]
        shares.append(step @ chance[sizes[without]])
    return np.stack(shares, axis=-1)


def _steps(own: Reals, other: Reals) -> Reals:
    """Small beside each part itself, so that what is positive stays so."""
    size = np.where(own != 0, np.abs(own), np.abs(other))
    return np.asarray(np.maximum(_STEP * np.where(size > 0, size, 1.0), _LEAST_STEP), dtype=np.float64)


def _nudged(before: Reals, after: Reals) -> tuple[Reals, Reals]:
    """Both states `(4n + 1, n)`: as they are, then with each part of before and after a step up, then a step down."""
    n = len(before)
    first, second = np.diag(_steps(before, after)), np.diag(_steps(after, before))
    none = np.zeros((n, n))
    zero = np.zeros((1, n))
    return (
        before + np.concatenate([zero, first, none, -first, none]),
        after + np.concatenate([zero, none, second, none, -second]),
    )

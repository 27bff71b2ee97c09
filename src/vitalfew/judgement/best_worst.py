"""Weights of the linear best-worst method, to show beside ours as a cross-check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.judgement.answers import BestWorst


def linear_weights(said: BestWorst, factors: Sequence[str]) -> tuple[dict[str, float], float]:
    """The weights that come nearest to a person's answers in the largest difference, by linear programming.

    Minimise xi over weights that sum to 1, with |w_best - a w_j| <= xi and |w_j - a w_worst| <= xi. Source: Rezaei
    (2016), "Best-worst multi-criteria decision-making method: some properties and a linear model", Omega 64.

    Args:
        said: the answers.
        factors: all of them.

    Returns:
        Weights by factor, and xi: 0 when the answers agree with each other.

    Raises:
        NotEnoughData: some factor is compared with neither the best nor the worst.
    """
    from scipy.optimize import linprog

    place = {factor: at for at, factor in enumerate(factors)}
    pairs = list(said.ratios())
    missing = [name for name in factors if not any(name in (one, other) for one, other, _ in pairs)]
    if missing:
        raise NotEnoughData(f"nothing compares {', '.join(missing)} with the best or the worst")
    rows = []
    for one, other, times in pairs:
        row = np.zeros(len(factors) + 1)
        row[place[one]], row[place[other]] = 1.0, -times
        rows += [row, -row]
    bounds = np.array(rows)
    bounds[:, -1] = -1.0
    cost = np.zeros(len(factors) + 1)
    cost[-1] = 1.0
    total = np.append(np.ones(len(factors)), 0.0)[None]
    found = linprog(cost, A_ub=bounds, b_ub=np.zeros(len(bounds)), A_eq=total, b_eq=[1.0], method="highs")
    *shares, xi = np.asarray(found.x, dtype=np.float64).tolist()  # always solvable: xi may be as large as needed
    return dict(zip(factors, shares, strict=True)), xi

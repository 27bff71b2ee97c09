"""What some numbers lead one to expect of others, learnt from draws: least squares on a basis chosen by its errors.

This is how the value of partial information is computed without nested simulation (Strong, Oakley & Brennan 2014,
Medical Decision Making 34). Every prediction is made by a fit that has not seen its draw, so that choices which rest
on predictions gain nothing from fitting noise.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 5
_KNOTS = (3, 8)
_FEWEST = 20  # draws per column of a basis, below which it is not tried
_RIDGE = 1e-9


def expected_given(targets: Floats, given: Floats) -> Floats:
    """The mean of each target given some numbers, draw by draw, each by a fit to the other draws.

    Bases from a constant over lines and cubic pieces to products of two numbers compete; for each target the one with
    the least squared error on unseen draws counts.

    Args:
        targets: `(k, draws)`; the draws are independent of each other.
        given: `(p, draws)`.

    Returns:
        `(k, draws)`.
    """
    given = given[given.std(axis=1) > 0]
    draws = targets.shape[1]
    best = np.full(len(targets), np.inf)
    found = np.zeros_like(targets)
    for basis in _bases(given, draws):
        predicted = _held_out(targets, basis)
        error = ((targets - predicted) ** 2).mean(axis=1)
        better = error < best
        found[better], best[better] = predicted[better], error[better]
    return found


def _bases(given: Floats, draws: int) -> Iterator[Floats]:
    """Ever richer bases, `(columns, draws)` each, as long as the draws bear them."""
    one = np.ones((1, draws))
    yield one
    if not len(given):
        return
    line = (given - given.mean(axis=1, keepdims=True)) / given.std(axis=1, keepdims=True)
    pairs = [line[a] * line[b] for a, b in combinations(range(len(line)), 2)]
    bent = [np.vstack([line, *_pieces(line, knots)]) for knots in _KNOTS]
    for columns in (line, *bent, *([np.vstack([bent[0], *pairs])] if pairs else ())):
        if (len(columns) + 1) * _FEWEST <= draws:
            yield np.vstack([one, columns])


def _pieces(line: Floats, knots: int) -> list[Floats]:
    """Squares, cubes, and cubes that begin at quantiles: together with the lines, cubic splines."""
    begins = [np.quantile(line, share, axis=1)[:, None] for share in (np.arange(knots) + 1) / (knots + 1)]
    return [line**2, line**3, *(np.clip(line - begin, 0.0, None) ** 3 for begin in begins)]


def _held_out(targets: Floats, basis: Floats) -> Floats:
    """Predictions of each fold by the fit to the others: their sums are those of all, less those of the fold."""
    predicted = np.empty_like(targets)
    scaled = basis / np.maximum(np.sqrt((basis**2).mean(axis=1, keepdims=True)), 1e-300)
    ends = np.linspace(0, scaled.shape[1], FOLDS + 1).astype(int).tolist()
    cuts = [slice(*both) for both in pairwise(ends)]  # one after the other: the draws are in no order
    folds = [(np.ascontiguousarray(scaled[:, cut]), np.ascontiguousarray(targets[:, cut])) for cut in cuts]
    grams, sums = [part @ part.T for part, _ in folds], [part @ known.T for part, known in folds]
    ridge = _RIDGE * scaled.shape[1] * np.eye(len(scaled))
    for at, (cut, (part, _)) in enumerate(zip(cuts, folds, strict=True)):
        fit = np.linalg.solve(sum(grams) - grams[at] + ridge, sum(sums) - sums[at])
        predicted[:, cut] = fit.T @ part
    return predicted

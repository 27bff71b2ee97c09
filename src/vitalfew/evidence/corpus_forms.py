"""Effects of one comparison as weighted sums of columns, from which the covariance of their errors follows.

The difference of two means, of two ratios (linearised, delta method), of averages over phases or strata, adjusted or
not: each is, up to terms that vanish with the number of units, the same weighted sum of columns in both arms. Products
of columns then say how the errors of two effects vary together (Deng, Knoblich & Lu 2018, KDD, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.regression import adjusted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.comparisons import Item
    from vitalfew.stats.moments import Moments

    Floats = NDArray[np.float64]
    Cell = tuple[Moments, Moments]
    Slopes = Mapping[str, float]

_FEWEST = 2  # units that an arm needs in a phase or stratum to count
_CONTROL, _TREATMENT = 0, 1


@dataclass(frozen=True, slots=True)
class Part:
    """What one phase or stratum adds to an effect: weights of its columns by name, in control and in treatment.

    `plain` are the weights without covariates, as if the cell were the whole experiment.
    """

    cell: Cell
    share: float
    counts: tuple[float, float]
    columns: tuple[Mapping[str, float], Mapping[str, float]]
    plain: tuple[Mapping[str, float], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Form:
    """One effect: its estimate, and the weights of columns that it is made of."""

    metric: str
    estimate: float
    parts: tuple[Part, ...]

    @property
    def unit_variance(self) -> tuple[float, float]:
        """Variance of a unit's contribution within an arm, before adjustment, and how many units say so."""
        total, units = 0.0, 0.0
        for part in self.parts:
            for moments, weights, n in zip(part.cell, part.plain, part.counts, strict=True):
                total += n * _variance(moments, weights)
                units += n
        return (total / units if units else np.nan), units


def forms(items: Sequence[Item]) -> list[Form]:
    """Write effects as weighted sums of columns, in the order of the items, which all have moments."""
    slopes = _slopes(items)
    return [
        _plain(item)
        if len(item.cells) == 1 and item.denominator is None and (at, 0) not in slopes
        else _form(item, at, slopes)
        for at, item in enumerate(items)
    ]


def covariance(found: Sequence[Form]) -> Floats:
    """Covariance `(g, g)` of the errors of effects of the same two arms; NaN where the source does not say.

    Effects from rows of their own, or whose products were not reported, say nothing about each other.
    """
    size = len(found)
    total, met = np.zeros((size, size)), np.zeros((size, size), dtype=bool)
    cells: dict[tuple[int, int], list[tuple[int, Part]]] = {}
    for at, form in enumerate(found):
        for part in form.parts:
            cells.setdefault((id(part.cell[0]), id(part.cell[1])), []).append((at, part))
    for members in cells.values():
        places = np.array([at for at, _ in members], dtype=np.intp)
        square = np.ix_(places, places)
        met[square] = True
        for side in (_CONTROL, _TREATMENT):
            total[square] += _of_arm([part for _, part in members], side)
    return np.where(met, total, np.nan)


def _of_arm(parts: Sequence[Part], side: int) -> Floats:
    moments = parts[0].cell[side]
    weights = np.zeros((len(parts), len(moments.names)))
    position = {name: at for at, name in enumerate(moments.names)}
    for row, part in enumerate(parts):
        for name, weight in part.columns[side].items():
            weights[row, position[name]] = weight
    counts = np.array([part.counts[side] for part in parts])
    sums = np.divide(moments.cross * moments.n, moments.n - 1, out=np.zeros_like(moments.n), where=moments.n > 1)
    used = (weights != 0).astype(np.float64)
    unknown = used @ np.isnan(sums).astype(np.float64) @ used.T > 0
    found = weights @ np.nan_to_num(sums) @ weights.T / np.outer(counts, counts)
    return np.where(unknown, np.nan, found)


def _plain(item: Item) -> Form:
    """The difference of two means, which most effects are."""
    cell = item.cells[0]
    counts = (_count(cell[0], item), _count(cell[1], item))
    one = {item.metric: 1.0}
    estimate = cell[1].mean_of(item.metric) - cell[0].mean_of(item.metric)
    return Form(item.metric, estimate, (Part(cell, 1.0, counts, (one, one), (one, one)),))


def _form(item: Item, at: int, slopes: Mapping[tuple[int, int], Slopes]) -> Form:
    counts = [(_count(cell[0], item), _count(cell[1], item)) for cell in item.cells]
    sizes = np.array([sum(pair) if min(pair) >= _FEWEST else 0.0 for pair in counts])
    shares = sizes / sizes.sum() if sizes.sum() > 0 else np.zeros(len(sizes))
    sides = [_side(item, side, shares) for side in (_CONTROL, _TREATMENT)]
    estimate = sides[_TREATMENT][0] - sides[_CONTROL][0]
    parts = []
    for index, (cell, share) in enumerate(zip(item.cells, shares, strict=True)):
        if not share > 0:
            continue
        own = slopes.get((at, index), {})
        estimate -= share * sum(slope * (cell[1].mean_of(z) - cell[0].mean_of(z)) for z, slope in own.items())
        moved = {z: -share * slope for z, slope in own.items()}
        columns = tuple({**sides[side][1][index], **moved} for side in (_CONTROL, _TREATMENT))
        plain = tuple(_linear(item, *_level(item, cell[side])) for side in (_CONTROL, _TREATMENT))
        parts.append(Part(cell, float(share), counts[index], (columns[0], columns[1]), (plain[0], plain[1])))
    return Form(item.metric, float(estimate), tuple(parts))


def _side(item: Item, side: int, shares: Floats) -> tuple[float, list[dict[str, float]]]:
    """Level of one arm over all cells, and what the columns of each cell add to it."""
    levels = [_level(item, cell[side]) for cell in item.cells]
    used = shares > 0
    top, bottom = (
        float(sum(share * level[part] for share, level, use in zip(shares, levels, used, strict=True) if use))
        for part in (0, 1)
    )
    weights = [
        {name: share * weight for name, weight in _linear(item, top, bottom).items()}
        for cell, share in zip(item.cells, shares, strict=True)
    ]
    return (top if item.denominator is None else top / bottom), weights


def _level(item: Item, moments: Moments) -> tuple[float, float]:
    """Means of numerator and denominator over the units that have both; a mean's denominator is 1."""
    y = moments.at(item.metric)
    if item.denominator is None:
        return float(moments.shift[y] + moments.mean[y, y]), 1.0
    x = moments.at(item.denominator)
    return float(moments.shift[y] + moments.mean[y, x]), float(moments.shift[x] + moments.mean[x, y])


def _linear(item: Item, top: float, bottom: float) -> dict[str, float]:
    """Weights of the columns of a mean or, around its level, of a ratio of means."""
    if item.denominator is None:
        return {item.metric: 1.0}
    return {item.metric: 1.0 / bottom, item.denominator: -top / bottom**2}


def _count(moments: Moments, item: Item) -> float:
    y = moments.at(item.metric)
    x = y if item.denominator is None else moments.at(item.denominator)
    return float(moments.n[y, x])


def _variance(moments: Moments, weights: Mapping[str, float]) -> float:
    return sum(
        one * other * moments.covariance_of(first, second)
        for first, one in weights.items()
        for second, other in weights.items()
    )


def _slopes(items: Sequence[Item]) -> dict[tuple[int, int], Slopes]:
    """Slopes of the covariates that `adjusted` uses, by item and cell: the same for both arms (see there)."""
    wanted = [(at, index) for at, item in enumerate(items) if item.covariates for index in range(len(item.cells))]
    if not wanted:
        return {}
    cells = [items[at].cells[index] for at, index in wanted]
    some = [items[at] for at, _ in wanted]
    fit = adjusted(
        [cell[0] for cell in cells],
        [cell[1] for cell in cells],
        [item.metric for item in some],
        [item.denominator for item in some],
        [item.covariates for item in some],
    )
    return {
        place: _slope(item, cell, used)
        for place, item, cell, used in zip(wanted, some, cells, fit.used, strict=True)
        if used
    }


def _slope(item: Item, cell: Cell, used: tuple[str, ...]) -> dict[str, float]:
    """One slope pooled within the arms; of several covariates each arm's own, weighted by the other arm's share.

    Both arms read at the covariates' mean over all units is the plain difference less these slopes times the
    difference of the covariates.
    """
    zy, zz = zip(*(_products(item, moments, used) for moments in cell), strict=True)
    if len(used) == 1:
        found = np.linalg.solve(zz[0] + zz[1], zy[0] + zy[1])
    else:
        n = np.array([_count(moments, item) for moments in cell])
        own = [np.linalg.solve(matrix, vector) for matrix, vector in zip(zz, zy, strict=True)]
        found = (n[1] * own[0] + n[0] * own[1]) / n.sum()
    return dict(zip(used, found.tolist(), strict=True))


def _products(item: Item, moments: Moments, used: tuple[str, ...]) -> tuple[Floats, Floats]:
    z = [moments.at(name) for name in used]
    weights = _linear(item, *_level(item, moments))
    zy = np.sum([weight * moments.cross[z, moments.at(name)] for name, weight in weights.items()], axis=0)
    return np.asarray(zy, dtype=np.float64), np.asarray(moments.cross[np.ix_(z, z)], dtype=np.float64)

"""What links say together along chains, held against the effects at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.downgrades import SIGNIFICANT
from vitalfew.evidence.grades import GRADES
from vitalfew.results.basics import Estimate
from vitalfew.results.rows import PathRow
from vitalfew.results.words import listed
from vitalfew.stats.link_fit import slopes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import LinkRow
    from vitalfew.stats.effect_spread import Refits
    from vitalfew.workspace.definitions import Grade

    Floats = NDArray[np.float64]

NOT_ALL = "no total: the data do not identify {links}"
NO_DIRECT = (
    "no direct estimate: past effects on {parent}, beside those on what goes with it, are too faint to tell what"
    " becomes of {child}, or too few experiments measured both"
)
SATURATED = "no check: with these links total and direct are the same by construction"
_SAME = 1e-6  # of a standard error: what rounding leaves of a difference that is none
MISSING_PATH = (
    "unexplained: the links drawn say something else than the effects on both ends (p {p:.2g}): a link is missing"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """A metric and one it moves through others.

    Attributes:
        links: keys of all links on the way.
        others: metrics held fixed when the two ends are compared directly, so that what moves both does not count.
    """

    parent: str
    child: str
    links: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slopes:
    """Links as numbers: families of parents of one child, refitted with each spread, and exact slopes.

    Attributes:
        metrics: of the fit, in its order.
        families: parents by child, as estimated.
        exact: slopes of components by parent and child, in the metrics' units.
        units: what the spreads are in, `(G,)`; slopes come out in the metrics' units.
    """

    metrics: tuple[str, ...]
    families: Mapping[str, tuple[str, ...]]
    exact: Mapping[tuple[str, str], float]
    units: Floats

    def totals(self, spread: Floats, chains: Sequence[Chain]) -> Floats:
        """Effect of each chain's parent on its child along all links, `(c,)`."""
        names = {name: at for at, name in enumerate(self._every())}
        slopes = np.zeros((len(names), len(names)))
        for child, parents in self.families.items():
            own = [self.metrics.index(parent) for parent in parents]
            found = self._slopes(spread, self.metrics.index(child), own)
            for parent, slope in zip(parents, found, strict=True):
                slopes[names[child], names[parent]] = slope
        for (parent, child), slope in self.exact.items():
            slopes[names[child], names[parent]] = slope
        total = np.linalg.inv(np.eye(len(names)) - slopes)
        return np.array([total[names[chain.child], names[chain.parent]] for chain in chains])

    def directs(self, spread: Floats, chains: Sequence[Chain]) -> Floats:
        """Slope of each chain's child on its parent from their own effects, `(c,)`; NaN where one is not measured."""
        found = np.full(len(chains), np.nan)
        for at, chain in enumerate(chains):
            places = self.places(chain)
            if places is not None:
                found[at] = self._slopes(spread, places[0], places[1:])[0]
        return found

    def places(self, chain: Chain) -> list[int] | None:
        """Columns of a chain's child, its parent and what is held fixed; None where one is not measured."""
        wanted = (chain.child, chain.parent, *chain.others)
        return [self.metrics.index(name) for name in wanted] if set(wanted) <= set(self.metrics) else None

    def _slopes(self, spread: Floats, child: int, parents: list[int]) -> Floats:
        return np.asarray(slopes_of(spread, child, parents) * self.units[child] / self.units[parents])

    def _every(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.metrics, *(name for pair in self.exact for name in pair))))


def chains(rows: Sequence[LinkRow]) -> tuple[Chain, ...]:
    """Every pair of metrics with another one between them, by the links between them."""
    into: dict[str, list[LinkRow]] = {}
    for row in rows:
        into.setdefault(row.child, []).append(row)
    metrics = dict.fromkeys(name for row in rows for name in (row.parent, row.child))
    above = {name: _above(name, into) for name in metrics}
    found = []
    for child in metrics:
        for parent in above[child]:
            between = [middle for middle in above[child] if parent in above[middle]]
            if between and _influences(parent, child, between, into):
                links = _links(parent, child, between, rows)
                found.append(Chain(parent, child, links, _others(parent, child, into, above)))
    return tuple(found)


def _above(name: str, into: Mapping[str, Sequence[LinkRow]]) -> dict[str, None]:
    """All metrics that lead to one, without recursion."""
    found: dict[str, None] = {}
    trail = [name]
    while trail:
        for row in into.get(trail.pop(), ()):
            if row.parent not in found:
                found[row.parent] = None
                trail.append(row.parent)
    return found


def _links(parent: str, child: str, between: Iterable[str], rows: Sequence[LinkRow]) -> tuple[str, ...]:
    """All links on the way, in the order of the workspace."""
    inside = {parent, child, *between}
    ends = inside - {parent}
    return tuple(dict.fromkeys(row.link for row in rows if row.parent in inside and row.child in ends))


def _influences(parent: str, child: str, between: Iterable[str], into: Mapping[str, Sequence[LinkRow]]) -> bool:
    """Whether anything on the way was estimated; formulas alone need no check by effects."""
    inside = {parent, child, *between}
    return any(
        row.kind == "influence" and row.parent in inside for name in (child, *between) for row in into.get(name, ())
    )


def _others(
    parent: str,
    child: str,
    into: Mapping[str, Sequence[LinkRow]],
    above: Mapping[str, Mapping[str, None]],
) -> tuple[str, ...]:
    """What has to be held fixed: the parents of the upper end; for one without any, the other beginnings of chains.

    Changes often move several beginnings at once, which is no effect of one on the other end.
    """
    own = tuple(dict.fromkeys(row.parent for row in into.get(parent, ())))
    if own:
        return own
    return tuple(name for name in above[child] if name != parent and not into.get(name))


def path_rows(
    found: Sequence[Chain],
    slopes: Slopes,
    refits: Refits,
    rows: Sequence[LinkRow],
    direct: Collection[Chain],
    titles: Mapping[str, str],
) -> list[PathRow]:
    """Chains as rows: total along links, direct, and what is left between, by one jackknife of all three.

    Args:
        found: chains.
        slopes: of the links.
        refits: spreads of all experiments and without each group.
        rows: of the links.
        direct: chains whose direct slope is identified.
        titles: of the metrics at the ends.
    """
    if not found:
        return []

    def statistic(spread: Floats) -> Floats:
        total, direct = slopes.totals(spread, found), slopes.directs(spread, found)
        return np.concatenate([total, direct, direct - total])

    told = refits.of(statistic)
    by_key: dict[str, list[LinkRow]] = {}
    for row in rows:
        by_key.setdefault(row.link, []).append(row)
    size = len(found)
    out = []
    for at, chain in enumerate(found):
        lines = [row for key in chain.links for row in by_key[key]]
        parts = [_estimate(told.estimate[k], told.se[k], told.df) for k in (at, at + size, at + 2 * size)]
        p_value = _p(told.estimate[at + 2 * size], told.se[at + 2 * size], told.df)
        if told.se[at + 2 * size] <= _SAME * told.se[at]:
            parts[2], p_value = None, None
        out.append(_row(chain, lines, parts, p_value, titles, direct=chain in direct))
    return out


def _row(
    chain: Chain,
    lines: Sequence[LinkRow],
    parts: Sequence[Estimate | None],
    p_value: float | None,
    titles: Mapping[str, str],
    *,
    direct: bool,
) -> PathRow:
    unknown = [
        f"{titles[row.parent]} \N{RIGHTWARDS ARROW} {titles[row.child]}" for row in lines if row.estimate is None
    ]
    total, own = (None if unknown else parts[0]), (parts[1] if direct else None)
    both = total is not None and own is not None
    same = both and parts[2] is None
    notes = [NOT_ALL.format(links=listed(dict.fromkeys(unknown)))] if unknown else []
    notes += [] if own is not None else [NO_DIRECT.format(parent=titles[chain.parent], child=titles[chain.child])]
    notes += [SATURATED] if same else []
    grade: Grade = max((row.grade for row in lines), key=GRADES.index)
    if both and p_value is not None and p_value < SIGNIFICANT:
        notes.append(MISSING_PATH.format(p=p_value))
        grade = GRADES[min(GRADES.index(grade) + 1, GRADES.index("correlated"))]
    return PathRow(
        parent=chain.parent,
        child=chain.child,
        links=chain.links,
        total=total,
        direct=own,
        unexplained=parts[2] if both else None,
        unexplained_p=p_value if both else None,
        experiments=min((row.experiments for row in lines if row.kind == "influence"), default=0),
        grade=grade,
        notes=tuple(notes),
    )


def _estimate(value: float, se: float, df: float) -> Estimate | None:
    from scipy.special import stdtrit

    if not np.isfinite(value + se):
        return None
    half = float(stdtrit(df, 0.975)) * se
    return Estimate(float(value), float(value - half), float(value + half))


def _p(value: float, se: float, df: float) -> float | None:
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(value) / se)) if np.isfinite(value) and se > 0 else None

"""The vital few factors of a workspace: what each decides, and what deciding by fewer would cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.vital_factors import (
    Stakes,
    alone,
    assumed,
    assumed_alone,
    flips,
    shares_of_variance,
    summary,
    way_down,
)
from vitalfew.results.rows import FactorShareRow, VitalFactorsRow
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from typing import Literal

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.measured_lines import MeasuredLines
    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Flags
    from vitalfew.decide.vital_factors import Step
    from vitalfew.results.rows import Tables
    from vitalfew.workspace.definitions import Definitions

    type Basis = Literal["candidates", "shipped", "assumed"]

WEIGHT_DRAWS = 200
FEWEST_LINES = 5
"""Candidates below which shipped lines count, too; and lines below which nothing is said to decide nothing."""
PARKED_FLIPS = 0.05
_SHOWN_POINT = 0.1  # a value that the ledger shows as other than zero


@dataclass(frozen=True, slots=True)
class _Lines:
    """What is chosen from, with the keys of the lines and where they come from."""

    stakes: Stakes
    lines: tuple[str, ...]
    basis: Basis
    notes: tuple[str, ...]


def vital_few(
    definitions: Definitions, tables: Tables, options: Options, measured: MeasuredLines
) -> tuple[tuple[VitalFactorsRow, ...], tuple[FactorShareRow, ...]]:
    """The way down to one factor, with the price of the declared North Star, and what each factor decides.

    Args:
        definitions: of the workspace.
        tables: of the stages before; only the weights are read.
        options: the candidates.
        measured: what has shipped, which counts where candidates are fewer than five, or silent about a factor.
    """
    if not options.factors:
        return (), ()
    found = _lines(options.shown, measured)
    if options.sealed:
        found = _noted(found, "candidates whose forecasts are sealed are left out: these numbers would tell them")
    if not tables.weights:
        found = _noted(found, "weights unknown: over all weights there could be")
    return _way_rows(definitions, found), _share_rows(tables, found, measured)


def _lines(options: Options, measured: MeasuredLines) -> _Lines:
    weights = np.asarray(options.weights[:, :WEIGHT_DRAWS].T, dtype=np.float64)
    keys = tuple(line for line, ready in zip(options.lines, options.fundable, strict=True) if ready)
    values = options.swings[options.fundable].mean(axis=2, dtype=np.float64)
    costs = options.costs[options.fundable].mean(axis=1, dtype=np.float64)
    untold = measured.means.any(axis=0) & ~values.any(axis=0)
    if (len(keys) >= FEWEST_LINES and not untold.any()) or (len(keys) > 1 and not measured.lines):
        stakes = Stakes(options.factors, values, costs, options.budget, weights)
        return _Lines(stakes, keys, "candidates", options.notes)
    values = np.concatenate([values, measured.means])
    costs, notes = _known_costs(np.concatenate([costs, measured.costs]))
    budget = max(float(costs.sum()) / 2, float(costs.max(initial=0.0)))
    stakes = Stakes(options.factors, values, costs, budget, weights)
    if len(values) < 2:  # noqa: PLR2004 - a choice is between two
        note = (
            "no two lines have a value yet: what fewer factors would cost here is not known; "
            "shown is what they would cost if every line moved all factors alike"
        )
        return _Lines(stakes, (*keys, *measured.lines), "assumed", (note,))
    why = "fewer than five candidates have a value and a cost"
    if len(keys) >= FEWEST_LINES:
        why = "no candidate is known to move some of the factors"
    said = f"{why}: what has shipped counts too, as measured, as if half of what all of them cost could be spent"
    notes = (said, *notes)
    return _Lines(stakes, (*keys, *measured.lines), "shipped", notes)


def _known_costs(costs: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Costs without gaps, and what was put there."""
    unknown = np.isnan(costs)
    if not unknown.any():
        return costs, ()
    if unknown.all():
        return np.ones_like(costs), ("no cost is known: all lines are taken as equally dear",)
    filled = np.where(unknown, float(np.median(costs[~unknown])), costs)
    return filled, (f"{int(unknown.sum())} lines without a cost are taken to cost what the middle one does",)


def _noted(found: _Lines, note: str) -> _Lines:
    return _Lines(found.stakes, found.lines, found.basis, (*found.notes, note))


def _way_rows(definitions: Definitions, found: _Lines) -> tuple[VitalFactorsRow, ...]:
    stakes, is_assumed = found.stakes, found.basis == "assumed"
    steps = assumed(stakes.factors, stakes.weights) if is_assumed else way_down(stakes)
    smallest = min((len(step.factors) for step in steps if step.is_enough()), default=None)
    rows = [_row(definitions, found, step, enough=len(step.factors) == smallest) for step in steps]
    stars = [key for key, factor in definitions.factors.items() if factor.north_star and key in stakes.factors]
    for star in stars:
        if steps[-1].factors != (star,):
            lone = assumed_alone(stakes.factors, stakes.weights, (star,)) if is_assumed else alone(stakes, (star,))
            rows.append(_row(definitions, found, lone, declared=True))
    return tuple(rows)


def _row(
    definitions: Definitions, found: _Lines, step: Step, *, enough: bool = False, declared: bool = False
) -> VitalFactorsRow:
    is_all = len(step.factors) == len(found.stakes.factors)
    lost = step.lost()
    notes = (*found.notes, *_untold(definitions, found)) if is_all else ()
    if lost is None and is_all:
        notes = (*notes, "no line is worth its while: there is no value that fewer factors could lose")
    return VitalFactorsRow(
        k=len(step.factors),
        factors=step.factors,
        regret=lost,
        tau=summary(step.tau),
        enough=enough,
        dropped=step.dropped,
        declared=declared,
        basis=found.basis,
        lines=len(found.lines),
        notes=notes,
    )


def _untold(definitions: Definitions, found: _Lines) -> tuple[str, ...]:
    """Factors that no line is known to move: leaving them out is free only as long as nobody knows better."""
    if found.basis == "assumed":
        return ()
    moved = _moved(found)
    factors = zip(found.stakes.factors, moved, strict=True)
    silent = [definitions.title("factors", key) for key, is_moved in factors if not is_moved]
    return (f"no line is known to move {listed(silent)}: what leaving it out costs is not known",) if silent else ()


def _moved(found: _Lines) -> Flags:
    """Which factors any line is known to move, `(factors,)`."""
    return np.asarray(np.any(found.stakes.values != 0, axis=0))


def _share_rows(tables: Tables, found: _Lines, measured: MeasuredLines) -> tuple[FactorShareRow, ...]:
    stakes = found.stakes
    shares = None if found.basis == "assumed" else shares_of_variance(stakes)
    flipped = None if found.basis == "assumed" else flips(stakes)
    raters = {row.factor: row for row in tables.weights}
    moved = _moved(found)
    rows = []
    for at, factor in enumerate(stakes.factors):
        changed = () if flipped is None else _changed(found, measured, at)
        idle = flipped is not None and bool(flipped[at] <= PARKED_FLIPS) and bool(moved[at]) and not changed
        rows.append(
            FactorShareRow(
                factor,
                None if shares is None else summary(shares[at]),
                None if flipped is None else float(flipped[at]),
                changed,
                parked=idle and len(found.lines) >= FEWEST_LINES and len(stakes.factors) > 1,
                raters=raters[factor].raters if factor in raters else 0,
                zero_votes=raters[factor].zero_votes if factor in raters else 0,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-(row.share.estimate if row.share else 0.0), row.factor)))


def _changed(found: _Lines, measured: MeasuredLines, at: int) -> tuple[str, ...]:
    """Lines that are decided otherwise without a factor, at the mean weights.

    Candidates by whether they are funded; shipped ones by whether they were worth it.
    """
    mean = found.stakes.weights.mean(axis=0)
    without = np.where(np.arange(len(mean)) == at, 0.0, mean)
    before, after = (found.stakes.funded((found.stakes.values @ by)[:, None])[:, 0] for by in (mean, without))
    changed = [key for key, one, other in zip(found.lines, before, after, strict=True) if one != other]
    worth, less = measured.means @ mean, measured.means @ without
    seen = np.maximum(np.abs(worth), np.abs(less)) >= _SHOWN_POINT
    otherwise = ((worth > 0) != (less > 0)) & seen
    changed += [key for key, other in zip(measured.lines, otherwise, strict=True) if other]
    return tuple(dict.fromkeys(changed))

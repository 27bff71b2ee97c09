"""Where effort went and what came of it, by what work has in common: origin, team, product, horizon, discipline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.bets import spent_until
from vitalfew.decide.draws import LineDraws, cost_draws
from vitalfew.decide.measured_lines import KEPT
from vitalfew.decide.say_do import effort_of, is_chosen
from vitalfew.decide.shipped import is_shipped
from vitalfew.judgement.streams import stream
from vitalfew.results.quadrants import OPEN, by_side, quadrant
from vitalfew.results.rows import BreakdownRow, EffortRow, Estimate
from vitalfew.stats.shares import wilson
from vitalfew.workspace.sides import is_technical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.measured_lines import MeasuredLines
    from vitalfew.results.review_rows import EffortKind
    from vitalfew.results.rows import BreakdownKind, Value, Verdict
    from vitalfew.workspace.definitions import Definitions, Initiative

FEWEST = 5
"""Initiatives that have something in common from which more than counts is said of them."""
KINDS: tuple[BreakdownKind, ...] = ("origin", "team", "product", "horizon", "discipline")


@dataclass(frozen=True, slots=True)
class _Known:
    """What groups are made from, by initiative: draws of effort `(draws,)` and of measured value `(draws,)`."""

    inputs: Inputs
    effort: Mapping[str, Floats]
    values: Mapping[str, Floats]
    verdicts: Mapping[str, Verdict]
    chosen: frozenset[str]
    shipped: frozenset[str]
    total: Floats


def breakdowns(inputs: Inputs, measured: MeasuredLines) -> tuple[BreakdownRow, ...]:
    """A row per group, by kind; a kind that no initiative names is left out.

    Args:
        inputs: with the tables of the ledger among the others.
        measured: what was measured of shipped lines.
    """
    known = _known(inputs, measured)
    rows = []
    for kind in KINDS:
        groups: dict[str | None, list[str]] = {}
        for key, initiative in inputs.definitions.initiatives.items():
            groups.setdefault(group_of(inputs.definitions, kind, initiative), []).append(key)
        if set(groups) - {None}:
            rows += [_row(known, kind, group, groups[group]) for group in sorted(groups, key=lambda g: (g is None, g))]
    return tuple(rows)


def group_of(definitions: Definitions, kind: BreakdownKind, initiative: Initiative) -> str | None:
    """The group of a kind that an initiative belongs to; a product also by its team."""
    if kind == "product":
        return definitions.product_of(initiative)
    found: str | None = getattr(initiative, kind)
    return found


def effort_by_quarter(inputs: Inputs) -> tuple[EffortRow, ...]:
    """Shares of the effort of each quarter: of value disciplines, of who gains by it, of horizons, of technical health.

    A kind that groups nothing is left out: disciplines and horizons that no initiative names, sides of which one has no
    factor, technical health of which no policy speaks. By dated spending, else by the cost spread evenly over the days
    of the work. The quarter that runs ends today.
    """
    chosen = {key: each for key, each in inputs.definitions.initiatives.items() if is_chosen(inputs, each)}
    spent = [(key, *each) for key, initiative in chosen.items() for each in _spent(initiative, inputs.today)]
    lines = Counter(quarter for _, quarter, _ in spent)
    totals: dict[date, float] = {}
    for _, quarter, amount in spent:
        totals[quarter] = totals.get(quarter, 0.0) + amount
    rows = []
    for kind, groups in _groups(inputs, chosen):
        found: dict[tuple[date, str | None], float] = {}
        for key, quarter, amount in spent:
            found[quarter, groups.get(key)] = found.get((quarter, groups.get(key)), 0.0) + amount
        rows += [
            EffortRow(_named(quarter), group, amount, amount / totals[quarter], lines[quarter], kind)
            for (quarter, group), amount in sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or "~"))
        ]
    return tuple(rows)


def _groups(inputs: Inputs, chosen: Mapping[str, Initiative]) -> Iterator[tuple[EffortKind, Mapping[str, str | None]]]:
    """The group of each initiative, by kind."""
    disciplines: dict[str, str | None] = {key: each.discipline for key, each in chosen.items()}
    if any(disciplines.values()):
        yield "discipline", disciplines
    known = by_side(inputs.tables.group_values)
    found = {key: quadrant(known[key]) for key in chosen if len(known.get(key, ())) == 2}  # noqa: PLR2004 - both sides
    if found:
        yield "sides", {key: name if is_sure else OPEN for key, (name, is_sure) in found.items()}
    horizons: dict[str, str | None] = {key: each.horizon for key, each in chosen.items()}
    if any(horizons.values()):
        yield "horizon", horizons
    if inputs.definitions.policy.technical is not None:
        yield "technical", {key: "technical" for key in chosen if is_technical(inputs.definitions, key)}


def _known(inputs: Inputs, measured: MeasuredLines) -> _Known:
    definitions = inputs.definitions
    chosen = [key for key, each in definitions.initiatives.items() if is_chosen(inputs, each)]
    effort = {key: effort_draws(inputs, key) for key in chosen if effort_of(definitions.initiatives[key]) > 0}
    shape = measured.swings.shape[1:]
    weights = np.array([inputs.weights[factor][:KEPT] for factor in measured.factors], np.float32).reshape(shape)
    values = np.einsum("lfd,fd->ld", measured.swings, weights)
    return _Known(
        inputs,
        effort,
        dict(zip(measured.lines, values.astype(np.float64), strict=True)),
        {line.line: line.verdict for line in inputs.tables.shipped if line.kind == "initiative"},
        frozenset(chosen),
        frozenset(key for key in chosen if is_shipped(definitions.initiatives[key], inputs)),
        np.sum([*effort.values()], axis=0) if effort else np.zeros(KEPT),
    )


def effort_draws(inputs: Inputs, key: str) -> Floats:
    """Draws of what an initiative costs, `(draws,)`: what was spent, a number or quantiles."""
    initiative = inputs.definitions.initiatives[key]
    if initiative.spent or initiative.cost is None:
        return np.full(KEPT, effort_of(initiative))
    return cost_draws(initiative.cost, stream(inputs.seed, "", "cost", key))[:KEPT]


def _row(known: _Known, kind: BreakdownKind, group: str | None, keys: list[str]) -> BreakdownRow:
    chosen = [key for key in keys if key in known.chosen]
    out = [key for key in keys if key in known.shipped]
    costed = [key for key in chosen if key in known.effort]
    measured = [key for key in out if key in known.values]
    enough = len(keys) >= FEWEST
    notes = [] if enough else [f"fewer than {FEWEST}: counts only"]
    if len(costed) < len(chosen):
        have = "has" if len(chosen) - len(costed) == 1 else "have"
        notes.append(f"{len(chosen) - len(costed)} of {len(chosen)} committed {have} no cost")
    return BreakdownRow(
        kind=kind,
        group=group,
        ideas=len(keys),
        committed=len(chosen),
        shipped=len(out),
        accepted=Estimate(len(chosen) / len(keys), *wilson(len(chosen), len(keys), 0.8)) if enough else None,
        verdicts=dict(Counter(known.verdicts[key] for key in out if key in known.verdicts)),
        effort=sum(effort_of(known.inputs.definitions.initiatives[key]) for key in costed) if costed else None,
        share=_share(known, costed) if enough else None,
        measured=len(measured),
        value=_value(known, measured) if enough else None,
        notes=tuple(notes),
    )


def _share(known: _Known, keys: list[str]) -> Estimate | None:
    """Share of all effort; None where no cost is known."""
    if not keys:
        return None
    initiatives = known.inputs.definitions.initiatives
    middle = sum(effort_of(initiatives[key]) for key in keys) / sum(effort_of(initiatives[key]) for key in known.effort)
    return share_of(np.sum([known.effort[key] for key in keys], axis=0), known.total, middle)


def share_of(part: Floats, whole: Floats, middle: float) -> Estimate:
    """A share with the 80 % interval that draws of `part` and `whole` give it; without one where they are numbers."""
    low, high = np.quantile(part / whole, [0.1, 0.9])
    if high - low < 1e-9:  # noqa: PLR2004 - what rounding leaves where all costs are numbers
        return Estimate(middle)
    return Estimate(middle, min(float(low), middle), max(float(high), middle))


def _value(known: _Known, keys: list[str]) -> Value | None:
    if not keys:
        return None
    return LineDraws(np.sum([known.values[key] for key in keys], axis=0), {}).summary()


def _spent(initiative: Initiative, today: date) -> Iterator[tuple[date, float]]:
    """What went into an initiative by quarter, each by its first day, as far as days are known."""
    days = [each.at for each in initiative.spent] or [day for day in (initiative.started,) if day]
    last = initiative.shipped if not initiative.spent and initiative.shipped else today
    for first in _quarters(min(days, default=today), min(last, today)):
        before = spent_until(initiative, first - timedelta(days=1))[0]
        until = spent_until(initiative, min(_next(first) - timedelta(days=1), today))[0]
        if until is not None and before is not None and until > before:
            yield first, until - before


def _quarters(first: date, last: date) -> Iterable[date]:
    quarter = _first_day(first)
    while quarter <= last:
        yield quarter
        quarter = _next(quarter)


def quarter_of(day: date) -> str:
    """The quarter of the calendar that a day falls into, such as `2026-Q1`."""
    return _named(_first_day(day))


def _first_day(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def _next(quarter: date) -> date:
    return (quarter + timedelta(days=93)).replace(day=1)


def _named(quarter: date) -> str:
    return f"{quarter.year}-Q{quarter.month // 3 + 1}"

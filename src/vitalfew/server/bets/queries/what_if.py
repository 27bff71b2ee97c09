"""Candidates ranked by a run's own weights and budget or by others: a single stage over draws that are kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from vitalfew.pipeline import rank
from vitalfew.report import cells, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.html_ledger import cost
from vitalfew.report.markup import tag
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.queries.kept import per_run
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.workspace import Workspace as Whole

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vitalfew.pipeline import Results
    from vitalfew.pipeline.ranking import Ranking
    from vitalfew.report.axis import Axis
    from vitalfew.report.markup import Markup
    from vitalfew.results.rows import CandidateLine, ClassicRow, RankedLine, RankedLines
    from vitalfew.server.core.rows import Workspace
    from vitalfew.workspace.definitions import Grade

MOST = 60
"""Ranked lines a page shows."""
STRONG: tuple[Grade, ...] = ("staged", "tested", "replicated")
RANK = "rank"
"""The column of ranks, shown when asked for like those of the classic methods."""
CLASSIC = {
    "rice": "RICE",
    "ice_mean": "ICE (mean)",
    "ice_product": "ICE (product)",
    "wsjf": "WSJF",
    "delay": "Delay, per week",
    "value_effort": "Value per effort",
    "weighted": "Weighted",
    "estimate": "Estimate",
    "maxdiff": "MaxDiff",
}
"""Scores of the classic methods, by the field of a run that holds them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What if: weights of some factors, or all there could be; a budget; lines of grade *staged* or stronger alone."""

    weights: tuple[tuple[str, float], ...] = ()
    budget: float | None = None
    strong: bool = False
    any_weights: bool = False

    @property
    def changes(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.weights) or self.budget is not None or self.strong or self.any_weights


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate where it stands. `moved`: places up (above 0) or down by what was asked."""

    at: int
    line: str
    title: str
    moved: int
    value: Markup
    cost: Markup
    per_cost: str
    chance: Markup
    before: str
    grade: Grade | None
    step: str
    classic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor as a slider: its share of the weights now and before, and its exchange rate in words."""

    key: str
    title: str
    share: float
    own: float
    is_set: bool
    exchange: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates in order of P(in the best plan), cut by the capacity line.

    `fits`: so many of them fit in the budget together, by mean cost, from the top. `most_budget`: where its slider
    ends. `left_out`: lines whose evidence is too weak for what was asked; `more`: ranked lines beyond those shown;
    `total`: ranked lines in all.
    """

    places: tuple[Place, ...]
    fits: int
    budget: float
    unit: str
    factors: tuple[Factor, ...]
    says: str
    notes: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    own_budget: float
    most_budget: int
    left_out: int
    more: int
    total: int
    preview: bool


def ranked(
    row: Workspace, run: Results, asked: Asked, *, preview: bool = False, shown: Collection[str] | None = None
) -> Ranked:
    """The candidates of a run, by its own weights and budget or by what was asked.

    Args:
        row: the workspace.
        run: a run of it; never changed.
        asked: what if.
        preview: by 2,000 draws: quick enough for a slider.
        shown: of all that are ranked, the lines that are shown; all when None.

    Raises:
        UsageError: a weight or the budget is impossible.
    """
    base, found = rankings(row, run, asked, preview=preview)
    numbered = [(at, line) for at, line in enumerate(found.lines) if shown is None or line.line in shown]
    fits = _fitting(found.lines, found.budget)
    columns = _columns(run)
    return Ranked(
        places=_places(run, base, found, numbered[:MOST], tuple(name for name, _ in columns)),
        fits=fits,
        budget=found.budget,
        unit=found.unit,
        factors=_factors(run, base, found, asked),
        says=_says(base, found.lines, fits, asked),
        notes=found.notes,
        columns=columns,
        own_budget=base.budget,
        most_budget=math.ceil(max(found.budget, base.budget) * 2) or 10,
        left_out=len(base.lines) - len(found.lines),
        more=max(0, len(numbered) - MOST),
        total=len(found.lines),
        preview=found.preview,
    )


def relisted(
    row: Workspace, run: Results, asked: Asked, *, preview: bool = False
) -> tuple[tuple[CandidateLine, ...], Mapping[str, int]]:
    """The candidates as the ledger lists them, ranked by what was asked; places up (above 0) or down of those moved.

    Those that are not ranked follow as they are. What is too weak for what was asked is left out.
    """
    base, found = rankings(row, run, asked, preview=preview)
    ranked_now = {line.line: line for line in found.lines}
    known = {line.line: line for line in run.ledger.candidates}
    told = [
        replace(known[line.line], value=line.value, p_in=line.p_in, p_best=line.p_best)
        if asked.changes
        else known[line.line]
        for line in found.lines
        if line.line in known
    ]
    steps = [replace(line, recommendation=ranked_now[line.line].recommendation) for line in told]
    out = {line.line for line in base.lines}
    return (*steps, *(line for key, line in known.items() if key not in out)), _moves(base, found)


def rankings(row: Workspace, run: Results, asked: Asked, *, preview: bool = False) -> tuple[RankedLines, RankedLines]:
    """The ranking by the run's own weights and budget, and that by what was asked. See `ranked`."""
    if run.tables.ranking and not asked.changes and not preview:
        return run.tables.ranking[0], run.tables.ranking[0]
    base = per_run(run, f"ranking {preview}", lambda one: _own(row, one, preview=preview))
    if not asked.changes:
        return base, base
    grades = STRONG if asked.strong else None
    return base, base.what_if(_shares(asked, base), asked.budget, grades=grades, preview=preview)


def _own(row: Workspace, run: Results, *, preview: bool) -> Ranking:
    """Drawn and ranked by the run's own weights and budget, with the waivers that it knew."""
    if preview:
        return per_run(run, "ranking False", lambda one: _own(row, one, preview=False)).what_if(preview=True)
    known = [(act, body) for act, body in said(row, kind="waiver") if act.at <= run.info.computed_at]
    log = ActLog(tuple(act for act, _ in known), {act.n: body for act, body in known})
    whole = Whole(run.workspace.definitions, log, run.workspace.root)
    return rank(whole, replace(run, workspace=whole))


def _shares(asked: Asked, base: RankedLines) -> Mapping[str, float] | Literal["any"] | None:
    """Weights as `rank` takes them: of some factors as shares of the whole, never more than all of it."""
    if asked.any_weights:
        return "any"
    weights = {factor: weight for factor, weight in asked.weights if factor in base.weights}
    total = sum(weights.values())
    if not weights:
        return None
    return {factor: weight / total for factor, weight in weights.items()} if total > 1 else weights


def _fitting(lines: Sequence[RankedLine], budget: float) -> int:
    """How many lines from the top fit in the budget together, by mean cost."""
    spent, fits = 0.0, 0
    for line in lines:
        spent += line.cost
        if spent > budget:
            break
        fits += 1
    return fits


def _moves(base: RankedLines, found: RankedLines) -> dict[str, int]:
    """Places up or down of each line, among those that are still ranked."""
    now = [line.line for line in found.lines]
    left = set(now)
    before = [line.line for line in base.lines if line.line in left]
    was = {line: place for place, line in enumerate(before)}
    return {line: was[line] - place for place, line in enumerate(now)}


def _places(
    run: Results,
    base: RankedLines,
    found: RankedLines,
    lines: Sequence[tuple[int, RankedLine]],
    columns: tuple[str, ...],
) -> tuple[Place, ...]:
    moves = _moves(base, found)
    candidates = {line.line: line for line in run.tables.candidates}
    classic = {row.line: row for row in run.tables.classic}
    values = axis_over(cells.value_mark(line.value) for _, line in lines if line.value)
    costs = axis_over(Mark(line.cost) for _, line in lines)
    told = []
    for at, line in lines:
        asked = (_rank(line), *_scores(classic.get(line.line), columns[1:]))
        told.append(_place(run, line, (at, moves[line.line]), candidates.get(line.line), (values, costs), asked))
    return tuple(told)


def _place(
    run: Results,
    line: RankedLine,
    stands: tuple[int, int],
    candidate: CandidateLine | None,
    axes: tuple[Axis, Axis],
    scores: tuple[str, ...],
) -> Place:
    sealed = "its forecasts are not to be known before they are locked"
    changed = f"{line.p_in_before:.2f}" != f"{line.p_in:.2f}"
    return Place(
        at=stands[0] + 1,
        line=line.line,
        title=line.title,
        moved=stands[1],
        value=cells.value(line.value, axes[0], sealed),
        cost=cost(run.view, candidate, axes[1]) if candidate else tag("span", words.significant(line.cost)),
        per_cost=words.significant(line.value.mean / line.cost, 2) if line.value and line.cost else "",
        chance=cells.chance(line.p_in, ""),
        before=words.probability(line.p_in_before) if changed else "",
        grade=line.grade,
        step=line.recommendation,
        classic=scores,
    )


def _rank(line: RankedLine) -> str:
    if line.rank is None:
        return "a guardrail failed"
    if line.rank.low is None or line.rank.high is None:
        return f"{line.rank.estimate:.0f}"
    return f"{line.rank.low:.0f} to {line.rank.high:.0f}"


def _scores(row: ClassicRow | None, columns: tuple[str, ...]) -> tuple[str, ...]:
    scores = (getattr(row, name, None) for name in columns)
    return tuple("" if score is None else words.significant(score) for score in scores)


def _columns(run: Results) -> tuple[tuple[str, str], ...]:
    """Columns that may be asked for: ranks, and the classic methods that give some candidate a score."""
    rows = run.tables.classic
    scored = [(key, name) for key, name in CLASSIC.items() if any(getattr(row, key) is not None for row in rows)]
    return ((RANK, "Rank (80 %)"), *scored)


def _factors(run: Results, base: RankedLines, found: RankedLines, asked: Asked) -> tuple[Factor, ...]:
    chosen = dict(asked.weights)
    means = {key: weight.estimate for key, weight in found.weights.items()}
    return tuple(
        Factor(key, title, means[key], base.weights[key].estimate, key in chosen, exchange(run, key, means))
        for key, title in found.titles.items()
    )


def exchange(run: Results, factor: str, weights: Mapping[str, float]) -> str:
    """What one unit of a factor weighs against the heaviest other one, over the whole of their ranges.

    For example `+1 jobs on Jobs completed weighs as much as +8.5 pp on Back in week four`.
    """
    others = sorted((key for key in weights if key != factor), key=lambda key: -weights[key])
    if not others or weights[factor] <= 0:
        return "It counts nothing."
    other = next((key for key in others if weights[key] > 0), None)
    if other is None:
        return "Nothing else counts."
    rate = _per_unit(run, factor, weights[factor]) / _per_unit(run, other, weights[other])
    if not math.isfinite(rate):
        return ""
    if rate < 1:  # a rate above 1 is easier to imagine
        factor, other, rate = other, factor, 1 / rate
    return f"{_much(run, factor, 1.0)} weighs as much as {_much(run, other, rate)}."


def _per_unit(run: Results, factor: str, weight: float) -> float:
    """Weight of one unit as people read it, such as a percentage point."""
    low, high = run.workspace.definitions.factors[factor].range
    return weight / (abs(high - low) * run.view.unit(factor).factor)


def _much(run: Results, factor: str, amount: float) -> str:
    unit = run.view.unit(factor)
    sign = words.MINUS if unit.good < 0 else "+"
    return f"{sign}{words.with_unit(words.significant(amount, 2), unit.change)} on {run.view.title('factors', factor)}"


def _says(base: RankedLines, lines: Sequence[RankedLine], fits: int, asked: Asked) -> str:
    """What the change does, in a sentence."""
    if not asked.changes:
        return ""
    own = [line.line for line in base.lines]
    now = [line.line for line in lines]
    own_fits = set(own[: _fitting(base.lines, base.budget)])
    comes, goes = [line for line in lines[:fits] if line.line not in own_fits], own_fits - set(now[:fits])
    titles = {line.line: line.title for line in base.lines}
    if not comes and not goes:
        left = set(now)
        moved = sum(a != b for a, b in zip([line for line in own if line in left], now, strict=True))
        if now == own:
            return "Nothing changes: the order stays as it is."
        where = f"{words.count(moved, 'line')} {'moves' if moved == 1 else 'move'}"
        return f"{where}, but the same lines fit in the budget." if moved else "Nothing changes in what fits."
    parts = []
    if comes:
        parts.append(f"now fits: {', '.join(line.title for line in comes)}")
    if goes:
        parts.append(f"no longer fits: {', '.join(titles[line] for line in own if line in goes)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."

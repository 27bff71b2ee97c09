"""The balance over horizons in HTML: effort beside its targets, when work pays, what exploring taught."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.balance_words import (
    LATER,
    LEARNING,
    TITLE,
    counted,
    is_told,
    kept,
    lessons,
    named,
    payoff_sentence,
    quarters,
    target,
    taught,
    untargeted,
)
from vitalfew.report.decision_pictures import payoff_histogram
from vitalfew.report.layout import Column, fold, items, table
from vitalfew.report.markup import Child, Markup, tag

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import ExplorationRow, MixRow, PayoffRow

LEFT_OUT = "Expected lines; those whose value is not known or not shown are left out."
MIX_HEADS = ("horizon", "target", "lines", "effort", "share", "share_low_80", "share_high_80", "share_of_best_plan")
PAYOFF_HEADS = ("quarter", "work", "lines", "lines_low_80", "lines_high_80")
EXPLORATION_HEADS = (
    "horizon", "target", "protected", "bets", "learnt", "share", "share_low_80", "share_high_80", "questions",
    "answered", "resolved_forecasts", "doubt_taken_away", "stopped_early", "saved",
)  # fmt: skip


def mix_cells(row: MixRow) -> tuple[object, ...]:
    """A row of the mix with whole numbers, under `MIX_HEADS`."""
    share = (row.share.estimate, row.share.low, row.share.high) if row.share else (None,) * 3
    return row.horizon, row.target, row.lines, row.effort, *share, row.planned


def payoff_cells(row: PayoffRow) -> tuple[object, ...]:
    """A row of the histogram with whole numbers, under `PAYOFF_HEADS`."""
    work = "agreed" if row.agreed else "candidates"
    return row.quarter or LATER, work, row.lines.estimate, row.lines.low, row.lines.high


def exploration_cells(row: ExplorationRow) -> tuple[object, ...]:
    """A row of what exploring taught with whole numbers, under `EXPLORATION_HEADS`."""
    share = (row.share.estimate, row.share.low, row.share.high) if row.share else (None,) * 3
    return (
        row.horizon, row.target, row.protected, row.bets, row.learnt, *share, row.questions, row.answered,
        row.resolved, row.bought_down, row.stopped, row.saved,
    )  # fmt: skip


def balance(view: View) -> Markup | None:
    """How work is spread over horizons, when it is expected to pay, and what exploring taught."""
    if not is_told(view):
        return None
    parts: list[Child] = [_mix(view), _payoffs(view), _exploration(view)]
    return tag("div", tag("h3", TITLE), parts, class_="sub")


def _mix(view: View) -> Child:
    rows = view.tables.horizon_mix
    if not rows:
        return None
    heads = ["Horizon", Column("Target", "num"), Column("Agreed on (80 %)", "num"), Column("Best plan", "num"),
             Column("Lines", "num")]  # fmt: skip
    body = [
        (
            named(row.horizon),
            target(row.target),
            cells.unknown("no cost is known") if row.share is None else words.share_span(row.share),
            target(row.planned),
            str(row.lines),
        )
        for row in rows
    ]
    caption = "Shares of the effort that is agreed on or in progress and not out, and of the cost of the best plan."
    begin = "No targets are set: 70 % now, 20 % next and 10 % later are a usual start (policy.horizon_targets)."
    return [tag("p", begin, class_="notes") if untargeted(view) else None, table(heads, body, caption=caption)]


def _payoffs(view: View) -> Child:
    rows = view.tables.payoffs
    if not rows:
        return None
    said = items(filter(None, (payoff_sentence(rows, agreed=agreed) for agreed in (True, False))))
    found = {(row.quarter, row.agreed): row for row in rows}
    heads = ["Quarter", Column("Agreed on (80 %)", "num"), Column("Other candidates (80 %)", "num")]
    body = [
        (quarter or LATER, *(counted(row) if (row := found.get((quarter, agreed))) else "" for agreed in (True, False)))
        for quarter in quarters(rows)
    ]
    told = "; ".join(f"{row.quarter or LATER}: {counted(row)}{' agreed on' if row.agreed else ''}" for row in rows)
    drawing = payoff_histogram(rows, f"Lines expected to have paid, by quarter: {told}")
    text = "Lines by the quarter in which they have paid for themselves. Filled: agreed on; hollow: other candidates."
    return [
        tag("h4", "When work is expected to pay"),
        said,
        tag("figure", drawing, tag("figcaption", text)),
        fold("The same as a table", table(heads, body, caption=LEFT_OUT)),
    ]


def _exploration(view: View) -> Child:
    rows = view.tables.exploration
    if not rows:
        return None
    heads = ["Horizon", Column("Agreed", "nowrap"), Column("Bets that taught something (80 %)", "num"),
             Column("What was learnt", "long")]  # fmt: skip
    body = [(named(row.horizon), kept(row), taught(row), lessons(view, row)) for row in rows]
    caption = "Taught: a question answered, doubt at least halved, or stopped early. Of fewer than five, counts only."
    return [tag("h4", "What exploring taught"), tag("p", LEARNING, class_="notes"), table(heads, body, caption=caption)]

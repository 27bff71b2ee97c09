"""How the balance over horizons is worded, for the terminal and for HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.results.figures import amount
from vitalfew.results.words import HORIZONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import ExplorationRow, PayoffRow

TITLE = "Now, next, later"
LEARNING = "Exploring is judged by what it taught, never by what it delivered: a bet stopped early is a success."
LATER = "later or never"
_SURE = 0.005


def is_told(view: View) -> bool:
    """Whether anything is known of the balance over horizons."""
    tables = view.tables
    return bool(tables.horizon_mix or tables.payoffs or tables.exploration)


def named(horizon: str | None) -> str:
    """What a horizon is called."""
    return "not said" if horizon is None else HORIZONS[horizon]


def target(share: float | None) -> str:
    """A share that was agreed; empty where none was."""
    return "" if share is None else words.share(share)


def untargeted(view: View) -> bool:
    """Whether work names horizons and nobody said how effort is to be shared among them."""
    return bool(view.tables.horizon_mix) and not view.definitions.policy.horizon_targets


def payoff_sentence(rows: Iterable[PayoffRow], *, agreed: bool) -> str:
    """How many of some lines will have paid and when likeliest, in a sentence; empty where nothing is known of any."""
    mine = [row for row in rows if row.agreed == agreed]
    every = sum(row.lines.estimate for row in mine)
    if not mine:
        return ""
    never = sum(row.lines.estimate for row in mine if row.quarter is None)
    what = words.count(round(every), "agreed line" if agreed else "candidate")
    if every - never < _SURE:
        return f"None of {what} is expected to pay within the horizon."
    best = max((row for row in mine if row.quarter), key=lambda row: row.lines.estimate)
    return f"Of {what} about {every - never:.1f} will have paid within the horizon, likeliest in {best.quarter}."


def counted(row: PayoffRow) -> str:
    """How many lines, with the 80 % interval: `1.4 (0 to 3)`."""
    found = row.lines
    ends = "" if found.low is None or found.high is None else f" ({found.low:.0f} to {found.high:.0f})"
    return f"{found.estimate:.1f}{ends}"


def quarters(rows: Sequence[PayoffRow]) -> list[str | None]:
    """The quarters of the rows in the order of time, what is later or never last."""
    return sorted({row.quarter for row in rows}, key=lambda quarter: (quarter is None, quarter))


def taught(row: ExplorationRow) -> str:
    """How many bets of a horizon taught something, with the share where there are enough."""
    many = f"{row.learnt} of {row.bets}" if row.bets else "none"
    return many if row.share is None else f"{many}: {words.share_span(row.share)}"


def lessons(view: View, row: ExplorationRow) -> str:
    """What bets of a horizon taught, in parts."""
    if not row.bets:
        return "nothing was begun"
    told = [f"{row.answered} of {words.count(row.questions, 'question')} answered"]
    if row.bought_down is not None:
        resolved = words.count(row.resolved, "forecast")
        told.append(f"{words.share(row.bought_down)} of the doubt of {resolved} taken away")
    if row.stopped:
        unit = view.definitions.policy.cost_unit
        saved = "" if row.saved is None else f", {amount(row.saved, unit)} saved"
        told.append(f"{row.stopped} stopped early{saved}")
    return "; ".join(told)


def kept(row: ExplorationRow) -> str:
    """What was agreed for a horizon: the share aimed at, and the share that every plan keeps for it."""
    told = [f"target {words.share(row.target)}"] if row.target is not None else []
    told += [f"every plan keeps {words.share(row.protected)}"] if row.protected is not None else []
    return ", ".join(told) or "no share is kept for it"

"""The balance over horizons in the terminal: effort beside its targets, when work pays, what exploring taught."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
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
from vitalfew.report.sheet import Cell, Field

if TYPE_CHECKING:
    from vitalfew.report.sheet import Row, Sheet
    from vitalfew.report.view import View


def print_balance(view: View, sheet: Sheet) -> None:
    """Print how work is spread over horizons, when it is expected to pay, and what exploring taught."""
    if not is_told(view):
        return
    sheet.heading(f"{TITLE.upper()} (80 % intervals)")
    _mix(view, sheet)
    _payoffs(view, sheet)
    if view.tables.exploration:
        sheet.say(LEARNING, "dim")
    for row in view.tables.exploration:
        sheet.say(
            f"{named(row.horizon)}, {kept(row)}. Bets that taught something: {taught(row)}; {lessons(view, row)}."
        )


def _mix(view: View, sheet: Sheet) -> None:
    rows = view.tables.horizon_mix
    if untargeted(view):
        sheet.say("No targets are set: `horizon_targets: {h1: 0.7, h2: 0.2, h3: 0.1}` in the policy is a usual start.")
    told: list[Row] = []
    for row in rows:
        share = "" if row.share is None else words.share_span(row.share)
        parts = {"target": target(row.target), "agreed on": share, "best plan": target(row.planned)}
        cells = [f"{name} {text}" for name, text in parts.items() if text] if sheet.is_pipe else parts.values()
        told.append([Cell(named(row.horizon)), *map(Cell, cells)])
    if rows:
        fields = [Field("effort", 14), Field("target", 8, right=True), Field("agreed on", 22, right=True)]
        sheet.table([*fields, Field("best plan", 10, right=True)], told)


def _payoffs(view: View, sheet: Sheet) -> None:
    rows = view.tables.payoffs
    for agreed in (True, False):
        sentence = payoff_sentence(rows, agreed=agreed)
        if sentence:
            sheet.say(sentence)
    found = {(row.quarter, row.agreed): counted(row) for row in rows}
    told: list[Row] = []
    for quarter in quarters(rows):
        parts = {"agreed on": found.get((quarter, True), ""), "other candidates": found.get((quarter, False), "")}
        cells = [f"{name} {text}" for name, text in parts.items() if text] if sheet.is_pipe else parts.values()
        told.append([Cell(quarter or LATER), *map(Cell, cells)])
    if rows:
        sheet.table(
            [
                Field("lines that pay", 16),
                Field("agreed on", 14, right=True),
                Field("other candidates", 18, right=True),
            ],
            told,
        )

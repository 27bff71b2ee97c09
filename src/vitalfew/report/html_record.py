"""How well we predict, and how long it takes to know, in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.decision_pictures import places_of_outcomes
from vitalfew.report.layout import Column, fold, items, section, table
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.review_words import PLANNED, bet_sentences, counted

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import CalibrationRow, Estimate

FEWEST = 10
"""Resolved promises below which no score is shown, only the prior."""


def record(view: View) -> Markup | None:
    """The section, once anything was forecast."""
    rows = view.tables.calibration
    if not rows and not view.tables.bets and not view.tables.coverage:
        return None
    question = "How well we predict, and how long and dear it is to find out. Never about single people."
    return section("record", "Our record", question, calibration(view), bets(view))


def calibration(view: View) -> Markup | None:
    """How well we predict: in sentences, drawn, and by team and source."""
    rows = view.tables.calibration
    if not rows:
        return None
    whole = next((row for row in rows if row.kind == "overall"), None)
    said = sentences(whole) if whole is not None else []
    drawing: Child = None
    if whole is not None and whole.own and any(whole.pit):
        told = ", ".join(str(count) for count in whole.pit)
        title = f"Outcomes in each tenth of their forecast, lowest first: {told}"
        text = "Even bars: ranges are right. High ends: ranges are too narrow. One side high: forecasts lean."
        drawing = tag("figure", places_of_outcomes(whole.pit, title), tag("figcaption", text))
    heads = [
        "Whose forecasts",
        Column("People", "num"),
        Column("Resolved", "num"),
        Column("Came per unit forecast (80 %)", "num"),
        Column("Inside 80 % ranges", "num"),
        Column("Skill", "num"),
    ]
    body = [
        (
            "all together" if row.kind == "overall" else f"{row.name} ({row.kind})",
            str(row.people),
            str(row.resolved),
            cells.opened(view, f"{_span(row.slope)}{'' if row.own else ', prior'}", row),
            "no record yet" if row.coverage is None else words.share_interval(row.coverage),
            "no record yet" if row.skill is None else f"{row.skill:.2f}",
        )
        for row in rows
    ]
    caption = "Skill: 1 is perfect, 0 as good as a reference class that knows no initiative, below 0 worse."
    listed = table(heads, body, caption=caption)
    return tag("div", items(said), drawing, listed)


def sentences(row: CalibrationRow) -> list[str]:
    """A record in sentences; none is shown below ten resolved promises, only the prior."""
    if not row.own and row.resolved >= FEWEST:
        return [f"No record is shown; {_prior(row)}.", *row.notes]
    if not row.own:
        resolved = words.count(row.resolved, "promise")
        prior = f"until then {_prior(row)}"
        return [f"No record yet: {resolved} resolved, {FEWEST} are needed; {prior}.", *row.notes]
    said = [f"Of what was forecast, {words.share_span(row.slope)} came."]
    if row.coverage is not None:
        said.append(f"{words.share_interval(row.coverage)} of outcomes fell inside their 80 % range.")
    if row.delivered is not None:
        said.append(f"Of all gains promised, {words.share_span(row.delivered)} came.")
    return [*said, *row.notes]


def _prior(row: CalibrationRow) -> str:
    return f"the prior is used: of what is forecast, {words.share_span(row.slope)} comes"


def _span(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return f"{found.estimate:.2f}"
    return f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})"


def bets(view: View, most: int | None = None) -> Markup | None:
    """How long and dear it is to find out, how much is found out, what planned work rests on; so many bets at most."""
    said = bet_sentences(view)
    if not said:
        return None
    folded = [_each_bet(view, most), _by_quarter(view), _by_grade(view)]
    return tag("div", tag("h3", "From hypothesis to verdict"), items(said), folded, class_="sub")


def _by_quarter(view: View) -> Markup | None:
    rows = [row for row in view.tables.coverage if row.quarter is not None]
    if not rows:
        return None
    names = ("With a hypothesis", "Promised before the start", "Measured", "With a verdict")
    heads = ["Shipped in", Column("Initiatives", "num"), *(Column(name, "num") for name in names)]
    body = [(str(row.quarter), str(row.shipped), *map(str, counted(row))) for row in rows]
    caption = "Counts of all that shipped, so nothing about them is uncertain."
    return fold("What shipped, by quarter", table(heads, body, caption=caption))


def _by_grade(view: View) -> Markup | None:
    rows = view.tables.resting
    if not rows:
        return None
    unit = view.definitions.policy.cost_unit
    heads = ["Work", "Rests on", Column("Initiatives", "num"), Column(f"Effort, {unit}", "num"),
             Column("Share (80 %)", "num")]  # fmt: skip
    body = [
        (PLANNED[row.work], cells.grade(row.grade), str(row.lines), words.significant(row.effort),
         words.share_span(row.share))
        for row in rows
    ]  # fmt: skip
    caption = "By the weakest evidence that the value of a line rests on; an interval where costs are ranges."
    return fold("What planned work rests on", table(heads, body, caption=caption))


def _each_bet(view: View, most: int | None) -> Markup | None:
    rows = sorted(view.tables.bets, key=lambda row: -(row.open_days or 0))[:most]
    if not rows:
        return None
    unit = view.definitions.policy.cost_unit
    heads = [
        "Bet",
        Column("Asked", "nowrap"),
        Column("First evidence", "nowrap"),
        Column("Verdict", "nowrap"),
        Column("Days", "num"),
        Column(f"Spent before evidence, {unit}", "num"),
    ]
    body = [
        (
            view.title("initiatives", row.initiative),
            words.date_and_time(row.asked) if row.asked else "not known",
            words.date_and_time(row.evidence) if row.evidence else "none",
            words.date_and_time(row.verdict) if row.verdict else ("overdue" if row.overdue else "open"),
            str(row.days) if row.days is not None else f"{row.open_days} so far" if row.open_days is not None else "",
            "not known" if row.spent is None else f"{'about ' if row.spread else ''}{words.significant(row.spent)}",
        )
        for row in rows
    ]
    caption = "“About”: the cost was spread evenly over the work, for lack of dated spending."
    every = len(view.tables.bets)
    which = "Every bet" if len(rows) == every else f"{len(rows)} of {every:,} bets"
    return fold(which, table(heads, body, caption=f"Those open longest first. {caption}"))

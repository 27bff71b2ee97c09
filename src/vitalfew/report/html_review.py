"""Looking back in HTML: where effort went and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import axis_over
from vitalfew.report.html_balance import balance
from vitalfew.report.layout import Column, fold, items, section, table
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.review_words import (
    BARE,
    EFFORT,
    KINDS,
    LEARNING,
    OVERRIDES,
    PROCESS,
    READINGS,
    STOPS,
    accepted,
    came_of,
    decision_title,
    effort_name,
    group_name,
    held,
    measured_process,
    override_sentences,
    process_sentence,
    stopped_title,
    told_chance,
    told_process,
    value,
    verdicts,
    why_override,
)

if TYPE_CHECKING:
    from vitalfew.report.axis import Axis
    from vitalfew.report.view import View
    from vitalfew.results.review_rows import EffortKind
    from vitalfew.results.rows import BreakdownKind, BreakdownRow, OverrideRow, ProcessRow
    from vitalfew.workspace.cited import Claim

OPEN: tuple[BreakdownKind, ...] = ("origin", "discipline")
"""Breakdowns that stand open; the others are a click away."""


def review(view: View) -> Markup | None:
    """The section, once work has anything in common."""
    parts = [stop(view), process(view), balance(view), effort(view), overrides(view)]
    if not any(parts):
        return None
    return section(
        "review",
        "Looking back",
        "What asks to be stopped, how bets were made, where effort went, what was decided anyway, what came of it.",
        *parts,
    )


BREAKDOWN_HEADS = (
    "kind", "group", "ideas", "committed", "shipped", "accepted", "accepted_low_80", "accepted_high_80", "effort",
    "share", "share_low_80", "share_high_80", "measured", "value", "value_low_80", "value_high_80", "verdicts", "notes",
)  # fmt: skip


def breakdown_cells(row: BreakdownRow) -> tuple[object, ...]:
    """A row of the breakdowns with whole numbers, under `BREAKDOWN_HEADS`."""
    accepted, share, worth = row.accepted, row.share, row.value
    return (
        row.kind, row.group, row.ideas, row.committed, row.shipped,
        *((accepted.estimate, accepted.low, accepted.high) if accepted else (None,) * 3), row.effort,
        *((share.estimate, share.low, share.high) if share else (None,) * 3), row.measured,
        *((worth.mean, worth.low, worth.high) if worth else (None,) * 3), verdicts(row.verdicts), "; ".join(row.notes),
    )  # fmt: skip


def effort(view: View) -> Markup | None:
    """Where effort went and what came of it, by what work has in common."""
    rows = view.tables.breakdowns
    if not rows and not view.tables.effort:
        return None
    axis = axis_over(cells.value_mark(row.value) for row in rows if row.value)
    shown: list[Child] = []
    for kind, title in KINDS.items():
        found = [row for row in rows if row.kind == kind]
        if found:
            drawn = _table(view, kind, found, axis)
            shown.append([tag("h4", title), drawn] if kind in OPEN else fold(title, drawn))
    return tag(
        "div",
        tag("h3", "Where our effort went"),
        tag("p", LEARNING, class_="notes"),
        shown,
        _by_quarter(view),
        class_="sub",
    )


def stop(view: View) -> Markup | None:
    """What to stop or mend: one list, each with its reason and one thing to do."""
    rows = view.tables.stop
    if not rows:
        return None
    unit = view.definitions.policy.cost_unit
    heads = ["What", "Why it is here", Column("Reason", "long"), Column("Do", "long"), Column("Value (80 %)", "num"),
             Column(f"Upkeep a year, {unit}", "num")]  # fmt: skip
    body = [
        (
            stopped_title(view, row),
            STOPS[row.kind],
            row.reason,
            row.do,
            "" if row.value is None else words.change(row.value.mean, row.value.low, row.value.high, words.BARE_VALUE),
            "" if row.upkeep is None else words.significant(row.upkeep),
        )
        for row in rows
    ]
    caption = "The harmful first; then bets whose day is over, features by upkeep, and metrics that nothing hangs on."
    return tag("div", tag("h3", "What to stop or mend"), table(heads, body, caption=caption), class_="sub")


def overrides(view: View) -> Markup | None:
    """Decisions that were taken anyway, beside what came of them."""
    rows = view.tables.overrides
    if not rows:
        return None
    heads = ["About", Column("Decided", "long"), Column("In spite of", "long"), Column("What came of it", "long")]
    body = [
        (
            [decision_title(view, row.about), " ", tag("small", words.date_and_time(row.at[:10]), class_="muted")],
            [tag("p", _claim(view, row, "what")), tag("p", f"Their evidence: {row.evidence}", class_="muted small")],
            [
                tag("p", why_override(row)),
                tag("p", "Against it was said: ", _claim(view, row, "counter"), class_="muted small"),
            ],
            [cells.verdict(row.verdict), " ", came_of(row)] if row.verdict else came_of(row),
        )
        for row in rows
    ]
    return tag(
        "div",
        tag("h3", "Decided anyway"),
        tag("p", OVERRIDES, class_="notes"),
        items(override_sentences(rows)),
        table(heads, body, caption="In the words of the acts; who decided is shown nowhere."),
        class_="sub",
    )


def _claim(view: View, row: OverrideRow, claim: Claim) -> list[Child]:
    """The words of a claim, underlined where no evidence is given for it."""
    text = row.what if claim == "what" else row.counter
    bare = claim in view.citable.bare(row.evidence, row.counter)
    return [tag("u", text), " ", tag("small", f"({BARE})")] if bare else [text]


PROCESS_HEADS = (
    "line", "hypothesis", "metric", "reading", "verdict", "promised", "measured", "low_95", "high_95", "chance", "held",
    "lacking",
)  # fmt: skip


def process_cells(row: ProcessRow) -> tuple[object, ...]:
    """A row of how bets were made with whole numbers, under `PROCESS_HEADS`."""
    came = (row.measured.estimate, row.measured.low, row.measured.high) if row.measured else (None,) * 3
    marks = (" ".join(row.held), " ".join(row.lacking))
    return row.line, row.hypothesis, row.metric, row.reading, row.verdict, row.promised, *came, row.chance, *marks


def process(view: View, most: int | None = None) -> Markup | None:
    """How bets were made beside what came of them, of so many lines at most; those that cannot be told are counted."""
    rows = view.tables.process
    if not rows:
        return None
    told = [(row, READINGS[row.reading]) for row in rows if row.reading]
    heads = ["Bet", Column("Process and outcome", "long"), Column("How it was made", "long"),
             Column("Measured (95 %)", "long"), Column("Verdict", "nowrap")]  # fmt: skip
    body = [
        (
            cells.opened(view, view.title("initiatives", row.line), view.lines.get(row.line)),
            [reading, tag("p", told_chance(row), class_="muted small") if told_chance(row) else None],
            told_process(row),
            measured_process(view, row),
            cells.verdict(row.verdict),
        )
        for row, reading in told[:most]
    ]
    which = "Bets whose day is over" if most is None or len(told) <= most else f"{most} of {len(told)} such bets"
    return tag(
        "div",
        tag("h3", "How it was made, and what came of it"),
        tag("p", process_sentence(rows)),
        tag("p", PROCESS, class_="notes"),
        table(heads, body, caption=f"{which}. What was not done stands first.") if body else None,
        class_="sub",
    )


def _table(view: View, kind: BreakdownKind, rows: list[BreakdownRow], axis: Axis) -> Markup:
    heads = [
        KINDS[kind].removeprefix("By ").capitalize(),
        Column("Committed (80 %)", "num"),
        Column("Share of effort (80 %)", "num"),
        Column("Value of what was measured", "nowrap"),
        Column("Measured", "num"),
        Column("Verdicts", "long"),
    ]
    body = [
        (
            group_name(view, kind, row.group),
            accepted(row),
            _share(row),
            cells.value(row.value, axis, _why_not(row)),
            f"{row.measured} of {row.shipped} shipped",
            "; ".join(filter(None, [verdicts(row.verdicts), *row.notes])),
        )
        for row in rows
    ]
    caption = "Value in points at full effect, as measured, with its 80 % interval. Of fewer than five, counts only."
    return table(heads, body, caption=caption)


def _share(row: BreakdownRow) -> Child:
    if row.share is None:
        return cells.unknown(_why_not(row) if row.effort else "no cost is known")
    return words.share_span(row.share)


def _why_not(row: BreakdownRow) -> str:
    return next((note for note in row.notes if "counts only" in note), value(row))


def _by_quarter(view: View) -> list[Child]:
    return [_shares(view, kind, title) for kind, title in EFFORT.items()]


def _shares(view: View, kind: EffortKind, title: str) -> Child:
    rows = [row for row in view.tables.effort if row.kind == kind]
    if not rows:
        return None
    groups = sorted({row.group for row in rows}, key=lambda group: (group is None, group))
    quarters = {row.quarter: row.lines for row in rows}
    shares = {(row.quarter, row.group): row.share for row in rows}
    names = (Column(effort_name(view, kind, group), "num") for group in groups)
    heads = ["Quarter", *names, Column("Lines", "num")]
    body = [
        (quarter, *(words.share(shares.get((quarter, group), 0.0)) for group in groups), str(lines))
        for quarter, lines in quarters.items()
    ]
    caption = "Shares of what was spent in each quarter; a cost without days of spending is spread over the work."
    return [tag("h4", title), items(filter(None, [held(view, kind)])), table(heads, body, caption=caption)]

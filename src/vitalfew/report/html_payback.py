"""Whether candidates pay, in HTML: what is left after building and running, when it has paid, what is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.decide.explain_payback import SEALED, after_weeks
from vitalfew.report import cells, words
from vitalfew.report.axis import Axis, Mark, axis_over
from vitalfew.report.layout import Column, table
from vitalfew.report.markup import Child, Markup, anchor, tag
from vitalfew.report.svg import empty, glyph
from vitalfew.results.rows import CandidateLine, Estimate, Viability

if TYPE_CHECKING:
    from vitalfew.report.view import View

TITLE = "Does it pay?"
HEADS = (
    "net", "net_low_80", "net_high_80", "build", "run", "given_up", "given_up_low_80", "given_up_high_80",
    "payback_weeks", "payback_low_80", "payback_high_80", "p_pays_within_horizon",
)  # fmt: skip

type Pair = tuple[CandidateLine, Viability]


def figures(line: object) -> tuple[float | None, ...]:
    """Whole numbers of a line under `HEADS`; nothing of what is out already."""
    found = getattr(line, "viability", None)
    if not isinstance(line, CandidateLine) or found is None:
        return (None,) * len(HEADS)
    return (*_three(line.net), found.build, found.run, *_three(found.given_up), *_three(found.weeks), found.p_within)


def _three(found: Estimate | None) -> tuple[float | None, ...]:
    return (None,) * 3 if found is None else (found.estimate, found.low, found.high)


def known(view: View) -> list[Pair]:
    """Candidates with what they need to pay for themselves, in the order of the ledger."""
    return [(line, line.viability) for line in view.tables.candidates if line.viability is not None]


def unpriced(pairs: list[Pair]) -> str | None:
    """Why a point has no price, so that nothing is known of any of them; None where it has one."""
    reasons = [found.reason for _, found in pairs if found.reason != SEALED]
    return reasons[0] if reasons else None


def payback(view: View, most: int | None = None) -> Markup | None:
    """Net value, what it is made of, and payback of the candidates with a value and a cost, of so many at most."""
    pairs = known(view)
    if not pairs:
        return None
    why = unpriced(pairs)
    if why:
        return tag("div", tag("h3", TITLE), tag("p", f"Not known: {why} {FIRST_STEP}"), class_="sub")
    unit, horizon = view.definitions.policy.cost_unit, pairs[0][1].horizon
    heads = [
        "Line",
        Column(f"Left of its value, {unit}", "nowrap"),
        Column(f"To build + run {horizon:g} weeks", "num"),
        Column("Given up elsewhere (80 %)", "num"),
        Column("Weeks until it pays", "nowrap"),
        Column(f"P(within {horizon:g} weeks)", "num"),
    ]
    nets = axis_over(Mark(line.net.estimate, _span(line.net)) for line, _ in pairs if line.net)
    body = [_row(view, line, found, nets) for line, found in pairs[:most]]
    basis = next((found.basis for _, found in pairs if found.basis), "")
    caption = (
        f"{basis} Bars: 80 % intervals. Weeks count from the day it is out; what waiting costs stands with the order."
    )
    if most is not None and len(pairs) > most:
        caption += f" The first {most} of {len(pairs):,}."
    return tag("div", tag("h3", TITLE), table(heads, body, caption=caption.strip()), class_="sub")


FIRST_STEP = "First step: say what the swing of a factor is worth in money, or give candidates a value and a cost."


def _row(view: View, line: CandidateLine, found: Viability, nets: Axis) -> tuple[Child, ...]:
    title = tag("a", line.title, href=f"#{anchor('line', line.line)}")
    why, sign = found.reason or "not computed", "+" if found.run >= 0 else words.MINUS
    net = tag("span", empty(why, width=cells.GLYPH), class_="est")
    if line.net is not None:
        net = _drawn(line, nets, Mark(line.net.estimate, _span(line.net)), f"{left(line.net)} left")
    return (
        cells.opened(view, line.title, line) if view.page_behind(line) else title,
        net,
        f"{words.significant(found.build)} {sign} {words.significant(abs(found.run))}",
        cells.unknown(why) if found.given_up is None else left(found.given_up),
        _when(line, found),
        cells.chance(found.p_within, why),
    )


def _when(line: CandidateLine, found: Viability) -> Markup:
    """When it pays, on an axis from the day it is out to the end of the horizon; an arrow goes beyond."""
    if found.p_within is None:
        return tag("span", empty(found.reason or "not computed", width=cells.GLYPH), class_="est")
    weeks = found.weeks
    if weeks is None or weeks.low is None:
        return tag("span", after_weeks(found))
    high = 2 * found.horizon if weeks.high is None else weeks.high
    return _drawn(line, Axis(0.0, found.horizon), Mark(weeks.estimate, (weeks.low, high)), after_weeks(found))


def _drawn(line: CandidateLine, axis: Axis, mark: Mark, text: str) -> Markup:
    """A number with its picture, and with its 80 % interval in words on hover."""
    number = text.partition(" ")[0]
    return cells.estimate(number, glyph(axis, mark, f"{line.title}: {text}, 80 % interval", width=cells.GLYPH))


def _span(found: Estimate) -> tuple[float, float] | None:
    return None if found.low is None or found.high is None else (found.low, found.high)


def left(found: Estimate) -> str:
    """A number with its interval, whole where any of it is ten or more."""
    if found.low is None or found.high is None:
        return words.significant(found.estimate)
    places = 0 if max(abs(found.estimate), abs(found.low), abs(found.high)) >= 10 else 1  # noqa: PLR2004 - two figures
    return f"{words.figure(found.estimate, places)} ({words.between(found.low, found.high, places)})"

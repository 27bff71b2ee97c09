"""The cells of the HTML report: an estimate is always its number, its glyph and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import svg, words
from vitalfew.report.axis import Mark, comparable
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.view import VITAL, ends

if TYPE_CHECKING:
    from vitalfew.report.axis import Axis
    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, Estimate, Promised, ShippedLine, Value, Verdict
    from vitalfew.workspace.definitions import Grade

GLYPH = 108
"""Width of a glyph in a ledger row, in pixels."""
SHORT = 30
"""Width of the empty frame in the place of a short number."""
NEAR = 0.2
"""A line is near the drawn line when its probability is this close to it."""


def unknown(reason: str) -> Markup:
    """The empty frame of a short number that is not known, with the reason on hover."""
    return svg.empty(reason, width=SHORT)


def opened(view: View, text: Child, row: object) -> Child:
    """A number that leads to what stands behind it, where this surface has such pages."""
    address = view.page_behind(row)
    return tag("a", text, href=address, class_="opens") if address else text


def whole(told: Child) -> Child:
    """A text whose intervals, and numbers with their signs, are not broken over lines."""
    if not isinstance(told, str) or isinstance(told, Markup):
        return told
    kept = "\N{NO-BREAK SPACE}"
    return told.replace(" to ", f"{kept}to{kept}").replace("→ ", f"→{kept}").replace("+ ", f"+{kept}")


def estimate(text: str, picture: Markup) -> Markup:
    """A number beside its picture."""
    return tag("span", tag("span", text, class_="n"), picture, class_="est")


def cell(name: str, *children: Child, class_: str = "") -> Markup:
    """A cell of a ledger row, with its column's name for phones and for those who listen."""
    return tag("div", tag("span", name, class_="lab"), children, class_=f"cell {class_}".strip())


def verdict(kind: Verdict) -> Markup:
    """A verdict: its shape and its word."""
    return tag("span", svg.verdict_shape(kind), tag("span", words.VERDICTS[kind]), class_=f"verdict v-{kind}")


def grade(kind: Grade | None) -> Markup:
    """A grade: its mark and its word."""
    if kind is None:
        return tag("span", "no evidence", class_="muted small")
    return tag("span", svg.grade_mark(kind), tag("span", kind), class_="grade")


def chance(probability: float | None, why_not: str) -> Markup:
    """P(in the set), underlined near the drawn line."""
    if probability is None:
        return unknown(why_not)
    near = abs(probability - VITAL) < NEAR
    return tag("span", words.probability(probability), class_="near" if near else None)


def value_mark(value: Value) -> Mark:
    """A value of a line: its mean and 80 % interval."""
    return Mark(value.mean, (value.low, value.high))


def value_words(value: Value) -> str:
    """A value with its interval and the chance that it is one."""
    text = words.change(value.mean, value.low, value.high, words.VALUE)
    return f"{text}, 80 % interval; P(above zero) {words.probability(value.p_positive)}"


def value(found: Value | None, axis: Axis, why_not: str) -> Markup:
    """The value of a line in points."""
    if found is None:
        return tag("span", svg.empty(why_not, width=GLYPH), class_="est")
    number = words.change_parts(found.mean, found.low, found.high, words.BARE_VALUE)[0]
    return estimate(number, svg.glyph(axis, value_mark(found), value_words(found), width=GLYPH))


def promise_mark(promised: Promised) -> Mark:
    """A promise: its median and 80 % interval, hollow because nobody measured it."""
    return Mark(promised.p50, (promised.p10, promised.p90), hollow=True)


def measured_mark(view: View, line: ShippedLine) -> Mark | None:
    """What was measured of a line, with the 80 % interval where its effect is known."""
    if line.measured is None:
        return None
    found = line.measured
    thin = (found.low, found.high) if found.low is not None and found.high is not None else None
    return Mark(found.estimate, view.likely(line), thin)


def effect_mark(row: EffectRow) -> Mark | None:
    """An effect with both its intervals."""
    if row.estimate is None:
        return None
    return Mark(row.estimate, ends(row.intervals, 0.80), ends(row.intervals, 0.95))


def effect_text(row: EffectRow, view: View) -> str:
    """An effect in figures: estimate and 95 % interval."""
    if row.estimate is None:
        return "not computed"
    found = ends(row.intervals, 0.95)
    low, high = found or (None, None)
    return words.change(row.estimate, low, high, view.unit(row.metric))


def on_metric(view: View, metric: str, mark: Mark, title: str, *, with_margin: bool = False) -> Markup:
    """A glyph on the shared axis of all metrics, with the margin of a guardrail where asked for."""
    guard = view.definitions.guardrails.get(metric)
    margin = -guard.margin / view.scales[metric] if guard and with_margin else None
    drawn = comparable(mark, metric, view.unit(metric), view.scales)
    shown = margin if margin is not None and not view.axis.beyond(margin) else None
    return svg.glyph(view.axis, drawn, title, margin=shown, width=GLYPH)


def used(reach: Estimate) -> Markup:
    """A reach as a bar, with its interval."""
    span = (reach.low, reach.high) if reach.low is not None and reach.high is not None else None
    return svg.bar(reach.estimate, span, f"used by {words.share_interval(reach)} of the eligible", width=GLYPH)

"""How to read the marks, beside the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import svg, words
from vitalfew.report.axis import Axis, Mark
from vitalfew.report.layout import fold
from vitalfew.report.markup import Markup, tag

if TYPE_CHECKING:
    from vitalfew.results.rows import Verdict
    from vitalfew.workspace.definitions import Grade

_STRONG_FIRST: tuple[Grade, ...] = ("replicated", "tested", "staged", "dated", "correlated", "opinion")
_VERDICTS: tuple[Verdict, ...] = ("kept", "fell_short", "harmful", "unproven", "no_promise")


def legend() -> Markup:
    """The marks of the ledger and their meanings, folded away."""
    measured = svg.glyph(Axis(-1, 3), Mark(1.2, (0.6, 1.8), (0.2, 2.2)), "example of a measured effect", width=108)
    promised = svg.glyph(Axis(-1, 3), Mark(1.6, (0.8, 2.4), hollow=True), "example of a promise", width=108)
    numbers = [
        tag("li", measured, "measured: dot, 80 % interval thick, 95 % thin"),
        tag("li", promised, "promised: ring and 80 % interval"),
        tag(
            "li",
            svg.empty("example of an unknown number", width=60),
            "unknown: the reason is on hover and in the drawer",
        ),
    ]
    verdicts = [tag("li", svg.verdict_shape(v), f"{words.VERDICTS[v]}: {words.VERDICT_MEANINGS[v]}") for v in _VERDICTS]
    grades = [tag("li", svg.grade_mark(g), g) for g in _STRONG_FIRST]
    axis_note = (
        "Zero is the vertical line. Promised and measured share one scale per metric, and right is better, whichever "
        "way the metric counts; the number keeps the metric's own sign. Value is in points: 100 would move every "
        "factor from worst to best. Vital is the probability of belonging to the few lines that give 80 % of the value."
    )
    lists = [tag("ul", entries, class_="legend") for entries in (numbers, verdicts, grades)]
    return fold("How to read the marks", lists, tag("p", axis_note, class_="small sub"))

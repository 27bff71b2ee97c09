"""The ledger, and what became of promises, as pictures that need nothing around them: for slides, mails and wikis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Axis, axis_over
from vitalfew.report.charts import alone
from vitalfew.report.html_value import promise_picture
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import empty, glyph, grade_mark, label, line, picture, verdict_shape
from vitalfew.report.view import chance, cut
from vitalfew.results.rows import ShippedLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import CandidateLine

ROW, WIDTH, NAMES = 26, 860, 290
"""Height of a row, width of the picture and room for names, in pixels."""
LINES = 15
"""Lines drawn of each list; the rest is counted."""
_LETTERS = 42

type Line = ShippedLine | CandidateLine


def ledger_svg(view: View, shipped: Sequence[ShippedLine], candidates: Sequence[CandidateLine]) -> str:
    """Both lists with value, grade, chance, verdict and next step, as a file of its own.

    Args:
        view: the run.
        shipped: lines to draw, in the order of the ledger.
        candidates: likewise.
    """
    halves: list[tuple[str, Sequence[Line]]] = [("Shipped", shipped), ("Candidates", candidates)]
    drawn: list[Markup] = [
        label(0, 18, f"{view.info.workspace}: the value ledger", "n-name"),
        label(WIDTH, 18, f"run {view.info.id} · value in points, 80 %", "tick end"),
    ]
    y = 44.0
    for name, lines in halves:
        if not lines:
            continue
        part, y = _list(name, lines, y)
        drawn += part
    title = "; ".join(words.headline_sentences(view.headline, view.definitions.policy.cost_unit)) or "The value ledger"
    return alone(picture(title, drawn, width=WIDTH, height=y))


def promises_svg(view: View) -> str | None:
    """Promised against measured as a file of its own; None where nothing can be drawn."""
    drawn = promise_picture(view)
    return None if drawn is None else alone(drawn)


def _list(name: str, lines: Sequence[Line], top: float) -> tuple[list[Markup], float]:
    axis = axis_over(cells.value_mark(one.value) for one in lines if one.value)
    above, below = cut(lines)
    shown = [*above, *below][:LINES]
    chances = "P(vital)" if name == "Shipped" else "P(in plan)"
    heads = [label(0, top, name, "caption"), label(NAMES + 46, top, "value", "tick end")]
    heads += [label(NAMES + 205, top, "grade", "tick"), label(NAMES + 370, top, chances, "tick end")]
    heads += [label(NAMES + 390, top, "next step" if name == "Candidates" else "verdict, next step", "tick")]
    y, parts = top + 10, heads
    for place, one in enumerate(shown):
        parts.append(line(0, y, WIDTH, y, "equal" if place == len(above) and above else "grid"))
        parts.append(tag("g", _row(one, axis), transform=f"translate(0 {y:g})"))
        y += ROW
    if len(lines) > len(shown):
        parts.append(label(0, y + 16, f"and {words.count(len(lines) - len(shown), 'more line')}", "tick"))
        y += ROW
    return parts, y + 30


def _row(one: Line, axis: Axis) -> list[Markup]:
    name = one.title if len(one.title) <= _LETTERS else f"{one.title[: _LETTERS - 1]}…"
    parts = [label(0, 17, name)]
    if one.value is None:
        parts.append(tag("g", empty("not known", width=cells.GLYPH), transform=f"translate({NAMES + 60} 2)"))
    else:
        number = words.change_parts(one.value.mean, one.value.low, one.value.high, words.BARE_VALUE)[0]
        drawn = glyph(axis, cells.value_mark(one.value), cells.value_words(one.value), width=cells.GLYPH)
        parts += [
            label(NAMES + 46, 17, number, "end"),
            tag("g", drawn, transform=f"translate({NAMES + 60} 2)"),
        ]
    if one.grade is not None:
        parts.append(tag("g", grade_mark(one.grade), transform=f"translate({NAMES + 205} 5)"))
    parts.append(label(NAMES + 242, 17, one.grade or "no evidence", "tick"))
    parts.append(label(NAMES + 370, 17, words.probability(chance(one)), "end"))
    step = words.NEXT_STEPS[one.recommendation]
    if not isinstance(one, ShippedLine):
        return [*parts, label(NAMES + 390, 17, step)]
    shape = tag("g", verdict_shape(one.verdict), transform=f"translate({NAMES + 390} 6)")
    return [*parts, shape, label(NAMES + 410, 17, words.VERDICTS[one.verdict]), label(NAMES + 500, 17, step)]

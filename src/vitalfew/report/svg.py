"""Static SVG pictures: the frame every picture shares, the interval glyph, and the small marks.

Colours are CSS variables of the page, so that one picture serves light, dark and print. Each picture has a title,
which is its text alternative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.words import GRADES, VERDICT_MEANINGS, VERDICTS

if TYPE_CHECKING:
    from vitalfew.report.axis import Axis, Mark
    from vitalfew.results.rows import Verdict
    from vitalfew.workspace.definitions import Grade

type Direction = Literal["gain", "loss", "both"]

WIDTH = 150
HEIGHT = 22
EDGE = 5
"""Room left and right of an axis, in pixels, so that dots and arrows at its ends are whole."""

_SHAPES: dict[Verdict, tuple[Markup, ...]] = {
    "kept": (tag("circle", cx=7, cy=7, r=5.5, class_="s-kept"),),
    "fell_short": (
        tag("circle", cx=7, cy=7, r=5, class_="s-short-ring"),
        tag("path", d="M7 2a5 5 0 0 0 0 10z", class_="s-short"),
    ),
    "harmful": (tag("path", d="M2.5 2.5l9 9m0-9l-9 9", class_="s-harm"),),
    "unproven": (tag("circle", cx=7, cy=7, r=4.6, class_="s-unproven"),),
    "no_promise": (tag("rect", x=2.5, y=2.5, width=9, height=9, class_="s-none"),),
}


_DIRECTIONS: dict[Direction, tuple[str, tuple[Markup, ...]]] = {
    "gain": ("clear gain", (tag("path", d="M7 1.5l5.5 10.5h-11z", class_="s-kept"),)),
    "loss": ("clear loss", (tag("path", d="M2 2.5h10l-5 9z", class_="s-harm"),)),
    "both": (
        "clear gain and clear loss",
        (tag("path", d="M3.5 2l3 6h-6z", class_="s-kept"), tag("path", d="M7.5 7h5l-2.5 5z", class_="s-harm")),
    ),
}


def picture(
    title: str, *children: Child, width: float, height: float, class_: str = "", holds_links: bool = False
) -> Markup:
    """An SVG picture with its text alternative; one that `holds_links` is a group, whose parts can be reached."""
    return tag(
        "svg",
        tag("title", title),
        children,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="group" if holds_links else "img",
        aria_label=title if holds_links else None,
        class_=class_ or None,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def label(x: float, y: float, text: str, class_: str = "") -> Markup:
    """A text at a point."""
    return tag("text", text, x=x, y=y, class_=class_ or None)


def glyph(axis: Axis, mark: Mark, title: str, *, margin: float | None = None, width: int = WIDTH) -> Markup:
    """An estimate as a dot on a thin bar (95 %) and a thick bar (80 %), against zero.

    `margin` draws the limit of a guardrail, in the axis' unit.
    """
    middle = HEIGHT / 2
    parts: list[Markup] = [line(_x(axis, 0, width), 2, _x(axis, 0, width), HEIGHT - 2, "g-zero")]
    if margin is not None:
        parts.append(line(_x(axis, margin, width), 3, _x(axis, margin, width), HEIGHT - 3, "g-margin"))
    for span, kind in ((mark.thin, "g-thin"), (mark.thick, "g-thick")):
        if span:
            parts.append(line(_x(axis, span[0], width), middle, _x(axis, span[1], width), middle, kind))
    parts += _arrows(axis, mark, width)
    dot = "g-ring" if mark.hollow else "g-dot"
    parts.append(tag("circle", cx=_x(axis, mark.dot, width), cy=middle, r=3.6, class_=dot))
    return picture(title, parts, width=width, height=HEIGHT, class_="glyph")


def bar(share: float, span: tuple[float, float] | None, title: str, *, width: int = 110) -> Markup:
    """A share from 0 to 1 as a bar with its interval; the scale is the square root, so that small shares are seen."""
    full = width - 2 * EDGE
    parts = [
        tag("rect", x=EDGE, y=7, width=full, height=8, class_="b-track"),
        tag("rect", x=EDGE, y=7, width=max(1.0, full * share**0.5), height=8, class_="b-fill"),
    ]
    if span:
        low, high = (EDGE + full * max(0.0, min(1.0, end)) ** 0.5 for end in span)
        parts.append(line(low, 11, max(high, low + 1), 11, "g-thin"))
    return picture(title, parts, width=width, height=HEIGHT, class_="glyph")


def empty(reason: str, *, width: int = WIDTH) -> Markup:
    """The frame of an unknown number, with the reason on hover."""
    frame = tag("rect", x=EDGE, y=4.5, width=width - 2 * EDGE, height=HEIGHT - 9, rx=2, class_="g-empty")
    return picture(reason, frame, width=width, height=HEIGHT, class_="glyph")


def direction_shape(direction: Direction) -> Markup:
    """The shape of what work did: up and filled for a gain, down and hollow for a loss, both."""
    title, shape = _DIRECTIONS[direction]
    return picture(title, shape, width=14, height=14, class_="shape")


def verdict_shape(verdict: Verdict) -> Markup:
    """The shape of a verdict: filled, half, cross, ring or outline."""
    title = f"{VERDICTS[verdict]}: {VERDICT_MEANINGS[verdict]}"
    return picture(title, _SHAPES[verdict], width=14, height=14, class_="shape")


def grade_mark(grade: Grade) -> Markup:
    """Six steps of rising height, as many filled as the evidence is strong."""
    filled = GRADES.index(grade) + 1
    bars = [f"M{1 + 5 * i} 14v-{3 + 2 * i}h3.6v{3 + 2 * i}z" for i in range(len(GRADES))]
    steps = [
        tag("path", d="".join(bars[:filled]), class_="m-on"),
        tag("path", d="".join(bars[filled:]), class_="m-off"),
    ]
    return picture(f"{grade}: evidence grade {filled} of {len(GRADES)}", steps, width=31, height=15, class_="steps")


def _x(axis: Axis, value: float, width: int) -> float:
    return EDGE + (width - 2 * EDGE) * axis.place(value)


def _arrows(axis: Axis, mark: Mark, width: int) -> list[Markup]:
    low, high = mark.reach
    middle = HEIGHT / 2
    found = []
    if axis.beyond(low):
        found.append(tag("path", d=f"M0.5 {middle:g}l5-3.5v7z", class_="g-arrow"))
    if axis.beyond(high):
        found.append(tag("path", d=f"M{width - 0.5:g} {middle:g}l-5-3.5v7z", class_="g-arrow"))
    return found

"""Interval glyphs of text: a bar with its dot on the shared axis of a column, in Unicode or in ASCII."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report.words import GRADES

if TYPE_CHECKING:
    from vitalfew.report.axis import Axis, Mark
    from vitalfew.results.rows import HealthStatus, Severity, Verdict
    from vitalfew.workspace.definitions import Grade


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs a terminal can show."""

    bar: str
    thick: str
    left: str
    right: str
    dot: str
    ring: str
    zero: str
    cut_left: str
    cut_right: str
    frame: str
    rule: str
    steps: str
    verdicts: dict[Verdict, str]
    lights: dict[HealthStatus | Severity, str]
    arrow: str
    dash: str
    between: str
    more: str


UNICODE = Signs(
    bar="─", thick="━", left="├", right="┤", dot="●", ring="○", zero="┊",
    cut_left="◂", cut_right="▸", frame="╌", rule="─",
    steps="▁▂▃▄▆█",
    verdicts={"kept": "●", "fell_short": "◐", "harmful": "✕", "unproven": "○", "no_promise": "▢"},
    lights={"ok": "✓", "warning": "▲", "failed": "✕", "error": "✕", "info": "i"},
    arrow="→", dash="–", between=" · ", more="…",
)  # fmt: skip
ASCII = Signs(
    bar="-", thick="=", left="|", right="|", dot="*", ring="o", zero=":",
    cut_left="<", cut_right=">", frame=".", rule="-",
    steps="123456",
    verdicts={"kept": "*", "fell_short": "/", "harmful": "x", "unproven": "o", "no_promise": "-"},
    lights={"ok": "+", "warning": "!", "failed": "x", "error": "x", "info": "i"},
    arrow="->", dash="-", between=" | ", more="...",
)  # fmt: skip


def bar(axis: Axis, mark: Mark, width: int, signs: Signs) -> str:
    """An estimate on an axis of `width` signs: caps at the ends of the widest interval, the dot on top."""
    cells = [" "] * width
    cells[_place(axis, 0.0, width)] = signs.zero
    outer = mark.thin or mark.thick
    if outer:
        low, high = (_place(axis, end, width) for end in outer)
        cells[low : high + 1] = signs.bar * (high - low + 1)
        if mark.thin and mark.thick:
            inner_low, inner_high = (_place(axis, end, width) for end in mark.thick)
            cells[inner_low : inner_high + 1] = signs.thick * (inner_high - inner_low + 1)
        cells[low] = signs.cut_left if axis.beyond(outer[0]) else signs.left
        cells[high] = signs.cut_right if axis.beyond(outer[1]) else signs.right
    cells[_place(axis, mark.dot, width)] = signs.ring if mark.hollow else signs.dot
    return "".join(cells)


def grade_mark(grade: Grade, signs: Signs) -> str:
    """One sign of six heights: the fuller, the stronger; in ASCII its place from 1 (weak) to 6 (strong)."""
    return signs.steps[GRADES.index(grade)]


def plain(text: str, signs: Signs) -> str:
    """Text that a terminal without UTF-8 can show, and that cannot steer a terminal."""
    calm = "".join(sign if sign.isprintable() else " " for sign in text)
    if signs is UNICODE:
        return calm
    for fine, simple in (("−", "-"), ("–", "-"), ("→", "->"), ("·", "|"), ("×", "x"), ("…", "..."), ("≥", ">=")):
        calm = calm.replace(fine, simple)
    return calm.encode("ascii", "replace").decode()


def _place(axis: Axis, value: float, width: int) -> int:
    return round((width - 1) * axis.place(value))

"""Numbers as people read them, and what an effect is in a sentence: one place for the terminal, pages and reasons.

Numbers are rounded by their uncertainty: an interval shows two significant figures of half its width, and the estimate
as many decimals as the interval. Effects of proportions are percentage points (pp), never "percent".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.workspace.metric_kinds import is_percentage
from vitalfew.workspace.metric_kinds import unit_of as natural_unit

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Metric

MINUS = "\N{MINUS SIGN}"
MOST_DECIMALS = 9
_COUNTED = ("hours", "days", "weeks", "months", "years", "points", "sprints", "units")


@dataclass(frozen=True, slots=True)
class Unit:
    """How numbers of a metric are written.

    `factor` turns the metric's number into the one shown; `places` fixes the decimals, which the interval decides else.
    """

    factor: float = 1.0
    change: str = ""
    level: str = ""
    change_in_words: str = ""
    down_is_better: bool = False
    places: int | None = None

    @property
    def good(self) -> float:
        """1 when more is better, -1 when less is."""
        return -1.0 if self.down_is_better else 1.0


def unit_of(metric: Metric | None) -> Unit:
    """How a metric's numbers are written; plain numbers for a metric nobody defined."""
    if metric is None:
        return Unit()
    down = metric.direction == "down"
    if is_percentage(metric):
        return Unit(100.0, "pp", "%", "percentage points", down)
    unit = natural_unit(metric)
    return Unit(1.0, unit, unit, unit, down)


def decimals(width: float) -> int:
    """Decimals that show two significant figures of half of an interval's `width`."""
    if not math.isfinite(width) or width <= 0:
        return 2
    return max(0, min(MOST_DECIMALS, 1 - math.floor(math.log10(width / 2) + 1e-9)))


def telling(low: float, high: float) -> int:
    """Decimals of an interval: one more where a bound beside zero would be written as zero."""
    places = decimals(high - low)
    hidden = any(bound and abs(bound) < 0.5 * 10.0**-places for bound in (low, high))
    return min(MOST_DECIMALS, places + 1) if hidden else places


def figure(value: float, places: int, *, signed: bool = False) -> str:
    """A number with thousands separators and a true minus sign; no sign on what rounds to zero."""
    if not math.isfinite(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{abs(value):,.{places}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    sign = MINUS if value < 0 else "+" if signed else ""
    return sign + text


def significant(value: float, digits: int = 3) -> str:
    """A number without an interval, to `digits` significant figures at least, without zeros at its end."""
    if value == 0 or not math.isfinite(value):
        return figure(value, 0)
    text = figure(value, max(0, min(6, digits - 1 - math.floor(math.log10(abs(value))))))
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: float, unit: str) -> str:
    """A number with its unit, which is singular beside a bare 1: `1 person-week`, `2.5 person-weeks`."""
    return of_unit(significant(value), unit)


def of_unit(text: str, unit: str) -> str:
    """A written number with the unit that it counts.

    >>> of_unit("1", "person-weeks"), of_unit("1.5", "person-weeks"), of_unit("1", "units of cost"), of_unit("1", "EUR")
    ('1 person-week', '1.5 person-weeks', '1 unit of cost', '1 EUR')
    """
    if text != "1":
        return f"{text} {unit}"
    first, of, rest = unit.partition(" of ")
    return f"{text} {first.removesuffix('s') if first.endswith(_COUNTED) else first}{of}{rest}"


def between(low: float, high: float, places: int) -> str:
    """The ends of an interval."""
    return f"{figure(low, places)} to {figure(high, places)}"


def change(estimate: float, low: float | None, high: float | None, unit: Unit) -> str:
    """An effect with its interval, or saying that it has none: `+2.04 pp (1.12 to 2.95)`."""
    parts = change_parts(estimate, low, high, unit)
    return f"{parts[0]} ({parts[1]})"


def change_parts(estimate: float, low: float | None, high: float | None, unit: Unit) -> tuple[str, str]:
    """An effect, and its interval or the words that it has none."""
    value = estimate * unit.factor
    if low is None or high is None:
        return with_unit(_signed_significant(value), unit.change), "no interval"
    bounds = (low * unit.factor, high * unit.factor)
    places = telling(*bounds) if unit.places is None else unit.places
    return with_unit(figure(value, places, signed=True), unit.change), between(*bounds, places)


def with_unit(text: str, unit: str) -> str:
    """A number and its unit, kept together by a no-break space."""
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def effect_sentence(title: str, row: EffectRow, unit: Unit) -> str:
    """What happened, without a full stop: `Retention at day 7 fell by 0.82 percentage points (0.31 to 1.33)`."""
    if row.estimate is None:
        return f"{title} could not be compared{f': {row.notes[0]}' if row.notes else ''}"
    estimate, ends = row.estimate * unit.factor, row.interval()
    if ends is None:
        return f"{title} changed by {_plain(significant(estimate), unit)}, no interval"
    low, high = ends.low * unit.factor, ends.high * unit.factor
    places = telling(low, high)
    if low <= 0 <= high:
        return f"{title} shows no clear change: {_plain(figure(estimate, places), unit)} ({between(low, high, places)})"
    verb, (near, far) = "rose" if low > 0 else "fell", sorted((abs(low), abs(high)))
    return f"{title} {verb} by {_plain(figure(abs(estimate), places), unit)} ({between(near, far, places)})"


def _plain(text: str, unit: Unit) -> str:
    return f"{text} {unit.change_in_words}".rstrip()


def _signed_significant(value: float) -> str:
    text = significant(value)
    return f"+{text}" if value > 0 else text

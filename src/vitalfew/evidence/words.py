"""Effects in plain sentences, each with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vitalfew.stats.normal import two_sided
from vitalfew.workspace.metric_kinds import is_percentage, unit_of

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions, Mode

MINUS = "\N{MINUS SIGN}"
LEAST_P = 1e-4
"""Smaller p-values are not written out."""
_Z95 = two_sided(0.95)


def title_of(definitions: Definitions, metric: str) -> str:
    """A metric's title with a capital letter, for the start of a sentence."""
    title = definitions.title("metrics", metric)
    return title[:1].upper() + title[1:]


def clear_direction(row: EffectRow) -> int:
    """1 when the 95 % interval lies above zero, -1 when it lies below, else 0."""
    interval = row.interval()
    if interval is None:
        return 0
    return (interval.low > 0) - (interval.high < 0)


def sentence(definitions: Definitions, row: EffectRow) -> str:
    """Say what happened to the metric, without a full stop: "Retention day 7 fell by 0.82 points (0.31 to 1.33)"."""
    title, (unit, scale) = title_of(definitions, row.metric), _unit(definitions, row.metric)
    if row.estimate is None:
        return f"{title} could not be compared"
    interval = row.interval()
    if interval is None:
        return f"{title} changed by {_number(scale * row.estimate, None)}{unit}, no interval"
    low, high, estimate = scale * interval.low, scale * interval.high, scale * row.estimate
    half = _telling((high - low) / 2, (low, high))
    direction = clear_direction(row)
    if direction == 0:
        bounds = f"{_number(low, half)} to {_number(high, half)}"
        return f"{title} shows no clear change: {_number(estimate, half)}{unit} ({bounds})"
    near, far = sorted((abs(low), abs(high)))
    verb = "rose" if direction > 0 else "fell"
    return f"{title} {verb} by {_number(abs(estimate), half)}{unit} ({_number(near, half)} to {_number(far, half)})"


def signed(definitions: Definitions, metric: str, value: float, se: float) -> str:
    """An effect with its sign, in the metric's unit: "+11.1 points"."""
    unit, scale = _unit(definitions, metric)
    return f"{'+' if value > 0 else ''}{_number(scale * value, _Z95 * scale * se)}{unit}"


def chance_of(p_value: float) -> str:
    """A p-value within a sentence: "p 0.013", "p < 0.0001"."""
    return f"p {p_value:.2g}" if p_value >= LEAST_P else f"p < {LEAST_P:.4f}"


def at_one_look(*modes: Mode) -> str:
    """What to add to a p-value that holds once only, beside effects that may be looked at again and again."""
    many = any(mode in ("always_valid", "group_sequential") for mode in modes)
    return " at one look, planned beforehand" if many else ""


def join(parts: list[str]) -> str:
    """Join sentences into one: "a; b; c"."""
    return "; ".join(parts)


def _unit(definitions: Definitions, metric: str) -> tuple[str, float]:
    """The unit behind a number, and what the number is multiplied by to be written in it."""
    found = definitions.metrics.get(metric)
    if found is None:
        return "", 1.0
    if is_percentage(found):
        return " points", 100.0
    unit = unit_of(found)
    return (f" {unit}" if unit else ""), 1.0


def _telling(half_width: float, bounds: tuple[float, float]) -> float:
    """The half-width that decides the decimals: a tenth of it where a bound beside zero would be written as zero."""
    hidden = any(bound and not _number(bound, half_width).strip(f"{MINUS}0.,") for bound in bounds)
    return half_width / 10 if hidden else half_width


def _number(value: float, half_width: float | None) -> str:
    """Two significant digits of the interval's half-width decide the decimals; without one, three of the number."""
    if half_width is None or half_width <= 0:
        decimals = 2 - math.floor(math.log10(abs(value))) if value else 0
    else:
        decimals = 1 - math.floor(math.log10(half_width))
    text = f"{abs(value):,.{min(max(decimals, 0), 9)}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text

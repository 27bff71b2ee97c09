"""Effects in plain sentences, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.figures import decimals, effect_sentence, figure, unit_of
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions, Mode

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
    """Say what happened to the metric, without a full stop."""
    return effect_sentence(title_of(definitions, row.metric), row, unit_of(definitions.metrics.get(row.metric)))


def signed(definitions: Definitions, metric: str, value: float, se: float) -> str:
    """An effect with its sign, in the metric's unit: "+11.1 pp"."""
    unit = unit_of(definitions.metrics.get(metric))
    number = figure(value * unit.factor, decimals(2 * _Z95 * se * unit.factor), signed=True)
    return f"{number} {unit.change}".rstrip()


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

"""How results are said where several rooms say the same: one place for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.workspace.definitions import Definitions, Mode

MODES: Mapping[Mode, str] = {
    "always_valid": "may be looked at any time",
    "fixed": "looked at once, at the end",
    "group_sequential": "looked at as often as planned",
    "bayesian": "judged by probabilities, with a prior",
}
"""How often an experiment, and so each of its intervals and p-values, may be looked at."""


METHODS: Mapping[str, str] = {
    "rice": "RICE",
    "ice_mean": "ICE (mean)",
    "ice_product": "ICE (product)",
    "wsjf": "WSJF",
    "delay": "cost of delay / duration",
    "value_effort": "value / effort",
    "weighted": "weighted score",
    "estimate": "estimate",
}
"""The classic methods by which an idea may have a score; names of fields of `ClassicRow`."""


HORIZONS: Mapping[str, str] = {"h1": "h1 (now)", "h2": "h2 (next)", "h3": "h3 (later)"}
"""What horizons are called."""


_MANY = {"person": "people"}


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "feature"), count(1_200, "feature"), count(2, "day"), count(2, "entry"), count(3, "person")
    ('1 feature', '1,200 features', '2 days', '2 entries', '3 people')
    """
    in_y = noun[-1:] == "y" and noun[-2:-1] not in "aeiou"
    plural = _MANY.get(noun, noun[:-1] + "ies" if in_y else noun + "s")
    return f"{number:,} {noun if number == 1 else plural}"


def listed(names: Iterable[str], most: int | None = None) -> str:
    """Names in a sentence, those beyond the first `most` only counted.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], 2)
    ('a, b and c', 'a, b and 1 more')
    """
    every = list(names)
    shown = every if most is None or len(every) <= most else [*every[:most], f"{len(every) - most:,} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def named_units(definitions: Definitions, experiment: str, metric: str | None = None) -> str:
    """What the numbers beside an experiment, or beside one of its effects, count: units, clusters, blocks or events."""
    found = definitions.metrics.get(metric or "")
    if found is not None and found.over == "events":
        return "events"
    defined = definitions.experiments.get(experiment)
    if defined is None:
        return "units"
    return "blocks" if defined.design == "switchback" else "units" if defined.cluster is None else "clusters"

"""What one idea of a sheet becomes: its scores by method and its cost, and what its sheet worked out wrongly."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from vitalfew.connect.idea_columns import METHODS, methods_of
from vitalfew.connect.words import listed, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vitalfew.connect.idea_rows import Idea

SIZED = ("cost", "effort", "size", "duration")
"""Columns that may say what an idea costs, the first one that is there."""
_CLOSE = 0.02
_WEEKS_OF = {"week": 1.0, "month": 4.345, "quarter": 13.0, "year": 52.0, "day": 0.2}
_LEAST_ALIKE = 0.5
_NAMES = {"rice": "RICE", "ice": "ICE", "wsjf": "WSJF", "delay": "cost of delay", "value_effort": "value / effort"}


def scores_of(idea: Idea, columns: Mapping[str, str]) -> dict[str, Any]:
    """The scores that the numbers of an idea allow; what a method lacks is left out, never guessed."""
    own = idea.numbers
    found: dict[str, Any] = {}
    if "reach" in columns and "impact" in columns:
        found["rice"] = _some(own, METHODS["rice"])
    elif "ease" in columns:
        found["ice"] = _some(own, (*METHODS["ice"], "score"))
    if "criticality" in columns:
        found["wsjf"] = _some(own, METHODS["wsjf"])
    if {"delay", "duration"} <= own.keys() and own["duration"] > 0:
        per = _WEEKS_OF[period_of(columns["delay"]) or "week"]
        found["delay"] = {"per_week": round(max(own["delay"], 0.0) / per, 6), "weeks": own["duration"]}
    if "rice" not in methods_of(columns) and "criticality" not in columns and own.get("effort", 0) > 0:
        worth = _worth(own)
        found |= {} if worth is None else {"value_effort": {"value": worth, "effort": own["effort"]}}
    if "metric" not in columns and (range_ := quantiles_of(own)):
        found["estimate"] = range_
    return {name: parts for name, parts in found.items() if parts}


def cost_of(idea: Idea) -> float | None:
    """What an idea costs: its cost, else its effort, size or duration; None where there is none above 0."""
    own = idea.numbers
    cost = next((own[role] for role in SIZED if role in own), None)
    return cost if cost is not None and cost > 0 else None


def quantiles_of(own: Mapping[str, float]) -> dict[str, float] | None:
    """Three quantiles in rising order; None when one is missing or they do not rise."""
    told = [own.get(name) for name in METHODS["estimate"]]
    if any(each is None for each in told) or not told[0] <= told[1] <= told[2]:  # type: ignore[operator] # no None is left
        return None
    return {name: own[name] for name in METHODS["estimate"]}


def ice_variant(ideas: Sequence[Idea]) -> str | None:
    """The variant of ICE by which a sheet worked out most of its own scores; None when it gives none."""
    votes = {"mean": 0, "product": 0}
    for idea in ideas:
        parts = [idea.numbers.get(name) for name in METHODS["ice"]]
        own = idea.numbers.get("score")
        if own is None or any(part is None for part in parts):
            continue
        impact, confidence, ease = (part or 0.0 for part in parts)
        votes["mean"] += _alike(own, (impact + confidence + ease) / 3)
        votes["product"] += _alike(own, impact * confidence * ease)
    return max(votes, key=lambda name: votes[name]) if any(votes.values()) else None


def wrong_sums(ideas: Sequence[Idea]) -> list[str]:
    """Ideas whose own RICE score in the sheet is not what its parts give, whatever the scale of the column."""
    ratios: dict[str, float] = {}
    for idea in ideas:
        parts = [idea.numbers.get(name) for name in METHODS["rice"]]
        own = idea.numbers.get("score")
        if own and all(parts):
            reach, impact, confidence, effort = (part or 0.0 for part in parts)
            ratios[idea.title] = own * effort / (reach * impact * confidence)
    if not ratios:
        return []
    usual = median(ratios.values())
    wrong = [title for title, ratio in ratios.items() if not _alike(ratio, usual)]
    return wrong if len(wrong) <= _LEAST_ALIKE * len(ratios) else []


def lacking(columns: Collection[str]) -> str | None:
    """What keeps a sheet from being scored: the method it is nearest to, and the columns that it has not."""
    if methods_of(columns) or any(role.startswith("factor ") for role in columns):
        return None
    near = max(_NAMES, key=lambda name: (len(set(METHODS[name]) & set(columns)) / len(METHODS[name]), name == "rice"))
    missing = [role for role in METHODS[near] if role not in columns]
    instead = "; impact over effort takes its place" if {"impact", "effort"} <= set(columns) else ""
    return f"no {_NAMES[near]} score without a column for {listed(missing)}{instead}"


_PERIODS = {"qtr": "quarter", "q": "quarter", "quartal": "quarter", "monat": "month", "woche": "week", "jahr": "year"}


def period_of(heading: str) -> str | None:
    """The period that a heading names, such as `quarter`."""
    words = {_PERIODS.get(word, word.removesuffix("s")) for word in tokens(heading)}
    return next((period for period in _WEEKS_OF if period in words), None)


def _some(own: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """The numbers that a definition takes: no size or effort of 0 or less, nothing below 0."""
    sized = ("effort", "size")
    return {name: own[name] for name in names if name in own and (own[name] > 0 if name in sized else own[name] >= 0)}


def _worth(own: Mapping[str, float]) -> float | None:
    """The value of a two by two: its column, else what there is of reach x impact x confidence."""
    if "value" in own:
        return own["value"]
    if "impact" not in own:
        return None
    worth = own["impact"]
    for role in ("reach", "confidence"):
        worth *= own.get(role, 1.0)
    return round(worth, 9)


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= _CLOSE * max(abs(one), abs(other), 1e-9)

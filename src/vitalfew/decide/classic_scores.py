"""Scores of the classic methods, each by the convention of its authors: views beside the ledger, never its basis.

Sources: RICE: McBride (2016), Intercom. ICE: Ellis (2015); its two live variants are kept apart. Confidence ladder:
Gilad (2023), *Evidence-Guided*. WSJF: SAFe; cost of delay over duration: Reinertsen (2009). Weighted score: Aha!'s
default scorecard; normalised column: Jira Product Discovery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RICE_IMPACT = (3.0, 2.0, 1.0, 0.5, 0.25)
RICE_CONFIDENCE = (1.0, 0.8, 0.5)
RICE_LEAST_EFFORT = 0.5
"""Person-months: less is counted as this."""
PERSON_MONTHS = frozenset({"person-months", "person months", "person-month"})
"""Units of cost in which RICE has a least effort."""
ICE_SCALE = (1.0, 10.0)
WSJF_SCALE = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0)
LADDER = {
    "own conviction": 0.01,
    "a pitch": 0.03,
    "a trend": 0.1,
    "opinions of others": 0.2,
    "estimates": 0.5,
    "anecdotes": 1.0,
    "market data": 3.0,
    "user evidence": 3.0,
    "a staged release": 4.0,
    "a test": 5.0,
    "launch data": 10.0,
}
"""Confidence by the kind of evidence, 0.01 to 10, on purpose almost logarithmic; see `evidence_level`."""


def rice(reach: float, impact: float, confidence: float, effort: float, *, least_effort: float = 0.0) -> float:
    """Reach x impact x confidence / effort.

    Args:
        reach: people or events per stated period, 0 or more.
        impact: on each of them; 3 massive, 2 high, 1 medium, 0.5 low, 0.25 minimal.
        confidence: a share: 1 high, 0.8 medium, 0.5 low.
        effort: above 0, in one unit for the whole workspace.
        least_effort: less is counted as this; `RICE_LEAST_EFFORT` where efforts are person-months.

    Raises:
        UsageError: a negative number, or an effort of 0 or less.

    >>> rice(2000, 2, 0.8, 4)
    800.0
    """
    _refuse_below_zero(reach=reach, impact=impact, confidence=confidence)
    _refuse_no_size("effort", effort)
    return reach * impact * confidence / max(effort, least_effort)


def ice_mean(impact: float, confidence: float, ease: float) -> float:
    """Mean of the three ratings, 1 to 10 each; the variant of growth boards. Never beside `ice_product` in one sheet.

    >>> round(ice_mean(7, 5, 8), 2)
    6.67
    """
    return (impact + confidence + ease) / 3


def ice_product(impact: float, confidence: float, ease: float) -> float:
    """Product of the three ratings, 1 to 10 each (up to 1,000). Never beside `ice_mean` in one sheet.

    >>> ice_product(7, 5, 8)
    280.0
    """
    return float(impact * confidence * ease)


def wsjf(value: float, criticality: float, opportunity: float, size: float) -> float:
    """SAFe's weighted shortest job first: (value + time criticality + risk reduction or opportunity) / job size.

    Each is one of `WSJF_SCALE`, one column at a time, relative to the smallest: sums of such numbers say nothing about
    money; `cost_of_delay` does.

    Raises:
        UsageError: a negative number, or a size of 0 or less.

    >>> wsjf(8, 5, 3, 5)
    3.2
    """
    _refuse_below_zero(value=value, criticality=criticality, opportunity=opportunity)
    _refuse_no_size("size", size)
    return (value + criticality + opportunity) / size


def cost_of_delay(per_week: float, weeks: float) -> float:
    """Money lost per week of delay over the weeks of work (CD3): what to do first in one queue.

    Raises:
        UsageError: a negative cost, or a duration of 0 or less.

    >>> cost_of_delay(12_000, 4)
    3000.0
    """
    _refuse_below_zero(per_week=per_week)
    _refuse_no_size("weeks", weeks)
    return per_week / weeks


def value_effort(value: float, effort: float) -> float:
    """Value over effort, each in the sheet's own unit.

    >>> value_effort(8, 5)
    1.6
    """
    _refuse_no_size("effort", effort)
    return value / effort


def scorecard(population: float, need: float, strategy: float, effort: float, confidence: float = 1.0) -> float:
    """Aha!'s default scorecard: (population + need + strategy - effort) x confidence, confidence as a share.

    >>> scorecard(8, 7, 9, 4, 0.8)
    16.0
    """
    return (population + need + strategy - effort) * confidence


def evidence_level(kinds: Iterable[str]) -> float:
    """Confidence by the strongest kind of evidence that is linked, 0.01 to 10; never typed in.

    Args:
        kinds: names of `LADDER`; none means that only the own conviction speaks for it.

    Raises:
        UsageError: there is no such kind.

    >>> evidence_level([]), evidence_level(["anecdotes", "a test"])
    (0.01, 5.0)
    """
    named = tuple(kinds)
    for kind in named:
        if kind not in LADDER:
            raise UsageError(f"there is no evidence called '{kind}'", hint=suggest(kind, LADDER))
    return max((LADDER[kind] for kind in named), default=LADDER["own conviction"])


def weighted(numbers: Mapping[str, float], weights: Mapping[str, tuple[float, bool]]) -> float | None:
    """Sum of weight x number over the criteria, less those of which less is better; None when one is missing.

    Numbers stay in their own units, so that nothing moves when somebody adds an idea.

    Args:
        numbers: of one idea, by criterion.
        weights: of each criterion, and whether more of it is better.

    >>> weighted({"need": 5, "cost": 2}, {"need": (3, True), "cost": (1, False)})
    13.0
    """
    if not weights or any(name not in numbers for name in weights):
        return None
    return float(sum((weight if up else -weight) * numbers[name] for name, (weight, up) in weights.items()))


def normalised(scores: Sequence[float]) -> tuple[float, ...]:
    """Scores as 0 to 100 of the highest, 0 being 0 or the lowest below it; a view that moves when ideas are added.

    >>> [round(score) for score in normalised([6, 3, 2])]
    [100, 50, 33]
    >>> [round(score) for score in normalised([5, 1, -5])]
    [100, 60, 0]
    """
    low = min(0.0, *scores) if scores else 0.0
    width = max(scores, default=0.0) - low
    return tuple(100.0 * (score - low) / width if width > 0 else 0.0 for score in scores)


def ranks(scores: Mapping[str, float]) -> dict[str, int]:
    """Rank of each idea from 1, the highest score first; equal scores share the better rank.

    >>> ranks({"a": 5.0, "b": 7.0, "c": 5.0})
    {'b': 1, 'a': 2, 'c': 2}
    """
    ordered = sorted(scores.items(), key=lambda pair: -pair[1])
    found: dict[str, int] = {}
    before: tuple[float, int] | None = None
    for place, (name, score) in enumerate(ordered, 1):
        rank = before[1] if before is not None and before[0] == score else place
        found[name], before = rank, (score, rank)
    return found


def _refuse_below_zero(**given: float) -> None:
    for name, number in given.items():
        if not number >= 0:
            raise UsageError(f"{name} is {number:g}", expected="0 or more")


def _refuse_no_size(name: str, size: float) -> None:
    if not size > 0:
        raise UsageError(f"{name} is {size:g}", expected="more than 0", hint="nothing is free: give the smallest unit")

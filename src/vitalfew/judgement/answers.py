"""What one person said about factors: points, ratios, best and worst; and whether it says anything at all."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, suggest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

ZERO_ENTERS_AS = 0.5
"""Points of a factor judged worthless, on a scale where the person's top factor has 100."""
ZERO_VARIANCE = 4.0
"""Variance of the logarithm of such points, relative to that of others: a zero says little about how small."""


@dataclass(frozen=True, slots=True)
class BestWorst:
    """Answers of the best-worst method: how many times more the best counts than each, and each than the worst.

    Attributes:
        best: the factor that counts most.
        worst: the factor that counts least.
        best_to_others: by factor, how many times more `best` counts than it.
        others_to_worst: by factor, how many times more it counts than `worst`.
    """

    best: str
    worst: str
    best_to_others: Mapping[str, float]
    others_to_worst: Mapping[str, float]

    def ratios(self) -> Iterator[tuple[str, str, float]]:
        """The 2n - 3 comparisons, that of best and worst only once."""
        for factor, times in self.best_to_others.items():
            if factor != self.best:
                yield self.best, factor, times
        for factor, times in self.others_to_worst.items():
            if factor not in (self.best, self.worst) or (factor == self.best and self.worst not in self.best_to_others):
                yield factor, self.worst, times


def best_worst_of(best: Sequence[tuple[str, str, float]], worst: Sequence[tuple[str, str, float]]) -> BestWorst | None:
    """The answers of the best-worst method from its comparisons; None without any.

    Args:
        best: `(best, other, times)`, all of the same best factor.
        worst: `(other, worst, times)`, all of the same worst factor.

    Raises:
        UsageError: several factors are called best or worst, or one half is missing.
    """
    if not best and not worst:
        return None
    first, last = {one for one, _, _ in best}, {other for _, other, _ in worst}
    if len(first) != 1 or len(last) != 1:
        raise UsageError(
            "the best-worst method has one best and one worst factor",
            expected="comparisons with both",
            hint="use ratios for any other comparison",
        )
    to_others = {other: times for _, other, times in best}
    return BestWorst(first.pop(), last.pop(), to_others, {one: times for one, _, times in worst})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one person said. Factors may be left out: they are then absent, not zero.

    Attributes:
        person: tells persons apart; never shown.
        points: worth of each factor's swing, 0 or more, on any scale of one's own (swing weights, 100 points).
        ratios: `(a, b, times)`: a counts so many times more than b.
        best_worst: answers of the best-worst method.
        group: the group of raters the person speaks for.
        stale: the ranges were changed since.
    """

    person: str
    points: Mapping[str, float] = field(default_factory=dict)
    ratios: Sequence[tuple[str, str, float]] = ()
    best_worst: BestWorst | None = None
    group: str | None = None
    stale: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any], person: str, *, stale: bool = False) -> Judgement:
        """What the body of an act says."""
        extremes = body.get("best_worst")
        return cls(
            person,
            body.get("points") or {},
            tuple((str(a), str(b), float(times)) for a, b, times in body.get("ratios") or ()),
            BestWorst(**extremes) if extremes else None,
            body.get("group"),
            stale,
        )

    def pairs(self, factors: Collection[str]) -> list[tuple[str, str, float]]:
        """All comparisons of two known factors."""
        every = (*self.ratios, *(self.best_worst.ratios() if self.best_worst else ()))
        return [(a, b, times) for a, b, times in every if a in factors and b in factors]

    def named(self) -> dict[str, None]:
        """All factors it speaks of, in order."""
        compared = (name for a, b, _ in self.pairs_of_all() for name in (a, b))
        return dict.fromkeys([*self.points, *compared])

    def pairs_of_all(self) -> tuple[tuple[str, str, float], ...]:
        """All comparisons, of unknown factors too."""
        return (*self.ratios, *(self.best_worst.ratios() if self.best_worst else ()))

    def log_points(self, factors: Collection[str]) -> dict[str, tuple[float, float]]:
        """Logarithm and relative variance of the points of known factors; empty when all of them are zero."""
        known = {key: value for key, value in self.points.items() if key in factors}
        top = max(known.values(), default=0.0)
        if top <= 0:
            return {}
        return {
            key: (math.log(100.0) + math.log(value) - math.log(top), 1.0)
            if value > 0
            else (math.log(ZERO_ENTERS_AS), ZERO_VARIANCE)
            for key, value in known.items()
        }

    def silence(self, factors: Collection[str]) -> str | None:
        """Why it says nothing about which of these factors counts more; None when it does."""
        if self.pairs(factors):
            return None
        known = [value for key, value in self.points.items() if key in factors]
        if len(known) > 1 and not any(known):
            return "gave only zeros"
        if not known:
            return "answered nothing"
        return "answered a single factor" if len(known) == 1 and len(factors) > 1 else None

    def check(self, factors: Collection[str]) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: a factor is unknown, or a number negative, not finite or, in a ratio, zero.
        """
        for name in self.named():
            if name not in factors:
                raise UsageError(f"there is no factor called '{name}'", hint=suggest(name, factors))
        for name, value in self.points.items():
            if not (_is_number(value) and value >= 0):
                hint = "leave a factor out where nobody answered"
                raise UsageError(f"{value} points for '{name}' cannot be", expected="a number of 0 or more", hint=hint)
        for a, b, times in self.pairs_of_all():
            if not (_is_number(times) and times > 0):
                raise UsageError(f"'{a}' cannot count {times} times '{b}'", expected="a number above 0")
            if a == b:
                raise UsageError(f"'{a}' is compared with itself", expected="two different factors")


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)

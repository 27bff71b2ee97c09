"""Weights from judgements without a workspace: plain values in, plain values out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.best_worst import linear_weights
from vitalfew.judgement.groups import FEWEST
from vitalfew.judgement.panel import panel_of
from vitalfew.judgement.spread import Spread, consistency, kendall_w, most_inconsistent, orders, spread
from vitalfew.judgement.weights import weight_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.judgement.panel import Panel
    from vitalfew.results.rows import WeightRow

    type Said = Mapping[str, float] | Judgement

MOST_FACTORS = 100
_LEAST = 1e-6  # a weight of 0 in the linear method: far below all others, and not minus infinity


@dataclass(frozen=True)
class Weights:
    """Weights of factors as some people see them.

    Attributes:
        rows: one per factor that somebody weighed, with 80 % intervals, in the order of the factors.
        spread: how far people are apart; None for a single person or factor.
        notes: who or what does not count, in words.
        best_worst: weights of the linear best-worst method by factor, as a cross-check: the geometric mean over those
            who compared every factor with the best or the worst; None when nobody did.
        consistency: by person, the geometric consistency index of the answers of those who gave more than needed: 0
            where none contradicts another; from .31, .35 or .37 on (3, 4 or more factors) ask again.
    """

    rows: tuple[WeightRow, ...]
    spread: Spread | None
    notes: tuple[str, ...]
    best_worst: Mapping[str, float] | None = None
    consistency: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, factor: str) -> WeightRow:
        """The weight of a factor."""
        found = next((row for row in self.rows if row.factor == factor), None)
        if found is None:
            raise KeyError(factor)
        return found

    def __str__(self) -> str:
        """A line per factor. Nobody is named, and below five people nothing is said that could be about one of them."""
        widest = max((len(row.factor) for row in self.rows), default=0)
        check = self.best_worst or {}
        lines = [
            f"{row.factor:<{widest}}  {row.mean:.3f}  ({row.low:.3f} to {row.high:.3f})"
            + (f"  best-worst {check[row.factor]:.3f}" if row.factor in check else "")
            for row in sorted(self.rows, key=lambda row: -row.mean)
        ]
        return "\n".join([*lines, *self._contradictions(), *self.notes])

    def _contradictions(self) -> list[str]:
        """How many contradict themselves, of five or more who could; of one who is alone whether they do."""
        bound, asked = most_inconsistent(len(self.rows)), len(self.consistency)
        found = [index for index in self.consistency.values() if index > bound]
        if not found or 1 < asked < FEWEST:
            return []
        if asked == 1:
            return [f"answers contradict each other (consistency index {found[0]:.2f}, {bound:g} is much)"]
        return [f"answers of {len(found)} of {asked} people contradict each other (consistency index above {bound:g})"]


def weights(
    judgements: Mapping[str, Said] | Iterable[Judgement],
    factors: Sequence[str],
    *,
    shares: Mapping[str, float] | None = None,
) -> Weights:
    """Weights of factors with 80 % intervals, and how far people are apart.

    Args:
        judgements: by person, points per factor on any scale (left out: not answered; 0: counts nothing), or
            `vitalfew.judgement.answers.Judgement` for ratios, best-worst and groups.
        factors: all that may be weighed, 1 to 100.
        shares: of groups of raters; without any, every person counts alike.

    Raises:
        UsageError: no factors, a person twice, an unknown factor, an impossible number or share, or nobody says which
            factor counts more.

    >>> found = weights({"ada": {"speed": 100, "price": 50}, "ben": {"speed": 80, "price": 40}}, ["speed", "price"])
    >>> round(found["speed"].mean, 3)
    0.667
    >>> found["speed"].low < 0.667 < found["speed"].high
    True
    """
    names = tuple(dict.fromkeys(factors))
    if not 1 <= len(names) <= MOST_FACTORS:
        raise UsageError(f"weights of {len(names)} factors", expected=f"1 to {MOST_FACTORS} factors")
    said = _judgements(judgements)
    for judgement in said:
        judgement.check(names)
    for group, share in (shares or {}).items():
        if not (math.isfinite(share) and share > 0):
            raise UsageError(f"'{group}' cannot have a share of {share:g}", expected="a number above 0")
    people = panel_of(said, names, shares or {})
    if not people.judgements:
        why = "; ".join(people.notes) or "there are no judgements"
        raise UsageError(f"nobody says which factor counts more: {why}", hint="give two factors, one of them above 0")
    return Weights(weight_rows(people), _spread(people), people.notes, _cross_check(people), _consistency(people))


def _consistency(people: Panel) -> dict[str, float]:
    if len(people.factors) < 3:  # noqa: PLR2004 - two factors have one comparison
        return {}
    each = zip(people.judgements, consistency(people.posterior), strict=True)
    return {judgement.person: float(index) for judgement, index in each if not math.isnan(index)}


def _cross_check(people: Panel) -> Mapping[str, float] | None:
    """The linear best-worst weights of those who gave all of these answers, pooled as ours are."""
    own = []
    for judgement in people.judgements:
        said = judgement.best_worst
        if said is not None and len(people.factors) > 1:
            with suppress(NotEnoughData):
                found, _ = linear_weights(said, people.factors)
                own.append([found[factor] for factor in people.factors])
    if not own:
        return None
    pooled = np.exp(np.log(np.maximum(own, _LEAST)).mean(axis=0))
    return dict(zip(people.factors, (pooled / pooled.sum()).tolist(), strict=True))


def _spread(people: Panel) -> Spread | None:
    """As for a run, but Kendall's W of two people, too: whoever holds the answers may compare them."""
    if len(people.judgements) < 2 or len(people.factors) < 2:  # noqa: PLR2004 - agreement needs two orders of two
        return None
    found = spread(people) or Spread(None, people.posterior.typical()[0])
    return replace(found, kendall_w=kendall_w(orders(people.posterior)))


def _judgements(given: Mapping[str, Said] | Iterable[Judgement]) -> list[Judgement]:
    if not isinstance(given, Mapping):
        said = list(given)
        if len({judgement.person for judgement in said}) < len(said):
            raise UsageError("a person judges twice", expected="one judgement per person", hint="keep the latest")
        return said
    return [_judgement(person, answer) for person, answer in given.items()]


def _judgement(person: str, answer: Said) -> Judgement:
    if isinstance(answer, Judgement):
        return replace(answer, person=person)
    if isinstance(answer, Mapping):
        return Judgement(person, dict(answer))
    raise UsageError(f"the answer of '{person}' is no judgement", expected="points by factor, or a Judgement")

"""Weights of the factors, with intervals, from people's own judgements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.groups import shown_groups
from vitalfew.judgement.panel import panel
from vitalfew.judgement.posterior import posterior, softmax
from vitalfew.judgement.streams import weight_numbers
from vitalfew.results.rows import GroupWeightRow, WeightPosteriorRow, WeightRow

if TYPE_CHECKING:
    from vitalfew.judgement.observations import Floats
    from vitalfew.judgement.panel import Panel
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions

DRAWS = 4_000
TAILS = (0.1, 0.9)


def weights(definitions: Definitions, acts: ActLog) -> tuple[WeightRow, ...]:
    """Combine the latest judgement of each person into one weight per factor.

    Returns:
        One row per factor that somebody weighed, in the order of the definitions; weights sum to 1. Empty without
        judgements. A factor nobody weighed has no row, and the others say so.
    """
    return weight_rows(panel(definitions, acts))


def weight_rows(people: Panel) -> tuple[WeightRow, ...]:
    """The weights of a panel; a single factor has all the weight, whatever was said."""
    factors = people.factors
    if len(factors) > 1:
        found = people.posterior
        numbers = weight_numbers(0, factors, DRAWS)
        centre = found.consensus.centre
        low, high = np.quantile(found.consensus.draw(*numbers), TAILS, axis=1)
        member_low, member_high = np.quantile(found.member.draw(*numbers), TAILS, axis=1)
    else:
        centre = low = high = member_low = member_high = np.ones(len(factors))
    note = "; ".join(["a single factor: nothing to weigh it against"] if len(factors) == 1 else people.notes) or None
    return tuple(
        WeightRow(
            factor,
            float(centre[at]),
            float(low[at]),
            float(high[at]),
            people.raters(factor),
            note,
            float(member_low[at]),
            float(member_high[at]),
            people.zero_votes(factor),
        )
        for at, factor in enumerate(factors)
    )


def posterior_rows(people: Panel) -> tuple[WeightPosteriorRow, ...]:
    """The posterior as the mixture that draws of weights are made from; empty below two factors."""
    if len(people.factors) < 2:  # noqa: PLR2004 - a single weight is 1, without a posterior
        return ()
    mixture = people.posterior.consensus
    return tuple(
        WeightPosteriorRow(float(share), mixture.factors, _numbers(mean), _numbers(covariance))
        for share, mean, covariance in zip(mixture.share, mixture.mean, mixture.covariance, strict=True)
    )


def group_weights(people: Panel) -> tuple[GroupWeightRow, ...]:
    """Weights of each group of raters beside those of everybody else; groups under five are merged or not shown."""
    groups = shown_groups(people.judgements)
    if len(people.factors) < 2:  # noqa: PLR2004 - groups cannot differ over one factor
        return ()
    rows: list[GroupWeightRow] = []
    for name, members in groups.items():
        side = [int(judgement.person not in members) for judgement in people.judgements]
        found = posterior(people.judgements, people.factors, side, [1.0, 1.0])
        numbers = [weight_numbers(which, people.factors, DRAWS) for which in (0, 1)]
        # Both sides share the cell of each draw: how much people scatter is the same unknown for both.
        own, others = (found.group(which).draw(numbers[0][0], numbers[which][1]) for which in (0, 1))
        centres = [found.group(which).centre for which in (0, 1)]
        rows += _group_rows(name, people, members, (centres[0], centres[1]), (own, others))
    return tuple(rows)


def _group_rows(
    name: str, people: Panel, members: frozenset[str], centres: tuple[Floats, Floats], draws: tuple[Floats, Floats]
) -> list[GroupWeightRow]:
    low, high = np.quantile(draws[0], TAILS, axis=1)
    gap_low, gap_high = np.quantile(draws[0] - draws[1], TAILS, axis=1)
    return [
        GroupWeightRow(
            name,
            factor,
            sum(factor in judgement.named() for judgement in people.judgements if judgement.person in members),
            float(centres[0][at]),
            float(low[at]),
            float(high[at]),
            float(centres[0][at] - centres[1][at]),
            float(gap_low[at]),
            float(gap_high[at]),
        )
        for at, factor in enumerate(people.factors)
    ]


def own_weights(people: Panel) -> Floats:
    """Each person's own weights, `(P, n)`; gaps are filled with the panel's. Never stored, never shown by person."""
    consensus = people.posterior.consensus
    return softmax(people.posterior.seen.own(consensus.share @ consensus.mean).T).T


def _numbers(array: Floats) -> tuple[float, ...]:
    return tuple(float(number) for number in array.ravel())

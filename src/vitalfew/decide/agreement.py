"""Whether disagreement matters for the choice at hand: what people and groups would fund by their own weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.portfolio import best_portfolio
from vitalfew.judgement.groups import FEWEST, shown_groups
from vitalfew.judgement.spread import jaccard, spread
from vitalfew.judgement.weights import own_weights
from vitalfew.results.rows import DisagreementRow, GroupChoiceRow

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.options import Options
    from vitalfew.decide.portfolio import Flags
    from vitalfew.judgement.panel import Panel
    from vitalfew.results.rows import Tables

SAME_SET = 0.7
"""Jaccard index from which on two funded sets are the same choice."""
OVERRULED_SET, OVERRULED_RANK = 0.3, 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be chosen: value of each line by factor at weight 1, cost, and the budget.

    Attributes:
        lines: keys of the lines that may be funded.
        values: `(lines, factors)`.
        costs: `(lines,)`.
        budget: in the same unit.
    """

    lines: tuple[str, ...]
    values: Floats
    costs: Floats
    budget: float

    def funded(self, weights: Floats) -> Flags:
        """The best portfolio by each set of weights, `(lines, sets)`.

        Args:
            weights: a row per set, a column per factor.
        """
        values = self.values @ weights.T
        return best_portfolio(values, np.broadcast_to(self.costs[:, None], values.shape), self.budget)


def disagreement(
    tables: Tables, people: Panel, options: Options
) -> tuple[tuple[DisagreementRow, ...], tuple[GroupChoiceRow, ...]]:
    """How far a panel is apart, whether it matters, and what its groups would fund otherwise.

    Args:
        tables: of the stages before the ledger.
        people: whose judgements count; what is returned names nobody and counts five people or more.
        options: what is to be chosen from.
    """
    if not people.judgements:
        return (), ()
    found = spread(people)
    row = DisagreementRow(len(people.judgements), notes=_too_few(people))
    if found is None:
        return (row,), ()
    row = replace(row, **asdict(found))
    if len(people.judgements) < FEWEST:
        return (row,), ()
    choice = choice_of(options, people.factors)
    if len(choice.lines) < 2:  # noqa: PLR2004 - a choice is between two
        note = "whether it matters is not known: fewer than two candidates have a value and a cost"
        return (replace(row, notes=(*row.notes, note)),), ()
    agreed = people.posterior.consensus.centre
    together = choice.funded(agreed[None])[:, 0]
    own = own_weights(people)
    same = np.array([jaccard(each, together) for each in choice.funded(own).T])
    ranked = np.argsort(np.argsort(-agreed))[own.argmax(axis=1)]
    overruled = int(((ranked >= OVERRULED_RANK) & (same < OVERRULED_SET)).sum())
    return (replace(row, decision_agreement=float((same >= SAME_SET).mean()), overruled=overruled),), _groups(
        people, tables, choice, together
    )


def choice_of(options: Options, factors: tuple[str, ...]) -> Choice:
    """The lines that may be funded, with their mean value per unit of each factor's weight.

    Args:
        options: what is to be chosen from.
        factors: those that were weighed, in the order of the weights.
    """
    mean = {name: options.swings[:, at].mean(axis=1, dtype=np.float64) for at, name in enumerate(options.factors)}
    nothing = np.zeros(len(options.lines))
    values = np.array([mean.get(factor, nothing) for factor in factors]).T
    keys = tuple(line for line, ready in zip(options.lines, options.fundable, strict=True) if ready)
    return Choice(
        keys, values[options.fundable], options.costs[options.fundable].mean(axis=1, dtype=np.float64), options.budget
    )


def _groups(people: Panel, tables: Tables, choice: Choice, together: Flags) -> tuple[GroupChoiceRow, ...]:
    rows = []
    for name, members in shown_groups(people.judgements).items():
        by_factor = {row.factor: row.mean for row in tables.group_weights if row.group == name}
        if set(by_factor) != set(people.factors):
            continue
        funded = choice.funded(np.array([[by_factor[factor] for factor in people.factors]]))[:, 0]
        adds = tuple(line for line, own, all_ in zip(choice.lines, funded, together, strict=True) if own and not all_)
        drops = tuple(line for line, own, all_ in zip(choice.lines, funded, together, strict=True) if all_ and not own)
        rows.append(GroupChoiceRow(name, len(members), jaccard(funded, together), adds, drops))
    return tuple(rows)


def _too_few(people: Panel) -> tuple[str, ...]:
    if len(people.factors) < 2:  # noqa: PLR2004 - one factor cannot be weighed in two ways
        return ("a single factor: there is nothing to disagree about",)
    if len(people.judgements) < FEWEST:
        return (f"with fewer than {FEWEST} people nothing is shown that could be about one of them",)
    return ()

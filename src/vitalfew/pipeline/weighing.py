"""What a group said about its factors: a single stage, quick enough for people who sit together and wait for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.agreement import choice_of, disagreement
from vitalfew.decide.options import Options
from vitalfew.judgement.groups import FEWEST
from vitalfew.judgement.panel import panel
from vitalfew.judgement.spread import camps
from vitalfew.judgement.weights import group_weights, own_weights, weight_rows
from vitalfew.results.rows import Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.judgement.observations import Floats
    from vitalfew.judgement.panel import Panel
    from vitalfew.pipeline.results import Results
    from vitalfew.results.rows import DisagreementRow, GroupChoiceRow, GroupWeightRow, WeightRow
    from vitalfew.workspace.workspace import Workspace

SPLIT = 0.2
"""Share of a group from which on some of it would decide otherwise."""


@dataclass(frozen=True, slots=True)
class Strip:
    """How a group weighs one factor.

    Attributes:
        factor: its key.
        weight: of the group.
        dots: weights of single members in rising order, so that no row of dots belongs to one person; none where fewer
            than five judged the factor.
        spread: standard deviation of the members' log weights; None where there are no dots.
    """

    factor: str
    weight: WeightRow
    dots: tuple[float, ...] = ()
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """A line on which members would decide otherwise: whether all together fund it, and the share who would."""

    line: str
    funded: bool
    share: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a group said. Nothing here is about one person.

    Attributes:
        people: how many judged.
        strips: what they are farthest apart on first.
        groups: weights of groups of raters, five people or more each.
        disagreement: how far apart they are, and whether it matters; None where nobody judged.
        choices: what groups would fund otherwise.
        camps: what each of two camps favours against the other; empty where there are none.
        flips: lines whose funding hangs on whom one asks; None where that is not known.
        notes: who or what does not count, in words.
    """

    people: int
    strips: tuple[Strip, ...] = ()
    groups: tuple[GroupWeightRow, ...] = ()
    disagreement: DisagreementRow | None = None
    choices: tuple[GroupChoiceRow, ...] = ()
    camps: tuple[str, ...] = ()
    flips: tuple[Flip, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> dict[str, WeightRow]:
        """Weights of the group, by factor."""
        return {strip.factor: strip.weight for strip in self.strips}


def choosable(results: Results) -> Options:
    """What a run leaves to be chosen from, by its means: all that deciding by one set of weights needs. Keep it."""
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import options_of
    from vitalfew.judgement.waivers import waivers

    defined = results.workspace.definitions
    waived = waivers(defined, results.workspace.acts)
    found = options_of(Inputs.of(defined, results.tables, results.day, results.info.seed, waived))
    swings = found.swings.mean(axis=2, keepdims=True, dtype=np.float64).astype(np.float32)
    return replace(
        found,
        swings=swings,
        weights=found.weights.mean(axis=1, keepdims=True),
        costs=found.costs.mean(axis=1, keepdims=True),
    )


def weigh(workspace: Workspace, options: Options | None = None) -> Weighed:
    """Combine what people judged into what may be shown of it.

    Args:
        workspace: definitions, and the acts of those whose judgements count here.
        options: what is to be chosen from (`choosable`); None where nothing is.
    """
    people = panel(workspace.definitions, workspace.acts)
    if not people.judgements:
        return Weighed(0, notes=people.notes)
    rows = weight_rows(people)
    groups = group_weights(people)
    offered = _nothing() if options is None else options
    apart, choices = disagreement(Tables(group_weights=groups), people, offered)
    if len(people.judgements) < FEWEST or len(people.factors) < 2:  # noqa: PLR2004 - one factor has one weight
        strips = sorted((Strip(row.factor, row) for row in rows), key=lambda strip: -strip.weight.mean)
        return Weighed(len(people.judgements), tuple(strips), groups, apart[0], choices, notes=people.notes)
    own = own_weights(people)
    return Weighed(
        len(people.judgements),
        _strips(people, rows, own),
        groups,
        apart[0],
        choices,
        _favoured(people.factors, own),
        _flips(people, own, offered),
        people.notes,
    )


def _strips(people: Panel, rows: Sequence[WeightRow], own: Floats) -> tuple[Strip, ...]:
    answered = np.array([[row.factor in judgement.named() for row in rows] for judgement in people.judgements])
    found = []
    for at, row in enumerate(rows):
        theirs = np.sort(own[answered[:, at], at])
        few = len(theirs) < FEWEST
        dots = () if few else tuple(round(float(weight), 3) for weight in theirs)
        found.append(Strip(row.factor, row, dots, None if few else float(np.log(theirs).std())))
    return tuple(sorted(found, key=lambda strip: -1.0 if strip.spread is None else strip.spread, reverse=True))


def _favoured(factors: Sequence[str], own: Floats) -> tuple[str, ...]:
    """The factor that each of two camps weighs more than the other does, as far as it goes."""
    split = camps(own)
    if split is None:
        return ()
    logs = np.log(own)
    gap = logs[split == 1].mean(axis=0) - logs[split == 0].mean(axis=0)
    gap -= gap.mean()
    return factors[int(gap.argmax())], factors[int(gap.argmin())]


def _flips(people: Panel, own: Floats, options: Options) -> tuple[Flip, ...] | None:
    choice = choice_of(options, people.factors)
    if len(choice.lines) < 2:  # noqa: PLR2004 - a choice is between two
        return None
    together = choice.funded(people.posterior.consensus.centre[None])[:, 0]
    shares = choice.funded(own).mean(axis=1)
    found = [
        Flip(line, bool(funded), float(share))
        for line, funded, share in zip(choice.lines, together, shares, strict=True)
        if (1 - share if funded else share) >= SPLIT
    ]
    return tuple(sorted(found, key=lambda flip: abs(flip.share - 0.5)))


def _nothing() -> Options:
    none = np.zeros((0, 1))
    return Options((), (), np.zeros((0, 0, 1), dtype=np.float32), none, none, 0.0, np.zeros(0, dtype=bool))

"""The panel: whose judgements count, in which groups, and what has to be said about those that do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.groups import FEWEST
from vitalfew.judgement.posterior import posterior
from vitalfew.stats.percent import percent
from vitalfew.workspace.locks import VALUE_MODEL, value_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.judgement.posterior import Posterior
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions


@dataclass(frozen=True)
class Panel:
    """The people whose judgements count, one judgement each.

    Attributes:
        factors: those that somebody weighed, in the order given.
        judgements: the latest of each person, by person.
        shares: by group of raters; empty: every person counts alike.
        first: the first judgement of those who judged these ranges twice or more, by person.
        notes: who or what does not count, in words.
    """

    factors: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    shares: Mapping[str, float]
    first: Mapping[str, Judgement]
    notes: tuple[str, ...]

    @cached_property
    def posterior(self) -> Posterior:
        """The posterior over the weights of two or more factors."""
        names = list(self.shares)
        groups = [names.index(judgement.group or "") for judgement in self.judgements] if names else None
        return posterior(self.judgements, self.factors, groups, list(self.shares.values()) if names else None)

    def raters(self, factor: str) -> int:
        """How many spoke of a factor."""
        return sum(factor in judgement.named() for judgement in self.judgements)

    def zero_votes(self, factor: str) -> int:
        """How many said that a factor counts nothing, where five or more spoke of it; else 0: one could be told."""
        if self.raters(factor) < FEWEST:
            return 0
        return sum(judgement.points.get(factor) == 0 for judgement in self.judgements)


def panel(definitions: Definitions, acts: ActLog) -> Panel:
    """The panel of a workspace: the latest judgement of each person."""
    present = value_model(definitions, acts).hash
    latest: dict[str, Judgement] = {}
    first: dict[str, Judgement] = {}
    again: set[str] = set()
    for act, body in acts.of("judgement", VALUE_MODEL):
        stale = act.definition is not None and act.definition.hash != present
        person = acts.person(act.by)
        latest[person] = Judgement.of(body, person, stale=stale)
        if not stale and person in first:
            again.add(person)
        elif not stale:
            first[person] = latest[person]
    made = panel_of(latest.values(), tuple(definitions.factors), definitions.policy.rater_groups)
    counted = {judgement.person for judgement in made.judgements}
    rounds = {person: first[person] for person in sorted(again & counted)}
    return Panel(made.factors, made.judgements, made.shares, rounds, made.notes)


def panel_of(judgements: Iterable[Judgement], factors: Sequence[str], shares: Mapping[str, float]) -> Panel:
    """The panel of some judgements, one per person.

    Args:
        judgements: in any order.
        factors: all that may be weighed.
        shares: of groups of raters; without any, every person counts alike.
    """
    every = sorted(judgements, key=lambda judgement: judgement.person)
    silent = {judgement.person: why for judgement in every if (why := judgement.silence(factors))}
    usable = [judgement for judgement in every if judgement.person not in silent]
    present = dict.fromkeys(judgement.group for judgement in usable)
    used = {group: share for group, share in shares.items() if group in present}
    counted = [judgement for judgement in usable if judgement.group in used] if used else usable
    weighed = tuple(key for key in factors if any(key in judgement.named() for judgement in counted))
    notes = [
        *_about_groups(counted, len(usable) - len(counted), shares, used),
        *(f"{_people(count)} {why}" for why, count in sorted(Counter(silent.values()).items())),
        *_about_factors(every, factors, weighed),
    ]
    if any(judgement.stale for judgement in counted):
        notes.append("factors or ranges were changed after some of the judgements: intervals are wider, ask again")
    return Panel(weighed, tuple(counted), used, {}, tuple(notes))


def _about_groups(
    counted: Sequence[Judgement], without: int, shares: Mapping[str, float], used: Mapping[str, float]
) -> list[str]:
    if len(counted) == 1:
        return ["one person's answers: how others differ is taken from the prior"]
    if not shares:
        return ["every person counts alike, whatever their group"] if counted else []
    if not used:
        return ["nobody of a group with a share has judged: every person counts alike"] if counted else []
    total = sum(used.values())
    said = [f"groups count by their shares: {', '.join(f'{g} {percent(s / total)}' for g, s in used.items())}"]
    missing = [group for group in shares if group not in used]
    said += [f"nobody has judged of: {', '.join(missing)}; the others have their share"] if missing else []
    return [*said, f"{_people(without)} of no group with a share left out"] if without else said


def _about_factors(every: Sequence[Judgement], factors: Sequence[str], weighed: Sequence[str]) -> list[str]:
    said = []
    gone = sorted({name for judgement in every for name in judgement.named() if name not in factors})
    if gone:
        said.append(f"left out, no longer factors: {', '.join(gone)}")
    islands = _compared(every, weighed)
    if len(islands) > 1:
        told = " and ".join(f"({', '.join(island)})" for island in islands)
        said.append(f"no answer compares {told} with each other: how these count against each other is a guess")
    unweighed = [key for key in factors if key not in weighed]
    if unweighed and weighed:
        said.append(f"nobody weighed: {', '.join(unweighed)}")
    return said


def _compared(every: Sequence[Judgement], weighed: Sequence[str]) -> list[list[str]]:
    """The factors that answers compare with each other, by whatever way round."""
    islands = [[factor] for factor in weighed]
    for judgement in every:
        links = [list(judgement.points), *([a, b] for a, b, _ in judgement.pairs_of_all())]
        for names in links:
            met = [island for island in islands if any(name in names for name in island)]
            if len(met) > 1:
                islands = [[name for island in met for name in island], *(i for i in islands if i not in met)]
    place = {factor: at for at, factor in enumerate(weighed)}
    return sorted((sorted(island, key=place.__getitem__) for island in islands), key=lambda island: place[island[0]])


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"

"""The pulse: two quick questions that tell whether the chosen value is understood across the organisation.

Which factor comes first here? Which metric is yours to move? Only shares of groups of five people or more are shown.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.judgement.groups import FEWEST, NO_GROUP, merged
from vitalfew.results.basics import Estimate
from vitalfew.results.judgement_rows import PulseRow
from vitalfew.stats.shares import wilson
from vitalfew.workspace.graph import downstream
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from vitalfew.results.judgement_rows import WeightRow
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions

_MONTHS = 3
TOO_FEW = f"fewer than {FEWEST} people answered"
NO_WEIGHTS = "nobody has weighed the factors, so no answer is the right one"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What somebody said: by whom, for which team, whether the factor comes first, whether the metric leads to one."""

    person: str
    team: str
    first: bool
    own: bool


def pulse(definitions: Definitions, acts: ActLog, weights: Sequence[WeightRow]) -> tuple[PulseRow, ...]:
    """How many know what comes first, and which metric of theirs leads to it: by quarter, for all and by team.

    Of a person the latest answer in a quarter counts. A factor comes first when its weight is the largest, or cannot be
    told from the largest: its 80 % interval reaches it. A metric leads to value when it is a factor, or links lead from
    it to one.

    Args:
        definitions: of the workspace.
        acts: its log.
        weights: of the factors, by all who judged.

    Returns:
        Quarters in order, all people first, then teams of five or more, smaller ones merged.
    """
    first = _first(weights)
    quarters: dict[str, dict[str, _Answer]] = defaultdict(dict)
    for act, said in acts.of("pulse", VALUE_MODEL):
        metric = said.get("metric")
        own = metric in definitions.metrics and bool(downstream(definitions, [metric]) & set(definitions.factors))
        person = acts.person(act.by)
        answer = _Answer(person, said.get("team") or NO_GROUP, said.get("factor") in first, own)
        quarters[_quarter(act.time)][person] = answer
    return tuple(
        row
        for quarter, answers in sorted(quarters.items())
        for row in _of_quarter(quarter, list(answers.values()), knows_first=bool(first))
    )


def _first(weights: Sequence[WeightRow]) -> frozenset[str]:
    """Factors whose weight is the largest, or cannot be told from it."""
    weighed = [row for row in weights if row.raters]
    top = max((row.mean for row in weighed), default=0.0)
    return frozenset(row.factor for row in weighed if max(row.mean, row.high or 0.0) >= top)


def _quarter(at: datetime) -> str:
    return f"{at.year}-Q{(at.month - 1) // _MONTHS + 1}"


def _of_quarter(quarter: str, answers: Sequence[_Answer], *, knows_first: bool) -> Iterator[PulseRow]:
    yield _row(quarter, None, answers, knows_first=knows_first)
    people: dict[str, set[str]] = defaultdict(set)
    for answer in answers:
        people[answer.team].add(answer.person)
    groups = merged(people)
    if len(groups) > 1:
        for names, members in groups.items():
            own = [answer for answer in answers if answer.person in members]
            yield _row(quarter, names, own, knows_first=knows_first)


def _row(quarter: str, teams: tuple[str, ...] | None, answers: Sequence[_Answer], *, knows_first: bool) -> PulseRow:
    if len(answers) < FEWEST:
        return PulseRow(quarter, teams, len(answers), None, None, notes=(TOO_FEW,))
    first = _share(answer.first for answer in answers) if knows_first else None
    notes = () if knows_first else (NO_WEIGHTS,)
    return PulseRow(quarter, teams, len(answers), first, _share(answer.own for answer in answers), notes)


def _share(found: Iterable[bool]) -> Estimate:
    said = list(found)
    return Estimate(sum(said) / len(said), *wilson(sum(said), len(said)))

"""The record of a workspace as rows: over everything, by team, by source, and of one person for that person alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vitalfew.judgement.calibration import JOINED
from vitalfew.judgement.calibration_fit import Fit, fit
from vitalfew.judgement.combining import FEWEST_VERDICTS, track_weights
from vitalfew.judgement.groups import FEWEST, NO_GROUP, merged
from vitalfew.judgement.promises import behind_lock, combine
from vitalfew.judgement.record import Quantiles
from vitalfew.judgement.reference_class import ReferenceClass, reference_score
from vitalfew.judgement.scores import brier, coverage, skill
from vitalfew.results.rows import CalibrationPosteriorRow, CalibrationRow, Estimate
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.judgement.record import Outcome, Resolved
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions

type Kind = Literal["overall", "team", "source", "person"]

EVERYTHING = "everything"
FEWEST_OVERALL = 2
"""People behind the record of the organisation: with one alone it would be that person's."""
_TENTHS = 10
_Z80 = 1.2815515655446004
_NO_RECORD = "no record yet: fewer than ten promises are resolved, and the prior is shown"
_ALONE = "one person alone forecasts: the record is theirs, and the prior is shown"


@dataclass(frozen=True)
class History:
    """Resolved promises with who stood behind each.

    Attributes:
        outcomes: what came of locked promises.
        people: all who forecast each, by hypothesis.
        said: what they said, by hypothesis and person; less what was erased.
        groups: the group each person speaks for, by person.
        notes: on what could not be learned from.
    """

    outcomes: tuple[Outcome, ...]
    people: Mapping[str, frozenset[str]]
    said: Mapping[str, Mapping[str, Mapping[str, Any]]]
    groups: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, outcomes: Iterable[Outcome], definitions: Definitions, acts: ActLog, notes: tuple[str, ...] = ()
    ) -> History:
        """Join outcomes with the forecasts in the log that were locked."""
        every = tuple(outcomes)
        behind = {each.hypothesis: behind_lock(each.hypothesis, definitions, acts) for each in every}
        judged = acts.of("judgement", VALUE_MODEL)
        groups = {acts.person(act.by): body.get("group") or NO_GROUP for act, body in judged}
        people = {key: people for key, (people, _) in behind.items()}
        return cls(every, people, {key: said for key, (_, said) in behind.items()}, groups, notes)

    @property
    def everybody(self) -> frozenset[str]:
        """All people behind resolved promises."""
        return frozenset().union(*self.people.values())

    def of_persons(self) -> list[Resolved]:
        """Every person's own forecasts beside what came; `group` is the person."""
        return [
            each.against(_quantiles(body), person)
            for each in self.outcomes
            for person, body in self.said[each.hypothesis].items()
        ]


def person_weights(history: History) -> dict[str, float]:
    """Weight of each person in promises that are still open."""
    return track_weights(history.of_persons())


def calibration_rows(history: History) -> tuple[CalibrationRow, ...]:
    """The record over everything, of teams and of sources, as far as it may be shown."""
    promised = [each.against(each.promise, each.team) for each in history.outcomes]
    found = fit(promised if _enough(promised) else (), apart=False)
    several = len(history.everybody) >= FEWEST_OVERALL
    overall = _row("overall", EVERYTHING, len(history.everybody), promised, found if several else None)
    notes = (*overall.notes, *history.notes) if several or not promised else (_ALONE, *history.notes)
    return (replace(overall, notes=notes), *_team_rows(history), *_source_rows(history))


def posterior_rows(history: History) -> tuple[CalibrationPosteriorRow, ...]:
    """What ranking draws from: the prior below ten resolved promises, and where one person alone forecast them.

    Values of that person's locked promises would tell the record that is theirs alone.
    """
    grouped = _by_team(history)
    known = _enough(grouped) and len(history.everybody) >= FEWEST_OVERALL
    return fit(grouped if known else ()).rows()


def person_row(history: History, person: str) -> CalibrationRow:
    """The record of one person, for that person's eyes only."""
    own = [each for each in history.of_persons() if each.group == person]
    every = [each.against(each.promise, EVERYTHING) for each in history.outcomes]
    return _row("person", person, 1, own, fit([*own, *every]) if _enough(own) else None)


def _by_team(history: History) -> list[Resolved]:
    """Resolved promises under the teams whose slopes may be told apart; merged ones under their joined names."""
    names = {name: JOINED.join(names) for names in _teams(history) for name in names}
    return [each.against(each.promise, names[each.team]) for each in history.outcomes]


def _teams(history: History) -> dict[tuple[str, ...], frozenset[str]]:
    people: dict[str, set[str]] = {}
    for each in history.outcomes:
        people.setdefault(each.team, set()).update(history.people[each.hypothesis])
    return merged(people)


def _team_rows(history: History) -> list[CalibrationRow]:
    groups = {JOINED.join(names): people for names, people in _teams(history).items()}
    return _rows_of("team", _by_team(history), groups)


def _source_rows(history: History) -> list[CalibrationRow]:
    """A source speaks by the combined forecast of its members."""
    members: dict[str, set[str]] = {}
    for person in history.everybody:
        members.setdefault(history.groups.get(person, NO_GROUP), set()).add(person)
    groups = {JOINED.join(names): people for names, people in merged(members).items()}
    resolved = []
    for each in history.outcomes:
        for name, people in groups.items():
            said = [body for person, body in history.said[each.hypothesis].items() if person in people]
            if said:
                resolved.append(each.against(combine(said), name))
    return _rows_of("source", resolved, groups)


def _rows_of(kind: Kind, resolved: Sequence[Resolved], groups: Mapping[str, frozenset[str]]) -> list[CalibrationRow]:
    """Rows of two groups or more, of five people each at least; one alone would be the row over everything."""
    large = {name: people for name, people in groups.items() if len(people) >= FEWEST}
    if len(large) < 2:  # noqa: PLR2004 - one group is all there is
        return []
    found = fit(resolved if _enough(resolved) else ())
    of = {name: [each for each in resolved if each.group == name] for name in large}
    return [_row(kind, name, len(people), of[name], found) for name, people in large.items()]


def _enough(resolved: Sequence[Resolved]) -> bool:
    return len({each.hypothesis for each in resolved}) >= FEWEST_VERDICTS


def _row(kind: Kind, name: str, people: int, resolved: Sequence[Resolved], found: Fit | None) -> CalibrationRow:
    """One row; below ten resolved, or without a fit that may be shown, the prior and no score."""
    own = found is not None and _enough(resolved)
    known = found if found is not None and own else fit((), apart=False)
    reference = ReferenceClass.of(resolved if own else ())
    return CalibrationRow(
        kind=kind,
        name=name,
        people=people,
        resolved=len(resolved),
        own=own,
        slope=known.slope_of(name) if name in known.teams else known.slope,
        bias=known.bias,
        surprise=known.typical_surprise,
        stretch=known.typical_stretch,
        nothing=reference.nothing,
        better=reference.better,
        notes=() if own else (_NO_RECORD,),
        **(_scores(resolved) if own else {}),
    )


def _scores(resolved: Sequence[Resolved]) -> dict[str, Any]:
    """Scores of ten resolved forecasts or more."""
    places = [each.place for each in resolved]
    score, reference = fmean(each.crps for each in resolved), reference_score(resolved)
    chances = brier([each.p_better for each in resolved], [each.outcome > 0 for each in resolved])
    return {
        "coverage": Estimate(*coverage(places)),
        "crps": score,
        "reference_crps": reference,
        "skill": None if reference is None else skill(score, reference),
        "brier": chances.score,
        "reliability": chances.reliability,
        "resolution": chances.resolution,
        "uncertainty": chances.uncertainty,
        "pit": tuple(int(count) for count in np.histogram(places, bins=_TENTHS, range=(0, 1))[0]),
        "delivered": delivered(resolved),
    }


def delivered(resolved: Sequence[Resolved]) -> Estimate | None:
    """Share of the gains promised (p50) that came, summed over all of them, with its 80 % interval.

    The interval is that of the measurements: it says what came of these promises, not what will of others.
    """
    gains = [each for each in resolved if each.forecast.p50 > 0]
    promised = sum(each.forecast.p50 for each in gains)
    if promised <= 0:
        return None
    share = sum(each.outcome for each in gains) / promised
    half = _Z80 * math.sqrt(sum(each.se**2 for each in gains)) / promised
    return Estimate(share, share - half, share + half)


def _quantiles(body: Mapping[str, Any]) -> Quantiles:
    return Quantiles(body["p10"], body["p50"], body["p90"], body["p_zero"])

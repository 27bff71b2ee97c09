"""Whether the kinds of evidence behind a line agree: several, only one, or one against another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.decide.effects import distrusted, of_releases
from vitalfew.evidence.discoveries import stands_out
from vitalfew.evidence.roles import sign_of
from vitalfew.results.rows import TriangulationRow
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import Badge, CandidateLine, EffectRow, EvidenceKind, ShippedLine, Tables
    from vitalfew.workspace.definitions import Definitions, Need

SURE = 0.95
FEWEST_RESPONDENTS = 30
"""Respondents of a survey from which it says anything about a need."""
_NAMES: dict[EvidenceKind, str] = {
    "experiment": "experiments",
    "release": "what changed after releases",
    "links": "what links carry on",
    "need": "what customers said of its need",
}

type Spoken = tuple[EvidenceKind, int]


def triangulation(definitions: Definitions, tables: Tables) -> tuple[TriangulationRow, ...]:
    """A row per initiative in the ledger: which kinds of evidence speak for it, which against it.

    An experiment or a release speaks where its effect on the line's metric is clear (95 %; releases among all that were
    looked at), links where what they carry to a factor is a gain or a loss with probability .95, a need by feedback on
    it or by a survey of 30 respondents or more. Experiments on a line whose verdict is harmful speak against it. What
    failed a trust test is silent. Kinds rest on different data, but links begin at the same experiment: only their
    slopes come from others.

    Args:
        definitions: of the workspace.
        tables: of the run, with the ledger.
    """
    lines: tuple[ShippedLine | CandidateLine, ...] = (*tables.shipped, *tables.candidates)
    return tuple(_row(definitions, tables, line) for line in lines if line.line in definitions.initiatives)


def sentence(row: TriangulationRow) -> str:
    """The badge of a line in words."""
    named_for, named_against = (
        listed(_NAMES[kind] for kind in kinds) for kinds in (row.speaks_for, row.speaks_against)
    )
    if row.badge == "triangulated":
        what = "for it" if row.speaks_for else "against it"
        return f"Evidence triangulated: {named_for or named_against} speak {what} alike."
    if row.badge == "contradictory":
        return f"Evidence contradictory: {named_for} for it, {named_against} against it."
    if row.badge == "single_source":
        what = "for it" if row.speaks_for else "against it"
        return f"Evidence from a single source: {named_for or named_against} alone, {what}."
    return "No kind of evidence says clearly yet whether it helps."


def _row(definitions: Definitions, tables: Tables, line: ShippedLine | CandidateLine) -> TriangulationRow:
    metric = _about(definitions, line)
    tried = [*_experiments(definitions, tables, line.line, metric)]
    if tried and getattr(line, "verdict", None) == "harmful":
        tried = [("experiment", -1)]  # whatever it did for the metric it was built for
    said = [*tried, *_releases(definitions, tables, line.line, metric)]
    said += [*_links(definitions, tables, line.line, metric), *_needs(definitions, line.line)]
    pro = tuple(dict.fromkeys(kind for kind, way in said if way > 0))
    con = tuple(dict.fromkeys(kind for kind, way in said if way < 0))
    kinds = len({*pro, *con})
    badge: Badge = "none" if not kinds else "single_source" if kinds == 1 else "triangulated"
    return TriangulationRow(line.line, metric, "contradictory" if pro and con else badge, pro, con)


def _about(definitions: Definitions, line: ShippedLine | CandidateLine) -> str | None:
    """The metric that a line is about: of its promise, else of what was measured, else of its first question."""
    held = getattr(line, "promised", None) or getattr(line, "measured", None)
    if held is not None:
        metric: str = held.metric
        return metric
    return next((each.metric for each in definitions.hypotheses.values() if each.initiative == line.line), None)


def _experiments(definitions: Definitions, tables: Tables, key: str, metric: str | None) -> Iterator[Spoken]:
    tried = {name for name, each in definitions.experiments.items() if each.initiative == key}
    failed = distrusted(tables.health)
    for row in tables.effects:
        if row.experiment in tried and row.metric == metric and row.segment is None:
            believed = not failed & {(row.experiment, None), (row.experiment, row.metric)}
            yield "experiment", sign_of(definitions, row.metric) * _clear(row) if believed else 0


def _releases(definitions: Definitions, tables: Tables, key: str, metric: str | None) -> Iterator[Spoken]:
    """What releases of this initiative alone changed."""
    for row in of_releases(definitions, tables):
        release = definitions.releases.get(row.experiment)
        if release is not None and key in release.initiatives and row.metric == metric and row.estimate is not None:
            way = 1 if row.estimate > 0 else -1
            yield "release", sign_of(definitions, row.metric) * way if stands_out(row) else 0


def _links(definitions: Definitions, tables: Tables, key: str, metric: str | None) -> Iterator[Spoken]:
    """What links carry of its experiments to factors that the line is not about."""
    tried = {name for name, each in definitions.experiments.items() if each.initiative == key}
    for row in tables.predicted:
        if row.experiment in tried and row.metric in definitions.factors and row.metric != metric and row.through:
            way = 1 if row.p_positive >= SURE else -1 if row.p_positive <= 1 - SURE else 0
            yield "links", sign_of(definitions, row.metric) * way


def _needs(definitions: Definitions, key: str) -> Iterator[Spoken]:
    for name in definitions.initiatives[key].serves:
        need = definitions.needs.get(name)
        if need is not None:
            yield "need", _wanted(need)


def _wanted(need: Need) -> int:
    """1 where customers spoke of a need, or call it important and unmet; -1 where a survey finds them content."""
    survey = need.survey
    if survey is not None and survey.respondents >= FEWEST_RESPONDENTS:
        return 1 if survey.importance > survey.satisfaction else -1
    return 1 if need.feedback else 0


def _clear(row: EffectRow) -> int:
    """The direction of an effect whose 95 % interval leaves out nothing at all; else 0."""
    ends = next(((each.low, each.high) for each in row.intervals if abs(each.confidence - SURE) < 1e-9), None)  # noqa: PLR2004 - equality of shares
    if ends is None:
        return 0
    return 1 if ends[0] > 0 else -1 if ends[1] < 0 else 0

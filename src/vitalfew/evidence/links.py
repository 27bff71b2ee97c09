"""Links between metrics: how much a change in one moves another, from all experiments together, or plainly unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import VitalfewError
from vitalfew.evidence.downgrades import bypassed, doubts, grade_of_link
from vitalfew.evidence.joint_fits import JointFits
from vitalfew.evidence.link_families import families
from vitalfew.evidence.link_fits import fit
from vitalfew.evidence.link_paths import Slopes, chains, path_rows
from vitalfew.evidence.link_power import Habit, unmeasured, would_take
from vitalfew.evidence.link_releases import slope_of_releases
from vitalfew.evidence.link_words import (
    BEYOND_RANGE,
    EXPERT,
    INSIDE_RANGE,
    METHOD,
    NONE,
    RELEASES,
    TOO_FAR_APART,
    UNSETTLED,
    assumption,
    differences,
    left_out,
    slope,
    slope_unit,
    strength,
    too_few,
)
from vitalfew.evidence.opinions import as_range, combined, opinion_of
from vitalfew.results.basics import Estimate
from vitalfew.results.rows import FailedRow, LinkCovarianceRow, LinkRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import Corpora, EffectCorpus
    from vitalfew.evidence.downgrades import Doubts
    from vitalfew.evidence.joint import Joint
    from vitalfew.evidence.link_families import Family
    from vitalfew.evidence.link_fits import Fit, Told
    from vitalfew.results.rows import LinkStatus, PathRow, WouldTake
    from vitalfew.workspace.definitions import Definitions, Grade
    from vitalfew.workspace.graph import Edge

    Floats = NDArray[np.float64]

STAGE = "links"
_Z95 = 0.975


@dataclass(frozen=True, slots=True)
class LinkOutput:
    """Everything that is said of links; fields are tables of a run."""

    links: tuple[LinkRow, ...]
    link_covariances: tuple[LinkCovarianceRow, ...]
    paths: tuple[PathRow, ...]
    failed: tuple[FailedRow, ...]


def links(
    definitions: Definitions,
    corpora: Corpora,
    exact: Iterable[LinkRow] = (),
    released: Joint | None = None,
    fits: JointFits | None = None,
) -> LinkOutput:
    """Estimate every influence link from the randomised experiments, and follow chains of links.

    All parents of one child are estimated together. Releases never enter: what they say is shown beside.

    Args:
        definitions: links, with experts' ranges; metrics and experiments.
        corpora: effects of all experiments.
        exact: component links, which chains run through as well; returned among the others.
        released: all metrics of releases at once, where that could be fitted.
        fits: joint fits of the randomised experiments, where others read them too.
    """
    corpus = corpora.randomised
    found, failed, fitted = families(definitions, corpus), list[FailedRow](), None
    try:
        fitted = fit(definitions, fits or JointFits(corpus), found)
    except VitalfewError as error:
        failed.append(FailedRow(STAGE, "links", str(error)))
    except np.linalg.LinAlgError:
        failed.append(FailedRow(STAGE, "links", TOO_FAR_APART))
    known = doubts(definitions, corpus.joint())
    rows, covariances = list[LinkRow](), list[LinkCovarianceRow]()
    for family in found:
        known_of = fitted if fitted is not None and family.child in fitted.told else None
        takes = {} if known_of is None else _takes(definitions, known_of, family, len(found))
        reader = _Reader(definitions, corpus, family, known, known_of, takes, released)
        rows += reader.rows()
        covariances += reader.covariances()
    order = {key: at for at, key in enumerate(definitions.links)}
    every = sorted((*rows, *exact), key=lambda row: order.get(row.link, len(order)))
    paths = _paths(definitions, every, fitted) if fitted is not None else []
    return LinkOutput(tuple(every), tuple(covariances), tuple(paths), tuple(failed))


@dataclass(frozen=True, slots=True)
class _Reader:
    """One family as rows; `fit` None: nothing could be estimated."""

    definitions: Definitions
    corpus: EffectCorpus
    family: Family
    doubts: Doubts
    fit: Fit | None
    takes: Mapping[str, WouldTake]
    released: Joint | None = None

    @property
    def told(self) -> Told | None:
        return None if self.fit is None else self.fit.told[self.family.child]

    def _title(self, metric: str) -> str:
        return self.definitions.title("metrics", metric)

    def rows(self) -> list[LinkRow]:
        return [self._row(edge) for edge in self.family.links]

    def _row(self, edge: Edge) -> LinkRow:
        if self.told is None or edge.parent not in self.family.parents:
            row = self._without(edge)
        else:
            row = self._estimated(edge, self.told, self.family.parents.index(edge.parent))
        parents = tuple(dict.fromkeys(other.parent for other in self.family.links))
        found = slope_of_releases(self.released, edge.child, parents, edge.parent)
        return row if found is None else replace(row, released=found, notes=(*row.notes, self._apart(edge, found)))

    def _apart(self, edge: Edge, found: Estimate) -> str:
        unit = slope_unit(self.definitions, edge.parent, edge.child)
        low, high = found.low or 0.0, found.high or 0.0
        middle, *ends = (slope(each, (high - low) / 4, unit) for each in (found.estimate, low, high))
        return RELEASES.format(middle=middle, low=ends[0], high=ends[1])

    def _without(self, edge: Edge) -> LinkRow:
        """A link that no experiment can say anything about."""
        reason = self.family.reasons.get(edge.parent, "the effects could not be fitted together")
        expert = opinion_of(edge.definition)
        return LinkRow(
            link=edge.link,
            parent=edge.parent,
            child=edge.child,
            kind="influence",
            status="not_identified" if expert is None else "opinion",
            estimate=None,
            low=None,
            high=None,
            se=None,
            grade="correlated" if expert is None else "opinion",
            z=None,
            experiments=0,
            method=NONE if expert is None else EXPERT,
            expert=as_range(edge.definition),
            believed=None if expert is None else (expert.mean, expert.sd),
            would_take=unmeasured(self._title(edge.child), (self._title(edge.parent),)),
            notes=(f"not identified: {reason}", *left_out(self.definitions, self.corpus)),
        )

    def _estimated(self, edge: Edge, told: Told, at: int) -> LinkRow:
        from scipy.special import stdtrit

        fit, z = told.fit, told.fit.z
        middle, se = float(told.slopes[at]), float(np.sqrt(told.covariance[at, at]))
        half = float(stdtrit(fit.df, _Z95)) * se
        expert, identified = opinion_of(edge.definition), told.is_identified
        reasons = self._reasons(told)
        score = expert.score(middle, se) if expert is not None and identified else None
        opinion = expert is not None and not identified
        return LinkRow(
            link=edge.link,
            parent=edge.parent,
            child=edge.child,
            kind="influence",
            status="opinion" if opinion else _status(told),
            estimate=middle if identified else None,
            low=middle - half if identified else None,
            high=middle + half if identified else None,
            se=se if identified else None,
            grade=self._grade(told, reasons, opinion=opinion),
            z=z,
            experiments=fit.experiments,
            method=EXPERT if opinion else METHOD if identified else NONE,
            naive=_naive(told, at),
            others={name: float(values[at] * told.units[at]) for name, values in fit.others.items()},
            bypass_p=told.bypass_p,
            expert=as_range(edge.definition),
            expert_p=score,
            believed=self._believed(told).get(edge.link),
            would_take=self.takes.get(edge.parent),
            notes=tuple(self._notes(edge, told, at, reasons, score)),
            rest=self._rest() if identified else None,
        )

    def _rest(self) -> float | None:
        """How far true effects on the child scatter beyond what its parents explain."""
        if self.fit is None:
            return None
        spread = self.fit.spread((self.family.child, *self.family.parents))
        slopes = np.linalg.pinv(spread[1:, 1:], hermitian=True) @ spread[1:, 0]
        return float(np.sqrt(max(spread[0, 0] - slopes @ spread[1:, 0], 0.0)))

    def _reasons(self, told: Told) -> tuple[str, ...]:
        bypass = bypassed(told.bypass_p, self._title(self.family.child))
        about = self.doubts.about((self.family.child, *self.family.parents))
        return about if bypass is None else (*about, bypass)

    @property
    def _is_unsettled(self) -> bool:
        return self.fit is not None and not self.fit.fitted.spread.converged

    def _grade(self, told: Told, reasons: Sequence[str], *, opinion: bool) -> Grade:
        if opinion:
            return "opinion"
        return grade_of_link(told.fit.z, told.independent, reasons) if told.is_identified else "correlated"

    def _notes(self, edge: Edge, told: Told, at: int, reasons: Sequence[str], score: float | None) -> list[str]:
        middle, se = float(told.slopes[at]), float(np.sqrt(told.covariance[at, at]))
        unit = slope_unit(self.definitions, edge.parent, edge.child)
        child, parents = self._title(self.family.child), [self._title(parent) for parent in self.family.parents]
        told_z = strength(child, parents, told.fit.z, told.fit.z_each.tolist())
        notes = [] if told.enough else [too_few(child, parents, told.independent)]
        notes += [] if told_z is None or notes else [told_z]
        notes += [UNSETTLED] if told.is_identified and self._is_unsettled else []
        notes += reasons
        if told.is_identified:
            others = {name: float(values[at] * told.units[at]) for name, values in told.fit.others.items()}
            notes += differences(middle, se, _naive(told, at), others, unit)
        expert = as_range(edge.definition)
        if score is not None and score < INSIDE_RANGE and expert is not None:
            low, high = (slope(end or 0.0, se, unit) for end in (expert.low, expert.high))
            notes.append(BEYOND_RANGE.format(low=low, high=high, p=score))
        notes += assumption(child, parents, [self._title(parent) for parent in self.family.reasons])
        return notes + left_out(self.definitions, self.corpus)

    def _identified(self, told: Told) -> list[int]:
        return list(range(len(self.family.parents))) if told.is_identified else []

    def _posterior(self, told: Told) -> tuple[Floats, Floats]:
        """What is believed of the slopes that data identify, experts included; in the order of `_identified`."""
        at = self._identified(told)
        ranges = [[opinion_of(edge.definition) for edge in self._of(self.family.parents[place])] for place in at]
        slopes, covariance = told.slopes[at], told.covariance[np.ix_(at, at)]
        for turn in range(max((len(found) for found in ranges), default=0)):
            slopes, covariance = combined(
                slopes, covariance, [found[turn] if turn < len(found) else None for found in ranges]
            )
        return slopes, covariance

    def _of(self, parent: str) -> list[Edge]:
        return [edge for edge in self.family.links if edge.parent == parent]

    def _believed(self, told: Told) -> dict[str, tuple[float, float]]:
        slopes, covariance = self._posterior(told)
        place = {self.family.parents[at]: row for row, at in enumerate(self._identified(told))}
        found: dict[str, tuple[float, float]] = {}
        for edge in self.family.links:
            expert = opinion_of(edge.definition)
            if edge.parent in place:
                row = place[edge.parent]
                found[edge.link] = (float(slopes[row]), float(np.sqrt(max(covariance[row, row], 0.0))))
            elif expert is not None:
                found[edge.link] = (expert.mean, expert.sd)
        return found

    def covariances(self) -> list[LinkCovarianceRow]:
        """Covariances of what is believed of links into the child."""
        if self.told is None:
            return []
        _, covariance = self._posterior(self.told)
        place = {self.family.parents[at]: row for row, at in enumerate(self._identified(self.told))}
        keys = sorted((edge.link, place[edge.parent]) for edge in self.family.links if edge.parent in place)
        return [
            LinkCovarianceRow(first, second, float(covariance[i, j]))
            for at, (first, i) in enumerate(keys)
            for second, j in keys[at + 1 :]
        ]


def _takes(definitions: Definitions, fit: Fit, family: Family, families: int) -> dict[str, WouldTake]:
    """What it would take to estimate the links of a family; empty where they are."""
    told = fit.told[family.child]
    if told.is_estimated:
        return {}
    rows = fit.seen((family.child, *family.parents))
    habit = Habit(
        child=definitions.title("metrics", family.child),
        parents=tuple(definitions.title("metrics", parent) for parent in family.parents),
        spread=fit.spread(family.parents),
        within=fit.within(family.parents),
        weights=fit.corpus.weights[rows],
        users_per_arm=round(float(np.median(fit.corpus.users_per_arm[rows]))),
        experiments=told.independent,
    )
    return dict(zip(family.parents, would_take(habit, families), strict=True))


def _status(told: Told) -> LinkStatus:
    if not told.is_identified:
        return "not_identified"
    return "estimated" if told.is_estimated else "weak"


def _naive(told: Told, at: int) -> Estimate:
    from scipy.special import stdtrit

    naive, df = told.fit.naive, max(told.fit.experiments - len(told.fit.parents), 1)
    slope = float(naive.slopes[at] * told.units[at])
    half = float(stdtrit(df, _Z95) * naive.se[at] * told.units[at])
    return Estimate(slope, slope - half, slope + half)


def _paths(definitions: Definitions, rows: Sequence[LinkRow], fitted: Fit) -> list[PathRow]:
    found = chains(rows)
    units = fitted.scale
    exact = {
        (row.parent, row.child): row.estimate for row in rows if row.kind == "component" and row.estimate is not None
    }
    parents = {child: tuple(fitted.metrics[at] for at in told.fit.parents) for child, told in fitted.told.items()}
    slopes = Slopes(fitted.metrics, parents, exact, units)
    titles = {name: definitions.title("metrics", name) for row in rows for name in (row.parent, row.child)}
    return path_rows(found, slopes, fitted.fitted.refits, rows, fitted.told_directly(found), titles)

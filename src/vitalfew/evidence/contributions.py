"""What experiments, initiatives, features, teams and releases gave at the top, and what nobody can explain.

Measured on the top metric itself where it was, else carried there by links with all errors. Sums are of what has
reached users, each piece of work once, without the luck that made it stand out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.bundles import bundled
from vitalfew.evidence.carrying import Slopes
from vitalfew.evidence.daily import Daily
from vitalfew.evidence.grades import weakest
from vitalfew.evidence.known_changes import by_experiment, joined, without_luck
from vitalfew.results.rows import ContributionRow, Estimate
from vitalfew.results.words import listed
from vitalfew.workspace.graph import edges, is_live

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.evidence.carrying import Carried, Known
    from vitalfew.evidence.corpus import Corpora
    from vitalfew.results.link_rows import SubjectKind
    from vitalfew.results.rows import Tables
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

WINDOW = 28
"""Days at each end of a series between which its change is taken."""
_SCALES = 3.0  # times that a series may differ from the control of experiments and still mean the same
_NAMED = 4
NO_LUCK = "drawn towards what such changes do: no luck is counted"
EVERYBODY = "its reach is not given, so that it counts as reaching everybody"


def tops(definitions: Definitions) -> tuple[str, ...]:
    """Where value shows: metrics of the business, and factors and ends of links that lead nowhere further."""
    leading = {edge.parent for edge in edges(definitions)}
    ends = {*definitions.factors, *(edge.child for edge in edges(definitions))} - leading
    return tuple(key for key, metric in definitions.metrics.items() if metric.level == "business" or key in ends)


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work that has reached users: when, by whom, for which features, and what it did by metric."""

    kind: SubjectKind
    subject: str
    shipped: date | None
    team: str | None
    features: frozenset[str]
    carried: Mapping[str, Carried]
    notes: tuple[str, ...]


def contributions(
    definitions: Definitions, tables: Tables, corpora: Corpora, today: date
) -> tuple[ContributionRow, ...]:
    """Rows by top metric: single experiments and releases, initiatives, sums by feature and team, the unexplained.

    Args:
        definitions: what belongs to whom.
        tables: `links`, `link_covariances`, `shrunk` and `series` are read.
        corpora: effects of experiments and of releases.
        today: sums are of what is live by then.
    """
    slopes = Slopes.of(definitions, tables.links, tables.link_covariances)
    found = {**by_experiment(corpora.randomised), **by_experiment(corpora.releases)}
    shrunk = {(row.experiment, row.arm, row.metric): row for row in tables.shrunk}
    fair = {name: without_luck(known, arm, shrunk) for name, (known, arm) in found.items()}
    wanted = tops(definitions)
    initiatives = dict(_initiatives(definitions, fair, slopes))
    shipped = _shipped(definitions, initiatives, fair, slopes, today, bundled(tables.placebos))
    single = {name: slopes.carry(known, wanted) for name, (known, _) in found.items()}
    daily = Daily.of(row for row in tables.series if row.day <= today.isoformat())
    rows = list[ContributionRow]()
    for metric in wanted:
        for name, by_metric in single.items():
            kind: SubjectKind = "release" if name in definitions.releases else "experiment"
            carried = by_metric.get(metric)
            if carried is not None:
                rows.append(_row(kind, name, metric, slopes, [carried], _way(definitions, carried)))
        for work in initiatives.values():
            carried = work.carried.get(metric)
            if carried is not None:
                notes = (*_way(definitions, carried), *work.notes, NO_LUCK)
                rows.append(_row("initiative", work.subject, metric, slopes, [carried], notes))
        rows += _sums(metric, slopes, _once(definitions, shipped, metric))
        rows += _unexplained(definitions, metric, slopes, _once(definitions, shipped, metric), daily, corpora)
    return tuple(rows)


# Pieces of work ----------------------------------------------------------------------------------------------------


def _initiatives(definitions: Definitions, fair: Mapping[str, Known], slopes: Slopes) -> Iterator[tuple[str, Work]]:
    """What each initiative did to all users, by its experiments."""
    wanted = tops(definitions)
    tested: dict[str, list[Known]] = defaultdict(list)
    for name, known in fair.items():
        experiment = definitions.experiments.get(name)
        if experiment is not None and experiment.initiative in definitions.initiatives:
            tested[experiment.initiative].append(known)
    for key, parts in tested.items():
        initiative = definitions.initiatives[key]
        known = joined(parts).scaled(1.0 if initiative.reach is None else initiative.reach)
        yield (
            key,
            Work(
                kind="initiative",
                subject=key,
                shipped=initiative.shipped,
                team=initiative.team,
                features=frozenset({initiative.feature} if initiative.feature else ()),
                carried=slopes.carry(known, wanted),
                notes=(EVERYBODY,) if initiative.reach is None else (),
            ),
        )


def _shipped(
    definitions: Definitions,
    initiatives: Mapping[str, Work],
    fair: Mapping[str, Known],
    slopes: Slopes,
    today: date,
    with_others: Mapping[str, Iterable[str]],
) -> list[Work]:
    """What is live. What came with releases of other teams or features is nobody's alone."""
    wanted = tops(definitions)
    live = [work for key, work in initiatives.items() if is_live(definitions.initiatives[key], today)]
    for key, release in definitions.releases.items():
        if key in fair and release.date <= today:
            whose = [_whose(definitions, name) for name in (key, *with_others.get(key, ()))]
            teams, features = (frozenset[str | None]().union(*each) for each in zip(*whose, strict=True))
            live.append(
                Work(
                    kind="release",
                    subject=key,
                    shipped=release.date,
                    team=next(iter(teams)) if len(teams) == 1 else None,
                    features=frozenset(name for name in features if name),
                    carried=slopes.carry(fair[key], wanted),
                    notes=(),
                )
            )
    return live


def _whose(definitions: Definitions, release: str) -> tuple[set[str | None], set[str | None]]:
    """Teams and features behind a release: its own, else those of its initiatives."""
    found = definitions.releases[release]
    of_work = [definitions.initiatives[name] for name in found.initiatives if name in definitions.initiatives]
    teams = {found.team} if found.team else {each.team for each in of_work}
    return set(teams), {*found.features, *(each.feature for each in of_work if each.feature)}


def _once(definitions: Definitions, shipped: Iterable[Work], metric: str) -> list[Work]:
    """What counts in sums on a metric: a release whose initiatives were tested is there already."""
    measured = [work for work in shipped if metric in work.carried]
    tested = {work.subject for work in measured if work.kind == "initiative"}
    return [
        work
        for work in measured
        if work.kind == "initiative" or not tested.intersection(definitions.releases[work.subject].initiatives)
    ]


# Rows --------------------------------------------------------------------------------------------------------------


def _sums(metric: str, slopes: Slopes, counted: Sequence[Work]) -> Iterator[ContributionRow]:
    """By feature and by team; what belongs to several features is one bundle, and never split."""
    by_feature: dict[str, list[Work]] = defaultdict(list)
    by_team: dict[str, list[Work]] = defaultdict(list)
    for work in counted:
        if len(work.features) == 1:
            by_feature[next(iter(work.features))].append(work)
        if work.team is not None:
            by_team[work.team].append(work)
    groups: tuple[tuple[SubjectKind, dict[str, list[Work]]], ...] = (("feature", by_feature), ("team", by_team))
    for kind, grouped in groups:
        for subject, works in sorted(grouped.items()):
            names = listed((work.subject for work in works), _NAMED)
            notes = (f"sum of {names}", *dict.fromkeys(note for work in works for note in work.notes), NO_LUCK)
            yield _row(kind, subject, metric, slopes, [work.carried[metric] for work in works], notes)


def _unexplained(
    definitions: Definitions, metric: str, slopes: Slopes, counted: Sequence[Work], daily: Daily, corpora: Corpora
) -> Iterator[ContributionRow]:
    """What a metric changed by between both ends of its series, less the work that reached users in between."""
    values = daily.whole(metric)
    there = np.flatnonzero(np.isfinite(values)) if values is not None else np.empty(0, dtype=np.intp)
    if values is None or len(there) < 2 * WINDOW:
        return
    first, last = there[:WINDOW], there[-WINDOW:]
    start, end = daily.day(int(first[-1])), daily.day(int(last[0]))
    between = [work for work in counted if work.shipped is not None and start < work.shipped <= end]
    if not between:
        return
    change = float(values[last].mean() - values[first].mean())
    title = definitions.title("metrics", metric)
    told = f"{title} changed by {change:.4g} between {start.isoformat()} and {end.isoformat()}"
    if not _alike(float(values[first].mean()), metric, corpora):
        reason = "its series is on another scale than its experiments, so that their sum cannot be held against it"
        yield ContributionRow("unexplained", metric, metric, None, (), (), None, (f"{told}; {reason}",))
        return
    total = _row("unexplained", metric, metric, slopes, [work.carried[metric] for work in between], ())
    explained = total.contribution or Estimate(0.0, 0.0, 0.0)
    names = listed((work.subject for work in between), _NAMED)
    rest = Estimate(change - explained.estimate, change - (explained.high or 0.0), change - (explained.low or 0.0))
    notes = (f"{told}; what reached users in between explains {explained.estimate:.4g} ({names})",)
    yield ContributionRow("unexplained", metric, metric, rest, total.links, total.experiments, None, notes)


def _alike(level: float, metric: str, corpora: Corpora) -> bool:
    """Whether a series tells of a metric what its experiments do: per unit, not summed over all."""
    rows = [row[metric] for row in corpora.randomised.rows if metric in row]
    levels = [row.mean[row.control] for row in rows if row.control in row.mean]
    typical = float(np.median(levels)) if levels else level
    return typical == level or (level * typical > 0 and 1 / _SCALES < level / typical < _SCALES)


def _row(
    kind: SubjectKind, subject: str, metric: str, slopes: Slopes, parts: Sequence[Carried], notes: Iterable[str]
) -> ContributionRow:
    """The sum of some changes: errors of effects are apart, slopes are shared by all that came by them."""
    change = sum(part.change for part in parts)
    by_slope = np.sum([part.by_slope for part in parts], axis=0)
    low, high = slopes.interval(change, sum(part.noise for part in parts), by_slope)
    return ContributionRow(
        kind=kind,
        subject=subject,
        metric=metric,
        contribution=Estimate(change, low, high),
        links=tuple(dict.fromkeys(link for part in parts for link in part.links)),
        experiments=tuple(dict.fromkeys(name for part in parts for name in part.experiments)),
        grade=weakest(grade for part in parts for grade in part.grades),
        notes=tuple(notes),
    )


def _way(definitions: Definitions, carried: Carried) -> tuple[str, ...]:
    """By which measured metrics a change came up, where it was not measured at the top."""
    if not carried.links:
        return ()
    return (f"by its effect on {listed((definitions.title('metrics', name) for name in carried.metrics), _NAMED)}",)

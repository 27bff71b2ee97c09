"""Effects of releases that reached everybody on one day: every release by every metric, told from noise or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import NotEnoughData, VitalfewError
from vitalfew.evidence.bundles import Bundle, bundles, touching
from vitalfew.evidence.daily import Daily
from vitalfew.evidence.placebo_errors import Strayed, with_correlations, written
from vitalfew.evidence.relative import relative_to
from vitalfew.evidence.release_scale import compares, is_staged
from vitalfew.evidence.release_words import (
    AFTER,
    BEFORE_IT,
    FOLLOWED,
    JUMPED,
    METHOD,
    OF_A_DAY,
    STAGED,
    WEEKLY,
    notes,
    verdict,
)
from vitalfew.evidence.released_units import NOT_YET, RELEASED, on_one_day, released_units
from vitalfew.evidence.roles import role_of
from vitalfew.evidence.snapshots import described, snapshot
from vitalfew.results.rows import EffectRow, FailedRow, Interval, PlaceboRow
from vitalfew.stats.forecast_gap import BEFORE, Gap, Question, forecast_gap
from vitalfew.workspace.metric_kinds import days_followed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.results.rows import SeriesRow
    from vitalfew.workspace.definitions import Definitions, Release

STAGE = "releases"
_UNREAD = "its series could not be read"
MOST = 5_000
"""Pairs of a release and a metric that are judged in one run; each takes a few kilobytes of the results."""
FEWEST_DAYS = 7
"""Days after a release below which nothing is said: a week has all of its days."""


class Released(NamedTuple):
    """What was found about releases."""

    release_effects: tuple[EffectRow, ...] = ()
    placebos: tuple[PlaceboRow, ...] = ()
    failed: tuple[FailedRow, ...] = ()


def releases(definitions: Definitions, series: Iterable[SeriesRow], today: date) -> Released:
    """Judge every release on every metric that has a series.

    An effect is what came after, less what the days before foretold, held against the same computation on dates
    without a release: grade *dated*. Where the history is too short for that, or the days after are not over, the
    change is only described: grade *correlated*, an estimate without an interval. Releases within the same days are
    judged as one change. What only some units of a series got, all on one day, is held against the others. What units
    got one after the other is not judged here.

    Intervals and p-values are those of the placebo dates as they are. What a weaker grade may be wrong by besides is
    added where decisions are made, once (`decide`).

    Args:
        definitions: the workspace.
        series: daily values.
        today: releases after it are passed over, and so are values.
    """
    daily = Daily.of(row for row in series if row.day <= today.isoformat())
    effects: list[EffectRow] = []
    placebos: list[PlaceboRow] = []
    strayed: dict[tuple[str, str], Strayed] = {}
    failed: list[FailedRow] = []
    scattered = {metric for metric in daily.series if daily.last(metric) < 0}
    items = [item for metric in daily.series for item in _items(definitions, metric, daily, today)]
    asked = [item for item in items if item.metric not in scattered or on_one_day(item.release)]
    failed += _too_many(asked)
    for item in _newest(asked):
        try:
            effect, placebo, own = item.found(daily)
            effects.append(_told_of_a_day(definitions, effect))
            placebos.append(placebo)
            if own is not None:
                strayed[item.key, item.metric] = own
        except VitalfewError as error:
            failed.append(FailedRow(STAGE, f"{item.key}/{item.metric}", str(error), isinstance(error, NotEnoughData)))
    failed += [_scattered(metric, daily) for metric in scattered]
    failed += _without_series(definitions, daily)
    order = {key: at for at, key in enumerate(definitions.releases)}
    effects.sort(key=lambda row: order[row.experiment])
    placebos.sort(key=lambda row: order[row.release])
    return Released(tuple(_reminded_once(effects)), with_correlations(placebos, strayed), tuple(failed))


def _told_of_a_day(definitions: Definitions, row: EffectRow) -> EffectRow:
    alike = compares(definitions, row.experiment, row.metric)
    return row if alike else replace(row, notes=(*row.notes, OF_A_DAY))


def _reminded_once(effects: Iterable[EffectRow]) -> Iterator[EffectRow]:
    """What a staged rollout would have told is said once of each release, not of each of its metrics."""
    reminded = set[str]()
    for row in effects:
        notes = row.notes if row.experiment not in reminded else tuple(note for note in row.notes if note != STAGED)
        yield replace(row, notes=notes)
        reminded.add(row.experiment)


def _items(definitions: Definitions, metric: str, daily: Daily, today: date) -> Iterator[_Item]:
    """The releases to be judged on a metric."""
    found = {key: one for key, one in touching(definitions, metric).items() if one.date <= today}
    days = np.array([daily.at(one.date) for one in found.values()], dtype=np.int64)
    around = _Around(days, {key: at for at, key in enumerate(found)})
    own = definitions.metrics.get(metric)
    followed = 0 if own is None else days_followed(own, definitions.sources[own.numerator.source])
    for key, bundle in bundles(found, followed).items():
        if not is_staged(found[key]):
            yield _Item(definitions, key, metric, found[key], bundle, around, followed)


def _newest(items: Sequence[_Item]) -> Sequence[_Item]:
    """As many as are judged in one run: those of the newest releases, in the order given."""
    if len(items) <= MOST:
        return items
    newest = sorted(range(len(items)), key=lambda at: items[at].release.date, reverse=True)[:MOST]
    return [items[at] for at in sorted(newest)]


def _too_many(items: Sequence[_Item]) -> Iterator[FailedRow]:
    if len(items) > MOST:
        since = min(item.release.date for item in _newest(items))
        reason = (
            f"{len(items):,} pairs of a release and a metric: the newest {MOST:,} are judged, those of releases from"
            f" {since} on; name the metrics that each release could have moved (metrics:), and more are"
        )
        yield FailedRow(STAGE, "releases", reason, remark=True)


class TooEarlyError(NotEnoughData):
    """The days after a release have only just begun."""


@dataclass(frozen=True, slots=True)
class _Around:
    """All releases that may have changed a metric: their days in its series, and the place of each."""

    days: NDArray[np.int64]
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Item:
    """One release on one metric, with all releases that may have changed it.

    Those of the `followed` days before a release were still followed when it came: they are neither before nor after.
    """

    definitions: Definitions
    key: str
    metric: str
    release: Release
    bundle: Bundle
    around: _Around
    followed: int

    def found(self, daily: Daily) -> tuple[EffectRow, PlaceboRow, Strayed | None]:
        """The effect, judged where the days allow it, else described where there are values before and after.

        Last, what the metric did on other dates, where it is held against these.

        Raises:
            NotEnoughData: neither can be, or it is too early.
        """
        some = on_one_day(self.release)
        try:
            return (*self._of_units(daily), None) if some else _judged(self, daily)
        except TooEarlyError:
            raise
        except NotEnoughData:
            got = self.release.rollout.units if self.release.rollout is not None else {}
            units = [values for unit, values in daily.units(self.metric).items() if unit in got]
            whole = daily.whole(self.metric)
            series = units if some else [whole] if whole is not None else []
            day, after = daily.at(self.release.date), max(1, int(self.release.after_days))
            levels = snapshot(series, day, after, self.followed)
            if levels is None:
                raise
            filled = max(int(np.isfinite(values[max(0, day - BEFORE) : day + after]).sum()) for values in series)
            needed = "a value a day or a week, from four weeks before on, is needed to tell a change from noise"
            reason = f"values on {filled} of the {BEFORE + after} days around it; {needed}"
            arms = (RELEASED, NOT_YET) if some else (AFTER, BEFORE_IT)
            return (*described(self.definitions, self.key, self.metric, levels, reason, arms), None)

    def _of_units(self, daily: Daily) -> tuple[EffectRow, PlaceboRow]:
        return released_units(self.definitions, self.key, self.metric, self.release, daily)

    def question(self, daily: Daily) -> tuple[Question, int]:
        """The date in question, and how many days after it are over.

        Raises:
            NotEnoughData: the series begins after it, or too few days after it are over.
        """
        day, asked = daily.at(self.bundle.first) - self.followed, max(1, int(self.release.after_days))
        span = self.bundle.span + self.followed
        if day < BEFORE:
            raise NotEnoughData(f"the series begins on {daily.start}: {BEFORE} days before a release tell the level")
        over = daily.last(self.metric) - day - span + 1
        if over < min(FEWEST_DAYS, asked):
            raise TooEarlyError(
                f"the series ends on {daily.day(daily.last(self.metric))}: too few days after it are known",
                hint=f"it can be judged once the series reaches {daily.day(day + span + asked - 1)}",
            )
        return Question(day, min(over, asked), span), over

    def avoid(self) -> NDArray[np.int64]:
        """Days of other releases, which disturb the dates that this one is held against."""
        own = [self.around.places[key] for key in (self.key, *self.bundle.others)]
        others = np.delete(self.around.days, own)
        return np.union1d(others, others - self.followed)


def _judged(item: _Item, daily: Daily) -> tuple[EffectRow, PlaceboRow, Strayed | None]:
    question, over = item.question(daily)
    values = daily.whole(item.metric)
    assert values is not None  # noqa: S101 - the metric is one of the series; this tells the type checker
    controls = [found for name in item.release.controls if (found := daily.whole(name)) is not None]
    gap = forecast_gap(values, question, controls=controls, avoid=item.avoid())
    asked = max(1, int(item.release.after_days))
    if over < asked:
        until = daily.day(question.day + question.span + asked)
        early = f"the days after it are not over until {until} ({over} of {asked} are)"
        why = "looked at every day, something would stand out by chance"
        gap = replace(gap, judged=None, reason=f"{early}; {why}")
    more = [] if gap.jump is None else [JUMPED.format(day=daily.day(gap.jump))]
    more += [FOLLOWED.format(days=item.followed)] if item.followed else []
    more += [WEEKLY] if item.metric in daily.weekly else []
    return _effect(item, gap, question, more), _placebo(item, gap, question), Strayed.of(gap, question)


def _effect(item: _Item, gap: Gap, question: Question, more: Sequence[str]) -> EffectRow:
    metric, found = item.definitions.metrics.get(item.metric), gap.judged
    estimate = gap.change if found is None else found.estimate
    intervals = () if found is None else tuple(Interval(*bounds) for bounds in found.intervals)
    return EffectRow(
        experiment=item.key,
        metric=item.metric,
        metric_version=metric.version if metric else 1,
        segment=None,
        arm=AFTER,
        control=BEFORE_IT,
        estimate=estimate,
        se=None if found is None or found.se == 0 else found.se,
        intervals=intervals,
        p_value=None if found is None else found.p,
        relative=relative_to(gap.after - estimate, estimate, intervals),
        n={},
        mean={BEFORE_IT: gap.before, AFTER: gap.after},
        method=METHOD,
        mode="fixed",
        grade="correlated" if found is None else "dated",
        notes=(*notes(item.definitions, item.metric, item.bundle, gap, question), *more),
        role=role_of(item.definitions, None, item.metric),
    )


def _placebo(item: _Item, gap: Gap, question: Question) -> PlaceboRow:
    found = gap.judged
    return PlaceboRow(
        release=item.key,
        metric=item.metric,
        placebos=() if found is None else written(found.placebos),
        p=None if found is None else found.p,
        descriptive=found is None,
        bundle=item.bundle.others,
        before_days=BEFORE,
        after_days=question.after,
        message=verdict(gap),
    )


def _scattered(metric: str, daily: Daily) -> FailedRow:
    """A metric whose units have values on different days, so that there is no series of all."""
    reason = (
        f"on no day do all of its {len(daily.units(metric)):,} units have a value, so only releases that name the units"
        " they reached are looked at (rollout: {units: {UNIT: DAY}})"
    )
    return FailedRow(STAGE, metric, reason, remark=True)


def _without_series(definitions: Definitions, daily: Daily) -> Iterator[FailedRow]:
    """Metrics that releases name and that have no daily values."""
    for key, release in definitions.releases.items():
        for metric in (*release.metrics, *release.controls):
            if metric not in daily.series and not is_staged(release):
                reason = "name a source of shape series, of events, or of units with a `time`, as its source"
                told = _UNREAD if _has_days(definitions, metric) else reason
                yield FailedRow(STAGE, f"{key}/{metric}", f"it has no daily values: {told}")
    if definitions.releases and not daily.series and not any(one.metrics for one in definitions.releases.values()):
        if all(is_staged(release) for release in definitions.releases.values()):
            return
        unread = any(_has_days(definitions, metric) for metric in definitions.metrics)
        reason = f"no metric has daily values, so no release is judged: {_UNREAD if unread else 'add a series'}"
        yield FailedRow(STAGE, "releases", reason, remark=not unread)  # a list of releases alone is a beginning


def _has_days(definitions: Definitions, metric: str) -> bool:
    """Whether a metric is defined over a series, so that only its values are missing."""
    known = definitions.metrics.get(metric)
    source = definitions.sources.get(known.numerator.source) if known is not None else None
    return source is not None and source.shape == "series"

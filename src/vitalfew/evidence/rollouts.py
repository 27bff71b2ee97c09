"""Effects of releases that reached units in waves, each wave against the units that did not have it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import NotEnoughData, VitalfewError
from vitalfew.evidence.bundles import touching
from vitalfew.evidence.daily import Daily
from vitalfew.evidence.intervals import intervals_of
from vitalfew.evidence.matched import matched
from vitalfew.evidence.relative import relative_to
from vitalfew.evidence.release_scale import is_staged
from vitalfew.evidence.release_words import NOISE, STANDS_OUT
from vitalfew.evidence.released_units import NOT_YET, RELEASED
from vitalfew.evidence.roles import role_of
from vitalfew.evidence.waves import said_of_window, waves_of_rows, waves_of_series
from vitalfew.evidence.words import chance_of
from vitalfew.results.rows import BalanceRow, EffectRow, EventStudyRow, FailedRow
from vitalfew.results.words import listed
from vitalfew.stats.staggered import group_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from vitalfew.evidence.waves import Waves
    from vitalfew.results.rows import ChosenRow, CohortRow, SeriesRow
    from vitalfew.stats.simultaneous import Estimates
    from vitalfew.stats.staggered import GroupTime
    from vitalfew.workspace.definitions import Definitions, Grade, Release

STAGE = "rollouts"
METHOD = "waves against units that did not have it yet, per {per} (Callaway & Sant'Anna)"
FEWEST_BEFORE = 2
"""Periods before the last one before a wave, from which one sees whether waves moved alike."""
_UNEVEN = 0.05
_FEW = 10  # units of a wave (clusters) below which intervals lean on normal outcomes


class RolledOut(NamedTuple):
    """What was found about releases in waves."""

    release_effects: tuple[EffectRow, ...] = ()
    event_study: tuple[EventStudyRow, ...] = ()
    balance: tuple[BalanceRow, ...] = ()
    failed: tuple[FailedRow, ...] = ()


def rollouts(
    definitions: Definitions,
    cohorts: Iterable[CohortRow],
    series: Iterable[SeriesRow],
    units: Iterable[ChosenRow],
    today: date,
) -> RolledOut:
    """Judge every release that did not reach all of its units on one day.

    Grade *staged* where chance decided who came when, or where waves moved alike before; else *dated*, with the reason.
    Releases that units took up when they liked are compared by what was known of them before: *dated* where that makes
    them alike, else *correlated*.

    Args:
        definitions: the workspace.
        cohorts: moments of waves, from rollouts that name a source.
        series: daily values, for rollouts that name units of a series.
        units: of releases that units chose.
        today: releases and values after it are passed over.
    """
    effects: list[EffectRow] = []
    studies: list[EventStudyRow] = []
    failed: list[FailedRow] = []
    staged = {key: one for key, one in definitions.releases.items() if is_staged(one) and one.date <= today}
    told = waves_of_rows(definitions, cohorts)
    daily = Daily.of(row for row in series if row.day <= today.isoformat())
    for key, release in staged.items():
        in_series = release.rollout is not None and bool(release.rollout.units)
        for metric in _metrics(definitions, release, daily) if in_series else told.get(key, {}):
            try:
                waves = waves_of_series(metric, release, daily) if in_series else told[key][metric]
                effect, study = _judged(definitions, key, metric, release, waves)
            except VitalfewError as error:
                failed.append(FailedRow(STAGE, f"{key}/{metric}", str(error), isinstance(error, NotEnoughData)))
                continue
            effects.append(effect)
            studies.extend(study)
    compared, balance, problems = matched(definitions, (row for row in units if row.release in staged))
    return RolledOut((*effects, *compared), tuple(studies), balance, (*failed, *problems))


def _metrics(definitions: Definitions, release: Release, daily: Daily) -> list[str]:
    """Metrics that a rollout over units of a series is judged by: those it names, else all with series of units."""
    with_units = [metric for metric in definitions.metrics if daily.units(metric)]
    return list(release.metrics) or [metric for metric in with_units if metric not in release.controls]


def _judged(
    definitions: Definitions, key: str, metric: str, release: Release, waves: Waves
) -> tuple[EffectRow, list[EventStudyRow]]:
    last = max(-(-int(release.after_days) // waves.period_days) - 1, 0)
    found = group_time(waves.cohorts)
    events = found.by_event(last=last)
    grade, reason = _grade(release, found)
    overall = found.overall(last)
    said = (_verdict(overall), reason, *_notes(definitions, key, metric, waves, found))
    level = found.level(last)
    estimate = float(overall.estimate[0])
    intervals = tuple(intervals_of(overall))
    defined = definitions.metrics.get(metric)
    row = EffectRow(
        experiment=key,
        metric=metric,
        metric_version=defined.version if defined else 1,
        segment=None,
        arm=RELEASED,
        control=NOT_YET,
        estimate=estimate,
        se=float(overall.se[0]),
        intervals=intervals,
        p_value=float(overall.p_values()[0]),
        relative=relative_to(level - estimate, estimate, intervals),
        n=_counts(found, last),
        mean={RELEASED: level, NOT_YET: level - estimate},
        method=METHOD.format(per=waves.per),
        mode="fixed",
        grade=grade,
        notes=said,
        role=role_of(definitions, None, metric),
    )
    return row, _study(key, metric, found, events)


def _grade(release: Release, found: GroupTime) -> tuple[Grade, str]:
    """How far the comparison can be trusted, and why. The periods before are placebos: nothing was released in them.

    Every wave is looked at in every period before it: averages over waves hide that one of them moved apart.
    """
    randomised = release.rollout is not None and release.rollout.randomised
    if release.rollout is not None and release.rollout.chosen:
        return "correlated", "units took it up when they liked: what made them do so may have moved the metric as well"
    before = found.before()
    count = len(set(found.since[list(before.labels)].tolist()))
    if not randomised and count < FEWEST_BEFORE:
        known = f"only {count} period" + ("" if count == 1 else "s")
        return "dated", f"{known} before the first wave to compare: nobody can see whether waves moved alike"
    if count:
        p_value = before.largest()
        if p_value < _UNEVEN:
            why = "although chance decided who came when" if randomised else "so later differences may be none of it"
            return "dated", f"waves moved apart before the release ({chance_of(p_value)}), {why}"
        flat = f"{count} periods before show no difference ({chance_of(p_value)})"
        return "staged", f"chance decided who came when; {flat}" if randomised else flat
    return "staged", "chance decided who came when"


def _verdict(overall: Estimates) -> str:
    p_value = float(overall.p_values()[0])
    return f"{STANDS_OUT if p_value < _UNEVEN else NOISE}: {chance_of(p_value)}"


def _notes(definitions: Definitions, key: str, metric: str, waves: Waves, found: GroupTime) -> Iterator[str]:
    if found.left_out:
        began = [waves.day(wave) for wave in found.left_out]
        yield f"the waves of {listed(began, 3)} have no period before them and are left out"
    few = [cohort.independent for cohort in found.cohorts if cohort.wave is not None and cohort.independent < _FEW]
    if few:
        what = "cluster" if any(cohort.clusters is not None for cohort in found.cohorts) else "unit"
        yield f"a wave has {min(few)} {what}s only: intervals take it that outcomes scatter evenly"
    if waves.left_out:
        yield f"left out for days without a value: {listed(waves.left_out, 3)}"
    yield from said_of_window(definitions, metric, waves.period_days)
    others = _together(definitions, key, metric, waves)
    if others:
        names = listed([f"'{definitions.title('releases', other)}'" for other in others], 3)
        yield f"{names} came within the same days: where waves got that apart from each other too, it is part of this"


def _together(definitions: Definitions, key: str, metric: str, waves: Waves) -> list[str]:
    """Other releases between the first wave and the last period."""
    first = min((cohort.wave for cohort in waves.cohorts if cohort.wave is not None), default=0)
    begin, end = waves.day(first), waves.day(waves.periods)
    around = touching(definitions, metric).items()
    return [other for other, one in around if other != key and begin <= one.date.isoformat() < end]


def _counts(found: GroupTime, last: int) -> dict[str, int]:
    """Units in waves that are compared, and units that were compared with in some period."""
    after = (found.since >= 0) & (found.since <= last)
    treated = set(found.waves[after].tolist())
    released = sum(cohort.units for cohort in found.cohorts if cohort.wave in treated)
    others = 0
    for at, cohort in enumerate(found.cohorts):
        compared = after & (found.waves != (-1 if cohort.wave is None else cohort.wave))
        others += cohort.units if np.abs(found.contrasts[compared, at]).any() else 0
    return {RELEASED: released, NOT_YET: others}


def _study(key: str, metric: str, found: GroupTime, events: Estimates) -> list[EventStudyRow]:
    low, high = events.intervals()
    band_low, band_high = events.band()
    sizes = {cohort.wave: cohort.units for cohort in found.cohorts}
    rows = []
    for at, period in enumerate(events.labels):
        row = EventStudyRow(
            release=key,
            metric=metric,
            period=period,
            estimate=float(events.estimate[at]),
            se=float(events.se[at]),
            low=float(low[at]),
            high=float(high[at]),
            band_low=float(band_low[at]),
            band_high=float(band_high[at]),
            units=sum(sizes[wave] for wave in set(found.waves[found.since == period].tolist())),
        )
        rows.append(row)
    return rows

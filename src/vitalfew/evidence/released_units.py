"""Effects of releases that some units of a series got on one day, and others did not: against a mean made of those."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData
from vitalfew.evidence.bundles import touching
from vitalfew.evidence.placebo_errors import written
from vitalfew.evidence.relative import relative_to
from vitalfew.evidence.release_words import NOISE, STANDS_OUT, shared_errors
from vitalfew.evidence.roles import role_of
from vitalfew.results.rows import EffectRow, Interval, PlaceboRow
from vitalfew.results.words import count, listed
from vitalfew.stats.synthetic import FEWEST_DONORS, Synthetic, synthetic_difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vitalfew.evidence.daily import Daily
    from vitalfew.workspace.definitions import Definitions, Release

    Floats = NDArray[np.float64]

RELEASED, NOT_YET = "released", "not yet"
METHOD = "synthetic difference-in-differences"
FEWEST_BEFORE, MOST_BEFORE = 28, 112
"""Days before the date by which the others are weighted: four weeks at least, sixteen at most."""
_RARE = 0.05


def on_one_day(release: Release) -> bool:
    """Whether named units got a release, all on the same day."""
    return release.rollout is not None and len(set(release.rollout.units.values())) == 1


def released_units(
    definitions: Definitions, key: str, metric: str, release: Release, daily: Daily
) -> tuple[EffectRow, PlaceboRow]:
    """The effect on the units that got it: less what a weighted mean of the others did on the same days.

    Args:
        definitions: the workspace.
        key: of the release.
        metric: with a series of each unit.
        release: whose rollout names units, all with the same day.
        daily: the series.

    Raises:
        NotEnoughData: too few days before or after, or too few units without gaps.
    """
    treated, donors, before, dropped = _panel(metric, release, daily, _busy(definitions, key, release))
    found = synthetic_difference(treated, donors, before)
    others = _together(definitions, key, metric, release)
    effect = _effect(definitions, key, metric, found, {RELEASED: len(treated), NOT_YET: len(donors)})
    said = [_verdict(found), *_bundled(definitions, others), *shared_errors(definitions, metric), _weights(found)]
    said += [f"units with gaps left out: {listed(dropped, 3)}"] if dropped else []
    placebo = PlaceboRow(
        release=key,
        metric=metric,
        placebos=written(found.placebos),
        p=found.p,
        descriptive=found.p is None,
        bundle=others,
        before_days=before,
        after_days=treated.shape[1] - before,
        message=said[0],
    )
    return replace(effect, notes=tuple(said)), placebo


def _busy(definitions: Definitions, key: str, release: Release) -> set[str]:
    """Units that got another release within the days compared: nothing to compare with."""
    near = range(-MOST_BEFORE, max(1, int(release.after_days)))
    rollouts = [one.rollout for other, one in definitions.releases.items() if other != key and one.rollout is not None]
    return {unit for rollout in rollouts for unit, day in rollout.units.items() if (day - release.date).days in near}


def _panel(metric: str, release: Release, daily: Daily, busy: set[str]) -> tuple[Floats, Floats, int, list[str]]:
    """Series of the treated and the others around the date, days before it, and units that were left out."""
    units, day = daily.units(metric), daily.at(release.date)
    before = min(day, MOST_BEFORE) // 7 * 7
    after = min(max(1, int(release.after_days)), daily.last(metric) - day + 1)
    if before < FEWEST_BEFORE or after < min(7, int(release.after_days)):
        raise NotEnoughData(
            f"{max(day, 0)} days before it and {max(after, 0)} after it have values",
            expected=f"{FEWEST_BEFORE} before and 7 after",
        )
    got = release.rollout.units if release.rollout is not None else {}
    cut = {unit: values[day - before : day + after] for unit, values in units.items()}
    cut = {unit: values for unit, values in cut.items() if unit in got or unit not in busy}
    dropped = [unit for unit, values in cut.items() if not np.isfinite(values).all()]
    treated = [values for unit, values in cut.items() if unit in got and unit not in dropped]
    donors = [values for unit, values in cut.items() if unit not in got and unit not in dropped]
    if not treated or len(donors) < 2:  # noqa: PLR2004 - a mean of one is no mean
        named = listed(list(got), 3)
        reason = f"{len(treated)} units that got it and {len(donors)} that did not have a series without gaps"
        raise NotEnoughData(reason, hint=f"the release names {named}; the series has {listed(list(units), 3)}")
    return np.array(treated), np.array(donors), before, dropped


def _together(definitions: Definitions, key: str, metric: str, release: Release) -> tuple[str, ...]:
    """Other releases between the first and the last day compared: of units as well, they cannot be told apart."""
    days = int(release.after_days)
    around = touching(definitions, metric).items()
    return tuple(
        other
        for other, one in around
        if other != key and 0 <= (one.date - release.date).days < days and not _apart(release, one)
    )


def _apart(one: Release, other: Release) -> bool:
    """Whether two releases reached different units."""
    both = [set(release.rollout.units) for release in (one, other) if release.rollout is not None]
    return len(both) > 1 and all(both) and both[0].isdisjoint(both[1])


def _effect(definitions: Definitions, key: str, metric: str, found: Synthetic, count: dict[str, int]) -> EffectRow:
    defined = definitions.metrics.get(metric)
    intervals = tuple(Interval(*bounds) for bounds in found.intervals)
    after = slice(-(len(found.treated) - len(found.days)), None)
    level = float(found.treated[after].mean())
    return EffectRow(
        experiment=key,
        metric=metric,
        metric_version=defined.version if defined else 1,
        segment=None,
        arm=RELEASED,
        control=NOT_YET,
        estimate=found.estimate,
        se=found.se,
        intervals=intervals,
        p_value=found.p,
        relative=relative_to(level - found.estimate, found.estimate, intervals),
        n=count,
        mean={RELEASED: level, NOT_YET: float(found.synthetic[after].mean())},
        method=METHOD,
        mode="fixed",
        grade="correlated" if found.p is None else "dated",
        role=role_of(definitions, None, metric),
    )


def _verdict(found: Synthetic) -> str:
    if found.p is None:
        few = f"{FEWEST_DONORS} units without it, and twice as many as got it, are needed to tell a change from noise"
        return f"descriptive only: {count(len(found.donors), 'unit')} without it; {few}"
    as_large = int((abs(found.placebos) >= abs(found.estimate)).sum())
    told = f"{as_large:,} of {len(found.placebos):,} placebos among units without it moved at least as much"
    return f"{STANDS_OUT if found.p < _RARE else NOISE}: {told}"


def _bundled(definitions: Definitions, others: tuple[str, ...]) -> Iterator[str]:
    if others:
        names = listed([f"'{definitions.title('releases', key)}'" for key in others], 3)
        yield f"{names} came within the same days: where they reached the same units only, the change is theirs as well"


def _weights(found: Synthetic) -> str:
    used = int((found.donors > 0.001).sum())  # noqa: PLR2004 - less is rounding
    return (
        f"held against a weighted mean of {used} of {len(found.donors)} units without it, weighted by the days before"
    )

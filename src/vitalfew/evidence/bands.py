"""How an effect came about: the always-valid interval with the units of every day so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.arms import Measured, by_experiment
from vitalfew.evidence.comparisons import Item, comparisons
from vitalfew.evidence.estimates import difference, estimate
from vitalfew.evidence.modes import progress
from vitalfew.evidence.roles import role_of
from vitalfew.evidence.settings import Setting
from vitalfew.results.rows import BandRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from vitalfew.results.rows import MomentsRow
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

_WIDE = 0.95


def bands(
    definitions: Definitions, daily: Iterable[MomentsRow], settings: Mapping[str, Setting]
) -> tuple[BandRow, ...]:
    """The always-valid 95 % interval of the primary metrics with all units first exposed up to each day.

    Days are those of first exposure: a unit counts with all that was measured of it, on the day it came. Where no
    metric is primary, all that were measured by day are taken. Days before 100 units have none.

    Args:
        definitions: experiments and metrics.
        daily: moments of the units first exposed on each day.
        settings: how each experiment is judged; the band is narrowest at its planned units.
    """
    from vitalfew.stats.always_valid import half_widths

    known = [(day, item) for day, item in _by_day(definitions, daily, settings)]
    if not known:
        return ()
    arms = estimate(definitions, [item for _, item in known])
    found = difference(arms, (_WIDE,))
    each = [settings.get(item.experiment, Setting()) for _, item in known]
    so_far = progress(_at_the_end(known, arms.units), each)
    n = arms.units.sum(axis=0)
    half = half_widths(found.se, n, so_far.planned, _WIDE)
    rows = []
    for at, (day, item) in enumerate(known):
        low, high = float(found.estimate[at] - half[at]), float(found.estimate[at] + half[at])
        if np.isfinite([low, high]).all():
            middle = float(found.estimate[at])
            rows.append(BandRow(item.experiment, item.metric, item.arm, day, int(n[at]), middle, low, high))
    return tuple(rows)


def _by_day(
    definitions: Definitions, daily: Iterable[MomentsRow], settings: Mapping[str, Setting]
) -> Iterator[tuple[str, Item]]:
    """The comparisons of the primary metrics, with the units up to each day."""
    days: dict[str, dict[str, list[MomentsRow]]] = defaultdict(lambda: defaultdict(list))
    for row in daily:
        if row.day is not None and row.segment is None:
            days[row.experiment][row.day].append(row)
    for experiment, by_day in days.items():
        so_far: Measured | None = None
        for day in sorted(by_day):
            here = by_experiment(by_day[day])[experiment]
            so_far = here if so_far is None else _joined(so_far, here)
            items = [item for item in comparisons(definitions, experiment, so_far) if isinstance(item, Item)]
            plan = settings.get(experiment, Setting()).plan
            primary = [item for item in items if role_of(definitions, plan, item.metric) == "primary"]
            yield from ((day, replace(item, pooled=None)) for item in primary or items)


def _joined(one: Measured, other: Measured) -> Measured:
    """Units of both, phase by phase and arm by arm."""
    both = Measured(one.source)
    for measured in (one, other):
        for phase, arms in measured.cells[None].items():
            for arm, parts in arms.items():
                kept = both.cells[None][phase][arm]
                for part in parts:
                    same = next((at for at, old in enumerate(kept) if old.names == part.names), None)
                    if same is None:
                        kept.append(part)
                    else:
                        kept[same] = kept[same] + part
    return both


def _at_the_end(known: list[tuple[str, Item]], units: Floats) -> Floats:
    """Units of the last day in the place of every day's: the pair of arms has that part of the planned units."""
    last: dict[tuple[str, str, str], int] = {}
    for at, (_, item) in enumerate(known):
        last[item.experiment, item.metric, item.arm] = at
    return np.asarray(units[:, [last[item.experiment, item.metric, item.arm] for _, item in known]])

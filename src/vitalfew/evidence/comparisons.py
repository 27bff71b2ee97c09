"""Which comparisons an experiment asks for: every metric, segment and arm against control."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import suggest
from vitalfew.results.moments import moments_of
from vitalfew.results.rows import FailedRow
from vitalfew.stats.comparison import PAIRS, has_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import MomentsRow
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions

STAGE = "effects"
DENOMINATOR = "/denominator"
NO_CROSS_PRODUCTS = (
    "the source gives no cross products between metrics: links between metrics cannot be corrected without them"
)
SOME_CROSS_PRODUCTS = (
    "the source gives cross products between some metrics only: links between the others cannot be corrected"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One comparison to make."""

    experiment: str
    metric: str
    denominator: str | None
    segment: str | None
    arm: str
    control: str
    treatment_moments: Moments
    control_moments: Moments
    notes: tuple[str, ...]


@dataclass(slots=True)
class Measured:
    """Moments of one experiment: by segment, then arm; an arm may be spread over several rows of different metrics."""

    source: str
    arms: dict[str | None, dict[str, list[Moments]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    @property
    def everyone(self) -> dict[str, list[Moments]]:
        """Moments of all units, by arm; of the first segment when only segments were measured."""
        return self.arms[None] if None in self.arms else next(iter(self.arms.values()))


def sources_without_cross_products(moments: Iterable[MomentsRow]) -> tuple[str, ...]:
    """Keys of the sources that measure several metrics of an experiment but not how they vary together."""
    return tuple(
        dict.fromkeys(found.source for found in by_experiment(moments).values() if not _has_cross_products(found))
    )


def by_experiment(moments: Iterable[MomentsRow]) -> dict[str, Measured]:
    """Moments by experiment, in the order of the rows."""
    measured: dict[str, Measured] = {}
    for row in moments:
        found = measured.setdefault(row.experiment, Measured(row.source))
        found.arms[row.segment][row.arm].append(moments_of(row))
    return measured


def _has_cross_products(found: Measured) -> bool:
    return all(known.all() for known in _known_pairs(found))


def _known_pairs(found: Measured) -> Iterator[NDArray[np.bool_]]:
    """Which cross products of different columns an arm of several metrics has."""
    for arm in found.arms.get(None, {}).values():
        metrics = {name for part in arm for name in part.names if not name.endswith(DENOMINATOR)}
        if len(metrics) > 1:
            several = len(arm) > 1  # rows of their own say nothing about each other
            yield np.zeros(1, bool) if several else ~np.isnan(arm[0].cross[~np.eye(len(arm[0].names), dtype=bool)])


def _notes_on_cross_products(found: Measured) -> tuple[str, ...]:
    if _has_cross_products(found):
        return ()
    return (SOME_CROSS_PRODUCTS if any(known.any() for known in _known_pairs(found)) else NO_CROSS_PRODUCTS,)


def comparisons(definitions: Definitions, experiment: str, found: Measured) -> Iterator[Item | FailedRow]:
    """What to compare in one experiment, and what cannot be compared with the reason.

    An experiment that nobody defined is compared against the arm `control`, on everything that was measured.
    """
    defined = definitions.experiments.get(experiment)
    control = defined.control if defined else "control"
    everywhere = list(dict.fromkeys(arm for arms in found.arms.values() for arm in arms))
    if control not in everywhere:
        yield FailedRow(STAGE, experiment, f"control '{control}' is no arm of the data; arms: {', '.join(everywhere)}")
        return
    if len(everywhere) == 1:
        yield FailedRow(STAGE, experiment, f"not enough data: '{control}' is the only arm that has units", remark=True)
        return
    notes = _notes_on_cross_products(found)
    if len(everywhere) > 2:  # noqa: PLR2004 - control and one treatment
        notes += (f"one of {len(everywhere) - 1} arms against control; its p-value is not corrected for that",)
    asked = defined.metrics if defined is not None else ()
    wanted = asked or tuple(dict.fromkeys(name for arm in found.everyone.values() for name in metrics_in(arm)))
    yield from _not_measured(experiment, wanted, found)
    for segment, arms in found.arms.items():
        for arm in (other for other in everywhere if other != control):
            empty = [name for name in (control, arm) if name not in arms]
            if empty:
                place = experiment if segment is None else f"{experiment}/{segment}"
                yield FailedRow(STAGE, place, f"not enough data: no units in arm '{empty[0]}'", remark=True)
                continue
            items = (_item((experiment, metric, segment), (control, arm), arms, notes) for metric in wanted)
            yield from (item for item in items if item is not None)


def _not_measured(experiment: str, wanted: Sequence[str], found: Measured) -> Iterator[FailedRow]:
    known = {name for arm in found.everyone.values() for name in metrics_in(arm)}
    for metric in wanted:
        arms = [name for name, arm in found.everyone.items() if metric not in metrics_in(arm)]
        if arms:
            where = "any arm" if len(arms) == len(found.everyone) else f"arm '{arms[0]}'"
            yield FailedRow(
                STAGE, f"{experiment}/{metric}", f"not measured in {where}; {suggest(metric, sorted(known))}"
            )


def metrics_in(arm: Sequence[Moments]) -> list[str]:
    """The metrics measured in an arm; denominators of ratios are no metrics of their own."""
    return list(dict.fromkeys(name for part in arm for name in part.names if not name.endswith(DENOMINATOR)))


def _item(
    about: tuple[str, str, str | None],
    names: tuple[str, str],
    arms: Mapping[str, Sequence[Moments]],
    notes: tuple[str, ...],
) -> Item | None:
    experiment, metric, segment = about
    control, treatment = (next((part for part in arms[name] if metric in part.names), None) for name in names)
    if control is None or treatment is None:
        return None
    bottom = f"{metric}{DENOMINATOR}"
    ratio = bottom in control.names and bottom in treatment.names
    if ratio and not (has_pairs(control, metric, bottom) and has_pairs(treatment, metric, bottom)):
        notes = (*notes, PAIRS)
    return Item(experiment, metric, bottom if ratio else None, segment, names[1], names[0], treatment, control, notes)

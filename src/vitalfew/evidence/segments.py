"""For whom an effect differs: segments against each other, luck taken off, and the mix of segments watched."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.comparisons import Item, comparisons
from vitalfew.evidence.estimates import difference, estimate
from vitalfew.evidence.words import at_one_look, chance_of, clear_direction, signed, title_of
from vitalfew.results.rows import Estimate, HealthRow, HeterogeneityRow
from vitalfew.results.words import listed
from vitalfew.stats.families import benjamini_hochberg
from vitalfew.stats.heterogeneity import heterogeneity, reversal
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.results.rows import EffectRow, MomentsRow
    from vitalfew.workspace.definitions import Definitions

OTHERS = "all others"
SIGNIFICANT = 0.05
_Z95 = two_sided(0.95)
_WIDE = 0.95


@dataclass(frozen=True, slots=True)
class _Group:
    """Effects that are held against each other: segments without a unit in common, or a segment and all others."""

    whole: EffectRow
    places: tuple[int, ...]
    by: tuple[str, ...]
    estimates: tuple[float, ...]
    ses: tuple[float, ...]


def segments(
    definitions: Definitions, effects: Sequence[EffectRow], moments: Iterable[MomentsRow]
) -> tuple[tuple[EffectRow, ...], tuple[HeterogeneityRow, ...]]:
    """Test whether effects differ between segments, and draw each segment's effect towards that of all.

    Segments that hold no more units together than there are count as apart and are tested together (Cochran's Q);
    where they overlap, each is tested against all units outside of it. P-values are corrected over the experiment
    (Benjamini-Hochberg).

    Returns:
        The effects, those of segments with what is left once luck is taken off, and one row per metric and arm (per
        segment where they overlap).
    """
    rows, found = list(effects), dict[str, list[HeterogeneityRow]]()
    for group in _groups(definitions, rows, tuple(moments)):
        result = heterogeneity(group.estimates, group.ses)
        for place, shrunk, se in zip(group.places, result.shrunk, result.shrunk_se, strict=False):
            if rows[place].shrunk is None:
                ends = (float(shrunk - _Z95 * se), float(shrunk + _Z95 * se))
                rows[place] = replace(rows[place], shrunk=Estimate(float(shrunk), *ends))
        found.setdefault(group.whole.experiment, []).append(_row(definitions, group, result.p_value))
    return tuple(rows), tuple(row for each in found.values() for row in corrected(each))


def reversals(rows: Iterable[HeterogeneityRow]) -> dict[tuple[str, str, str], HealthRow]:
    """Warnings that all units together mislead (Simpson), by experiment, metric and arm."""
    return {
        (row.experiment, row.metric, row.arm): HealthRow(
            row.experiment, f"reversal/{row.metric}", None, "warning", row.message
        )
        for row in rows
        if row.reversal
    }


def corrected(rows: Sequence[HeterogeneityRow]) -> list[HeterogeneityRow]:
    """The rows with the share of false ones among those found held down."""
    if not rows:
        return []
    adjusted = benjamini_hochberg([row.p_value for row in rows])
    return [replace(row, adjusted_p=float(p)) for row, p in zip(rows, adjusted, strict=True)]


def _groups(definitions: Definitions, rows: Sequence[EffectRow], moments: Sequence[MomentsRow]) -> Iterable[_Group]:
    slots: dict[tuple[str, str, str], list[int]] = {}
    whole: dict[tuple[str, str, str], EffectRow] = {}
    for at, row in enumerate(rows):
        slot = (row.experiment, row.metric, row.arm)
        if row.segment is None:
            whole[slot] = row
        elif row.estimate is not None and row.se:
            slots.setdefault(slot, []).append(at)
    overlapping: list[tuple[int, EffectRow]] = []
    for slot, places in slots.items():
        if slot not in whole:
            continue
        some = [rows[at] for at in places]
        apart = sum(sum(row.n.values()) for row in some) <= sum(whole[slot].n.values())
        if apart and len(some) > 1:
            yield _Group(whole[slot], tuple(places), tuple(row.segment or "" for row in some), *_numbers(some))
        else:
            overlapping.extend((at, whole[slot]) for at in places)
    yield from _against_others(definitions, rows, overlapping, moments)


def _numbers(rows: Sequence[EffectRow]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(row.estimate or 0.0 for row in rows), tuple(row.se or 0.0 for row in rows)


def _against_others(
    definitions: Definitions,
    rows: Sequence[EffectRow],
    wanted: Sequence[tuple[int, EffectRow]],
    moments: Sequence[MomentsRow],
) -> Iterable[_Group]:
    """Each segment against all units outside of it, whose moments are those of all minus its own.

    Where clusters were dealt there is no such difference: part of a cluster is no cluster less.
    """
    wanted = [(at, whole) for at, whole in wanted if not _clustered(definitions, whole.experiment)]
    if not wanted:
        return
    named = {rows[at].experiment for at, _ in wanted}
    items = _items(definitions, [row for row in moments if row.experiment in named])
    rests: list[tuple[int, EffectRow, Item]] = []
    for at, whole in wanted:
        row = rows[at]
        everyone = items.get((row.experiment, row.metric, None, row.arm))
        inside = items.get((row.experiment, row.metric, row.segment, row.arm))
        outside = None if everyone is None or inside is None else _outside(everyone, inside)
        if outside is not None:
            rests.append((at, whole, outside))
    found = difference(estimate(definitions, [item for *_, item in rests]), (_WIDE,))
    for index, (at, whole, _) in enumerate(rests):
        outside_effect, se = float(found.estimate[index]), float(found.se[index])
        if np.isfinite(outside_effect + se) and se > 0:
            inside_effect, inside_se = _numbers([rows[at]])
            by = (rows[at].segment or "", OTHERS)
            yield _Group(whole, (at,), by, (*inside_effect, outside_effect), (*inside_se, se))


def _clustered(definitions: Definitions, experiment: str) -> bool:
    defined = definitions.experiments.get(experiment)
    return defined is not None and defined.cluster is not None


def _items(definitions: Definitions, moments: Sequence[MomentsRow]) -> Mapping[tuple[str, str, str | None, str], Item]:
    return {
        (item.experiment, item.metric, item.segment, item.arm): item
        for experiment, measured in by_experiment(moments).items()
        for item in comparisons(definitions, experiment, measured)
        if isinstance(item, Item)
    }


def _outside(everyone: Item, inside: Item) -> Item | None:
    """The units that are not in a segment; None when they cannot be told apart phase by phase."""
    from vitalfew.errors import UsageError
    from vitalfew.stats.strata import rest

    if len(everyone.cells) != len(inside.cells):
        return None
    try:
        cells = tuple(
            (rest(whole[0], [part[0]]), rest(whole[1], [part[1]]))
            for whole, part in zip(everyone.cells, inside.cells, strict=True)
        )
    except UsageError:
        return None
    return replace(everyone, cells=cells, pooled=None)


def _row(definitions: Definitions, group: _Group, p_value: float) -> HeterogeneityRow:
    whole, pair = group.whole, len(group.estimates) == 2  # noqa: PLR2004 - two effects have one difference
    turned = _is_clear(group) and reversal(whole.estimate or 0.0, group.estimates)
    return HeterogeneityRow(
        experiment=whole.experiment,
        metric=whole.metric,
        arm=whole.arm,
        kind="segments",
        by=group.by,
        estimate=group.estimates[0] - group.estimates[1] if pair else None,
        se=math.hypot(*group.ses) if pair else None,
        p_value=p_value,
        adjusted_p=p_value,
        reversal=turned,
        message=_told(definitions, group, p_value, turned=turned),
    )


def _is_clear(group: _Group) -> bool:
    """Whether the effect of all units, or that of the segments together, is no luck: about zero signs turn at will."""
    weights = [1 / se**2 for se in group.ses]
    together = sum(weight * each for weight, each in zip(weights, group.estimates, strict=True)) / sum(weights)
    return clear_direction(group.whole) != 0 or abs(together) > _Z95 * sum(weights) ** -0.5


def _told(definitions: Definitions, group: _Group, p_value: float, *, turned: bool) -> str:
    title = title_of(definitions, group.whole.metric)
    names = [name if name == OTHERS else definitions.title("segments", name) for name in group.by]
    drawn = zip(names, group.estimates, group.ses, strict=True)
    seen = ", ".join(f"{name} {signed(definitions, group.whole.metric, value, se)}" for name, value, se in drawn)
    lead = "differs" if p_value < SIGNIFICANT else "does not clearly differ"
    chance = f"{chance_of(p_value)}{at_one_look(group.whole.mode)}"
    text = f"The effect on {title} {lead} between {listed(names)} ({chance}; {seen})."
    if turned:
        text += (
            " Every segment points the other way than all units together: the arms hold different mixes of segments."
            " Believe the segments, and look for what changed the mix."
        )
    return text

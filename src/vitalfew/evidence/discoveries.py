"""Which effects of releases stand out among all that are looked at at once.

Ten releases by ten metrics are a hundred tests, of which five stand out by chance. All of a run are one family, in
which the share of false ones among those that stand out is held down (Benjamini-Hochberg).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.families import FALSE_DISCOVERIES
from vitalfew.evidence.release_words import NOISE, STANDS_OUT
from vitalfew.stats.families import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.results.rows import EffectRow, PlaceboRow

LEVEL = 0.05
"""Adjusted p below which an effect stands out."""


def stands_out(row: EffectRow) -> bool:
    """Whether the effect of a release can be told from noise, all others that were looked at considered."""
    known = row.p_value if row.adjusted_p is None else row.adjusted_p
    return known is not None and known < LEVEL


def among_all(
    effects: Sequence[EffectRow], placebos: Sequence[PlaceboRow]
) -> tuple[tuple[EffectRow, ...], tuple[PlaceboRow, ...]]:
    """Give each effect that was tested its p-value among all of them, and say so where that makes it noise.

    Releases of one bundle have one effect: it is one test, however many names it has.

    Args:
        effects: of all releases on all metrics.
        placebos: what was said of those of one date.

    Returns:
        Both, in their order.
    """
    tested = _tests(effects)
    adjusted = benjamini_hochberg(np.array([p_value for _, _, p_value in tested], dtype=np.float64))
    corrected = dict(zip(tested, adjusted.tolist(), strict=True))
    family = f"releases: {_counted(len(tested))}, {FALSE_DISCOVERIES}"
    found, lost = [], set()
    for row in effects:
        if row.p_value is None:
            found.append(row)
            continue
        new = replace(row, adjusted_p=corrected[_test(row)], family=family)
        if stands_out(row) and not stands_out(new):
            lost.add((row.experiment, row.metric))
            new = replace(new, notes=tuple(_milder(note, len(tested)) for note in new.notes))
        found.append(new)
    said = (
        replace(row, message=_milder(row.message, len(tested))) if (row.release, row.metric) in lost else row
        for row in placebos
    )
    return tuple(found), tuple(said)


def how_many(effects: Sequence[EffectRow]) -> int:
    """How many tests effects of releases are."""
    return len(_tests(effects))


def _tests(effects: Sequence[EffectRow]) -> dict[tuple[str, float | None, float | None], None]:
    return dict.fromkeys(_test(row) for row in effects if row.p_value is not None)


def _test(row: EffectRow) -> tuple[str, float | None, float | None]:
    return row.metric, row.estimate, row.p_value


def _milder(said: str, tests: int) -> str:
    """What stood out by itself does not among many."""
    alone = f"{STANDS_OUT}: "
    return f"{NOISE} among {_counted(tests)}: {said.removeprefix(alone)}" if said.startswith(alone) else said


def _counted(tests: int) -> str:
    return "1 test" if tests == 1 else f"{tests:,} tests"

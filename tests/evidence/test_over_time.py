"""Bands: the always-valid interval with the units of every day so far."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evidence.trials import definitions, judged, moments

if TYPE_CHECKING:
    from vitalfew.results.rows import MomentsRow

RNG = np.random.default_rng(20_260_306)


def _daily(days: int, n: int = 40, phase_from: int = 99) -> tuple[list[MomentsRow], dict[str, list[float]]]:
    rows, every = [], {"control": list[float](), "new": list[float]()}
    for day in range(days):
        for arm, effect in (("control", 0.0), ("new", 0.5)):
            values = RNG.normal(5 + effect, 1, n)
            every[arm].extend(values)
            named = {"value": values, "clicks": values}
            rows.append(moments(arm, named, phase=int(day >= phase_from), day=f"2026-01-{day + 1:02d}"))
    return rows, every


def test_the_last_day_of_a_band_is_the_effect_of_a_running_experiment() -> None:
    rows, every = _daily(10)
    whole = tuple(moments(arm, {"value": values}) for arm, values in every.items())
    found = judged(
        definitions({"start": "2026-01-01", "plan": {"units": 1000}}),
        date(2026, 1, 10),
        moments=whole,
        daily=tuple(rows),
    )
    (effect,) = found.effects
    last = found.bands[-1]
    assert (last.day, last.units) == ("2026-01-10", 800)
    assert (last.estimate, last.low, last.high) == pytest.approx(
        (effect.estimate, effect.intervals[1].low, effect.intervals[1].high)
    )


def test_only_primary_metrics_have_a_band_and_only_from_a_hundred_units() -> None:
    rows, _ = _daily(5)
    found = judged(
        definitions(),
        daily=tuple(rows),
        moments=tuple(moments(arm, {"value": [1.0, 2.0]}) for arm in ("control", "new")),
    )
    assert {row.metric for row in found.bands} == {"value"}
    assert [row.day for row in found.bands] == ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"]
    assert [row.units for row in found.bands] == [160, 240, 320, 400]
    widths = [row.high - row.low for row in found.bands]
    assert widths == sorted(widths, reverse=True)


def test_a_band_over_a_changed_split_is_made_phase_by_phase() -> None:
    """The second phase is two higher and mostly treated; pooled, the band would drift away from zero."""
    rows = []
    for day in range(8):
        late = day >= 4
        for arm, n in (("control", 45 if not late else 10), ("new", 5 if not late else 40)):
            rows.append(
                moments(arm, {"value": RNG.normal(5 + 2 * late, 0.2, n)}, phase=int(late), day=f"2026-01-{day + 1:02d}")
            )
    bands = judged(definitions(), daily=tuple(rows)).bands
    assert len(bands) == 7
    assert all(row.low < 0 < row.high for row in bands)

"""Tables that hold next to nothing: an answer with its reason, never an exception, an infinity or a p-value of 0."""

from __future__ import annotations

import itertools
import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from evidence.trials import arrivals, definitions, judged, moments

NAN = float("nan")
ARMS: dict[str, dict[str, list[float]]] = {
    "no unit": {"value": [], "cost": [], "value/before": []},
    "one unit": {"value": [1.0], "cost": [2.0], "value/before": [1.0]},
    "constant": {"value": [3.0] * 9, "cost": [3.0] * 9, "value/before": [1.0] * 9},
    "all missing": {"value": [NAN] * 9, "cost": [NAN] * 9, "value/before": [NAN] * 9},
    "all zero": {"value": [0.0] * 150, "cost": [0.0] * 150, "value/before": [0.0] * 150},
    "some missing": {"value": [1.0, NAN, 2.0, 4.0], "cost": [NAN, 1.0, 2.0, 2.5], "value/before": [NAN, 1.0, 0.0, 2.0]},
    "huge": {"value": [1e300, -1e300, 2e300], "cost": [1e200, 2e200, 0.0], "value/before": [1e300, 0.0, 1.0]},
    "plain": {
        "value": np.linspace(0, 1, 200).tolist(),
        "cost": np.linspace(1, 0, 200).tolist(),
        "value/before": (np.linspace(0, 1, 200) ** 2).tolist(),
    },
}
MODES = ("fixed", "always_valid", "group_sequential", "bayesian")
PAIRS = list(itertools.product(ARMS, repeat=2))


def _numbers(row: Any) -> list[float]:
    found = [row.estimate, row.se, row.p_value, row.adjusted_p, row.p_non_inferior, row.p_better, row.expected_loss]
    found += [end for interval in row.intervals for end in (interval.low, interval.high)]
    found += [row.relative.estimate, row.relative.low, row.relative.high] if row.relative else []
    return [value for value in found if value is not None]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", PAIRS, ids=" against ".join)
def test_next_to_nothing_is_judged_without_an_exception(pair: tuple[str, str], mode: str) -> None:
    rows = [
        moments(arm, ARMS[kind], segment, phase)
        for arm, kind in zip(("control", "new"), pair, strict=True)
        for segment, phase in ((None, 0), ("young", 0))
    ]
    plan = {"units": 1000, "futility": True, "primary": ["value"], "guardrails": ["cost"]}
    found = judged(
        definitions({"start": "2026-01-01", "mode": mode, "plan": plan, "strata": ["young"]}),
        date(2026, 1, 9),
        moments=tuple(rows),
        daily=tuple(moments(row.arm, ARMS[kind], day="2026-01-02") for row, kind in zip(rows[::2], pair, strict=True)),
        arrivals=arrivals(2, control=len(ARMS[pair[0]]["value"]), new=len(ARMS[pair[1]]["value"])),
    )
    for row in found.effects:
        assert all(math.isfinite(value) for value in _numbers(row)), row
        assert row.p_value is None or 0 < row.p_value <= 1
        assert row.se is None or row.se > 0
        assert row.se is not None or row.notes
    assert all(failed.reason for failed in found.failed)
    assert all(np.isfinite([band.low, band.high]).all() for band in found.bands)
    assert all(test.message for test in found.health)


@pytest.mark.parametrize("phases", [(0, 1), (0, 0)])
def test_an_arm_that_is_missing_in_a_phase_leaves_that_phase_out(phases: tuple[int, int]) -> None:
    """The second arm came later: only the days on which both were there are compared."""
    rows = [moments("control", ARMS["plain"], phase=0), moments("new", ARMS["plain"], phase=phases[1])]
    if phases == (0, 1):
        rows.append(moments("control", ARMS["plain"], phase=1))
    (row, _) = judged(definitions({"metrics": ["value", "cost"]}), moments=tuple(rows)).effects
    assert row.n == {"control": 200, "new": 200}
    assert row.estimate == pytest.approx(0.0, abs=1e-12)

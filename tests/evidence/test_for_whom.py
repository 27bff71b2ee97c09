"""For whom an effect differs: segments, the mix of segments, and other experiments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evidence.trials import definitions, judged, moments
from vitalfew.evidence.crossings import crossings
from vitalfew.evidence.settings import Setting
from vitalfew.results.rows import MomentsRow, OverlapRow
from vitalfew.stats import Moments
from vitalfew.stats.heterogeneity import heterogeneity

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Mode

RNG = np.random.default_rng(20_260_305)


def _parts(
    effects: dict[str, float], n: int = 400, sizes: dict[str, tuple[int, int]] | None = None
) -> list[MomentsRow]:
    """All units and each segment; `sizes`: control and treatment of a segment."""
    values: dict[str, list[np.ndarray]] = {"control": [], "new": []}
    rows = []
    for segment, effect in effects.items():
        control, new = (sizes or {}).get(segment, (n, n))
        drawn = {"control": RNG.normal(5, 1, control), "new": RNG.normal(5 + effect, 1, new)}
        for arm, each in drawn.items():
            values[arm].append(each)
            rows.append(moments(arm, {"value": each}, segment))
    return [*(moments(arm, {"value": np.concatenate(each)}) for arm, each in values.items()), *rows]


def test_segments_that_differ_are_found_and_named() -> None:
    (row,) = judged(definitions(), moments=tuple(_parts({"young": 0.5, "old": -0.5}))).heterogeneity
    assert row.by == ("young", "old")
    assert row.p_value < 1e-6
    assert row.estimate == pytest.approx(1.0, abs=0.4)
    assert row.message.startswith("The effect on Value differs between the young and the old (p ")


def test_segments_that_are_alike_are_said_to_be_and_drawn_together() -> None:
    found = judged(definitions(), moments=tuple(_parts({"young": 0.2, "old": 0.2, "new": 0.2})))
    (row,) = found.heterogeneity
    within = [effect for effect in found.effects if effect.segment is not None]
    referee = heterogeneity([e.estimate or 0 for e in within], [e.se or 0 for e in within])
    assert row.p_value == pytest.approx(referee.p_value)
    assert "does not clearly differ" in row.message
    assert row.estimate is None
    shrunk = [effect.shrunk.estimate for effect in within if effect.shrunk is not None]
    assert shrunk == pytest.approx(referee.shrunk.tolist())
    assert np.ptp(shrunk) < np.ptp([effect.estimate for effect in within])


def test_segments_that_overlap_are_each_held_against_all_others() -> None:
    """Half of the units are young, half are new, and some are both: exactly the rest is compared."""
    young, new = np.arange(800) % 2 == 0, np.arange(800) < 500
    arms = {arm: RNG.normal(5, 1, 800) + 0.6 * lift * young for arm, lift in (("control", 0), ("new", 1))}
    rows = [
        moments(arm, {"value": values[mask]}, segment)
        for segment, mask in ((None, np.ones(800, bool)), ("young", young), ("new", new))
        for arm, values in arms.items()
    ]
    found = {row.by: row for row in judged(definitions(), moments=tuple(rows)).heterogeneity}
    assert set(found) == {("young", "all others"), ("new", "all others")}
    inside, outside = (arms["new"][mask].mean() - arms["control"][mask].mean() for mask in (young, ~young))
    assert found["young", "all others"].estimate == pytest.approx(inside - outside, abs=1e-9)
    assert found["young", "all others"].adjusted_p < 0.001
    assert found["new", "all others"].adjusted_p > 0.001


def test_a_mix_that_differs_between_arms_is_told() -> None:
    """Each segment gains, but the new arm holds more of the segment whose level is low."""
    low, high = RNG.normal(0, 0.1, 500), RNG.normal(5, 0.1, 500)
    cells = {"young": (low[:100], low[100:] + 0.1), "old": (high[:400], high[400:] + 0.1)}
    rows = [
        moments(arm, {"value": cell[at]}, key)
        for key, cell in cells.items()
        for at, arm in enumerate(("control", "new"))
    ]
    for at, arm in enumerate(("control", "new")):
        rows.append(moments(arm, {"value": np.concatenate([cell[at] for cell in cells.values()])}))
    (row,) = judged(definitions(), moments=tuple(rows)).heterogeneity
    assert row.reversal
    assert "Every segment points the other way than all units together" in row.message


def _overlap(first: str, second: str, values: np.ndarray) -> OverlapRow:
    found = Moments.of({"value": values}, {"value": 0.0})
    numbers = (tuple(part.ravel().tolist()) for part in (found.n, found.shift, found.mean, found.cross))
    return OverlapRow("test", "other", first, second, found.units, found.names, *numbers)


def test_experiments_that_change_each_other_are_found() -> None:
    for together, clear in ((0.0, False), (1.0, True)):
        cells = [
            _overlap(one, two, RNG.normal(5 + 0.3 * (one == "new") + together * ((one, two) == ("new", "b")), 1, 300))
            for one in ("control", "new")
            for two in ("control", "b")
        ]
        (row,) = crossings(definitions(), cells)
        assert (row.kind, row.experiment, row.by) == ("experiments", "test", ("other", "b"))
        assert (row.adjusted_p < 0.001) == clear
        assert ("is larger by" in row.message) == clear


def test_experiments_that_share_no_cell_are_left_out() -> None:
    cells = [_overlap("control", "control", RNG.normal(size=50)), _overlap("new", "b", RNG.normal(size=50))]
    assert crossings(definitions(), cells) == ()


def test_segments_are_told_in_the_unit_of_the_metric() -> None:
    (row,) = judged(definitions(), moments=tuple(_parts({"young": 0.5, "old": -0.5, "new": 0.0}))).heterogeneity
    told = r"differs between the young, the old and .+ \(p < 0\.0001; the young \+0\.\d+, the old −0\.\d+, "
    assert re.search(told, row.message), row.message


@pytest.mark.parametrize(("mode", "many"), [("fixed", False), ("always_valid", True), ("group_sequential", True)])
def test_where_one_may_look_often_tests_between_segments_say_that_they_hold_once(mode: Mode, many: bool) -> None:
    defined = definitions({"mode": mode, "segments": ["young", "old"], "plan": {"units": 1600}})
    found = judged(defined, moments=tuple(_parts({"young": 0.0, "old": 0.6})))
    (row,) = (row for row in found.heterogeneity if row.metric == "value")
    assert ("at one look, planned beforehand;" in row.message) is many
    cells = [_overlap(one, two, RNG.normal(5, 1, 300)) for one in ("control", "new") for two in ("control", "b")]
    (crossed,) = crossings(defined, cells, {"other": Setting(mode=mode)})
    assert ("at one look, planned beforehand)." in crossed.message) is many

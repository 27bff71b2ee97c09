"""Numbers that other projects' own tests expect of themselves, computed by us from the same inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tea_tasting as tt

from vitalfew.stats import Moments, benjamini_hochberg, compare, sample_ratio
from vitalfew.stats.arrays import differences
from vitalfew.stats.designs import Design
from vitalfew.stats.noise import of_proportion
from vitalfew.stats.power import sample_size
from vitalfew.stats.strata import stratified

# Units and sums of y, y², x, x² and xy: control and treatment in each of five strata.
STRATA = (
    ((21, 330.0696210595999, 5377.811252605509, 890.9766550739607, 38220.95223835553, 14263.937571840695),
     (42, 708.1220000911836, 12249.255519049513, 1745.9858250014954, 73194.53424221886, 29826.620793423102)),
    ((65, 1391.96628040659, 30546.63404187155, 2769.8126179473184, 118719.96077578884, 59924.702385890436),
     (75, 1807.4703052657744, 45000.287664918586, 3184.8395612061063, 136710.92474497214, 78119.14871556411)),
    ((102, 2916.824124651419, 86396.06886690554, 4445.780384331884, 195387.7733842407, 129041.55268673625),
     (101, 3104.5399914554023, 98365.40553530994, 4235.277718489282, 179690.4720421368, 132444.36911739354)),
    ((151, 5172.587929941052, 182453.04528037464, 6510.170220892494, 283094.7243365024, 226127.20135744457),
     (121, 4613.696610070716, 180520.64781229294, 5079.943060454901, 215529.32009367683, 196562.8269130501)),
    ((160, 6539.348445231273, 274981.98909352464, 6906.305872710853, 300900.3106781779, 286483.9732935189),
     (162, 7431.953259880505, 349244.6690736718, 6899.004661928157, 296839.44355002965, 321057.8410309036)),
)  # fmt: skip


def _moments(n: int, *sums: float) -> Moments:
    y, yy, x, xx, xy = sums
    cross = np.array([[yy - y * y / n, xy - x * y / n], [xy - x * y / n, xx - x * x / n]])
    means = np.array([[y / n, y / n], [x / n, x / n]])
    return Moments(("y", "x"), np.full((2, 2), float(n)), np.zeros(2), means, cross, n)


def test_growthbook_expects_of_its_t_test_what_we_compute() -> None:
    control = Moments.given("y", n=3407, mean=0.41, variance=3.9**2)
    treatment = Moments.given("y", n=3461, mean=0.70, variance=6.2**2)
    found = compare(control, treatment, numerator="y")
    assert round(found.p_value, 5) == 0.02016
    assert [round(bound, 5) for bound in found.intervals[1][1:]] == [0.04538, 0.53462]
    # Later it tested the relative change instead: p .06191, from -3.5 to +145 %, for the same data.
    assert round(found.relative.estimate or 0, 5) == 0.70732
    assert found.relative.low is not None
    assert found.relative.low > 0


def test_tea_tasting_expects_of_its_sample_data_what_we_compute() -> None:
    data = tt.make_users_data(n_users=100, covariates=True, rng=42)
    variant, orders = (data[name].to_numpy() for name in ("variant", "orders"))
    arms = [Moments.of({"orders": orders[variant == at]}) for at in (0, 1)]
    found = compare(arms[0], arms[1], numerator="orders")
    assert (found.mean_control, found.mean_treatment) == pytest.approx((0.5660377358, 0.3829787234))
    assert found.estimate == pytest.approx(-0.18305901244480127)
    assert tuple(found.intervals[1][1:]) == pytest.approx((-0.5004359360, 0.1343179111))
    assert found.p_value == pytest.approx(0.2551230546709908)


def test_growthbook_expects_the_stratified_effects_that_we_compute_and_a_little_more_error() -> None:
    cells = [[(_moments(*control), _moments(*treatment))] * 2 for control, treatment in STRATA]
    found = differences(*stratified(cells, ["y", "y"], [None, "x"]), (0.95,))
    assert found.estimate == pytest.approx([3.548094377986586, 0.10008903417216031], rel=1e-12)
    # It counts, besides, that the shares of the strata are those of a sample; we take them as given.
    units = np.array([control[0] + treatment[0] for control, treatment in STRATA])
    effects = np.array([two[1] / two[0] - one[1] / one[0] for one, two in STRATA])
    shares = units / units.sum()
    mix = (shares @ effects**2 - (shares @ effects) ** 2) / units.sum()
    assert np.sqrt(found.se[0] ** 2 + mix) == pytest.approx(0.37634374823059685, rel=1e-9)
    assert found.se / [0.37634374823059685, 0.005071004003792392] == pytest.approx([0.994, 0.981], abs=1e-3)


@pytest.mark.parametrize(
    ("units", "level", "change", "weights", "asked"),
    [
        (1_042_868, 0.7, 0.00617, (5, 2, 3), {"alpha": 0.01, "two_sided": False, "metrics": 2}),
        (95_459, 4.56, 0.01, (5, 2, 3), {"alpha": 0.01, "two_sided": False, "metrics": 2}),
        (1_170_185, 0.7, 0.00617, (5, 2, 3), {"alpha": 0.01, "metrics": 2}),
        (730_009, 0.7, 0.00617, (5, 2), {"alpha": 0.01, "metrics": 2}),
        (58_622, 4.56, 0.01, (5, 2), {"alpha": 0.01}),
        (680_575, 0.7, 0.00617, (5, 2), {"metrics": 2, "power": 0.9}),
        (52_741, 4.56, 0.01, (5, 2), {"metrics": 2, "power": 0.9, "two_sided": False}),
        (143_396, 4.56, 0.01, (1, 1, 1, 1), {"alpha": 0.01, "metrics": 4}),
        (32_162, 4.56, 0.01, (1, 1), {}),
        (25_334, 4.56, 0.01, (1, 1), {"two_sided": False}),
        # A guardrail beside one metric: both must succeed, so each has half of the chance to miss.
        (718_056, 0.7, 0.00617, (5, 2), {"alpha": 0.01, "power": 0.9, "two_sided": False, "guardrail": True}),
        (65_337, 4.56, 0.01, (5, 2), {"alpha": 0.01, "power": 0.9, "two_sided": False}),
    ],
)
def test_spotify_expects_of_its_planning_the_units_that_we_compute(
    units: int, level: float, change: float, weights: tuple[float, ...], asked: dict[str, Any]
) -> None:
    design = dict(asked)
    share, at_margin = level < 1, design.pop("guardrail", False)
    control = float(of_proportion(level)) if share else 2.13
    # A share that changes has another variance; of a guardrail nothing is expected to change.
    treatment = float(of_proportion(level * (1 + change))) if share and not at_margin else None
    found = float(sample_size(level * change, control, Design(allocation=weights, **design), treatment))
    assert found == pytest.approx(units, rel=2e-4)  # theirs are normal quantiles, ours Student's


def test_tea_tasting_expects_of_sizes_and_false_discoveries_what_we_compute() -> None:
    assert sample_ratio({"control": 53, "treatment": 47}).p_value == pytest.approx(0.6172994135892521)
    adjusted = benjamini_hochberg([0.005, 0.06, 0.007, 0.04, 0.01, 0.03])
    assert adjusted == pytest.approx([0.02, 0.06, 0.02, 0.048, 0.02, 0.045])

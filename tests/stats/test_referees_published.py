"""Numbers that other projects' own tests expect of themselves, computed by us from the same inputs."""

from __future__ import annotations

import pytest
import tea_tasting as tt

from vitalfew.stats import Moments, compare


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

import math

import numpy as np

from vitalfew.results.moments import moments_of, moments_row
from vitalfew.stats.moments import Moments


def test_moments_survive_the_way_into_a_row_and_back_bit_by_bit() -> None:
    moments = Moments.of({"a": [1.0, 2.5, math.nan, 1e9 / 3], "b": [0.0, math.nan, 4.0, -1.0]})
    back = moments_of(moments_row("players", "gate", "gate_40", None, moments))
    assert back.names == moments.names
    assert back.units == 4
    for field in ("n", "shift", "mean", "cross"):
        assert np.array_equal(getattr(back, field), getattr(moments, field))


def test_a_missing_variance_stays_missing() -> None:
    row = moments_row("asos", "e1", "control", None, Moments.given("m", n=10, mean=2.0, variance=None))
    assert math.isnan(row.cross[0])
    assert math.isnan(moments_of(row).variance_of("m"))
    assert moments_of(row).mean_of("m") == 2.0

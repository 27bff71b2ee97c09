"""The normal distribution against scipy, far into the tails; and the promise that stats stays light to import."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from vitalfew import stats
from vitalfew.stats.normal import cdf, ppf, two_sided


@given(st.floats(-37, 37))
def test_density_and_probability_agree_with_scipy(z: float) -> None:
    assert cdf(z) == pytest.approx(norm.cdf(z), rel=1e-9)


@given(st.floats(1e-12, 1 - 1e-12))
def test_quantiles_agree_with_scipy(probability: float) -> None:
    assert ppf(probability) == pytest.approx(norm.ppf(probability), rel=1e-9, abs=1e-9)


def test_the_half_width_of_an_interval_is_the_usual_one() -> None:
    assert two_sided(0.95) == pytest.approx(1.959963984540054)


def test_importing_stats_loads_no_numerical_package() -> None:
    code = "import sys, vitalfew.stats; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_public_names_are_the_things_and_not_the_modules() -> None:
    assert all(callable(getattr(stats, name)) for name in stats.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        stats.nothing  # noqa: B018 - the access is the test

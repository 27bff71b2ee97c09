"""Twyman's law: faults in data are marked, true results are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.stats import Moments, compare
from vitalfew.stats.comparison import Lift
from vitalfew.stats.twyman import too_good

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PAST = 0.03  # standard deviation of past true effects, as a share of the mean


def _marked(control: Floats, treatment: Floats) -> bool:
    found = compare(Moments.of({"y": control}), Moments.of({"y": treatment}), numerator="y")
    return too_good(found.estimate, found.se, found.relative, PAST * found.mean_control) is not None


def _values(rng: np.random.Generator, n: int, lift: float = 0.0) -> Floats:
    """Euros per user: half of the users spend nothing."""
    return np.where(rng.random(n) < 0.5, 0.0, rng.gamma(2.0, 10.0, n)) * (1 + lift)


FAULTS: dict[str, Callable[[np.random.Generator, Floats], Floats]] = {
    "events sent twice": lambda _, y: 2 * y,
    "cents instead of euros": lambda _, y: 100 * y,
    "dollars instead of euros in half of the countries": lambda rng, y: np.where(rng.random(len(y)) < 0.5, 100 * y, y),
    "events lost for half of the units": lambda rng, y: np.where(rng.random(len(y)) < 0.5, 0.0, y),
    "only buyers exposed": lambda _, y: y[y > 0],
    "a bot of 100 times the events among 100 units": lambda rng, y: np.where(rng.random(len(y)) < 0.01, 100 * y, y),
    "a join that repeats rows": lambda rng, y: y * rng.integers(1, 4, len(y)),
    "missing as 999": lambda rng, y: np.where(rng.random(len(y)) < 0.02, 999.0, y),
    "events only of the first half": lambda _, y: 0.4 * y,
    "no events at all but a few": lambda rng, y: np.where(rng.random(len(y)) < 0.05, y, 0.0),
}


def test_nearly_all_seeded_faults_are_marked() -> None:
    marked = 0
    for at in range(50):
        rng = np.random.default_rng([1, at])
        fault = list(FAULTS.values())[at % len(FAULTS)]
        marked += _marked(_values(rng, 5_000), fault(rng, _values(rng, 5_000, PAST * rng.normal())))
    assert marked >= 48


@pytest.mark.parametrize("n", [100, 1_000, 5_000])
def test_hardly_any_true_result_is_marked_however_noisy(n: int) -> None:
    marked = 0
    for at in range(200):
        rng = np.random.default_rng([2, at])
        marked += _marked(_values(rng, n), _values(rng, n, PAST * rng.normal()))
    assert marked <= 10


def test_the_reason_is_said_in_words() -> None:
    lift = Lift(0.5, 0.42, 0.58)
    assert too_good(5.0, 0.4, lift, None) == (
        "rose by more than 30 % beyond doubt (at least 42 %): changes this large are mostly faults in the data;"
        " check events, joins and units of both arms first"
    )
    fell = too_good(-5.0, 0.4, Lift(-0.5, -0.58, -0.42), None)
    assert fell is not None
    assert "fell" in fell
    assert too_good(1.0, 0.01, None, 0.1) == (
        "10 times as large as past effects and noise lead to expect; check events, joins and units of both arms first"
    )


def test_an_effect_that_may_be_small_is_not_marked() -> None:
    assert too_good(5.0, 4.0, Lift(0.5, 0.02, 0.98), 1.0) is None
    assert too_good(5.0, 4.0, Lift(0.5, None, None), None) is None
    assert too_good(0.2, 0.1, None, 0.0) is None

"""The correlation of effects on several metrics, where a source says of some pairs only how they vary together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.decide.effects import Known, correlation
from vitalfew.results.moments import moments_row
from vitalfew.stats.moments import Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("a", "b", "c")


def joint(ab: float, ac: float, bc: float) -> NDArray[np.float64]:
    """Correlation of the effects on three metrics with these covariances per unit and variances of 1."""
    covariance = np.array([[1, ab, ac], [ab, 1, bc], [ac, bc, 1]])
    one = Moments(NAMES, np.full((3, 3), 50.0), np.zeros(3), np.zeros((3, 3)), 49 * covariance, 50)
    rows = [moments_row("past", "exp", arm, None, one) for arm in ("old", "new")]
    known = {name: Known(name, 0.0, 1.0, "tested", ("exp",), -2.0, 2.0, arms=("old", "new")) for name in NAMES}
    return np.asarray(correlation(rows, "exp", known))


def test_pairs_that_can_hold_together_are_taken_as_given() -> None:
    assert joint(0.9, 0.8, 0.7) == pytest.approx(np.array([[1, 0.9, 0.8], [0.9, 1, 0.7], [0.8, 0.7, 1]]), rel=1e-12)


@pytest.mark.parametrize(("ab", "ac", "bc"), [(0.9, 0.9, np.nan), (0.9, 0.9, -0.9)])
def test_pairs_that_contradict_each_other_become_a_correlation_that_data_could_have(
    ab: float, ac: float, bc: float
) -> None:
    found = joint(ab, ac, bc)
    assert np.linalg.eigvalsh(found).min() > -1e-12
    assert np.diag(found) == pytest.approx(1.0)
    assert np.array_equal(np.sign(found[0, 1:]), [1, 1])

"""Limits of a chart of individual values."""

from __future__ import annotations

import numpy as np
import pytest

from vitalfew.stats.control_limits import FEWEST, control_limits


def test_limits_are_those_of_the_textbook() -> None:
    """Mean and 2.66 mean moving ranges (Wheeler & Chambers 1992, chapter 3)."""
    values = [39, 41, 41, 41, 43, 44, 41, 42, 40, 41, 44, 40]
    found = control_limits(values)
    moving = np.abs(np.diff(values)).mean()
    assert found is not None
    assert (found.centre, found.low, found.high) == pytest.approx(
        (np.mean(values), np.mean(values) - 2.66 * moving, np.mean(values) + 2.66 * moving)
    )


def test_a_jump_lies_beyond_the_limits_and_noise_does_not() -> None:
    noise = np.random.default_rng(3).normal(10, 1, 60)
    found = control_limits(noise.tolist())
    assert found is not None
    assert found.beyond(20.0)
    assert sum(found.beyond(value) for value in noise) <= 2


def test_few_values_have_no_limits() -> None:
    assert control_limits([1.0] * (FEWEST - 1)) is None

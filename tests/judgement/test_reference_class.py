from __future__ import annotations

import numpy as np
import pytest

from forecast_building import resolved
from vitalfew.judgement.record import Quantiles, Resolved
from vitalfew.judgement.reference_class import ReferenceClass, reference_score

SAID = Quantiles(0.05, 0.1, 0.2, 0.2)


def came(outcomes: list[float], se: float = 0.01) -> list[Resolved]:
    return [Resolved(f"h{at}", "blue", SAID, value, se) for at, value in enumerate(outcomes)]


def test_before_ten_outcomes_half_do_nothing_and_a_fifth_help() -> None:
    assert ReferenceClass.of(came([0.1] * 9)) == ReferenceClass(0.5, 0.2)
    assert reference_score(came([0.1] * 9)) is None


def test_outcomes_that_are_clear_move_the_shares_as_counts_would() -> None:
    found = ReferenceClass.of(came([0.2, 0.3, 0.25, 0.22, 0.28] * 6))
    assert found.better == pytest.approx((2 + 30) / 40, abs=0.01)
    assert found.nothing == pytest.approx(5 / 40, abs=0.01)


def test_shares_are_found_behind_noise() -> None:
    rng = np.random.default_rng(4)
    kinds = rng.choice(3, size=600, p=[0.6, 0.3, 0.1])
    truth = np.where(kinds == 0, 0, np.where(kinds == 1, 1, -1)) * np.abs(rng.normal(0, 0.1, 600))
    found = ReferenceClass.of(came(list(truth + rng.normal(0, 0.02, 600)), se=0.02))
    assert found.nothing == pytest.approx(0.6, abs=0.1)
    assert found.better == pytest.approx(0.3, abs=0.08)


def test_whoever_knows_the_initiatives_scores_better_than_the_reference() -> None:
    known = resolved(60)
    reference = reference_score(known)
    assert reference is not None
    assert np.mean([each.crps for each in known]) < reference

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast_building import history
from vitalfew.judgement.calibration_rows import person_weights
from vitalfew.judgement.combining import shares, track_weights
from vitalfew.judgement.promises import combine
from vitalfew.judgement.record import Quantiles, Resolved
from vitalfew.judgement.scores import crps

if TYPE_CHECKING:
    from collections.abc import Sequence


def said(person: str, errors: Sequence[float]) -> list[Resolved]:
    """Forecasts whose median lies so far from what came."""
    return [
        Resolved(f"h{at}", person, Quantiles(error - 0.02, error, error + 0.02, 0.0), 0.0, 0.0)
        for at, error in enumerate(errors)
    ]


def test_before_ten_verdicts_all_count_alike() -> None:
    weights = track_weights([*said("near", [0.01] * 9), *said("far", [0.1] * 9)])
    assert weights == {"near": 1.0, "far": 1.0}
    assert person_weights(history({"anna": 1.0, "ben": 2.0}, count=9)) == {"anna": 1.0, "ben": 1.0}


def test_from_ten_verdicts_on_whoever_was_nearer_counts_for_more_and_ever_more() -> None:
    ratios = []
    for count in (10, 20, 80):
        weights = track_weights([*said("near", [0.01] * count), *said("far", [0.1] * count)])
        ratios.append(weights["near"] / weights["far"])
    assert 1.5 < ratios[0] < ratios[1] < ratios[2]


def test_equal_forecasters_keep_equal_weights() -> None:
    weights = track_weights([*said("anna", [0.05] * 30), *said("ben", [-0.05] * 30)])
    assert weights["anna"] == pytest.approx(weights["ben"])


def test_questions_that_one_person_alone_answered_compare_nobody() -> None:
    assert track_weights(said("alone", [0.5] * 40)) == {}


def test_weights_do_not_depend_on_the_difficulty_of_what_a_person_was_asked() -> None:
    easy, hard = [0.01] * 20, [0.2] * 20
    both = [*said("anna", easy), *said("ben", easy)]
    late = [Resolved(f"x{each.hypothesis}", each.group, each.forecast, 0.0, 0.0) for each in said("cleo", hard)]
    late += [Resolved(f"x{each.hypothesis}", "ben", each.forecast, 0.0, 0.0) for each in said("ben", hard)]
    weights = track_weights([*both, *late])
    assert weights["anna"] == pytest.approx(weights["cleo"])


def test_combining_by_record_beats_equal_weights() -> None:
    rng = np.random.default_rng(8)
    spreads = {"near": 0.03, "usual": 0.08, "far": 0.2}

    def asked(at: int) -> tuple[float, list[Resolved]]:
        truth = float(rng.uniform(0, 0.3))
        middles = {person: truth + spread * float(rng.standard_normal()) for person, spread in spreads.items()}
        each = [
            Resolved(f"h{at}", person, Quantiles(m - spreads[person], m, m + spreads[person], 0.0), truth, 0.0)
            for person, m in middles.items()
        ]
        return truth, each

    past = [forecast for at in range(40) for forecast in asked(at)[1]]
    weights = track_weights(past)
    by_record, alike = [], []
    for at in range(200):
        truth, each = asked(at)
        bodies = [
            {"p10": one.forecast.p10, "p50": one.forecast.p50, "p90": one.forecast.p90, "p_zero": 0.0} for one in each
        ]
        by_record.append(crps(combine(bodies, shares([one.group for one in each], weights)), truth))
        alike.append(crps(combine(bodies), truth))
    assert np.mean(by_record) < 0.8 * np.mean(alike)


NUMBER = st.floats(-1e3, 1e3)
BODIES = st.lists(
    st.tuples(st.lists(NUMBER, min_size=3, max_size=3).map(sorted), st.floats(0, 1), st.floats(0.01, 9)), min_size=1
)


@given(BODIES)
def test_weighted_quantiles_still_rise_and_lie_among_what_was_said(
    bodies: list[tuple[list[float], float, float]],
) -> None:
    given_ = [dict(zip(("p10", "p50", "p90"), three, strict=True)) | {"p_zero": zero} for three, zero, _ in bodies]
    names = [str(at) for at in range(len(bodies))]
    found = combine(given_, shares(names, {name: body[2] for name, body in zip(names, bodies, strict=True)}))
    assert found.p10 <= found.p50 + 1e-9 <= found.p90 + 2e-9
    middles = [body["p50"] for body in given_]
    assert min(middles) - 1e-9 <= found.p50 <= max(middles) + 1e-9
    assert 0 <= found.p_zero <= 1

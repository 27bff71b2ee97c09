"""A change of a formula split into what its parts did: adds up, fair to all parts, with honest errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import NotEnoughData
from vitalfew.stats.decompositions import Products, decompose, log_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Reals = NDArray[np.float64]

PRODUCT = Products(np.ones(1), np.ones((1, 2)))
RATIO = Products(np.ones(1), np.array([[1.0, -1.0]]))
SUM = Products(np.array([1.0, -2.0]), np.eye(2))
positive = st.floats(0.01, 1e4)
any_number = st.floats(-1e4, 1e4)


def share_of_total(parts: Reals) -> Reals:
    """A formula that divides by a sum, which no sum of products can write."""
    return np.asarray(parts[..., 0] / (parts[..., 0] + parts[..., 1] + 1.0), dtype=np.float64)


def product(parts: Reals) -> Reals:
    return np.asarray(parts.prod(axis=-1), dtype=np.float64)


def test_two_sectors_by_hand_from_the_published_formula() -> None:
    """Ang (2005), eq 5: activity, structure and intensity of two sectors."""
    #              activity  share 1  share 2  intensity 1  intensity 2
    before = np.array([50.0, 0.2, 0.8, 3.0, 0.5])
    after = np.array([80.0, 0.5, 0.5, 2.0, 0.4])
    whole = Products(np.ones(2), np.array([[1.0, 1, 0, 1, 0], [1, 0, 1, 0, 1]]))
    first, second = 50 / np.log(80 / 30), -4 / np.log(16 / 20)
    found = decompose(whole, before, after)
    assert found.rule == "log-mean"
    assert found.shares == pytest.approx(
        [
            (first + second) * np.log(80 / 50),
            first * np.log(0.5 / 0.2),
            second * np.log(0.5 / 0.8),
            first * np.log(2.0 / 3.0),
            second * np.log(0.4 / 0.5),
        ],
        rel=1e-12,
    )
    assert found.shares.sum() == pytest.approx(96 - 50, rel=1e-12)


def test_three_factors_share_jointly_created_change_equally() -> None:
    """Sun (1998): x' = dx y z + (dx dy z + dx dz y) / 2 + dx dy dz / 3, which is the Shapley value."""
    (x, y, z), (dx, dy, dz) = np.array([2.0, 3.0, 5.0]), np.array([1.0, -0.5, 2.0])
    found = decompose(product, np.array([x, y, z]), np.array([x + dx, y + dy, z + dz]))
    assert found.rule == "shapley"
    assert found.shares[0] == pytest.approx(dx * y * z + (dx * dy * z + dx * dz * y) / 2 + dx * dy * dz / 3)


def test_a_sum_is_its_differences_even_below_zero() -> None:
    found = decompose(SUM, np.array([-1.0, 4.0]), np.array([2.0, 3.0]))
    assert found.rule == "difference"
    assert found.shares.tolist() == pytest.approx([3.0, 2.0])


def test_a_product_with_a_negative_part_is_shared_by_all_orders() -> None:
    found = decompose(PRODUCT, np.array([-1.0, 4.0]), np.array([2.0, 3.0]))
    assert found.rule == "shapley"
    assert found.shares.sum() == pytest.approx(10.0)


def test_a_division_by_zero_on_the_way_says_so() -> None:
    with pytest.raises(NotEnoughData, match="not defined between") as raised:
        decompose(RATIO, np.array([1.0, 0.0]), np.array([1.0, 2.0]))
    assert raised.value.problem.hint == "a part that is divided by may be zero"


def test_numbers_too_large_to_write_are_not_called_a_division_by_zero() -> None:
    with pytest.raises(NotEnoughData, match="not defined between") as raised:
        decompose(PRODUCT, np.array([1e200, 1e200]), np.array([2e200, 1e200]))
    assert raised.value.problem.hint == "numbers on the way are too large to write: take larger units for the parts"


@given(st.tuples(positive, positive), st.tuples(positive, positive))
def test_shares_of_products_and_ratios_add_up_to_the_change(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    before, after = np.array(one), np.array(other)
    for whole in (PRODUCT, RATIO):
        change = float(whole(after) - whole(before))
        size = float(np.abs(whole(after)) + np.abs(whole(before)))
        assert decompose(whole, before, after).shares.sum() == pytest.approx(change, abs=1e-10 * size)


@given(st.tuples(positive, positive), st.tuples(positive, positive))
def test_shares_of_any_formula_add_up_and_a_part_that_stayed_did_nothing(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    before, after = np.array(one), np.array(other)
    shares = decompose(share_of_total, before, after).shares
    assert shares.sum() == pytest.approx(float(share_of_total(after) - share_of_total(before)), abs=1e-12)
    stayed = np.array([other[0], one[1]])
    for whole in (share_of_total, PRODUCT, RATIO):
        assert decompose(whole, before, stayed).shares[1] == pytest.approx(0.0, abs=1e-12)


@given(st.tuples(any_number, any_number), st.tuples(any_number, any_number))
def test_the_way_back_takes_what_the_way_there_gave(one: tuple[float, float], other: tuple[float, float]) -> None:
    before, after = np.array(one), np.array(other)
    there, back = decompose(PRODUCT, before, after), decompose(PRODUCT, after, before)
    size = float(np.abs(before).max() + np.abs(after).max()) ** 2
    assert there.shares == pytest.approx(-back.shares, abs=1e-9 * (1 + size))


@given(st.tuples(positive, positive), st.tuples(positive, positive), st.floats(0.1, 10))
def test_parts_in_another_unit_and_in_another_order_have_the_same_shares(
    one: tuple[float, float], other: tuple[float, float], times: float
) -> None:
    before, after = np.array(one), np.array(other)
    shares = decompose(PRODUCT, before, after).shares
    scale = np.array([times, 1.0])
    size = float(PRODUCT(before) + PRODUCT(after))
    assert decompose(PRODUCT, before * scale, after * scale).shares == pytest.approx(
        times * shares, abs=1e-9 * times * size
    )
    assert decompose(PRODUCT, before[::-1], after[::-1]).shares[::-1] == pytest.approx(shares, abs=1e-9 * size)


@given(positive, st.floats(-1e-6, 1e-6))
def test_the_log_mean_lies_between_both_also_where_they_are_nearly_equal(value: float, gap: float) -> None:
    other = value * (1 + gap)
    found = float(log_mean(np.array(value), np.array(other)))
    assert min(value, other) * (1 - 1e-12) <= found <= max(value, other) * (1 + 1e-12)


def test_errors_of_shares_follow_from_errors_of_parts() -> None:
    """Against 200,000 draws of all parts, joint errors included."""
    rng = np.random.default_rng(5)
    before, after = np.array([10.0, 2.0]), np.array([12.0, 2.5])
    errors = np.array([[0.04, 0.006], [0.006, 0.01]])
    found = decompose(PRODUCT, before, after).covariance(errors, errors)
    low = rng.multivariate_normal(before, errors, 200_000)
    high = rng.multivariate_normal(after, errors, 200_000)
    weight = log_mean(high.prod(axis=1), low.prod(axis=1))
    drawn = np.cov((weight[:, None] * np.log(high / low)).T)
    assert found == pytest.approx(drawn, rel=0.02)
    total = decompose(PRODUCT, before, after).covariance(errors, errors).sum()
    slope = np.array([[2.0, 10.0], [2.5, 12.0]])
    assert total == pytest.approx(float(slope[0] @ errors @ slope[0] + slope[1] @ errors @ slope[1]), rel=1e-6)


def test_the_same_units_twice_err_together() -> None:
    before, after = np.array([10.0, 2.0]), np.array([12.0, 2.5])
    errors = np.diag([0.04, 0.01])
    apart = decompose(PRODUCT, before, after).covariance(errors, errors)
    together = decompose(PRODUCT, before, after).covariance(errors, errors, 0.9 * errors)
    assert together[0, 0] < apart[0, 0]

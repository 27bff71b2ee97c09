"""Units that are whole numbers are found in an array, those that joined and left as well."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.warehouse.positions import Positions, at_ids, is_whole

UNITS = [7, -3, 40, 12]


def people(units: list[int], kind: pa.DataType | None = None) -> pa.Table:
    parts = [units[:2], units[2:]]
    chunks = pa.chunked_array([pa.array(part, kind or pa.int64()) for part in parts])
    return pa.table({"id": pa.array(range(len(units))), "arm": ["a"] * len(units), "unit": chunks})


def ids(positions: Positions | None, *units: int) -> list[int]:
    assert positions is not None
    found: list[int] = positions.ids(pa.chunked_array([units], pa.int64())).tolist()
    return found


def test_units_have_the_ids_of_their_rows_and_nobody_else_has_any() -> None:
    found = Positions.of(people(UNITS), np.zeros(4, np.bool_))
    assert ids(found, 40, -3, 12, 7) == [2, 1, 3, 0]
    assert ids(found, 41, -4, 0, 2**63 - 1, -(2**63)) == [-1] * 5


def test_those_that_left_are_nobody_until_they_join_again() -> None:
    gone = np.array([False, True, False, False])
    assert ids(Positions.of(people(UNITS), gone), -3, 7) == [-1, 0]
    again = Positions.of(people([*UNITS, -3]), np.append(gone, [False]))
    assert ids(again, -3) == [4]


@pytest.mark.parametrize("joined", [[], [20, 8], [90, -50, 13]])
def test_after_a_day_they_are_those_of_all_units(joined: list[int]) -> None:
    then = Positions.of(people(UNITS), np.zeros(4, np.bool_))
    assert then is not None
    everybody, left = people([*UNITS, *joined, 7]), np.array([2, 0])
    gone = np.isin(np.arange(everybody.num_rows), left)
    now, anew = then.changed(everybody, 4, left), Positions.of(everybody, gone)
    asked = [*UNITS, *joined, 0, 91, -51]
    assert ids(now, *asked) == ids(anew, *asked)
    assert ids(now, 40, 7) == [-1, 4 + len(joined)]


def test_of_many_units_those_of_some_are_told() -> None:
    found = Positions.of(people(UNITS), np.zeros(4, np.bool_))
    assert found is not None
    asked = pa.chunked_array([[12, 1000, 7], [-3, -3]])
    assert found.those_of(asked, pa.chunked_array([[-3, 12]])).tolist() == [True, False, False, True, True]


def test_ids_that_are_no_whole_numbers_or_lie_far_apart_have_no_positions() -> None:
    nobody = np.zeros(4, np.bool_)
    assert Positions.of(people([1, 2, 3, 10**9]), nobody) is None
    assert Positions.of(people([2**63 - 4, 2**63 - 3, 2**63 - 2, 2**63 - 1]), nobody) is None
    assert Positions.of(people([1, 2, 3, 4], pa.uint64()), nobody) is None
    then = Positions.of(people(UNITS), nobody)
    assert then is not None
    assert then.changed(people([*UNITS, 10**9]), 4, np.zeros(0, np.int64)) is None
    assert not is_whole(pa.chunked_array([["a"]]))
    assert not is_whole(pa.chunked_array([[1, None]]))


def test_rows_of_some_units_come_in_order() -> None:
    assert at_ids(people(UNITS), np.array([0, 2, 3])).column("unit").to_pylist() == [7, 40, 12]
    assert at_ids(people(UNITS), np.zeros(0, np.int64)).num_rows == 0

"""One experiment in a stranger's file: numbers, days and missing cells as spreadsheets and shops write them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from vitalfew.connect import begin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vitalfew.connect.opening import Begun

VALUES = [round(10 + (user * 37 % 101) / 10 + user % 2, 2) for user in range(200)]


def _begin(
    tmp_path: Path, rows: Sequence[tuple[object, ...]], header: tuple[str, ...] = ("user_id", "variant", "spend")
) -> Begun:
    path = tmp_path / "checkout.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return begin([path], into=tmp_path / "workspace")


def _arms(write: Callable[[float], str]) -> list[tuple[object, ...]]:
    return [(user, ("control", "treatment")[user % 2], write(value)) for user, value in enumerate(VALUES)]


def _difference(folder: Path) -> float:
    (effect,) = vf.run(vf.load(folder)).tables.effects
    return effect.estimate or 0.0


TRUE = (sum(VALUES[1::2]) - sum(VALUES[::2])) / 100


@pytest.mark.parametrize(
    "write",
    [
        lambda value: f"{value:.2f}".replace(".", ","),
        lambda value: f" {value} ",
        lambda value: f"{value:e}",
    ],
    ids=["decimal commas in quotes", "blanks around", "powers of ten"],
)
def test_numbers_that_can_be_told_are_read_as_they_are_meant(write: Callable[[float], str], tmp_path: Path) -> None:
    _begin(tmp_path, _arms(write))
    assert _difference(tmp_path / "workspace") == pytest.approx(TRUE, abs=1e-9)


def test_words_for_missing_cells_do_not_hide_an_outcome(tmp_path: Path) -> None:
    rows = _arms(str) + [
        (1_000 + at, ("control", "treatment")[at % 2], ("n/a", "-", "NULL")[at % 3]) for at in range(60)
    ]
    _begin(tmp_path, rows)
    assert _difference(tmp_path / "workspace") == pytest.approx(TRUE, abs=1e-9)


def test_yes_no_and_digits_in_one_column_are_an_outcome_and_no_segment(tmp_path: Path) -> None:
    rows = [(user, "ab"[user % 2], ("true", "0", "Y", "no")[user // 2 % 4]) for user in range(200)]
    told = _begin(tmp_path, rows, ("user_id", "variant", "bought")).recognised[0]
    assert "metrics: bought" in told
    assert "segments" not in told


@pytest.mark.parametrize(
    ("write", "example"),
    [
        (lambda value: f"${value:.2f}", "$10.00"),
        (lambda value: f"{1_000 * value:,.2f}", "10,000.00"),
        (lambda value: f"{value:.1f}%", "10.0%"),
    ],
    ids=["currency", "thousands", "per cent"],
)
def test_numbers_that_no_run_reads_are_named_with_what_to_do(
    write: Callable[[float], str], example: str, tmp_path: Path
) -> None:
    told = _begin(tmp_path, _arms(write)).recognised[0]
    assert f"not read as numbers: 'spend' ({example}); write them like 1234.5" in told


def test_a_comma_that_may_be_a_thousand_is_never_taken_for_a_decimal(tmp_path: Path) -> None:
    told = _begin(tmp_path, _arms(lambda value: f"{100 * value:,.0f}")).recognised[0]
    assert "not read as numbers: 'spend' (1,000)" in told


def test_a_column_with_one_number_beside_texts_is_no_number(tmp_path: Path) -> None:
    rows = [(*row, ("basic", "pro", "2024")[at % 3]) for at, row in enumerate(_arms(str))]
    told = _begin(tmp_path, rows, ("user_id", "variant", "spend", "plan")).recognised[0]
    assert "not read" not in told
    assert "segments from plan" in told


def test_the_time_of_the_exposure_is_taken_so_that_a_ramp_is_found(tmp_path: Path) -> None:
    first = datetime(2025, 3, 1, tzinfo=UTC)
    rows = []
    for user in range(4_000):
        late = user >= 2_000
        arm = "treatment" if user % (2 if late else 10) == 0 else "control"
        at = first + timedelta(days=user // 500, minutes=user % 500)
        # Who comes late spends more, whatever the arm.
        rows.append((user, arm, 10 + user * 37 % 11 + 5 * late, at.isoformat()))
    told = _begin(tmp_path, rows, ("user_id", "group", "spend", "timestamp")).recognised[0]
    assert "time=timestamp" in told
    results = vf.run(vf.load(tmp_path / "workspace"))
    (ramp,) = (row.message for row in results.tables.health if row.test == "ramp")
    assert ramp.startswith("The split between the arms changed on 2025-03-05")
    (effect,) = results.tables.effects
    assert effect.mode == "fixed"  # nobody joined for weeks
    assert abs(effect.estimate or 0.0) < 0.3
    pooled = vf.analyze(tmp_path / "checkout.csv", variant="group", metrics=["spend"]).tables.effects[0]
    assert (pooled.estimate or 0.0) > 1


def test_an_experiment_whose_last_user_came_today_is_running(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    rows = [(*row, (now - timedelta(hours=at)).isoformat()) for at, row in enumerate(_arms(str))]
    _begin(tmp_path, rows, ("user_id", "variant", "spend", "exposed_at"))
    (effect,) = vf.run(vf.load(tmp_path / "workspace")).tables.effects
    assert effect.mode == "always_valid"


def test_days_written_in_a_local_way_cost_the_ramp_and_not_the_experiment(tmp_path: Path) -> None:
    rows = [(*row, f"{1 + at % 28:02d}.03.2025") for at, row in enumerate(_arms(str))]
    told = _begin(tmp_path, rows, ("user_id", "variant", "spend", "date")).recognised[0]
    assert "the times in 'date' are not read: write them like 2026-01-31 to have ramps found" in told
    assert _difference(tmp_path / "workspace") == pytest.approx(TRUE, abs=1e-9)


def test_rows_without_a_variant_or_a_unit_are_counted(tmp_path: Path) -> None:
    rows = [*_arms(str), *((None, "control", 1.0) for _ in range(7)), *((5_000 + at, None, 1.0) for at in range(9))]
    _begin(tmp_path, rows)
    results = vf.run(vf.load(tmp_path / "workspace"))
    variant, unit = (row.reason for row in results.tables.failed if row.remark)
    assert variant == "9 rows of '../checkout.csv' without a variant in 'variant' are left out"
    assert unit == "7 rows of '../checkout.csv' without a unit in 'user_id' are left out"
    assert _difference(tmp_path / "workspace") == pytest.approx(TRUE, abs=1e-9)


def test_one_impossible_value_does_not_keep_the_file_from_being_opened(tmp_path: Path) -> None:
    _begin(tmp_path, [*_arms(str), (999, "control", "1e300")])
    (told,) = vf.run(vf.load(tmp_path / "workspace")).tables.failed
    assert told.reason == "the values of 'spend' are too large, or too near zero, to compute with"


def test_users_in_two_arms_can_be_said_to_be_an_experiment_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "checkout.csv"
    twice = [(user, ("treatment", "control")[user % 2], 1.0) for user in range(20)]
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("user_id", "variant", "spend"), *_arms(str), *twice])
    begin([path], into=tmp_path / "workspace", kind=["checkout.csv=experiment"])
    crossed = [row for row in vf.run(vf.load(tmp_path / "workspace")).tables.health if row.test == "crossed"]
    assert crossed[0].message.startswith("20 of 200 units (10.00 %) were seen in more than one arm")

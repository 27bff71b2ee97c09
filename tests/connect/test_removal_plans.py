from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.connect import begin
from vitalfew.connect.removals import detectable
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

USERS, DAYS = 3_000, 100
FIRST = 1_735_689_600  # 1 January 2025


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Everybody searches; 150 users export, all of whom come back; 20 print."""
    folder = tmp_path_factory.mktemp("use")
    draw = np.random.default_rng(11)
    rows: list[tuple[int, float, str]] = []
    for day in range(DAYS):
        here = np.flatnonzero(draw.random(USERS) < 0.05)
        rows += [(int(user), day + draw.random(), "search") for user in here]
    rows += [(user, day + 0.5, "export_sheet") for user in range(150) for day in (70, 97)]
    rows += [(user, 75.5, "print_page") for user in range(500, 520)]
    moments = pa.array([int((FIRST + at * 86_400) * 1e6) for _, at, _ in rows], pa.timestamp("us"))
    events = {"user_id": [row[0] for row in rows], "time": moments, "event": [row[2] for row in rows]}
    pq.write_table(pa.table(events), folder / "events.parquet")
    revenue = draw.lognormal(2, 2, USERS)
    people = {"user_id": range(USERS), "plan": ["free", "pro"] * (USERS // 2), "revenue": revenue}
    pq.write_table(pa.table(people | {"retained": draw.random(USERS) < 0.4}), folder / "users.parquet")
    arms = {"user_id": range(USERS), "experiment": ["new"] * USERS, "variant": ["control", "b"] * (USERS // 2)}
    pq.write_table(pa.table(arms | {"time": [moments[9]] * USERS}), folder / "exposures.parquet")
    return [folder / name for name in ("events.parquet", "users.parquet", "exposures.parquet")]


def test_the_page_of_the_workspace_plans_a_test_of_removing_each_feature(files: list[Path], tmp_path: Path) -> None:
    begun = begin(files[:2], into=tmp_path / "acme")
    page = (begun.folder / "README.md").read_text()
    assert "## What a test of removal could find" in page
    line = next(line for line in page.splitlines() if line.startswith("| export_sheet"))
    assert line.split("|")[2:4] == [" 150 ", " 100 % "]
    assert "too few" in next(line for line in page.splitlines() if line.startswith("| print_page"))


def test_the_first_removal_to_test_says_what_four_weeks_find(files: list[Path], tmp_path: Path) -> None:
    begun = begin(files[:2], into=tmp_path / "acme")
    said = " ".join(begun.next_steps(run(load(begun.folder)).tables))
    assert "Test removing 'print_page' first: it reaches fewest" in said
    assert "Only 20 users took it up in four weeks, too few to test" in said


def test_the_smallest_change_found_is_that_of_two_halves() -> None:
    assert detectable(0.5, 4_000) == pytest.approx(2.801585 * (0.25 / 2_000 * 2) ** 0.5, rel=1e-6)


def test_sums_with_a_long_tail_are_capped_and_the_file_says_why(files: list[Path], tmp_path: Path) -> None:
    begun = begin(files[:2], into=tmp_path / "acme")
    capped = begun.definitions.metrics["revenue"].cap
    assert capped is not None
    assert capped.percentile == 0.999
    assert begun.definitions.metrics["retained"].cap is None
    assert "a few users hold much of it (skewness" in (begun.folder / "vitalfew.yaml").read_text()


def test_long_histories_turn_covariates_on_where_there_are_experiments(files: list[Path], tmp_path: Path) -> None:
    assert begin(files, into=tmp_path / "with").definitions.policy.covariate_days == 28
    assert begin(files[:2], into=tmp_path / "without").definitions.policy.covariate_days == 0

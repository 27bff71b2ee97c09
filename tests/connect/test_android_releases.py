"""Releases of a real application with a few reviews each: a ledger of what cannot be told, and why."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vitalfew.connect import begin
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline import Results

APPS = ("com.amaze.filemanager", "com.gelakinetic.mtgfam", "com.duckduckgo.mobile.android")
MEASURED = {"rating": "average_rating", "problems": "% problem_discoveries", "wishes": "% feature_requests"}


def files_of(app: str, data: Path, folder: Path) -> list[Path]:
    """What came out when, and what the reviews of each version say, on the day of the version."""
    with (data / "versions.csv").open(newline="") as read:
        versions = [row for row in csv.DictReader(read) if row["package_name"].strip() == app]
    with (data / "user_metrics.csv").open(newline="") as read:
        said = {row["id_version"]: row for row in csv.DictReader(read)}
    days = {row["id"]: datetime.strptime(row["date"], "%B %d %Y").replace(tzinfo=UTC).date() for row in versions}
    releases, kpi = folder / "releases.csv", folder / "kpi.csv"
    releases.write_text("\n".join(["date,name", *(f"{days[row['id']]},Version {row['version']}" for row in versions)]))
    lines = (
        ",".join([str(days[key]), *(said[key][name] for name in MEASURED.values())]) for key in days if key in said
    )
    kpi.write_text("\n".join([f"date,{','.join(MEASURED)}", *lines]))
    return [releases, kpi]


@pytest.mark.parametrize("app", APPS)
def test_versions_of_an_application_have_no_evidence_and_metrics_of_the_same_reviews_err_together(
    data_dir: Path, tmp_path: Path, app: str
) -> None:
    begun = begin(files_of(app, data_dir / "android_releases", tmp_path), into=tmp_path / "made")
    results: Results = run(load(begun.folder))
    tables = results.tables
    assert tables.shipped
    assert all(line.grade in (None, "correlated") for line in tables.shipped)
    assert all(row.p_value is None and not row.intervals for row in tables.release_effects)
    assert all(any("errors may go together" in note for note in row.notes) for row in tables.release_effects)
    said = begun.next_steps(tables)
    assert any("come from the same table: their errors may go together" in line for line in said)
    assert not results.failures

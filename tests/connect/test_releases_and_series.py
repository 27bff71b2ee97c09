"""Releases and a KPI series: from two plain files to a ledger with a line per release."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from connect.strangers import EXPORTS, write_text
from vitalfew.connect import begin
from vitalfew.errors import DataError
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

FIRST, DAYS = date(2024, 1, 1), 600
RELEASES = ("date,name,team", "2025-03-26,New search,Growth", "2025-06-04,Login,Core", "2025-06-09,Faster,Core")


def kpi(path: Path) -> Path:
    """Orders by day with a step of 60 on the day of the new search."""
    values = np.random.default_rng(2).normal(1_000, 20, DAYS) + 60 * (np.arange(DAYS) >= 450)
    lines = (f"{FIRST + timedelta(at)},{value:.1f}" for at, value in enumerate(values))
    return write_text(path / "orders.csv", "date,value", *lines)


def test_two_files_become_a_ledger_with_a_tested_line_per_release(tmp_path: Path) -> None:
    begun = begin([kpi(tmp_path), write_text(tmp_path / "releases.csv", *RELEASES)], into=tmp_path / "made")
    defined = begun.definitions
    assert defined.metrics["orders"].title == "orders"
    assert defined.releases["new_search"].date == date(2025, 3, 26)
    assert defined.releases["new_search"].initiatives == ("new_search",)
    assert defined.teams[defined.initiatives["login"].team or ""].title == "Core"
    results = run(load(begun.folder))
    assert {line.line for line in results.tables.shipped} == {"new_search", "login", "faster"}
    found = {row.experiment: row for row in results.tables.release_effects}
    assert found["new_search"].p_value is not None
    assert found["new_search"].p_value < 0.001
    told = begun.next_steps(results.tables)
    assert told[0].startswith("Releases: 1 of 3 releases stands out from what happens without one, such as New search")
    assert any(text.startswith("2 releases came within the same days as others") for text in told)
    assert any(text.startswith("A staged rollout would have told more") for text in told)


@pytest.mark.parametrize(
    ("header", "first", "second", "day"),
    [
        ("Released,Version,Squad", "31/12/2025,1.0,A", "05/01/2026,1.1,B", date(2025, 12, 31)),
        ("date,release", "2025-12-31T10:00:00Z,1.0", "2026-01-05T10:00:00Z,1.1", date(2025, 12, 31)),
        ("Release Date;Name", '"December 31, 2025";Big', '"January 05, 2026";Small', date(2025, 12, 31)),
        ("date,version,count", "December 31 2025,1.0,7", "January 05 2026,1.1,8", date(2025, 12, 31)),
        ("day,tag", "20251231,v1", "20260105,v2", date(2025, 12, 31)),
    ],
)
def test_dates_of_releases_are_read_as_people_write_them(
    header: str, first: str, second: str, day: date, tmp_path: Path
) -> None:
    path = write_text(tmp_path / "changes.csv", header, first, second)
    begun = begin([path], into=tmp_path / "made", kind=["changes.csv=releases"])
    assert [release.date for release in begun.definitions.releases.values()] == [day, date(2026, 1, 5)]


def test_rows_without_a_date_or_a_name_are_counted(tmp_path: Path) -> None:
    path = write_text(tmp_path / "releases.csv", *RELEASES, ",Nobody knows when,Core", "2025-07-01,,Core")
    begun = begin([path], into=tmp_path / "made")
    assert "2 rows without a date or a name left out" in begun.recognised[0]
    assert "Next, add a KPI series: columns date, value" in " ".join(begun.next_steps(run(load(begun.folder)).tables))


def test_a_column_called_kpi_that_holds_numbers_is_the_value(tmp_path: Path) -> None:
    lines = (f"{FIRST + timedelta(at)},{100 + at % 7}" for at in range(60))
    begun = begin([write_text(tmp_path / "orders.csv", "date,kpi", *lines)], into=tmp_path / "made")
    assert len(begun.definitions.metrics) == 1
    assert "column: kpi" in (begun.folder / "vitalfew.yaml").read_text(encoding="utf-8")


def test_a_series_alone_says_what_would_tell_more(tmp_path: Path) -> None:
    begun = begin([kpi(tmp_path)], into=tmp_path / "made")
    results = run(load(begun.folder))
    assert len(results.tables.series) == DAYS
    assert "Next, add a list of releases: columns date, name, team." in " ".join(begun.next_steps(results.tables))


def test_metrics_in_columns_regions_in_rows_and_numbers_as_people_write_them(tmp_path: Path) -> None:
    lines = [
        f'{(FIRST + timedelta(at)).strftime("%d.%m.%Y")},{region},"{1_000 + at:,}",{at % 3 + 1.5}%'
        for at in range(40)
        for region in ("DK", "DE")
    ]
    path = write_text(tmp_path / "kpi.csv", "Date,Region,Orders,Churn rate", *lines)
    begun = begin([path], into=tmp_path / "made")
    series = run(load(begun.folder)).tables.series
    values = {(row.metric, row.unit, row.day): row.value for row in series}
    assert values["orders", "DK", "2024-01-02"] == 1_001
    assert values["churn_rate", "DE", "2024-01-02"] == pytest.approx(0.025)
    assert begun.definitions.metrics["churn_rate"].direction == "down"


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("Datum;Umsatz;Quote", "{day:%d.%m.%Y};{at},25;3,5"),
        ("Datum;Umsatz;Quote", "{day:%d.%m.%Y};{at},25;3,5 "),
        ("Datum;Umsatz;Quote", "{day:%d.%m.%Y};{at},25 €;3,5"),
        ("day,revenue,rate", '{day},"${at}.25",3.5'),
    ],
)
def test_days_and_numbers_as_a_spreadsheet_writes_them_in_one_file(head: str, line: str, tmp_path: Path) -> None:
    lines = (line.format(day=FIRST + timedelta(at), at=1_000 + at) for at in range(60))
    begun = begin([write_text(tmp_path / "umsatz.csv", head, *lines)], into=tmp_path / "made")
    read = {row.metric: row.value for row in run(load(begun.folder)).tables.series if row.day == "2024-01-31"}
    assert sorted(read.values()) == [3.5, 1_030.25]
    assert [path.name for path in (begun.folder / "data").iterdir()] == ["kpi.csv"]
    assert "data/kpi.csv is a copy of umsatz.csv" in (begun.folder / "vitalfew.yaml").read_text() or "," in head


def test_points_that_part_thousands_in_a_german_sheet_are_no_decimal_signs(tmp_path: Path) -> None:
    lines = (f"{FIRST + timedelta(at):%d.%m.%Y};{1 + at % 9}.{100 + at};{at % 5},5 %" for at in range(60))
    begun = begin([write_text(tmp_path / "umsatz.csv", "Datum;Umsatz;Quote", *lines)], into=tmp_path / "made")
    first = (begun.folder / "data/kpi.csv").read_text(encoding="utf-8").splitlines()[1]
    assert first.split(",")[1:] == ["1100.0", "0.005"]


@pytest.mark.parametrize(
    ("day", "cells", "read"),
    [
        ("%d.%m.%Y", ("0.125", "0.250"), [0.125, 0.25]),  # three decimals, and no thousands
        ("%Y-%m-%d", ("1,234,567", "2,345"), [1_234_567, 2_345]),
        ("%d.%m.%Y", ("1,234.5", "2,345"), [1_234.5, 2_345]),
    ],
)
def test_a_cell_that_says_what_its_sign_means_says_it_for_its_column(
    day: str, cells: tuple[str, ...], read: list[float], tmp_path: Path
) -> None:
    lines = (f"{FIRST + timedelta(at):{day}};{cells[at % 2]}" for at in range(60))
    begun = begin([write_text(tmp_path / "share.csv", "date;share", *lines)], into=tmp_path / "made")
    assert [row.value for row in run(load(begun.folder)).tables.series][:2] == read


def test_a_long_series_with_american_days_is_read_as_one_with_days_that_need_no_telling(tmp_path: Path) -> None:
    lines = (f"{FIRST + timedelta(at):%m/%d/%Y},R{region},{at}.5" for at in range(401) for region in range(500))
    begun = begin([write_text(tmp_path / "sales.csv", "date,region,sales", *lines)], into=tmp_path / "made")
    assert begun.recognised[0].startswith("sales.csv: a KPI series (200,500 rows; time=date, unit=region)")


def test_a_column_that_names_the_metric_makes_one_metric_per_name(tmp_path: Path) -> None:
    lines = [f"2025-01-{at:02},{name},{at}" for at in range(1, 29) for name in ("Orders", "Load time")]
    begun = begin([write_text(tmp_path / "kpi.csv", "day,kpi,value", *lines)], into=tmp_path / "made")
    assert set(begun.definitions.metrics) == {"orders", "load_time"}
    assert len(run(load(begun.folder)).tables.series) == 56


def test_releases_beside_usage_events_are_judged_by_who_takes_part(tmp_path: Path) -> None:
    events = EXPORTS[0].write(tmp_path)
    begun = begin([events, write_text(tmp_path / "releases.csv", *RELEASES)], into=tmp_path / "made")
    assert all(metric.kind == "proportion" for metric in begun.definitions.metrics.values())
    assert begun.definitions.metrics
    results = run(load(begun.folder))
    assert {row.metric for row in results.tables.series} == set(begun.definitions.metrics)


def test_a_list_without_any_date_is_refused(tmp_path: Path) -> None:
    path = write_text(tmp_path / "releases.csv", "date,name", "2025-01-01,", "2025-01-02,")
    with pytest.raises(DataError):
        begin([path], into=tmp_path / "made", kind=["releases.csv=releases"])


def test_versions_of_several_apps_are_told_apart_by_their_app(tmp_path: Path) -> None:
    lines = ("2016-01-05,1.0,com.mail", "2016-02-05,1.0,com.maps", "2016-03-05,com.maps 2.0,com.maps")
    begun = begin([write_text(tmp_path / "versions.csv", "date,version,package_name", *lines)], into=tmp_path / "made")
    titles = [one.title for one in begun.definitions.initiatives.values()]
    assert titles == ["com.mail 1.0", "com.maps 1.0", "com.maps 2.0"]
    assert {one.title for one in begun.definitions.products.values()} == {"com.mail", "com.maps"}

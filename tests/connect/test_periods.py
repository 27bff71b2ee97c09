"""Months, weeks and quarters in place of days: read as their first day in a series, elsewhere named."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from connect.strangers import write_text
from vitalfew.connect import begin
from vitalfew.errors import DataError
from vitalfew.pipeline import run
from vitalfew.pipeline.held import held
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect import Begun


def series(path: Path, cells: list[str], head: str = "month,revenue,churn") -> Begun:
    lines = (f"{cell},{100 + at},{at % 3}" for at, cell in enumerate(cells))
    return begin([write_text(path / "kpi.csv", head, *lines)], into=path / "made")


def days(begun: Begun) -> list[str]:
    lines = (begun.folder / "data/kpi.csv").read_text(encoding="utf-8").splitlines()
    return [line.partition(",")[0] for line in lines[1:]]


@pytest.mark.parametrize(
    ("cells", "first", "words"),
    [
        (["2025-01", "2025-02", "2025-03"], "2025-01-01", "months"),
        (["2025-1", "2025-2", "2025-12"], "2025-01-01", "months"),
        (["2025/11", "2025/12", "2026/01"], "2025-11-01", "months"),
        (["01/2025", "02/2025", "03/2025"], "2025-01-01", "months"),
        (["202511", "202512", "202601"], "2025-11-01", "months"),
        (["2025M01", "2025M02", "2025M03"], "2025-01-01", "months"),
        (["Jan 2025", "Feb 2025", "Mar 2025"], "2025-01-01", "months"),
        (["November 2025", "December 2025", "January 2026"], "2025-11-01", "months"),
        (["März 2025", "Okt. 2025", "Dezember 2025"], "2025-03-01", "months"),
        (["2025 juin", "2025 juil.", "2025 août"], "2025-06-01", "months"),
        (["Dec-24", "Jan-25", "Feb-25"], "2024-12-01", "months"),
        (["Nov '99", "Dec '99", "Jan '00"], "1999-11-01", "months"),
        (["2025-W01", "2025-W02", "2025-W52"], "2024-12-30", "ISO weeks"),
        (["KW 3/2025", "KW 4/2025", "KW 5/2025"], "2025-01-13", "ISO weeks"),
        (["2025 Q1", "2025 Q2", "2025 Q3"], "2025-01-01", "quarters of the calendar"),
        (["Q4 2024", "Q1 2025", "Q2 2025"], "2024-10-01", "quarters of the calendar"),
    ],
)
def test_a_series_by_period_stands_on_the_first_day_of_each(
    cells: list[str], first: str, words: str, tmp_path: Path
) -> None:
    begun = series(tmp_path, cells)
    assert f"is read as {words}, each as its first day ('{cells[0]}' is {first})" in begun.recognised[0]
    assert days(begun)[0] == first
    assert days(begun) == sorted(days(begun))
    assert "read where it lies" not in " ".join(begun.recognised)
    assert "is a copy of kpi.csv, as its rows are" in (begun.folder / "vitalfew.yaml").read_text(encoding="utf-8")


def test_the_first_days_are_what_a_run_reads_and_what_comes_next_is_said(tmp_path: Path) -> None:
    begun = series(tmp_path, [f"2025-{month:02}" for month in range(1, 13)])
    results = run(load(begun.folder))
    read = {row.day: row.value for row in results.tables.series if row.metric == "revenue"}
    assert read == {date(2025, month, 1).isoformat(): 99 + month for month in range(1, 13)}
    assert "Next, bring the same numbers by day or by week, and a list of releases" in " ".join(
        begun.next_steps(results.tables)
    )


def test_a_total_below_the_months_is_left_out_and_counted(tmp_path: Path) -> None:
    begun = series(tmp_path, ["2025-01", "2025-02", "Total"])
    assert days(begun) == ["2025-01-01", "2025-02-01"]
    assert "1 row without a month left out" in begun.recognised[0]


@pytest.mark.parametrize(
    ("head", "cells", "told"),
    [
        ("month,revenue,churn", ["Jan", "Feb", "Mar"], "'month' holds 'Jan', which looks like months"),
        ("week,revenue,churn", ["Week 1", "Week 2", "Week 3"], "'week' holds 'Week 1', which looks like weeks"),
        ("year,revenue,churn", ["2023", "2024", "2025"], "'year' holds '2023', which is no time: write a day"),
        ("month,revenue,churn", ["202512", "202513", "202514"], "'month' holds '202512', which is no time: write"),
        ("week,revenue,churn", ["202501", "202502", "202503"], "'week' holds '202501', which looks like months"),
        ("date,revenue,churn", [f"Jan-{day}" for day in range(10, 30)], "'date' holds 'Jan-10', which looks like"),
        ("period,revenue,churn", ["2025-01", "2025 Q1", "2025-02", "2025 Q2"], "'period' holds '2025-01'"),
    ],
)
def test_what_is_not_sure_to_be_a_period_is_refused_with_what_to_write(
    head: str, cells: list[str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        series(tmp_path, cells, head)
    nearest = str(caught.value).splitlines()[2]
    assert nearest.startswith("  series:")
    assert told in nearest
    assert "write a day, such as 2026-01-31" in nearest


def test_numbers_and_ids_that_look_like_months_stay_what_they_are(tmp_path: Path) -> None:
    rows = [f"u{at},2025-{1 + at % 12:02},{at % 7}" for at in range(40)]
    begun = begin([write_text(tmp_path / "users.csv", "user_id,cohort,revenue", *rows)], into=tmp_path / "made")
    assert "segments from cohort" in begun.recognised[0]
    invoices = [f"2025-{1 + at % 12:02},{at % 7}" for at in range(12)]
    with pytest.raises(DataError, match="is no kind of file that is known"):
        begin([write_text(tmp_path / "invoices.csv", "invoice,amount", *invoices)], into=tmp_path / "other")


def test_events_and_releases_by_month_are_told_that_they_need_the_day(tmp_path: Path) -> None:
    rows = [f"u{at % 20},2025-{1 + at % 12:02},{('open', 'save')[at % 2]}" for at in range(400)]
    with pytest.raises(DataError, match=r"missing time \('month' holds '2025-01', which looks like months"):
        begin([write_text(tmp_path / "use.csv", "user_id,month,event", *rows)], into=tmp_path / "made")
    out = write_text(tmp_path / "releases.csv", "release,date,team", "1.0,Jan 2025,Core", "1.1,Feb 2025,Core")
    with pytest.raises(DataError, match=r"missing date \('date' holds 'Jan 2025', which looks like months"):
        begin([out], into=tmp_path / "made")
    dated = write_text(tmp_path / "dated.csv", "name,released,team", "1.0,Jan 2025,Core", "1.1,Feb 2025,Core")
    with pytest.raises(DataError, match="'released' holds 'Jan 2025', which looks like months"):
        begin([dated], into=tmp_path / "made")


def test_the_month_that_a_feature_shipped_in_is_read_and_a_quarter_is_named_as_none(tmp_path: Path) -> None:
    listed = write_text(tmp_path / "features.csv", "feature,event,shipped", "Export,export,2025-01", "Map,map,2025-03")
    begun = begin([listed], into=tmp_path / "made")
    assert [one.shipped for one in begun.definitions.features.values()] == [date(2025, 1, 1), date(2025, 3, 1)]
    assert "'shipped' is read as months" in begun.recognised[0]
    planned = write_text(tmp_path / "planned.csv", "feature,event,shipped", "Export,export,Q1 2025", "Map,map,Q2 2025")
    assert (
        "columns left out: shipped (weeks or quarters, no days)"
        in (begin([planned], into=tmp_path / "other").recognised[0])
    )


def test_a_feature_with_its_day_among_months_keeps_it(tmp_path: Path) -> None:
    lines = ("Export,export,2025-01", "Map,map,2025-03", "Search,search,2025-04-15")
    begun = begin([write_text(tmp_path / "features.csv", "feature,event,shipped", *lines)], into=tmp_path / "made")
    assert begun.definitions.features["search"].shipped == date(2025, 4, 15)


def test_points_part_thousands_in_months_as_they_do_in_days(tmp_path: Path) -> None:
    lines = (f"2025-{month:02};{month}.234;{month},5" for month in range(1, 13))
    begin([write_text(tmp_path / "kpi.csv", "Monat;Umsatz;Quote", *lines)], into=tmp_path / "made")
    assert (tmp_path / "made/data/kpi.csv").read_text(encoding="utf-8").splitlines()[1] == "2025-01-01,1234.0,1.5"


def test_past_results_by_month_say_why_their_dates_are_left_out(tmp_path: Path) -> None:
    rows = (f"Test {at},retention,0.02,0.01,2025-{at:02}" for at in range(1, 5))
    file = write_text(tmp_path / "past.csv", "experiment,metric,estimate,se,date", *rows)
    assert "columns left out: date (months, no days)" in begin([file], into=tmp_path / "made").recognised[0]


@pytest.mark.parametrize("months", [("Jan 2025", "Feb 2025", "Mar 2025"), ("2025-W01", "2025-W02", "2025-W03")])
def test_a_table_that_grew_to_the_right_is_to_be_turned(months: tuple[str, ...], tmp_path: Path) -> None:
    file = write_text(tmp_path / "kpi.csv", f"Metric,{','.join(months)}", "Revenue,10,20,30", "Signups,1,2,3")
    with pytest.raises(DataError, match=f"has a column for each month, week or quarter \\({months[0]}") as caught:
        begin([file], into=tmp_path / "made")
    assert "copy, paste transposed" in str(caught.value)


def test_a_table_by_month_is_offered_as_no_source_since_sources_read_days(tmp_path: Path) -> None:
    begun = series(tmp_path, ["2025-01", "2025-02", "2025-03"])
    write_text(begun.folder / "months.csv", "month,revenue,churn", "2025-01,1,2", "2025-02,3,4")
    write_text(begun.folder / "days.csv", "day,revenue,churn", "2025-01-01,1,2", "2025-01-02,3,4")
    months, days_ = held(load(begun.folder), ["months.csv", "days.csv"], seconds=60, recognise=True)
    assert (months.shape, days_.shape) == ("", "series")

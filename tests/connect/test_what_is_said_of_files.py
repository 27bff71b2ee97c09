"""What `start` says of files that hold less, or more, than they should: nothing is passed over without a word."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from connect.strangers import write_text
from vitalfew.connect import begin, preamble
from vitalfew.connect.asking import Asker
from vitalfew.connect.look import Look, as_written, look
from vitalfew.connect.opinion_tables import table_of
from vitalfew.connect.times import read_times
from vitalfew.errors import DataError
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.profile import profile, rows_of
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from pathlib import Path


def said(path: Path, name: str, head: str, *lines: str) -> str:
    path.mkdir(exist_ok=True)
    return begin([write_text(path / name, head, *lines)], into=path / "ws").recognised[0]


def units(*variants: str, rows: int = 40) -> list[str]:
    return [f"u{at},{variants[at % len(variants)]},{at % 7}" for at in range(rows)]


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        (("treatment",), "'variant' holds only 'treatment': add the rows of the control"),
        (("control",), "'variant' holds only 'control': add the rows of another variant"),
        (("",), "no experiment, as 'variant' is empty: write into each row which variant it saw"),
        (("treatment", ""), "20 cells of it are empty; write the name of the control there"),
        (tuple("abcdef"), "more than 5 variants: if it is one all the same, say so with --as 'ab.csv=experiment'"),
    ],
)
def test_users_with_a_column_of_variants_are_told_why_they_are_no_experiment(
    tmp_path: Path, variants: tuple[str, ...], told: str
) -> None:
    sentence = said(tmp_path, "ab.csv", "user_id,variant,revenue", *units(*variants))
    assert ": users (" in sentence
    assert told in sentence


def test_too_few_rows_and_no_outcome_are_told_as_well(tmp_path: Path) -> None:
    few = said(tmp_path / "few", "ab.csv", "user_id,variant,revenue", *units("control", "treatment", rows=10))
    assert "10 rows are too few to compare variants: 20 are needed" in few
    none = [f"u{at},{'AB'[at % 2]},{'wxyz'[at % 4]}" for at in range(40)]
    assert "no column holds an outcome" in said(tmp_path / "none", "ab.csv", "user_id,variant,plan", *none)


@pytest.mark.parametrize(
    ("head", "lines", "told"),
    [
        (
            "experiment,variant,n,mean",
            ("Search,control,1000,12.4", "Search,treatment,990,12.9"),
            "without their spread",
        ),
        ("experiment,n_a,mean_a,n_b,mean_b", ("Search,1000,12.4,990,12.9",), "without their spread"),
        (
            "variant,users,avg_revenue",
            ("control,1000,12.4", "treatment,990,12.9"),
            "what came of each arm: add its mean",
        ),
    ],
)
def test_means_of_arms_without_their_spread_say_what_to_add(
    head: str, lines: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        said(tmp_path, "summary.csv", head, *lines)
    nearest = str(caught.value).splitlines()[2]
    assert nearest.startswith("  aggregates:")
    assert told in nearest
    assert "missing" not in nearest


def test_a_column_of_words_in_a_series_is_named_as_what_to_leave_out(tmp_path: Path) -> None:
    lines = (f"2025-01-{day:02},Mon,{day},{day % 3}" for day in range(1, 29))
    with pytest.raises(DataError, match="but 'weekday' holds no numbers: leave such columns out of a copy"):
        said(tmp_path, "kpi.csv", "date,weekday,revenue,churn", *lines)


def test_a_column_of_groups_that_splits_nothing_is_no_reason_to_speak(tmp_path: Path) -> None:
    assert "no experiment" not in said(tmp_path, "users.csv", "user_id,group,revenue", *units("retail"))


def test_a_single_variant_that_somebody_calls_an_experiment_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = write_text(tmp_path / "ab.csv", "user_id,variant,revenue", *units("treatment"))
    with pytest.raises(DataError, match="'variant' holds only 'treatment': add the rows of the control"):
        begin([file], into=tmp_path / "ws", kind=["ab.csv=experiment"])


def test_exposures_to_a_single_variant_say_what_to_add(tmp_path: Path) -> None:
    rows = [f"u{at},{test},on" for at in range(30) for test in ("Search", "Export")]
    sentence = said(tmp_path, "exposures.csv", "user_id,experiment,variant", *rows)
    assert (
        "experiments Export, Search have only one variant in 'variant' and are left out: add the exposures" in sentence
    )


@pytest.mark.parametrize("column", ["E-mail", "Name", "Assignee", "whoever"])
def test_columns_of_persons_are_counted_and_not_named(tmp_path: Path, column: str) -> None:
    lines = ("Dark mode,100,1,80%,2,anna@example.org", "Search,500,2,50%,5,ben@example.org")
    sentence = said(tmp_path, "ideas.csv", f"idea,reach,impact,confidence,effort,{column}", *lines)
    assert "1 column about persons left out" in sentence
    assert column not in sentence.partition("1 column about")[0]


def test_other_columns_are_named_as_before(tmp_path: Path) -> None:
    lines = ("A,1,1,80%,2,open,z", "B,5,2,50%,5,open,z")
    sentence = said(tmp_path, "ideas.csv", "idea,reach,impact,confidence,effort,statuss,x", *lines)
    assert "columns left out: statuss (did you mean 'status'?), x" in sentence


def test_a_slip_in_a_column_that_is_needed_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"did you mean 'impact' by 'impct'\?"):
        said(tmp_path, "ideas.csv", "idea,reach,impct,confidence,effort", "A,1,1,80%,2", "B,5,2,50%,5")


def test_nobody_whose_column_holds_no_points_is_named(tmp_path: Path) -> None:
    lines = ("Retention,60,40,later", "Revenue,30,40,later", "Support,10,20,later")
    sentence = said(tmp_path, "opinions.csv", "factor,Anna,Ben,Carlotta", *lines)
    assert "1 column left out" in sentence
    assert "Carlotta" not in sentence


def test_an_address_in_the_first_line_is_not_repeated(tmp_path: Path) -> None:
    file = write_text(tmp_path / "x.csv", "anna@example.org,2025-01-01", "ben@example.org,2025-01-02")
    with pytest.raises(DataError, match="looks like data") as caught:
        begin([file], into=tmp_path / "ws")
    assert "anna" not in str(caught.value)


def test_a_file_that_is_known_by_its_path_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A workspace knows its tables by their paths below its folder; the file is still the same one."""
    lines = (f"{1 + at % 12}.{1 + at % 12}.2025;1.{at:03}" for at in range(40))
    (tmp_path / "exports").mkdir()
    file = write_text(tmp_path / "exports/releases.csv", "date;version", *lines)
    engine = open_engine(DataSettings(path=str(tmp_path)))
    try:
        known = Look(file, engine, "exports/releases.csv", profile(engine, "exports/releases.csv"))
        assert read_times(known, "date", Asker(None)).as_text
        with as_written(known) as (other, table):
            assert [row["version"] for row in rows_of(other, table, ["version"], 2)] == ["1.000", "1.001"]
    finally:
        engine.close()


def test_a_sheet_of_opinions_as_large_as_any_that_is_taken_is_read_in_seconds(tmp_path: Path) -> None:
    columns, rows = 39, 5_000
    head = ",".join(["name", *(f"factor {at}" for at in range(columns - 1))])
    lines = (",".join([f"p{row}", *(str((7 * row + at) % 101) for at in range(columns - 1))]) for row in range(rows))
    own = look(write_text(tmp_path / "opinions.csv", head, *lines))
    try:
        began = time.process_time()
        table = table_of(own, forced=True)
        assert table is not None
        assert len(table.answers) == rows * (columns - 1)
        assert time.process_time() - began < 9  # it took twice that when each factor had all others added up
    finally:
        own.close()


def test_a_column_of_totals_is_found_wherever_it_stands(tmp_path: Path) -> None:
    lines = (f"p{at},100,{20 + at},{50 - at},30" for at in range(9))
    own = look(write_text(tmp_path / "opinions.csv", "name,all of it,growth,trust,speed", *lines))
    try:
        table = table_of(own)
        assert table is not None
        assert table.factors == ("growth", "trust", "speed")
    finally:
        own.close()


def test_what_is_read_arm_by_arm_is_not_left_out(tmp_path: Path) -> None:
    head = "test,metric,day,count_c,mean_c,variance_c,count_t,mean_t,variance_t,who"
    lines = (f"t{at},sales,{day},100,1,1,100,{at}.5,1,x" for at in range(5) for day in (1, 2))
    sentence = said(tmp_path, "past.csv", head, *lines)
    assert "columns left out: who" in sentence
    assert "count_c" not in sentence.partition("columns left out")[2]


def test_past_results_are_told_of_when_the_file_is_closed(tmp_path: Path) -> None:
    """What a file says of itself is asked while it is open, of files without text as well."""
    head = "experiment,metric,estimate,se,note"
    csv = write_text(tmp_path / "past.csv", head, *(f"t{at},sales,{at},1,x{at}" for at in range(9)))
    duckdb.execute(f"COPY (FROM '{csv}') TO '{tmp_path / 'past.parquet'}'")
    assert "columns left out: note" in begin([tmp_path / "past.parquet"], into=tmp_path / "ws").recognised[0]


def test_an_export_with_columns_of_the_same_name_is_a_sheet_of_ideas(tmp_path: Path) -> None:
    head = "Summary,Labels,Labels,Custom field (Reach),Custom field (Impact),Confidence,Story Points,Labels"
    sentence = said(tmp_path, "jira.csv", head, "Search,a,b,100,2,80,3,c", '"Export, all",a,b,500,1,50,5,c')
    assert "of columns with the same name the first is read" in sentence
    assert "Labels, Labels (2), Labels (3)" in sentence


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("head", "left"),
    [
        ('Summary;Labels;Labels;"Reach\n(users)";Impact;Confidence;Effort', "Labels, Labels (2)"),
        ("Summary;A, b, c, d, e;a, b, c, d, e;Reach;Impact;Confidence;Effort", "A, b, c, d, e, a, b, c, d, e (2)"),
        ("Summary;Labels (2);Labels;Labels;Reach;Impact;Confidence;Effort", "Labels (2), Labels, Labels (3)"),
    ],
)
def test_columns_of_the_same_name_are_numbered_however_the_header_is_written(
    tmp_path: Path, head: str, left: str, end: str
) -> None:
    more = "x;" * (head.count(";") - 4)
    lines = (head, f"Search;{more}100;2;80;3", f"Export;{more}500;1;50;5", "")
    (tmp_path / "jira.csv").write_bytes(end.join(lines).replace("\n", end).encode())
    begun = begin([tmp_path / "jira.csv"], into=tmp_path / "ws")
    assert left in begun.recognised[0]
    found = begun.definitions.initiatives
    assert found["search"].scores is not None
    assert found["search"].scores.rice is not None
    assert found["search"].scores.rice.reach == 100


@pytest.mark.parametrize("head", ["factor,Anna,Anna,Bert", "name,growth,growth,trust"])
def test_opinions_with_columns_of_the_same_name_are_refused(tmp_path: Path, head: str) -> None:
    """The later column would count as one more person, or one more factor."""
    with pytest.raises(DataError, match="twice"):
        said(tmp_path, "opinions.csv", head, "a,50,40,50", "b,30,40,30", "c,20,20,20")


def test_a_long_file_with_columns_of_the_same_name_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preamble, "_LONGEST_SHEET", 100)
    lines = (f"Idea {at},a,b,100,2,80,3" for at in range(9))
    with pytest.raises(DataError, match="names the column 'Labels' twice"):
        said(tmp_path, "jira.csv", "Summary,Labels,Labels,Reach,Impact,Confidence,Effort", *lines)


def test_columns_of_the_same_name_are_refused_where_a_run_reads_the_file(tmp_path: Path) -> None:
    rows = (f"u{at},{'AB'[at % 2]},{at},{at}" for at in range(40))
    with pytest.raises(DataError, match="the header names the column 'value' twice"):
        said(tmp_path, "ab.csv", "user_id,variant,value,value", *rows)


def test_a_german_sheet_says_what_it_counts(tmp_path: Path) -> None:
    lines = ("A;1.000;hoch;80 %;2", "B;20.000;mittel;50 %;4,5")
    sentence = said(tmp_path, "ideen.csv", "Idee;Reichweite pro Quartal;Impact;Confidence;Aufwand (Wochen)", *lines)
    assert "reach=Reichweite pro Quartal" in sentence
    assert "rice_period: quarter" in (tmp_path / "ws/vitalfew.yaml").read_text("utf-8")


def test_a_number_of_a_player_is_no_outcome(tmp_path: Path) -> None:
    rows = (f"{1000 + at};{'AB'[at % 2]};{at % 7}" for at in range(40))
    sentence = said(tmp_path, "spieler.csv", "Spieler-Nr;Gruppe;Runden", *rows)
    assert "user=Spieler-Nr" in sentence
    assert "metrics: Runden" in sentence


def test_what_all_rows_share_is_no_title(tmp_path: Path) -> None:
    head = "Project name,Summary,Reach,Impact,Confidence,Story Points"
    sentence = said(tmp_path, "jira.csv", head, *(f"Shop,Thing {at},{at}00,2,80,3" for at in range(1, 30)))
    assert "title=Summary" in sentence

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from connect.strangers import EXPORTS, write_text, write_users
from vitalfew.connect import begin
from vitalfew.errors import DataError, UsageError
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect import Begun
    from vitalfew.pipeline import Results

FEATURES = (
    "name,event,cost,shipped,team,upkeep,frequency",
    "Export PDF,export,12,2024-03-01,Growth,2,weekly",
    "Share,share,5,,Core,,daily",
    "Ghost,ghost,9,01.03.2024,Core,1,",
)


def started(tmp_path: Path, *files: Path, kind: tuple[str, ...] = ()) -> tuple[Begun, Results]:
    begun = begin(files, into=tmp_path / "made", kind=kind)
    return begun, run(load(begun.folder))


def test_users_add_segments_and_outcomes_and_reach_counts_those_who_never_came(tmp_path: Path) -> None:
    events = EXPORTS[0].write(tmp_path)
    write_users(tmp_path / "users.csv")
    begun, results = started(tmp_path, events, tmp_path / "users.csv")
    assert set(begun.definitions.segments) == {"plan_free", "plan_pro", "country_dk", "country_de", "country_us"}
    assert begun.definitions.metrics["retained"].kind == "proportion"
    assert begun.definitions.metrics["churned"].direction == "down"
    assert begun.definitions.metrics["spend"].kind == "mean"
    assert "email" not in begun.definitions.metrics
    assert {row.eligible for row in results.tables.use if row.segment is None} == {40}
    assert {row.eligible for row in results.tables.use if row.segment == "plan_pro"} == {20}


def test_users_with_another_name_for_the_key_are_joined_through_a_copy(tmp_path: Path) -> None:
    events = EXPORTS[0].write(tmp_path)
    write_users(tmp_path / "customers.csv", key="Customer No")
    begun, results = started(tmp_path, events, tmp_path / "customers.csv")
    assert begun.definitions.sources["users"].table == "data/users.parquet"
    assert {row.eligible for row in results.tables.use if row.segment is None} == {40}
    assert "'Customer No' is called 'user_id' in the other table" in (begun.folder / "vitalfew.yaml").read_text()


def test_a_list_of_features_gives_cost_teams_and_what_is_not_measured(tmp_path: Path) -> None:
    events = EXPORTS[0].write(tmp_path)
    begun, results = started(tmp_path, events, write_text(tmp_path / "features.csv", *FEATURES))
    features = begun.definitions.features
    assert (features["export_pdf"].cost, features["export_pdf"].team, features["export_pdf"].upkeep) == (
        12,
        "growth",
        2,
    )
    assert features["export_pdf"].events == ("export",)
    assert features["share"].cadence == "daily"
    assert str(features["ghost"].shipped) == "2024-03-01"
    assert {row.feature for row in results.tables.use if not row.measured} == {"ghost"}
    assert any(
        "Not measured (which is not the same as not used): 1 feature" in s for s in begun.next_steps(results.tables)
    )


def test_exposures_beside_events_become_experiments(tmp_path: Path) -> None:
    events = EXPORTS[0].write(tmp_path)
    arms = ("control", "new design")
    lines = (f"u{n},new_share,{arms[n % 2]},2025-01-20T00:00:00Z" for n in range(30))
    exposures = write_text(tmp_path / "exposures.csv", "user_id,experiment,variant,time", *lines)
    begun, results = started(tmp_path, events, exposures)
    experiment = begun.definitions.experiments["new_share"]
    assert experiment.control == "control"
    assert {row.arm: row.units for row in results.tables.assignments} == {"control": 15, "new design": 15}
    assert "new_share" in {line.line for line in results.tables.shipped}


def test_one_experiment_s_table_gets_a_metric_per_outcome(tmp_path: Path) -> None:
    lines = (f"{n},{('gate_30', 'gate_40')[n % 2]},{n % 40},{n % 3 == 0},{n % 5 == 0}" for n in range(400))
    path = write_text(tmp_path / "cats.csv", "userid,version,sum_gamerounds,retention_1,retention_7", *lines)
    begun, results = started(tmp_path, path)
    assert "cats.csv: one experiment (400 rows; user=userid, variant=version)" in begun.recognised[0]
    metrics = {key: metric.kind for key, metric in begun.definitions.metrics.items()}
    assert metrics == {"sum_gamerounds": "mean", "retention_1": "proportion", "retention_7": "proportion"}
    assert {effect.metric for effect in results.tables.effects} == set(metrics)
    assert {effect.control for effect in results.tables.effects} == {"gate_30"}


def test_columns_of_an_experiment_that_give_no_metric_are_named(tmp_path: Path) -> None:
    words = ("north", "south")
    rows = (f"{at},{'ab'[at % 2]},{at % 9},{words[at % 3 == 0]},{'x' * (at % 40)}" for at in range(200))
    trial = write_text(tmp_path / "trial.csv", "user,variant,rounds,place,note", *rows)
    begun = begin([trial], into=tmp_path / "made")
    assert list(begun.definitions.metrics) == ["rounds"]
    assert any("segments from place; columns left out: note" in said for said in begun.recognised)


def test_a_row_number_without_a_name_is_no_outcome_and_a_placebo_is_the_control(tmp_path: Path) -> None:
    lines = (f"{n},{1000 + n},{('ad', 'psa')[n % 10 == 0]},{n % 7 == 0},Monday" for n in range(500))
    path = write_text(tmp_path / "marketing.csv", ",user id,test group,converted,most ads day", *lines)
    begun, _ = started(tmp_path, path)
    assert set(begun.definitions.metrics) == {"converted"}
    assert begun.definitions.experiments["marketing"].control == "psa"


def test_of_results_reported_twice_the_one_with_the_later_date_counts(tmp_path: Path) -> None:
    lines = ("experiment,metric,estimate,se,date", "A,sales,0.5,0.1,2026-01-01", "A,sales,0.2,0.1,2026-02-01")
    _, results = started(tmp_path, write_text(tmp_path / "past.csv", *lines))
    assert [effect.estimate for effect in results.tables.effects] == [0.2]


@pytest.mark.parametrize("name", ["End date", "end", "Ended", "finished"])
def test_the_end_of_an_experiment_is_the_date_of_its_result(name: str, tmp_path: Path) -> None:
    lines = (
        f"experiment,metric,estimate,se,started_at,{name}",
        "A,sales,0.5,0.1,2026-01-03,2026-01-01",
        "A,sales,0.2,0.1,2026-01-01,2026-02-01",
    )
    begun, results = started(tmp_path, write_text(tmp_path / "past.csv", *lines))
    assert f"time={name}" in begun.recognised[0]
    assert [effect.estimate for effect in results.tables.effects] == [0.2]


def test_exposures_alone_ask_for_what_the_exposed_did(tmp_path: Path) -> None:
    lines = (f"{n},blue,{('control', 'b')[n % 2]}" for n in range(90))
    begun, results = started(tmp_path, write_text(tmp_path / "seen.csv", "user,experiment,variant", *lines))
    assert any(
        "add what the exposed did: usage events (user, time" in text for text in begun.next_steps(results.tables)
    )


def test_users_that_come_again_are_named_as_what_is_wrong(tmp_path: Path) -> None:
    path = write_text(tmp_path / "logins.csv", "user_id,amount", *(f"{n % 9},{n}" for n in range(90)))
    with pytest.raises(DataError, match=r"users: .* but 'user_id' has values that come again"):
        begin([path], into=tmp_path / "made")


@pytest.mark.parametrize(
    ("lines", "estimate", "se"),
    [
        (("experiment,metric,estimate,se", "A,conversion,0.012,0.005"), 0.012, 0.005),
        (("Test Name;KPI;Lift;CI lower;CI upper", "A;conversion;1,2%;0,2%;2,2%"), 0.012, 0.0051),
        (("experiment,metric,delta,p-value", "A,conversion,0.012,0.05"), 0.012, 0.00612),
        (("experiment,metric,effect,z", "A,conversion,0.012,2"), 0.012, 0.006),
        (("experiment,conversion_lift,conversion_se", "A,0.012,0.005"), 0.012, 0.005),
        (("experiment,lift,std err", "A,0.012,0.005"), 0.012, 0.005),
        (
            ("experiment,metric,n_control,mean_control,sd_control,n_treatment,mean_treatment,sd_treatment",
             "A,conversion,800,0.1,0.3,800,0.112,0.3"),
            0.012, 0.015,
        ),
        (("experiment,variant,visitors,conversions", "A,control,1000,100", "A,b,1000,112"), 0.012, 0.01375),
    ],
)  # fmt: skip
def test_past_results_in_many_forms_give_the_same_effect(
    lines: tuple[str, ...], estimate: float, se: float, tmp_path: Path
) -> None:
    begun, results = started(tmp_path, write_text(tmp_path / "past.csv", *lines))
    (effect,) = results.tables.effects
    assert effect.estimate == pytest.approx(estimate)
    assert effect.se == pytest.approx(se, rel=0.01)
    assert [line.line for line in results.tables.shipped] == ["a"]
    assert any(sentence.startswith("Win rate: ") for sentence in begun.next_steps(results.tables))


def test_metrics_of_which_less_is_better_are_told_by_their_names_and_wins_follow(tmp_path: Path) -> None:
    lines = (
        "experiment,metric,estimate,se",
        "A,churn rate,-0.05,0.01",
        "B,page load time,80,10",
        "C,retention,0.05,0.01",
    )
    begun, results = started(tmp_path, write_text(tmp_path / "past.csv", *lines))
    directions = {key: metric.direction for key, metric in begun.definitions.metrics.items()}
    assert directions == {"churn_rate": "down", "page_load_time": "down", "retention": "up"}
    (sentence,) = [text for text in begun.next_steps(results.tables) if text.startswith("Win rate")]
    assert sentence.startswith("Win rate: 2 of 3 results")
    assert "1 worse" in sentence


def test_a_file_that_matches_none_says_what_it_comes_nearest_to_and_what_that_lacks(tmp_path: Path) -> None:
    path = write_text(tmp_path / "tickets.csv", "id,moment,body", "1,2026-01-01,b", "2,2026-01-02,d")
    with pytest.raises(DataError) as caught:
        begin([path], into=tmp_path / "made")
    first, _, *near, others = str(caught.value).split("\n")
    assert first == "tickets.csv has 3 columns: id, moment, body"
    assert near[0].endswith("found time=moment; missing user (such as user_id)")
    assert others.endswith("--as 'tickets.csv=users'")
    assert "or else: " in others


def test_an_ab_test_log_and_a_sheet_of_points_are_known_by_the_words_that_teams_use(tmp_path: Path) -> None:
    tests = write_text(
        tmp_path / "tests.csv", "Test,Primary KPI,Uplift,Std Error", "One,Conversion,0.3,0.1", "Two,Retention,0.2,0.1"
    )
    points = write_text(tmp_path / "points.csv", "Name,Value driver,Points", *("Mia,Trust,40", "Mia,Speed,60"))
    begun = begin([tests, points], into=tmp_path / "made")
    assert {"conversion", "retention"} <= set(begun.definitions.metrics)
    assert set(begun.definitions.factors) == {"trust", "speed"}


def test_a_file_that_matches_two_kinds_is_decided_by_the_user(tmp_path: Path) -> None:
    lines = (f"{n % 9},2025-01-{n % 28 + 1:02},{('go', 'stop')[n % 2]},exp,{('a', 'b')[n % 9 % 2]}" for n in range(99))
    path = write_text(tmp_path / "both.csv", "user,time,event,experiment,variant", *lines)
    with pytest.raises(DataError, match="could be usage events or exposures"):
        begin([path], into=tmp_path / "made")
    begun = begin([path], into=tmp_path / "events", kind=["both.csv=events"])
    assert set(begun.definitions.features) == {"go", "stop"}
    answered = begin([path], into=tmp_path / "asked", ask=lambda *_: "exposures")
    assert set(answered.definitions.experiments) == {"exp"}


def test_a_kind_or_a_file_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = EXPORTS[0].write(tmp_path)
    with pytest.raises(UsageError, match="did you mean 'events'"):
        begin([path], into=tmp_path / "made", kind=["plain.csv=event"])
    with pytest.raises(UsageError, match=r"did you mean 'plain\.csv'"):
        begin([path], into=tmp_path / "made", kind=["plane.csv=events"])


def test_two_thousand_columns_are_recognised_within_seconds(tmp_path: Path) -> None:
    header = ",".join(["user_id", "timestamp", "event", *(f"property_{n}" for n in range(2_000))])
    rows = (f"{n % 5},2025-01-{n % 28 + 1:02},go" + ",1" * 2_000 for n in range(60))
    path = write_text(tmp_path / "wide.csv", header, *rows)
    begun_at = time.process_time()
    begun = begin([path], into=tmp_path / "made")
    assert time.process_time() - begun_at < 10
    assert set(begun.definitions.features) == {"go"}


def test_columns_that_say_nothing_are_told_with_what_was_probably_meant(tmp_path: Path) -> None:
    ideas = write_text(
        tmp_path / "ideas.csv", "title,reach,impact,confidnce,effort,colour", "A,3,2,80,1,red", "B,2,2,50,2,blue"
    )
    begun = begin((ideas,), into=tmp_path / "made")
    assert begun.recognised[0].endswith("columns left out: confidnce (did you mean 'confidence'?), colour")

"""Aggregates and ready results that somebody else computed."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from vitalfew.errors import DataError
from vitalfew.results.moments import moments_of
from vitalfew.warehouse.aggregates import measure_aggregates
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.results_table import measure_results
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import MomentsRow
    from vitalfew.warehouse.measured import Measured

ARMS = {
    "control": {"n": "count_c", "mean": "mean_c", "variance": "variance_c"},
    "treatment": {"n": "count_t", "mean": "mean_t", "variance": "variance_t"},
}


def row(**cells: object) -> dict[str, Any]:
    usual = {"exp": "gate", "metric": "sales", "count_c": 100, "mean_c": 2.0, "variance_c": 4.0}
    return usual | {"count_t": 110, "mean_t": 2.5, "variance_t": 5.0} | cells


def aggregates(
    rows: list[dict[str, Any]], as_of: date | None = None, more: dict[str, Any] | None = None, **source: object
) -> Measured:
    raw = {"table": "t", "shape": "aggregates", "experiment": "exp", "metric": "metric", "arms": ARMS} | source
    definitions = Definitions.model_validate({"sources": {"past": raw}} | (more or {}))
    with closing(open_engine(DataSettings(), None, {"t": pa.Table.from_pylist(rows)})) as engine:
        return measure_aggregates(definitions, "past", engine, as_of)


def results(
    rows: list[dict[str, Any]], as_of: date | None = None, more: dict[str, Any] | None = None, **source: object
) -> Measured:
    raw = {"table": "t", "shape": "results", "experiment": "exp", "metric": "metric", "estimate": "effect", "se": "se"}
    definitions = Definitions.model_validate({"sources": {"past": raw | source}} | (more or {}))
    with closing(open_engine(DataSettings(), None, {"t": pa.Table.from_pylist(rows)})) as engine:
        return measure_results(definitions, "past", engine, as_of)


def reasons(measured: Measured) -> dict[str, str]:
    return {failed.item: failed.reason for failed in measured.failed}


def by_arm(measured: Measured) -> dict[tuple[str, str], MomentsRow]:
    return {(found.experiment, found.arm): found for found in measured.moments}


# Aggregates --------------------------------------------------------------------------------------------------------


def test_aggregates_become_moments_of_their_arms() -> None:
    measured = aggregates([row()])
    control, treatment = (moments_of(by_arm(measured)["gate", arm]) for arm in ("control", "treatment"))
    assert (control.count("sales"), control.mean_of("sales"), control.variance_of("sales")) == (100, 2.0, 4.0)
    assert (treatment.count("sales"), treatment.mean_of("sales"), treatment.variance_of("sales")) == (110, 2.5, 5.0)
    assert control.shift.tolist() == treatment.shift.tolist()
    assert [(found.arm, found.units) for found in measured.assignments] == [("control", 100), ("treatment", 110)]


def test_products_between_metrics_are_unknown_not_zero() -> None:
    measured = aggregates([row(), row(metric="visits", count_c=80)])
    moments = moments_of(by_arm(measured)["gate", "control"])
    assert moments.names == ("sales", "visits")
    assert math.isnan(moments.covariance_of("sales", "visits"))
    assert moments.units == 100


def test_a_missing_variance_stays_missing_and_keeps_the_mean() -> None:
    moments = moments_of(by_arm(aggregates([row(variance_t=None)]))["gate", "treatment"])
    assert moments.mean_of("sales") == 2.5
    assert math.isnan(moments.variance_of("sales"))


def test_the_last_snapshot_counts() -> None:
    rows = [row(day=day, count_c=100 * day) for day in (1, 3, 2)]
    assert aggregates(rows, time="day").assignments[0].units == 300


def test_snapshots_after_as_of_are_ignored_when_they_have_dates() -> None:
    rows = [row(day=date(2026, 1, day), count_c=100 * day) for day in (1, 2, 3)]
    assert aggregates(rows, date(2026, 1, 2), time="day").assignments[0].units == 200


def test_days_since_the_start_tell_no_date_so_as_of_changes_nothing() -> None:
    assert aggregates([row(day=1.5)], date(1990, 1, 1), time="day").assignments[0].units == 100


def test_snapshots_without_a_time_that_can_be_ordered_are_refused() -> None:
    with pytest.raises(DataError, match="'day' of t holds text"):
        aggregates([row(day="day 10"), row(day="day 9")], time="day")


def test_variants_get_keys_of_their_own_only_where_there_are_several() -> None:
    rows = [row(v=1), row(v=2), row(exp="other", v=1)]
    assert {key for key, _ in by_arm(aggregates(rows, variant="v"))} == {"gate/1", "gate/2", "other"}


def test_an_experiment_is_known_by_its_key_in_the_workspace() -> None:
    more = {
        "experiments": {"move_gate": {"source": "past", "id": "gate/2", "split": {"control": 1, "treatment": 3}}},
        "metrics": {"revenue": {"source": "past", "column": "sales"}},
    }
    measured = aggregates([row(v=1), row(v=2)], variant="v", more=more)
    assert {key for key, _ in by_arm(measured)} == {"gate/1", "move_gate"}
    assert by_arm(measured)["move_gate", "control"].names == ("revenue",)
    assert [found.share for found in measured.assignments if found.experiment == "move_gate"] == [0.25, 0.75]


def test_an_id_with_several_variants_must_say_which() -> None:
    more = {"experiments": {"gate": {"source": "past"}}}
    measured = aggregates([row(v=1), row(v=2)], variant="v", more=more)
    assert measured.moments == ()
    assert "name one of gate/1, gate/2" in reasons(measured)["past/gate/1"]


def test_an_id_never_takes_the_key_of_an_experiment_with_other_data() -> None:
    more = {
        "sources": {
            "past": {"table": "t", "shape": "aggregates", "experiment": "exp", "metric": "metric", "arms": ARMS}
        }
        | {"players": {"table": "p", "unit": "user_id"}},
        "experiments": {"gate": {"source": "players"}},
    }
    measured = aggregates([row()], more=more)
    assert measured.moments == ()
    assert "id: gate" in reasons(measured)["past/gate"]


def test_ids_are_text_whatever_their_type() -> None:
    measured = aggregates([row(exp=7, metric=1.0)])
    assert by_arm(measured)["7", "control"].names == ("1",)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"count_c": 0}, "count_c is 0 in arm 'control': no units"),
        ({"count_t": None}, "count_t is missing in arm 'treatment': no units"),
        ({"mean_t": None}, "mean_t is missing in arm 'treatment'"),
        ({"mean_c": math.inf}, "mean_c is missing in arm 'control'"),
        ({"variance_c": -1.0}, "a variance is never negative"),
    ],
)
def test_a_metric_that_cannot_be_used_is_named_and_the_others_go_on(cells: dict[str, Any], said: str) -> None:
    measured = aggregates([row(), row(metric="visits", **cells)])
    assert by_arm(measured)["gate", "control"].names == ("sales",)
    assert said in reasons(measured)["past/gate/visits"]


def test_two_different_rows_for_one_metric_are_refused_and_equal_ones_are_one() -> None:
    assert aggregates([row(), row()]).failed == ()
    measured = aggregates([row(), row(mean_t=9.0), row(metric="visits")])
    assert by_arm(measured)["gate", "control"].names == ("visits",)
    assert "several rows" in reasons(measured)["past/gate/sales"]


def test_a_ratio_cannot_be_had_from_aggregates() -> None:
    ratio = {"kind": "ratio", "numerator": {"source": "past", "column": "sales"}, "denominator": {"source": "past"}}
    measured = aggregates([row()], more={"metrics": {"per_visit": ratio}})
    assert measured.moments == ()
    assert "a ratio needs the products" in reasons(measured)["past/gate/per_visit"]


def test_a_missing_column_is_named_with_its_nearest() -> None:
    with pytest.raises(DataError, match=r"no column 'experiment_id' .*did you mean 'experiment-id'"):
        aggregates([{"experiment-id": 1} | row()], experiment="experiment_id")


def test_percentages_as_text_are_refused_with_what_to_write() -> None:
    with pytest.raises(DataError, match=r"'mean_c' holds '1.2%'.*shares"):
        aggregates([row(mean_c="1.2%")])


def test_numbers_kept_as_text_are_read() -> None:
    assert moments_of(by_arm(aggregates([row(mean_c="2.0")]))["gate", "control"]).mean_of("sales") == 2.0


def test_an_empty_table_gives_nothing() -> None:
    rows = pa.Table.from_pylist([row()]).slice(0, 0)
    definitions = Definitions.model_validate(
        {"sources": {"p": {"table": "t", "shape": "aggregates", "experiment": "exp", "metric": "metric", "arms": ARMS}}}
    )
    with closing(open_engine(DataSettings(), None, {"t": rows})) as engine:
        measured = measure_aggregates(definitions, "p", engine)
    assert (measured.moments, measured.failed) == ((), ())


def test_asos_has_99_comparisons_of_4_metrics_15_without_a_variance(data_dir: Path) -> None:
    definitions = Definitions.model_validate(
        {
            "sources": {
                "asos": {
                    "table": "asos_digital_experiments_dataset.parquet",
                    "shape": "aggregates",
                    "experiment": "experiment_id",
                    "variant": "variant_id",
                    "metric": "metric_id",
                    "time": "time_since_start",
                    "arms": ARMS,
                }
            }
        }
    )
    with closing(open_engine(DataSettings(path="asos_experiments"), data_dir)) as engine:
        measured = measure_aggregates(definitions, "asos", engine)
    treated = [moments_of(found) for found in measured.moments if found.arm == "treatment"]
    variances = Counter(math.isnan(moments.variance_of(name)) for moments in treated for name in moments.names)
    assert len(treated) == 99
    assert len({found.experiment for found in measured.moments}) == 99
    assert variances == {False: 381, True: 15}
    assert measured.failed == ()


# Ready results -----------------------------------------------------------------------------------------------------


def given(**cells: object) -> dict[str, Any]:
    return {"exp": "gate", "metric": "sales", "effect": 0.5, "se": 0.1} | cells


def test_results_are_taken_as_given() -> None:
    measured = results([given(n=200)], n="n")
    (found,) = measured.given
    assert (found.experiment, found.metric, found.estimate, found.se, found.n) == ("gate", "sales", 0.5, 0.1, 200)


def test_a_result_of_zero_is_a_result() -> None:
    assert results([given(effect=0)]).given[0].estimate == 0.0


def test_a_result_without_a_standard_error_is_kept_without_one() -> None:
    assert results([given(se=None), given(exp="b")]).given[1].se is None


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"se": 0.0}, "se is 0; a standard error is positive"),
        ({"se": -0.1}, "se is -0.1"),
        ({"effect": math.nan}, "effect is missing"),
        ({"effect": None}, "effect is missing"),
    ],
)
def test_a_result_that_cannot_be_used_is_named_and_the_others_go_on(cells: dict[str, Any], said: str) -> None:
    measured = results([given(exp="good"), given(**cells)])
    assert [found.experiment for found in measured.given] == ["good"]
    assert said in reasons(measured)["past/gate/sales"]


def test_of_two_results_the_later_counts() -> None:
    rows = [given(day=date(2026, 1, day), effect=float(day)) for day in (2, 3, 1)]
    (found,) = results(rows, date="day").given
    assert (found.estimate, found.date) == (3.0, "2026-01-03")
    assert results(rows, date(2026, 1, 2), date="day").given[0].estimate == 2.0


def test_two_results_of_which_none_is_newer_are_both_named_and_not_used() -> None:
    measured = results([given(), given(effect=0.7)])
    assert measured.given == ()
    assert "effect 0.5 and 0.7" in reasons(measured)["past/gate/sales"]


def test_a_percentage_as_text_is_refused_with_what_to_write() -> None:
    with pytest.raises(DataError, match=r"'effect' holds '1.2%'.*1.2 % is 0.012"):
        results([given(effect="1.2%")])


def test_a_date_in_words_is_refused() -> None:
    with pytest.raises(DataError, match="'day' holds 'last May'"):
        results([given(day="last May")], date="day")


def test_a_missing_result_column_is_named_with_its_nearest() -> None:
    with pytest.raises(DataError, match=r"no column 'efect' .*did you mean 'effect'"):
        results([given()], estimate="efect")

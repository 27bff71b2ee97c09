"""A second table beside aggregates: the covariance of pairs of metrics in each arm."""

from __future__ import annotations

import math
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from vitalfew.errors import DataError
from vitalfew.results.moments import moments_of
from vitalfew.warehouse.aggregates import measure_aggregates
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

ARMS = {
    "control": {"n": "n_c", "mean": "mean_c", "variance": "var_c"},
    "treatment": {"n": "n_t", "mean": "mean_t", "variance": "var_t"},
}
COVARIANCES = {"table": "c", "metrics": ["a", "b"], "arms": {"control": "cov_c", "treatment": "cov_t"}}


def row(metric: object, **cells: object) -> dict[str, Any]:
    usual = {"exp": "gate", "metric": metric, "n_c": 100, "mean_c": 2.0, "var_c": 4.0}
    return usual | {"n_t": 110, "mean_t": 2.5, "var_t": 9.0} | cells


def pair(**cells: object) -> dict[str, Any]:
    return {"exp": "gate", "a": "sales", "b": "visits", "cov_c": 1.5, "cov_t": -2.0} | cells


METRICS = [row("sales"), row("visits")]


def measured(
    pairs: list[dict[str, Any]],
    metrics: list[dict[str, Any]] | None = None,
    more: dict[str, Any] | None = None,
    as_of: date | None = None,
    **covariances: object,
) -> Measured:
    metrics = METRICS if metrics is None else metrics
    variant = {"variant": "v"} if "v" in metrics[0] else {}
    source = {"table": "t", "shape": "aggregates", "experiment": "exp", "metric": "metric", "arms": ARMS} | variant
    raw = {"sources": {"past": source | {"covariances": COVARIANCES | covariances}}} | (more or {})
    frames = {"t": pa.Table.from_pylist(metrics), "c": pa.Table.from_pylist(pairs)}
    with closing(open_engine(DataSettings(), None, frames)) as engine:
        return measure_aggregates(Definitions.model_validate(raw), "past", engine, as_of)


def covariance(found: Measured, arm: str, one: str = "sales", other: str = "visits", experiment: str = "gate") -> float:
    (said,) = (moments_of(row) for row in found.moments if (row.experiment, row.arm) == (experiment, arm))
    assert said.covariance_of(one, other) == said.covariance_of(other, one) or math.isnan(
        said.covariance_of(one, other)
    )
    return said.covariance_of(one, other)


def reasons(found: Measured) -> dict[str, str]:
    return {failed.item: failed.reason for failed in found.failed}


def test_a_covariance_becomes_the_cross_product_of_its_arm_and_the_variances_stay() -> None:
    found = measured([pair()])
    assert found.failed == ()
    assert (covariance(found, "control"), covariance(found, "treatment")) == (1.5, -2.0)
    (control, _) = (moments_of(row) for row in found.moments)
    assert control.variance_of("sales") == 4.0
    assert control.cross[0, 1] == pytest.approx(1.5 * 99)


def test_pairs_that_are_missing_or_empty_stay_unknown() -> None:
    found = measured([pair(cov_t=None)], [*METRICS, row("clicks")])
    assert found.failed == ()
    assert covariance(found, "control") == 1.5
    assert math.isnan(covariance(found, "treatment"))
    assert math.isnan(covariance(found, "control", "sales", "clicks"))


@pytest.mark.parametrize("same", [1.5, 1.5 * (1 + 1e-13), None])
def test_a_pair_may_be_given_in_both_orders_when_both_say_the_same(same: float | None) -> None:
    found = measured([pair(), pair(a="visits", b="sales", cov_c=same)])
    assert found.failed == ()
    assert covariance(found, "control") == pytest.approx(1.5, rel=1e-12)


def test_nothing_but_rounding_around_zero_is_no_contradiction() -> None:
    assert measured([pair(cov_c=1e-17), pair(a="visits", b="sales", cov_c=-1e-17)]).failed == ()


def test_contradicting_values_cost_the_pair_in_every_arm_and_name_it() -> None:
    found = measured([pair(), pair(a="visits", b="sales", cov_c=1.4)])
    assert math.isnan(covariance(found, "control"))
    assert math.isnan(covariance(found, "treatment"))
    said = "c has covariances that differ in arm 'control' (1.4 and 1.5); none is used"
    assert reasons(found) == {"past/gate/sales and visits": said}


@pytest.mark.parametrize(("cov_t", "possible"), [(9.0, True), (-9.0, True), (9.0 * (1 + 1e-8), False), (-9.1, False)])
def test_a_covariance_beyond_what_the_variances_allow_is_refused(cov_t: float, possible: bool) -> None:
    found = measured([pair(cov_t=cov_t)])
    assert math.isnan(covariance(found, "control")) is not possible
    if not possible:
        assert "with variances of 9 and 9 a covariance is at most 9" in reasons(found)["past/gate/sales and visits"]


def test_without_a_variance_nothing_can_be_held_against_the_covariance() -> None:
    found = measured([pair(cov_c=50.0)], [row("sales", var_c=None), row("visits")])
    assert found.failed == ()
    assert covariance(found, "control") == 50.0


def test_the_smaller_n_stands_for_the_units_that_have_both() -> None:
    found = measured([pair()], [row("sales"), row("visits", n_c=80)])
    control = moments_of(next(row for row in found.moments if row.arm == "control"))
    assert control.n.tolist() == [[100, 80], [80, 80]]
    assert control.cross[0, 1] == pytest.approx(1.5 * 79)


def test_the_last_snapshot_of_a_pair_counts_in_whichever_order_it_is_given() -> None:
    rows = [pair(day=1), pair(day=3, cov_c=0.5, a="visits", b="sales"), pair(day=2, cov_c=1.0)]
    found = measured(rows, time="day")
    assert found.failed == ()
    assert covariance(found, "control") == 0.5


def test_snapshots_of_a_pair_after_as_of_are_ignored_when_they_have_dates() -> None:
    rows = [pair(day=date(2026, 1, day), cov_c=float(day)) for day in (1, 2, 3)]
    assert covariance(measured(rows, as_of=date(2026, 1, 2), time="day"), "control") == 2.0


def test_the_table_may_name_experiment_and_variant_otherwise_and_holds_each_apart() -> None:
    metrics = [row(metric, v=v) for metric in ("sales", "visits") for v in (1, 2)]
    rows = [{"id": "gate", "arm": v, "a": "sales", "b": "visits", "cov_c": float(v), "cov_t": 0.0} for v in (1, 2)]
    found = measured(rows, metrics, experiment="id", variant="arm")
    assert [covariance(found, "control", experiment=f"gate/{v}") for v in (1, 2)] == [1.0, 2.0]


def test_metrics_keep_their_covariance_under_the_keys_of_the_workspace_and_ids_are_text() -> None:
    keys = {"revenue": "1", "visitors": "2", "revenue_again": "1"}
    more = {"metrics": {key: {"source": "past", "column": id_} for key, id_ in keys.items()}}
    found = measured([pair(a=1.0, b=2.0)], [row(1), row(2)], more)
    assert covariance(found, "control", "revenue", "visitors") == 1.5
    assert covariance(found, "control", "revenue_again", "visitors") == 1.5
    assert covariance(found, "control", "revenue", "revenue_again") == 4.0


def test_a_metric_with_itself_is_no_pair() -> None:
    found = measured([pair(), pair(b="sales", cov_c=99.0)])
    assert found.failed == ()
    assert covariance(found, "control", "sales", "sales") == 4.0


def test_rows_that_fit_no_aggregates_are_counted_with_an_example() -> None:
    found = measured([pair(), pair(b="vists"), pair(exp="gone"), pair(a=None)])
    assert covariance(found, "control") == 1.5
    assert [failed.reason for failed in found.failed] == [
        "rows that name no experiment or no pair of metrics: 1",
        "covariances of metrics without usable aggregates are left out: 2, such as gate/sales and vists",
    ]


def test_a_missing_column_or_text_stops_the_source() -> None:
    with pytest.raises(DataError, match=r"c has no column 'cov'.*did you mean 'cov_"):
        measured([pair()], arms={"control": "cov", "treatment": "cov_t"})
    with pytest.raises(DataError, match="'cov_c' holds '12%'"):
        measured([pair(cov_c="12%")])
    with pytest.raises(DataError, match="'day' of c holds text"):
        measured([pair(day="day 9")], time="day")

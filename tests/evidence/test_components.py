"""Component links: slopes at the present level, effects and series split into their parts, and formulas that lie."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from evidence.effect_tables import corpora_of, corpus_of
from vitalfew.evidence.components import components
from vitalfew.results.rows import SeriesRow
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
METRICS = ("revenue", "orders", "order_value")
LEVELS = {"revenue": 50.0, "orders": 2.0, "order_value": 25.0}


def defined(links: dict[str, Any] | None = None, **kinds: Any) -> Definitions:
    metric = {"source": "users", "column": "x"}
    link = {"child": "revenue", "kind": "component", "formula": "orders * order_value"}
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": dict.fromkeys((*METRICS, "fees"), metric),
            "links": links or {"sales": link},
        }
        | kinds
    )


def noise() -> np.ndarray[Any, np.dtype[np.float64]]:
    """Of an identity: the whole errs as its parts do."""
    parts = np.array([[0.0004, 0.001], [0.001, 0.01]])
    slopes = np.array([[25.0, 2.0], [1.0, 0.0], [0.0, 1.0]])
    return np.asarray(slopes @ parts @ slopes.T, dtype=np.float64)


def series(metric: str, values: list[float], until: date = TODAY) -> list[SeriesRow]:
    first = until - timedelta(days=len(values) - 1)
    return [
        SeriesRow("daily", metric, None, (first + timedelta(days=at)).isoformat(), value)
        for at, value in enumerate(values)
    ]


def test_slopes_are_derivatives_at_the_level_of_the_last_experiment() -> None:
    effects = {"x": {"revenue": 2.5, "orders": 0.1, "order_value": 0.0}}
    found = components(defined(), corpora_of(corpus_of(effects, noise(), METRICS, levels=LEVELS)), (), TODAY)
    assert [(row.link, row.parent, row.child, row.status, row.kind) for row in found.links] == [
        ("sales", "orders", "revenue", "exact", "component"),
        ("sales", "order_value", "revenue", "exact", "component"),
    ]
    assert [row.estimate for row in found.links] == pytest.approx([25.0, 2.0])
    assert [row.believed for row in found.links] == [pytest.approx((25.0, 0.0)), pytest.approx((2.0, 0.0))]
    assert found.links[0].notes == ("exact by definition, at the level of control in x",)
    assert found.links[0].method == "by definition: revenue = orders * order value"
    assert found.failed == ()


def test_an_effect_is_split_with_joint_errors() -> None:
    effects = {"x": {"revenue": 5.42, "orders": 0.1, "order_value": 0.5 + 0.02 / 2.1}}
    corpora = corpora_of(corpus_of(effects, noise(), METRICS, levels=LEVELS))
    found = components(defined(), corpora, (), TODAY)
    shares = {row.part: row.contribution for row in found.parts}
    change = 2.1 * (25.5 + 0.02 / 2.1) - 50.0
    assert shares["orders"].estimate + shares["order_value"].estimate == pytest.approx(change, rel=1e-12)
    # To first order the share of orders is 25 times their effect, whose standard error is 0.02.
    low, high = shares["orders"].low, shares["orders"].high
    assert low is not None
    assert high is not None
    assert (high - low) / 2 == pytest.approx(1.96 * 25.25 * 0.02, rel=0.05)
    assert {row.method for row in found.parts} == {"log-mean (LMDI)"}
    assert {(row.subject, row.arm, row.since) for row in found.parts} == {("x", "b", None)}


def test_without_products_between_metrics_shares_have_no_interval_and_say_so() -> None:
    effects = {"x": {"orders": 0.1, "order_value": 0.5}}
    single = noise()
    single[~np.eye(3, dtype=bool)] = np.nan
    found = components(defined(), corpora_of(corpus_of(effects, single, METRICS, levels=LEVELS)), (), TODAY)
    assert found.parts[0].contribution.low is None
    assert "no interval" in found.parts[0].method


@pytest.mark.parametrize(("revenue", "holds"), [(50.0, True), (50.04, True), (52.0, False)])
def test_a_formula_that_the_data_contradict_is_told_and_no_longer_trusted(revenue: float, holds: bool) -> None:
    effects = {"x": {"revenue": 2.5, "orders": 0.1, "order_value": 0.0}}
    levels = LEVELS | {"revenue": revenue}
    found = components(defined(), corpora_of(corpus_of(effects, noise(), METRICS, levels=levels)), (), TODAY)
    assert [row.grade for row in found.links] == (["replicated"] if holds else ["opinion"]) * 2
    assert len(found.failed) == (0 if holds else 1)
    if not holds:
        assert "in x, revenue is 52 and its formula gives 50" in found.failed[0].reason
        assert found.failed[0].remark
        assert found.links[0].believed == pytest.approx((25.0, 25.0 * 2 / 52))


def test_noise_alone_contradicts_no_formula() -> None:
    """Parts measured on other units than the whole differ from it by their noise."""
    effects = {"x": {"revenue": 2.5, "orders": 0.1, "order_value": 0.0}}
    apart = np.diag([4.0, 0.0004, 0.01])
    levels = LEVELS | {"revenue": 52.0}
    found = components(defined(), corpora_of(corpus_of(effects, apart, METRICS, levels=levels)), (), TODAY)
    assert found.failed == ()


def test_a_change_of_series_is_split_day_by_day_and_adds_up_to_the_change_of_the_mean() -> None:
    rng = np.random.default_rng(3)
    orders, value = rng.uniform(1, 3, 56), rng.uniform(20, 30, 56)
    revenue = orders * value
    rows = [*series("orders", orders.tolist()), *series("order_value", value.tolist())]
    found = components(defined(), corpora_of(corpus_of({}, noise(), METRICS)), rows, TODAY)
    assert sum(row.contribution.estimate for row in found.parts) == pytest.approx(
        revenue[28:].mean() - revenue[:28].mean(), rel=1e-12
    )
    assert {(row.subject, row.since, row.until) for row in found.parts} == {(None, "2026-05-04", "2026-06-01")}
    assert found.parts[0].before == pytest.approx(orders[:28].mean())
    assert "without an error" in found.parts[0].method
    assert found.links[0].notes == ("exact by definition, at the mean of the last 28 days",)
    assert found.links[0].estimate == pytest.approx(value[28:].mean())


def test_a_release_splits_the_series_around_its_date() -> None:
    orders, value = [2.0] * 40 + [3.0] * 40, [10.0] * 80
    rows = [*series("orders", orders), *series("order_value", value)]
    day = TODAY - timedelta(days=39)
    found = components(
        defined(releases={"big": {"date": day}}), corpora_of(corpus_of({}, noise(), METRICS)), rows, TODAY
    )
    around = [row for row in found.parts if row.since == (day - timedelta(days=1)).isoformat()]
    assert [row.contribution.estimate for row in around] == pytest.approx([10.0, 0.0])


def test_a_sum_needs_no_level_and_a_product_without_one_says_so() -> None:
    parts = {"one": {"child": "revenue", "parent": "orders", "kind": "component"}}
    parts["two"] = {"child": "revenue", "parent": "fees", "kind": "component"}
    nothing = corpora_of(corpus_of({}, noise(), METRICS))
    total = components(defined(parts), nothing, (), TODAY)
    assert {row.link: row.estimate for row in total.links} == pytest.approx({"one": 1.0, "two": 1.0})
    (first, _) = components(defined(), nothing, (), TODAY).links
    assert first.estimate is None
    assert first.believed is None
    assert "not measured" in first.notes[0]


def test_a_part_of_zero_below_the_line_fails_by_itself() -> None:
    link = {"rate": {"child": "fees", "kind": "component", "formula": "revenue / orders"}}
    effects = {"x": {"revenue": 1.0, "orders": 0.5}, "y": {"revenue": 1.0, "orders": 0.5}}
    corpus = corpus_of(effects, noise(), METRICS, levels={"revenue": 5.0, "orders": 0.0})
    found = components(defined(link), corpora_of(corpus), (), TODAY)
    assert found.parts == ()
    assert [row.item for row in found.failed] == ["fees in x", "fees in y"]
    assert found.links[0].estimate is None

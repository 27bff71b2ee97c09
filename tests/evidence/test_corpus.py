from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vitalfew.evidence import effects
from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.comparisons import Item, comparisons
from vitalfew.evidence.corpus import EffectCorpus, corpora, corpus
from vitalfew.evidence.corpus_forms import forms
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import EffectRow, HealthRow, Tables
from vitalfew.stats import Moments
from vitalfew.warehouse.aggregates import measure_aggregates
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vitalfew.results.rows import MomentsRow

    Floats = NDArray[np.floating[Any]]

METRICS = ("orders", "visits", "rate", "cost")


def workspace(**experiments: Mapping[str, Any]) -> Definitions:
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {
                "orders": {"source": "users"},
                "visits": {"source": "users"},
                "rate": {"kind": "ratio", "numerator": {"source": "users"}, "denominator": {"source": "users"}},
                "cost": {"source": "users", "direction": "down"},
                "slow": {"source": "users", "column": "ms", "kind": "quantile", "quantile": 0.9},
            },
            "segments": {"young": {}, "old": {}},
            "experiments": {key: {"source": "users", "variant": "arm", **each} for key, each in experiments.items()},
        }
    )


def people(rng: np.random.Generator, n: int, lift: float = 0.0, **more: Floats) -> dict[str, Floats]:
    """Columns of one arm, all of which hang together."""
    keen = rng.normal(0, 1, n)
    visits = rng.poisson(np.exp(0.3 * keen + 1)) + 1.0
    orders = keen + rng.normal(0, 1, n) + lift
    return {
        "orders": orders,
        "visits": visits,
        "cost": 0.5 * orders + rng.normal(0, 1, n),
        "rate": visits * (0.3 + 0.05 * keen) + rng.normal(0, 0.2, n),
        "rate/denominator": visits,
        **more,
    }


def before(rng: np.random.Generator, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    n = len(columns["orders"])
    return {
        "orders/before": 0.7 * columns["orders"] + rng.normal(0, 1, n),
        "rate/before": 0.5 * columns["rate"] + rng.normal(0, 0.5, n),
        "rate/denominator/before": 0.5 * columns["rate/denominator"] + rng.normal(0, 0.5, n),
    }


def row(experiment: str, arm: str, columns: Mapping[str, Floats], **more: Any) -> MomentsRow:
    return moments_row(
        "users",
        experiment,
        arm,
        more.pop("segment", None),
        Moments.of(dict(columns), dict.fromkeys(columns, 0.0)),
        **more,
    )


def built(definitions: Definitions, rows: Sequence[MomentsRow], health: Iterable[HealthRow] = ()) -> EffectCorpus:
    tests = tuple(health)
    found, _ = effects(definitions, rows, (), tests)
    return corpus(definitions, rows, found, tests)


def reference(rows: Sequence[Mapping[str, Floats]], influence: Any) -> Floats:
    """Covariance of effects from the units themselves."""
    return np.asarray(sum(np.cov(np.stack(influence(arm)), ddof=1) / len(arm["orders"]) for arm in rows))


def plain(arm: Mapping[str, Floats]) -> list[Floats]:
    y, x = arm["rate"], arm["rate/denominator"]
    return [arm["orders"], arm["visits"], (y - y.mean() / x.mean() * x) / x.mean(), arm["cost"]]


def test_noise_is_the_covariance_of_the_units_own_contributions_with_ratios_linearised() -> None:
    rng = np.random.default_rng(1)
    arms = [people(rng, 4_000), people(rng, 6_000, 0.1)]
    found = built(workspace(a={}), [row("a", "control", arms[0]), row("a", "new", arms[1])])
    assert found.metrics == METRICS
    assert (found.experiments, found.arms, found.controls, found.only_single) == (("a",), ("new",), ("control",), ())
    np.testing.assert_allclose(found.noise[0], reference(arms, plain), rtol=1e-9)
    np.testing.assert_allclose(found.weights, [2_400.0])
    np.testing.assert_allclose(found.users_per_arm, [5_000.0])
    np.testing.assert_allclose(
        found.scale[0],
        np.sqrt((4_000 * arms[0]["orders"].var(ddof=1) + 6_000 * arms[1]["orders"].var(ddof=1)) / 10_000),
    )
    np.testing.assert_allclose(found.within, found.noise[0] * 2_400, rtol=1e-9)


def _linear(definitions: Definitions, rows: Sequence[MomentsRow]) -> dict[tuple[str, str], float]:
    items = [
        item
        for experiment, measured in by_experiment(rows).items()
        for item in comparisons(definitions, experiment, measured)
        if isinstance(item, Item) and item.segment is None
    ]
    return {(item.arm, form.metric): form.estimate for item, form in zip(items, forms(items), strict=True)}


@pytest.mark.parametrize("case", ["plain", "one covariate", "several covariates", "phases", "strata"])
def test_the_weighted_sum_of_columns_is_the_effect_itself(case: str) -> None:
    rng = np.random.default_rng(2)
    rows, segments = [], {"segments": (), "strata": ("young", "old")} if case == "strata" else {}
    for phase in range(2 if case == "phases" else 1):
        for arm, lift in (("control", 0.0), ("new", 0.1), ("newer", 0.2)):
            n = 900 + 400 * phase * (arm == "new")
            columns = people(rng, n, lift)
            known = before(rng, columns)
            columns |= {} if case in ("plain", "phases", "strata") else known
            if case == "one covariate":
                del columns["rate/denominator/before"]
            rows.append(row("a", arm, columns, phase=phase))
            if case == "strata":
                young = columns["orders"] > 0.2
                rows += [
                    row("a", arm, {name: values[where] for name, values in columns.items()}, segment=segment)
                    for segment, where in (("young", young), ("old", ~young))
                ]
    definitions = workspace(a=segments)
    estimates = _linear(definitions, rows)
    found, _ = effects(definitions, rows, ())
    told = {(each.arm, each.metric): each.estimate for each in found if each.segment is None}
    assert estimates.keys() == told.keys()
    assert len(estimates) == 8
    for place, estimate in told.items():
        assert estimates[place] == pytest.approx(estimate, rel=1e-9, abs=1e-12)


def test_noise_of_adjusted_effects_is_what_adjustment_leaves() -> None:
    rng = np.random.default_rng(3)
    arms = [people(rng, 20_000) for _ in range(2)]
    arms = [arm | {"orders/before": before(rng, arm)["orders/before"]} for arm in arms]
    definitions = workspace(a={})
    found = built(definitions, [row("a", "control", arms[0]), row("a", "new", arms[1])])
    slope = sum(np.cov(arm["orders"], arm["orders/before"])[0, 1] for arm in arms) / sum(
        arm["orders/before"].var(ddof=1) for arm in arms
    )

    def left(arm: Mapping[str, Floats]) -> list[Floats]:
        return [arm["orders"] - slope * arm["orders/before"], *plain(arm)[1:]]

    expected = reference(arms, left)
    np.testing.assert_allclose(
        found.noise[0], expected, rtol=1e-3, atol=1e-3 * np.sqrt(np.outer(np.diag(expected), np.diag(expected))).max()
    )
    assert found.noise[0, 0, 3] < 0.8 * reference(arms, plain)[0, 3]
    np.testing.assert_allclose(np.sqrt(found.noise[0, 0, 0]), float(found.rows[0]["orders"].se or 0), rtol=1e-12)


def test_noise_of_clusters_is_that_of_clusters() -> None:
    rng = np.random.default_rng(4)
    rows = []
    for arm in ("control", "new"):
        size = rng.integers(5, 40, 300).astype(float)
        shop = rng.normal(0, 1, 300)
        columns = {
            "orders": size * shop + rng.normal(0, 1, 300) * np.sqrt(size),
            "orders/denominator": size,
            "visits": size * (2 + 0.8 * shop) + rng.normal(0, 1, 300) * np.sqrt(size),
            "visits/denominator": size,
        }
        rows.append(row("shops", arm, columns))
        rows.append(row("plain", arm, people(rng, 5_000)))
    definitions = workspace(shops={"cluster": "shop", "variant": "dealt"}, plain={})
    found = built(definitions, rows)
    at = found.experiments.index("shops")
    joint = found.noise[at][np.ix_([0, 1], [0, 1])]
    assert joint[0, 1] / np.sqrt(joint[0, 0] * joint[1, 1]) > 0.9
    for place, metric in enumerate(("orders", "visits")):
        assert np.sqrt(joint[place, place]) == pytest.approx(found.rows[at][metric].se)
    # 300 shops of about 22 users that are alike tell about as much as several hundred users, and weigh as much.
    assert 60 < found.weights[at] < 800
    assert found.scale[0] == pytest.approx(np.sqrt(found.noise[1 - at, 0, 0] * 2_500), rel=0.01)


def test_several_arms_share_a_control_and_the_same_data_count_once() -> None:
    rng = np.random.default_rng(5)
    arms = {arm: people(rng, 500) for arm in ("control", "new", "newer")}
    rows = [row(key, arm, columns) for key in ("a", "again", "b") for arm, columns in arms.items()]
    definitions = workspace(a={}, again={}, b={"variant": "other_arm"})
    found = built(definitions, rows)
    assert found.experiments == ("a", "a", "b", "b")
    assert found.clusters == (0, 0, 1, 1)
    assert [key for key, _ in found.refused] == ["again"]
    assert "same data as a" in found.refused[0][1]


def test_what_failed_a_trust_test_is_left_out_and_named() -> None:
    rng = np.random.default_rng(6)
    rows = [row(key, arm, people(rng, 500)) for key in ("a", "b", "c") for arm in ("control", "new")]
    health = (
        HealthRow("a", "sample_ratio", 1e-9, "failed", "arms differ in size"),
        HealthRow("b", "pre_period/orders", 1e-9, "failed", "arms differed before"),
        HealthRow("c", "sample_ratio", 0.01, "warning", "arms may differ in size"),
    )
    found = built(workspace(a={}, b={"variant": "b"}, c={"variant": "c"}), rows, health)
    assert found.experiments == ("b", "c")
    assert found.refused == (("a", "failed a trust test (sample ratio)"),)
    assert np.isnan(found.effects[0, 0])
    assert np.isfinite(found.effects[0, 1:]).all()
    assert any("orders" in note and "pre period" in note for note in found.notes)


def test_metrics_may_be_missing_and_a_source_without_products_is_good_for_single_metrics_only() -> None:
    rng = np.random.default_rng(7)
    rows = [
        row("a", arm, {name: each for name, each in people(rng, 500).items() if name != "visits"})
        for arm in ("control", "new")
    ]
    for arm in ("control", "new"):
        columns = people(rng, 500)
        rows += [row("b", arm, {name: columns[name]}) for name in ("orders", "visits")]
    found = built(workspace(a={}, b={"variant": "b"}), rows)
    assert np.isnan(found.effects[0, 1])
    assert np.isnan(found.noise[0, 1]).all()
    assert found.only_single == ("b",)
    assert np.isfinite(found.noise[1, 0, 0])
    assert np.isnan(found.noise[1, 0, 1])
    assert found.joint().experiments == ("a",)
    assert found.only(np.array([True, True]), ["visits"]).experiments == ("b",)


def test_where_some_products_are_known_the_metrics_that_lack_them_are_left_out() -> None:
    rng = np.random.default_rng(8)
    rows = []
    for arm in ("control", "new"):
        one = row("a", arm, {name: each for name, each in people(rng, 500).items() if "rate" not in name})
        cross = np.array(one.cross).reshape(3, 3)
        cross[0, 2] = cross[2, 0] = cross[1, 2] = cross[2, 1] = np.nan
        rows.append(replace(one, cross=tuple(cross.ravel().tolist())))
    found = built(workspace(a={}), rows)
    assert found.only_single == ()
    assert np.isfinite(found.effects[0]).tolist() == [True, True, False]
    assert np.isfinite(found.noise[0][:2, :2]).all()
    assert "some metrics only" in found.notes[0]


def test_results_of_others_and_releases_are_kept_apart_and_say_nothing_about_links() -> None:
    def told(experiment: str, metric: str) -> EffectRow:
        return EffectRow(
            experiment, metric, 1, None, "after", "before", 0.5, 0.1, (), 0.0, None, {}, {}, "", "fixed", "dated"
        )

    tables = Tables(
        effects=(told("a", "orders"), told("a", "visits")), release_effects=(told("r", "orders"), told("r", "cost"))
    )
    both = corpora(workspace(), tables)
    assert (both.randomised.experiments, both.randomised.only_single) == (("a",), ("a",))
    assert (both.releases.kind, both.releases.experiments) == ("releases", ("r",))
    np.testing.assert_allclose(np.diag(both.releases.noise[0]), 0.01)
    assert np.isnan(both.releases.noise[0, 0, 1])
    assert np.isnan(both.randomised.weights).all()


def test_a_holdout_is_no_further_experiment_and_quantiles_have_no_products() -> None:
    rng = np.random.default_rng(9)
    rows = [row(key, arm, people(rng, 500)) for key in ("a", "held") for arm in ("control", "new")]
    definitions = workspace(a={}, held={"design": "holdout", "holds_out": ("a",), "variant": "held"})
    slow = EffectRow("a", "slow", 1, None, "new", "control", 5.0, 1.0, (), 0.0, None, {}, {}, "", "fixed", "tested")
    found, _ = effects(definitions, rows, ())
    both = corpus(definitions, rows, (*found, slow), ())
    assert both.experiments == ("a",)
    assert "holdout" in both.refused[0][1]
    assert "slow" not in both.metrics
    assert "slow" in both.notes[0]


def test_nothing_measured_is_an_empty_corpus() -> None:
    found = corpus(workspace(), (), (), ())
    assert (len(found), found.metrics, found.effects.shape) == (0, (), (0, 0))
    assert len(found.joint()) == 0


def test_asos_is_good_for_single_metrics_and_for_no_link(data_dir: Path) -> None:
    arms = {
        name: {"n": f"count_{at}", "mean": f"mean_{at}", "variance": f"variance_{at}"}
        for name, at in (("control", "c"), ("treatment", "t"))
    }
    source = {
        "table": "asos_digital_experiments_dataset.parquet",
        "shape": "aggregates",
        "experiment": "experiment_id",
        "variant": "variant_id",
        "metric": "metric_id",
        "time": "time_since_start",
        "arms": arms,
    }
    definitions = Definitions.model_validate({"sources": {"asos": source}})
    with closing(open_engine(DataSettings(path="asos_experiments"), data_dir)) as engine:
        measured = measure_aggregates(definitions, "asos", engine)
    found = built(definitions, measured.moments)
    assert len(found) == 99
    assert len(set(found.clusters)) == 78
    assert set(found.only_single) == set(found.experiments)
    assert found.scale[0] == pytest.approx(np.sqrt(0.2), rel=0.5)

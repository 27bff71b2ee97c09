from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vitalfew as vf
from command_line import typed
from vitalfew.errors import UsageError
from vitalfew.judgement.recording import forecast, lock

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed
    from vitalfew.pipeline.planning import TestPlan
    from vitalfew.workspace.workspace import Workspace

__all__ = ["typed"]

DAYS, UNITS = 84, 3_000
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
YAML = """
sources:
  events: {table: events.parquet, unit: user, time: at, event: event}
  users: {table: users.parquet, unit: user, time: since}
  exposed: {table: exposures.parquet, unit: user, time: at, experiment: exp, variant: arm}
metrics:
  paid: {source: users, kind: proportion, column: paid, title: Paid}
  minutes: {source: users, column: minutes, covariates: [before], title: Minutes, unit: min}
  orders: {source: events, events: [order], window: {length: 7}, kind: count, title: Orders}
  ordered: {source: events, events: [order], window: {length: 7}, kind: proportion, title: Ordered}
  per_visit: {source: events, kind: ratio, events: [order], window: {length: 7}, title: Orders per visit,
              denominator: {source: events, events: [visit]}}
  constant: {source: users, column: one, title: Constant}
  absent: {source: users, column: nowhere, title: Absent}
guardrails:
  ordered: {margin: 0.02}
initiatives: {page: {title: New page, started: 2026-09-01}}
hypotheses: {more: {initiative: page, metric: orders}}
experiments:
  page: {title: New page, initiative: page, source: exposed, metrics: [orders, ordered, per_visit]}
  form: {source: users, variant: arm, metrics: [paid, minutes], plan: {primary: [minutes], smallest_effect: 0.02}}
  shops: {source: users, variant: arm, metrics: [minutes], cluster: shop}
  broken: {source: users, variant: arm, metrics: [constant, absent]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("acme")
    (root / "w.yaml").write_text(YAML)
    draw = np.random.default_rng(7)
    before, shop = draw.normal(30, 6, UNITS), np.arange(UNITS) // 10
    minutes = before + draw.normal(0, 4, UNITS) + draw.normal(0, 3, UNITS // 10)[shop]
    since = START.timestamp() + 86_400 * (np.arange(UNITS) % DAYS)
    pq.write_table(
        pa.table(
            {
                "user": np.arange(UNITS),
                "paid": draw.random(UNITS) < 0.2,
                "minutes": minutes,
                "before": before,
                "shop": shop,
                "one": np.ones(UNITS),
                "since": pa.array((since * 1e6).astype("int64"), pa.timestamp("us")),
            }
        ),
        root / "users.parquet",
    )
    pq.write_table(events(draw), root / "events.parquet")
    return root


def events(draw: np.random.Generator) -> pa.Table:
    """Everybody comes on a day with a chance of their own, less at weekends, and orders one time in five."""
    often = draw.beta(1, 6, UNITS)
    users, times, names = [], [], []
    for day in range(DAYS):
        here = np.flatnonzero(draw.random(UNITS) < often * (0.4 if day % 7 > 4 else 1.0))
        for name, who in (("visit", here), ("order", here[draw.random(len(here)) < 0.2])):
            users.append(who)
            times.append(START.timestamp() + 86_400 * (day + draw.random(len(who))))
            names.append(np.full(len(who), name))
    moments = (np.concatenate(times) * 1e6).astype("int64")
    return pa.table(
        {"user": np.concatenate(users), "at": pa.array(moments, pa.timestamp("us")), "event": np.concatenate(names)}
    )


def test_units_are_taken_as_they_are_and_arrive_as_they_did(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "form").plan
    paid = next(one for one in found.metrics if one.metric == "paid")
    table = pq.read_table(folder / "users.parquet")
    share = np.asarray(table["paid"]).mean()
    assert paid.baseline.mean == pytest.approx(share)
    assert paid.baseline.sd == pytest.approx(np.sqrt(share * (1 - share)), rel=1e-3)
    assert found.weekly == pytest.approx((UNITS / 12,))
    assert found.traffic == "new units of 'users' in the 12 weeks to 2026-03-29"
    assert found.arms == {"control": 0.5, "treatment": 0.5}


def test_events_are_followed_as_an_experiment_would_have(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "page")
    orders = found.metrics["orders"]
    assert orders.baseline.basis.startswith("everybody seen in 'events' from 2026-02-23 to 2026-03-22, each followed")
    assert orders.baseline.mean == pytest.approx(by_hand(folder).mean(), rel=1e-9)
    assert orders.baseline.sd == pytest.approx(by_hand(folder).std(ddof=1), rel=1e-9)
    assert orders.follow_up == 7
    assert orders.modes["fixed"].detectable[0] is None


def by_hand(folder: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Orders in the seven days after everybody's first event in four weeks, by loops."""
    table = pq.read_table(folder / "events.parquet")
    rows = zip(table["user"].to_pylist(), table["at"].to_pylist(), table["event"].to_pylist(), strict=True)
    by_user: dict[int, list[tuple[float, str]]] = {}
    for user, at, event in rows:
        by_user.setdefault(user, []).append((at.replace(tzinfo=UTC).timestamp() - START.timestamp(), event))
    first_day, last_day = (DAYS - 35) * 86_400, (DAYS - 7) * 86_400
    counts = []
    for happened in by_user.values():
        seen = [at for at, _ in happened if first_day <= at < last_day]
        if seen:
            counts.append(sum(min(seen) <= at < min(seen) + 7 * 86_400 and name == "order" for at, name in happened))
    return np.array(counts, dtype=np.float64)


def test_returning_units_come_but_once_so_later_weeks_bring_fewer(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "page").plan
    users = pq.read_table(folder / "events.parquet")["user"]
    assert len(found.weekly) == 12
    assert sum(found.weekly) == len(set(users.to_pylist()))
    assert found.weekly[0] > 3 * found.weekly[5]
    assert any("run whole weeks" in caution for caution in found.cautions)
    assert any("more weeks add ever fewer" in caution for caution in found.cautions)


def test_an_experiment_that_has_run_tells_the_baseline(folder: Path, tmp_path: Path) -> None:
    for name in ("users.parquet", "events.parquet"):
        (tmp_path / name).symlink_to(folder / name)
    old = "\n  old: {source: exposed, id: old, metrics: [orders]}\n"
    (tmp_path / "w.yaml").write_text(YAML + old)
    users = list(range(0, UNITS, 2))
    moments = [START.replace(month=3, day=1)] * len(users)
    arms = ["control" if user % 4 else "new" for user in users]
    exposures = {"user": users, "at": moments, "exp": ["old"] * len(users), "arm": arms}
    pq.write_table(pa.table(exposures), tmp_path / "exposures.parquet")
    orders = vf.plan(vf.load(tmp_path), "page").metrics["orders"].baseline
    assert orders.basis == "the control arm of 'old'"
    assert orders.units == len(users) // 2


def test_arms_are_called_as_in_the_data_of_the_experiment(folder: Path, tmp_path: Path) -> None:
    table = pq.read_table(folder / "users.parquet")
    (tmp_path / "w.yaml").write_text(YAML)

    def planned(arms: list[str]) -> TestPlan:
        dealt = table.append_column("arm", pa.array([arms[at % len(arms)] for at in range(UNITS)]))
        pq.write_table(dealt, tmp_path / "users.parquet")
        return vf.plan(vf.load(tmp_path), "form")

    two, three = planned(["control", "short"]), planned(["short", "control", "long"])
    assert two.plan.arms == {"control": 0.5, "short": 0.5}
    assert "form: control 50 %, short 50 %;" in str(two)
    assert "No split is given: two arms of equal size are taken." in two.plan.cautions
    assert three.plan.arms == pytest.approx({"control": 1 / 3, "long": 1 / 3, "short": 1 / 3})
    assert next(iter(three.plan.arms)) == "control"
    assert "No split is given: 3 arms of equal size are taken." in three.plan.cautions


def test_a_metric_without_data_says_what_to_do_and_the_others_go_on(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "broken")
    told = {one.metric: (one.reason, one.do) for one in found.plan.unknown}
    assert told["constant"][0] == "every unit has the same value, so no change could ever be found"
    assert "has no column 'nowhere'" in told["absent"][0]
    assert "users.parquet" in told["absent"][1]
    assert "Constant: cannot be planned" in str(found)


def test_the_units_that_the_plan_names_are_told_in_weeks(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "users.parquet").symlink_to(folder / "users.parquet")
    (tmp_path / "w.yaml").write_text(YAML.replace("smallest_effect: 0.02", "smallest_effect: 0.02, units: 2000"))
    assert "The plan names 2,000 units: they come within 8 weeks." in vf.plan(vf.load(tmp_path), "form").plan.cautions


def test_a_locked_promise_is_the_target_and_an_open_forecast_stays_hidden(folder: Path, tmp_path: Path) -> None:
    for name in ("users.parquet", "events.parquet"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "w.yaml").write_text(YAML)
    numbers = {"p10": 0.01, "p50": 0.05, "p90": 0.1, "p_zero": 0.3}
    forecast(vf.load(tmp_path), "more", "ada", numbers)
    assert vf.plan(vf.load(tmp_path), "page").metrics["orders"].target is None
    lock(vf.load(tmp_path), "more", "ada")
    orders = vf.plan(vf.load(tmp_path), "page").metrics["orders"]
    assert orders.target == pytest.approx(0.05, rel=0.02)
    assert orders.target_from == "what is promised"
    assert 0 < (orders.modes["fixed"].assurance or 0) < 0.7


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"power": 1.5}, "power is 1.5"),
        ({"weeks": 13}, "1 to 12"),
        ({"smallest_effect": 0.0}, "a number above 0"),
        ({"mode": "sequential"}, "always_valid"),
        ({"weks": 3}, "did you mean 'weeks'"),
    ],
)
def test_impossible_wishes_are_refused(folder: Path, wishes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        vf.plan(vf.load(folder), "form", **wishes)  # type: ignore[arg-type]  # wrong on purpose


def test_the_plan_in_a_notebook_shows_sentences_a_table_and_curves(folder: Path) -> None:
    html = vf.plan(vf.load(folder), "form")._repr_html_()
    assert html.count("<svg") == 1
    assert "<table>" in html
    assert "Minutes" in html


def test_the_plan_on_the_command_line(folder: Path, typed: Typed) -> None:
    said = typed("plan", folder, "form", "--weeks", "6")
    assert said.code == 0
    assert "Traffic: 250 new units a week" in said.out
    assert "the smallest effect worth finding, takes" in said.out
    for mode in ("always valid", "group sequential", "fixed", "Bayesian"):
        assert mode in said.out
    found = typed("plan", folder, "form", "--mde", "0.1", "--units-per-week", "5000", "--json").json
    minutes = next(one for one in found["metrics"] if one["metric"] == "minutes")
    assert minutes["target"] == pytest.approx(0.1 * minutes["baseline"]["mean"])
    assert found["weekly"] == [5000.0]
    assert json.dumps(found)
    assert "did you mean 'form'" in typed("plan", folder, "from").err


def test_clusters_raise_the_units_needed(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "shops").metrics["minutes"].baseline
    assert found.cluster_size == pytest.approx(10)
    assert found.design_effect > 1.3


def test_columns_known_before_the_start_save_units(folder: Path) -> None:
    found = vf.plan(vf.load(folder), "form").metrics["minutes"].baseline
    table = pq.read_table(folder / "users.parquet")
    correlation = np.corrcoef(np.asarray(table["minutes"]), np.asarray(table["before"]))[0, 1]
    assert found.reduction == pytest.approx(correlation**2, rel=1e-6)


def _with_a_past(folder: Path, root: Path, experiments: int) -> Workspace:
    """The workspace, and past experiments on minutes whose true effects scatter by 2 % of the level."""
    (root / "users.parquet").symlink_to(folder / "users.parquet")
    draw = np.random.default_rng(3)
    gains = draw.normal(0, 0.02, experiments)
    rows = "".join(
        f"e{at},minutes,4000,{30.0},52,4000,{30 * (1 + gain) + draw.normal(0, 0.15)},52\n"
        for at, gain in enumerate(gains.tolist())
    )
    (root / "past.csv").write_text("exp,metric,nc,mc,vc,nt,mt,vt\n" + rows)
    past = """
  past: {shape: aggregates, table: past.csv, experiment: exp, metric: metric,
         arms: {control: {n: nc, mean: mc, variance: vc}, treatment: {n: nt, mean: mt, variance: vt}}}
metrics:"""
    (root / "w.yaml").write_text(YAML.replace("\nmetrics:", past, 1))
    return vf.load(root)


def test_mode_bayesian_is_planned_with_what_past_effects_show(folder: Path, tmp_path: Path) -> None:
    found = vf.plan(_with_a_past(folder, tmp_path, 40), "form")
    weak = vf.plan(vf.load(folder), "form")
    (told,) = (caution for caution in found.plan.cautions if "Bayesian" in caution)
    assert told.startswith("Minutes: mode Bayesian believes what 40 past effects show")
    assert not any("Bayesian" in caution for caution in weak.plan.cautions)
    one, other = (plan.metrics["minutes"].modes for plan in (found, weak))
    assert one["fixed"].units == other["fixed"].units
    assert one["bayesian"].units is not None
    assert other["bayesian"].units is not None
    # Who has seen that effects are small asks for more before believing in a large one.
    assert one["bayesian"].units > 1.02 * other["bayesian"].units


def test_few_past_effects_leave_the_prior_weak(folder: Path, tmp_path: Path) -> None:
    found = vf.plan(_with_a_past(folder, tmp_path, 8), "form")
    weak = vf.plan(vf.load(folder), "form")
    assert found.metrics["minutes"].modes == weak.metrics["minutes"].modes


def test_a_hypothesis_about_a_segment_is_planned_with_its_units_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "users.parquet").symlink_to(folder / "users.parquet")
    bets = """
segments: {busy: {title: the busy, source: users, filter: before > 33}}
initiatives: {faster: {title: Faster}}
hypotheses: {saves: {initiative: faster, metric: minutes, segment: busy}}
"""
    yaml = YAML[: YAML.index("initiatives:")] + YAML[YAML.index("experiments:") :].replace(
        "form: {source", "form: {initiative: faster, source"
    ).replace("initiative: page, ", "")
    (tmp_path / "w.yaml").write_text(yaml + bets)
    users = pq.read_table(folder / "users.parquet")
    busy = np.asarray(users["before"]) > 33
    found = vf.plan(vf.load(tmp_path), "form")
    assert found.metrics["minutes"].baseline.mean == pytest.approx(np.asarray(users["minutes"])[busy].mean())
    assert found.plan.weekly[0] == pytest.approx(busy.sum() / 12, rel=0.01)
    assert f"{100 * busy.mean():.1f} % of them are the busy" in found.plan.traffic
    assert "The hypothesis is about the busy: levels, spread and traffic are of them alone." in found.plan.cautions
    everybody = vf.plan(vf.load(folder), "form")
    assert everybody.plan.weekly == pytest.approx((UNITS / 12,))
    assert vf.plan(vf.load(tmp_path), "form", units_per_week=500).plan.weekly == (500.0,)

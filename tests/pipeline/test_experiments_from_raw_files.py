"""Experiments from files as users have them, through load and run: what the results say of them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

import vitalfew as vf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from vitalfew.pipeline.results import Results
    from vitalfew.results.rows import EffectRow

SOURCES: dict[str, Any] = {
    "shown": {"table": "shown.csv", "unit": "user", "experiment": "exp", "variant": "arm", "time": "at"},
    "log": {"table": "log.csv", "unit": "user", "time": "at", "event": "event"},
}


def _write(folder: Path, tables: Mapping[str, Sequence[Sequence[object]]], definitions: Mapping[str, Any]) -> Path:
    for name, rows in tables.items():
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "w.yaml").write_text(yaml.safe_dump(dict(definitions)))
    return folder


def _run(folder: Path) -> Results:
    return vf.run(vf.load(folder))


def _effects(results: Results) -> dict[str, EffectRow]:
    return {row.metric: row for row in results.tables.effects if row.segment is None}


def _reasons(results: Results) -> dict[str, str]:
    return {row.item: row.reason for row in results.tables.failed}


def _shown(units: int) -> list[list[object]]:
    rows: list[list[object]] = [["user", "exp", "arm", "at"]]
    return rows + [[f"u{at}", "e", "ab"[at % 2], "2026-03-02 09:00:00"] for at in range(units)]


def test_cells_that_are_no_number_are_not_counted_as_values(tmp_path: Path) -> None:
    log: list[list[object]] = [["user", "event", "at", "amount", "place"]]
    for at in range(40):
        cells: list[object] = [1.5, "NaN", "inf", "", 2.5 + at % 3, 1.5, *([9.5] if at % 4 < 2 else [])]
        log += [[f"u{at}", "paid", "2026-03-03", cell, "x"] for cell in cells]
    metrics = {
        "payments": {"source": "log", "column": "amount", "aggregation": "count"},
        "amounts": {"source": "log", "column": "amount", "aggregation": "count_distinct"},
        "places": {"source": "log", "column": "place", "aggregation": "count"},
    }
    experiment = {"source": "shown", "control": "a", "metrics": list(metrics)}
    definitions = {"sources": SOURCES, "metrics": metrics, "experiments": {"e": experiment}}
    effects = _effects(_run(_write(tmp_path, {"shown.csv": _shown(40), "log.csv": log}, definitions)))
    found = {key: effect.mean["a"] for key, effect in effects.items()}
    assert found == {"payments": 3.5, "amounts": 2.5, "places": 6.5}


def _pupils(classes: int) -> list[list[object]]:
    """Classes of 3 to 60 pupils who are much alike; every class has pupils of both sorts."""
    drawn = np.random.default_rng(classes)
    rows: list[list[object]] = [["pupil", "class", "arm", "mark", "sort"]]
    for at in range(classes):
        marks = drawn.normal(drawn.normal(5, 1), 0.5, drawn.choice([3, 10, 25, 60]))
        rows += [[f"{at}-{one}", f"c{at}", "ab"[at % 2], mark, "pq"[one % 2]] for one, mark in enumerate(marks)]
    return rows


def _school(**experiment: Any) -> dict[str, Any]:
    return {
        "sources": {"pupils": {"table": "pupils.csv", "unit": "pupil"}},
        "metrics": {
            "mark": {"source": "pupils", "column": "mark"},
            "median": {"source": "pupils", "column": "mark", "kind": "quantile", "quantile": 0.5},
        },
        "segments": {key: {"source": "pupils", "filter": f"sort == '{key}'"} for key in "pq"},
        "experiments": {
            "e": {"source": "pupils", "variant": "arm", "control": "a", "cluster": "class", **experiment},
        },
    }


def test_a_median_of_clusters_is_as_uncertain_as_their_mean(tmp_path: Path) -> None:
    results = _run(_write(tmp_path, {"pupils.csv": _pupils(120)}, _school(segments=[])))
    effects = _effects(results)
    assert effects["median"].se == pytest.approx(effects["mark"].se, rel=0.6)
    pupils = sum(effects["median"].n.values())
    # As if every pupil had been dealt apart: a fifth of that.
    assert effects["median"].se > 3 * 1.25 * 0.5 * (4 / pupils) ** 0.5


def test_segments_and_strata_that_lie_across_clusters_are_not_taken_for_samples_of_their_own(tmp_path: Path) -> None:
    results = _run(_write(tmp_path, {"pupils.csv": _pupils(40)}, _school(metrics=["mark"], strata=["p", "q"])))
    assert results.tables.heterogeneity == ()
    assert "lie across the clusters" in _reasons(results)["e"]
    assert "averaged over strata" not in _effects(results)["mark"].method


def test_too_few_clusters_are_counted_as_clusters(tmp_path: Path) -> None:
    results = _run(_write(tmp_path, {"pupils.csv": _pupils(3)}, _school(segments=[])))
    assert "2 clusters in control and 1 in treatment" in _reasons(results)["e/mark/b"]


def test_strata_that_overlap_are_said_to_be_left_out(tmp_path: Path) -> None:
    definitions = _school(metrics=["mark"], strata=["p", "all"], cluster=None)
    definitions["segments"]["all"] = {"source": "pupils", "filter": "mark > -100"}
    reasons = _reasons(_run(_write(tmp_path, {"pupils.csv": _pupils(40)}, definitions)))
    assert "they overlap" in reasons["e"]


def test_times_to_an_event_of_clusters_are_refused_in_words(tmp_path: Path) -> None:
    shown = [row if at == 0 else [*row, f"c{at % 24 // 2}"] for at, row in enumerate(_shown(200))]
    shown[0] = [*shown[0], "class"]
    log = [["user", "event", "at"], *([f"u{at}", "paid", "2026-03-04"] for at in range(0, 200, 3))]
    definitions = {
        "sources": SOURCES,
        "metrics": {"first": {"kind": "time_to_event", "source": "log", "events": ["paid"]}},
        "experiments": {"e": {"source": "shown", "control": "a", "cluster": "class", "metrics": ["first"]}},
    }
    results = _run(_write(tmp_path, {"shown.csv": shown, "log.csv": log}, definitions))
    assert results.tables.effects == ()
    assert "whole clusters were dealt" in _reasons(results)["e/first"]


def _two_mixes() -> list[list[object]]:
    """Better in both sorts of users, and worse in all of them, as the arms hold different mixes."""
    drawn = np.random.default_rng(1)
    rows: list[list[object]] = [["user", "arm", "spend", "sort"]]
    for at in range(2000):
        sort = "pq"[at % 2]
        treated = drawn.random() < (0.8 if sort == "p" else 0.2)
        rows.append([f"u{at}", "ab"[treated], drawn.normal(5 + 3 * (sort == "q") + 0.4 * treated, 1), sort])
    return rows


def _mixed(**experiment: Any) -> dict[str, Any]:
    return {
        "sources": {"users": {"table": "users.csv", "unit": "user"}},
        "metrics": {"spend": {"source": "users", "column": "spend"}},
        "factors": {"spend": {"range": [0, 10]}},
        "segments": {key: {"source": "users", "filter": f"sort == '{key}'"} for key in "pq"},
        "experiments": {"e": {"source": "users", "variant": "arm", "control": "a", **experiment}},
    }


def test_what_every_segment_contradicts_decides_nothing(tmp_path: Path) -> None:
    results = _run(_write(tmp_path, {"users.csv": _two_mixes()}, _mixed()))
    (told,) = results.tables.experiments
    assert told.action == "do_not_decide"
    assert "Every segment points the other way" in told.reason
    assert "reversal/spend" in [row.test for row in results.tables.health if row.status == "warning"]


def test_strata_are_measured_though_no_effects_by_segment_are_asked_for(tmp_path: Path) -> None:
    results = _run(_write(tmp_path, {"users.csv": _two_mixes()}, _mixed(segments=[], strata=["p", "q"])))
    effect = _effects(results)["spend"]
    assert "averaged over strata" in effect.method
    assert effect.estimate == pytest.approx(0.4, abs=0.2)


def test_that_nobody_takes_part_is_told_with_the_reason(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["user", "arm", "spend", "sort"],
        *([f"u{at // 2}", "ab"[at % 2], at, "p"] for at in range(40)),
    ]
    (tmp_path / "both").mkdir()
    results = _run(_write(tmp_path / "both", {"users.csv": rows}, _mixed(segments=[])))
    assert _reasons(results)["e"] == "no unit takes part: all 20 were seen in several arms"
    rows = [rows[0], *([f"u{at}", "", at, "p"] for at in range(40))]
    (tmp_path / "none").mkdir()
    results = _run(_write(tmp_path / "none", {"users.csv": rows}, _mixed(segments=[])))
    assert _reasons(results)["e"] == "no unit takes part: none has a value in 'arm'"


def test_uneven_arms_are_asked_for_the_split_that_was_planned(tmp_path: Path) -> None:
    rows: list[list[object]] = [["user", "arm", "spend", "sort"]]
    rows += [[f"u{at}", "b" if at % 5 else "a", at % 7, "p"] for at in range(1000)]
    said = {}
    for name, split in {"none": None, "right": {"a": 1, "b": 4}, "slip": {"a": 1, "bb": 4}}.items():
        (tmp_path / name).mkdir()
        results = _run(_write(tmp_path / name, {"users.csv": rows}, _mixed(segments=[], split=split)))
        said[name] = next(row for row in results.tables.health if row.test == "sample_ratio")
    assert said["none"].status == "failed"
    assert said["none"].message.endswith("write it down if they are not.")
    assert said["right"].status == "ok"
    assert said["slip"].message == "Not tested: 'b' has units and no share in the planned split, which names a, bb."


def test_clusters_seen_in_several_arms_are_counted_as_clusters(tmp_path: Path) -> None:
    rows = _pupils(40)
    rows[1][2] = "b"  # a pupil of the first class, which got a
    results = _run(_write(tmp_path, {"pupils.csv": rows}, _school(metrics=["mark"], segments=[])))
    (crossed,) = (row for row in results.tables.health if row.test == "crossed")
    assert crossed.message.startswith("1 of 40 clusters (2.50 %)")

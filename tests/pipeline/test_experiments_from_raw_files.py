"""Experiments from files as users have them, through load and run: what the results say of them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import yaml

import vitalfew as vf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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


def _effects(folder: Path) -> dict[str, EffectRow]:
    return {row.metric: row for row in vf.run(vf.load(folder)).tables.effects if row.segment is None}


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
    effects = _effects(_write(tmp_path, {"shown.csv": _shown(40), "log.csv": log}, definitions))
    found = {key: effect.mean["a"] for key, effect in effects.items()}
    assert found == {"payments": 3.5, "amounts": 2.5, "places": 6.5}

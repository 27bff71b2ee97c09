from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command_line import typed
from connect.foreign_shop import manifest, shop, simple
from connect.test_import_bsl import models
from connect.test_import_growthbook import MAPPED, export
from connect.test_import_osi import line, model

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

METRICS = (simple("revenue", "revenue"), simple("largest", "largest"))


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path, typed: Typed) -> None:
    folder = shop(tmp_path / "w")
    answer = typed("import", "dbt", manifest(tmp_path, *METRICS), folder, "--unit", "customer", "--dry-run")
    assert answer.code == 0, answer.err
    assert "revenue (dbt:shop/revenue)" in answer.out
    assert "largest (metric): the max of all rows is no mean over units" in answer.out
    assert "1 of 2 metrics can be mapped." in answer.out
    assert not (folder / "metrics_dbt.yaml").exists()


def test_every_format_writes_a_file_of_its_own_and_the_workspace_runs(tmp_path: Path, typed: Typed) -> None:
    folder = shop(tmp_path / "w")
    osi = model(tmp_path, line("sales_total", "SUM(sales.price)"))
    for words in (
        ("dbt", manifest(tmp_path, *METRICS), folder, "--unit", "customer"),
        ("osi", osi, folder, "--unit", "people"),
        ("growthbook", export(tmp_path, *MAPPED[:2]), folder),
        ("bsl", models(tmp_path, {"takings": "_.amount.sum()"}), folder, "--unit", "people"),
    ):
        answer = typed("import", *words)
        assert answer.code == 0, answer.err
        assert f"Wrote {folder / f'metrics_{words[0]}.yaml'}." in answer.out
    wanted = "revenue, sales_total, revenue_growthbook, takings"
    experiment = f"experiments:\n  gate: {{source: exposures, control: a, metrics: [{wanted}]}}\n"
    (folder / "experiment.yaml").write_text(experiment, encoding="utf-8")
    effects = typed("run", folder, "--json").json["experiments"]["gate"]["effects"]
    assert len(effects) == 4
    assert [effect["estimate"] for effect in effects] == pytest.approx([effects[0]["estimate"]] * 4)


def test_json_holds_the_plan_and_nothing_else(tmp_path: Path, typed: Typed) -> None:
    folder = shop(tmp_path / "w")
    answer = typed("import", "dbt", manifest(tmp_path, *METRICS), folder, "--unit", "customer", "--json")
    plan = answer.json["import"]
    assert plan["written"]
    assert [change["what"] for change in plan["changes"]] == ["added"]
    assert [one["name"] for one in plan["not_mapped"]] == ["largest"]


def test_a_conflict_is_said_and_ends_with_one(tmp_path: Path, typed: Typed) -> None:
    folder = shop(tmp_path / "w")
    words = ("import", "dbt", manifest(tmp_path, METRICS[0]), folder)
    typed(*words, "--unit", "customer")
    file = folder / "metrics_dbt.yaml"
    file.write_text(file.read_text("utf-8").replace("column: amount", "column: cost"), encoding="utf-8")
    assert "Kept as changed by hand" in typed(*words).out
    manifest(tmp_path, simple("revenue", "done"))
    answer = typed(*words)
    assert answer.code == 1
    assert "Changed both here and upstream" in answer.out
    assert "column: cost" in file.read_text("utf-8")


def test_wrong_files_folders_and_names_are_wrong_usage(tmp_path: Path, typed: Typed) -> None:
    folder = shop(tmp_path / "w")
    file = manifest(tmp_path, *METRICS)
    for words, said in (
        ((tmp_path / "no.json", folder), "no.json"),
        ((file, tmp_path / "nowhere"), "nowhere"),
        ((file, folder, "--unit", "customer", "--metric", "largest"), "no mean over units"),
    ):
        answer = typed("import", "dbt", *words)
        assert answer.code == 2
        assert said in answer.err
    (tmp_path / "other.json").write_text(json.dumps({"nodes": {}}), encoding="utf-8")
    answer = typed("import", "dbt", tmp_path / "other.json", folder)
    assert answer.code in {1, 2}
    assert "dbt parse" in answer.err


def test_an_empty_folder_becomes_a_workspace(tmp_path: Path, typed: Typed) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    answer = typed("import", "dbt", manifest(tmp_path, METRICS[0]), folder, "--unit", "customer")
    assert answer.code == 0, answer.err
    assert typed("check", folder).code in {0, 1}

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

import vitalfew as vf
from vitalfew.errors import UsageError
from vitalfew.pipeline import Results, walk
from vitalfew.pipeline.stages import stages
from vitalfew.results.store import Store

if TYPE_CHECKING:
    from pathlib import Path

YAML = """
sources:
  players: {table: players.csv, unit: id}
metrics:
  retention: {source: players, kind: proportion, column: back}
  rounds: {source: players, column: rounds}
factors:
  retention: {range: [0.1, 0.5]}
initiatives:
  gate: {status: shipped}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old, metrics: [retention, rounds]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workspace.yaml").write_text(YAML)
    players(tmp_path / "players.csv", 4000)
    return tmp_path


def players(path: Path, n: int) -> None:
    rng = np.random.default_rng(3)
    arm = np.where(np.arange(n) % 2, "new", "old")
    back = rng.uniform(size=n) < np.where(arm == "new", 0.36, 0.3)
    rounds = rng.poisson(20, n)
    rows = [f"{i},{a},{str(bool(b)).lower()},{r}" for i, (a, b, r) in enumerate(zip(arm, back, rounds, strict=True))]
    path.write_text("id,arm,back,rounds\n" + "\n".join(rows) + "\n")


def computed(results: Results) -> list[str]:
    return [stage.name for stage in results.info.stages if stage.reused is None]


def test_a_folder_becomes_a_ledger(folder: Path) -> None:
    results = vf.run(vf.load(folder))
    assert results.tables.failed == ()
    (line,) = results.ledger.shipped
    assert line.line == "gate"
    assert line.value is not None
    assert line.value.mean == pytest.approx(100 * 0.06 / 0.4, abs=6)
    assert line.grade == "tested"
    assert Store(folder).ids() == (results.info.id,)


def test_a_second_run_computes_nothing_and_says_the_same(folder: Path) -> None:
    first = vf.run(vf.load(folder))
    second = vf.run(vf.load(folder))
    assert computed(second) == []
    assert second.tables == first.tables
    assert second.info.id != first.info.id


def test_only_what_a_change_touches_is_computed_again(folder: Path) -> None:
    vf.run(vf.load(folder))
    (folder / "workspace.yaml").write_text(YAML.replace("[0.1, 0.5]", "[0.1, 0.9]"))
    again = computed(vf.run(vf.load(folder)))
    assert "measure.players" not in again
    assert "ledger" in again


def test_changed_data_are_measured_again(folder: Path) -> None:
    first = vf.run(vf.load(folder))
    players(folder / "players.csv", 5000)
    second = vf.run(vf.load(folder))
    assert "measure.players" in computed(second)
    assert sum(second.tables.effects[0].n.values()) == 5000
    assert second.info.data_version != first.info.data_version


def test_touched_but_equal_data_are_not(folder: Path) -> None:
    vf.run(vf.load(folder))
    players(folder / "players.csv", 4000)
    assert computed(vf.run(vf.load(folder))) == []


def test_a_stored_run_is_read_back_whole(folder: Path) -> None:
    results = vf.run(vf.load(folder))
    store = Store(folder)
    assert store.tables(results.info.id) == results.tables
    assert store.info(results.info.id) == results.info


def test_a_missing_file_fails_its_stage_and_the_rest_goes_on(folder: Path) -> None:
    (folder / "players.csv").unlink()
    results = vf.run(vf.load(folder))
    assert any("players.csv" in row.reason for row in results.tables.failed)
    assert [line.line for line in results.ledger.shipped] == ["gate"]


def test_a_failed_stage_is_tried_again(folder: Path) -> None:
    kept = (folder / "players.csv").read_text()
    (folder / "players.csv").unlink()
    vf.run(vf.load(folder))
    (folder / "players.csv").write_text(kept)
    assert vf.run(vf.load(folder)).tables.effects


def test_one_bad_metric_does_not_cost_the_others(folder: Path) -> None:
    (folder / "workspace.yaml").write_text(YAML.replace("column: rounds", "column: runds"))
    results = vf.run(vf.load(folder))
    assert {row.metric for row in results.tables.effects} == {"retention"}
    (failed,) = results.tables.failed
    assert "did you mean 'rounds'" in failed.reason


def test_experiments_that_share_a_variant_column_are_all_measured(folder: Path) -> None:
    second = "  again: {source: players, variant: arm, control: old, metrics: [rounds]}\n"
    (folder / "workspace.yaml").write_text(YAML + second)
    results = vf.run(vf.load(folder))
    assert results.tables.failed == ()
    by_experiment = {(row.experiment, row.metric): row for row in results.tables.effects}
    assert by_experiment["again", "rounds"].estimate == by_experiment["move_gate", "rounds"].estimate


def test_an_unexpected_error_is_a_sentence_for_the_user_and_a_trace_in_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("VITALFEW_DEBUG", raising=False)
    monkeypatch.setattr("vitalfew.decide.ledger.ledger", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        results = vf.run(vf.load(folder))
    assert any(row.stage == "ledger" and "unexpected" in row.reason for row in results.tables.failed)
    assert "ZeroDivisionError" in caplog.text


def test_an_interrupted_run_leaves_no_run(folder: Path) -> None:
    def interrupt(name: str, *_: int) -> None:
        if name == "ledger":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vf.run(vf.load(folder), progress=interrupt)
    assert Store(folder).ids() == ()
    assert [path.name for path in Store(folder).folder.iterdir()] == []


def test_progress_names_every_stage_once(folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    ws = vf.load(folder)
    vf.run(ws, progress=lambda *step: seen.append(step))
    names = [stage.name for stage in stages(ws.definitions)]
    assert seen == [(name, number, len(names)) for number, name in enumerate(names, start=1)]


def test_the_code_version_is_part_of_every_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vf.run(vf.load(folder))
    monkeypatch.setattr(walk, "code_version", lambda: "another")
    assert len(computed(vf.run(vf.load(folder)))) == len(stages(vf.load(folder).definitions))


def test_as_of_a_day_before_the_shipping_the_line_is_a_candidate(folder: Path) -> None:
    (folder / "workspace.yaml").write_text(YAML.replace("status: shipped", "shipped: 2026-03-01"))
    ws = vf.load(folder)
    assert [line.line for line in vf.run(ws, as_of=date(2026, 3, 1)).ledger.shipped] == ["gate"]
    assert [line.line for line in vf.run(ws, as_of=date(2026, 2, 28)).ledger.candidates] == ["gate"]


def test_a_workspace_in_memory_runs_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa

    monkeypatch.chdir(tmp_path)
    arms = ["old", "new"] * 50
    frame = pa.table({"arm": arms, "spend": [float(i % 7) for i in range(100)]})
    results = vf.analyze(frame, variant="arm", metrics=["spend"], control="old")
    assert results.tables.effects[0].n == {"old": 50, "new": 50}
    assert list(tmp_path.iterdir()) == []


def test_only_keeps_what_is_asked_for_and_knows_what_there_is(folder: Path) -> None:
    results = vf.run(vf.load(folder))
    assert results.only(["move_gate"]).tables.effects == results.tables.effects
    assert set(results.to_dict(["ledger"])) & {"experiments", "ledger"} == {"ledger"}
    with pytest.raises(UsageError, match="did you mean 'move_gate'"):
        results.only(["move_gat"])


def test_a_run_without_a_name_is_called_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "w.yaml").write_text("teams: {crew: {}}\n", encoding="utf-8")
    assert vf.run(vf.load(folder)).info.workspace == "acme"
    (folder / "w.yaml").write_text("workspace: {name: Acme Ltd}\nteams: {crew: {}}\n", encoding="utf-8")
    assert vf.run(vf.load(folder)).info.workspace == "Acme Ltd"


def test_a_walk_to_some_stages_takes_those_before_them_and_no_other(folder: Path) -> None:
    whole, part = vf.run(vf.load(folder), keep=False), vf.run(vf.load(folder), keep=False, wanted=("verdicts",))
    names = [stage.name for stage in part.info.stages]
    before = ["measure.players", "effects", "series", "waves", "releases", "judgement"]
    assert names == [*before, "at_due", "verdicts"]
    assert part.tables.effects == whole.tables.effects
    assert whole.tables.effects
    assert part.tables.shipped == ()


def test_a_seed_below_0_is_refused_and_not_drawn_from_for_ever(folder: Path) -> None:
    with pytest.raises(UsageError, match="seed -1"):
        vf.run(vf.load(folder), seed=-1)

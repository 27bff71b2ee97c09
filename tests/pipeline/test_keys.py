"""What a stage depends on is in its key: what should change does, and nothing is taken over that is stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import vitalfew as vf
from pipeline.test_runs import computed, players
from vitalfew.errors import DataError
from vitalfew.judgement.recording import forecast, judge, lock, waive

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline import Results

WORKSPACE = """
workspace: {name: Acme, time_zone: UTC}
policy: {budget: 10}
sources:
  players: {table: players.csv, unit: id}
metrics:
  retention: {source: players, kind: proportion, column: back}
  rounds: {source: players, column: rounds}
factors:
  retention: {range: [0.1, 0.5]}
  rounds: {range: [0, 40]}
guardrails:
  rounds: {margin: 100}
segments:
  many: {source: players, filter: rounds > 20}
initiatives:
  gate: {status: shipped}
  idea: {cost: 5}
  tested: {cost: 5}
hypotheses:
  gate_retention: {initiative: gate, metric: retention, due: 2026-01-01}
  idea_retention: {initiative: idea, metric: retention}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old}
  try_it: {initiative: tested, source: players, variant: arm, control: old}
"""
QUANTILES = {"p10": 0.01, "p50": 0.02, "p90": 0.05, "p_zero": 0.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "workspace.yaml").write_text(WORKSPACE)
    players(tmp_path / "players.csv", 2000)
    return tmp_path


def fresh(folder: Path, **options: Any) -> Results:
    return vf.run(vf.load(folder), **options)


CHANGES: list[tuple[str, str, str, str]] = [
    ("time_zone: UTC", "time_zone: Asia/Tokyo", "measure.players", "a time zone"),
    ("budget: 10", "budget: 5", "ledger", "the budget"),
    ("column: rounds", "column: rounds, cap: {absolute: 21}", "measure.players", "a metric"),
    ("[0.1, 0.5]", "[0.1, 0.6]", "ledger", "a range"),
    ("margin: 100", "margin: 0.001, alpha: 0.4", "effects", "a margin"),
    ("rounds > 20", "rounds > 21", "measure.players", "a segment"),
    ("status: shipped", "status: committed, cost: 5", "ledger", "an initiative"),
    ("due: 2026-01-01", "due: 2036-01-01", "verdicts", "a hypothesis"),
    ("try_it: {initiative: tested", "try_it: {initiative: idea", "effects", "an experiment"),
    ("control: old", "control: new", "measure.players", "a control"),
]


@pytest.mark.parametrize(("old", "new", "stage"), [c[:3] for c in CHANGES], ids=[c[3] for c in CHANGES])
def test_every_kind_of_definition_reaches_its_stages_and_a_reused_run_says_what_a_fresh_one_does(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, old: str, new: str, stage: str
) -> None:
    fresh(folder)
    changed = WORKSPACE.replace(old, new)
    assert changed != WORKSPACE
    (folder / "workspace.yaml").write_text(changed)
    again = fresh(folder)
    assert stage in computed(again)
    other = tmp_path_factory.mktemp("other")
    (other / "workspace.yaml").write_text(changed)
    players(other / "players.csv", 2000)
    assert again.tables == fresh(other).tables


def test_ids_that_stand_for_others_reach_all_that_counts_units(tmp_path: Path) -> None:
    (tmp_path / "workspace.yaml").write_text(
        """
        workspace: {name: Acme, time_zone: UTC}
        data: {identities: {table: ids.csv, alias: alias, unit: user}}
        sources: {did: {table: did.csv, shape: events, unit: user, time: at, event: name}}
        metrics: {opens: {source: did, kind: count, events: [open]}}
        factors: {opens: {range: [0, 5]}}
        releases: {march: {date: 2026-01-20}}
        """
    )
    rows = [f"u{n},open,2026-01-{day:02} 1{n}:00:00" for day in range(1, 31) for n in range(day % 5 + 3)]
    (tmp_path / "did.csv").write_text("\n".join(["user,name,at", *rows, ""]))
    (tmp_path / "ids.csv").write_text("alias,user\nz1,z2\n")
    before = fresh(tmp_path)
    assert before.tables.series
    (tmp_path / "ids.csv").write_text("alias,user\nu1,u0\nu2,u0\n")
    after = fresh(tmp_path)
    assert {"series", "waves", "at_due"} <= set(computed(after))
    assert after.tables.series != before.tables.series
    assert "series" not in computed(fresh(tmp_path))


def test_every_act_reaches_what_it_changes(folder: Path) -> None:
    ws = vf.load(folder)
    before = fresh(folder)
    judge(ws, "Ada", {"retention": 100, "rounds": 10})
    judged = fresh(folder)
    assert judged.tables.weights != before.tables.weights
    assert judged.tables.shipped != before.tables.shipped
    forecast(ws, "idea_retention", "Ada", QUANTILES)
    assert fresh(folder).tables.promises != judged.tables.promises
    lock(vf.load(folder), "idea_retention", "Ada")
    locked = fresh(folder)
    assert [row.locked_at is None for row in locked.tables.promises] == [False]


def test_a_waiver_reaches_the_ledger(folder: Path) -> None:
    (folder / "workspace.yaml").write_text(
        WORKSPACE.replace("margin: 100}", "margin: 0}").replace("rounds: {source", "rounds: {direction: down, source")
    )
    players(folder / "players.csv", 2000)
    text = (folder / "players.csv").read_text().splitlines()
    worse = [
        text[0],
        *(f"{row.rsplit(',', 1)[0]},{int(row.rsplit(',', 1)[1]) + 5 * (',new,' in row)}" for row in text[1:]),
    ]
    (folder / "players.csv").write_text("\n".join(worse) + "\n")

    def line() -> tuple[str, ...]:
        return next(line.reasons for line in fresh(folder).tables.candidates if line.line == "tested")

    assert any("without a signed waiver" in reason for reason in line())
    waive(vf.load(folder), "try_it", "Ada", "worth it")
    assert any("accepted by a waiver" in reason for reason in line())


def test_what_was_built_on_a_failed_stage_is_not_taken_over_when_it_succeeds(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DataError("the disk was away for a moment")

    with monkeypatch.context() as broken:
        broken.setattr("vitalfew.warehouse.measure.measure", fail)
        assert fresh(folder).tables.effects == ()
    assert fresh(folder).tables.effects != ()


def test_two_processes_with_other_hash_seeds_say_the_same_to_the_byte(folder: Path) -> None:
    ws = vf.load(folder)
    for person in ("Ada", "Bo", "Cy"):
        judge(ws, person, {"retention": 100, "rounds": 10 + len(person)})
        forecast(ws, "idea_retention", person, QUANTILES)
    code = (
        "import sys, json, shutil, vitalfew as vf\n"
        "shutil.rmtree(sys.argv[1] + '/.vitalfew/runs', ignore_errors=True)\n"
        "found = vf.run(vf.load(sys.argv[1])).to_dict()\n"
        "print(json.dumps({k: v for k, v in found.items() if k not in ('run', 'computed_at')}, allow_nan=False))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    assert json.loads(said[0])["ledger"]["candidates"]


def test_the_order_of_the_files_changes_no_number(folder: Path) -> None:
    before = fresh(folder)
    text = WORKSPACE.replace(
        "  retention: {range: [0.1, 0.5]}\n  rounds: {range: [0, 40]}\n",
        "  rounds: {range: [0, 40]}\n  retention: {range: [0.1, 0.5]}\n",
    )
    assert text != WORKSPACE
    (folder / "workspace.yaml").write_text(text)
    after = fresh(folder)
    assert after.tables.shipped == before.tables.shipped
    assert after.tables.candidates == before.tables.candidates


def test_as_of_a_day_nothing_that_began_later_is_seen(folder: Path) -> None:
    text = WORKSPACE.replace(
        "variant: arm, control: old}\n  try_it", "variant: arm, control: old, start: 2026-03-01}\n  try_it"
    )
    (folder / "workspace.yaml").write_text(text)
    seen = {row.experiment for row in fresh(folder, as_of=date(2026, 2, 28)).tables.effects}
    assert seen == {"try_it"}
    assert {row.experiment for row in fresh(folder, as_of=date(2026, 3, 1)).tables.effects} == {"try_it", "move_gate"}


def test_acts_count_up_to_the_end_of_the_day_where_the_team_is(folder: Path) -> None:
    (folder / "workspace.yaml").write_text(WORKSPACE.replace("time_zone: UTC", "time_zone: Asia/Tokyo"))
    first_of_march_in_tokyo = datetime(2026, 2, 28, 16, tzinfo=UTC)
    judge(vf.load(folder), "Ada", {"retention": 2, "rounds": 1}, at=first_of_march_in_tokyo)
    assert fresh(folder, as_of=date(2026, 2, 28)).tables.weights == ()
    assert fresh(folder, as_of=date(2026, 3, 1)).tables.weights != ()


def test_an_open_promise_leaves_no_number_in_any_report(folder: Path) -> None:
    secret = {"p10": 0.0123457, "p50": 0.0234568, "p90": 0.0456789, "p_zero": 0.0678901}
    forecast(vf.load(folder), "idea_retention", "Ada", secret)
    judge(vf.load(folder), "Ada", {"retention": 2, "rounds": 1})
    results = fresh(folder)
    (row,) = results.to_dict()["promises"]
    assert (row["p10"], row["p50"], row["p90"], row["p_zero"], row["forecasters"]) == (None, None, None, None, 1)
    page = results.to_html(folder / "report.html").read_text(encoding="utf-8")
    for text in (
        results.to_json(),
        page,
        str(results),
        results._repr_html_(),
        str(results.ledger.to_arrow().to_pylist()),
    ):
        assert not [digits for digits in ("0123457", "0234568", "0456789", "0678901") if digits in text]
    assert not [digits for digits in ("1.23", "2.35", "4.57", "6.79") if digits in str(results)]
    assert "1 blind forecast, not locked yet" in page
    idea = next(line for line in results.ledger.candidates if line.line == "idea")
    assert idea.value is None
    assert idea.p_in is not None


def test_no_source_forgets_what_another_remembers(tmp_path: Path) -> None:
    shown = {"unit": "user", "experiment": "exp", "variant": "arm", "time": "at"}
    sources = {f"shown{at}": {"table": f"shown{at}.csv", **shown} for at in range(3)}
    log = {"log": {"table": "log.csv", "unit": "user", "time": "at", "event": "event"}}
    rows = [f"u{at},{'ab'[at % 2]},2026-03-02 09:00:00" for at in range(60)]
    for name in sources:
        (tmp_path / f"{name}.csv").write_text(
            "\n".join(["user,exp,arm,at", *(row.replace(",", f",{name},", 1) for row in rows)]) + "\n"
        )
    events = [f"u{at},bought,2026-03-03 09:00:00,{at}" for at in range(60)]
    (tmp_path / "log.csv").write_text("\n".join(["user,event,at,amount", *events]) + "\n")
    metrics = {"spent": {"source": "log", "column": "amount", "aggregation": "sum"}}
    tests = {name: {"source": name, "control": "a", "metrics": ["spent"]} for name in sources}
    definitions = {"sources": sources | log, "metrics": metrics, "experiments": tests}
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(definitions))
    vf.run(vf.load(tmp_path))
    state = tmp_path / ".vitalfew" / "state"
    assert {path.parent.name for path in state.rglob("*.json")} == set(sources)

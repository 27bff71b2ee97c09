from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from acts_building import definitions, workspace
from command_line import typed
from command_line import workspace as folder_of
from vitalfew.errors import ActError
from vitalfew.judgement.recording import forecast, lock, lock_plan
from vitalfew.workspace.acts import erase, read
from vitalfew.workspace.definitions import Experiment, Guardrail, Metric, Plan
from vitalfew.workspace.plan_locks import prove_plan
from vitalfew.workspace.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.verify import PlanProof

__all__ = ["typed"]

BEFORE, AFTER = datetime(2026, 2, 1, 12, tzinfo=UTC), datetime(2026, 4, 1, 12, tzinfo=UTC)
START = date(2026, 3, 10)
NUMBERS = {"p10": 1, "p50": 2, "p90": 3, "p_zero": 0.1}


def planned(**changes: object) -> Definitions:
    fields = {"primary": ("a",), "guardrails": ("b",), "units": 20_000} | changes
    start = fields.pop("start", START)
    metrics = fields.pop("metrics", ("a", "b", "c"))
    title = fields.pop("title", None)
    experiment = Experiment.model_validate(
        {"source": "players", "variant": "arm", "start": start, "metrics": metrics, "title": title, "plan": fields}
    )
    return definitions(experiments={"x": experiment}, guardrails={"b": Guardrail(margin=0.1)})


def locked(root: Path, at: datetime = BEFORE, **changes: object) -> PlanProof:
    lock_plan(workspace(root, planned(**changes)), "x", "anna", at=at)
    return proof(root, planned(**changes))


def proof(root: Path, defined: Definitions) -> PlanProof:
    return verify(workspace(root, defined)).plans[0]


def commit(root: Path, at: datetime) -> None:
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    dates = {"GIT_AUTHOR_DATE": at.isoformat(), "GIT_COMMITTER_DATE": at.isoformat()}
    who = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for words in (["init"], ["add", "acts.jsonl"], ["commit", "-m", "acts"]):
        subprocess.run([*who, *words], cwd=root, check=True, capture_output=True, env=os.environ | dates | nobody)


def test_a_plan_locked_before_the_start_but_recorded_nowhere_else_is_claimed(tmp_path: Path) -> None:
    found = locked(tmp_path)
    assert (found.proved, found.matches, found.locked_at) == ("claimed", True, "2026-02-01T12:00:00Z")
    assert "no commit holds the lock" in found.reason


def test_a_plan_whose_lock_a_commit_held_before_the_start_is_proved(tmp_path: Path) -> None:
    locked(tmp_path)
    commit(tmp_path, BEFORE)
    found = proof(tmp_path, planned())
    assert (found.proved, found.recorded_at) == ("proved", "2026-02-01T12:00:00Z")
    assert any(text.startswith("plan of x: proved (commit ") for text in verify(workspace(tmp_path)).sentences())


def test_a_plan_locked_after_the_start_is_late(tmp_path: Path) -> None:
    found = locked(tmp_path, AFTER)
    assert found.proved == "no"
    assert found.reason == "locked on 2026-04-01, after the start on 2026-03-10"


def test_without_a_start_the_first_exposure_counts(tmp_path: Path) -> None:
    locked(tmp_path, BEFORE, start=None)
    log, defined = read(tmp_path), planned(start=None)
    assert prove_plan("x", log, defined, ()).reason == "no start of the work is given to compare the lock with"
    assert prove_plan("x", log, defined, (), date(2026, 1, 20)).proved == "no"
    assert prove_plan("x", log, defined, (), date(2026, 2, 20)).proved == "claimed"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"primary": ("c",)}, ("plan.primary",)),
        ({"alpha": 0.1}, ("plan.alpha",)),
        ({"metrics": ("a", "b")}, ("metrics", "metrics.c")),
    ],
)
def test_a_change_after_the_lock_is_named(tmp_path: Path, changes: dict[str, object], named: tuple[str, ...]) -> None:
    locked(tmp_path)
    found = proof(tmp_path, planned(**changes))
    assert not found.matches
    assert found.changed == named
    assert found.sentence().endswith(f"; changed since the lock: {', '.join(named)})")


def test_a_margin_or_a_metric_that_was_redefined_changes_the_plan(tmp_path: Path) -> None:
    locked(tmp_path)
    wider = planned().model_copy(update={"guardrails": {"b": Guardrail(margin=0.2)}})
    assert proof(tmp_path, wider).changed == ("guardrails.b",)
    other = planned().metrics | {"a": Metric.model_validate({"source": "players", "column": "c"})}
    assert proof(tmp_path, planned().model_copy(update={"metrics": other})).changed == ("metrics.a",)


def test_a_new_title_changes_no_plan(tmp_path: Path) -> None:
    locked(tmp_path)
    titled = planned().metrics | {"a": planned().metrics["a"].model_copy(update={"title": "Minutes"})}
    found = proof(tmp_path, planned(title="The gate").model_copy(update={"metrics": titled}))
    assert found.matches


def test_an_end_given_later_changes_no_plan_but_one_that_was_moved_does(tmp_path: Path) -> None:
    def ending(day: int) -> Definitions:
        ended = planned().experiments["x"].model_copy(update={"end": date(2026, 5, day)})
        return planned().model_copy(update={"experiments": {"x": ended}})

    locked(tmp_path)
    assert proof(tmp_path, ending(1)).matches
    again = tmp_path / "again"
    again.mkdir()
    lock_plan(workspace(again, ending(1)), "x", "anna", at=BEFORE)
    assert proof(again, ending(20)).changed == ("end",)


def test_a_changed_plan_can_be_locked_anew_and_the_lock_of_the_standing_plan_counts(tmp_path: Path) -> None:
    locked(tmp_path)
    with pytest.raises(ActError, match="was locked on 2026-02-01"):
        locked(tmp_path)
    changed = locked(tmp_path, AFTER, alpha=0.1)
    assert (changed.proved, changed.matches) == ("no", True)
    assert proof(tmp_path, planned()).locked_at == "2026-02-01T12:00:00Z"


def test_promises_and_plans_of_one_key_do_not_meet(tmp_path: Path) -> None:
    same = planned().model_copy(update={"hypotheses": {"x": definitions().hypotheses["h"]}})
    ws = workspace(tmp_path, same)
    lock_plan(ws, "x", "anna", at=BEFORE)
    forecast(ws, "x", "anna", NUMBERS, at=BEFORE)
    lock(ws, "x", "anna", at=BEFORE)
    found = verify(workspace(tmp_path, same))
    assert [proof.hypothesis for proof in found.promises] == ["x"]
    assert [proof.experiment for proof in found.plans] == ["x"]


def test_a_plan_stays_when_the_person_who_locked_it_is_erased(tmp_path: Path) -> None:
    locked(tmp_path)
    erase(tmp_path, "anna")
    assert proof(tmp_path, planned()).matches


def test_an_experiment_without_a_plan_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(ActError, match="'x' has no plan to lock"):
        lock_plan(workspace(tmp_path), "x", "anna")


def test_what_a_lock_of_a_plan_says_is_plain_and_whole(tmp_path: Path) -> None:
    locked(tmp_path)
    body = read(tmp_path).bodies[1]
    assert body["experiment"] == "x"
    assert body["plan"] == Plan(primary=("a",), guardrails=("b",), units=20_000).model_dump(
        mode="json", exclude_none=True
    )
    assert set(body["rests_on"]) == {"metrics.a", "metrics.b", "metrics.c", "guardrails.b"}


def test_locking_from_the_command_line_says_what_is_left_to_do(tmp_path: Path, typed: Typed) -> None:
    folder = folder_of(tmp_path)
    assert typed("act", "lock", folder, "--experiment", "move_gate", "--by", "Ada").code == 1
    yaml = folder / "workspace.yaml"
    old = yaml.read_text()
    yaml.write_text(old.replace("control: old,", "control: old, plan: {primary: [retention]},"))
    said = typed("act", "lock", folder, "--experiment", "move_gate", "--by", "Ada")
    assert said.code == 0
    assert "has no `start:`: the day of its first exposure will count" in said.out
    assert "was locked on" in typed("act", "lock", folder, "--experiment", "move_gate", "--by", "Ada").err
    yaml.write_text(old.replace("control: old,", "control: old, start: 2020-01-01, plan: {primary: [rounds]},"))
    assert "late: locked on" in typed("act", "lock", folder, "--experiment", "move_gate", "--by", "Ada").out
    (plan,) = json.loads(typed("verify", folder, "--json").out)["plans"]
    assert (plan["proved"], plan["start"]) == ("no", "2020-01-01")
    assert typed("act", "lock", folder, "--by", "Ada").code == 2


def test_where_no_start_is_given_verify_takes_the_first_exposure_of_the_last_run(tmp_path: Path, typed: Typed) -> None:
    folder = folder_of(tmp_path)
    rows = "\n".join(
        f"{i},{'new' if i % 2 else 'old'},{i % 3 == 0:d},{i % 40},2024-03-{1 + i % 9:02}" for i in range(300)
    )
    (folder / "players.csv").write_text(f"id,arm,back,rounds,at\n{rows}\n")
    yaml = (folder / "workspace.yaml").read_text().replace("unit: id}", "unit: id, time: at}")
    (folder / "workspace.yaml").write_text(yaml.replace("control: old,", "control: old, plan: {primary: [retention]},"))
    assert typed("act", "lock", folder, "--experiment", "move_gate", "--by", "Ada").code == 0
    assert "no start of the work is given" in typed("verify", folder).out
    run = typed("run", folder, "--json").json
    assert "after the start on 2024-03-01" in typed("verify", folder).out
    assert run["experiments"]["move_gate"]["plan"]["proved"] == "no"

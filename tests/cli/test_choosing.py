"""vitalfew portfolio: what to fund."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command_line import IDEAS, in_a_process, typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

BETS = IDEAS.replace("reach: 1}", "reach: 1, prerequisites: [tools]}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", BETS)


def test_the_plan_is_told_in_the_order_of_work(folder: Path, typed: Typed) -> None:
    answer = typed("portfolio", folder)
    assert answer.code == 0
    said = answer.out.splitlines()
    assert said[0].startswith("Best plan: 2 lines for 11 of 12 person-weeks: ")
    work = said.index("IN THIS ORDER, by cost of delay over length")
    assert [line.split(" | ")[:2] for line in said[work + 1 : work + 3]] == [["1", "New tools"], ["2", "Move the gate"]]
    assert any(line.startswith("Funded without a value of its own") for line in said)
    assert "WHAT EACH BUDGET BUYS, in points by person-weeks" in said


def test_another_budget_gives_another_plan_and_leaves_the_run_as_it_is(folder: Path, typed: Typed) -> None:
    before = typed("portfolio", folder, "--json").json
    assert [row["lines"] for row in before["plans"]] == [["gate", "tools"]] * 2
    less = typed("portfolio", folder, "--budget", "9", "--json").json
    assert less["plans"][0]["lines"] == []
    assert less["plans"][0]["budget"] == 9
    after = typed("portfolio", folder, "--json").json
    assert after | {"run": before["run"]} == before


def test_json_is_all_that_stands_on_standard_output(folder: Path) -> None:
    answer = in_a_process("portfolio", folder, "--json", "--budget", "11")
    assert answer.code == 0
    assert list(answer.json) == ["schema", "run", "workspace", "plans", "frontier", "sequence", "staged"]
    assert (answer.json["schema"], answer.json["workspace"]) == (1, "w")
    assert answer.json["plans"][0]["lines"] == ["gate", "tools"]


def test_without_a_budget_nothing_is_funded_and_nothing_ranked_in(folder: Path, typed: Typed) -> None:
    none = typed("portfolio", folder, "--budget", "0", "--json")
    assert none.code == 0
    assert [row["lines"] for row in none.json["plans"] if row["plan"] == "best"] == [[]]
    ranked = typed("rank", folder, "--budget", "0", "--json").json["lines"]
    assert all(line["p_in"] == 0 for line in ranked if line["p_in"] is not None)
    told = {command: typed(command, folder, "--budget", "-3").err for command in ("rank", "portfolio")}
    assert told["rank"] == told["portfolio"]


def test_a_budget_below_nothing_is_wrong_usage(folder: Path, typed: Typed) -> None:
    wrong = typed("portfolio", folder, "--budget", "-3")
    assert wrong.code == 2
    assert "a budget of -3" in wrong.err
    assert "a number from 0 on" in wrong.err


def test_a_workspace_without_candidates_says_what_to_do_first(tmp_path: Path, typed: Typed) -> None:
    bare = BETS.replace(", cost: 8", "").replace("policy: {budget: 12}", "")
    answer = typed("portfolio", workspace(tmp_path / "w", bare))
    assert answer.code == 0
    assert answer.out.startswith("There is nothing to choose from yet")
    assert "First step: give an initiative a cost" in answer.out

"""vf.rank and vitalfew rank: the candidates as they are, and what if."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import vitalfew as vf
from command_line import typed, workspace
from vitalfew.errors import UsageError
from vitalfew.judgement.recording import judge

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed
    from vitalfew.workspace.workspace import Workspace

__all__ = ["typed"]

IDEAS = """
policy: {budget: 10}
sources:
  players: {table: players.csv, unit: id}
metrics:
  speed: {source: players, column: s}
  trust: {source: players, column: t}
factors:
  speed: {range: [0, 100]}
  trust: {range: [0, 100]}
initiatives:
  faster: {title: Faster pages, cost: 8, scores: {moves: {speed: {p10: 30, p50: 40, p90: 50}}}}
  safer: {title: Safer pages, cost: 8, scores: {moves: {trust: {p10: 30, p50: 40, p90: 50}}}}
  small: {title: A small thing, cost: 2, scores: {moves: {speed: {p10: 1, p50: 2, p90: 3}}}}
  vague: {title: Something, cost: 3}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "w", IDEAS)


@pytest.fixture
def ideas(folder: Path) -> Workspace:
    return vf.load(folder)


def test_without_judgements_ranks_run_over_all_weights_and_say_so(ideas: Workspace) -> None:
    found = vf.rank(ideas)
    by_line = {line.line: line for line in found.lines}
    assert set(by_line) == {"faster", "safer", "small"}
    assert by_line["faster"].p_in == pytest.approx(by_line["safer"].p_in, abs=0.05)
    assert any("weights unknown" in note for note in found.notes)
    assert "Something has no value and cannot be ranked" in found.notes
    assert not found.changed


def test_a_weight_decides_and_what_was_is_shown_beside_it(ideas: Workspace) -> None:
    found = vf.rank(ideas, weights={"trust": 0.95})
    assert found.lines[0].line == "safer"
    assert found.lines[0].p_in > 0.7
    assert found.lines[0].p_in_before < 0.6
    assert found.weights["trust"].estimate == pytest.approx(0.95)
    assert found.weights["trust"].low is None


STAGED = """
sources:
  past: {table: past.csv, shape: results, experiment: experiment, metric: metric, estimate: estimate, se: se}
experiments:
  try_safer: {source: past, initiative: safer}
"""


def test_a_plan_may_count_only_lines_with_strong_evidence(folder: Path) -> None:
    (folder / "past.csv").write_text("experiment,metric,estimate,se\ntry_safer,trust,5,1\n", encoding="utf-8")
    (folder / "past.yaml").write_text(STAGED, encoding="utf-8")
    base = vf.rank(vf.load(folder))
    strong = {line.line for line in base.lines if line.grade == "tested"}
    found = base.what_if(grades=["tested", "replicated"], preview=False)
    assert [line.line for line in found.lines] == ["safer"] == [*strong]
    assert found.changed
    (line,) = found.lines
    whole = next(one for one in base.lines if one.line == "safer")
    assert line.p_in_before == whole.p_in
    assert line.p_in >= whole.p_in  # nothing else asks for the budget
    assert found.what_if(preview=False).lines == base.lines


def test_a_plan_without_any_strong_evidence_holds_nothing(ideas: Workspace) -> None:
    found = vf.rank(ideas).what_if(grades=["replicated"])
    assert found.lines == ()
    assert found.budget == 10


def test_all_weights_may_be_given_in_any_proportion(ideas: Workspace) -> None:
    found = vf.rank(ideas, weights={"trust": 30, "speed": 10})
    assert {factor: weight.estimate for factor, weight in found.weights.items()} == {"speed": 0.25, "trust": 0.75}


def test_what_holds_if_nobody_agreed_on_anything_is_shown_beside_what_was_agreed(folder: Path, typed: Typed) -> None:
    unknown = vf.rank(vf.load(folder))
    judge(vf.load(folder), "anna", {"speed": 90, "trust": 10})
    agreed = vf.rank(vf.load(folder))
    found = vf.rank(vf.load(folder), weights="any")
    assert [(line.line, line.rank, line.p_in) for line in found.lines] == [
        (line.line, line.rank, line.p_in) for line in unknown.lines
    ]
    assert {line.line: line.p_in_before for line in found.lines} == {line.line: line.p_in for line in agreed.lines}
    assert found.weights["trust"].estimate == pytest.approx(0.5, abs=0.02)
    assert (found.weights["trust"].low, found.weights["trust"].high) == pytest.approx((0.1, 0.9), abs=0.02)
    assert agreed.what_if("any").preview
    told = typed("rank", folder, "--any-weights").out
    assert "what would hold if nobody agreed on any" in " ".join(told.split())
    assert typed("rank", folder, "--any-weights", "--weight", "speed=1").code == 2


def test_a_budget_for_everything_takes_everything_of_value(ideas: Workspace) -> None:
    assert {line.line for line in vf.rank(ideas, budget=100).lines if line.p_in > 0.5} == {"faster", "safer", "small"}
    assert all(line.p_in == 0 for line in vf.rank(ideas, budget=0).lines)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"sped": 1.0}, "speed"),
        ({"speed": -1.0}, "from 0 on"),
        ({"speed": float("nan")}, "from 0 on"),
        ({"speed": 3.0}, "at most 1"),
        ({"speed": 0.0, "trust": 0.0}, "all weights are 0"),
        ("all", "weights by factor, or 'any'"),
    ],
)
def test_weights_that_cannot_be_are_refused_with_a_word_on_what_could(
    ideas: Workspace, weights: dict[str, float], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        vf.rank(ideas, weights=weights)


def test_a_budget_below_nothing_is_refused(ideas: Workspace) -> None:
    with pytest.raises(UsageError, match="budget"):
        vf.rank(ideas, budget=-1)


def test_a_preview_is_marked_and_close_to_the_exact_answer(ideas: Workspace) -> None:
    exact = vf.rank(ideas, weights={"trust": 0.5})
    preview = exact.what_if({"trust": 0.5})
    assert preview.preview
    assert "Preview" in str(preview)
    again = exact.what_if({"trust": 0.5}, preview=False)
    assert again.lines == exact.lines
    chances = [{line.line: line.p_in for line in found.lines} for found in (exact, preview)]
    assert all(abs(chances[1][key] - chance) < 0.05 for key, chance in chances[0].items())


def test_it_shows_itself_as_text_as_html_and_as_a_table(ideas: Workspace) -> None:
    found = vf.rank(ideas, weights={"trust": 0.9})
    assert "Safer pages" in str(found)
    assert "<table>" in found._repr_html_()
    table = found.to_arrow()
    assert table.column("line").to_pylist() == [line.line for line in found.lines]
    assert np.isfinite(table.column("p_in").to_numpy()).all()


def test_the_command_ranks_anew_and_records_nothing(folder: Path, typed: Typed) -> None:
    answer = typed("rank", folder, "--weight", "trust=0.9", "--budget", "8")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert "Budget: 8" in lines[1]
    assert next(line for line in lines if "P in plan" in line).startswith("Safer pages")
    assert not (folder / ".vitalfew" / "runs").exists()
    found = typed("rank", folder, "--weight", "trust=0.9", "--json").json
    assert found["weights"]["trust"]["estimate"] == pytest.approx(0.9)
    assert found["lines"][0]["line"] == "safer"
    assert not found["preview"]


def test_a_weight_that_is_no_number_is_wrong_usage(folder: Path, typed: Typed) -> None:
    answer = typed("rank", folder, "--weight", "trust:0.9")
    assert answer.code == 2
    assert "speed=0.4" in answer.err


def test_a_workspace_with_nothing_to_rank_says_so(tmp_path: Path, typed: Typed) -> None:
    bare = workspace(tmp_path / "w", "policy: {budget: 10}\ninitiatives: {gate: {cost: 5}}\n")
    answer = typed("rank", bare)
    assert answer.code == 0
    assert "nothing to rank yet" in answer.out


def test_the_workspace_s_own_weights_are_those_that_every_page_says(ideas: Workspace, folder: Path) -> None:
    """Few people leave wide weights, whose mean is not the weight at the mean of the logs: one of the two is said."""
    judge(ideas, "anna", {"speed": 80, "trust": 20})
    weighed = vf.load(folder)
    said = {row.factor: (row.mean, row.low, row.high) for row in vf.run(weighed).tables.weights}
    assert said["speed"][0] == pytest.approx(0.8)
    found = vf.rank(weighed).weights
    assert {key: (each.estimate, each.low, each.high) for key, each in found.items()} == said

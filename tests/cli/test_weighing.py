from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command_line import UNITS, typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    yaml = UNITS.replace("metrics:", "metrics:\n  stay: {source: players, column: back}", 1)
    return workspace(
        tmp_path, yaml.replace("factors:", "factors:\n  rounds: {range: [0, 40]}\n  stay: {range: [0, 1]}")
    )


def test_weights_come_with_intervals_spread_and_what_people_agree_on(folder: Path, typed: Typed) -> None:
    for at in range(6):
        points = (f"retention={60 + at}", f"rounds={30 - at}", "stay=10")
        assert typed("act", "judgement", folder, *points, "--by", f"rater {at}", "--kind", "swing").code == 0
    run = typed("run", folder, "--json", "--only", "weights", "--only", "disagreement").json
    weight = run["weights"]["retention"]
    assert weight["low"] < weight["mean"] < weight["high"]
    assert weight["member_low"] < weight["low"]
    assert weight["raters"] == 6
    assert run["disagreement"]["people"] == 6
    assert run["disagreement"]["kendall_w"] == pytest.approx(1)
    assert "rater" not in json.dumps(run["disagreement"])


def test_comparisons_are_judgements_too(folder: Path, typed: Typed) -> None:
    ratios = ("--ratio", "retention:rounds=2", "--ratio", "rounds:stay=3")
    extremes = ("--best", "retention:rounds=2", "--best", "retention:stay=6", "--worst", "rounds:stay=3")
    for name, words in (("Ada", ratios), ("Ben", extremes)):
        assert typed("act", "judgement", folder, "--by", name, *words).code == 0
        weights = typed("run", folder, "--json").json["weights"]
        assert [weights[key]["mean"] for key in ("retention", "rounds", "stay")] == pytest.approx([0.6, 0.3, 0.1])


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("retention=0", "rounds=0"), 1, "gave only zeros has not said which factor counts more"),
        (("retention=5",), 1, "answered a single factor"),
        ((), 1, "gives neither points nor ratios"),
        (("--ratio", "retention=3"), 2, "A:B=TIMES"),
        (("--ratio", "retention:rounds=0"), 2, "A:B=TIMES"),
        (("--ratio", "retention:round=3"), 2, "did you mean 'rounds'"),
        (("--best", "retention:rounds=2"), 2, "one best and one worst"),
        (("retention=5", "rounds=1", "--kind", "guess"), 2, "swing or points"),
    ],
)
def test_a_judgement_that_weighs_nothing_is_answered_in_words(
    folder: Path, typed: Typed, words: tuple[str, ...], code: int, message: str
) -> None:
    answer = typed("act", "judgement", folder, *words, "--by", "Ada")
    assert answer.code == code
    assert message in answer.err
    assert not (folder / "acts.jsonl").exists()


def test_shares_of_groups_of_raters_count(folder: Path, typed: Typed) -> None:
    for at in range(4):
        typed("act", "judgement", folder, "retention=90", "rounds=10", "--by", f"e{at}", "--group", "staff")
    typed("act", "judgement", folder, "retention=10", "rounds=90", "--by", "c", "--group", "customers")
    before = typed("run", folder, "--json").json["weights"]["retention"]
    file = folder / "workspace.yaml"
    file.write_text(file.read_text() + "policy: {rater_groups: {staff: 0.5, customers: 0.5}}\n")
    after = typed("run", folder, "--json").json["weights"]["retention"]
    assert before["mean"] > 0.7
    assert after["mean"] == pytest.approx(0.5)
    assert "groups count by their shares: staff 50 %, customers 50 %" in after["note"]

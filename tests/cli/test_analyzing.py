from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command_line import players, typed

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    players(tmp_path / "players.csv")
    return tmp_path / "players.csv"


def test_one_file_gives_one_experiment(file: Path, typed: Typed) -> None:
    answer = typed(
        "analyze", file, "--variant", "arm", "--metric", "back", "--metric", "rounds", "--unit", "id", "--json"
    )
    assert answer.code == 0
    effects = answer.json["experiments"]["experiment"]["effects"]
    assert [(effect["metric"], effect["arm"], effect["control"]) for effect in effects] == [
        ("back", "new", "old"),
        ("rounds", "new", "old"),
    ]
    assert [path.name for path in file.parent.iterdir()] == ["players.csv"]


def test_the_control_can_be_chosen(file: Path, typed: Typed) -> None:
    words = ("analyze", file, "--variant", "arm", "--metric", "back", "--json")
    (effect,) = typed(*words, "--control", "new").json["experiments"]["experiment"]["effects"]
    assert (effect["arm"], effect["control"]) == ("old", "new")
    wrong = typed(*words, "--control", "odl")
    assert wrong.code == 2
    assert "did you mean 'old'" in wrong.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--variant", "amr", "--metric", "back"), "did you mean 'arm'"),
        (("--variant", "arm", "--metric", "bakc"), "did you mean 'back'"),
        (("--variant", "arm", "--metric", "back", "--unit", "ids"), "did you mean 'id'"),
        (
            (
                "--variant",
                "arm",
            ),
            "--metric",
        ),
    ],
)
def test_an_unknown_column_is_wrong_usage(file: Path, typed: Typed, words: tuple[str, ...], hint: str) -> None:
    answer = typed("analyze", file, *words)
    assert answer.code == 2
    assert hint in answer.err


def test_a_file_that_is_not_there_is_named(file: Path, typed: Typed) -> None:
    answer = typed("analyze", file.with_name("player.csv"), "--variant", "arm", "--metric", "back")
    assert answer.code in {1, 2}
    assert "did you mean 'players.csv'" in answer.err


def test_every_arm_is_compared_with_the_control(tmp_path: Path, typed: Typed) -> None:
    rows = "".join(f"{'abc'[i % 3]},{i % 7}\n" for i in range(300))
    (tmp_path / "three.csv").write_text("arm,spend\n" + rows)
    answer = typed("analyze", tmp_path / "three.csv", "--variant", "arm", "--metric", "spend", "--json")
    effects = answer.json["experiments"]["experiment"]["effects"]
    assert [(effect["arm"], effect["control"]) for effect in effects] == [("b", "a"), ("c", "a")]
    assert "Traceback" not in typed("analyze", tmp_path / "three.csv", "--variant", "arm", "--metric", "spend").err


def test_a_column_of_keys_is_no_variant(file: Path, typed: Typed) -> None:
    answer = typed("analyze", file, "--variant", "id", "--metric", "back")
    assert answer.code == 2
    assert "'id'" in answer.err

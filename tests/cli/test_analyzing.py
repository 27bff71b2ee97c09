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


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Buyers of two arms; what they spent follows what they spent before."""
    lines = ["id,arm,before,country,bought,spend,visits,effort,weird"]
    for i in range(1_200):
        new, before = i % 2, (i * 37 % 101) / 10
        spend = before + (i * 61 % 17) / 10 + 0.3 * new
        country = ("DK", "DE", "SE's")[i // 2 % 3]
        cells = (i, "ab"[new], before, country, int(i % 10 < 3 + new), f"{spend:.2f}", 1 + i % 4, 1 + i % 7, i)
        lines.append(",".join(map(str, cells)))
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def effects(typed: Typed, *words: object) -> list[dict[str, object]]:
    answer = typed("analyze", *map(str, words), "--json")
    assert answer.code == 0, answer.err
    found: list[dict[str, object]] = answer.json["experiments"]["experiment"]["effects"]
    return found


def test_covariates_narrow_the_interval_and_leave_the_effect(shop: Path, typed: Typed) -> None:
    words = (shop, "--variant", "arm", "--metric", "spend")
    (plain,), (adjusted,) = effects(typed, *words), effects(typed, *words, "--covariate", "before")
    assert float(str(adjusted["se"])) < 0.3 * float(str(plain["se"]))
    assert adjusted["estimate"] == pytest.approx(0.3, abs=0.06)


def test_a_ratio_and_a_kind_are_taken_as_asked(shop: Path, typed: Typed) -> None:
    words = ("--variant", "arm", "--metric", "spend/visits", "--metric", "effort", "--kind", "effort=ces:net")
    ratio, score = effects(typed, shop, *words)
    rows = [line.split(",") for line in shop.read_text().splitlines()[1:]]
    means = {
        arm: sum(float(row[5]) for row in rows if row[1] == arm) / sum(float(row[6]) for row in rows if row[1] == arm)
        for arm in ("a", "b")
    }
    assert ratio["estimate"] == pytest.approx(means["b"] - means["a"])
    nets = {}
    for arm in ("a", "b"):
        answers = [int(row[7]) for row in rows if row[1] == arm]
        nets[arm] = 100 * sum((answer >= 5) - (answer <= 3) for answer in answers) / len(answers)
    assert score["estimate"] == pytest.approx(nets["b"] - nets["a"])


def test_segments_are_the_values_of_a_column_and_are_printed(shop: Path, typed: Typed) -> None:
    words = (shop, "--variant", "arm", "--metric", "bought", "--segment", "country")
    assert {effect["segment"] for effect in effects(typed, *words)} == {
        None,
        "country_DK",
        "country_DE",
        "country_SE_s",
    }
    said = typed("analyze", *map(str, words)).out
    assert "BY SEGMENT" in said
    assert "country SE's" in said


def test_the_mode_and_the_split_are_those_asked_for(shop: Path, typed: Typed) -> None:
    words = (shop, "--variant", "arm", "--metric", "spend")
    (watched,) = effects(typed, *words, "--mode", "always_valid")
    (once,) = effects(typed, *words)
    assert (watched["mode"], once["mode"]) == ("always_valid", "fixed")
    health = typed("analyze", *map(str, words), "--split", "a=1,b=2", "--json").json["experiments"]["experiment"][
        "health"
    ]
    ratio = next(row for row in health if row["test"].startswith("sample"))
    assert ratio["status"] == "failed"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--kind", "spend"), "such as effort=ces:mean"),
        (("--kind", "spend=median"), "mean, proportion, quantile"),
        (("--kind", "spend=quantile"), "quantile:0.9"),
        (("--kind", "spent=mean"), "did you mean 'spend'"),
        (("--split", "a=1"), "those of the data: a, b"),
        (("--split", "a=1,b=0"), "not above 0"),
        (("--covariate", "befor"), "did you mean 'before'"),
        (("--segment", "weird"), "more than 12 values"),
        (("--alpha", "5"), "a share between 0 and 1"),
    ],
)
def test_wrong_options_say_what_is_right(shop: Path, typed: Typed, words: tuple[str, ...], hint: str) -> None:
    answer = typed("analyze", shop, "--variant", "arm", "--metric", "spend", *words)
    assert answer.code == 2
    assert hint in answer.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sheet.xlsx", "save the sheet as CSV"),
        ("all.zip", "unpack it"),
        ("folder", "is a folder"),
        ("link.csv", "is a link that leads to no file"),
        ("nothing.csv", "there is no file"),
        ("empty.csv", "is empty"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path: Path, typed: Typed, name: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    for file in ("sheet.xlsx", "all.zip", "empty.csv"):
        (tmp_path / file).write_bytes(b"" if file == "empty.csv" else b"PK\x03\x04")
    answer = typed("analyze", tmp_path / name, "--variant", "arm", "--metric", "bought")
    assert answer.code in (1, 2)
    assert said in answer.err

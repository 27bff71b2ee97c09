"""Two worlds that differ in what one person said: whatever is shown must not tell them apart."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import forecast_building
import vitalfew as vf
from command_line import typed
from vitalfew.judgement import recording
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

FACTORS = ("fun", "help")
COSTS = {"arch": 4, "bell": 5, "cave": {"p10": 4, "p50": 6, "p90": 9}, "dock": 7, "exit": 6, "farm": 3}
GAINS = {"arch": (0.9, 0.1), "bell": (0.5, 0.6), "cave": (0.2, 1.0), "dock": (0.4, 0.5), "exit": (0.2, 0.1)}
SEALED = "farm_fun"
IDENTITY = ("run", "computed_at", "definitions_version", "data_version", "code_version", "workspace")


def world(root: Path, secret: float, budget: float = 15, **more: Any) -> Path:
    """Six candidates: five forecast by three people each, and one, in a world of its own, by one alone."""
    root.mkdir(parents=True)
    (root / "players.csv").write_text(
        "id,fun,help\n" + "".join(f"{i},{i % 7},{i % 3}\n" for i in range(60)), encoding="utf-8"
    )
    hypotheses: dict[str, Any] = {
        f"{key}_{factor}": {"initiative": key, "metric": factor} for key in GAINS for factor in FACTORS
    }
    defined = {
        "sources": {"players": {"table": "players.csv", "unit": "id"}},
        "metrics": {
            key: {"source": "players", "column": key, "side": side}
            for key, side in zip(FACTORS, ("customer", "business"), strict=True)
        },
        "factors": {key: {"range": [0, 10]} for key in FACTORS},
        "policy": {"budget": budget},
        "initiatives": {key: {"cost": cost, "weeks": 3} for key, cost in COSTS.items()},
        "hypotheses": hypotheses | {SEALED: {"initiative": "farm", "metric": "fun"}},
    }
    (root / "w.yaml").write_text(yaml.safe_dump(defined | more), encoding="utf-8")
    ws = load(root)
    for key, gains in GAINS.items():
        for factor, gain in zip(FACTORS, gains, strict=True):
            for person, times in (("ben", 0.9), ("mia", 1.0), ("tom", 1.2)):
                recording.forecast(ws, f"{key}_{factor}", person, numbers(times * gain))
    recording.forecast(ws, SEALED, "anna", numbers(secret))
    for at, person in enumerate(("ben", "mia", "tom", "eva", "kim")):
        recording.judge(ws, person, {"fun": 100.0 - 10 * at, "help": 40.0 + 12 * at})
    return root


def numbers(middle: float) -> dict[str, float]:
    return {"p10": 0.4 * middle, "p50": middle, "p90": 1.7 * middle, "p_zero": 0.2}


def told(value: Any) -> Any:
    """What a surface says, less what names the run."""
    if isinstance(value, dict):
        return {key: told(inner) for key, inner in value.items() if key not in IDENTITY}
    return [told(inner) for inner in value] if isinstance(value, list) else value


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two answers part; the order of pseudonyms, which are drawn anew in each world, moves the last bits."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for key in one for found in differences(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for at, (a, b) in pairs for found in differences(a, b, f"{path}[{at}]")]
    alike = one == other
    if isinstance(one, float) and isinstance(other, float):
        alike = math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return [] if alike else [f"{path}: {one} / {other}"]


def two_worlds(path: Path, budget: float = 15) -> tuple[Path, Path]:
    """A forecast that is a trace larger changes no place, and so must change nothing that is shown."""
    return world(path / "one" / "w", 0.60, budget), world(path / "two" / "w", 0.6003, budget)


@pytest.mark.parametrize("budget", [4.0, 8.0, 15.0, 22.0, 60.0])
def test_nothing_in_a_run_tells_a_sealed_forecast(tmp_path: Path, budget: float) -> None:
    one, other = (told(json.loads(vf.run(load(root)).to_json())) for root in two_worlds(tmp_path, budget))
    assert "farm" in one["ranks"]
    assert differences(one, other) == []


@pytest.mark.parametrize("budget", [4.0, 15.0])
def test_no_page_and_no_terminal_tells_a_sealed_forecast(tmp_path: Path, typed: Typed, budget: float) -> None:
    said = []
    for root in two_worlds(tmp_path, budget):
        shown = [typed(command, root).out for command in ("run", "rank", "portfolio", "value", "check", "calibrate")]
        shown += [typed("explain", root, line).out for line in COSTS]
        results = vf.run(load(root), keep=False)
        results.to_html(root / "report.html")
        shown += [(root / "report.html").read_text(encoding="utf-8"), results._repr_html_()]
        whole = "\n".join(shown).replace(results.info.id, "RUN")
        said.append(
            re.sub(
                r"\d\d:\d\d UTC|\d{8}T\d{6}[\w-]*|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:Z]*|[0-9a-f]{8,64}|[\d.]+ s<",
                "",
                whole,
            ).split("\n")
        )
    assert [pair for pair in zip(*said, strict=True) if pair[0] != pair[1]] == []


@pytest.mark.parametrize("words", [("--weight", "fun=1"), ("--weight", "fun=0.3"), ("--budget", "9"), ()])
def test_asking_what_if_again_and_again_tells_places_and_steps_and_no_more(
    tmp_path: Path, typed: Typed, words: tuple[str, ...]
) -> None:
    one, other = (typed("rank", root, "--json", *words).json for root in two_worlds(tmp_path))
    assert differences(told(one), told(other)) == []
    for line in one["lines"]:
        assert line["rank"]["estimate"] == round(line["rank"]["estimate"])
        for chance in (line["p_in"], line["p_best"], line["p_in_before"]):
            assert chance * 20 == pytest.approx(round(chance * 20))
    sealed = next(line for line in one["lines"] if line["line"] == "farm")
    assert sealed["value"] is None
    assert sealed["rank"]["low"] is None


@pytest.mark.parametrize("budget", [3, 7.5, 9, 13, 100])
def test_no_budget_of_a_portfolio_tells_what_a_sealed_line_is_worth(
    tmp_path: Path, typed: Typed, budget: float
) -> None:
    one, other = (typed("portfolio", root, "--json", "--budget", budget).json for root in two_worlds(tmp_path))
    assert differences(told(one), told(other)) == []


def test_a_sealed_line_is_compared_with_no_other_one_to_one(tmp_path: Path) -> None:
    ranks = vf.run(load(world(tmp_path / "w", 0.6))).to_dict()["ranks"]
    sealed = ranks.pop("farm")
    assert not any(sealed[name] for name in ("wins", "acceptability", "central", "p_top", "confidence"))
    assert all("farm" not in row["wins"] for row in ranks.values())
    steps = [chance * 20 for row in ranks.values() for chance in row["acceptability"]]
    assert steps == pytest.approx([round(step) for step in steps])


def test_what_a_plan_is_expected_to_give_is_not_told_beside_a_sealed_line(tmp_path: Path) -> None:
    found = vf.run(load(world(tmp_path / "w", 0.6, 60)))
    assert "farm" in next(plan.lines for plan in found.tables.plans if plan.plan == "best")
    everything = found.tables.information[0]
    assert "sealed are left out" in everything.message


def test_locking_unseals(tmp_path: Path) -> None:
    root = world(tmp_path / "w", 0.6)
    recording.lock(load(root), SEALED, "anna")
    found = vf.run(load(root))
    line = next(row for row in found.tables.candidates if row.line == "farm")
    assert line.value is not None
    assert found.to_dict()["ranks"]["farm"]["wins"]


def test_what_was_erased_is_in_no_file_of_the_workspace(tmp_path: Path, typed: Typed) -> None:
    root = world(tmp_path / "w", 0.6)
    assert typed("run", root).code == 0
    assert typed("act", "erase", root, "--by", "anna").code == 0
    stored = root / ".vitalfew" / "runs"
    assert not list(stored.iterdir())
    assert typed("run", root).code == 0
    held = [path for path in stored.rglob("promises.arrow") if b"farm_fun" in path.read_bytes()]
    assert held == []
    assert typed("verify", root).code == 0


def test_erasing_in_the_name_of_nobody_deletes_nothing(tmp_path: Path, typed: Typed) -> None:
    root = world(tmp_path / "w", 0.6)
    typed("run", root)
    assert typed("act", "erase", root, "--by", "nobody").code == 1
    assert list((root / ".vitalfew" / "runs").iterdir())


def test_no_object_prints_an_open_forecast_or_what_an_act_says(tmp_path: Path) -> None:
    root = world(tmp_path / "w", 0.61234)
    ws = load(root)
    found = vf.run(ws)
    for printed in (found, [found], found.ledger, ws, ws.acts, found.tables, found.tables.promises, vf.rank(ws, found)):
        assert "0.61234" not in repr(printed)


def test_the_record_of_one_forecaster_alone_is_neither_stored_nor_ranked_by(tmp_path: Path) -> None:
    """Else the value of a locked promise over the promise would be that person's slope."""
    stored = []
    for name, times in (("good", 1.0), ("bold", 3.0)):
        (tmp_path / name).mkdir()
        results = vf.run(load(forecast_building.folder(tmp_path / name, {"anna": times})))
        assert results.tables.calibration[0].resolved >= 10
        stored.append(results.tables.calibration_posterior)
    assert stored[0] == stored[1]


def test_a_log_never_quotes_what_stopped_a_stage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ws = load(world(tmp_path / "w", 0.6))
    words = "Ms Miller of Acme wrote that she is leaving"

    def fail(*_: object) -> None:
        raise ValueError(words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vitalfew.decide.bets.bets", fail)
        results = vf.run(ws)
    assert [row.stage for row in results.failures] == ["bets"]
    assert "bets" in caplog.text
    assert words not in caplog.text + results.to_json()

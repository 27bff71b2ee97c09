"""What people write about decisions when they are in a hurry: a clear answer each, never a crash or a silent guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from command_line import typed

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Answer, Typed

__all__ = ["typed"]

COMMANDS = ("rank", "portfolio", "value")
METRICS = {key: {"source": "players", "column": key} for key in ("fun", "help", "speed")}
BASE: dict[str, Any] = {
    "sources": {"players": {"table": "players.csv", "unit": "id"}},
    "metrics": METRICS,
    "factors": {"fun": {"range": [0, 10]}, "help": {"range": [0, 10]}},
    "policy": {"budget": 20},
    "initiatives": {"gate": {"cost": 5}, "sign": {"cost": {"p10": 4, "p50": 8, "p90": 16}}},
    "hypotheses": {
        "gate_fun": {"initiative": "gate", "metric": "fun"},
        "sign_help": {"initiative": "sign", "metric": "help"},
    },
}


def folder(path: Path, **kinds: Any) -> Path:
    (path / "players.csv").write_text("id,fun,help,speed\n" + "".join(f"{i},{i % 7},{i % 3},1\n" for i in range(50)))
    (path / "w.yaml").write_text(yaml.safe_dump(BASE | kinds))
    return path


def said_by(typed: Typed, path: Path, *people: str) -> Path:
    """Forecasts of both hypotheses by some people."""
    for person in people:
        for about, middle in (("gate_fun", 1.0), ("sign_help", 0.5)):
            numbers = ("--p10", str(middle - 0.5), "--p50", str(middle), "--p90", str(middle + 0.5))
            assert typed("act", "forecast", path, about, *numbers, "--by", person).code == 0
    return path


def calm(answer: Answer, *codes: int) -> Answer:
    whole = answer.out + answer.err
    assert answer.code in (codes or (0,)), whole
    assert re.search(r"Traceback|fault of vitalfew|\bnan\b|\binf\b", whole) is None
    return answer


def everything(typed: Typed, path: Path) -> Answer:
    """A run that goes through, and every command that decides after it."""
    for command in COMMANDS:
        calm(typed(command, path), 0, 1)
        calm(typed(command, path, "--json"), 0, 1)
    answer = calm(typed("run", path, "--json"))
    assert [row for row in answer.json["failed"] if not row["remark"]] == []
    return answer


@pytest.mark.parametrize(
    ("kinds", "parts"),
    [
        ({"factors": {"fun": {}}}, ("range",)),
        ({"factors": {"fun": {"range": [3, 3]}}}, ("range",)),
        ({"initiatives": {"gate": {"cost": -5}}}, ("cost",)),
        ({"initiatives": {"gate": {"cost": {"p10": 9, "p50": 5, "p90": 12}}}}, ("p10", "rise")),
        ({"initiatives": {"gate": {"cost": 1e300}}}, ("cost", "nothing can be reckoned with 1e+300")),
        ({"factors": {"fun": {"range": [0, 1e-300]}}}, ("range", "from 1e-15 to 1e+15")),
        ({"guardrails": {"speed": {"margin": 0.1, "alpha": 1e-300}}}, ("alpha", "reckoned")),
        ({"policy": {"horizon_weeks": 1e15}}, ("horizon_weeks", "up to 5200")),
        ({"policy": {"budget": -3}}, ("budget",)),
        ({"policy": {"budget": 0}}, ("budget",)),
        ({"guardrails": {"speed": {"margin": -0.1}}}, ("margin",)),
        ({"policy": {"minimum_shares": {"h1": 0.7, "h3": 0.6}}}, ("minimum_shares",)),
        ({"initiatives": {"gate": {"cost": 5, "prerequisites": ["gate"]}}}, ("prerequisites",)),
        (
            {
                "initiatives": {
                    "gate": {"cost": 5, "prerequisites": ["sign"], "excludes": ["sign"]},
                    "sign": {"cost": 1},
                }
            },
            ("sign",),
        ),
        ({"factors": {"fun": {"range": [0, 10], "utility": {"form": "saturating", "half": 3}}}}, ("baseline",)),
        ({"factors": {"fun": {"range": [0, 10], "utility": {"form": "bent"}}}}, ("saturating",)),
    ],
)
def test_definitions_that_cannot_be_meant_are_refused_at_their_line(
    typed: Typed, tmp_path: Path, kinds: dict[str, Any], parts: tuple[str, ...]
) -> None:
    hypotheses = {} if "initiatives" in kinds else BASE["hypotheses"]
    answer = calm(typed("run", folder(tmp_path, hypotheses=hypotheses, **kinds)), 1)
    assert "w.yaml:" in answer.err
    for part in parts:
        assert part in answer.err


def test_a_forecast_whose_quantiles_fall_is_refused(typed: Typed, tmp_path: Path) -> None:
    path = folder(tmp_path)
    numbers = ("--p10", "3", "--p50", "1", "--p90", "2")
    answer = calm(typed("act", "forecast", path, "gate_fun", *numbers, "--by", "anna"), 1, 2)
    assert "p10, p50 and p90 must rise: the smallest number first" in answer.err


def test_ratings_of_nothing_but_zeros_say_nothing_and_are_named(typed: Typed, tmp_path: Path) -> None:
    path = said_by(typed, folder(tmp_path), "anna", "ben", "mia")
    calm(typed("act", "judgement", path, "fun=0", "help=0", "--by", "anna"), 0, 1)
    found = everything(typed, path).json
    assert found["ledger"]["candidates"]
    notes = " ".join(found["ledger"]["headline"]["notes"])
    assert "weights unknown" in notes


def test_a_person_who_skips_everything_changes_nothing(typed: Typed, tmp_path: Path) -> None:
    path = said_by(typed, folder(tmp_path), "anna", "ben", "mia")
    calm(typed("act", "judgement", path, "fun=100", "help=50", "--by", "anna"))
    before = everything(typed, path).json["weights"]
    calm(typed("act", "judgement", path, "--by", "ben"), 1, 2)
    assert everything(typed, path).json["weights"] == before


def test_a_budget_that_buys_nothing_gives_an_empty_plan_that_says_so(typed: Typed, tmp_path: Path) -> None:
    path = said_by(typed, folder(tmp_path, policy={"budget": 0.5}), "anna", "ben", "mia")
    found = everything(typed, path).json
    (best, *_) = found["plans"]["plans"]
    assert best["lines"] == []
    assert best["cost"] == 0
    assert "nothing" in typed("portfolio", path).out.lower()


def test_bounds_that_contradict_each_other_are_named(typed: Typed, tmp_path: Path) -> None:
    bound = {"budget": 20, "minimum_shares": {"h3": 0.5}}
    path = said_by(typed, folder(tmp_path, policy=bound), "anna", "ben", "mia")
    everything(typed, path)
    answer = typed("portfolio", path)
    assert "h3" in answer.out


def test_guardrails_that_no_line_can_meet_leave_nothing_to_fund(typed: Typed, tmp_path: Path) -> None:
    strict = {"fun": {"margin": 0.0}, "help": {"margin": 0.0}}
    path = said_by(typed, folder(tmp_path, guardrails=strict), "anna", "ben", "mia")
    found = everything(typed, path).json
    assert all(line["recommendation"] != "fund" for line in found["ledger"]["candidates"])


@pytest.mark.parametrize(
    "kinds",
    [
        {"initiatives": {}, "hypotheses": {}},
        {"initiatives": {"gate": {"cost": 5}}, "hypotheses": {}},
        {"initiatives": {"gate": {}, "sign": {}}},
        {"factors": {}},
        {"factors": {"fun": {"range": [0, 10]}}},
        {"policy": {}},
        {"factors": {"fun": {"range": [0, 1e-9]}, "help": {"range": [0, 1e12]}}},
        {"initiatives": {"gate": {"cost": {"p10": 0, "p50": 0, "p90": 0}}, "sign": {"cost": 1e9}}},
    ],
)
def test_little_or_odd_definitions_still_give_a_ledger(typed: Typed, tmp_path: Path, kinds: dict[str, Any]) -> None:
    path = folder(tmp_path, **kinds)
    if "hypotheses" not in kinds:
        said_by(typed, path, "anna", "ben", "mia")
    everything(typed, path)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("rank", "--weight", "joy=3"), ("joy", "fun")),
        (("rank", "--weight", "fun=-1"), ("fun",)),
        (("rank", "--weight", "fun"), ("fun",)),
        (("rank", "--weight", "fun=0", "--weight", "help=0"), ("0",)),
        (("rank", "--budget", "-4"), ("budget",)),
        (("portfolio", "--budget", "-4"), ("budget",)),
        (("explain", "gat"), ("gate",)),
        (("backtest", "--on", "2030-01-01"), ("2030-01-01",)),
        (("backtest", "--on", "soon"), ("soon",)),
    ],
)
def test_questions_that_cannot_be_answered_say_what_is_expected(
    typed: Typed, tmp_path: Path, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    path = said_by(typed, folder(tmp_path), "anna", "ben", "mia")
    command, *options = words
    answer = calm(typed(command, path, *options), 1, 2)
    for part in parts:
        assert part in answer.err

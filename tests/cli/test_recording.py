from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command_line import typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

QUANTILES = ("--p10", "0.02", "--p50", "0.0731", "--p90", "0.2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path)


def test_from_judgement_to_a_promise_in_the_ledger(folder: Path, typed: Typed) -> None:
    assert typed("act", "judgement", folder, "retention=80", "--by", "Ada").code == 0
    assert typed("act", "forecast", folder, "gate_back", "--by", "Ada", *QUANTILES).code == 0
    locked = typed("act", "lock", folder, "gate_back", "--by", "Ada")
    assert locked.code == 0
    assert "act 3: lock about gate_back by " in locked.out
    run = typed("run", folder, "--json").json
    (promise,) = run["promises"]
    assert promise["p50"] == pytest.approx(0.0731)
    assert run["weights"]["retention"]["mean"] == 1.0


def test_nobody_is_shown_what_others_forecast(folder: Path, typed: Typed) -> None:
    said = [
        typed("act", "forecast", folder, "gate_back", "--by", name, "--p10", "0.01", "--p50", p50, "--p90", "0.9")
        for name, p50 in (("Ada", "0.0731"), ("Ben", "0.0847"))
    ]
    said += [typed(*words) for words in (("verify", folder), ("run", folder), ("check", folder))]
    for answer in said:
        for secret in ("0.0731", "0.0847", "Ada", "Ben", "7.31", "8.47"):
            assert secret not in answer.out + answer.err
    assert "Ada" not in (folder / "acts.jsonl").read_text()


def test_a_forecast_says_what_it_rests_on_and_nothing_prints_it(folder: Path, typed: Typed) -> None:
    page = "https://example.org/interviews"
    named = ("--evidence", "retention", "--evidence", page)
    answers = [typed("act", "forecast", folder, "gate_back", "--by", "Ada", *QUANTILES, *named)]
    assert answers[0].code == 0
    assert json.loads((folder / "acts" / "000001.json").read_text())["body"]["evidence"] == ["retention", page]
    answers += [typed(*words) for words in (("act", "lock", folder, "gate_back", "--by", "Ada"), ("verify", folder))]
    answers.append(typed("run", folder, "--json"))
    assert not any(page in answer.out + answer.err for answer in answers)
    (promise,) = answers[-1].json["promises"]
    assert (promise["evidence"], promise["evidenced"]) == ([], None)


def test_what_five_people_named_is_in_json_and_report_and_never_who_named_it(folder: Path, typed: Typed) -> None:
    people = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay")
    for number, name in enumerate(people):
        looked_at = "retention" if number % 2 else f"https://example.org/{number}"
        named = ("--evidence", looked_at) if number < 5 else ()
        assert typed("act", "forecast", folder, "gate_back", "--by", name, *QUANTILES, *named).code == 0
    typed("act", "lock", folder, "gate_back", "--by", "Ada")
    html = folder / "report.html"
    run = typed("run", folder, "--json", "--html", html).json
    (promise,) = run["promises"]
    assert promise["evidence"] == ["retention", *(f"https://example.org/{n}" for n in (0, 2, 4))]
    assert promise["evidenced"] == 5
    assert "5 of 6 forecasters said what theirs rests on: metric “" in html.read_text()
    assert not any(name in html.read_text() for name in people)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("forecast", "gate_back", *QUANTILES, "--evidence", "retenton"), 2, "did you mean 'retention'"),
        (("forecast", "gate_back", *QUANTILES, "--evidence", "ftp://a.example"), 2, "web address"),
        (("forecast", "gate_bak", *QUANTILES), 2, "did you mean 'gate_back'"),
        (("judgement", "retenton=5"), 2, "did you mean 'retention'"),
        (("judgement", "retention:5"), 2, "FACTOR=POINTS"),
        (("judgement", "retention=-5"), 1, "retention"),
        (("judgement", "retention=5", "retention=6"), 2, "'retention' is given points twice"),
        (("forecast", "gate_back", "--p10", "3", "--p50", "2", "--p90", "1"), 1, "p10"),
        (("lock", "gate_back"), 1, "vitalfew act forecast"),
        (("waiver", "retenton", "--reason", "why not"), 2, "nothing called 'retenton'"),
        (
            ("decision", "gate", "--what", "stop", "--evidence", "e", "--counter", "c", "--review", "soon"),
            2,
            "a day such as",
        ),
    ],
)
def test_an_act_that_cannot_be_is_refused_and_nothing_is_written(
    folder: Path, typed: Typed, words: tuple[str, ...], code: int, hint: str
) -> None:
    kind, *rest = words
    answer = typed("act", kind, folder, *rest, "--by", "Ada")
    assert (answer.code, answer.out) == (code, "")
    assert hint in answer.err
    assert not (folder / "acts.jsonl").exists() or (folder / "acts.jsonl").read_text() == ""


def test_a_damaged_log_fails_the_proof(folder: Path, typed: Typed) -> None:
    typed("act", "judgement", folder, "retention=80", "--by", "Ada")
    typed("act", "judgement", folder, "retention=10", "--by", "Ben")
    assert typed("verify", folder).code == 0
    log = folder / "acts.jsonl"
    first, second = log.read_text().splitlines()
    record = json.loads(first)
    log.write_text("\n".join([json.dumps({**record, "at": "2020-01-01T00:00:00Z"}), second]) + "\n")
    answer = typed("verify", folder, "--json")
    assert answer.code == 1
    assert answer.json["ok"] is False
    log.write_text("\x1b[31m{garbage\n" + first + "\n")
    answer = typed("verify", folder)
    assert answer.code == 1
    assert "\x1b" not in answer.out + answer.err


def test_a_proof_is_no_wider_than_the_terminal_and_whole_in_a_pipe(
    folder: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("act", "judgement", folder, "retention=80", "--by", "Ada")
    piped = typed("verify", folder).out
    assert max(map(len, piped.splitlines())) > 70, "in a pipe a sentence stays on its line"
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = typed("verify", folder).out
    assert max(map(len, shown.splitlines())) <= 70
    assert shown.split() == piped.split(), "a head is never broken"


def test_what_a_person_said_can_be_erased_and_the_proof_says_so(folder: Path, typed: Typed) -> None:
    typed("act", "judgement", folder, "retention=80", "--by", "Ada")
    assert typed("act", "erase", folder, "--by", "Ada").code == 0
    answer = typed("verify", folder)
    assert answer.code == 0
    assert "erased" in answer.out
    assert typed("run", folder, "--json").json["weights"] == {}

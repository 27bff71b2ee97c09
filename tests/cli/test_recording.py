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


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
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

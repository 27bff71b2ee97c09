from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from command_line import PROGRAM, UNITS, in_a_process, typed, workspace
from vitalfew import __version__

if TYPE_CHECKING:
    from command_line import Typed

__all__ = ["typed"]

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "results.schema.json").read_text())


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run beside each other: how fast this machine is today must not decide."""
    monkeypatch.setattr("vitalfew.cli.output._PATIENCE", 600.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path / "acme")


def test_a_run_prints_the_ledger_and_ends_well(folder: Path, typed: Typed) -> None:
    answer = typed("run", folder)
    assert answer.code == 0
    assert "Came back" in answer.out
    assert answer.err == ""


def test_a_file_of_a_folder_is_read_alone_and_the_others_are_named(folder: Path, typed: Typed) -> None:
    alone = typed("run", folder / "workspace.yaml")
    assert alone.err == ""
    for name in ("goals.yaml", "teams.yml", "notes.txt", ".hidden.yaml"):
        (folder / name).write_text("")
    answer = typed("run", folder / "workspace.yaml", "--json")
    assert answer.err.strip() == (
        "vitalfew: only workspace.yaml was read; goals.yaml and teams.yml lie beside it (name the folder to read all)"
    )
    assert answer.json["schema"] == 1
    assert typed("run", folder).err == ""


def test_json_is_all_that_is_printed_and_fits_its_schema(folder: Path, typed: Typed) -> None:
    answer = typed("run", folder, "--json")
    jsonschema.validate(answer.json, SCHEMA)
    assert list(answer.json["experiments"]) == ["move_gate"]
    assert answer.err == ""


def test_json_can_be_read_where_the_terminal_knows_no_letters_beyond_ascii(folder: Path) -> None:
    (folder / "workspace.yaml").write_text(UNITS.replace("Came back", "Größe 🙂"), encoding="utf-8")
    answer = in_a_process("run", folder, "--json", PYTHONIOENCODING="ascii")
    assert "Größe 🙂" in json.dumps(answer.json, ensure_ascii=False)


def test_a_report_is_written_where_asked(folder: Path, typed: Typed) -> None:
    answer = typed("run", folder, "--json", "--html", folder / "report.html")
    assert answer.json["schema"] == 1
    assert "report.html" in answer.err
    assert "</html>" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_told(folder: Path, typed: Typed) -> None:
    answer = typed("run", folder, "--html", folder / "nowhere" / "report.html")
    assert answer.code in {1, 2}
    assert "report.html" in answer.err
    assert "Traceback" not in answer.err


def test_a_failed_item_gives_exit_code_one_and_the_rest(folder: Path, typed: Typed) -> None:
    (folder / "workspace.yaml").write_text(UNITS.replace("column: rounds", "column: rouns"))
    answer = typed("run", folder, "--json")
    assert answer.code == 1
    assert "did you mean 'rounds'" in answer.err
    assert len(answer.json["experiments"]["move_gate"]["effects"]) == 1


def test_a_damaged_log_is_told_by_the_run_that_leaves_its_acts_out(folder: Path, typed: Typed) -> None:
    typed("act", "judgement", folder, "retention=5", "--by", "Ann")
    assert "fault" not in typed("run", folder).err
    log = folder / "acts.jsonl"
    log.write_text(log.read_text("utf-8") + "garbage\n", "utf-8")
    for command in ("run", "check"):
        assert "the log of acts has 1 fault: what is damaged counts for nothing" in typed(command, folder).err


# Only and as of ----------------------------------------------------------------------------------------------------


def test_only_takes_parts_of_the_json_and_keys_of_the_workspace(folder: Path, typed: Typed) -> None:
    assert "experiments" not in typed("run", folder, "--json", "--only", "ledger").json
    kept = typed("run", folder, "--json", "--only", "move_gate").json
    assert list(kept["experiments"]) == ["move_gate"]
    assert kept["weights"] == {}


def test_only_of_an_unknown_key_names_the_nearest(folder: Path, typed: Typed) -> None:
    answer = typed("run", folder, "--only", "move_gat")
    assert answer.code == 2
    assert "did you mean 'move_gate'" in answer.err


@pytest.mark.parametrize(
    ("date", "said"), [("yesterday", "a day such as"), ("2026-02-30", "a day such as"), ("2999-01-01", "not been yet")]
)
def test_a_date_that_cannot_be_is_wrong_usage(folder: Path, typed: Typed, date: str, said: str) -> None:
    answer = typed("run", folder, "--as-of", date)
    assert answer.code == 2
    assert said in answer.err
    assert answer.out == ""


def test_a_day_before_all_data_gives_an_answer(folder: Path, typed: Typed) -> None:
    answer = typed("run", folder, "--json", "--as-of", "1990-01-01")
    assert answer.json["as_of"] == "1990-01-01"
    assert "Traceback" not in answer.err


# Wrong usage -------------------------------------------------------------------------------------------------------


def test_an_unknown_command_names_the_nearest(typed: Typed) -> None:
    answer = typed("rnu")
    assert answer.code == 2
    assert "'run'" in answer.err


def test_an_unknown_option_names_the_nearest(typed: Typed) -> None:
    answer = typed("run", "--jsn")
    assert answer.code == 2
    assert "--json" in answer.err


def test_the_program_says_its_version(typed: Typed) -> None:
    assert typed("--version").out == f"vitalfew {__version__}\n"


def test_help_shows_every_command_in_whole_sentences(typed: Typed) -> None:
    answer = typed("--help")
    assert answer.code == 0
    assert "..." not in answer.out.split("Commands:")[1]


# Pipes, interrupts, progress ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["run {} --json", "run {}", "--help", "check {}"])
def test_a_reader_that_leaves_early_is_no_failure(folder: Path, words: str) -> None:
    typed_words = " ".join([*PROGRAM, *words.format(folder).split()])
    line = f"set -o pipefail; {typed_words} | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "Broken" not in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout.strip() == "0"


def test_who_closes_standard_output_hears_nothing_and_that_is_no_failure(folder: Path) -> None:
    command = " ".join(map(shlex.quote, (*PROGRAM, "verify", str(folder))))
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        ran = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, ""), closed


def test_an_interrupted_run_leaves_nothing_half_written(folder: Path) -> None:
    rows = "\n".join(f"{i},{'new' if i % 2 else 'old'},{i % 2},{i % 97}" for i in range(3_000_000))
    (folder / "players.csv").write_text(f"id,arm,back,rounds\n{rows}\n")
    runs, report = folder / ".vitalfew" / "runs", folder / "report.html"
    with subprocess.Popen(
        [*PROGRAM, "run", str(folder), "--json", "--html", str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until = time.monotonic() + 300  # a signal before the program has begun would meet the interpreter alone
        while not (runs.is_dir() and list(runs.iterdir())):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    assert err == "vitalfew: interrupted; nothing was left half-written\n"
    assert process.returncode == 130
    assert out == ""
    assert list(runs.iterdir()) == []
    assert not report.exists()


def test_quick_work_reports_no_progress_and_slow_work_does_so_on_standard_error(
    folder: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed("run", folder, "--json").err == ""
    monkeypatch.setattr("vitalfew.cli.output._PATIENCE", 0.0)
    slow = typed("run", folder, "--json")
    assert re.search(r"^\d+/\d+ ledger$", slow.err, re.MULTILINE)
    assert slow.json["schema"] == 1


def test_a_fault_of_ours_is_one_sentence_and_a_trace_on_demand(
    folder: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VITALFEW_DEBUG", raising=False)
    monkeypatch.setattr("vitalfew.report.print_run", lambda *_: dict[str, str]()["gone"])
    answer = typed("run", folder)
    assert answer.code == 1
    assert answer.err == "vitalfew: a fault of vitalfew (KeyError); with VITALFEW_DEBUG=1 it shows where\n"


def test_warnings_of_numerical_libraries_are_no_answer(tmp_path: Path) -> None:
    rows = "".join(f"{date(2025, 1, 1) + timedelta(day)},{100 + day % 5},{120 + day % 7}\n" for day in range(200))
    (tmp_path / "kpi.csv").write_text("day,a,b\n" + rows, encoding="utf-8")
    (tmp_path / "workspace.yaml").write_text(
        "sources: {kpi: {table: kpi.csv, shape: series, time: day}}\n"
        "metrics: {a: {source: kpi}, b: {source: kpi}, c: {source: kpi, column: a}}\n"
        "factors: {c: {range: [1, 9]}}\n"
        f"links: {{l: {{child: c, kind: component, formula: {'*'.join(['(a + b)'] * 19)}}}}}\n",
        encoding="utf-8",
    )
    ran = in_a_process("run", tmp_path, "--json")
    assert ran.json["schema"]
    assert "Warning" not in ran.err
    assert ".py" not in ran.err


def test_a_list_of_releases_alone_is_a_beginning(tmp_path: Path, typed: Typed) -> None:
    releases = tmp_path / "releases.csv"
    releases.write_text("date,name,team\n2026-03-01,Search,Core\n2026-05-01,Login,Core\n")
    answer = typed("start", releases, "--into", tmp_path / "made", "--yes")
    assert answer.code == 0
    assert "releases.csv: releases (2 rows; date=date, name=name, team=team)" in answer.out
    assert "Next, add a KPI series: columns date, value" in answer.out
    assert typed("run", tmp_path / "made").code == 0

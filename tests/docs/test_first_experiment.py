"""The tutorial on experiments, followed to the letter: its files are made, its commands typed, its answers compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import typed
from docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from command_line import Typed

PAGE = ROOT / "docs" / "tutorial" / "your-first-experiment.md"
__all__ = ["typed"]


def _plain(text: str) -> str:
    """One line without colours; a day on which something was locked is the day of the test."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"(locked on|the log says) \d{4}-\d\d-\d\d", r"\1 DAY", " ".join(text.split()))


def _follow(typed: Typed) -> dict[str, str]:
    """Do what the page says from top to bottom, in this folder; what each command said, by what was typed."""
    steps = sorted(
        (block for language in ("python", "yaml", "console") for block in blocks(PAGE, language)), key=lambda x: x.line
    )
    said: dict[str, str] = {}
    names: dict[str, object] = {}
    for step in steps:
        if step.language == "python":
            exec(compile(step.code, str(PAGE), "exec"), names)  # noqa: S102 - our own page
        elif step.language == "yaml":
            Path("shop/workspace.yaml").write_text(step.code, encoding="utf-8")
        for command in re.findall(r"^\$ vitalfew (.+)$", step.code, re.MULTILINE) if step.language == "console" else ():
            answer = typed(*shlex.split(command))
            assert answer.code == 0, answer.err
            said[f"{step.line} {command}"] = _plain(answer.out)
    return said


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in {"TTY_COMPATIBLE": "1", "COLUMNS": "100", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_every_command_on_the_page_answers_what_the_page_says(typed: Typed, here: Path) -> None:
    said = _follow(typed)
    assert len(said) == 6
    for block in blocks(PAGE, "console"):
        lines = block.code.splitlines()
        every = " ".join(answer for key, answer in said.items() if int(key.split()[0]) == block.line)
        wrapped = _plain(" ".join(line for line in lines if not line.startswith("$")))
        quoted = [wrapped] if "  " in block.code and wrapped in every else lines
        for line in (line for line in quoted if not line.startswith("$")):
            assert _plain(line) in every, f"line {block.line}: {line}"
    report = (here / "shop" / "report.html").read_text(encoding="utf-8")
    assert "How it became clear" in report


def test_the_figures_in_the_text_of_the_page_are_those_of_the_run(typed: Typed, here: Path) -> None:
    _follow(typed)
    tables = vf.run(vf.load(here / "shop")).tables
    band = [row for row in tables.bands if row.metric == "bought"]
    clear = next(row.day for at, row in enumerate(band) if all(after.low > 0 for after in band[at:]))
    assert (round(100 * band[0].low), round(100 * band[0].high), clear) == (-23, 32, "2030-01-14")
    assert {row.status for row in tables.health} == {"ok"}

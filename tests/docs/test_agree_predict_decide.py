"""The tutorial on decisions, followed to the letter: its files are made, its commands typed, its answers compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import typed
from docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from command_line import Typed
    from docs.pages import Block

PAGE = ROOT / "docs" / "tutorial" / "agree-predict-decide.md"
DEFINITIONS, RESULTS = Path("books/workspace.yaml"), Path("books/tests.csv")
__all__ = ["typed"]


def _plain(text: str) -> str:
    """One line without colours; a day on which something was locked is the day of the test."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"(the log says) \d{4}-\d\d-\d\d", r"\1 DAY", " ".join(text.split()))


def _write(step: Block) -> None:
    """A file as the page gives it: whole at first, later a line to add (results) or to exchange (definitions)."""
    file = RESULTS if step.language == "csv" else DEFINITIONS
    if not file.exists():
        file.write_text(step.code, encoding="utf-8")
    elif file == RESULTS:
        file.write_text(file.read_text(encoding="utf-8") + step.code, encoding="utf-8")
    else:
        (line,) = step.code.splitlines()
        before = file.read_text(encoding="utf-8")
        after = re.sub(rf"^{line.partition(':')[0]}:.*$", line, before, flags=re.MULTILINE)
        assert after != before
        file.write_text(after, encoding="utf-8")


def _type(typed: Typed, step: Block) -> list[tuple[str, str]]:
    """Type the commands of a block; what the page quotes of each answer, line by line, with the answer."""
    quoted: list[tuple[str, str]] = []
    answer = ""
    for line in step.code.splitlines():
        if line.startswith("$ vitalfew "):
            said = typed(*shlex.split(line)[2:])
            assert said.code == 0, said.err
            answer = _plain(said.out)
        else:
            quoted.append((_plain(line), answer))
    return quoted


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"TTY_COMPATIBLE": "1", "COLUMNS": "100", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    Path("books").mkdir()


@pytest.mark.usefixtures("here")
def test_every_command_on_the_page_answers_what_the_page_says(typed: Typed) -> None:
    steps = [block for language in ("yaml", "csv", "console") for block in blocks(PAGE, language)]
    compared = 0
    for step in sorted(steps, key=lambda step: step.line):
        if step.language != "console":
            _write(step)
            continue
        for line, answer in _type(typed, step):
            compared += 1
            assert line in answer, f"line {step.line}: {line}"
    assert compared > 30  # the page quotes answers

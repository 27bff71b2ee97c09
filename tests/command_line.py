"""The command line as a user types it: in this process where speed matters, or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from vitalfew.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Typed = Callable[..., Answer]

PROGRAM = (sys.executable, "-m", "vitalfew")

UNITS = """
sources:
  players: {table: players.csv, unit: id}
metrics:
  retention: {source: players, kind: proportion, column: back, title: Came back}
  rounds: {source: players, column: rounds}
factors:
  retention: {range: [0.1, 0.5]}
initiatives:
  gate: {title: Move the gate, status: live}
hypotheses:
  gate_back: {initiative: gate, metric: retention, due: 2030-01-01}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old, metrics: [retention, rounds]}
"""

IDEAS = """
policy: {budget: 12}
sources:
  players: {table: players.csv, unit: id}
metrics:
  rounds: {source: players, column: rounds, title: Rounds played}
factors:
  rounds: {range: [0, 40]}
initiatives:
  gate: {title: Move the gate, status: framed, cost: 8, reach: 1}
  tools: {title: New tools, status: framed, cost: 3}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old, metrics: [rounds]}
"""


@dataclass(frozen=True)
class Answer:
    """What a command said. `out` and `err` are standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """Type a command in this process: `typed("run", folder, "--json")`."""

    def run(*words: str | Path) -> Answer:
        capsys.readouterr()
        with patch.object(sys, "argv", ["vitalfew", *map(str, words)]), pytest.raises(SystemExit) as leaving:
            main()
        said = capsys.readouterr()
        return Answer(int(leaving.value.code or 0), said.out, said.err)

    return run


def in_a_process(*words: str | Path, **settings: str) -> Answer:
    """Type a command in a process of its own, with these environment variables."""
    environment = {**os.environ, **settings}
    ran = subprocess.run([*PROGRAM, *map(str, words)], capture_output=True, text=True, check=False, env=environment)
    return Answer(ran.returncode, ran.stdout, ran.stderr)


def players(path: Path, n: int = 400) -> None:
    """A table of players in two arms; the new one brings more of them back."""
    rows = [f"{i},{'new' if i % 2 else 'old'},{int(i % 10 < 3 + i % 2)},{i * 7 % 40}" for i in range(n)]
    path.write_text("id,arm,back,rounds\n" + "\n".join(rows) + "\n")


def workspace(folder: Path, yaml: str = UNITS, n: int = 400) -> Path:
    """A folder with definitions and a table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workspace.yaml").write_text(yaml, encoding="utf-8")
    players(folder / "players.csv", n)
    return folder

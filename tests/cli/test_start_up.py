from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from command_line import in_a_process, typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

HEAVY = {"numpy", "duckdb", "sqlglot", "pyarrow", "pydantic", "rich", "scipy", "pandas", "yaml"}


def loaded_by(*words: str | Path) -> set[str]:
    """Packages in memory after a command, in a process of its own."""
    program = (
        "import sys, json, atexit\n"
        "sys.argv = ['vitalfew', *sys.argv[1:]]\n"
        "atexit.register(lambda: print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})), file=sys.stderr))\n"
        "from vitalfew.cli import main\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stderr.splitlines()[-1]))


def test_help_loads_nothing_heavy() -> None:
    assert loaded_by("--help") & HEAVY == set()


def test_a_run_in_which_nothing_changed_opens_no_engine_and_loads_no_mathematics(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path)
    typed("run", folder)
    loaded = loaded_by("run", folder, "--json")
    assert loaded & {"duckdb", "sqlglot", "scipy", "pandas", "rich"} == set()


def test_the_package_runs_as_a_module() -> None:
    answer = in_a_process("--version")
    assert answer.code == 0
    assert answer.out.startswith("vitalfew ")

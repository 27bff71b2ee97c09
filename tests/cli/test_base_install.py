"""Without the extra `web` everything works but the web application, which says how to get it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_WEB = """
import sys
ABSENT = ("django", "ninja", "allauth", "granian", "whitenoise", "simple_history", "django_tasks_db", "psycopg")
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.partition(".")[0] in ABSENT else real(name, package)
from vitalfew.cli import main
main()
"""
RESULTS = "experiment,metric,estimate,se\nsearch,orders,0.4,0.1\nfilters,orders,0.1,0.2\nhome,orders,-0.2,0.1\n"
UNITS = "id,arm,rounds\n" + "\n".join(f"p{n},{'old' if n % 2 else 'new'},{n % 7 + (n % 2 == 0)}" for n in range(200))


def typed(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_WEB, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


def test_start_run_check_and_analyze_work_without_the_web_application(tmp_path: Path) -> None:
    results, units, product = tmp_path / "results.csv", tmp_path / "units.csv", tmp_path / "product"
    results.write_text(RESULTS, encoding="utf-8")
    units.write_text(UNITS, encoding="utf-8")
    assert typed("start", results, "--into", product, "--yes").returncode == 0
    assert typed("run", product, "--json").returncode == 0
    assert typed("check", product, "--json").returncode in (0, 1)
    analysed = typed("analyze", units, "--variant", "arm", "--unit", "id", "--metric", "rounds", "--control", "old")
    assert analysed.returncode == 0, analysed.stderr


def test_serve_says_how_to_get_the_web_application(tmp_path: Path) -> None:
    for command in (["serve", str(tmp_path)], ["worker"], ["manage", "migrate"]):
        answer = typed(*command)
        assert answer.returncode == 2
        assert "pip install 'vitalfew[web]'" in answer.stderr
        assert answer.stderr.count("\n") == 1

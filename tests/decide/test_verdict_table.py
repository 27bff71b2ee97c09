from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_published_error_table_of_verdicts_is_what_the_formula_gives() -> None:
    script = ROOT / "tools" / "verdict_table.py"
    printed = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert printed in (ROOT / "docs" / "validation" / "verdicts.md").read_text(encoding="utf-8")

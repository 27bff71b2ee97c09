"""The page about portfolios defines what it speaks of, and quotes the numbers of the program."""

from __future__ import annotations

import re
from pathlib import Path

from vitalfew.checks import Thresholds
from vitalfew.decide.frontier import FLOORS
from vitalfew.decide.plans import LOOSER, NEAR_BEST
from vitalfew.workspace import load
from vitalfew.workspace.definitions import Later

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "choose-a-portfolio.md").read_text(encoding="utf-8")
BASE = """
sources: {users: {table: users.csv, unit: id}}
metrics: {crashes: {source: users, column: crashes, direction: down}}
"""


def test_what_the_page_defines_is_a_workspace(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "workspace.yaml").write_text(BASE + block, encoding="utf-8")
    defined = load(tmp_path).definitions
    assert defined.initiatives["synonyms"].prerequisites == ("index",)
    assert defined.initiatives["assistant"].later is not None


def test_the_numbers_on_the_page_are_those_of_the_program() -> None:
    assert f"within {1 - NEAR_BEST:.0%}".replace("%", " %") in PAGE
    assert LOOSER == 0.1
    assert FLOORS == (0.0, 0.5, 0.8)
    thresholds = Thresholds()
    assert (thresholds.least_side, thresholds.one_quarter) == (0.1, 0.9)
    assert Later(cost=1.0, after_weeks=1.0).tells == 0.5

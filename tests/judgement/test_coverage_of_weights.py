from __future__ import annotations

from pathlib import Path

import pytest

from validate_weights import SETTINGS, Setting, coverage

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "weights.md"


@pytest.mark.prove
@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.tau != 1.0], ids=lambda setting: setting.title)
def test_intervals_of_weights_hold_the_truth_as_often_as_they_say(setting: Setting) -> None:
    held, _, _ = coverage(setting, 400, seed=7)
    assert 0.77 < held < 0.87  # 78 to 86 %, and a standard error


def test_the_published_table_has_every_setting() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {setting.title} | " in page for setting in SETTINGS)


def test_a_few_groups_show_that_the_simulation_runs() -> None:
    held, width, error = coverage(SETTINGS[0], 20)
    assert 0.6 < held < 0.95
    assert 0 < error < width * 8

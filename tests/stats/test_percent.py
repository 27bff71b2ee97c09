"""A share in percent is worded in one place: a number, a space, the sign."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vitalfew.stats.percent import percent

SOURCES = sorted((Path(__file__).parents[2] / "src" / "vitalfew").rglob("*.py"))
NUMBER_BEFORE_SIGN = re.compile(r"\.\d%\}|\}%[ .,;)]|(?<![\w.])\d+(?:\.\d+)?%(?=[ ,;)]|\. )")


@pytest.mark.parametrize(("share", "places", "said"), [(0.126, 0, "13 %"), (0.02, 1, "2.0 %"), (12.5, 0, "1,250 %")])
def test_a_share_is_a_number_a_space_and_the_sign(share: float, places: int, said: str) -> None:
    assert percent(share, places) == said


def test_no_sentence_of_the_program_writes_a_share_without_the_space() -> None:
    assert len(SOURCES) > 100
    lines = [(path.name, line.strip()) for path in SOURCES for line in path.read_text(encoding="utf-8").splitlines()]
    found = [(name, line) for name, line in lines if NUMBER_BEFORE_SIGN.search(line)]
    assert [each for each in found if "no number" not in each[1] and "such as 1.2%" not in each[1]] == []  # of a sheet

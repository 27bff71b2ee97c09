from __future__ import annotations

from pathlib import Path

import pytest

from validate_false_precision import WORLDS, bare_rank, simulate

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "false-precision.md"


@pytest.mark.parametrize(("factor", "best", "overlap", "inflated"), [(1.5, 0.45, 0.67, 2.4), (2.0, 0.29, 0.54, 7.5)])
def test_a_bare_rank_is_as_wrong_as_the_page_says(factor: float, best: float, overlap: float, inflated: float) -> None:
    first, shared, times = bare_rank(factor, 20_000)
    assert first == pytest.approx(best, abs=0.015)
    assert shared == pytest.approx(overlap, abs=0.015)
    assert times == pytest.approx(inflated, rel=0.04)


def test_the_published_table_has_every_world() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {world.name} | " in page for world in WORLDS)


@pytest.mark.prove
@pytest.mark.parametrize("at", [1, 2])
def test_what_is_said_of_the_first_five_comes_true(at: int) -> None:
    held = simulate(WORLDS[at], 300)
    for found in held.reliability():
        if found is not None:
            number, said, came = found
            assert came == pytest.approx(said, abs=0.04 + 1.5 / number**0.5)
    assert 0.7 < held.covered < 0.88

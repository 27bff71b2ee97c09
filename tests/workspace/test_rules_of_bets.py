"""Initiatives that no plan could hold are told at their line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

BASE = """policy: {{{policy}}}
initiatives:
  a: {{title: A}}
  b: {{prerequisites: [a], {b}}}
  c: {{prerequisites: [b], {c}}}
"""

WRONG = [
    ({"c": "excludes: [a]"}, "(initiatives.c.excludes[0]): 'c' excludes 'a', which it needs", 5),
    ({"c": "excludes: [c]"}, "(initiatives.c.excludes[0]): 'c' excludes itself", 5),
    ({"b": "excludes: [c]"}, "(initiatives.c.prerequisites): 'c' needs 'b', which excludes it", 5),
    ({"b": "cost: {p10: -1, p50: 2, p90: 3}"}, "(initiatives.b.cost.p10): found -1 as the lower end", 4),
    (
        {"b": "later: {cost: {p10: -2, p50: 2, p90: 3}, after_weeks: 9}"},
        "(initiatives.b.later.cost.p10): found -2 as the lower end",
        4,
    ),
    ({"policy": "minimum_shares: {h1: 0.7, h2: 0.2, h3: 0.2}"}, "the minimum shares add up to 110 %", 1),
    ({"policy": "horizon_targets: {h1: 0.7, h2: 0.2}"}, "the targets of horizons add up to 90 %", 1),
    (
        {"policy": "minimum_shares: {h3: 0.1}", "b": "later: {cost: 9, after_weeks: 9}"},
        "(initiatives.b.later): a bet in two steps does not say its horizon",
        4,
    ),
]


@pytest.mark.parametrize(("parts", "message", "line"), WRONG)
def test_what_no_plan_could_hold_is_told_at_its_line(
    tmp_path: Path, parts: dict[str, str], message: str, line: int
) -> None:
    (tmp_path / "w.yaml").write_text(BASE.format(**({"policy": "", "b": "", "c": ""} | parts)))
    with pytest.raises(DefinitionError) as told:
        load(tmp_path)
    assert message in str(told.value)
    assert f"w.yaml:{line}" in str(told.value)


def test_prerequisites_in_a_circle_are_told_with_the_whole_circle(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "initiatives:\n  a: {prerequisites: [c]}\n  b: {prerequisites: [a]}\n  c: {prerequisites: [b]}\n"
    )
    with pytest.raises(DefinitionError) as told:
        load(tmp_path)
    assert "prerequisites go round in a circle: a → c → b → a" in str(told.value)
    assert "w.yaml:3" in str(told.value)


def test_one_that_needs_itself_is_the_smallest_circle(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("initiatives:\n  a: {prerequisites: [a]}\n")
    with pytest.raises(DefinitionError, match="a → a"):
        load(tmp_path)


def test_sound_bets_are_taken(tmp_path: Path) -> None:
    parts = {
        "policy": "minimum_shares: {h1: 0.7, h2: 0.2, h3: 0.1}, horizon_targets: {h1: 0.7, h2: 0.2, h3: 0.1}",
        "b": "cost: {p10: 0, p50: 2, p90: 3}, later: {cost: 9, after_weeks: 9}, horizon: h3",
        "c": "excludes: [d]",
    }
    (tmp_path / "w.yaml").write_text(BASE.format(**parts) + "  d: {title: D}\n")
    assert load(tmp_path).definitions.initiatives["b"].later is not None

"""What knowing and testing are said to be worth, beside truths that are known; the page says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from validate_information import Company, beliefs, deciding
from vitalfew.decide.information import information
from vitalfew.decide.worth import places_of, worth_of_tests

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "decisions.md"


@pytest.mark.prove
def test_knowing_is_told_to_be_worth_what_it_is() -> None:
    rng = np.random.default_rng(11)
    off = []
    for _ in range(8):
        company = Company.of(rng)
        told, truths = information(company.options(rng)), company.truths(rng)
        assert told is not None
        pairs = {
            "everything": told.of("everything"),
            "all weights": told.of("weights"),
            "one weight": told.of("weights", "factor_0"),
            "all effects": told.of("effects"),
        }
        off.append([pairs[name] - truths[name] for name in pairs])
    assert np.abs(np.mean(off, axis=0)).max() < 0.03
    assert np.sqrt(np.mean(np.square(off), axis=0)).max() < 0.06


@pytest.mark.parametrize("name", beliefs(np.random.default_rng(1)))
def test_tests_bring_what_they_are_told_to_be_worth(name: str) -> None:
    rng = np.random.default_rng(12)
    draws = beliefs(rng)[name]
    said = worth_of_tests(places_of(draws), 1.0, -0.3, [0.3, 1.0])
    truth = rng.choice(draws, 200_000)
    for at, se in enumerate((0.3, 1.0)):
        built = truth + se * rng.standard_normal(len(truth)) > said.hurdle[at]
        came = float((built * (truth - 0.3)).mean()) - max(float(draws.mean()) - 0.3, 0.0)
        assert said.worth[at] == pytest.approx(came, abs=0.008)
        assert said.p_build[at] == pytest.approx(float(built.mean()), abs=0.01)


@pytest.mark.prove
def test_suggested_sizes_bring_more_than_a_significant_result_at_the_usual_power() -> None:
    net = {tuple(row.split(" | ")[:3]): float(row.split(" | ")[-1].strip(" |")) for row in list(deciding(50_000))[2:]}
    for (effects, cost, way), value in net.items():
        if way != "suggested":
            assert net[(effects, cost, "suggested")] > value - 0.01 or "tails" in way


def test_the_published_tables_have_every_row() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {name} | " in page for name in beliefs(np.random.default_rng(1)))
    for name in ("everything", "all weights", "one weight", "all effects", "effects of one line"):
        assert f"| {name} | " in page

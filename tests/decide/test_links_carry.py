"""Links carry effects to factors by what is believed of them: from data, from an expert, or from a formula."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.transfer import transfer
from vitalfew.results.rows import LinkCovarianceRow, LinkRow

if TYPE_CHECKING:
    from vitalfew.results.rows import ShippedLine
    from vitalfew.workspace.definitions import Definitions, Grade

TODAY = date(2026, 6, 1)
DRAWS = 20_000
METRICS = {
    "retention": {"source": "players", "column": "r", "kind": "proportion"},
    "tickets": {"source": "players", "column": "t", "direction": "down"},
    "speed": {"source": "players", "column": "s"},
    "clicks": {"source": "players", "column": "c"},
}


def shop(**link: Any) -> Definitions:
    links = {"speed_up": {"parent": "speed", "child": "retention", "low": 0.0, "high": 0.02} | link}
    links["clicks_up"] = {"parent": "clicks", "child": "retention", "low": 0.0, "high": 0.02}
    experiment = {"exp": {"source": "players", "variant": "v", "initiative": "gate"}}
    return definitions(
        metrics=METRICS, links=links, experiments=experiment, initiatives={"gate": {"status": "shipped"}}
    )


def link(key: str, parent: str, mean: float, sd: float, grade: Grade = "tested") -> LinkRow:
    return LinkRow(key, parent, "retention", "influence", "estimated", mean, mean - 2 * sd, mean + 2 * sd, sd, grade,
                   6.0, 60, "joint maximum likelihood", believed=(mean, sd))  # fmt: skip


def line(defined: Definitions, *rows: LinkRow) -> ShippedLine:
    found = tables(effects=(effect("exp", "speed", 2.0, 0.1),), links=rows)
    return ledger(Inputs.of(defined, found, TODAY, 1))[0][0]


def test_an_estimated_link_counts_instead_of_the_experts_range() -> None:
    expert, estimated = line(shop()), line(shop(), link("speed_up", "speed", -0.01, 0.001))
    assert expert.value is not None
    assert estimated.value is not None
    assert expert.value.mean > 0 > estimated.value.mean


def test_the_line_is_as_strong_as_the_weakest_link_or_effect_it_rests_on() -> None:
    assert line(shop()).grade == "opinion"
    assert line(shop(), link("speed_up", "speed", 0.01, 0.001, "staged")).grade == "staged"
    assert line(shop(), link("speed_up", "speed", 0.01, 0.001, "replicated")).grade == "staged"


def test_a_line_says_what_its_links_rest_on() -> None:
    assert any("by an expert's range" in reason for reason in line(shop()).reasons)
    told = line(shop(), link("speed_up", "speed", 0.01, 0.001)).reasons
    assert any("estimated over experiments (staged)" in reason for reason in told)


def test_slopes_into_one_metric_are_drawn_with_the_covariance_they_were_estimated_with() -> None:
    rows = link("speed_up", "speed", 0.01, 0.002), link("clicks_up", "clicks", 0.03, 0.004)
    tied = (LinkCovarianceRow("clicks_up", "speed_up", -0.8 * 0.002 * 0.004),)
    slopes = transfer(shop(), ["retention"], DRAWS, 1, rows, tied).slopes
    drawn = np.stack([slopes["speed_up"], slopes["clicks_up"]]).astype(float)
    assert drawn.mean(axis=1) == pytest.approx([0.01, 0.03], rel=0.01)
    assert drawn.std(axis=1) == pytest.approx([0.002, 0.004], rel=0.03)
    assert np.corrcoef(drawn)[0, 1] == pytest.approx(-0.8, abs=0.02)


def test_a_formula_carries_without_doubt() -> None:
    exact = LinkRow("speed_up", "speed", "retention", "component", "exact", 0.01, None, None, None, "replicated",
                    None, 0, "formula")  # fmt: skip
    found = transfer(shop(), ["retention"], DRAWS, 1, (exact,))
    (carried,) = found.carried({"speed": np.full(DRAWS, 3.0)}).values()
    assert carried.change == pytest.approx(np.full(DRAWS, 0.03))
    assert "speed_up" not in found.slopes


def test_what_no_link_carries_is_in_the_interval_and_each_lines_own() -> None:
    sure = replace(link("speed_up", "speed", 0.01, 1e-9), rest=0.02)
    found = transfer(shop(), ["retention"], DRAWS, 1, (sure,))
    moved = {"speed": np.full(DRAWS, 3.0)}
    one, other = (found.carried(moved, name, reach=0.5)["retention"].change.astype(float) for name in ("a", "b"))
    assert one.mean() == pytest.approx(0.03, rel=0.02)
    assert one.std() == pytest.approx(0.01, rel=0.03)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    still = found.carried({"speed": np.zeros(DRAWS)}, "a")["retention"].change
    assert not still.any()


def test_a_change_too_large_to_compute_with_is_not_carried_and_no_infinite_value_is_shown() -> None:
    usual, beyond = (
        ledger(
            Inputs.of(shop(low=slope, high=2 * slope), tables(effects=(effect("exp", "speed", size, 1.0),)), TODAY, 1)
        )
        for slope, size in ((0.01, 2.0), (4e14, 1e25))
    )
    assert usual[0][0].value is not None
    assert beyond[0][0].value is None

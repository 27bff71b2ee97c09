"""What becomes of technical health: as it goes on, with the plan, and what it costs on the way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.erosion import NO_FACTOR, NO_PLAN, SEALED, erosion
from vitalfew.decide.inputs import Inputs
from vitalfew.evidence.foreseen import NO_SERIES
from vitalfew.results.rows import PlanRow, SeriesRow, Tables, Value

if TYPE_CHECKING:
    from vitalfew.results.rows import ErosionRow

TODAY = date(2026, 6, 1)
METRICS: dict[str, Any] = {
    "lead": {"source": "kpis", "direction": "down", "side": "technical"},
    "delivered": {"source": "kpis", "side": "technical"},
}
LINK = {"lead_delivered": {"parent": "lead", "child": "delivered", "low": -0.2, "high": -0.2 + 1e-9}}


def rising(weeks: int = 60, slope: float = 0.25, noise: float = 0.05) -> tuple[SeriesRow, ...]:
    """Lead time that grows by `slope` hours a week and stands at 40 on the day of the run."""
    days, drawn = 7 * weeks, np.random.default_rng(1).normal(0, noise, 7 * weeks)
    return tuple(
        SeriesRow(
            "kpis",
            "lead",
            None,
            (TODAY - timedelta(days - at)).isoformat(),
            40 - slope * (days - at) / 7 + float(drawn[at]),
        )
        for at in range(days)
    )


def eroded(series: tuple[SeriesRow, ...] = (), known: Tables | None = None, **kinds: Any) -> tuple[ErosionRow, ...]:
    base: dict[str, Any] = {
        "sources": {
            "kpis": {"table": "k.csv", "shape": "series", "time": "day"},
            "players": {"table": "p.csv", "unit": "id"},
        },
        "metrics": METRICS,
        "factors": {"delivered": {"range": [0, 20]}},
        "policy": {"horizon_weeks": 26, "technical": {"floors": [{"metric": "lead", "level": 45}]}},
    }
    found = known or tables(weights=())
    return erosion(Inputs.of(definitions(**(base | kinds)), Tables(**_parts(found) | {"series": series}), TODAY, 1))


def _parts(found: Tables) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def best(*lines: str) -> tuple[PlanRow, ...]:
    return (PlanRow("best", lines, Value(1, 0, 2, 0.9), 4.0, 10.0, 0.0, 0.0),)


def test_a_steady_way_down_goes_on_and_its_chance_of_crossing_the_floor_is_told() -> None:
    (row,) = eroded(rising())
    assert (row.metric, row.floor, row.on) == ("lead", 45.0, "2026-11-30")
    assert row.now is not None
    assert row.now.estimate == pytest.approx(40 - 0.25 * 2, abs=0.1)  # the mean of the last four weeks
    assert row.forecast is not None
    assert row.forecast.estimate == pytest.approx(46.4, abs=0.3)
    assert row.forecast.low is not None
    assert row.forecast.high is not None
    assert row.forecast.low < 46.4 < row.forecast.high
    assert row.chance is not None
    assert row.chance > 0.95
    (flat,) = eroded(rising(slope=0.0))
    assert flat.chance is not None
    assert flat.chance < 0.05


def test_work_in_the_best_plan_that_moves_it_counts_and_other_work_does_not() -> None:
    kinds: dict[str, Any] = {
        "links": LINK,
        "initiatives": {
            "pipeline": {"cost": 4, "reach": 0.5, "origin": "technical"},
            "helper": {"cost": 4},
            "elsewhere": {"cost": 4},
        },
        "experiments": {"x": {"source": "players", "initiative": "pipeline", "variant": "v", "control": "old"}},
    }
    known = tables(
        weights=(), effects=(effect("x", "lead", -6.0, 0.1),), plans=best("pipeline", "helper"),
        promises=(promise("elsewhere", "lead", -5.0, 1.0), promise("helper", "delivered", 1.0, 0.5)),
    )  # fmt: skip
    (row,) = eroded(rising(), known, **kinds)
    assert row.lines == ("pipeline",)
    assert row.planned is not None
    assert row.planned.estimate == pytest.approx(-3.0, abs=0.05)  # half of the units are reached
    assert row.forecast is not None
    assert row.kept is not None
    assert row.kept.estimate == pytest.approx(row.forecast.estimate - 3.0, abs=0.1)
    assert row.kept_chance is not None
    assert row.kept_chance < 0.1


def test_links_carry_the_way_down_to_factors_and_price_it() -> None:
    (row,) = eroded(rising(noise=0.01), links=LINK)
    drift = 46.5 - 39.5
    assert row.moves["delivered"].estimate == pytest.approx(-0.2 * drift, abs=0.1)
    assert row.cost is not None
    assert row.cost.mean == pytest.approx(-100 * 0.2 * drift / 20, rel=0.05)  # the only factor has all of the weight
    assert row.notes == (NO_PLAN,)


def test_a_metric_that_is_a_factor_is_priced_by_itself() -> None:
    (row,) = eroded(rising(noise=0.01), factors={"lead": {"range": [60, 10]}})
    assert row.cost is not None
    assert row.cost.mean == pytest.approx(-100 * 7 / 50, rel=0.05)


def test_what_is_not_known_says_why() -> None:
    assert eroded(policy={"technical": {"share": 0.2}}) == ()
    assert eroded(policy={}) == ()
    (bare,) = eroded()
    assert (bare.forecast, bare.notes) == (None, (NO_SERIES,))
    (young,) = eroded(rising(weeks=5))
    assert (young.forecast, young.notes) == (None, ("5 weeks of its series tell no trend yet",))
    assert young.now is not None
    (alone,) = eroded(rising())
    assert (alone.cost, alone.notes) == (None, (NO_FACTOR,))


def test_a_forecast_that_is_not_to_be_known_yet_is_not_told() -> None:
    known = tables(
        weights=(), plans=best("pipeline"), promises=(promise("pipeline", "lead", -5.0, 1.0, forecasters=1),)
    )
    (row,) = eroded(rising(), known, links=LINK, initiatives={"pipeline": {"cost": 4}})
    assert (row.planned, row.kept, row.kept_chance) == (None, None, None)
    assert SEALED in row.notes

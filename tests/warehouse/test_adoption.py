"""How long use grew after a feature shipped, from events whose growth is known."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.warehouse.adoption import weeks_to_level
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.use import feature_use
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import UseRow

FIRST = datetime(2025, 1, 1, 12)  # noqa: DTZ001 - the table holds times without a zone, which count as UTC
SHIPPED = date(2025, 4, 1)


def grown(name: str, ramp: int, level: int, weeks: int) -> Iterator[tuple[str, str, datetime]]:
    """Events of a feature whose users of a week grow in a straight line and stay."""
    start = datetime.combine(SHIPPED, datetime.min.time()) + timedelta(hours=1)
    for week in range(weeks):
        users = round(level * min(1.0, (week + 0.5) / ramp)) if ramp else level
        for user in range(users):
            yield f"u{user}", name, start + timedelta(weeks=week, hours=user % 100)


@pytest.fixture(scope="module")
def rows() -> dict[str, UseRow]:
    events = [("u0", "start", FIRST + timedelta(days=day)) for day in range(90)]
    for name, ramp, level, weeks in (("slow", 8, 100, 30), ("at_once", 0, 100, 30), ("rare", 4, 10, 30)):
        events += grown(name, ramp, level, weeks)
    columns = dict(zip(("user_id", "name", "at"), (list(part) for part in zip(*events, strict=True)), strict=True))
    features: dict[str, dict[str, Any]] = {
        "slow": {"events": ["slow"], "shipped": SHIPPED},
        "at_once": {"events": ["at_once"], "shipped": SHIPPED},
        "rare": {"events": ["rare"], "shipped": SHIPPED},
        "yearly": {"events": ["slow"], "shipped": SHIPPED, "cadence": "yearly"},
        "undated": {"events": ["slow"]},
        "before": {"events": ["slow"], "shipped": date(2024, 12, 1)},
        "recent": {"events": ["slow"], "shipped": date(2025, 9, 15)},
    }
    source = {"table": "events", "unit": "user_id", "time": "at", "event": "name"}
    defined = Definitions.model_validate(
        {
            "sources": {"events": source},
            "features": {key: {"source": "events"} | each for key, each in features.items()},
        }
    )
    with closing(open_engine(DataSettings())) as engine:
        engine.write("events", pa.table(columns))
        found, _ = feature_use(defined, engine, None)
    return {row.feature: row for row in found if row.main and row.segment is None}


def test_the_weeks_over_which_use_grew_are_found(rows: dict[str, UseRow]) -> None:
    assert rows["slow"].ramp_weeks == 8
    assert rows["at_once"].ramp_weeks == 0


@pytest.mark.parametrize("feature", ["rare", "yearly", "undated", "before", "recent"])
def test_nothing_is_said_where_growth_cannot_be_told(rows: dict[str, UseRow], feature: str) -> None:
    assert rows[feature].measured
    assert rows[feature].ramp_weeks is None


@given(st.integers(0, 8), st.integers(50, 500), st.integers(0, 1000))
def test_a_ramp_is_found_through_noise(ramp: int, level: int, seed: int) -> None:
    week = np.arange(26) + 0.5
    mean = level * 100 * (np.minimum(1, week / ramp) if ramp else np.ones(26))
    assert weeks_to_level(np.random.default_rng(seed).poisson(mean).tolist()) == pytest.approx(ramp, abs=1)


def test_what_never_levels_off_took_half_of_the_weeks_at_least() -> None:
    assert weeks_to_level(list(range(1, 27))) == 13

"""What the page on judging a release defines can be measured, and its two files give what it quotes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import yaml

from docs.pages import ROOT, blocks
from vitalfew.evidence.releases import releases
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.series import series
from vitalfew.workspace.definitions import Definitions

PAGE = ROOT / "docs" / "how-to" / "judge-a-release.md"
FIRST, DAYS = date(2024, 6, 1), 700
DAY = (date(2026, 3, 2) - FIRST).days


def _tables() -> dict[str, pa.Table]:
    rng = np.random.default_rng(1)
    days = [FIRST + timedelta(at) for at in range(DAYS)]
    weather = np.cumsum(rng.normal(size=DAYS))
    orders = 1_000 + weather + rng.normal(0, 3, DAYS) + 15 * (np.arange(DAYS) >= DAY)
    kpi = {"date": days, "orders": orders, "visits": 9_000 + rng.normal(0, 50, DAYS), "store_visits": 500 + weather}
    shops = {"day": days, "kpi": ["Turnover"] * DAYS, "value": orders, "shop": ["Kiel"] * DAYS}
    return {"kpi.csv": pa.table(kpi), "shops.csv": pa.table(shops)}


def test_the_definitions_of_the_page_give_a_judged_release() -> None:
    whole, part = (yaml.safe_load(block.code) for block in blocks(PAGE, "yaml"))
    whole["metrics"]["store_visits"] = {"source": "kpi"}
    whole["initiatives"] = {"better_search": {"status": "shipped"}}
    definitions = Definitions.model_validate(whole)
    engine = open_engine(definitions.data, frames=_tables())
    try:
        rows, failed = series(definitions, engine)
    finally:
        engine.close()
    assert failed == ()
    assert {row.metric for row in rows} == {"orders", "conversion", "turnover", "store_visits"}
    found = releases(definitions, rows, date(2026, 5, 1))
    effects = {row.metric: row for row in found.release_effects}
    assert set(effects) == {"orders", "conversion"}
    assert effects["orders"].p_value is not None
    assert effects["orders"].p_value < 0.001
    assert Definitions.model_validate(part).releases["new_search"].rollout is not None

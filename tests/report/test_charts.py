from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from report.sample import tables, view
from vitalfew.errors import UsageError
from vitalfew.report import vega
from vitalfew.report.charts import chart
from vitalfew.results.rows import BandRow, QuantilesRow

BANDS = tuple(
    BandRow("sso", "retention_7", "treatment", f"2026-05-{day:02d}", 100 * day, -0.01, -0.01 - 0.1 / day, 0.1 / day)
    for day in range(1, 8)
)
SPREAD = tuple(
    QuantilesRow("s", "sso", arm, None, "planning", 500, (0.05, 0.25, 0.5, 0.75, 0.95), (10, 20, 30, 45, 90))
    for arm in ("control", "treatment")
)
FULL = view(replace(tables(), bands=BANDS, quantiles=SPREAD))


@pytest.mark.parametrize("kind", ["forest", "cumulative", "spread"])
def test_a_chart_is_a_specification_and_a_picture_that_stands_alone(kind: str) -> None:
    bundle = chart(FULL, kind, "sso")._repr_mimebundle_()
    spec = bundle[vega.MIME]
    assert spec["data"]["values"]
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    root = ET.fromstring(bundle["image/svg+xml"])  # noqa: S314 - our own picture
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in bundle["image/svg+xml"]
    assert bundle["text/plain"]


def test_a_forest_shows_shares_in_percentage_points() -> None:
    found = next(v for v in chart(FULL, "forest", "sso").spec["data"]["values"] if v["unit"] == "pp")
    row = next(row for row in FULL.effects_of("sso") if row.metric == "retention_7")
    assert row.estimate is not None
    assert found["estimate"] == pytest.approx(100 * row.estimate)


def test_what_cannot_be_drawn_is_said_with_what_can() -> None:
    with pytest.raises(UsageError, match="there is no chart 'forrest'"):
        chart(FULL, "forrest", "sso")
    with pytest.raises(UsageError, match="no effects of an experiment 'ssso'"):
        chart(FULL, "forest", "ssso")
    with pytest.raises(UsageError, match="there are no days of 'planing' to draw"):
        chart(FULL, "cumulative", "sso", "planing")


def test_names_of_users_are_data_and_never_expressions() -> None:
    spec = chart(FULL, "forest", "sso").spec
    spec.pop("data")
    assert "Stricter" not in json.dumps(spec)
    assert '"expr"' not in json.dumps(spec)

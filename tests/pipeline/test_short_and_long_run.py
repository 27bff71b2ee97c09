"""A holdout beside the experiment it is kept out of: from a table to the report, both horizons on one card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import vitalfew as vf
from vitalfew.report.html import html_page
from vitalfew.report.html_horizons import horizon_sentences
from vitalfew.report.view import View

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE = """
workspace: {name: Shop}
data: {path: .}
sources: {users: {table: users.parquet, unit: user}}
metrics: {seats: {source: users, column: seats, title: Seats, level: business}}
initiatives: {checkout: {title: Checkout, status: shipped}}
experiments:
  checkout: {initiative: checkout, source: users, variant: arm, metrics: [seats]}
  held: {title: The quarter, source: users, variant: held, control: kept_out, design: holdout, holds_out: [checkout],
         metrics: [seats]}
"""


def users(rng: np.random.Generator, tried: float, kept: float, size: int = 12_000) -> pa.Table:
    """A third kept out of everything, a third with the old and a third with the new checkout; `kept` stays for both."""
    which = rng.integers(0, 3, size)
    seats = rng.normal(5 + tried * (which == 2) + kept * (which > 0), 1.0)
    arm = np.array([None, "control", "new"], dtype=object)[which]
    held = np.where(which == 0, "kept_out", "open")
    return pa.table({"user": np.arange(size), "arm": pa.array(arm, pa.string()), "held": held, "seats": seats})


@pytest.mark.parametrize(("kept", "verdict"), [(0.2, "as expected"), (-0.25, "less than expected")])
def test_what_an_experiment_brought_is_held_against_its_holdout(tmp_path: Path, kept: float, verdict: str) -> None:
    (tmp_path / "shop.yaml").write_text(WORKSPACE)
    pq.write_table(users(np.random.default_rng(7), 0.4, kept), tmp_path / "users.parquet")
    workspace = vf.load(tmp_path)
    results = vf.run(workspace)
    (row,) = results.tables.horizons
    assert (row.holdout, row.metric, row.initiatives) == ("held", "seats", ("checkout",))
    assert row.short is not None
    assert row.short.estimate == pytest.approx(0.4, abs=0.08)
    (written,) = json.loads(results.to_json())["corpus"]["horizons"]
    assert written["held"]["estimate"] == pytest.approx(0.2 + kept, abs=0.08)
    view = View(results.tables, workspace.definitions, results.info)
    (sentence,) = horizon_sentences(view, "checkout")
    assert sentence.startswith("Seats: +0.4")
    assert sentence.endswith(f": {verdict}.")
    assert not list(horizon_sentences(view, "search"))
    assert f">{verdict}</td>" in html_page(view)

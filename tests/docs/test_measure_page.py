"""The page on kinds of metrics is a workspace, and everything on it can be measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_args

import numpy as np
import pyarrow as pa

from docs.pages import ROOT, blocks
from vitalfew.warehouse.duckdb_engine import DuckDBEngine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace import load
from vitalfew.workspace.definitions import MetricKind
from vitalfew.workspace.templates import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.workspace.definitions import Definitions

PAGE = ROOT / "docs" / "how-to" / "measure-what-users-do.md"


def _definitions(folder: Path) -> Definitions:
    for number, block in enumerate(blocks(PAGE, "yaml")):
        (folder / f"{number}.yaml").write_text(block.code, encoding="utf-8")
    return load(folder).definitions


def _frames(definitions: Definitions, units: int = 300) -> dict[str, pa.Table]:
    rng = np.random.default_rng(2)
    names = sorted(
        {name for metric in definitions.metrics.values() for name in (*metric.numerator.events, *metric.steps)}
    )
    n, start = 60 * units, datetime(2026, 3, 1, tzinfo=UTC)

    def moments(count: int, days: int) -> pa.Array:
        return pa.array([start + timedelta(seconds=int(at)) for at in rng.integers(0, days * 86_400, count)])

    return {
        "users.csv": pa.table(
            {
                "user_id": np.arange(units),
                "score": rng.integers(0, 11, units),
                "visits": rng.integers(0, 28, units),
                "minutes": rng.lognormal(2, 1, units),
            }
        ),
        "shown.csv": pa.table(
            {
                "user_id": np.arange(units),
                "experiment": ["new_editor"] * units,
                "variant": rng.choice(["old", "new"], units),
                "shown_at": moments(units, 5),
            }
        ),
        "log.csv": pa.table(
            {
                "user_id": rng.integers(0, units, n),
                "at": moments(n, 40),
                "name": rng.choice(names, n),
                "amount": rng.lognormal(3, 1, n),
                "ms": rng.lognormal(6, 1, n),
                "score": rng.integers(0, 11, n),
                "stars": rng.integers(1, 6, n),
                "effort": rng.integers(1, 8, n),
            }
        ),
    }


def test_everything_on_the_page_can_be_measured(tmp_path: Path) -> None:
    definitions = _definitions(tmp_path)
    experiment = definitions.experiments["new_editor"].model_copy(update={"metrics": tuple(definitions.metrics)})
    definitions = definitions.model_copy(update={"experiments": {"new_editor": experiment}})
    engine = DuckDBEngine(definitions.data, tmp_path, _frames(definitions))
    measured = measure(definitions, "shown", engine)
    engine.close()
    assert measured.failed == ()
    found = {name.split("/")[0] for row in measured.moments for name in row.names}
    found |= {row.metric for row in measured.quantiles} | {row.metric for row in measured.lifetimes}
    assert found == set(definitions.metrics)


def test_every_kind_and_every_template_is_on_the_page(tmp_path: Path) -> None:
    kinds = {metric.kind for metric in _definitions(tmp_path).metrics.values()}
    assert kinds == set(get_args(MetricKind))
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in TEMPLATES if f"template: {name}" not in text] == []

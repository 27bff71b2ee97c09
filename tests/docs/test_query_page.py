"""The page on queries: its workspace runs, and it shows what the program says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

import vitalfew as vf
from docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "how-to" / "read-rows-by-a-query.md"
MARCH = datetime(2026, 3, 2)  # noqa: DTZ001 - as files have it


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of the page, with raw data that need each part of its queries."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme" / "data" / "users").mkdir(parents=True)
    (tmp_path / "acme" / "shop.yaml").write_text(blocks(PAGE, "yaml")[0].code, encoding="utf-8")
    rng = np.random.default_rng(5)
    orders, users = ["user_id,created,amount,test"], ["user_id,variant,seen_at"]
    for n in range(400):
        arm, seen = ("old", "new")[n % 2], MARCH + timedelta(hours=int(rng.integers(0, 200)))
        users += [f"u{n},{arm},{seen}"] * (1 + n % 3)  # a user is written once a visit
        bought = seen + timedelta(days=int(rng.integers(1, 10)))
        orders.append(f"u{n},{bought},{rng.gamma(3, 4) + 4 * (arm == 'new'):.2f},false")
        orders.append(f"u{n},{bought},1000000,true")
    middle = len(users) // 2
    files = {"users/1": users[:middle], "users/2": [users[0], *users[middle:]], "raw_orders": orders}
    files["plans"] = ["user_id,plan", *(f"u{n},{'pro' if n % 3 == 0 else 'free'}" for n in range(300))]
    for name, lines in files.items():
        (tmp_path / "acme" / "data" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path / "acme"


def test_the_workspace_of_the_page_runs(acme: Path) -> None:
    results = vf.run(vf.load(acme))
    assert not [row for row in results.tables.failed if not row.remark]
    effect = next(row for row in results.tables.effects if row.segment is None)
    assert effect.estimate is not None
    assert effect.se is not None
    assert effect.se < 1, "what was planted is 4, and test orders are of a million"
    assert abs(effect.estimate - 4) < 3 * effect.se
    assert sum(row.units for row in results.tables.assignments) == 400


def test_the_page_shows_what_is_said_of_queries(acme: Path) -> None:
    anew, wrong = (block.code.strip() for block in blocks(PAGE, "text"))
    file = acme / "shop.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("WHERE NOT test", "WHERE NOT test AND created < current_date"), encoding="utf-8")
    remarks = [f"{row.item}: {row.reason}" for row in vf.run(vf.load("acme")).tables.failed if row.remark]
    assert remarks == [anew]
    file.write_text(text.replace("at, amount", "at, amonut"), encoding="utf-8")
    reasons = [row.reason for row in vf.run(vf.load("acme")).failures]
    assert any(wrong in reason for reason in reasons), reasons
    assert re.search(r"line 1 of the query", wrong)

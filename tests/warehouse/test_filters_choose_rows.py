"""Filters over columns of every type, run by the engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from sqlglot import exp

from vitalfew.errors import DataError
from vitalfew.warehouse.compile import Scope
from vitalfew.warehouse.engine import Engine, open_engine
from vitalfew.workspace.definitions import DataSettings
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = pa.table({
    "id": [1, 2, 3, 4],
    "plan": ["pro", "free", "Team's", None],
    "age": [17, 30, 65, None],
    "score": [1.5, float("nan"), float("inf"), -2.0],
    "active": [True, False, None, True],
    "paid": ["yes", "no", "x", "1"],
    "born": [date(2000, 1, 1), date(2010, 5, 5), None, date(2020, 2, 29)],
    "seen": [datetime(2026, 1, day, 12, tzinfo=UTC) for day in (1, 2, 3, 4)],
    'odd "name"': [1, 2, 3, 4],
})  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(DataSettings(), None, {"rows": ROWS})
    yield opened
    opened.close()


def _kept(engine: Engine, text: str) -> list[int]:
    scope = Scope.open(engine, "rows", "r")
    query = exp.select(scope.column("id")).from_(scope.source()).where(scope.condition(parse(text))).order_by("1")
    return [row["id"] for row in engine.query(query).to_pylist()]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plan == 'pro'", [1]),
        ("plan == 'Team''s' or plan is null", [3, 4]),
        ("plan in ('pro', 'free')", [1, 2]),
        ("plan not in ('pro', 'free')", [3]),
        ("18 <= age < 65", [2]),
        ("not age > 18", [1]),
        ("score > 0", [1]),  # neither NaN nor infinity is more than 0: both are missing
        ("score is null", [2, 3]),
        ("score < -1.5", [4]),
        ("active", [1, 4]),
        ("active == 'no'", [2]),
        ("active == 1", [1, 4]),
        ("paid", [1, 4]),
        ("born >= '2010-05-05'", [2, 4]),
        ("seen < '2026-01-02T14:00:00+02:00'", [1]),
        ("seen >= '2026-01-03'", [3, 4]),
        ("age / 0 > 1", []),
        ("id / 2 == 0.5", [1]),
        ("id + id * 2 == 9", [3]),
        ("coalesce(age, 99) == 99", [4]),
        ("length(plan) == 3 and upper(plan) == 'PRO'", [1]),
        ("contains(plan, 'ea')", [3]),
        ("startswith(lower(plan), 't')", [3]),
        ('`odd "name"` == 2', [2]),
        ("(id == 1 or id == 2) and id > 1", [2]),
        ("plan == '%'", []),
    ],
)
def test_a_filter_keeps_the_rows_it_describes(engine: Engine, text: str, kept: list[int]) -> None:
    assert _kept(engine, text) == kept


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plam == 'pro'", "'rows' has no column 'plam'; did you mean 'plan'?"),
        ("age == 'old'", "the column 'age' of 'rows' holds whole numbers and is compared with 'old'"),
        ("plan > 3", "the column 'plan' of 'rows' holds texts and is compared with 3"),
        ("born > 'soon'", "'soon' is compared with a column of dates; expected a date such as 2026-01-31"),
        ("born + 1 > 3", "the column 'born' of 'rows' holds dates, where numbers are needed"),
        ("born", "the column 'born' of 'rows' is no condition"),
        ("active == 'perhaps'", "'perhaps' is compared with a column of yes and no"),
    ],
)
def test_a_filter_that_does_not_fit_the_table_is_refused_before_it_runs(
    engine: Engine, text: str, message: str
) -> None:
    with pytest.raises(DataError) as refused:
        _kept(engine, text)
    assert message in str(refused.value)

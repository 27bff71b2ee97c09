"""Daily values of metrics that follow units: by the day they were first seen, or that their row names."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.series import series
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.results.rows import FailedRow, SeriesRow
    from vitalfew.warehouse.engine import Engine

FIRST = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - tables without a zone count as UTC
EVENTS = {"table": "t", "shape": "events", "unit": "user", "time": "at", "event": "name"}
USERS = {"table": "t", "shape": "units", "unit": "user", "time": "joined"}
BACK = {"kind": "retention", "events": ["open"], "window": {"delay": 7, "length": 7}}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with closing(open_engine(DataSettings())) as opened:
        yield opened


def moment(day: float) -> datetime:
    return FIRST + timedelta(days=day)


def iso(day: int) -> str:
    return moment(day).date().isoformat()


def read(
    engine: Engine,
    source: Mapping[str, Any],
    as_of: date | None = None,
    *,
    named: bool = True,
    zone: str = "UTC",
    **metrics: Any,
) -> tuple[dict[str, dict[str, float]], list[str]]:
    defined = {key: {"source": "s"} | fields for key, fields in metrics.items()}
    release: dict[str, Any] = {"date": "2026-02-20"} | ({"metrics": list(defined)} if named else {})
    whole = {"sources": {"s": source}, "metrics": defined, "releases": {"r": release}, "workspace": {"time_zone": zone}}
    found = Definitions.model_validate(whole)
    silent = () if named else tuple(defined)
    return told(*series(found, engine, as_of, None, silent))


def told(rows: tuple[SeriesRow, ...], failed: tuple[FailedRow, ...]) -> tuple[dict[str, dict[str, float]], list[str]]:
    values: dict[str, dict[str, float]] = {}
    for row in rows:
        assert row.unit is None
        values.setdefault(row.metric, {})[row.day] = row.value
    return values, [f"{row.item}: {row.reason}" for row in failed]


def visits(engine: Engine) -> None:
    """Two users join each day of 60; the second opens again 8 days later when the day is even, the first never."""
    users, at, names = [], [], []
    for day in range(60):
        for who in range(2):
            users.append(f"{day}-{who}")
            at.append(moment(day))
            names.append("open")
        if day % 2 == 0 and day + 8 < 60:
            users.append(f"{day}-1")
            at.append(moment(day + 8))
            names.append("open")
        if day + 3 < 60:
            users.append(f"{day}-0")
            at.append(moment(day + 3.1))
            names.append("buy")
    engine.write("t", pa.table({"user": users, "at": at, "name": names}))


def test_retention_is_that_of_the_units_first_seen_on_a_day_once_their_window_is_over(engine: Engine) -> None:
    visits(engine)
    values, failed = read(engine, EVENTS, back=BACK)
    # 28 days at the beginning tell nothing of newcomers; 60 days end in the middle of the last, and take 14 to follow.
    assert list(values["back"]) == [iso(day) for day in range(28, 45)]
    assert all(value == (0.5 if day % 2 == 0 else 0.0) for day, value in zip(range(28, 45), values["back"].values()))  # noqa: B905 - both were compared above
    assert not failed


def test_a_day_asked_for_is_whole_and_what_came_after_it_is_not_known(engine: Engine) -> None:
    visits(engine)
    values, _ = read(engine, EVENTS, date(2026, 2, 19), back=BACK)
    assert list(values["back"]) == [iso(day) for day in range(28, 36)]
    assert values["back"][iso(34)] == 0.5


def test_funnels_and_shares_over_days_have_a_value_where_their_window_ends(engine: Engine) -> None:
    visits(engine)
    values, failed = read(
        engine,
        EVENTS,
        bought={"kind": "funnel", "steps": ["open", "buy"], "window": {"length": 5}},
        twice={"kind": "proportion", "events": ["open"], "threshold": 2, "window": {"length": 10}},
        endless={"kind": "funnel", "steps": ["open", "buy"]},
        middle={"kind": "time_to_event", "events": ["buy"], "horizon": 5},
    )
    assert set(values) == {"bought", "twice"}
    assert set(values["bought"].values()) == {0.5}
    assert values["twice"][iso(30)] == 0.5
    assert values["twice"][iso(31)] == 0.0
    assert [line.partition(":")[0] for line in failed] == ["s/endless", "s/middle"]
    assert "no window" in failed[0]
    assert "whole distribution" in failed[1]


def test_what_no_release_names_is_not_followed(engine: Engine) -> None:
    visits(engine)
    assert read(engine, EVENTS, named=False, back=BACK) == ({}, [])


def customers(engine: Engine) -> None:
    """Three customers a day for 20 days, who pay the number of the day, one of them nothing."""
    days = [day for day in range(20) for _ in range(3)]
    table = {
        "user": list(range(60)),
        "joined": [moment(day).date() for day in days],
        "paid": [float(day) * (at % 3 > 0) for at, day in enumerate(days)],
        "orders": [1.0 + at % 3 for at in range(60)],
        "stayed": [int(day % 2 == 0) for day in days],
        "arm": ["a"] * 60,
    }
    engine.write("t", pa.table(table))


def test_columns_of_units_have_a_value_by_the_day_in_their_row(engine: Engine) -> None:
    customers(engine)
    values, failed = read(
        engine,
        USERS,
        paid={"column": "paid"},
        stayed={"kind": "proportion", "column": "stayed"},
        price={"kind": "ratio", "column": "paid", "denominator": {"source": "s", "column": "orders"}},
    )
    assert not failed
    assert list(values["paid"]) == [iso(day) for day in range(1, 19)]
    assert values["paid"][iso(9)] == pytest.approx(6.0)
    assert values["stayed"][iso(9)] == 0.0
    assert values["stayed"][iso(10)] == 1.0
    assert values["price"][iso(9)] == pytest.approx(18 / 6)


def test_columns_that_take_days_to_fill_have_none_for_the_newest_units(engine: Engine) -> None:
    customers(engine)
    week = {"kind": "retention", "column": "stayed", "window": {"length": 7}}
    values, _ = read(engine, USERS, stayed=week)
    assert list(values["stayed"])[-1] == iso(11)


def test_a_column_that_holds_no_numbers_fails_alone(engine: Engine) -> None:
    customers(engine)
    values, failed = read(engine, USERS, paid={"column": "paid"}, arm={"column": "arm"})
    assert set(values) == {"paid"}
    assert len(failed) == 1
    assert failed[0].startswith("s/arm: ")


def test_units_without_a_time_have_no_days(engine: Engine) -> None:
    customers(engine)
    values, _ = read(engine, {key: value for key, value in USERS.items() if key != "time"}, paid={"column": "paid"})
    assert values == {}


@pytest.mark.parametrize(("zone", "ahead"), [("America/Los_Angeles", -8), ("Asia/Tokyo", 9)])
@pytest.mark.parametrize("hour", [1, 20])
def test_the_days_of_users_are_those_of_the_team(engine: Engine, zone: str, ahead: int, hour: int) -> None:
    """One user a day comes at the same hour where the team is; 60 days, the last of them not over."""
    days = range(60)
    at = [moment(day).replace(hour=hour) - timedelta(hours=ahead) for day in days]
    engine.write("t", pa.table({"user": [f"{day}" for day in days], "at": at, "name": ["open"] * 60}))
    values, _ = read(engine, EVENTS, zone=zone, back=BACK)
    assert list(values["back"]) == [iso(day) for day in range(28, 45)]
    values, _ = read(engine, EVENTS, date(2026, 2, 19), zone=zone, back=BACK)
    assert list(values["back"]) == [iso(day) for day in range(28, 36)]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_dates_are_days_as_they_are_written_wherever_the_team_is(engine: Engine, zone: str) -> None:
    customers(engine)
    values, _ = read(engine, USERS, zone=zone, paid={"column": "paid"})
    assert list(values["paid"]) == [iso(day) for day in range(1, 19)]
    assert values["paid"][iso(9)] == pytest.approx(6.0)

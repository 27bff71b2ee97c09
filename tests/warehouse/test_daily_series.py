"""Daily values of metrics: read from tables of any form, counted from events, with everything left out named."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from vitalfew.results.rows import FailedRow
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.series import series
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vitalfew.results.rows import SeriesRow
    from vitalfew.warehouse.engine import Engine

FIRST = date(2026, 1, 1)
WIDE = {"table": "kpi", "shape": "series", "time": "date"}
LONG = WIDE | {"metric": "name", "value": "value"}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with closing(open_engine(DataSettings())) as opened:
        yield opened


def days(count: int, first: date = FIRST) -> list[date]:
    return [first + timedelta(at) for at in range(count)]


def read(
    engine: Engine, table: dict[str, Any], source: dict[str, Any], as_of: date | None = None, **metrics: Any
) -> tuple[tuple[SeriesRow, ...], tuple[FailedRow, ...]]:
    engine.write("kpi", pa.table(table))
    about = {"time_zone": metrics.pop("zone", "UTC")}
    defined = {key: {"source": "s"} | fields for key, fields in metrics.items()}
    return series(
        Definitions.model_validate({"workspace": about, "sources": {"s": source}, "metrics": defined}), engine, as_of
    )


def values(rows: Sequence[SeriesRow], metric: str, unit: str | None = None) -> list[tuple[str, float]]:
    return [(row.day, row.value) for row in rows if row.metric == metric and row.unit == unit]


def said(failed: Sequence[FailedRow]) -> list[str]:
    return [f"{row.item}: {row.reason}" for row in failed]


def test_every_metric_has_a_column_named_by_its_key_or_by_column(engine: Engine) -> None:
    table = {"date": days(2), "orders": [3, 4], "Revenue €": [1.5, 2.5]}
    rows, failed = read(engine, table, WIDE, orders={}, revenue={"column": "Revenue €"})
    assert values(rows, "orders") == [("2026-01-01", 3.0), ("2026-01-02", 4.0)]
    assert values(rows, "revenue") == [("2026-01-01", 1.5), ("2026-01-02", 2.5)]
    assert not failed


def test_metrics_named_in_a_column_are_told_apart_and_an_unknown_one_names_the_nearest(engine: Engine) -> None:
    table = {"date": days(1) * 2, "name": ["orders", "visits"], "value": [3.0, 70.0]}
    rows, failed = read(engine, table, LONG, orders={}, traffic={"column": "visits"}, visit={})
    assert values(rows, "orders") == [("2026-01-01", 3.0)]
    assert values(rows, "traffic") == [("2026-01-01", 70.0)]
    (reason,) = said(failed)
    assert reason.startswith("s/visit: 'name' never holds 'visit'")
    assert "visits" in reason


def test_regions_have_series_of_their_own(engine: Engine) -> None:
    table = {"date": days(1) * 2, "region": ["DK", "DE"], "orders": [3.0, 70.0]}
    rows, _ = read(engine, table, WIDE | {"unit": "region"}, orders={})
    assert values(rows, "orders", "DK") == [("2026-01-01", 3.0)]
    assert values(rows, "orders", "DE") == [("2026-01-01", 70.0)]


def test_missing_days_texts_and_contradictions_are_left_out_and_named(engine: Engine) -> None:
    moments = [*days(3), FIRST + timedelta(5), FIRST, None]
    table = {"date": moments, "orders": ["1", "2", "n.n.", "4", "9", "5"]}
    rows, failed = read(engine, table, WIDE, orders={})
    assert values(rows, "orders") == [("2026-01-02", 2.0), ("2026-01-06", 4.0)]
    assert all(row.remark for row in failed)
    assert said(failed) == [
        "s/orders: 1 cell without a number left out",
        "s/orders: 1 day (2026-01-01) has several rows that differ and are left out",
        "s/orders: 3 days (2026-01-03, 2026-01-04 and 2026-01-05) have no value",
    ]


def test_the_same_row_twice_is_one_value(engine: Engine) -> None:
    rows, failed = read(engine, {"date": [FIRST, FIRST], "orders": [3, 3]}, WIDE, orders={})
    assert values(rows, "orders") == [("2026-01-01", 3.0)]
    assert not failed


def test_days_after_the_day_asked_for_are_ignored(engine: Engine) -> None:
    rows, failed = read(engine, {"date": days(5), "orders": range(5)}, WIDE, date(2026, 1, 3), orders={})
    assert [day for day, _ in values(rows, "orders")] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert said(failed) == ["s/orders: 2 days after 2026-01-03 ignored"]


@pytest.mark.parametrize(("aggregation", "wanted"), [(None, 2.0), ("sum", 4.0), ("max", 3.0)])
def test_several_times_of_a_day_are_one_value_where_the_team_is(
    engine: Engine, aggregation: str | None, wanted: float
) -> None:
    # 22:30 and 23:30 in UTC are both on the second of January in Copenhagen only from 23:00 on.
    moments = [datetime(2026, 1, 1, 23, 30, tzinfo=UTC), datetime(2026, 1, 2, 12, tzinfo=UTC)]
    metric = {} if aggregation is None else {"aggregation": aggregation}
    table = {"date": moments, "orders": [1.0, 3.0]}
    rows, failed = read(engine, table, WIDE, zone="Europe/Copenhagen", orders=metric)
    assert values(rows, "orders") == [("2026-01-02", wanted)]
    assert "1 day with several times" in said(failed)[0]


def test_times_at_midnight_are_dates_wherever_the_team_is(engine: Engine) -> None:
    table = {"date": [datetime(2026, 1, 1, tzinfo=UTC)], "orders": [1.0]}
    rows, _ = read(engine, table, WIDE, zone="America/New_York", orders={})
    assert values(rows, "orders") == [("2026-01-01", 1.0)]


def test_filters_choose_rows_and_ratios_are_divided_by_day(engine: Engine) -> None:
    table: dict[str, Any] = {
        "date": [*days(2), *days(2)],
        "shop": ["a", "a", "b", "b"],
        "orders": [1, 2, 8, 9],
        "visits": [4, 0, 1, 1],
    }
    ratio: dict[str, Any] = {"kind": "ratio", "column": "orders", "filters": ["shop == 'a'"]}
    ratio |= {"denominator": {"source": "s", "column": "visits", "filters": ["shop == 'a'"]}}
    rows, failed = read(engine, table, WIDE, rate=ratio)
    assert values(rows, "rate") == [("2026-01-01", 0.25)]
    assert said(failed) == ["s/rate: 1 day with a denominator of 0 left out"]


def test_a_column_that_is_missing_fails_its_metric_and_no_other(engine: Engine) -> None:
    rows, failed = read(engine, {"date": days(1), "orders": [1.0]}, WIDE, orders={}, order={})
    assert values(rows, "orders") == [("2026-01-01", 1.0)]
    assert said(failed) == ["s/order: 'kpi' has no column 'order'; did you mean 'orders'?"]


# Counted from events -----------------------------------------------------------------------------------------------

EVENTS = {"table": "kpi", "shape": "events", "unit": "user", "time": "at", "event": "name"}


def from_events(
    engine: Engine, as_of: date | None = None, **metrics: Any
) -> tuple[tuple[SeriesRow, ...], tuple[FailedRow, ...]]:
    moments = [datetime(2026, 1, day, hour) for day in (1, 2, 3, 4) for hour in (9, 10, 11)]  # noqa: DTZ001 - tables without a zone count as UTC
    users = ["a", "b", "a", "a", "b", "c", "a", "a", "b", "a", "b", "c"]
    names = ["buy", "see", "see", "buy", "see", "buy", "buy", "buy", "see", "see", "see", "see"]
    engine.write(
        "kpi", pa.table({"at": moments, "user": users, "name": names, "paid": [float(at) for at in range(12)]})
    )
    defined = {key: {"source": "s"} | fields for key, fields in metrics.items()}
    releases = {"r": {"date": "2026-01-02"}}
    definitions = {"sources": {"s": EVENTS}, "metrics": defined, "releases": releases}
    return series(Definitions.model_validate(definitions), engine, as_of)


def test_events_become_values_per_unit_seen_on_the_day_without_days_that_are_not_whole(engine: Engine) -> None:
    buys, paid = {"events": ["buy"]}, {"events": ["buy"], "column": "paid"}
    rows, _ = from_events(
        engine,
        buys=buys,
        buyers=buys | {"kind": "proportion"},
        spent=paid,
        price=paid | {"kind": "ratio", "denominator": {"source": "s", "events": ["buy"]}},
    )
    assert values(rows, "buys") == [("2026-01-02", pytest.approx(2 / 3)), ("2026-01-03", 1.0)]
    assert values(rows, "buyers") == [("2026-01-02", pytest.approx(2 / 3)), ("2026-01-03", 0.5)]
    assert values(rows, "spent") == [("2026-01-02", pytest.approx(8 / 3)), ("2026-01-03", 6.5)]
    assert values(rows, "price") == [("2026-01-02", 4.0), ("2026-01-03", 6.5)]


def test_events_are_counted_per_unit_seen_on_the_day(engine: Engine) -> None:
    count = {"kind": "count", "events": ["buy"]}
    rows, failed = from_events(
        engine, buys=count, paid=count | {"column": "paid"}, sums=count | {"column": "paid", "aggregation": "sum"}
    )
    assert not failed
    assert values(rows, "buys") == [("2026-01-02", pytest.approx(2 / 3)), ("2026-01-03", 1.0)]
    assert values(rows, "paid") == values(rows, "buys")
    assert values(rows, "sums") == [("2026-01-02", pytest.approx(8 / 3)), ("2026-01-03", 6.5)]


def test_the_day_asked_for_is_whole(engine: Engine) -> None:
    rows, _ = from_events(engine, date(2026, 1, 3), buys={"events": ["buy"]})
    assert [day for day, _ in values(rows, "buys")] == ["2026-01-02", "2026-01-03"]


def test_metrics_without_a_value_of_a_single_day_say_so(engine: Engine) -> None:
    rows, failed = from_events(engine, typical={"kind": "quantile", "quantile": 0.5, "column": "paid"})
    assert not rows
    assert failed[0].remark
    assert "no value of a single day" in failed[0].reason


def test_events_have_no_daily_values_where_no_release_asks_for_them(engine: Engine) -> None:
    from_events(engine)
    definitions = {"sources": {"s": EVENTS}, "metrics": {"buys": {"source": "s", "events": ["buy"]}}}
    assert series(Definitions.model_validate(definitions), engine) == ((), ())


def test_only_what_is_asked_for_is_counted_and_what_nobody_judges_stays_silent(engine: Engine) -> None:
    from_events(engine)
    buys = {"source": "s", "events": ["buy"]}
    typical = {"source": "s", "kind": "quantile", "quantile": 0.5, "column": "paid"}
    metrics = {"buys": buys, "others": buys, "typical": typical, "slow": typical}
    definitions = {"sources": {"s": EVENTS}, "metrics": metrics, "releases": {"r": {"date": "2026-01-02"}}}
    asked = {"buys", "typical", "slow"}
    rows, failed = series(Definitions.model_validate(definitions), engine, counted=asked, silent={"slow"})
    assert {row.metric for row in rows} == {"buys"}
    assert [row.item for row in failed] == ["s/typical"]


def test_a_unit_counts_once_a_day_and_shares_of_those_who_do_not_are_the_rest(engine: Engine) -> None:
    rows, _ = from_events(
        engine, others={"events": ["buy"], "kind": "proportion", "complement": True}, late={"filters": ["paid > 4"]}
    )
    assert values(rows, "others") == [("2026-01-02", pytest.approx(1 / 3)), ("2026-01-03", 0.5)]
    assert values(rows, "late") == [("2026-01-02", pytest.approx(1 / 3)), ("2026-01-03", 1.5)]


def test_a_table_to_be_filled_is_a_remark_where_releases_wait_for_it_and_else_silent(tmp_path: Path) -> None:
    (tmp_path / "kpi.csv").write_text("date,orders\n")
    definitions: dict[str, Any] = {
        "sources": {"s": WIDE | {"table": "kpi.csv"}},
        "metrics": {"orders": {"source": "s"}},
    }
    with closing(open_engine(DataSettings(), tmp_path)) as opened:
        assert series(Definitions.model_validate(definitions), opened) == ((), ())
        definitions["releases"] = {"r": {"date": "2026-01-02"}}
        _, failed = series(Definitions.model_validate(definitions), opened)
    assert failed == (FailedRow("series", "s", "kpi.csv holds column names but no rows", remark=True),)


def test_days_and_numbers_that_cannot_be_are_left_out_and_counted(engine: Engine) -> None:
    table = {"date": ["2026-01-01", "9999-12-31", "0001-01-01", "2026-01-02"], "orders": [3.0, 4.0, 5.0, 1e308]}
    rows, failed = read(engine, table, WIDE, orders={})
    assert values(rows, "orders") == [("2026-01-01", 3.0)]
    assert said(failed) == [
        "s/orders: 2 times outside the years 1900 to 2199 left out",
        "s/orders: 1 value beyond 1e+30 left out",
    ]

"""Use of features from events: held against a plain computation, and at its borders."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.stats import wilson
from vitalfew.warehouse.cadence import MAIN_WINDOW, WINDOWS
from vitalfew.warehouse.days import cover
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.use import feature_use
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vitalfew.results.rows import FailedRow, UseRow
    from vitalfew.warehouse.engine import Engine

    Event = tuple[Any, Any, Any]
    Use = Callable[..., tuple[tuple[UseRow, ...], tuple[FailedRow, ...]]]

END = datetime(2026, 6, 30, 12)  # noqa: DTZ001 - the tables under test hold times without a zone, which count as UTC
EVENTS = {"table": "events", "unit": "user_id", "time": "at", "event": "name"}
USERS = {"table": "users", "unit": "user_id"}


def ago(days: float, *, seconds: float = 0) -> datetime:
    return END - timedelta(days=days, seconds=-seconds)


def events_table(events: Sequence[Event]) -> pa.Table:
    users, names, times = ([event[at] for event in events] for at in range(3))
    return pa.table({"user_id": users, "name": names, "at": times})


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine for all tests of the module: opening one takes longer than a test."""
    with closing(open_engine(DataSettings())) as opened:
        yield opened


@pytest.fixture(scope="module")
def use(engine: Engine) -> Use:
    def measure(
        events: Sequence[Event] | pa.Table,
        features: Mapping[str, Any],
        *,
        users: pa.Table | None = None,
        as_of: date | None = None,
        **more: Any,
    ) -> tuple[tuple[UseRow, ...], tuple[FailedRow, ...]]:
        engine.write("events", events if isinstance(events, pa.Table) else events_table(events))
        if users is not None:
            engine.write("users", users)
        sources = {"events": EVENTS} | ({} if users is None else {"users": USERS})
        features = {key: {"source": "events"} | feature for key, feature in features.items()}
        definitions = Definitions.model_validate({"sources": sources, "features": features} | more)
        return feature_use(definitions, engine, as_of)

    return measure


def rows_by_window(rows: Sequence[UseRow], segment: str | None = None) -> dict[int, UseRow]:
    return {row.window_days: row for row in rows if row.segment == segment}


def the(rows: Sequence[UseRow]) -> UseRow:
    (found,) = [row for row in rows if row.main and row.segment is None]
    return found


LONG = [("old", "other", ago(1_000)), ("new", "other", END)]
"""Events that stretch the history of the source far back, by units of their own."""


# Held against a plain computation ----------------------------------------------------------------------------------

moments = st.one_of(
    st.integers(0, 1_200).map(ago),
    st.sampled_from([days for window in WINDOWS for days in (window, 2 * window, window + 365)]).flatmap(
        lambda days: st.sampled_from([-1, 0, 1]).map(lambda second: ago(days, seconds=second))
    ),
)
some_events = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from(["x", "y", "z", None]), moments), max_size=40
)


def plainly(events: Sequence[Event], names: set[str], window: int) -> tuple[int, int, int, int, int]:
    """Eligible, users, uses, eligible before and users before, by the words of the definition."""

    def seen(start: datetime, end: datetime, wanted: set[str] | None) -> list[str]:
        return [unit for unit, name, at in events if unit and start < at <= end and (not wanted or name in wanted)]

    start, before = END - timedelta(days=window), END - timedelta(days=2 * window)
    year = timedelta(days=365)
    uses = seen(start, END, names)
    return (
        len(set(seen(start - year, END, None))),
        len(set(uses)),
        len(uses),
        len(set(seen(before - year, start, None))),
        len(set(seen(before, start, names))),
    )


@given(some_events)
def test_reach_frequency_and_trend_are_what_a_plain_computation_gives(use: Use, drawn: list[Event]) -> None:
    events = [*drawn, *LONG]
    rows, failed = use(events, {"f": {"events": ["x", "y", "x"]}, "g": {"events": ["y"]}, "h": {"events": ["other"]}})
    names = {"f": {"x", "y"}, "g": {"y"}, "h": {"other"}}
    for row in rows:
        if not row.measured:
            assert not names[row.feature] & {name for _, name, _ in events}
            continue
        eligible, users, uses, eligible_before, users_before = plainly(events, names[row.feature], row.window_days)
        assert (row.eligible, row.users) == (eligible, users)
        assert row.reach is not None
        assert (row.reach.low, row.reach.high) == wilson(users, eligible)
        assert row.frequency == (pytest.approx(uses / users * 30 / row.window_days) if users else None)
        if eligible_before:
            assert row.trend == pytest.approx(users / eligible - users_before / eligible_before)
    assert {row.feature for row in rows} == set(names)
    known = ("name no user_id", "no event called", "count again")
    assert all(any(words in note.reason for words in known) for note in failed)


@given(some_events, st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["free", "pro", None])), max_size=6))
def test_segments_are_what_a_plain_computation_gives(
    use: Use, drawn: list[Event], people: list[tuple[str, str | None]]
) -> None:
    events = [*drawn, *LONG, ("a", "x", END)]
    units = [*people, ("a", "free"), ("z", "pro")]
    users = pa.table(
        {"user_id": [unit for unit, _ in units], "plan": pa.array([plan for _, plan in units], pa.string())}
    )
    segments = {plan: {"source": "users", "filter": f"plan == '{plan}'"} for plan in ("free", "pro")}
    features = {"f": {"events": ["x"]}, "paid": {"events": ["x"], "eligible": "pro"}}
    rows, _ = use(events, features, users=users, segments=segments)
    everyone = {unit for unit, _ in units}
    members = {plan: {unit for unit, held in units if held == plan} for plan in ("free", "pro")}
    expected = {("f", None): everyone, ("f", "free"): members["free"], ("f", "pro"): members["pro"]}
    expected |= {("paid", None): members["pro"], ("paid", "free"): members["pro"] & members["free"]}
    found = {(row.feature, row.segment): row for row in rows if row.main}
    assert set(found) == {cell for cell, eligible in expected.items() if eligible}
    for cell, row in found.items():
        used = {unit for unit, name, at in events if name == "x" and at > END - timedelta(days=row.window_days)}
        assert (row.eligible, row.users) == (len(expected[cell]), len(used & expected[cell]))


# Borders -----------------------------------------------------------------------------------------------------------


def test_a_window_leaves_out_its_first_moment_and_holds_its_last(use: Use) -> None:
    at_start, inside, at_end = ("a", "x", ago(30)), ("b", "x", ago(30, seconds=1e-6)), ("c", "x", END)
    rows, _ = use([at_start, inside, at_end, *LONG], {"f": {"events": ["x"]}})
    assert rows_by_window(rows)[30].users == 2
    assert rows_by_window(rows)[90].users == 3


def test_times_with_a_zone_are_compared_as_moments(use: Use) -> None:
    zone = timezone(timedelta(hours=5))
    end = END.replace(tzinfo=UTC)
    times = [end - timedelta(days=30), end - timedelta(days=30) + timedelta(seconds=1), end, end - timedelta(days=900)]
    table = pa.table(
        {
            "user_id": ["a", "b", "c", "d"],
            "name": ["x", "x", "other", "other"],
            "at": pa.array([time.astimezone(zone) for time in times], pa.timestamp("us", "Asia/Karachi")),
        }
    )
    assert the(use(table, {"f": {"events": ["x"]}})[0]).users == 1


def test_the_day_of_as_of_counts_to_its_end_and_no_further(use: Use) -> None:
    day = date(2026, 5, 31)
    late = datetime(2026, 5, 31, 23, 59, 59)  # noqa: DTZ001 - see END
    events = [("a", "x", late), ("b", "x", late + timedelta(seconds=1)), ("c", "other", late), *LONG]
    rows, _ = use(events, {"f": {"events": ["x"]}}, as_of=day)
    assert (the(rows).users, the(rows).eligible) == (1, 2)


def test_days_without_a_clock_time_count(use: Use) -> None:
    table = pa.table(
        {"user_id": [1, 2, 3], "name": ["x", "x", "y"], "at": [date(2026, 1, 31), date(2026, 1, 1), date(2024, 1, 1)]}
    )
    assert the(use(table, {"f": {"events": ["x"]}})[0]).users == 1


# What may be said --------------------------------------------------------------------------------------------------


def crowd(users: int, *, used: int, days: float, since: float = 800) -> list[Event]:
    return [(f"u{number}", "x" if number < used else "other", ago(days)) for number in range(users)] + [
        ("u0", "other", END),
        ("u0", "other", ago(since)),
    ]


@pytest.mark.parametrize(("used", "hardly"), [(4, True), (5, False), (0, None)])
def test_less_than_five_percent_of_the_eligible_is_hardly_used(use: Use, used: int, hardly: bool | None) -> None:
    rows, _ = use(crowd(100, used=used, days=1), {"f": {"events": ["x"]}})
    assert the(rows).hardly_used is hardly
    assert the(rows).measured is bool(used)


@pytest.mark.parametrize(
    ("cadence", "days", "hardly"), [("weekly", 200, True), ("monthly", 80, False), ("yearly", 200, False)]
)
def test_a_feature_is_judged_in_the_window_that_fits_its_cadence(
    use: Use, cadence: str, days: float, hardly: bool
) -> None:
    rows, _ = use(crowd(100, used=50, days=days), {"f": {"events": ["x"], "cadence": cadence}})
    assert (the(rows).window_days, the(rows).hardly_used) == (MAIN_WINDOW[cadence], hardly)  # type: ignore[index]  # parametrize gives text
    assert all(row.hardly_used is None for row in rows if not row.main)


def test_what_never_occurs_is_not_measured_and_the_nearest_name_is_told(use: Use) -> None:
    rows, _ = use([("a", "Export PDF", END)], {"f": {"events": ["export_pdf"]}})
    assert rows[0].measured is False
    assert rows[0].users is None
    assert rows[0].reason == "no event called 'export_pdf' in the data; nearest 'Export PDF'"


def test_what_occurred_long_ago_is_not_used_but_measured(use: Use) -> None:
    rows, _ = use([("a", "x", ago(500)), *LONG], {"f": {"events": ["x"]}})
    assert (the(rows).measured, the(rows).users, the(rows).hardly_used) == (True, 0, True)


def test_one_of_several_names_that_does_not_occur_is_noted(use: Use) -> None:
    rows, failed = use([("a", "x", END), *LONG], {"f": {"events": ["x", "X-2"]}})
    assert the(rows).users == 1
    assert [(note.item, note.reason) for note in failed] == [
        ("f", "no event called 'X-2' in the data; nearest 'x'")
    ] or (failed[0].reason == "no event called 'X-2' in the data")


def test_names_match_exactly(use: Use) -> None:
    rows, _ = use([("a", "X", END), ("b", " x", END), ("c", "x", END), *LONG], {"f": {"events": ["x"]}})
    assert the(rows).users == 1


def test_a_feature_shipped_less_than_a_window_ago_is_not_judged_yet(use: Use) -> None:
    rows, _ = use(crowd(100, used=1, days=1), {"f": {"events": ["x"], "shipped": date(2026, 6, 21)}})
    assert the(rows).hardly_used is None
    assert "shipped 10 days ago; its use is judged after 30 days" in (the(rows).reason or "")


def test_enough_reach_is_an_answer_however_short_the_time(use: Use) -> None:
    rows, _ = use(crowd(100, used=50, days=1), {"f": {"events": ["x"], "shipped": date(2026, 6, 21)}})
    assert the(rows).hardly_used is False
    assert the(rows).frequency == pytest.approx(3.0)


def test_a_feature_that_ships_after_the_data_end_is_not_measured(use: Use) -> None:
    rows, _ = use(crowd(100, used=1, days=1), {"f": {"events": ["x"], "shipped": date(2026, 7, 1)}})
    assert (rows[0].measured, len(rows)) == (False, 1)
    assert "after the end of the data" in (rows[0].reason or "")


@pytest.mark.parametrize(
    ("days", "used", "hardly", "said"),
    [
        (19, 1, True, "the data cover 20 of 30 days; at this pace reach stays below 5 %"),
        (19, 4, None, "the data cover 20 of 30 days, too few"),
        (9, 1, None, "the data cover 10 of 30 days, too few"),
        (9, 5, False, "no trend"),
        (29, 4, True, "no trend: the data cover 30 of the 60 days it needs"),
    ],
)
def test_short_data_are_judged_only_as_far_as_they_go(
    use: Use, days: int, used: int, hardly: bool | None, said: str
) -> None:
    rows, _ = use(crowd(100, used=used, days=0, since=days), {"f": {"events": ["x"]}})
    assert the(rows).hardly_used is hardly
    assert said in (the(rows).reason or "")
    assert the(rows).trend is None


def test_cadences_have_a_window_in_which_a_faithful_user_is_seen() -> None:
    every = {"daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92, "yearly": 366}
    assert all(window >= 0.97 * every[cadence] for cadence, window in MAIN_WINDOW.items())


# Who is eligible ---------------------------------------------------------------------------------------------------


def test_units_that_never_appear_in_the_events_are_eligible_when_a_source_lists_them(use: Use) -> None:
    users = pa.table({"user_id": ["a", "b", "c", "new", "old"]})
    rows, _ = use([("a", "x", END), *LONG], {"f": {"events": ["x"]}}, users=users)
    assert (the(rows).eligible, the(rows).users) == (5, 1)


def test_units_that_came_later_were_not_eligible_before(use: Use) -> None:
    users = pa.table({"user_id": ["a", "b", "new", "old"], "joined": [ago(900), ago(5), ago(900), ago(900)]})
    source = {"events": EVENTS, "users": USERS | {"time": "joined"}}
    events = [("a", "x", ago(1)), ("a", "x", ago(40)), ("b", "x", ago(1)), *LONG]
    rows, _ = use(events, {"f": {"events": ["x"]}}, users=users, sources=source)
    assert rows_by_window(rows)[30].trend == pytest.approx(2 / 4 - 1 / 3)


def test_ids_of_another_type_are_the_same_ids(use: Use) -> None:
    users = pa.table({"user_id": ["1", "2", "x9"]})
    rows, failed = use([(1, "x", END), (2, "other", ago(900))], {"f": {"events": ["x"]}}, users=users)
    assert (the(rows).eligible, the(rows).users, failed) == (3, 1, ())


def test_a_source_of_strangers_is_not_taken_for_the_population(use: Use) -> None:
    users = pa.table({"user_id": ["user-1", "user-2", "user-3"]})
    rows, failed = use([("1", "x", END), *LONG], {"f": {"events": ["x"]}}, users=users)
    assert (the(rows).eligible, the(rows).users) == (2, 1)
    assert "are these the same ids?" in failed[0].reason


def test_users_that_the_source_does_not_list_are_told_and_do_not_count(use: Use) -> None:
    users = pa.table({"user_id": ["a", "new", "old"]})
    rows, failed = use([("a", "x", END), ("b", "x", END), *LONG], {"f": {"events": ["x"]}}, users=users)
    assert (the(rows).eligible, the(rows).users) == (3, 1)
    assert failed[0].reason == "50 % of the users in the events are not in 'users' and do not count"


def test_a_segment_nobody_can_be_looked_up_in_leaves_its_feature_not_measured(use: Use) -> None:
    features = {"f": {"events": ["x"], "eligible": "big"}, "g": {"events": ["x"]}}
    rows, _ = use([("a", "x", END), *LONG], features, segments={"big": {"share": 0.2}})
    assert [row.measured for row in rows if row.feature == "f"] == [False]
    assert the([row for row in rows if row.feature == "g"]).users == 1


def test_a_segment_with_a_wrong_column_is_told_and_the_rest_goes_on(use: Use) -> None:
    users = pa.table({"user_id": ["a", "new", "old"], "plan": ["pro", "pro", "free"]})
    segments = {
        "pro": {"source": "users", "filter": "plan == 'pro'"},
        "bad": {"source": "users", "filter": "plam == 'pro'"},
    }
    rows, failed = use([("a", "x", END), *LONG], {"f": {"events": ["x"]}}, users=users, segments=segments)
    assert rows_by_window(rows, "pro")[30].users == 1
    assert [note.item for note in failed] == ["bad"]
    assert "did you mean 'plan'?" in failed[0].reason


# Hostile data ------------------------------------------------------------------------------------------------------


def test_a_clock_in_the_far_future_does_not_move_the_windows(use: Use) -> None:
    many = [(f"u{number % 100}", "x", ago(number % 400)) for number in range(4_000)]
    rows, failed = use([*many, ("u1", "x", datetime(2099, 1, 1))], {"f": {"events": ["x"]}})  # noqa: DTZ001 - see END
    assert the(rows).hardly_used is False
    assert "1 event far outside" in failed[0].reason


@given(st.dictionaries(st.integers(-3_000, 60_000), st.integers(1, 5_000), min_size=1, max_size=30))
def test_only_a_hundredth_of_the_events_is_ever_left_out_at_each_end_and_a_thousandth_if_it_is_near(
    events: dict[int, int],
) -> None:
    found = cover(events)
    inside = {day: count for day, count in events.items() if found.first <= day <= found.last}
    assert sum(inside.values()) + found.stray == sum(events.values())
    assert found.stray <= 0.02 * sum(events.values())
    away = {day: max(found.first - day, day - found.last) for day in events}
    assert sum(events[day] for day, gap in away.items() if 0 < gap <= 1_000) <= 0.002 * sum(events.values())
    assert {found.first, found.last} <= set(events)


def test_a_feature_without_events_or_source_says_so(use: Use) -> None:
    features = {
        "none": {"events": []},
        "lost": {"events": ["x"], "source": None},
        "units": {"events": ["x"], "source": "users"},
    }
    rows, failed = use([("a", "x", END)], features, users=pa.table({"user_id": ["a"]}))
    assert [row.measured for row in rows] == [False, False, False]
    assert [row.reason for row in rows] == [
        "no events are defined for it",
        "no source of events is named",
        "source 'users' does not hold events, from which use is measured",
    ]
    assert failed == ()


def test_a_missing_column_leaves_its_features_not_measured_and_names_the_nearest(use: Use) -> None:
    sources = {"events": EVENTS | {"event": "nmae"}}
    rows, failed = use([("a", "x", END)], {"f": {"events": ["x"]}}, sources=sources)
    assert [row.measured for row in rows] == [False]
    assert "no column 'nmae' (event); did you mean 'name'?" in failed[0].reason


@pytest.mark.parametrize(
    "table",
    [
        events_table([("a", "x", END)]).slice(0, 0),
        pa.table({"user_id": ["a"], "name": ["x"], "at": pa.array([None], pa.timestamp("us"))}),
        pa.table({"user_id": ["a"], "name": ["x"], "at": ["soon"]}),
    ],
    ids=["empty", "no times", "times that are none"],
)
def test_a_table_without_a_single_moment_gives_no_use_and_says_so(use: Use, table: pa.Table) -> None:
    rows, failed = use(table, {"f": {"events": ["x"]}})
    assert [row.measured for row in rows] == [False]
    assert "holds no events with a time that can be read" in failed[0].reason


def test_events_that_name_no_unit_are_told_and_do_not_count(use: Use) -> None:
    rows, failed = use([("a", "x", END), (None, "x", END), *LONG], {"f": {"events": ["x"]}})
    assert the(rows).users == 1
    assert failed[0].reason == "1 of 4 events name no user_id and do not count"


def test_when_no_event_names_a_unit_nobody_is_eligible(use: Use) -> None:
    table = pa.table({"user_id": pa.array([None, None], pa.string()), "name": ["x", "x"], "at": [END, ago(900)]})
    row = the(use(table, {"f": {"events": ["x"]}})[0])
    assert (row.eligible, row.users, row.reach, row.hardly_used) == (0, 0, None, None)
    assert "nobody is eligible" in (row.reason or "")


def test_event_names_may_be_numbers_and_quotes(use: Use) -> None:
    table = pa.table({"user_id": ["a", "b"], "name": [7, 8], "at": [END, ago(900)]})
    assert the(use(table, {"f": {"events": ["7"]}})[0]).users == 1
    assert the(use([("a", 'it\'s "x"', END), *LONG], {"f": {"events": ['it\'s "x"']}})[0]).users == 1


def test_mixed_zones_and_unreadable_times_in_a_csv_file_count_as_far_as_they_can_be_read(tmp_path: Path) -> None:
    lines = ["user_id,name,at", "a,x,2026-06-30T12:00:00+02:00", "b,x,2026-06-30 10:00:00", "c,x,yesterday", "d,x,"]
    (tmp_path / "events.csv").write_text("\n".join([*lines, "e,other,2024-01-01"]) + "\n")
    definitions = Definitions.model_validate(
        {
            "sources": {"events": EVENTS | {"table": "events.csv"}},
            "features": {"f": {"source": "events", "events": ["x"]}},
        }
    )
    with closing(open_engine(DataSettings(), tmp_path)) as engine:
        rows, _ = feature_use(definitions, engine, None)
    assert the(rows).users == 2

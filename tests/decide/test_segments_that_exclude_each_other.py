from __future__ import annotations

import pytest

from decide.building import definitions
from vitalfew.decide.segments import exclusive

APART = [
    ("plan == 'free'", "plan == 'pro'"),
    ("plan in ('free', 'trial')", "plan == 'pro'"),
    ("age < 30", "age >= 30"),
    ("age <= 30", "30 < age"),
    ("age < 30 and country == 'DE'", "country == 'DK'"),
    ("paying", "not paying"),
    ("age < 30", "age == 41"),
    ("contains(plan, 'x')", "not contains(plan, 'x')"),
]
NOT_KNOWN = [
    ("plan == 'free'", "country == 'DE'"),
    ("plan in ('free', 'pro')", "plan == 'pro'"),
    ("age <= 30", "age >= 30"),
    ("age < 30 or paying", "age >= 30"),
    ("plan != 'free'", "plan == 'pro'"),
    ("age < 30", "age == 7"),
]


def known(first: str, second: str, source: str = "players") -> bool:
    sources = {"players": {"table": "p.csv", "unit": "id"}, "others": {"table": "o.csv", "unit": "id"}}
    segments = {"a": {"source": "players", "filter": first}, "b": {"source": source, "filter": second}}
    found = definitions(sources=sources, segments=segments)
    assert exclusive(found, "a", "b") == exclusive(found, "b", "a")
    return exclusive(found, "a", "b")


@pytest.mark.parametrize(("first", "second"), APART)
def test_filters_that_contradict_each_other_exclude_each_other(first: str, second: str) -> None:
    assert known(first, second)


@pytest.mark.parametrize(("first", "second"), NOT_KNOWN)
def test_what_filters_do_not_tell_is_not_taken_as_known(first: str, second: str) -> None:
    assert not known(first, second)


def test_filters_over_different_tables_tell_nothing() -> None:
    assert not known("plan == 'free'", "plan == 'pro'", source="others")


def test_segments_without_a_filter_tell_nothing() -> None:
    assert not exclusive(definitions(segments={"a": {"share": 0.5}, "b": {"share": 0.5}}), "a", "b")

"""What was over before anybody recorded anything is history; what comes afterwards is asked for its promise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from vitalfew import checks
from vitalfew.results.rows import Tables
from vitalfew.workspace.acts import Act, ActLog
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
CHECKS = ("unpredicted", "serves_nothing")
SHIPPED = {"title": "Search", "team": "web", "status": "shipped", "shipped": "2026-03-01"}
RELEASE = {"date": "2026-03-01", "initiatives": ["search"]}


def found(check: str, initiative: dict[str, Any], *acts: Act, release: dict[str, Any] = RELEASE) -> list[str]:
    kinds = {"teams": {"web": {}}, "initiatives": {"search": initiative}, "releases": {"r": release}}
    rows = checks.run(Definitions.model_validate(kinds), ActLog(acts), Tables(), TODAY)
    return [row.subject for row in rows if row.id == check]


def act(day: str) -> Act:
    return Act(1, f"{day}T12:00:00Z", "anna", "decision", "search", None, "", "", "")


@pytest.mark.parametrize("check", CHECKS)
def test_a_release_from_before_the_first_record_is_history(check: str) -> None:
    assert found(check, SHIPPED) == []
    assert found(check, SHIPPED, act("2026-03-02")) == []


@pytest.mark.parametrize("check", CHECKS)
def test_a_release_from_after_it_is_not(check: str) -> None:
    assert found(check, SHIPPED, act("2026-03-01")) == ["search"]


@pytest.mark.parametrize("check", CHECKS)
def test_work_of_which_more_is_known_than_its_release_is_asked_whenever_it_came_out(check: str) -> None:
    assert found(check, SHIPPED | {"cost": 3}) == ["search"]
    assert found(check, SHIPPED, release=RELEASE | {"initiatives": []}) == ["search"]


PAST = {"table": "past.csv", "shape": "results", "experiment": "e", "metric": "m", "estimate": "d", "se": "s"}
UNITS = {"table": "users.csv", "unit": "user"}


def tried(check: str, count: int = 3, source: str = "past", **more: Any) -> list[str]:
    """Subjects of findings on shipped initiatives, each with an experiment of its own."""
    kinds = {
        "sources": {"past": PAST, "users": UNITS},
        "teams": {"web": {}, "app": {}},
        "metrics": {"orders": {"source": "past", "column": "orders"}},
        "initiatives": {f"i{at}": {"title": f"I {at}", "status": "shipped"} for at in range(count)},
        "experiments": {
            f"e{at}": {"source": source, "initiative": f"i{at}"} | ({} if source == "past" else {"variant": "arm"})
            for at in range(count)
        },
    }
    kinds["initiatives"] |= more.pop("initiatives", {})
    rows = checks.run(Definitions.model_validate(kinds | more), ActLog(()), Tables(), TODAY)
    return [row.subject for row in rows if row.id == check]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("count", [1, 3, 30])
def test_past_results_that_somebody_handed_in_are_history(check: str, count: int) -> None:
    assert tried(check, count) == []
    assert tried(check, count, "users") == ([f"i{at}" for at in range(count)] if count < 6 else ["initiatives"])


def test_past_results_of_a_team_that_poses_hypotheses_are_asked_for_theirs() -> None:
    asked = {"next": {"title": "Next", "team": "web"}, "old": {"title": "Old", "team": "web", "status": "shipped"}}
    posed = {"h": {"initiative": "next", "metric": "orders"}}
    old: dict[str, Any] = {"sources": {"past": PAST}, "experiments": {"e": {"source": "past", "initiative": "old"}}}
    assert tried("unpredicted", 0, initiatives=asked, hypotheses=posed, **old) == ["old"]
    other = asked | {"old": asked["old"] | {"team": "app"}}
    assert tried("unpredicted", 0, initiatives=other, hypotheses=posed, **old) == []


def test_work_that_is_agreed_is_asked_for_its_promise_though_past_results_are_history() -> None:
    agreed = {"next": {"title": "Next", "status": "committed"}}
    assert tried("unpredicted", 3, initiatives=agreed) == ["next"]

"""What came out before anybody recorded anything is history; what is released afterwards is asked for its promise."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from vitalfew import checks
from vitalfew.results.rows import Tables
from vitalfew.workspace.acts import Act, ActLog
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
CHECKS = ("promise_missing", "serves_nothing")
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

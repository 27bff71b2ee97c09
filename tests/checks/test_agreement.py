"""Checks of how people weigh: each fires on its case and stays silent on a near miss."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from vitalfew import checks
from vitalfew.results.rows import DisagreementRow, GroupChoiceRow, InformationRow, Tables, WeightRow
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definitions

DEFINED = Definitions.model_validate(
    {
        "sources": {"players": {"table": "players.csv", "unit": "id"}},
        "metrics": {"fun": {"source": "players", "column": "x", "title": "Joy"}},
        "initiatives": {"gate": {"title": "Move the gate", "exception": "law"}},
    }
)


def found(check: str, **tables: Any) -> list[tuple[str, str]]:
    rows = checks.run(DEFINED, ActLog(), Tables(**tables), date(2026, 6, 1))
    return [(row.severity, row.message) for row in rows if row.id == check]


def apart(**facts: Any) -> dict[str, Any]:
    return {"disagreement": (DisagreementRow(9, **facts),)}


@pytest.mark.parametrize(
    ("weights", "fires"),
    [
        ((0.35, 0.33, 0.32), True),
        ((0.31, 0.25, 0.24, 0.20), False),  # entropy 0.99 of the most there can be, and yet half as much again
        ((0.6, 0.3, 0.1), False),
        ((0.5, 0.5), False),
    ],
)
def test_nearly_equal_weights_are_called_flat(weights: tuple[float, ...], *, fires: bool) -> None:
    rows = tuple(WeightRow(str(at), weight) for at, weight in enumerate(weights))
    assert bool(found("flat", weights=rows)) is fires


@pytest.mark.parametrize(
    ("facts", "severities"),
    [
        ({"decision_agreement": 0.5, "kendall_w": 0.9, "tau": 0.1}, ["warning"]),
        ({"decision_agreement": 0.6, "kendall_w": 0.9, "tau": 0.1}, []),
        ({"decision_agreement": 1.0, "kendall_w": 0.3, "tau": 0.1}, ["info"]),
        ({"kendall_w": 0.4, "tau": 0.9}, ["info"]),
        ({"kendall_w": 0.5, "tau": 0.7}, []),
        ({}, []),
    ],
)
def test_disagreement_warns_when_it_changes_what_is_funded(facts: dict[str, float], severities: list[str]) -> None:
    assert [severity for severity, _ in found("disagree", **apart(**facts))] == severities


@pytest.mark.parametrize(("share", "severity"), [(0.02, "info"), (0.3, "warning")])
def test_disagreement_is_no_warning_where_agreeing_would_hardly_change_the_choice(share: float, severity: str) -> None:
    told = "People may go on disagreeing about them: it hardly changes the choice."
    known = (
        InformationRow("weights", "fun", 1.0, 0.0, 0.01, ""),
        InformationRow("weights", None, 1.0, 0.0, share, told),
    )
    ((found_as, message),) = found("disagree", information=known, **apart(decision_agreement=0.5))
    assert found_as == severity
    assert (told in message) is (severity == "info")


def test_camps_name_the_factor_and_nobody() -> None:
    ((severity, message),) = found("camps", **apart(camps=True, camps_factor="fun"))
    assert (severity, message) == ("warning", "9 people fall into two camps; they differ most on Joy.")
    assert found("camps", **apart(camps=False)) == []


def test_a_group_that_would_fund_something_else_is_told() -> None:
    row = GroupChoiceRow("customers", 5, 0.5, ("gate",), ())
    ((_, message),) = found("groups_differ", group_choices=(row,))
    assert message == "By the weights of customers (5 people), one would fund Move the gate."
    assert found("groups_differ", group_choices=(GroupChoiceRow("customers", 5, 0.7, ("gate",), ()),)) == []


@pytest.mark.parametrize("check", ["dominant", "overruled", "inconsistent"])
def test_people_are_counted_and_not_named(check: str) -> None:
    ((severity, message),) = found(check, **apart(**{check: 2}))
    assert severity == "info"
    assert "2 of 9 people" in message
    assert found(check, **apart(**{check: 0})) == found(check, **apart()) == []


def test_a_second_round_that_followed_one_person_is_told() -> None:
    assert len(found("herding", **apart(herding=True))) == 1
    assert found("herding", **apart(herding=False)) == []

"""What is said to count beside where effort went and what was chosen for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, promise, tables
from vitalfew.decide.chosen_for import chosen_for
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.purposes import meant_for
from vitalfew.decide.say_do import say_do
from vitalfew.results.rows import FactorPart, SayDoRow, Tables
from vitalfew.results.rows import ShippedLine as Line

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)


def said_and_done(defined: Definitions, known: Tables) -> dict[str, SayDoRow]:
    return {row.factor: row for row in say_do(Inputs.of(defined, known, TODAY, 1))}


def shipped(count: int, cost: float, serves: str, name: str) -> dict[str, Any]:
    return {f"{name}{at}": {"status": "shipped", "cost": cost, "serves": [serves]} for at in range(count)}


def test_effort_on_what_is_said_to_count_little_is_a_gap() -> None:
    initiatives = shipped(8, 2.0, "retention", "r") | shipped(8, 8.0, "tickets", "t")
    rows = said_and_done(definitions(initiatives=initiatives), tables())
    tickets = rows["tickets"]
    assert tickets.stated is not None
    assert tickets.revealed is not None
    assert tickets.gap is not None
    assert tickets.gap.low is not None
    assert tickets.stated.estimate == pytest.approx(0.25)
    assert tickets.revealed.estimate == pytest.approx(0.8)
    assert tickets.gap.estimate == pytest.approx(0.55)
    assert tickets.gap.low > 0.4
    assert tickets.lines == 16
    assert tickets.message == (
        "stated 25 %; 80 % of the effort of 16 chosen lines; "
        "what was chosen for is not known: 0 accepted and 0 rejected with numbers, 5 each needed"
    )


def test_few_lines_give_a_wide_interval_and_fewer_than_three_none() -> None:
    few = said_and_done(
        definitions(initiatives=shipped(2, 5, "retention", "r") | shipped(2, 5, "tickets", "t")), tables()
    )
    revealed = few["retention"].revealed
    assert revealed is not None
    assert revealed.low is not None
    assert revealed.high is not None
    assert revealed.high - revealed.low > 0.4
    none = said_and_done(definitions(initiatives=shipped(2, 5, "retention", "r")), tables())["retention"]
    assert (none.revealed, none.gap) == (None, None)
    assert "where effort went is not known: 2 chosen lines have a cost and a purpose, 3 are needed" in none.message


def test_ideas_and_dropped_work_are_not_chosen_and_what_was_spent_counts_before_what_was_planned() -> None:
    initiatives = shipped(3, 5, "retention", "r")
    initiatives["idea"] = {"status": "idea", "cost": 500, "serves": ["tickets"]}
    initiatives["gone"] = {"status": "dropped", "cost": 500, "serves": ["tickets"]}
    initiatives["begun"] = {"started": "2026-05-01", "cost": 1, "serves": ["tickets"]}
    initiatives["begun"]["spent"] = [{"at": "2026-05-02", "amount": 15}]
    row = said_and_done(definitions(initiatives=initiatives), tables())["tickets"]
    assert row.revealed is not None
    assert row.revealed.estimate == pytest.approx(0.5)


def test_effort_without_a_purpose_is_named() -> None:
    initiatives = shipped(4, 5, "retention", "r") | {"idle": {"status": "shipped", "cost": 20}}
    row = said_and_done(definitions(initiatives=initiatives), tables())["retention"]
    assert row.revealed is not None
    assert row.revealed.estimate == 1.0
    assert "50 % of all effort serves no factor" in row.message


def test_without_judgements_only_what_was_done_is_told_and_without_both_nothing() -> None:
    defined = definitions(initiatives=shipped(4, 5, "retention", "r"))
    row = said_and_done(defined, replace(tables(), weights=()))["retention"]
    assert (row.stated, row.gap) == (None, None)
    assert row.message.startswith("nobody has judged yet; 100 % of the effort")
    assert said_and_done(definitions(), replace(tables(), weights=())) == {}
    assert said_and_done(definitions(factors={}), replace(tables(), weights=())) == {}


def test_what_work_was_meant_for() -> None:
    defined = definitions(
        metrics={
            "retention": {"source": "players", "column": "r"},
            "tickets": {"source": "players", "column": "t"},
            "clicks": {"source": "players", "column": "c"},
        },
        needs={"help": {"statement": "x", "harms": ["tickets", "retention"]}},
        objectives={"calm": {"title": "x", "key_results": {"k": {"metric": "tickets"}}}},
        links={"l": {"parent": "clicks", "child": "retention"}},
        initiatives={
            "asked": {"serves": ["help"]},
            "need": {"serves": ["help"]},
            "goal": {"serves": ["calm"]},
            "means": {"serves": ["clicks"]},
            "moved": {},
            "idle": {},
        },
        hypotheses={"h": {"initiative": "asked", "metric": "retention"}},
    )
    parts = {"retention": 3.0, "tickets": -1.0}
    assert meant_for(defined, "asked", parts) == {"retention": 1.0}
    assert meant_for(defined, "need", parts) == {"retention": 0.5, "tickets": 0.5}
    assert meant_for(defined, "goal", parts) == {"tickets": 1.0}
    assert meant_for(defined, "means", parts) == {"retention": 1.0}
    assert meant_for(defined, "moved", parts) == {"retention": 0.75, "tickets": 0.25}
    assert meant_for(defined, "idle", {}) == {}


def test_effort_goes_by_what_a_line_moves_where_nothing_says_what_for() -> None:
    initiatives = {f"i{at}": {"status": "shipped", "cost": 5} for at in range(4)}
    parts = (FactorPart("retention", 4.0, 3.0, 5.0), FactorPart("tickets", -4.0, -5.0, -3.0))
    lines = tuple(
        Line(key, key, "initiative", None, None, None, None, parts, None, None, "no_promise", "keep", None, None)
        for key in initiatives
    )
    row = said_and_done(definitions(initiatives=initiatives), tables(shipped=lines))["tickets"]
    assert row.revealed is not None
    assert row.revealed.estimate == pytest.approx(0.5)


def test_what_was_chosen_for_is_read_from_accepted_and_rejected_lines() -> None:
    initiatives: dict[str, Any] = {}
    promises = []
    for at in range(12):
        accepted = at % 2 == 0
        initiatives[f"i{at}"] = {"status": "shipped" if accepted else "dropped", "cost": 5}
        promises.append(promise(f"i{at}", "retention", 0.02 + 0.001 * at, 0.01))
        promises.append(promise(f"i{at}", "tickets", -3.0 if accepted else -0.2 - 0.01 * at, 0.1))
    rows = said_and_done(definitions(initiatives=initiatives), tables(promises=tuple(promises)))
    chosen = rows["tickets"].chosen_for
    assert chosen is not None
    assert chosen.low is not None
    assert chosen.low > 0
    other = rows["retention"].chosen_for
    assert other is not None
    assert other.low is not None
    assert other.high is not None
    assert other.low < 0 < other.high


# the regression itself -------------------------------------------------------------------------------------------


def test_planted_slopes_are_found_within_their_intervals() -> None:
    rng = np.random.default_rng(1)
    hits, count = 0, 0
    for _ in range(200):
        true = rng.normal(0, 1.0, 2)
        scores = rng.normal(size=(120, 2))
        accepted = rng.random(120) < 1 / (1 + np.exp(-(0.5 + scores @ true)))
        found = chosen_for(scores, accepted)
        for at in range(2):
            interval = found.interval(at)
            assert interval is not None
            hits += int((interval.low or 0) <= true[at] <= (interval.high or 0))
            count += 1
    assert 0.74 < hits / count < 0.86


def test_a_score_that_parts_all_chosen_from_all_rejected_keeps_its_slope_finite() -> None:
    scores = np.array([[0.0], [0.1], [1.0], [1.1]])
    found = chosen_for(scores, np.array([False, False, True, True])).interval(0)
    assert found is not None
    assert 0 < found.estimate < 20


def test_a_score_that_is_the_same_everywhere_tells_nothing_and_units_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    scores = np.column_stack([rng.normal(size=40), np.ones(40)])
    accepted = rng.random(40) < 0.5
    found = chosen_for(scores, accepted)
    assert found.interval(1) is None
    scaled = chosen_for(scores * 1000, accepted)
    assert scaled.estimates[0] * 1000 == pytest.approx(found.estimates[0])


def test_accepting_and_rejecting_are_mirrors() -> None:
    rng = np.random.default_rng(3)
    scores, accepted = rng.normal(size=(30, 3)), rng.random(30) < 0.4
    assert chosen_for(scores, accepted).estimates == pytest.approx(-chosen_for(scores, ~accepted).estimates)

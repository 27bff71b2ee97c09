from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts_building import definitions
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.panel import panel_of
from vitalfew.judgement.weights import weight_rows, weights
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.chain import DefinitionRef, follow
from vitalfew.workspace.definitions import Factor

if TYPE_CHECKING:
    from vitalfew.workspace.chain import Act

FACTORS = ("a", "b", "c")
POINTS = st.floats(min_value=1e-3, max_value=1e4)
COMPLETE = st.fixed_dictionaries(dict.fromkeys(FACTORS, POINTS))
ANSWERS = st.lists(COMPLETE, min_size=1, max_size=6)


def log_of(*judgements: tuple[str, dict[str, float]], definition: DefinitionRef | None = None) -> ActLog:
    acts: list[Act] = []
    bodies: dict[int, dict[str, Any]] = {}
    for by, points in judgements:
        last = acts[-1] if acts else None
        act = follow(
            last,
            at="2026-01-05T09:00:00Z",
            by=by,
            kind="judgement",
            about="value_model",
            definition=definition,
            body_hash="0" * 64,
        )
        acts.append(act)
        bodies[act.n] = {"points": points}
    return ActLog(tuple(acts), bodies)


def combine(answers: list[dict[str, float]], factors: tuple[str, ...]) -> list[float]:
    people = [Judgement(f"p{number:02}", points) for number, points in enumerate(answers)]
    return [row.mean for row in weight_rows(panel_of(people, factors, {}))]


def means(log: ActLog) -> dict[str, float]:
    return {row.factor: row.mean for row in weights(definitions(), log)}


def test_without_judgements_there_are_no_weights() -> None:
    assert weights(definitions(), ActLog()) == ()


def test_the_weights_of_one_person_are_the_normalised_points_with_a_wide_interval() -> None:
    rows = weights(definitions(), log_of(("anna", {"a": 50, "b": 30, "c": 20})))
    assert [row.mean for row in rows] == pytest.approx([0.5, 0.3, 0.2])
    assert all(row.low is not None and row.high is not None and row.high - row.low > 0.2 for row in rows)
    assert {(row.raters, row.note) for row in rows} == {
        (1, "one person's answers: how others differ is taken from the prior")
    }


def test_two_people_are_combined_by_the_geometric_mean() -> None:
    found = means(log_of(("anna", {"a": 80, "b": 20, "c": 10}), ("ben", {"a": 5, "b": 20, "c": 10})))
    raw = [math.sqrt(80 * 5), math.sqrt(20 * 20), math.sqrt(10 * 10)]
    assert list(found.values()) == pytest.approx([value / sum(raw) for value in raw])


def test_the_latest_judgement_of_a_person_counts() -> None:
    twice = log_of(("anna", {"a": 1, "b": 99, "c": 1}), ("anna", {"a": 50, "b": 30, "c": 20}))
    assert means(twice) == pytest.approx(means(log_of(("anna", {"a": 50, "b": 30, "c": 20}))))


def test_a_zero_enters_as_half_a_point_of_a_hundred_and_is_counted_among_five() -> None:
    rows = weights(definitions(), log_of(("anna", {"a": 10, "b": 0, "c": 10})))
    assert [row.mean for row in rows] == pytest.approx([100 / 200.5, 0.5 / 200.5, 100 / 200.5])
    assert [row.zero_votes for row in rows] == [0, 0, 0], "of fewer than five one could be told"
    others = [(f"p{number}", {"a": 10.0, "b": 5.0, "c": 10.0}) for number in range(4)]
    five = weights(definitions(), log_of(("anna", {"a": 10, "b": 0, "c": 10}), *others))
    assert [row.zero_votes for row in five] == [0, 1, 0]


def test_an_unanswered_factor_is_absent_and_not_zero() -> None:
    log = log_of(("anna", {"a": 60, "b": 30, "c": 10}), ("ben", {"a": 20, "b": 10}))
    assert list(means(log).values()) == pytest.approx([0.6, 0.3, 0.1])
    assert [row.raters for row in weights(definitions(), log)] == [2, 2, 1]


def test_people_who_answered_different_factors_are_joined_through_the_one_they_share() -> None:
    found = means(log_of(("anna", {"a": 40, "b": 20}), ("ben", {"b": 30, "c": 10})))
    assert list(found.values()) == pytest.approx([6 / 10, 3 / 10, 1 / 10])


def test_a_factor_nobody_weighed_has_no_weight_and_the_others_say_so() -> None:
    rows = weights(definitions(), log_of(("anna", {"a": 60, "b": 40})))
    assert [row.factor for row in rows] == ["a", "b"]
    assert rows[0].note is not None
    assert rows[0].note.endswith("; nobody weighed: c")


def test_points_for_a_factor_that_is_gone_are_left_out_and_named() -> None:
    rows = weights(definitions(), log_of(("anna", {"a": 60, "b": 40, "c": 100, "gone": 500})))
    assert [row.mean for row in rows] == pytest.approx([0.3, 0.2, 0.5])
    assert rows[0].note is not None
    assert "no longer factors: gone" in rows[0].note


def test_a_range_changed_after_a_judgement_is_marked() -> None:
    old = DefinitionRef("factors", "value_model", 1, "1" * 64)
    row = weights(definitions(), log_of(("anna", {"a": 1, "b": 1, "c": 1}), definition=old))[0]
    assert row.note is not None
    assert row.note.endswith("ranges were changed after some of the judgements: intervals are wider, ask again")


def test_weights_follow_the_order_of_the_definitions() -> None:
    turned = definitions(factors={name: Factor(range=(0.0, 1.0)) for name in "cba"})
    assert [row.factor for row in weights(turned, log_of(("anna", {"a": 1, "b": 2, "c": 3})))] == ["c", "b", "a"]


def test_a_rating_as_small_as_numbers_go_is_still_a_number() -> None:
    shares = combine([{"a": 5e-324, "b": 1e15, "c": 1}], FACTORS)
    assert all(math.isfinite(share) for share in shares)
    assert sum(shares) == pytest.approx(1)


@given(ANSWERS)
def test_complete_answers_give_the_normalised_geometric_mean(answers: list[dict[str, float]]) -> None:
    logs = [sum(math.log(points[name]) for points in answers) / len(answers) for name in FACTORS]
    raised = [math.exp(value - max(logs)) for value in logs]
    assert combine(answers, FACTORS) == pytest.approx([value / sum(raised) for value in raised])


@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_people_changes_nothing(answers: list[dict[str, float]], random: Any) -> None:
    turned = list(answers)
    random.shuffle(turned)
    assert combine(turned, FACTORS) == pytest.approx(combine(answers, FACTORS))


@given(ANSWERS, st.floats(min_value=1e-3, max_value=1e3))
def test_the_scale_of_a_person_changes_nothing(answers: list[dict[str, float]], scale: float) -> None:
    first = {name: value * scale for name, value in answers[0].items()} | {"b": 0.0}
    second = answers[0] | {"b": 0.0}
    assert combine([first, *answers[1:]], FACTORS) == pytest.approx(combine([second, *answers[1:]], FACTORS))


@given(ANSWERS)
def test_a_person_who_skips_everything_changes_nothing(answers: list[dict[str, float]]) -> None:
    said = [(f"p{number}", points) for number, points in enumerate(answers)]
    silent = ("silent", {"gone": 3.0})
    nothing = ("nothing", {"a": 0.0, "b": 0.0})
    assert means(log_of(*said, silent, nothing)) == pytest.approx(means(log_of(*said)))


@given(COMPLETE, st.integers(min_value=1, max_value=5))
def test_identical_people_weigh_as_one(points: dict[str, float], count: int) -> None:
    assert combine([points] * count, FACTORS) == pytest.approx(combine([points], FACTORS))


@given(ANSWERS)
def test_weights_are_positive_and_sum_to_one(answers: list[dict[str, float]]) -> None:
    shares = combine(answers, FACTORS)
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1)

from __future__ import annotations

import math
from typing import Any

import pytest

import vitalfew as vf
from vitalfew.errors import UsageError
from vitalfew.judgement.answers import BestWorst, Judgement
from vitalfew.judgement.best_worst import linear_weights


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "there are no judgements"),
        ({"ada": {"a": 0, "b": 0}}, "1 person gave only zeros"),
        ({"ada": {}, "ben": {"a": 5}}, "1 person answered a single factor; 1 person answered nothing"),
        ({"ada": {"a": -1, "b": 1}}, "-1 points for 'a' cannot be"),
        ({"ada": {"a": math.nan, "b": 1}}, "nan points"),
        ({"ada": {"a": "high", "b": 1}}, "high points for 'a' cannot be.* leave a factor out where nobody answered"),
        ({"ada": {"a": None, "b": 1}}, "None points"),
        ({"ada": [1, 2, 3]}, "the answer of 'ada' is no judgement"),
        ({"ada": {"a": 1, "bb": 1}}, "no factor called 'bb'"),
        ([Judgement("ada", ratios=[("a", "b", 0.0)])], "'a' cannot count 0.0 times 'b'"),
        ([Judgement("ada", ratios=[("a", "a", 2.0)])], "'a' is compared with itself"),
        ([Judgement("ada", {"a": 1, "b": 2}), Judgement("ada", {"a": 1, "b": 2})], "judges twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(said: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        vf.weights(said, ["a", "b", "c"])


@pytest.mark.parametrize("share", [0.0, -1.0, math.nan, math.inf])
def test_a_share_of_nothing_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="'staff' cannot have a share of"):
        vf.weights([Judgement("ada", {"a": 1, "b": 2}, group="staff")], ["a", "b"], shares={"staff": share})


def test_factors_that_nobody_compares_with_each_other_are_named() -> None:
    apart = [Judgement("ada", ratios=[("a", "b", 2.0), ("c", "d", 3.0)]), Judgement("ben", {"c": 5, "d": 1})]
    told = "no answer compares (a, b) and (c, d) with each other: how these count against each other is a guess"
    assert told in vf.weights(apart, ["a", "b", "c", "d"]).notes
    joined = vf.weights([*apart, Judgement("cem", {"b": 1, "c": 1})], ["a", "b", "c", "d"])
    assert not any("no answer compares" in note for note in joined.notes)


def test_no_factors_are_refused() -> None:
    with pytest.raises(UsageError, match="weights of 0 factors"):
        vf.weights({"ada": {"a": 1}}, [])


def test_a_single_factor_has_all_the_weight() -> None:
    (row,) = vf.weights({"ada": {"a": 3.0}}, ["a"]).rows
    assert (row.mean, row.low, row.high) == (1.0, 1.0, 1.0)
    assert row.note == "a single factor: nothing to weigh it against"


def test_contradictory_ratios_give_an_answer_with_a_wider_interval() -> None:
    def width(*ratios: tuple[str, str, float]) -> float:
        row = vf.weights([Judgement("ada", ratios=ratios)], ["a", "b", "c"])["a"]
        return (row.high or 0) - (row.low or 0)

    steady = width(("a", "b", 3), ("b", "c", 3), ("a", "c", 9), ("b", "a", 1 / 3))
    assert width(("a", "b", 9), ("b", "c", 9), ("c", "a", 9), ("b", "a", 9)) > steady


def test_weights_print_largest_first_with_what_does_not_count() -> None:
    said = {"ada": {"price": 20, "speed": 80}, "ben": {"price": 30, "speed": 70}, "cem": {}}
    printed = str(vf.weights(said, ["price", "speed"])).splitlines()
    assert [line.split()[0] for line in printed[:2]] == ["speed", "price"]
    assert printed[-1] == "1 person answered nothing"


def test_one_reversed_rater_among_three_who_agree_costs_most_of_the_agreement() -> None:
    three = {"ada": {"a": 4, "b": 3, "c": 2, "d": 1}, "ben": {"a": 4, "b": 3, "c": 1, "d": 2}}
    three["cem"] = {"a": 3, "b": 4, "c": 2, "d": 1}
    before = vf.weights(three, "abcd").spread
    after = vf.weights(three | {"dot": {"a": 1, "b": 2, "c": 3, "d": 4}}, "abcd").spread
    assert before is not None
    assert after is not None
    assert before.kendall_w == pytest.approx(0.84, abs=0.06)
    assert after.kendall_w == pytest.approx(0.20, abs=0.06)


def test_the_linear_best_worst_weights_stand_beside_ours_as_a_cross_check() -> None:
    """A choice of a car by answers that nearly agree with each other."""
    car = ("price", "quality", "comfort", "safety", "style")
    said = BestWorst(
        "price",
        "style",
        {"quality": 2, "comfort": 4, "safety": 3, "style": 8},
        {"quality": 4, "comfort": 2, "safety": 3},
    )
    found = vf.weights([Judgement("ada", best_worst=said)], car)
    assert found.best_worst is not None
    linear, _ = linear_weights(said, car)
    assert found.best_worst == pytest.approx(linear)
    assert str(found).splitlines()[0].endswith(f"best-worst {linear['price']:.3f}")
    for factor in car:
        assert found.best_worst[factor] == pytest.approx(found[factor].mean, abs=0.02)


def test_several_peoples_best_worst_weights_are_pooled_and_answers_with_gaps_left_out() -> None:
    one = BestWorst("a", "c", {"b": 2, "c": 4}, {"b": 2})
    other = BestWorst("b", "c", {"a": 2, "c": 4}, {"a": 2})
    gap = BestWorst("a", "c", {"c": 4}, {})
    found = vf.weights({"x": Judgement("x", best_worst=one), "y": Judgement("y", best_worst=other)}, ["a", "b", "c"])
    assert found.best_worst is not None
    assert found.best_worst["a"] == pytest.approx(found.best_worst["b"])
    assert sum(found.best_worst.values()) == pytest.approx(1)
    mixed = [Judgement("x", best_worst=gap), Judgement("y", {"a": 5, "b": 3, "c": 1})]
    assert vf.weights(mixed, ["a", "b", "c"]).best_worst is None
    assert vf.weights({"y": {"a": 5, "b": 3}}, ["a", "b"]).best_worst is None

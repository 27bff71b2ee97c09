from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.judgement.maxdiff import Screen, count_score, preference
from vitalfew.judgement.surveys import KANO_ANSWERS, kano, kano_category, opportunity, opportunity_of

CHOIX: dict[str, Any] = json.loads((Path(__file__).parent / "referees" / "choix.json").read_text())["answers"]


# --- opportunity score


def test_an_opportunity_score_is_from_top_two_boxes_and_not_from_means() -> None:
    found = opportunity(0.85, 0.40, 100)
    assert found.score.estimate == pytest.approx(13.0)
    assert found.zone == "strong"
    answers = [(5, 5)] * 40 + [(5, 3)] * 45 + [(3, 3)] * 15  # 85 % important, 40 % satisfied; means would say 9.0
    assert opportunity_of(answers).score.estimate == pytest.approx(13.0)


def test_who_is_more_satisfied_than_caring_is_over_served() -> None:
    found = opportunity(0.3, 0.9, 80)
    assert found.score.estimate == pytest.approx(3.0)
    assert found.zone == "over-served"


def test_few_respondents_are_told_and_widen_the_interval() -> None:
    few, many = opportunity(0.85, 0.4, 20), opportunity(0.85, 0.4, 2000)
    assert few.note is not None
    assert many.note is None
    assert few.score.low is not None
    assert many.score.low is not None
    assert few.score.low < many.score.low < 13 < (many.score.high or 0) < (few.score.high or 0)


def test_intervals_of_opportunity_scores_cover_the_truth() -> None:
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        important = random.random(60) < 0.8
        satisfied = random.random(60) < np.where(important, 0.3, 0.6)  # those who care are less satisfied
        answers = [(5 if cares else 2, 5 if glad else 2) for cares, glad in zip(important, satisfied, strict=True)]
        found = opportunity_of(answers).score
        hits += (found.low or 0) <= 10 * (2 * 0.8 - 0.36) <= (found.high or 0)
    assert 0.92 <= hits / 400 <= 0.98


@pytest.mark.parametrize("wrong", [lambda: opportunity(1.2, 0.3, 50), lambda: opportunity(0.5, 0.3, 0)])
def test_shares_that_cannot_be_are_refused(wrong: Any) -> None:
    with pytest.raises(UsageError):
        wrong()


def test_answers_off_the_scale_are_refused() -> None:
    with pytest.raises(UsageError, match="off the scale"):
        opportunity_of([(5, 6)])
    with pytest.raises(UsageError, match="nobody answered"):
        opportunity_of([])


# --- Kano


def test_kano_s_table_is_that_of_the_books() -> None:
    rows = ["".join(kano_category(there, not_there)[0] for not_there in KANO_ANSWERS) for there in KANO_ANSWERS]
    assert rows == ["qaaao", "riiim", "riiim", "riiim", "rrrrq"]


def test_better_and_worse_leave_out_those_who_contradict_themselves() -> None:
    found = kano({"attractive": 40, "one_dimensional": 25, "must_be": 20, "indifferent": 10, "questionable": 3})
    assert found.better is not None
    assert found.worse is not None
    assert found.better.estimate == pytest.approx(0.684, abs=5e-4)
    assert found.worse.estimate == pytest.approx(-0.474, abs=5e-4)
    assert found.strength.estimate == pytest.approx(15 / 98)
    assert found.worse.low is not None
    assert found.worse.high is not None
    assert found.worse.low < found.worse.estimate < found.worse.high <= 0


def test_contradictions_of_more_than_five_per_cent_put_the_wording_in_doubt() -> None:
    assert "reword" in str(kano({"attractive": 90, "questionable": 10}).note)
    assert kano({"attractive": 96, "questionable": 4}).note is None


def test_a_category_that_hardly_leads_is_told_to_be_open() -> None:
    assert "cannot be told from the next" in str(kano({"attractive": 21, "must_be": 20}).note)


@pytest.mark.parametrize(
    ("counts", "category"),
    [
        ({"attractive": 10, "must_be": 10, "indifferent": 3}, "must_be"),
        ({"attractive": 10, "one_dimensional": 10}, "one_dimensional"),
        ({"indifferent": 10, "attractive": 10, "reverse": 10}, "attractive"),
        ({"indifferent": 10, "reverse": 10}, "indifferent"),
    ],
)
def test_of_categories_as_frequent_the_one_counts_whose_lack_hurts_most(counts: Any, category: str) -> None:
    assert kano(counts).category == category


def test_only_contradictions_have_no_better_and_no_worse() -> None:
    found = kano({"questionable": 5})
    assert (found.category, found.better, found.worse) == ("questionable", None, None)


# --- MaxDiff


def test_counts_of_best_and_worst() -> None:
    assert count_score(30, 10, 100) == pytest.approx(0.2)
    with pytest.raises(UsageError):
        count_score(60, 50, 100)


@pytest.mark.parametrize("name", CHOIX)
def test_shares_of_preference_are_those_of_choix(name: str) -> None:
    case = CHOIX[name]
    screens = [Screen(tuple(f"i{item:02}" for item in among), f"i{best:02}") for among, best in case["screens"]]
    found = preference(screens, prior_sd=1e4)
    assert [found[item].estimate for item in sorted(found)] == pytest.approx(case["shares"], rel=1e-4)


def test_best_and_worst_together_are_the_maximum_of_their_likelihood() -> None:
    from scipy.optimize import minimize

    random = np.random.default_rng(5)
    screens = []
    for _ in range(200):
        among = random.choice(5, 4, replace=False)
        noisy = among / 2 + random.gumbel(size=4)
        screens.append((tuple(int(item) for item in among), int(among[noisy.argmax()]), int(among[noisy.argmin()])))

    def loss(u: np.ndarray) -> float:
        total = 0.0
        for among, best, worst in screens:
            rest = [item for item in among if item != best]
            total += np.log(np.exp(u[list(among)]).sum()) - u[best]
            total += np.log(np.exp(-u[rest]).sum()) + u[worst]
        return float(total + (u**2).sum() / (2 * 3.0**2))

    best_fit = minimize(loss, np.zeros(5), tol=1e-10).x
    shares = 100 * np.exp(best_fit) / np.exp(best_fit).sum()
    found = preference([Screen(tuple(map(str, among)), str(best), str(worst)) for among, best, worst in screens])
    assert [found[str(item)].estimate for item in range(5)] == pytest.approx(shares, rel=1e-4)


@given(st.lists(st.permutations("abcd"), min_size=1, max_size=30))
def test_shares_of_preference_sum_to_100_whoever_is_chosen(orders: list[list[str]]) -> None:
    found = preference([Screen(tuple(order), order[0], order[-1]) for order in orders])
    assert sum(share.estimate for share in found.values()) == pytest.approx(100)
    assert all(0 < (each.low or 0) <= each.estimate <= (each.high or 0) <= 100 for each in found.values())


def test_intervals_of_preference_cover_the_truth() -> None:
    random = np.random.default_rng(11)
    truth = np.array([0.0, 0.5, 1.0, 1.5])
    shares = 100 * np.exp(truth) / np.exp(truth).sum()
    hits = 0
    for _ in range(150):
        screens = []
        for _ in range(80):
            best = int((truth + random.gumbel(size=4)).argmax())
            screens.append(Screen(("0", "1", "2", "3"), str(best)))
        found = preference(screens, prior_sd=10)
        hits += sum((found[str(at)].low or 0) <= share <= (found[str(at)].high or 0) for at, share in enumerate(shares))
    assert 0.92 <= hits / 600 <= 0.98


def test_impossible_screens_are_refused() -> None:
    with pytest.raises(NotEnoughData):
        preference([])
    for wrong in (Screen(("a", "b"), "c"), Screen(("a", "a"), "a"), Screen(("a", "b"), "a", "a")):
        with pytest.raises(UsageError):
            preference([wrong])


@pytest.mark.parametrize(("importance", "satisfaction"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_the_interval_of_an_opportunity_score_holds_what_was_seen(importance: float, satisfaction: float) -> None:
    found = opportunity(importance, satisfaction, 12).score
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.estimate <= found.high
    assert found.high > found.low

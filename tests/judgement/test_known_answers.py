"""Worked examples that others published, as ratio judgements."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import vitalfew as vf
from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.judgement.answers import BestWorst, Judgement, best_worst_of
from vitalfew.judgement.best_worst import linear_weights

DRINKS = """
1 9 5 2 1 1 1/2
1/9 1 1/3 1/9 1/9 1/9 1/9
1/5 3 1 1/3 1/4 1/3 1/9
1/2 9 3 1 1/2 1 1/3
1 9 4 2 1 2 1/2
1 9 3 1 1/2 1 1/3
2 9 9 3 2 3 1
"""  # coffee, wine, tea, beer, sodas, milk, water: consumption in the USA, guessed (Saaty 2008)
HOUSE = """
1 5 3 7 6 6 1/3 1/4
1/5 1 1/3 5 3 3 1/5 1/7
1/3 3 1 6 3 4 6 1/5
1/7 1/5 1/6 1 1/3 1/4 1/7 1/8
1/6 1/3 1/3 3 1 1/2 1/5 1/6
1/6 1/3 1/4 4 2 1 1/5 1/6
3 5 1/6 7 5 5 1 1/2
4 7 5 8 6 6 2 1
"""  # criteria for buying a house (Saaty 1990): well known for its inconsistency


def matrix(text: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[float(Fraction(cell)) for cell in row.split()] for row in text.split("\n") if row])


def of_ratios(text: str) -> list[float]:
    judged = matrix(text)
    names = [str(at) for at in range(len(judged))]
    pairs = [(a, b, judged[int(a), int(b)]) for a in names for b in names if int(a) < int(b)]
    found = vf.weights([Judgement("saaty", ratios=pairs)], names)
    return [found[name].mean for name in names]


@pytest.mark.parametrize(
    ("text", "eigenvector", "within"),
    [
        (DRINKS, (0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327), 0.003),
        (HOUSE, (0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333), 0.040),
    ],
)
def test_ratio_judgements_give_the_geometric_means_of_the_rows(
    text: str, eigenvector: tuple[float, ...], within: float
) -> None:
    means = np.exp(np.log(matrix(text)).mean(axis=1))
    assert of_ratios(text) == pytest.approx(list(means / means.sum()))
    assert of_ratios(text) == pytest.approx(eigenvector, abs=within)


def test_the_geometric_means_of_the_house_are_those_published() -> None:
    published = (0.175, 0.063, 0.149, 0.019, 0.036, 0.042, 0.167, 0.350)
    assert of_ratios(HOUSE) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(("text", "ratio"), [(DRINKS, 0.022), (HOUSE, 0.169)])
def test_the_consistency_index_is_that_of_the_matrix_and_tells_what_saaty_s_ratio_tells(
    text: str, ratio: float
) -> None:
    """Aguaron and Moreno-Jimenez (2003): sum of log² of a_ij w_j / w_i over all pairs, times 2 / ((n - 1)(n - 2))."""
    judged = matrix(text)
    count, means = len(judged), np.exp(np.log(judged).mean(axis=1))
    errors = np.log(judged * means[None, :] / means[:, None])[np.triu_indices(count, 1)]
    names = [str(at) for at in range(count)]
    pairs = [(a, b, judged[int(a), int(b)]) for a in names for b in names if int(a) < int(b)]
    found = vf.weights([Judgement("saaty", ratios=pairs)], names)
    assert found.consistency["saaty"] == pytest.approx(2 / ((count - 1) * (count - 2)) * float((errors**2).sum()))
    assert ("answers contradict each other" in str(found)) == (ratio > 0.1)


def test_who_contradicts_themselves_is_counted_from_five_people_on_and_never_named() -> None:
    house = matrix(HOUSE)
    names = [str(at) for at in range(len(house))]
    pairs = [(a, b, house[int(a), int(b)]) for a in names for b in names if int(a) < int(b)]
    people = [Judgement(f"person-{number}", ratios=pairs) for number in range(6)]
    assert "answers of 6 of 6 people contradict each other" in str(vf.weights(people, names))
    assert "contradict" not in str(vf.weights(people[:4], names))
    assert not any("person-" in str(vf.weights(people[:count], names)) for count in range(1, 7))


def test_ratios_of_a_leader_give_the_published_weights() -> None:
    """Choosing a leader: experience, education, charisma, age; by the geometric mean (Crawford & Williams 1985)."""
    leader = "1 4 3 7\n1/4 1 1/3 3\n1/3 3 1 5\n1/7 1/3 1/5 1"
    assert of_ratios(leader) == pytest.approx((0.547, 0.127, 0.270, 0.056), abs=2e-3)


CARGO = BestWorst("cost", "load", {"load": 8, "access": 2}, {"access": 5, "cost": 8})  # Rezaei (2015), example 1


def test_the_linear_best_worst_weights_are_those_worked_out_by_hand() -> None:
    weights, xi = linear_weights(CARGO, ("load", "access", "cost"))
    assert weights == pytest.approx({"load": 2 / 28, "access": 9 / 28, "cost": 17 / 28})
    assert xi == pytest.approx(1 / 28)


def test_answers_that_agree_give_the_same_weights_by_both_ways() -> None:
    said = BestWorst("a", "c", {"b": 2, "c": 6}, {"b": 3})
    weights, xi = linear_weights(said, ("a", "b", "c"))
    ours = vf.weights({"ada": Judgement("", best_worst=said)}, ["a", "b", "c"])
    assert weights == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1})
    assert xi == pytest.approx(0, abs=1e-12)
    assert [row.mean for row in ours.rows] == pytest.approx([0.6, 0.3, 0.1])


def test_the_posterior_of_best_worst_lies_near_the_linear_weights() -> None:
    linear, _ = linear_weights(CARGO, ("load", "access", "cost"))
    found = vf.weights([Judgement("rezaei", best_worst=CARGO)], ["load", "access", "cost"])
    for name, weight in linear.items():
        assert found[name].mean == pytest.approx(weight, abs=0.02)
        assert (found[name].low or 0) < weight < (found[name].high or 1)


def test_best_and_worst_make_two_n_minus_three_comparisons() -> None:
    assert len(list(CARGO.ratios())) == 3
    assert list(CARGO.ratios()) == [("cost", "load", 8), ("cost", "access", 2), ("access", "load", 5)]


def test_a_factor_compared_with_neither_is_named() -> None:
    with pytest.raises(NotEnoughData, match="nothing compares d"):
        linear_weights(CARGO, ("load", "access", "cost", "d"))


def test_there_is_one_best_and_one_worst() -> None:
    with pytest.raises(UsageError, match="one best and one worst"):
        best_worst_of([("a", "b", 2), ("b", "c", 2)], [("a", "c", 3)])
    with pytest.raises(UsageError, match="one best and one worst"):
        best_worst_of([("a", "b", 2)], [])
    assert best_worst_of([], []) is None

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.panel import Panel, panel_of
from vitalfew.judgement.posterior import posterior
from vitalfew.judgement.streams import weight_numbers
from vitalfew.judgement.weights import own_weights, posterior_rows, weight_rows

FACTORS = ("a", "b", "c", "d")
POINTS = st.floats(min_value=0.01, max_value=1_000)
ANSWER = st.dictionaries(st.sampled_from(FACTORS), POINTS, min_size=2)
COMPLETE = st.fixed_dictionaries(dict.fromkeys(FACTORS, POINTS))
PEOPLE = st.lists(ANSWER, min_size=1, max_size=6)


def people(answers: list[dict[str, float]], factors: tuple[str, ...] = FACTORS, **other: Any) -> Panel:
    said = [Judgement(f"p{number:03}", points, **other) for number, points in enumerate(answers)]
    return panel_of(said, factors, {})


def rows(panel: Panel) -> dict[str, tuple[float, float, float]]:
    return {row.factor: (row.mean, row.low or 0.0, row.high or 0.0) for row in weight_rows(panel)}


def log_sd(panel: Panel) -> float:
    """Spread of the log weights over draws, the same random numbers for all."""
    found = panel.posterior.consensus.draw(*weight_numbers(1, panel.factors, 4_000))
    return float(np.log(found).std(axis=1).mean())


def same(one: dict[str, tuple[float, float, float]], two: dict[str, tuple[float, float, float]]) -> bool:
    return one.keys() == two.keys() and all(one[key] == pytest.approx(two[key], abs=1e-6) for key in one)


@given(PEOPLE, st.randoms(use_true_random=False))
def test_permuting_people_changes_nothing(answers: list[dict[str, float]], random: Any) -> None:
    turned = list(answers)
    random.shuffle(turned)
    assert same(rows(people(turned)), rows(people(answers)))


@given(PEOPLE, st.permutations(FACTORS))
def test_permuting_factors_permutes_weights_and_intervals(answers: list[dict[str, float]], order: Any) -> None:
    assert same(rows(people(answers, tuple(order))), rows(people(answers)))


@given(PEOPLE, st.floats(0.001, 1_000))
def test_multiplying_a_persons_points_changes_nothing(answers: list[dict[str, float]], times: float) -> None:
    scaled = [{name: value * times for name, value in answers[0].items()}, *answers[1:]]
    assert same(rows(people(scaled)), rows(people(answers)))


@given(PEOPLE, st.sampled_from([{}, {"a": 0.0, "b": 0.0}, {"a": 3.0}]))
def test_a_person_who_skips_everything_changes_nothing(
    answers: list[dict[str, float]], nothing: dict[str, float]
) -> None:
    assert same(rows(people([*answers, nothing])), rows(people(answers)))


@given(COMPLETE, st.integers(1, 4))
def test_identical_people_weigh_as_one_and_more_of_them_are_surer(points: dict[str, float], count: int) -> None:
    few, more = people([points] * count), people([points] * (2 * count))
    assert {name: w[0] for name, w in rows(more).items()} == pytest.approx(
        {name: value / sum(points.values()) for name, value in points.items()}
    )
    assert log_sd(more) < log_sd(few)


@given(COMPLETE)
def test_a_changed_range_widens_the_weights_and_moves_nothing(points: dict[str, float]) -> None:
    fresh, stale = people([points] * 3), people([points] * 3, stale=True)
    assert [w[0] for w in rows(stale).values()] == pytest.approx([w[0] for w in rows(fresh).values()])
    assert log_sd(stale) > log_sd(fresh)
    assert any("intervals are wider, ask again" in note for note in stale.notes)


@given(PEOPLE)
def test_weights_lie_in_their_intervals_and_draws_sum_to_one(answers: list[dict[str, float]]) -> None:
    panel = people(answers)
    assert sum(row.mean for row in weight_rows(panel)) == pytest.approx(1)
    for row in weight_rows(panel):
        assert row.low is not None
        assert row.high is not None
        assert 0 <= row.low < row.high <= 1
    if len(panel.factors) > 1:
        drawn = panel.posterior.consensus.draw(*weight_numbers(1, panel.factors, 200))
        assert drawn.sum(axis=0) == pytest.approx(np.ones(200))


@given(PEOPLE)
def test_the_stored_posterior_is_the_posterior(answers: list[dict[str, float]]) -> None:
    from vitalfew.decide.draws import mixture

    panel = people(answers)
    if len(panel.factors) < 2:
        assert posterior_rows(panel) == ()
        return
    stored = mixture(posterior_rows(panel))
    assert stored.centre == pytest.approx(panel.posterior.consensus.centre)
    assert sum(row.share for row in posterior_rows(panel)) == pytest.approx(1)


def test_the_cells_have_the_exact_marginal_likelihood() -> None:
    """Held against dense normal densities, with vague normals in place of the flat location and scales."""
    rng = np.random.default_rng(3)
    answers = [{name: float(np.exp(0.4 * rng.normal())) for name in "abc"} for _ in range(4)]
    answers[1].pop("b")
    said = [Judgement(str(at), points, [("a", "c", 1.2)] if at else ()) for at, points in enumerate(answers)]
    found = posterior(said, "abc")
    centre = np.eye(3) - 1 / 3
    design, scale, log = [], [], []
    for person, judgement in enumerate(said):
        for name, (value, _) in judgement.log_points("abc").items():
            design.append((person, np.eye(3)["abc".index(name)]))
            scale.append(person)
            log.append(value)
        for _ in judgement.ratios:
            design.append((person, np.array([1.0, 0.0, -1.0])))
            scale.append(-1 - len(scale))
            log.append(math.log(1.2))
    owner, rows_ = np.array([who for who, _ in design]), np.array([row for _, row in design])
    vague = 1e4 * (rows_ @ centre @ rows_.T + np.equal.outer(scale, scale) * (np.array(scale) >= 0))
    logs = []
    for tau, sigma in zip(found.tau, found.sigma, strict=True):
        between = tau**2 * (rows_ @ centre @ rows_.T) * np.equal.outer(owner, owner)
        whole = between + sigma**2 * np.eye(len(log)) + vague
        logs.append(-(np.linalg.slogdet(whole)[1] + np.array(log) @ np.linalg.solve(whole, log)) / 2)
    assert found.cells.min() > 0
    ratio = np.log(found.cells) - np.array(logs)
    tau, sigma = np.unique(found.tau), np.unique(found.sigma)
    cells = ratio.reshape(len(tau), len(sigma))
    prior = (
        -(tau[:, None] ** 2) / (2 * 0.7**2)
        + np.log(np.gradient(tau))[:, None]
        - (np.log(sigma) - math.log(0.3)) ** 2 / (2 * 0.6**2)
    )
    inner = (cells - prior)[2:-1]  # the size of cells at the ends is a difference, not a derivative
    assert inner == pytest.approx(np.full_like(inner, inner[0, 0]), abs=0.03)


def test_ratio_checks_tell_a_persons_noise_from_disagreement() -> None:
    rng = np.random.default_rng(5)
    middle = rng.normal(size=6)
    careful: list[Judgement] = []
    careless: list[Judgement] = []
    for person in range(12):
        own = middle + rng.normal(0, 0.8, 6)
        points = {str(at): float(np.exp(value)) for at, value in enumerate(own)}
        pairs = [(a, b) for a in range(6) for b in range(a)]
        for said, noise in ((careful, 0.05), (careless, 0.8)):
            ratios = [(str(a), str(b), float(np.exp(own[a] - own[b] + rng.normal(0, noise)))) for a, b in pairs]
            said.append(Judgement(str(person), points, ratios))
    names = [str(at) for at in range(6)]
    assert posterior(careful, names).typical()[1] < 0.15
    assert posterior(careless, names).typical()[1] > 0.5
    assert posterior(careful, names).typical()[0] == pytest.approx(0.8, abs=0.2)


def test_factors_that_nobody_compares_are_joined_with_a_wide_prior() -> None:
    apart = people([{"a": 4.0, "b": 1.0}, {"c": 4.0, "d": 1.0}])
    joined = people([{"a": 4.0, "b": 1.0, "c": 4.0, "d": 1.0}] * 2)
    assert [w[0] for w in rows(apart).values()] == pytest.approx([0.4, 0.1, 0.4, 0.1])
    assert log_sd(apart) > 1.5 * log_sd(joined)


def test_people_who_contradict_each_other_outright_fit_on_the_grid() -> None:
    found = people([{"a": 1e15, "b": 1e-3}, {"a": 1e-3, "b": 1e15}] * 3, ("a", "b"))
    tau, _ = found.posterior.typical()
    assert tau > 3
    assert [w[0] for w in rows(found).values()] == pytest.approx([0.5, 0.5])


def test_groups_count_by_their_shares_and_not_by_their_heads() -> None:
    said = [Judgement(f"e{at}", {"a": 9.0, "b": 1.0}, group="engineers") for at in range(8)]
    said.append(Judgement("s", {"a": 1.0, "b": 9.0}, group="support"))
    heads = {row.factor: row.mean for row in weight_rows(panel_of(said, ("a", "b"), {}))}
    shares = {row.factor: row.mean for row in weight_rows(panel_of(said, ("a", "b"), {"engineers": 1, "support": 1}))}
    assert heads["a"] > 0.8
    assert shares["a"] == pytest.approx(0.5)


def test_a_group_that_did_not_judge_leaves_its_share_and_people_of_no_group_are_named() -> None:
    said = [Judgement("e", {"a": 9.0, "b": 1.0}, group="engineers"), Judgement("x", {"a": 1.0, "b": 1.0})]
    said.append(Judgement("f", {"a": 9.0, "b": 1.0}, group="engineers"))
    panel = panel_of(said, ("a", "b"), {"engineers": 1, "customers": 3})
    assert weight_rows(panel)[0].mean == pytest.approx(0.9)
    assert panel.notes == (
        "groups count by their shares: engineers 100 %",
        "nobody has judged of: customers; the others have their share",
        "1 person of no group with a share left out",
    )


@given(PEOPLE)
def test_own_weights_are_what_a_person_said_and_the_panels_where_nothing_was_said(
    answers: list[dict[str, float]],
) -> None:
    panel = people(answers)
    for judgement, own in zip(panel.judgements, own_weights(panel), strict=True):
        by_factor = dict(zip(panel.factors, own, strict=True))
        first = next(iter(judgement.points))
        for name, value in judgement.points.items():
            assert by_factor[name] / by_factor[first] == pytest.approx(value / judgement.points[first], rel=1e-6)


@given(st.lists(COMPLETE, min_size=3, max_size=6), st.booleans())
def test_the_shift_of_a_person_is_that_of_leaving_the_person_out(
    answers: list[dict[str, float]], in_groups: bool
) -> None:
    """Complete answers weigh alike whatever tau and sigma, so that geometric means are the yardstick."""
    groups = ["x", *"yyyyy"[: len(answers) - 1]] if in_groups else [None] * len(answers)
    shares = {"x": 1.0, "y": 3.0} if in_groups else {}
    said = [Judgement(str(at), points, group=groups[at]) for at, points in enumerate(answers)]
    whole = np.array([row.mean for row in weight_rows(panel_of(said, FACTORS, shares))])
    without = [
        np.array([row.mean for row in weight_rows(panel_of(said[:at] + said[at + 1 :], FACTORS, shares))])
        for at in range(len(said))
    ]
    moved = [np.abs(each - whole).sum() / 2 for each in without]
    assert panel_of(said, FACTORS, shares).posterior.shifts() == pytest.approx(moved, abs=1e-6)

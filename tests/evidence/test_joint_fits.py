from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evidence.planted_corpora import defined, planted_corpus
from vitalfew.evidence.corpus import Corpora
from vitalfew.evidence.joint import joint_of
from vitalfew.evidence.joint_fits import JointFits
from vitalfew.evidence.link_words import UNSETTLED
from vitalfew.evidence.links import links
from vitalfew.simulate.metric_graph import EDGES, NAMES, SCENARIOS, Planted, corpus
from vitalfew.stats.effect_arrays import held
from vitalfew.stats.effect_spread import fit_spread, refits
from vitalfew.stats.link_fit import fit_corpus, fit_links, slopes_of

if TYPE_CHECKING:
    from vitalfew.stats.effect_spread import Tails

CHILD, PARENTS = EDGES[0]
NORMAL = Planted(experiments=50)


def test_links_and_effects_without_luck_read_the_very_same_fit() -> None:
    found, _ = planted_corpus(NORMAL, 1)
    named = {"link": {"parent": NAMES[8], "child": NAMES[-1]}}
    fits = JointFits(found)
    joint = joint_of(found, fits)
    assert joint is not None
    links(defined(NORMAL, links=named), Corpora(found, found.only(np.zeros(len(found), dtype=bool))), fits=fits)
    fit = fits.of(found.metrics)
    assert fit.for_links is fit.for_effects
    assert np.array_equal(joint.spread, fit.for_links.spread.matrix * np.outer(fit.scale, fit.scale))


def test_what_a_joint_fit_says_does_not_hang_on_who_asked_first() -> None:
    found, _ = planted_corpus(NORMAL, 2)
    alone, shared = JointFits(found), JointFits(found)
    assert shared.of(found.metrics).for_effects.refits is shared.of(found.metrics).for_links.refits
    assert np.array_equal(
        alone.of(found.metrics).for_links.refits.without, shared.of(found.metrics).for_links.refits.without
    )


def test_one_step_without_a_group_lands_where_a_fit_does_though_a_direction_is_empty() -> None:
    drawn = corpus(SCENARIOS["base"], 0)
    spread = fit_spread(drawn.effects, drawn.noise)
    assert np.linalg.eigvalsh(spread.matrix)[0] < 1e-3 * np.linalg.eigvalsh(spread.matrix)[-1]
    slow, quick = (
        refits(drawn.effects, drawn.noise, spread, one_step=one_step).of(lambda it: slopes_of(it, CHILD, PARENTS))
        for one_step in (False, True)
    )
    assert np.abs(quick.se / slow.se - 1).max() < 0.15


def test_experiments_ten_times_as_large_are_pulled_in_and_no_others() -> None:
    drawn = corpus(SCENARIOS["base"], 3)
    effects = drawn.effects.copy()
    effects[:2] += 9 * drawn.true_effects[:2] + 0.2
    found = fit_spread(effects, drawn.noise, tails="far")
    assert found.tail is None
    assert found.weights[:2].max() < 0.3
    assert np.median(found.weights) == 1
    assert (fit_spread(drawn.effects, drawn.noise, tails="far").weights == 1).all()


@pytest.mark.parametrize("times", [10, 100, 1000])
def test_however_far_out_experiments_stand_slopes_hardly_move_and_the_fit_comes_to_rest(times: int) -> None:
    moved = []
    for seed in range(4):
        drawn = corpus(SCENARIOS["base"], seed)
        effects, sizes = drawn.effects.copy(), drawn.true_effects.std(axis=0)
        effects[:2] += times * np.random.default_rng(seed).normal(0, sizes, (2, len(sizes)))
        plain, far = (fit_spread(values, drawn.noise, tails="far") for values in (drawn.effects, effects))
        assert far.converged
        assert far.iterations < 100
        moved.append(slopes_of(far.matrix, CHILD, PARENTS) - slopes_of(plain.matrix, CHILD, PARENTS))
    assert np.abs(np.mean(moved, axis=0)).max() < 0.05


@pytest.mark.parametrize("metrics", [slice(0, 4), slice(None)])
def test_beyond_a_thousand_times_the_usual_size_does_not_matter(metrics: slice) -> None:
    """Squares of effects of 1e7 standard errors and more on several metrics would take all digits from the others."""
    drawn = corpus(SCENARIOS["base"], 3)
    se, way = np.sqrt(drawn.noise[0].diagonal()[metrics]), np.random.default_rng(5).normal(1, 0.5, 12)[metrics]
    tails: tuple[Tails, ...] = ("normal", "t", "far")
    for each in tails:
        found = []
        for times in (1e4, 1e7, 1e100):
            effects = drawn.effects.copy()
            effects[0, metrics] += times * se * way
            fit = fit_corpus(effects, drawn.noise, tails=each)
            assert fit.spread.converged
            link = fit_links(effects, drawn.noise, EDGES[:1], fitted=fit)[0]
            found.append((link.slopes, link.se))
        slopes, errors = (np.array(each) for each in zip(*found, strict=True))
        assert np.abs(slopes - slopes[0]).max() < 0.02 * errors.min()
        assert errors == pytest.approx(np.broadcast_to(errors[0], errors.shape), rel=0.02)


def test_effects_of_a_usual_size_are_left_as_they_are() -> None:
    drawn = corpus(SCENARIOS["fat tails"], 1)
    assert np.array_equal(held(drawn.effects, drawn.noise), drawn.effects)
    always_large = 1e6 * drawn.effects  # where all effects of a metric are large, none is beyond measure
    assert np.array_equal(held(always_large, drawn.noise), always_large)


def test_a_fit_that_does_not_come_to_rest_is_told_at_its_links_and_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    planted = SCENARIOS["base"]
    whole, _ = planted_corpus(planted, 1)
    found = whole.only(np.ones(len(whole), dtype=bool), (NAMES[8], NAMES[-1]))
    named = defined(planted, links={"link": {"parent": NAMES[8], "child": NAMES[-1]}})
    both = Corpora(found, found.only(np.zeros(len(found), dtype=bool)))
    settled, unsettled = JointFits(found), JointFits(found)
    unsettled.of(found.metrics)._normal = replace(settled.of(found.metrics)._normal, converged=False)
    plain = links(named, both, fits=settled).links[0]
    assert plain.status == "estimated"
    assert not caplog.records
    rough = links(named, both, fits=unsettled).links[0]
    assert set(rough.notes) - set(plain.notes) == {UNSETTLED}
    assert (rough.estimate, rough.grade) == (plain.estimate, plain.grade)
    assert "200 comparisons on 2 metrics did not come to rest" in caplog.text

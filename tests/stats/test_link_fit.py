"""Links between metrics: the planted ones come back, the naive line does not fool, a path round is noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import vitalfew as vf
from vitalfew.simulate.metric_graph import BUSINESS, EDGES, SCENARIOS, SYSTEM, corpus
from vitalfew.stats.k_class import k_class
from vitalfew.stats.link_fit import (
    NOT_IDENTIFIED,
    fit_corpus,
    fit_links,
    slopes_of,
    upstream_of,
)

CLICKBAIT = corpus(replace(SCENARIOS["clickbait"], experiments=300), 1)
KNOWN = fit_corpus(CLICKBAIT.effects, CLICKBAIT.noise)
LINKS = fit_links(
    CLICKBAIT.effects, CLICKBAIT.noise, EDGES, weights=CLICKBAIT.weights, within=CLICKBAIT.within, fitted=KNOWN
)


def test_a_harmful_link_is_found_where_the_naive_line_shows_none() -> None:
    link = LINKS[0]
    low, high = link.intervals()[2]
    assert high < 0
    assert low < -0.3 < high
    assert link.naive.slopes[2] > -0.2
    assert link.z > 4
    assert link.df == 14
    assert link.experiments == 300
    assert set(link.others) == {"total_covariance", "liml", "stabilised"}


def test_one_fit_serves_every_edge_and_gives_what_the_spread_says() -> None:
    for link, (child, parents) in zip(LINKS, EDGES, strict=True):
        assert (link.child, link.parents) == (child, parents)
        assert link.slopes == pytest.approx(slopes_of(KNOWN.spread.matrix, child, parents), rel=1e-5)
    alone = vf.stats.fit_links(CLICKBAIT.effects, CLICKBAIT.noise, EDGES[:1])[0]
    assert alone.slopes == pytest.approx(LINKS[0].slopes, rel=1e-4)


def test_twenty_experiments_do_not_identify_three_links() -> None:
    shares = [
        k_class(drawn.effects, drawn.noise, BUSINESS, SYSTEM, weights=drawn.weights).z < NOT_IDENTIFIED
        for drawn in (corpus(SCENARIOS["K = 20"], seed) for seed in range(100))
    ]
    assert np.mean(shares) > 0.5


def test_only_metrics_below_the_parents_test_for_a_path_round_them() -> None:
    pairs = [(child, tuple(parents)) for child, parents in EDGES]
    assert upstream_of(BUSINESS, SYSTEM, pairs) == tuple(range(8))
    assert upstream_of(SYSTEM[0], EDGES[1][1], pairs) == ()
    assert LINKS[1].bypass is None
    assert LINKS[1].bypass_p is None
    test = LINKS[0].bypass
    assert test is not None
    assert (test.upstream, test.experiments) == (tuple(range(8)), 300)


def test_a_path_round_the_parents_is_noticed() -> None:
    drawn = corpus(replace(SCENARIOS["INSIDE violated"], experiments=600), 1)
    link = fit_links(drawn.effects, drawn.noise, EDGES, weights=drawn.weights, within=drawn.within)[0]
    assert link.bypass_p is not None
    assert link.bypass_p < 0.01
    assert link.bypass is not None
    assert link.bypass.z[[0, 3]].min() > 2


def test_links_in_other_units_are_the_same_links() -> None:
    drawn = corpus(replace(SCENARIOS["base"], experiments=80), 1)
    unit = 10.0 ** np.arange(-6, 6)
    plain = fit_links(drawn.effects, drawn.noise, EDGES[:1], weights=drawn.weights)[0]
    scaled = fit_links(drawn.effects * unit, drawn.noise * np.outer(unit, unit), EDGES[:1], weights=drawn.weights)[0]
    back = unit[list(SYSTEM)] / unit[BUSINESS]
    assert scaled.slopes * back == pytest.approx(plain.slopes, rel=1e-3)
    assert scaled.se * back == pytest.approx(plain.se, rel=2e-2)
    assert scaled.z == pytest.approx(plain.z, rel=1e-6)


def test_swapping_arms_changes_no_link() -> None:
    drawn = corpus(replace(SCENARIOS["base"], experiments=80), 1)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], 80)[:, None]
    plain = fit_links(drawn.effects, drawn.noise, EDGES, weights=drawn.weights)
    swapped = fit_links(signs * drawn.effects, drawn.noise, EDGES, weights=drawn.weights)
    for one, other in zip(plain, swapped, strict=True):
        assert other.slopes == pytest.approx(one.slopes, rel=1e-9)
        assert other.covariance == pytest.approx(one.covariance, rel=1e-6, abs=1e-12)
        assert (other.bypass_p or 0) == pytest.approx(one.bypass_p or 0, rel=1e-9)


def test_parents_that_go_together_exactly_share_the_slope() -> None:
    assert slopes_of(np.array([[1, 1, 1.0], [1, 1, 1], [1, 1, 1]]), 2, (0, 1)) == pytest.approx([0.5, 0.5])


def _share_covered(name: str, runs: int, **changes: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Medians, share of intervals that hold the truth, share of corpora with a path round the parents found."""
    covered, slopes, flagged = [], [], []
    for seed in range(runs):
        drawn = corpus(replace(SCENARIOS[name], **changes), 10_000 + seed)  # type: ignore[arg-type]  # counts only
        link = fit_links(drawn.effects, drawn.noise, EDGES, weights=drawn.weights, clusters=drawn.clusters)[0]
        ends = link.intervals()
        covered.append((ends[:, 0] <= drawn.links) & (drawn.links <= ends[:, 1]))
        slopes.append(link.slopes)
        flagged.append(link.bypass_p is not None and link.bypass_p < 0.05)
    return np.median(slopes, axis=0), np.mean(covered, axis=0), float(np.mean(flagged))


@pytest.mark.prove
@pytest.mark.parametrize("name", ["base", "clickbait", "no bypass", "fat tails", "missing metrics", "shared controls"])
def test_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    medians, covered, flagged = _share_covered(name, 150)
    assert medians == pytest.approx(SCENARIOS[name].links, abs=0.05)
    assert covered.min() > 0.86
    assert covered.mean() > 0.9
    assert flagged < 0.12


@pytest.mark.prove
def test_a_path_round_the_parents_is_found_more_often_than_not() -> None:
    _, _, flagged = _share_covered("INSIDE violated", 60)
    assert flagged > 0.6

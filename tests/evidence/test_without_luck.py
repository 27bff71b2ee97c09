"""Effects without luck, proxies and predictions, on corpora with planted truth."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evidence.planted_corpora import CLICKBAIT, TARGET, TODAY, as_corpus, defined, hidden, planted_corpus, with_new
from vitalfew.evidence.joint import FEWEST_JOINT, Joint, joint_of
from vitalfew.evidence.predicted import BETWEEN_EXPERIMENTS, BETWEEN_USERS, BY_LINKS, STRONGEST, predicted
from vitalfew.evidence.proxies import proxies, targets
from vitalfew.evidence.shrinkage import shrinkage
from vitalfew.results.rows import LinkRow
from vitalfew.simulate.metric_graph import NAMES, Planted, corpus
from vitalfew.stats.proxy import proxy_quality

if TYPE_CHECKING:
    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.rows import Estimate, ProxyRow
    from vitalfew.simulate.metric_graph import PlantedCorpus

KNOWN = defined(CLICKBAIT)
FEW = Planted(experiments=12)
WANTED = [NAMES[8], NAMES[9], NAMES[10], TARGET]


@lru_cache(maxsize=1)
def clickbait() -> tuple[EffectCorpus, PlantedCorpus, Joint]:
    """Links .5, .2 and -.3 into the business metric, over 300 experiments on four metrics."""
    whole, truth = planted_corpus(CLICKBAIT, 3)
    found = whole.only(np.ones(len(whole), dtype=bool), WANTED)
    joint = joint_of(found)
    assert joint is not None
    return found, truth, joint


def holds(found: Estimate, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def test_shrunk_effects_cover_the_truth_and_the_sum_of_wins_loses_its_luck() -> None:
    found, truth, joint = clickbait()
    spreads, rows = shrinkage(KNOWN, found, joint)
    covered = [holds(row.shrunk, truth.true_effects[int(row.experiment[1:]), NAMES.index(row.metric)]) for row in rows]
    assert len(rows) == 1_200
    assert all(row.joint for row in rows)
    assert 0.9 <= np.mean(covered) <= 0.99
    for row in spreads:
        at = NAMES.index(row.metric)
        won = truth.effects[:, at] > 1.96 * np.sqrt(truth.noise[:, at, at])
        real = truth.true_effects[won, at].sum()
        assert row.wins == won.sum()
        assert row.expected is not None
        assert row.claimed is not None
        assert abs(row.expected.estimate - real) < 0.4 * (row.claimed - real)
        assert row.spread is not None
        assert holds(row.spread, float(np.sqrt(np.mean(truth.true_effects[:, at] ** 2))))
        assert row.spread_sd == pytest.approx(row.spread.estimate, rel=0.02)  # a unit's deviation is 1


def test_other_metrics_make_shrunk_effects_better() -> None:
    found, truth, joint = clickbait()
    _, alone = shrinkage(KNOWN, found)
    _, together = shrinkage(KNOWN, found, joint)
    assert not any(row.joint for row in alone)
    errors = [
        sum(
            (row.shrunk.estimate - truth.true_effects[int(row.experiment[1:]), -1]) ** 2
            for row in rows
            if row.metric == TARGET
        )
        for rows in (alone, together)
    ]
    assert errors[1] < 0.9 * errors[0]


def test_wins_of_a_metric_that_should_fall_are_its_losses() -> None:
    found, _, _ = clickbait()
    part = found.only(np.ones(len(found), dtype=bool), [TARGET])
    up = shrinkage(KNOWN, part)[0][0]
    down = shrinkage(defined(CLICKBAIT, **{TARGET: {"direction": "down"}}), replace(part, effects=-part.effects))[0][0]
    assert down.wins == up.wins
    assert down.claimed == pytest.approx(up.claimed)
    assert down.expected is not None
    assert up.expected is not None
    assert down.expected.estimate == pytest.approx(up.expected.estimate, rel=1e-6)


def test_below_five_effects_nothing_is_borrowed_and_the_row_says_so() -> None:
    found, _ = planted_corpus(Planted(experiments=4), 1)
    spreads, rows = shrinkage(defined(FEW), found)
    assert all(row.spread is None and row.expected is None for row in spreads)
    assert all(row.shrunk.estimate == row.claimed.estimate for row in rows)
    assert "fewer than 5" in rows[0].notes[0]


def test_a_corpus_of_winners_is_told() -> None:
    found, _ = planted_corpus(FEW, 1)
    won = replace(found, effects=np.abs(found.effects) + 5 * np.sqrt(found.noise.diagonal(axis1=1, axis2=2)))
    spreads, _ = shrinkage(defined(FEW), won)
    assert all(any("losers were probably left out" in note for note in row.notes) for row in spreads)


def test_small_corpora_are_not_joined() -> None:
    found, _ = planted_corpus(Planted(experiments=FEWEST_JOINT - 1), 1)
    assert joint_of(found) is None
    singles = replace(as_corpus(corpus(Planted(experiments=60), 1)), only_single=tuple(f"e{k}" for k in range(60)))
    assert joint_of(singles) is None
    assert not any(row.joint for row in shrinkage(defined(FEW), singles)[1])


# Proxies ------------------------------------------------------------------------------------------------------------


def proxy_rows() -> dict[tuple[str, ...], ProxyRow]:
    found, _, joint = clickbait()
    return {tuple(sorted(row.weights)): row for row in proxies(KNOWN, found, joint, TODAY)}


def test_the_best_proxies_know_the_clickbait_and_their_quality_is_the_true_one() -> None:
    found, truth, _ = clickbait()
    rows = proxy_rows()
    both = rows[tuple(sorted(WANTED[:3]))]
    assert both.weights[NAMES[8]] > 0 > both.weights[NAMES[10]]
    at = [NAMES.index(name) for name in WANTED]
    spread = truth.true_effects[:, at].T @ truth.true_effects[:, at] / len(found)
    noise = found.within * 2 / both.users_per_arm
    assert both.quality is not None
    assert holds(
        both.quality, proxy_quality(spread, noise, [0, 1, 2], 3, np.array([both.weights[n] for n in WANTED[:3]]))
    )
    assert both.quality.estimate > max(rows[name,].quality.estimate for name in WANTED[:3])  # type: ignore[union-attr]  # all are known
    blend = rows[tuple(sorted(WANTED))]
    assert blend.quality is not None
    assert blend.quality.estimate > both.quality.estimate
    assert TARGET in blend.weights
    assert both.front


def test_a_proxy_that_gains_while_its_target_loses_is_broken() -> None:
    whole, _ = planted_corpus(Planted(experiments=300, links=(0.0, 0.0, -0.5)), 2)
    found = whole.only(np.ones(len(whole), dtype=bool), [NAMES[10], TARGET])
    (row,) = [row for row in proxies(KNOWN, found, joint_of(found), TODAY) if set(row.weights) == {NAMES[10]}]
    assert row.status == "broken"
    assert "points the wrong way" in row.message
    assert row.slope is not None
    assert row.slope.high is not None
    assert row.slope.high < 0
    turned = defined(CLICKBAIT, **{NAMES[10]: {"direction": "down"}})
    (good,) = [row for row in proxies(turned, found, joint_of(found), TODAY) if set(row.weights) == {NAMES[10]}]
    assert good.status == "healthy"  # less of it is better, and less of it brings more of the target


def test_a_proxy_that_was_not_tried_for_a_year_has_expired() -> None:
    found, _, joint = clickbait()
    later = TODAY.replace(year=TODAY.year + 2)
    rows = {tuple(row.weights): row for row in proxies(KNOWN, found, joint, later)}
    assert rows[NAMES[8],].status == "doubtful"
    assert "try it anew" in rows[NAMES[8],].message
    assert proxy_rows()[NAMES[8],].status == "healthy"


def test_without_cross_products_a_proxy_keeps_its_scores_and_has_no_quality() -> None:
    found, _, _ = clickbait()
    rows = proxies(KNOWN, found, None, TODAY)
    assert [row.status for row in rows] == ["unknown"] * 3
    assert all(row.quality is None and row.sensitivity is not None for row in rows)


def test_targets_are_what_the_business_wants() -> None:
    known = defined(
        CLICKBAIT,
        **{NAMES[8]: {"timeliness": "lagging"}, NAMES[9]: {"timeliness": "lagging"}},
        factors={NAMES[8]: {"range": [0, 1]}, NAMES[10]: {"range": [0, 1], "north_star": True}},
    )
    assert targets(known, NAMES) == (NAMES[8], NAMES[10], TARGET)


# Predictions --------------------------------------------------------------------------------------------------------


def test_clickbait_is_foreseen_to_harm_the_business_before_that_can_be_measured() -> None:
    found, _, _ = clickbait()
    real = np.array([0.0, 0.0, 0.12, -0.036])  # clicks are up, and the business will lose
    corpus_now = with_new(found, real, 50_000, 1)
    rows = {row.method: row for row in predicted(KNOWN, corpus_now, joint_of(corpus_now)) if row.experiment == "new"}
    told, deceived = rows[BETWEEN_EXPERIMENTS], rows[BETWEEN_USERS]
    assert told.measured is None
    assert holds(told.predicted, real[-1])
    assert told.predicted.high is not None
    assert told.predicted.high < 0
    assert told.p_positive < 0.01
    assert told.grade == STRONGEST
    assert NAMES[10] in told.through
    assert deceived.predicted.estimate > 0.03  # what users who click more are like
    assert "believe the changes" in told.notes[-1]
    assert "believe the changes" in deceived.notes[-1]


def test_predictions_hold_what_was_hidden() -> None:
    found, truth, _ = clickbait()
    at = np.arange(0, 300, 3)
    blind = hidden(found, TARGET, at)
    rows = [row for row in predicted(KNOWN, blind, joint_of(blind)) if row.method == BETWEEN_EXPERIMENTS]
    covered = [holds(row.predicted, truth.true_effects[int(row.experiment[1:]), -1]) for row in rows]
    assert 0.9 <= np.mean(covered) <= 0.99
    assert {row.experiment for row in rows if row.measured is None} == {f"e{k}" for k in at}


def test_predictions_are_never_as_strong_as_measurements_and_name_what_they_rest_on() -> None:
    found, _, joint = clickbait()
    rows = [row for row in predicted(KNOWN, found, joint) if row.method == BETWEEN_EXPERIMENTS]
    assert {row.grade for row in rows} == {STRONGEST}
    assert all(set(row.through) <= set(WANTED[:3]) and row.measured is not None for row in rows)
    assert "does not go together with" in rows[0].notes[0]


def test_users_and_experiments_that_point_apart_are_both_shown() -> None:
    planted = Planted(experiments=300, links=(0.0, 0.0, -0.8), bypass=2.0, own=40.0)
    whole, _ = planted_corpus(planted, 2)
    found = whole.only(np.ones(len(whole), dtype=bool), [NAMES[10], TARGET])
    rows = predicted(KNOWN, found, joint_of(found))
    pairs: dict[str, dict[str, float]] = {}
    for row in rows:
        pairs.setdefault(row.experiment, {})[row.method] = row.predicted.estimate
    both = [pair for pair in pairs.values() if len(pair) > 1]
    assert both
    assert all(pair[BETWEEN_EXPERIMENTS] * pair[BETWEEN_USERS] < 0 for pair in both)
    told = next(row for row in rows if row.method == BETWEEN_USERS)
    assert "believe the changes" in told.notes[-1]


def test_what_comes_late_is_foretold_from_users_too_with_its_assumption() -> None:
    found, truth, joint = clickbait()
    known = defined(CLICKBAIT, **{TARGET: {"timeliness": "lagging"}})
    rows = [row for row in predicted(known, found, joint) if row.method == BETWEEN_USERS]
    assert len(rows) == 300
    assert {row.horizon for row in rows} == {"long"}
    assert {row.grade for row in rows} == {"dated"}
    assert "only through" in rows[0].notes[0]
    assert "followed to the end" in rows[0].notes[1]
    covered = [holds(row.predicted, truth.true_effects[int(row.experiment[1:]), -1]) for row in rows]
    assert 0.9 <= np.mean(covered) <= 1.0  # clickbait breaks surrogacy: the misfit is in the interval
    few = found.only(np.arange(300) < 5, WANTED)
    untried = hidden(few, TARGET, np.array([0]))
    assert all(row.grade == "correlated" for row in predicted(known, untried, None) if row.method == BETWEEN_USERS)


def test_opinions_carry_an_effect_where_the_corpus_cannot() -> None:
    found, _ = planted_corpus(FEW, 1)
    blind = hidden(found, TARGET, np.arange(12))
    link = LinkRow(
        "l",
        NAMES[8],
        TARGET,
        "influence",
        "opinion",
        None,
        None,
        None,
        None,
        "opinion",
        None,
        0,
        "",
        believed=(0.5, 0.1),
    )
    known = defined(FEW, links={"l": {"parent": NAMES[8], "child": TARGET, "low": 0.3, "high": 0.7}})
    rows = predicted(known, blind, joint_of(blind), (link,))
    assert [row.method for row in rows] == [BY_LINKS] * 12
    at, row = NAMES.index(NAMES[8]), rows[0]
    assert row.predicted.estimate == pytest.approx(0.5 * found.effects[0, at])
    variance = found.noise[0, at, at]
    sd = (0.25 * variance + 0.01 * found.effects[0, at] ** 2 + 0.01 * variance) ** 0.5
    assert row.predicted.high == pytest.approx(row.predicted.estimate + 1.959964 * sd, rel=1e-6)
    assert row.grade == "opinion"
    assert row.through == (NAMES[8],)
    assert "in no interval" in row.notes[0]


def test_a_corpus_that_cannot_tell_says_nothing() -> None:
    found, _ = planted_corpus(FEW, 1)
    assert predicted(defined(FEW), found, joint_of(found)) == ()


@pytest.mark.prove
def test_posterior_intervals_of_all_metrics_cover_the_truth() -> None:
    covered: list[bool] = []
    filled: list[bool] = []
    for seed in range(12):
        whole, truth = planted_corpus(Planted(experiments=200, links=(0.5, 0.2, -0.3), missing=0.2), seed)
        found = whole.only(np.ones(len(whole), dtype=bool), WANTED)
        joint = joint_of(found)
        assert joint is not None
        keys = [int(name[1:]) for name in joint.corpus.experiments]
        real = truth.true_effects[np.ix_(keys, [NAMES.index(name) for name in WANTED])]
        doubt = (joint.shifts**2).sum(axis=0)
        for (k, g), value in np.ndenumerate(real):
            parts = (joint.means[k, g], joint.covariances[k, g, g], doubt[k, g], joint.unsteady[k, g])
            told = joint.interval(*map(float, parts))
            (covered if np.isfinite(joint.corpus.effects[k, g]) else filled).append(holds(told, float(value)))
    assert 0.92 <= np.mean(covered) <= 0.98
    assert 0.88 <= np.mean(filled) <= 0.98

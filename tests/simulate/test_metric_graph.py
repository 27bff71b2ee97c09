"""The planted graph of metrics: what a corpus drawn from it is like, so that it can referee estimators."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vitalfew.simulate.metric_graph import (
    BUSINESS,
    EDGES,
    FEATURES,
    NAMES,
    SCENARIOS,
    SYSTEM,
    Planted,
    corpus,
    true_effects,
    units,
    within_units,
)

MANY = Planted(experiments=3_000)
DRAWN = corpus(MANY, 1)


def test_metrics_of_users_correlate_from_45_to_64_hundredths() -> None:
    matrix = within_units()
    apart = matrix[~np.eye(len(NAMES), dtype=bool)]
    assert apart.min() >= 0.45
    assert apart.max() <= 0.6401
    assert pytest.approx(matrix, abs=0.002) == DRAWN.within


def test_measured_effects_miss_the_truth_by_their_noise() -> None:
    missed = DRAWN.effects - DRAWN.true_effects
    scaled = np.linalg.solve(np.linalg.cholesky(DRAWN.noise), missed[:, :, None])[:, :, 0]
    assert scaled.T @ scaled / 3_000 == pytest.approx(np.eye(12), abs=0.1)
    assert DRAWN.noise * DRAWN.weights[:, None, None] == pytest.approx(np.tile(DRAWN.within, (3_000, 1, 1)), abs=0.2)


def test_the_planted_slopes_are_those_of_the_true_effects() -> None:
    truth = true_effects(replace(SCENARIOS["clickbait"], experiments=1), np.random.default_rng(1), 20_000)
    slopes = np.linalg.lstsq(truth[:, list(SYSTEM)], truth[:, BUSINESS], rcond=None)[0]
    assert slopes == pytest.approx(SCENARIOS["clickbait"].links, abs=0.01)
    touched = (truth[:, list(FEATURES)] != 0).sum(axis=1)
    assert (touched.min(), touched.max()) == (1, 3)
    assert [child for child, _ in EDGES] == [BUSINESS, *SYSTEM]


def test_effects_are_about_as_large_as_their_noise() -> None:
    ratio = (DRAWN.true_effects**2).mean(axis=0) / DRAWN.noise.diagonal(axis1=1, axis2=2).mean(axis=0)
    assert 0.5 < ratio[list(SYSTEM)].min() < ratio[list(SYSTEM)].max() < 2.5
    assert 7_000 < np.median(DRAWN.users) < 9_000


def test_winners_are_winners_and_there_are_enough_of_them() -> None:
    drawn = corpus(SCENARIOS["winners only"], 1)
    assert len(drawn.effects) == 200
    assert (drawn.effects[:, BUSINESS] > 1.95 * np.sqrt(drawn.noise[:, BUSINESS, BUSINESS])).all()


def test_missing_metrics_are_missing_from_effects_and_noise_alike() -> None:
    drawn = corpus(SCENARIOS["missing metrics"], 1)
    gone = np.isnan(drawn.effects)
    assert 0.15 < gone.mean() < 0.25
    assert not gone.all(axis=1).any()
    assert (np.isnan(drawn.noise) == (gone[:, :, None] | gone[:, None, :])).all()


def test_experiments_that_share_a_control_share_its_luck() -> None:
    drawn = corpus(replace(SCENARIOS["shared controls"], experiments=2_000), 1)
    assert np.bincount(drawn.clusters).tolist() == [4] * 500
    missed = (drawn.effects - drawn.true_effects)[:, BUSINESS].reshape(500, 4)
    assert np.asarray(np.corrcoef(missed.T))[0, 1] == pytest.approx(0.5, abs=0.12)


def test_fat_tails_stand_out_at_the_same_mean_square() -> None:
    plain, tailed = (
        true_effects(SCENARIOS[name], np.random.default_rng(1), 40_000)[:, BUSINESS] for name in ("base", "fat tails")
    )
    assert np.mean(tailed**4) / np.mean(tailed**2) ** 2 > 2 * np.mean(plain**4) / np.mean(plain**2) ** 2
    assert np.mean(tailed**2) == pytest.approx(float(np.mean(plain**2)), rel=0.4)


def test_rows_of_units_and_their_summary_tell_the_same() -> None:
    rows, summary = units(Planted(experiments=3, users=60), 1)
    mine = rows.experiment == 1
    treated, control = rows.values[mine & rows.treated], rows.values[mine & ~rows.treated]
    assert summary.effects[1] == pytest.approx(treated.mean(axis=0) - control.mean(axis=0))
    expected = np.cov(treated.T) / len(treated) + np.cov(control.T) / len(control)
    assert summary.noise[1] == pytest.approx(expected)
    assert summary.users[1].tolist() == [len(treated), len(control)]


def test_a_seed_is_a_corpus() -> None:
    assert (corpus(SCENARIOS["base"], 5).effects == corpus(SCENARIOS["base"], 5).effects).all()
    assert (corpus(SCENARIOS["base"], 5).effects != corpus(SCENARIOS["base"], 6).effects).all()

"""SMAA-2 on its reference case: thromboprophylaxis after major trauma, with nothing known of the weights.

Beliefs: Geerts et al. (1996), New England Journal of Medicine 335(10), 136 patients on heparin and 129 on enoxaparin,
as beta distributions of events against none, over scales from best to worst of 0 to 25 %, 15 to 40 % and 0 to 10 %.
Results: those the R package smaa prints for its own sample of 10,000 draws from these. Their standard errors are about
0.005, so each is held to four of its own.
"""

from __future__ import annotations

import numpy as np
import pytest

from vitalfew.decide.ranks import central_weights, standing

EVENTS = np.array([[20, 40, 1], [8, 32, 5]])  # proximal thrombosis, distal thrombosis, major bleeding
PATIENTS = np.array([[136], [129]])
SCALES = np.array([[0.0, 0.25], [0.15, 0.40], [0.0, 0.10]])
BEST = np.array([0.3504, 0.6496])
CENTRAL = np.array([[0.1865097, 0.2772205, 0.5362698], [0.4073100, 0.3641477, 0.2285423]])
CONFIDENCE = (0.6682, 0.8956)
GIVEN, BEST_AS_GIVEN = np.array([0.5, 0.2, 0.3]), 0.1279
MEANS = np.array([0.5895, 0.6584])
PUBLISHED_DRAWS, DRAWS = 10_000, 400_000


@pytest.fixture(scope="module")
def parts() -> np.ndarray:
    """Value of each criterion at weight 1, `(alternatives, criteria, draws)`."""
    rng = np.random.default_rng(19961996)
    shares = rng.beta(EVENTS[:, :, None], (PATIENTS - EVENTS)[:, :, None], (2, 3, DRAWS))
    best, worst = SCALES[:, 0, None], SCALES[:, 1, None]
    return np.asarray((worst - shares) / (worst - best))


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    return np.random.default_rng(1998).dirichlet(np.ones(3), DRAWS).T


def _first(values: np.ndarray) -> np.ndarray:
    return standing(values, np.ones(values.shape), 1.0).first


def _close(found: float, published: float) -> None:
    assert abs(found - published) < 4 * (found * (1 - found) / PUBLISHED_DRAWS) ** 0.5, (found, published)


def test_rank_acceptabilities_are_those_published(parts: np.ndarray, weights: np.ndarray) -> None:
    values = (parts * weights).sum(axis=1)
    found = standing(values, np.ones(values.shape), 1.0)
    _close(found.places[0, 0] / DRAWS, BEST[0])
    assert (found.places / DRAWS)[:, 1] == pytest.approx(1 - found.places[:, 0] / DRAWS)
    spread = values.std(axis=1) / PUBLISHED_DRAWS**0.5
    assert (abs(values.mean(axis=1) - MEANS) < 4 * spread).all()


def test_central_weights_are_those_published(parts: np.ndarray, weights: np.ndarray) -> None:
    first = _first((parts * weights).sum(axis=1))
    found = central_weights(weights, first, 2)
    for at in range(2):
        own = weights[:, first == at]
        error = own.std(axis=1) / (PUBLISHED_DRAWS * BEST[at]) ** 0.5
        assert (abs(found[at] - CENTRAL[at]) < 4 * error).all(), found[at]


@pytest.mark.parametrize("at", [0, 1])
def test_confidence_factors_at_the_published_central_weights_are_those_published(parts: np.ndarray, at: int) -> None:
    _close(float(np.mean(_first(np.einsum("acd,c->ad", parts, CENTRAL[at])) == at)), CONFIDENCE[at])


def test_the_share_of_first_ranks_at_given_weights_is_that_published(parts: np.ndarray) -> None:
    _close(float(np.mean(_first(np.einsum("acd,c->ad", parts, GIVEN)) == 0)), BEST_AS_GIVEN)

"""Shares of parts in effects of real tables of users: they add up, and their intervals hold their promise."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from evidence.effect_tables import corpora_of
from vitalfew.evidence import effects
from vitalfew.evidence.components import Components, components
from vitalfew.evidence.corpus import corpus
from vitalfew.results.moments import moments_row
from vitalfew.stats import Moments
from vitalfew.stats.decompositions import Products, decompose
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS = ("visits", "conversion", "order_value")
CONTROL, TREATED = np.array([3.0, 0.25, 20.0]), np.array([3.1, 0.28, 20.0])


def shop() -> Definitions:
    metric = {"source": "users", "column": "x"}
    ratio = {"kind": "ratio", "numerator": metric, "denominator": metric}
    link = {"child": "revenue", "kind": "component", "formula": "visits * conversion * order_value"}
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {"revenue": metric, "visits": metric, "conversion": ratio, "order_value": ratio},
            "links": {"sales": link},
            "experiments": {"x": {"source": "users", "variant": "arm"}},
        }
    )


def users(rng: np.random.Generator, n: int, truth: NDArray[np.float64]) -> Moments:
    """Keen users visit more and spend more, so that the errors of all parts hang together."""
    keen = rng.gamma(4.0, 0.25, n)
    visits = rng.poisson(truth[0] * keen).astype(np.float64)
    orders = rng.binomial(visits.astype(np.int64), truth[1]).astype(np.float64)
    revenue = rng.gamma(4.0 * np.maximum(orders, 1e-9), truth[2] / 4.0) * (orders > 0)
    columns = {
        "revenue": revenue,
        "visits": visits,
        "conversion": orders,
        "conversion/denominator": visits,
        "order_value": revenue,
        "order_value/denominator": orders,
    }
    return Moments.of(columns, dict.fromkeys(columns, 0.0))


def analysed(seed: int, sizes: tuple[int, int]) -> Components:
    rng = np.random.default_rng(seed)
    arms: tuple[Any, ...] = (("control", sizes[0], CONTROL), ("new", sizes[1], TREATED))
    rows = tuple(moments_row("users", "x", name, None, users(rng, n, truth)) for name, n, truth in arms)
    definitions = shop()
    found, _ = effects(definitions, rows, (), ())
    return components(definitions, corpora_of(corpus(definitions, rows, found, ())), (), date(2026, 6, 1))


def test_shares_add_up_to_the_change_of_the_whole_and_the_formula_holds() -> None:
    found = analysed(1, (3_000, 5_000))
    assert found.failed == ()
    assert {row.grade for row in found.links} == {"replicated"}
    slopes = {row.parent: row.estimate for row in found.links}
    assert slopes["visits"] == pytest.approx(0.25 * 20, rel=0.1)
    assert [row.part for row in found.parts] == list(PARTS)
    before, after = (float(np.prod([getattr(row, side) for row in found.parts])) for side in ("before", "after"))
    assert sum(row.contribution.estimate for row in found.parts) == pytest.approx(after - before, rel=1e-12)


@pytest.mark.prove
@pytest.mark.parametrize("sizes", [(2_000, 2_000), (4_000, 1_000)], ids=["even arms", "uneven arms"])
def test_intervals_of_shares_cover_the_true_share_93_to_97_times_in_100(sizes: tuple[int, int]) -> None:
    truth = decompose(Products(np.ones(1), np.ones((1, 3))), CONTROL, TREATED).shares
    runs, covered = 500, np.zeros(3)
    for seed in range(runs):
        for at, row in enumerate(analysed(seed, sizes).parts):
            share = row.contribution
            covered[at] += share.low is not None and share.high is not None and share.low <= truth[at] <= share.high
    assert (covered / runs >= 0.93).all(), covered / runs
    assert (covered / runs <= 0.97).all(), covered / runs

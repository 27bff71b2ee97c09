"""However far a handful of experiments moved a parent, they are too few for an interval: said, with what it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evidence.effect_tables import corpora_of, corpus_of
from vitalfew.evidence.links import links
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.results.rows import LinkRow

METRICS = ("speed", "errors", "orders")
SLOPES = np.array([0.5, -0.3])


def rows(count: int, parents: int, *, low: float | None = None, shared: int = 1) -> list[LinkRow]:
    """Links of planted experiments that moved their parents by fifty standard errors."""
    rng = np.random.default_rng(count)
    moved = rng.normal(0, 5.0, (count, 2))
    effects = np.column_stack([moved, moved[:, :parents] @ SLOPES[:parents]]) + rng.normal(0, 0.1, (count, 3))
    named = {f"x{k}": dict(zip(METRICS, effects[k].tolist(), strict=True)) for k in range(count)}
    corpus = corpus_of(named, 0.01 * np.eye(3), METRICS)
    corpus = replace(corpus, clusters=tuple(k // shared for k in range(count)))
    range_ = {} if low is None else {"low": low, "high": 1.0}
    defined = Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {name: {"source": "users", "column": "x"} for name in METRICS},
            "links": {f"l{at}": {"parent": METRICS[at], "child": "orders"} | range_ for at in range(parents)},
        }
    )
    return list(links(defined, corpora_of(corpus)).links)


@pytest.mark.parametrize(("count", "parents", "least"), [(4, 1, 10), (9, 1, 10), (14, 2, 15)])
def test_too_few_experiments_identify_nothing_however_strongly_they_moved_the_parents(
    count: int, parents: int, least: int
) -> None:
    for row in rows(count, parents):
        assert row.z is not None
        assert row.z > 4
        assert (row.status, row.estimate, row.believed, row.grade) == ("not_identified", None, None, "correlated")
        assert row.notes[0].startswith(f"not identified: {count} experiments measured speed")
        assert row.would_take is not None
        assert row.would_take.experiments == least - count
        assert row.would_take.message.startswith(f"{least - count} more experiments")


@pytest.mark.parametrize(("count", "parents"), [(10, 1), (15, 2)])
def test_as_many_as_advised_give_an_estimate(count: int, parents: int) -> None:
    for row, truth in zip(rows(count, parents), SLOPES, strict=False):
        assert row.status == "estimated"
        assert row.grade == "tested"
        assert row.would_take is None
        assert row.estimate == pytest.approx(truth, abs=0.1)


def test_arms_that_share_a_control_are_one_experiment() -> None:
    (row,) = rows(18, 1, shared=2)
    assert row.status == "not_identified"
    assert row.notes[0].startswith("not identified: 9 experiments")


def test_an_experts_range_carries_the_link_until_then() -> None:
    (row,) = rows(4, 1, low=0.0)
    assert (row.status, row.grade, row.estimate) == ("opinion", "opinion", None)
    assert row.believed is not None
    assert row.believed[0] == pytest.approx(0.5)

"""Ranking of many initiatives: 10,000 draws x 1,000 initiatives x 10 factors, and what a change of weights costs.

Every initiative has a forecast of every factor, a tenth of them have been tested, too. What is timed: drawing the value
of all lines, ranking them (values, order, portfolios, acceptabilities, wins, confidence), and ranking them anew by
other weights: as a preview over 2,000 draws that are kept, and exactly. Memory is the peak of a process of its own.
Seconds depend on the machine and on who else uses it; the scaling does not.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.inputs import Inputs
from vitalfew.decide.options import pool_of
from vitalfew.decide.ranks import ranks
from vitalfew.decide.what_if import WhatIf
from vitalfew.results.rows import EffectRow, Interval, PromiseRow, Tables, WeightRow
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ((100, 10), (300, 10), (1_000, 3), (1_000, 10))
ROUNDS = 5


@dataclass(frozen=True)
class Timed:
    """Seconds, and the peak of memory in megabytes; `processor`: of drawing and ranking, all threads together."""

    inputs: float
    drawn: float
    ranked: float
    processor: float
    preview: float
    exact: float
    peak: float


def company(lines: int, factors: int) -> tuple[Definitions, Tables]:
    """Initiatives with forecasts of all factors, some of them tested."""
    rng = np.random.default_rng(1)
    names = [f"f{at}" for at in range(factors)]
    keys = [f"idea_{at}" for at in range(lines)]
    definitions = Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {name: {"source": "users", "column": name} for name in names},
            "factors": {name: {"range": [0.0, 1.0]} for name in names},
            "initiatives": {
                key: {"cost": {"p10": cost / 2, "p50": cost, "p90": 2 * cost}}
                for key, cost in zip(keys, rng.lognormal(1.5, 0.7, lines).tolist(), strict=True)
            },
            "experiments": {
                f"x_{key}": {"source": "users", "variant": "v", "initiative": key, "metrics": [names[0]]}
                for key in keys[::10]
            },
        }
    )
    middles = rng.normal(0.02, 0.05, (lines, factors))
    promises = tuple(
        PromiseRow(f"{key}_{name}", key, name, "all", m - 0.04, m, m + 0.05, 0.2, 4, locked_at="2026-01-01T00:00:00Z")
        for key, row in zip(keys, middles.tolist(), strict=True)
        for name, m in zip(names, row, strict=True)
    )
    effects = tuple(_effect(f"x_{key}", names[0], at) for at, key in enumerate(keys[::10]))
    weights = tuple(WeightRow(name, 1 / factors) for name in names)
    return definitions, Tables(promises=promises, effects=effects, weights=weights)


def _effect(experiment: str, metric: str, at: int) -> EffectRow:
    estimate, se = 0.01 + 0.001 * (at % 7), 0.01
    interval = Interval(0.95, estimate - 2 * se, estimate + 2 * se)
    return EffectRow(
        experiment,
        metric,
        1,
        None,
        "new",
        "old",
        estimate,
        se,
        (interval,),
        None,
        None,
        {"new": 1000, "old": 1000},
        {},
        "Welch",
        "fixed",
        "tested",
    )


def seconds(job: Callable[[], object], rounds: int = 1) -> float:
    """Wall-clock seconds of the fastest round."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        job()
        times.append(time.perf_counter() - began)
    return min(times)


def measure(lines: int, factors: int) -> Timed:
    """One size, in this process."""
    definitions, tables = company(lines, factors)
    began = time.perf_counter()
    inputs = Inputs.of(definitions, tables, date(2026, 6, 1), 1)
    ready, processor = time.perf_counter(), time.process_time()
    pool = pool_of(inputs)
    drawn = time.perf_counter()
    assert len(ranks(pool.options)) == lines
    ranked, processor = time.perf_counter(), time.process_time() - processor
    what_if = WhatIf(pool.options)
    other = np.arange(1, factors + 1) / (factors * (factors + 1) / 2)
    preview = seconds(lambda: what_if.standing(other, preview=True), ROUNDS)
    exact = seconds(lambda: what_if.standing(other))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Timed(ready - began, drawn - ready, ranked - drawn, processor, preview, exact, peak)


def main() -> None:
    """Print seconds by size."""
    names = ("factors", "inputs", "drawn", "ranked", "cpu", "preview", "exact")
    print(f"{'lines':>6} " + " ".join(f"{name:>8}" for name in names) + f" {'MB':>7}")
    context = multiprocessing.get_context("spawn")
    for lines, factors in SIZES:
        with context.Pool(1) as pool:
            found = pool.apply(measure, (lines, factors))
        times = (found.inputs, found.drawn, found.ranked, found.processor, found.preview, found.exact)
        print(f"{lines:>6} {factors:>8} " + " ".join(f"{each:>8.3f}" for each in times) + f" {found.peak:>7.0f}")


if __name__ == "__main__":
    main()

"""How reliable P(in the best portfolio) and P(in the vital set) are: the tables of docs/validation/ranks.md.

Companies are drawn, what they believe and what is true of them; a probability is reliable when, of all lines that get
it, that share turns out to belong. Then what the model takes for granted is broken: lines that move together, reaches
that are off, forecasters unlike others, few large winners among trifles.

Run: python tools/validate_ranks.py [COMPANIES]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.portfolio import best_portfolio, vital_set
from vitalfew.decide.ranks import standing
from vitalfew.decide.sampling import chances, forecast_draws
from vitalfew.decide.shrunk import shrunk
from vitalfew.judgement.calibration import Calibration, calibrated, drawn_calibration
from vitalfew.results.rows import PromiseRow
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COMPANIES, LINES, DRAWS = 1_000, 20, 1_000
EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
GREEDY_COMPANIES, HALF = 100, 0.5
Z90 = 1.2815515655446004


@dataclass(frozen=True)
class World:
    """How a company differs from what the model takes for granted."""

    name: str
    slope: float = 0.4
    shared: float = 0.0
    reach: float = 0.0
    calibrate: bool = True


WORLDS = (
    World("as assumed"),
    World("lines move together (correlation .4)", shared=0.4),
    World("reaches off by a factor of 1.6", reach=0.47),
    World("forecasters better than the prior (slope .8)", slope=0.8),
    World("forecasters worse than the prior (slope .1)", slope=0.1),
    World("as assumed, but forecasts taken as said", calibrate=False),
)


def candidates(world: World, seed: int) -> tuple[Floats, Floats]:
    """P(in the best portfolio) of the lines of one company, and whether they truly belong."""
    rng = np.random.default_rng([seed, 1])
    middle, spread = rng.normal(0.05, 0.1, LINES), rng.lognormal(-2.3, 0.4, LINES)
    costs = rng.lognormal(1.0, 0.7, (LINES, 1))
    known = drawn_calibration((), seed, DRAWS) if world.calibrate else Calibration.exactly(DRAWS)
    ends = zip(middle - Z90 * spread, middle, middle + Z90 * spread, strict=True)
    told = [PromiseRow("h", "i", "m", "all", *each, 0.0, 3) for each in ends]
    drawn = forecast_draws(told, np.array([chances(DRAWS, seed, str(at)) for at in range(LINES)])).astype(np.float64)
    noise = rng.standard_normal((LINES, DRAWS))
    values = calibrated(drawn, told, known, scales=[1.0] * LINES, noise=noise)
    slope = rng.normal(world.slope, 0.3 if world.slope == WORLDS[0].slope else 0.1)
    common = np.sqrt(world.shared) * rng.standard_normal() + np.sqrt(1 - world.shared) * rng.standard_normal(LINES)
    truth = (slope * middle + np.sqrt(2.0) * spread * common) * np.exp(world.reach * rng.standard_normal(LINES))
    budget = float(costs.sum() / 2)
    found = standing(values, np.broadcast_to(costs, (LINES, DRAWS)), budget).p_in
    return found, best_portfolio(truth[:, None], costs, budget)[:, 0].astype(np.float64)


@dataclass(frozen=True)
class Past:
    """How true values of shipped lines are spread, and the errors of what was measured."""

    name: str
    shared: float = 0.0
    few: bool = False
    heavy: bool = False
    shrink: bool = True


PASTS = (
    Past("values spread as a normal"),
    Past("errors move together (correlation .4)", shared=0.4),
    Past("values spread with fat tails (t, 3 degrees)", heavy=True),
    Past("a fifth large, the others next to nothing", few=True),
    Past("values spread as a normal, luck left in", shrink=False),
)


def shipped(past: Past, seed: int) -> tuple[Floats, Floats, tuple[float, float, float]]:
    """P(in the vital set) of shipped lines, whether they truly belong; true size of the set and its interval."""
    rng = np.random.default_rng([seed, 2])
    scale = rng.uniform(0.2, 1.5)
    raw = rng.standard_t(3, LINES) if past.heavy else rng.standard_normal(LINES)
    truth = rng.uniform(0, 1) + scale * raw
    if past.few:
        truth = np.where(np.arange(LINES) < LINES / 5, 5.0, 0.1)
    common = np.sqrt(past.shared) * rng.standard_normal() + np.sqrt(1 - past.shared) * rng.standard_normal(LINES)
    se = rng.lognormal(0, 0.4, LINES)
    drawn = (truth + se * common)[:, None] + se[:, None] * rng.standard_normal((LINES, DRAWS))
    members = vital_set(shrunk(drawn, seed) if past.shrink else drawn)
    low, high = np.quantile(members.sum(axis=0), [0.1, 0.9])
    belong = vital_set(truth[:, None])[:, 0].astype(np.float64)
    return members.mean(axis=1), belong, (float(belong.sum()), float(low), float(np.ceil(high)))


def reliability(told: Floats, true: Floats) -> str:
    """Mean probability told and share that belonged, bin by bin."""
    cells = []
    for low, high in pairwise(EDGES):
        inside = (told >= low) & ((told < high) | (high == EDGES[-1]))
        few = int(inside.sum()) < 50  # noqa: PLR2004 - a share of fewer says little
        cells.append("–" if few else f"{told[inside].mean():.2f} → {true[inside].mean():.2f}")
    return " | ".join(cells)


def error(told: Floats, true: Floats) -> float:
    """Mean distance between what was told and what came, over twentieths of the lines in order of what was told."""
    order = np.argsort(told, kind="stable")
    return float(np.mean([abs(told[part].mean() - true[part].mean()) for part in np.array_split(order, 20)]))


def gathered(make: Callable[[int], tuple[Floats, Floats]], companies: int) -> tuple[Floats, Floats]:
    """Probabilities and truths of all lines of all companies."""
    found = [make(seed) for seed in range(companies)]
    return np.concatenate([told for told, _ in found]), np.concatenate([true for _, true in found])


def equal_projects(companies: int) -> str:
    """31 projects of equal value and standard errors as large: what is said of them, with luck and without."""
    rows = []
    for name, shrink in (("without luck", True), ("luck left in", False)):
        counts, chances_ = [], []
        for seed in range(companies):
            rng = np.random.default_rng([seed, 3])
            drawn = rng.normal(1, 1, (31, 1)) + rng.standard_normal((31, DRAWS))
            members = vital_set(shrunk(drawn, seed) if shrink else drawn)
            counts.append(np.quantile(members.sum(axis=0), [0.1, 0.5, 0.9]))
            chances_.append(np.quantile(members.mean(axis=1), [0.1, 0.5, 0.9]))
        (low, k, high), (least, half, most) = np.mean(counts, axis=0), np.mean(chances_, axis=0)
        size = f"{k:.0f} ({low:.0f} to {high:.0f}) of 31"
        rows.append(f"| {name} | {size} | {half:.2f} (of most between {least:.2f} and {most:.2f}) |")
    return "\n".join(rows)


def exact(values: Floats, costs: NDArray[np.int64], budget: int) -> NDArray[np.bool_]:
    """The set worth most within the budget per draw, `(lines, draws)`, from costs in whole numbers.

    By dynamic programming over the money left, so that it owes nothing to greedy choice.
    """
    lines, draws = values.shape
    best, taken = np.zeros((budget + 1, draws)), np.zeros((lines, budget + 1, draws), dtype=bool)
    for at, cost in enumerate(costs.tolist()):
        if cost <= budget:
            with_it = best[: budget + 1 - cost] + values[at]
            np.greater(with_it, best[cost:], out=taken[at, cost:])
            best = np.concatenate([best[:cost], np.maximum(with_it, best[cost:])])
    chosen, left = np.zeros((lines, draws), dtype=bool), np.full(draws, budget)
    for at in range(lines - 1, -1, -1):
        chosen[at] = taken[at, left, np.arange(draws)]
        left -= np.where(chosen[at], costs[at], 0)
    return chosen


def greedy_against_exact(lines: int, seed: int) -> tuple[float, float, float]:
    """Of one company: largest error of P(in plan), share of lines on another side of 50 %, share of value lost."""
    rng = np.random.default_rng([seed, lines])
    costs = np.maximum(np.rint(10 * rng.lognormal(0, 0.8, lines)), 1).astype(np.int64)
    values = rng.normal(1, 1, (lines, 1)) + rng.standard_normal((lines, DRAWS))
    budget = int(costs.sum() // 2)
    greedy = best_portfolio(values, np.broadcast_to(costs[:, None].astype(np.float64), values.shape), budget)
    best = exact(values, costs, budget)
    told, true = greedy.mean(axis=1), best.mean(axis=1)
    lost = 1 - (values * greedy).sum() / (values * best).sum()
    return float(np.abs(told - true).max()), float(((told > HALF) != (true > HALF)).mean()), float(lost)


def greedy_table(companies: int) -> str:
    """What greedy choice costs, by number of lines."""
    rows = []
    for lines in (15, 25, 50, 100):
        off, other, lost = np.mean([greedy_against_exact(lines, seed) for seed in range(companies)], axis=0)
        rows.append(f"| {lines} | {off:.2f} | {percent(other, 1)} | {percent(lost, 2)} |")
    return "\n".join(rows)


def table(rows: Iterable[tuple[str, Floats, Floats, str]]) -> None:
    """Print one row per world."""
    heads = [f"{low:g} to {high:g}" for low, high in pairwise(EDGES)]
    print(f"| world | {' | '.join(heads)} | mean error | |\n|{'---|' * (len(heads) + 3)}")
    for name, told, true, more in rows:
        print(f"| {name} | {reliability(told, true)} | {error(told, true):.3f} | {more} |")


def main() -> None:
    """Print the tables."""
    companies = int(sys.argv[1]) if len(sys.argv) > 1 else COMPANIES
    table((world.name, *gathered(lambda seed, w=world: candidates(w, seed), companies), "") for world in WORLDS)  # type: ignore[misc]  # a default binds the loop's value
    print()
    rows = []
    for past in PASTS:
        found = [shipped(past, seed) for seed in range(companies)]
        within = np.mean([low <= k <= high for _, _, (k, low, high) in found])
        told, true = (np.concatenate([each[at] for each in found]) for at in (0, 1))
        rows.append((past.name, told, true, f"k within its interval: {percent(within)}"))
    table(rows)
    print(f"\n{equal_projects(companies)}\n\n{greedy_table(min(companies, GREEDY_COMPANIES))}")


if __name__ == "__main__":
    main()

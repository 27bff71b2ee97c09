"""Simulations behind "Vital few, redundancy, say and do" in docs/validation/decisions.md; prints its tables.

Run: .venv/bin/python tools/validate_vital_few.py [runs]   (200 runs: about three minutes)
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.chosen_for import chosen_for
from vitalfew.decide.say_do import Effort
from vitalfew.decide.true_correlation import Pairs, true_correlation
from vitalfew.decide.vital_factors import Stakes, alone, summary, way_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FACTORS = tuple("abcdefgh")
LINES, WEIGHT_DRAWS = 40, 100
QUIET, NOISES = 0.06, (0.0, 0.5, 1.0)
REDUNDANT = 0.8


def company(rng: np.random.Generator, vital: int, noise: float) -> tuple[Stakes, Stakes]:
    """Lines of which `vital` factors make the difference: as estimated with noise, and as they are."""
    size = np.where(np.arange(len(FACTORS)) < vital, 1.0, QUIET)
    true = rng.normal(0.2, 1.0, (LINES, len(FACTORS))) * size
    seen = true + noise * size * rng.normal(size=true.shape)
    costs = rng.lognormal(0, 0.5, LINES)
    weights = rng.dirichlet(np.full(len(FACTORS), 40.0), WEIGHT_DRAWS)
    budget = float(costs.sum()) * 0.3
    return Stakes(FACTORS, seen, costs, budget, weights), Stakes(FACTORS, true, costs, budget, weights)


def planted(runs: int) -> None:
    """How often the planted factors are those that are enough."""
    print("| planted | noise of effects | exactly these | all of them kept | mean k* |\n|---|---|---|---|---|")
    for vital in (1, 2, 3, 8):
        for noise in NOISES:
            found: Counter[str] = Counter()
            sizes = []
            for run in range(runs):
                seen, _ = company(np.random.default_rng([1, vital, run]), vital, noise)
                enough = min((s for s in way_down(seen) if s.is_enough()), key=lambda s: len(s.factors))
                kept, wanted = set(enough.factors), set(FACTORS[:vital])
                found.update({"exact": kept == wanted, "all": wanted <= kept})
                sizes.append(len(kept))
            exact, every = (found[name] / runs for name in ("exact", "all"))
            print(f"| {vital} of 8 | {noise:g} | {exact:.0%} | {every:.0%} | {np.mean(sizes):.1f} |")


def price(runs: int) -> None:
    """What a North Star is said to cost, and what deciding by it costs in truth."""
    print("\n| planted | noise of effects | price as computed | price in truth |\n|---|---|---|---|")
    for vital in (1, 2, 4):
        for noise in NOISES:
            said, true = [], []
            for run in range(runs):
                seen, real = company(np.random.default_rng([2, vital, run]), vital, noise)
                told = summary(alone(seen, ["a"]).regret)
                by_all = real.parts().sum(axis=0)
                chosen_seen = seen.funded(seen.parts().sum(axis=0))
                chosen_one = seen.funded(seen.parts()[0])
                worth_all = np.where(chosen_seen, by_all, 0.0).sum(axis=0).mean()
                worth_one = np.where(chosen_one, by_all, 0.0).sum(axis=0).mean()
                said.append(told.estimate if told else 0.0)
                true.append((worth_all - worth_one) / worth_all)
            print(f"| {vital} of 8 | {noise:g} | {np.mean(said):.0%} | {np.mean(true):.0%} |")


def redundant(runs: int) -> None:
    """How often a correlation of true effects is called redundant (0.8 or more)."""
    print(
        "\n| true | experiments | se / spread | errors' correlation | raw >= .8 | called redundant | mean | covered |"
    )
    print("|---|---|---|---|---|---|---|---|")
    cases = [
        (0.0, 20, 2.0, 0.9), (0.0, 60, 2.0, 0.9), (0.5, 20, 0.5, 0.5), (0.5, 20, 1.0, 0.9), (0.7, 40, 0.3, 0.3),
        (0.9, 40, 0.3, 0.3), (0.97, 20, 0.3, 0.3), (0.97, 40, 0.5, 0.5), (0.97, 40, 1.0, 0.0),
    ]  # fmt: skip
    for true, count, se, shared in cases:
        for known in (True, False):
            rng = np.random.default_rng([3, int(100 * true), count])
            raw, found = [], []
            for _ in range(runs):
                pairs = pairs_of(rng, true, count, se, shared, known=known)
                raw.append(float(np.asarray(np.corrcoef(pairs.estimates.T))[0, 1]))
                found.append(true_correlation(pairs))
            means = np.array([each.estimate for each in found if each])
            inside = np.mean([(each.low or 0) <= true <= (each.high or 0) for each in found if each])
            told = f"{shared:g}" if known else f"{shared:g}, not known"
            print(
                f"| {true:g} | {count} | {se:g} | {told} | {np.mean(np.abs(raw) >= REDUNDANT):.0%} | "
                f"{np.mean(np.abs(means) >= REDUNDANT):.0%} | {means.mean():.2f} | {inside:.0%} |"
            )


def pairs_of(rng: np.random.Generator, true: float, count: int, se: float, shared: float, *, known: bool) -> Pairs:
    """Estimates of two metrics whose true effects and errors correlate."""
    apart = [np.array([[1.0, rho], [rho, 1.0]]) for rho in (true, shared)]
    effects = rng.multivariate_normal([0.3, 0.2], apart[0], count)
    noise = se * rng.multivariate_normal([0, 0], apart[1], count)
    return Pairs(effects + noise, np.full((count, 2), se), np.full(count, shared if known else np.nan))


def revealed(runs: int) -> None:
    """How often the 80 % intervals of say and do hold what they speak of."""
    print("\n| interval of | lines | covered |\n|---|---|---|")
    true = np.array([0.5, 0.3, 0.2])
    for count in (3, 5, 10, 20, 40):
        rng = np.random.default_rng([4, count])
        hits = []
        for _ in range(10 * runs):
            spread = np.eye(3)[rng.choice(3, count, p=true)]
            effort = Effort(rng.lognormal(0, 0.6, count), spread)
            low, high = np.quantile(effort.shares(rng, 400), [0.1, 0.9], axis=1)
            low, high = np.minimum(low, effort.seen), np.maximum(high, effort.seen)
            hits.append((low <= true) & (true <= high))
        print(f"| share of effort | {count} | {np.mean(hits):.0%} |")
    for count in (20, 40, 120):
        rng = np.random.default_rng([5, count])
        inside = []
        for _ in range(10 * runs):
            slopes = rng.normal(0, 1.5, 3)
            scores = rng.normal(size=(count, 3))
            accepted = rng.random(count) < 1 / (1 + np.exp(-scores @ slopes))
            found = chosen_for(scores, accepted)
            intervals = [found.interval(at) for at in range(3)]
            pairs = zip(intervals, slopes, strict=True)
            inside += [(each.low or 0) <= slope <= (each.high or 0) for each, slope in pairs if each]
        print(f"| chosen for | {count} | {np.mean(inside):.0%} |")


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    planted(number)
    price(number)
    redundant(number)
    revealed(number)

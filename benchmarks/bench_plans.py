"""The plan of most value among 100 and 1,000 candidates with side constraints, beside a greedy choice.

Markets are drawn: value and cost lognormal, five teams with a capacity each, one in ten lines long-term with a minimum
share for these, prerequisites, exclusions and two guardrails. Printed per size: processor seconds of the search, how
near to the proved optimum it stopped, what the greedy choice within the same bounds takes and loses. Then how much of
the regret the sets built greedily find, and the order of work of one queue with prerequisites, against all orders.
"""

from __future__ import annotations

import time
from itertools import permutations

import numpy as np

from vitalfew.decide.milp import Bound, choose
from vitalfew.decide.plans_regret import best_in_hindsight, greedy_sets
from vitalfew.decide.sequence import Job, delay_cost, sequence

SIZES = {100: 30, 1_000: 6}
TEAMS, LATE, SHARE, NEEDS = 5, 0.1, 0.15, 0.3
SAME = 1e-9
EXACT, HINDSIGHT = 10, (12, 30, 100)
QUEUES, LONGEST = 200, 6

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def market(seed: int, lines: int, *, fenced: bool) -> tuple[Floats, Floats, list[Bound]]:
    """Value and cost of lines, `(lines,)` each, and what bounds a choice."""
    rng = np.random.default_rng([seed, lines])
    values, costs = rng.lognormal(0, 1, lines), rng.lognormal(1, 0.7, lines)
    team, late = rng.integers(0, TEAMS, lines), rng.random(lines) < LATE
    whole = float(costs.sum())
    bounds = [Bound("budget", "", "the budget", costs, 0.3 * whole)]
    bounds += [Bound("capacity", str(t), "a team", costs * (team == t), 0.08 * whole) for t in range(TEAMS)]
    if fenced:
        least = SHARE * costs
        bounds.append(Bound("share", "h3", "a minimum share", least - costs * late, 0.0, least, SHARE))
    for guard in range(2):
        losses = np.clip(rng.normal(-0.2, 1, lines), 0, None)
        bounds.append(Bound("guardrail", str(guard), "a guardrail", losses, 0.3 * float(losses.sum())))
    for pair in range(lines // 10):
        one, two = rng.choice(lines, 2, replace=False)
        row = np.zeros(lines)
        row[max(one, two)], row[min(one, two)] = 1.0, -1.0
        bounds.append(Bound("prerequisite", str(pair), "a prerequisite", row, 0.0))
    for pair in range(lines // 20):
        row = np.zeros(lines)
        row[rng.choice(lines, 2, replace=False)] = 1.0
        bounds.append(Bound("exclusion", str(pair), "an exclusion", row, 1.0))
    return values, costs, bounds


def timed(lines: int, rounds: int, *, fenced: bool) -> None:
    """Print how the search and the greedy choice do on some markets."""
    seconds, gaps, lost, quick, kept = [], [], [], [], 0
    for seed in range(rounds):
        values, costs, bounds = market(seed, lines, fenced=fenced)
        began = time.process_time()
        found = choose(values, bounds)
        seconds.append(time.process_time() - began)
        gaps.append(found.gap)
        began = time.process_time()
        greedy = greedy_sets(values[:, None], costs, bounds)[:, 0]
        quick.append(time.process_time() - began)
        if all(bound.is_kept(greedy) for bound in bounds):
            kept += 1
            lost.append(1 - values[greedy].sum() / found.value)
    fence = "with a minimum share" if fenced else "no minimum share"
    print(
        f"{lines:5,} lines, {fence}: search {np.median(seconds):.3f} s (worst {max(seconds):.3f} s), "
        f"gap at most {max(gaps):.3%}; greedy {1000 * np.median(quick):.1f} ms, inside the bounds {kept} of {rounds}, "
        f"loses {np.mean(lost):.2%} (worst {max(lost):.2%})"
    )


def hindsight(lines: int) -> None:
    """Print how much of the regret of a plan is found, against the exact best set of some draws."""
    found, exact, whole = [], [], []
    for seed in range(3):
        middle, costs, bounds = market(seed, lines, fenced=True)
        values = middle[:, None] * np.random.default_rng(seed).lognormal(-0.125, 0.5, (lines, 2_000))
        plan = choose(values.mean(axis=1), bounds).chosen
        held = values[plan, :EXACT].sum(axis=0)
        found.append((best_in_hindsight(values, costs, bounds, plan)[:EXACT] - held).mean())
        exact.append((np.array([choose(values[:, at], bounds).value for at in range(EXACT)]) - held).mean())
        whole.append(held.mean())
    share, regret = np.mean(found) / np.mean(exact), np.mean(exact) / np.mean(whole)
    print(f"{lines:5,} lines: {share:.0%} of the regret is found, which is {regret:.1%} of the plan's value")


def queues() -> None:
    """Print how often the order of work is the best of all orders, and what it costs where it is not."""
    rng, missed = np.random.default_rng(1), []
    for _ in range(QUEUES):
        jobs = [
            Job(str(at), float(rng.integers(1, 10)), float(rng.integers(0, 10)), None, _needs(rng, at))
            for at in range(int(rng.integers(2, LONGEST + 1)))
        ]
        missed.append(delay_cost(sequence(jobs)) / max(_cheapest(jobs), SAME) - 1)
    worse = [share for share in missed if share > SAME]
    worst = max(worse, default=0.0)
    print(f"order of one queue with prerequisites: best in {QUEUES - len(worse)} of {QUEUES}, worst {worst:.1%} dearer")


def _needs(rng: np.random.Generator, at: int) -> tuple[str, ...]:
    return tuple(str(earlier) for earlier in range(at) if rng.random() < NEEDS)


def _cheapest(jobs: list[Job]) -> float:
    """Least cost of delay over all orders."""
    best = float("inf")
    for order in permutations(jobs):
        end, cost = 0.0, 0.0
        done: set[str] = set()
        for job in order:
            if not done.issuperset(job.needs):
                cost = float("inf")
                break
            end += job.weeks
            cost += job.delay * end
            done.add(job.key)
        best = min(best, cost)
    return best


def main() -> None:
    """Run all of it."""
    choose(*market(0, 20, fenced=False)[::2])  # scipy is loaded once
    for lines, rounds in SIZES.items():
        for fenced in (False, True):
            timed(lines, rounds, fenced=fenced)
    for lines in HINDSIGHT:
        hindsight(lines)
    queues()


if __name__ == "__main__":
    main()

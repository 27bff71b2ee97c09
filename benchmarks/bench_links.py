"""Links between metrics from corpora of growing size: processor seconds and peak memory of estimate and intervals.

First 200 experiments on 12 metrics, beside a plain EM in numpy that stops as near to the highest likelihood as anyone
would look (0.01); the same where two stand far out; then a curve up to 5,000 experiments on 50 metrics, each size in a
process of its own. Printed: seconds of the joint fit, of the refits behind the intervals (15 fits; above 200,000
numbers of noise one step each), and of everything that `fit_links` does for the edges of the planted graph.
"""

from __future__ import annotations

import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from vitalfew.simulate.metric_graph import EDGES, SCENARIOS, corpus
from vitalfew.stats.effect_spread import fit_spread
from vitalfew.stats.link_fit import fit_corpus, fit_links

SIZES = ((50, 6), (200, 12), (500, 20), (1_000, 30), (2_000, 40), (5_000, 50))
GIGABYTE = 1024**2  # getrusage counts kilobytes
NEAR = 0.01
MOST_STEPS = 20_000

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def plain_em(effects: Floats, noise: Floats, aim: float) -> int:
    """The EM of the textbook, in units of typical noise, until the log-likelihood is near `aim`; steps taken."""
    unit = np.sqrt(np.median(noise.diagonal(axis1=1, axis2=2), axis=0))
    scaled, spread = effects / unit, noise / np.outer(unit, unit)
    matrix = np.eye(len(unit))
    shift = len(effects) * float(np.log(unit).sum())
    for step in range(1, MOST_STEPS + 1):
        total = matrix + spread
        inverse = np.linalg.inv(total)
        found = np.einsum("kij,kj->ki", inverse, scaled)
        size = np.linalg.slogdet(total)[1] + len(unit) * np.log(2 * np.pi)
        if -float((size + (found * scaled).sum(axis=1)).sum()) / 2 - shift > aim - NEAR:
            return step
        means = found @ matrix
        matrix = (means.T @ means) / len(effects) + matrix - matrix @ inverse.mean(axis=0) @ matrix
    return MOST_STEPS


def drawn(experiments: int, metrics: int) -> tuple[Floats, Floats]:
    """Effects as large as their noise, of half as many independent causes as there are metrics."""
    rng = np.random.default_rng([experiments, metrics])
    within = 0.5 * (np.eye(metrics) + 1)
    causes = rng.normal(size=(metrics, metrics // 2)) / np.sqrt(metrics // 2)
    sizes = np.exp(rng.normal(0, 0.5, experiments))
    errors = rng.normal(size=(experiments, metrics)) @ np.linalg.cholesky(within).T / np.sqrt(sizes)[:, None]
    return rng.normal(size=(experiments, metrics // 2)) @ causes.T + errors, within / sizes[:, None, None]


def beside_plain() -> str:
    """200 experiments on 12 metrics: our fit, the plain one, and everything for the links."""
    found = corpus(SCENARIOS["base"], 1)
    fit_spread(found.effects, found.noise)  # imports and caches are not what is compared
    began = time.process_time()
    spread = fit_spread(found.effects, found.noise)
    fitted = time.process_time()
    steps = plain_em(found.effects, found.noise, spread.log_likelihood)
    plain = time.process_time()
    fit_links(found.effects, found.noise, EDGES, weights=found.weights, within=found.within)
    ended = time.process_time()
    ours, theirs = fitted - began, plain - fitted
    return (
        f"200 x 12: joint fit {ours:.3f} s in {spread.iterations} steps; plain EM {theirs:.3f} s in {steps} steps, "
        f"{theirs / ours:.0f} times as long; links with intervals, checks and tests {ended - plain:.3f} s"
    )


def far_out(times: float, runs: int = 12) -> str:
    """Links as a run fits them, where two experiments are so many times as large: mean and slowest of some."""
    took = []
    for seed in range(runs):
        found = corpus(SCENARIOS["base"], seed)
        effects, sizes = found.effects.copy(), found.true_effects.std(axis=0)
        effects[:2] += times * np.random.default_rng(seed).normal(0, sizes, (2, len(sizes)))
        began = time.process_time()
        fit_links(effects, found.noise, EDGES, weights=found.weights, within=found.within, tails="far")
        took.append(time.process_time() - began)
    return f"two of them {times:g} times as large: links {np.mean(took):.3f} s, {max(took):.3f} s at most of {runs}"


def one_size(experiments: int, metrics: int) -> str:
    """Seconds and peak memory at one size."""
    effects, noise = drawn(experiments, metrics)
    began = time.process_time()
    spread = fit_spread(effects, noise)
    fitted = time.process_time()
    fit_corpus(effects, noise, fitted=spread)
    ended = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIGABYTE
    row = f"{experiments:>6,} x {metrics:<3} fit {fitted - began:7.2f} s in {spread.iterations:3} steps"
    return f"{row}, refits {ended - fitted:7.2f} s, peak {peak:5.2f} GB"


def main() -> None:
    """Print both parts."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processor seconds of one core
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        print(pool.submit(beside_plain).result())
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        for found in pool.map(far_out, (10, 100, 1_000)):
            print(found, flush=True)
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for experiments, metrics in SIZES:
            print(pool.submit(one_size, experiments, metrics).result(), flush=True)


if __name__ == "__main__":
    main()

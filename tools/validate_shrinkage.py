"""Writes the figures of docs/validation/shrinkage.md: effects without luck, proxies and predictions on planted truth.

python tools/validate_shrinkage.py [--runs 500] [--only single|joint|clickbait|surrogate|shop]
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from evidence.planted_corpora import TARGET, TODAY, defined, hidden, planted_corpus, with_new
from vitalfew.evidence.joint import joint_of
from vitalfew.evidence.predicted import BETWEEN_EXPERIMENTS, BETWEEN_USERS, predicted
from vitalfew.evidence.proxies import proxies
from vitalfew.evidence.shrinkage import shrinkage
from vitalfew.simulate.metric_graph import NAMES, Planted, true_effects
from vitalfew.stats.proxy import proxy_quality
from vitalfew.stats.scatter import scatter
from vitalfew.stats.surrogate import cross_fitted, long_run, misfit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.rows import Estimate, ProxyRow
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

WANTED = [*NAMES[8:11], TARGET]
USERS = np.array([0.4, 0.3])
RARE = 0.1
LAWS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda rng, count: rng.normal(size=count),
    "t, 3 degrees": lambda rng, count: rng.standard_t(3, count) / 3**0.5,
    "one in ten moves": lambda rng, count: np.where(rng.random(count) < RARE, rng.normal(0, 10**0.5, count), 0.0),
}


def holds(found: Estimate | None, truth: float) -> bool:
    """Whether an interval holds the truth."""
    return found is not None and found.low is not None and found.high is not None and found.low <= truth <= found.high


def single(runs: int) -> None:
    """Coverage of effects, of the spread and of the sum of wins, and luck left in it, by scatter and corpus."""
    print(
        "| scatter | effects | spread / error | effects held | spread held | sum of wins held | luck claimed | left |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, law in LAWS.items():
        for count in (5, 20, 100):
            for size in (0.5, 2.0):
                print(_single_row(name, law, count, size, runs), flush=True)


def _single_row(
    name: str, law: Callable[[np.random.Generator, int], Floats], count: int, size: float, runs: int
) -> str:
    rng = np.random.default_rng(count)
    rows = []
    for _ in range(runs):
        truth = size * law(rng, count)
        se = rng.uniform(0.7, 1.4, count)
        seen = truth + se * rng.normal(size=count)
        found = scatter(seen, se)
        won = seen > 1.96 * se
        mean, low, high = found.total(won.astype(float))
        real = truth[won].sum()
        inside = np.mean((found.intervals[:, 0] <= truth) & (truth <= found.intervals[:, 1]))
        spread = (found.low or 0.0) <= size <= (found.high or 0.0)
        rows.append((inside, spread, low <= real <= high if won.any() else np.nan, seen[won].sum() - real, mean - real))
    held = np.nanmean(np.array(rows, dtype=float), axis=0)
    shares = " | ".join(f"{share:.3f}" for share in held[:3])
    return f"| {name} | {count} | {size} | {shares} | {held[3]:+.2f} | {held[4]:+.2f} |"


def joint(runs: int) -> None:
    """What all metrics at once give: coverage, gain over one metric alone, proxies, hidden effects."""
    print(
        "| experiments | effects held | sums of wins held | error against one metric alone | hidden effects held |",
        end="",
    )
    print(" quality of the proxy held |")
    print("|---|---|---|---|---|---|")
    for count in (60, 200):
        found = np.array([_joint_run(count, seed) for seed in range(runs)], dtype=float)
        held = np.nanmean(found, axis=0)
        error = found[:, 2].sum() / found[:, 3].sum()
        row = (held[0], held[1], error, held[4], held[5])
        print(f"| {count} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)


def _joint_run(count: int, seed: int) -> tuple[float, ...]:
    planted = Planted(experiments=count, links=(0.5, 0.2, -0.3))
    known = defined(planted)
    whole, truth = planted_corpus(planted, seed)
    corpus = whole.only(np.ones(count, dtype=bool), WANTED)
    real = truth.true_effects[:, 8:]
    fitted = joint_of(corpus)
    spreads, rows = shrinkage(known, corpus, fitted)
    at = {name: g for g, name in enumerate(WANTED)}
    inside = np.mean([holds(row.shrunk, real[int(row.experiment[1:]), at[row.metric]]) for row in rows])
    sums = np.mean([holds(row.expected, _won(corpus.effects, corpus.noise, real, at[row.metric])) for row in spreads])
    own = [row.shrunk.estimate for row in rows if row.metric == TARGET]
    place = corpus.at(TARGET)
    alone = scatter(corpus.effects[:, place], np.sqrt(corpus.noise[:, place, place])).means
    errors = [float(np.sum((np.array(values) - real[:, -1]) ** 2)) for values in (own, alone)]
    return (float(inside), float(sums), *errors, *_foretold(corpus, real, known))


def _won(effects: Floats, noise: Floats, real: Floats, at: int) -> float:
    won = effects[:, at] > 1.959964 * np.sqrt(noise[:, at, at])
    return float(real[won, at].sum())


def _foretold(corpus: EffectCorpus, real: Floats, known: Definitions) -> tuple[float, float]:
    """Hidden effects held, and quality of the best proxy held."""
    blind = hidden(corpus, TARGET, np.arange(0, len(corpus), 4))
    fitted = joint_of(blind)
    rows = [row for row in predicted(known, blind, fitted) if row.method == BETWEEN_EXPERIMENTS]
    inside = [holds(row.predicted, real[int(row.experiment[1:]), -1]) for row in rows if row.measured is None]
    early = proxies(known, blind, fitted, TODAY)
    several = [row for row in early if len(row.weights) > 1 and TARGET not in row.weights]
    held = [holds(row.quality, _true_quality(corpus, row)) for row in several]
    return float(np.mean(inside)) if inside else np.nan, float(held[0]) if held else np.nan


def clickbait(runs: int) -> None:
    """A new experiment with 50,000 users per arm raises clicks by .12 and will cost .036: what is foretold of it."""
    print("| past experiments | foretold effect | said to be harmful | so with 95 % | users foretell |")
    print("|---|---|---|---|---|")
    for count in (100, 300):
        found = np.array([_clickbait_run(count, seed) for seed in range(runs)])
        middle = np.median(found[:, 0])
        below, surely, users = (found[:, 0] < 0).mean(), (found[:, 1] < 0).mean(), np.nanmedian(found[:, 2])
        print(f"| {count} | {middle:+.3f} | {below:.2f} | {surely:.2f} | {users:+.3f} |", flush=True)


def _clickbait_run(count: int, seed: int) -> tuple[float, float, float]:
    planted = Planted(experiments=count, links=(0.5, 0.2, -0.3))
    whole, _ = planted_corpus(planted, seed)
    past = whole.only(np.ones(count, dtype=bool), WANTED)
    now = with_new(past, np.array([0.0, 0.0, 0.12, -0.036]), 50_000, seed)
    late = defined(planted, **{TARGET: {"timeliness": "lagging"}})
    rows = {row.method: row.predicted for row in predicted(late, now, joint_of(now)) if row.experiment == "new"}
    told, users = rows.get(BETWEEN_EXPERIMENTS), rows.get(BETWEEN_USERS)
    if told is None or told.high is None:
        return np.nan, np.nan, np.nan
    return told.estimate, told.high, np.nan if users is None else users.estimate


def _true_quality(corpus: EffectCorpus, row: ProxyRow) -> float:
    names = list(row.weights)
    at = [WANTED.index(name) for name in (*names, TARGET)]
    noise = corpus.within[np.ix_(at, at)] * 2 / row.users_per_arm
    weights = np.array([row.weights[name] for name in names])
    return proxy_quality(TRUE_SPREAD[np.ix_(at, at)], noise, list(range(len(names))), len(names), weights)


def _true_spread() -> Floats:
    """Covariance of true effects on the four metrics, from many draws."""
    drawn = true_effects(Planted(links=(0.5, 0.2, -0.3)), np.random.default_rng(0), 40_000)[:, 8:]
    return np.asarray(drawn.T @ drawn / len(drawn))


TRUE_SPREAD = _true_spread()


def surrogate(runs: int) -> None:
    """Coverage of the surrogate index, when surrogacy holds and when it does not."""
    print("| effects that go round the index (s.d.) | held, misfit counted | held without it |")
    print("|---|---|---|")
    for around in (0.0, 0.05, 0.1):
        rng = np.random.default_rng(7)
        held = np.array([_surrogate_run(rng, around) for _ in range(runs)], dtype=float).mean(axis=0)
        print(f"| {around} | {held[0]:.3f} | {held[1]:.3f} |", flush=True)


def _surrogate_run(rng: np.random.Generator, around: float, count: int = 21, units: int = 400) -> tuple[bool, bool]:
    inner = np.array([[1.0, 0.4], [0.4, 1.0]])
    truth = rng.normal(0, 0.05, (count, 3))
    truth[:, 2] = truth[:, :2] @ USERS + rng.normal(0, around, count)
    within, seen = np.empty((count, 3, 3)), np.empty((count, 3))
    for k in range(count):
        early = rng.multivariate_normal(np.zeros(2), inner, (2, units))
        both = np.concatenate([early, early @ USERS[:, None] + rng.normal(size=(2, units, 1))], axis=2)
        seen[k] = truth[k] + both[1].mean(axis=0) - both[0].mean(axis=0)
        within[k] = (np.cov(both[0], rowvar=False) + np.cov(both[1], rowvar=False)) / 2
    indexes = cross_fitted(within, np.full(count, 2.0 * units - 2))
    noise = within * 2 / units
    missed = misfit(indexes[:-1], seen[:-1], noise[:-1])[0] or 0.0
    found = long_run(indexes[-1], seen[-1, :2], noise[-1][:2, :2], missed)
    bare = replace(found, misfit=0.0)
    away = abs(found.estimate - truth[-1, 2])
    return away <= 1.96 * found.se, away <= 1.96 * bare.se


def shop(_: int) -> None:
    """The experiments of a fashion shop (ASOS), where VITALFEW_DATA says where they are."""
    import duckdb

    folder = os.environ.get("VITALFEW_DATA")
    if folder is None:
        print("VITALFEW_DATA is not set")
        return
    path = Path(folder) / "asos_experiments" / "asos_digital_experiments_dataset.parquet"
    rows = (
        duckdb.connect()
        .execute(f"""
        SELECT metric_id, count_c, count_t, mean_t - mean_c, variance_c, variance_t FROM '{path}'
        WHERE variance_c IS NOT NULL AND variance_t IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY experiment_id, variant_id, metric_id ORDER BY time_since_start DESC) = 1
    """)
        .fetchall()
    )
    print("| metric | effects | spread (user-SD) | tail | wins | claimed | without luck |")
    print("|---|---|---|---|---|---|---|")
    for metric in sorted({row[0] for row in rows}):
        n_c, n_t, effect, v_c, v_t = np.array([row[1:] for row in rows if row[0] == metric], dtype=float).T
        sd = np.sqrt((n_c * v_c + n_t * v_t) / (n_c + n_t))
        y, se = effect / sd, np.sqrt(v_c / n_c + v_t / n_t) / sd
        found, won = scatter(y, se), y > 1.959964 * se
        left = "{:.3f} ({:.3f} to {:.3f})".format(*found.total(won.astype(float)))
        spread = f"{found.spread:.4f} ({found.low:.4f} to {found.high:.4f})"
        print(f"| {metric} | {len(y)} | {spread} | {found.tail} | {won.sum()} | {y[won].sum():.3f} | {left} |")


PARTS: dict[str, Callable[[int], None]] = {
    "single": single,
    "joint": joint,
    "clickbait": clickbait,
    "surrogate": surrogate,
    "shop": shop,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--only", choices=PARTS)
    asked = parser.parse_args()
    for part, write in PARTS.items():
        if asked.only in (None, part):
            write(asked.runs)
            print()

"""How well intervals of links hold with few experiments that moved the parents strongly: coverage by simulation.

Prints a Markdown table: a row per kind of effects and number of parents, a column per number of experiments; in
brackets the share of corpora whose strength z is above 4. Behind `FEWEST` in `evidence/downgrades.py`; parts of it are
shown in docs/explanation/links-between-metrics.md.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vitalfew.errors import VitalfewError
from vitalfew.evidence.link_families import BEYOND
from vitalfew.stats.link_fit import fit_links

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COUNTS = (4, 5, 6, 8, 10, 12, 15, 20)
_SLOPES = np.array([0.5, -0.3, 0.2])
_NOISE, _CORRELATION = 0.02, 0.5  # of an effect, in standard deviations of units; between metrics


class Kind(NamedTuple):
    """How experiments move parents.

    Attributes:
        touched: the share that do at all.
        size: sd of the effect if they do.
        tail: degrees of freedom of an experiment's size; None: normal effects.
        around: sd of what it does to the child otherwise, beside its size.
    """

    name: str
    touched: float
    size: float
    tail: float | None = None
    around: float = 0.0


KINDS = (
    Kind("all moved alike", 1.0, 0.1),
    Kind("half of them moved it", 0.5, 0.14),
    Kind("fat tails (t3)", 1.0, 0.06, 3.0),
    Kind("fat tails, large changes do more otherwise", 1.0, 0.06, 3.0, 0.3),
)


def corpus(rng: np.random.Generator, kind: Kind, experiments: int, parents: int) -> tuple[Floats, Floats]:
    """Effects `(K, p + 1)`, child last, and their noise; paths round the parents as large as the noise."""
    touched = rng.random((experiments, parents)) < kind.touched
    size = kind.size * np.ones((experiments, 1))
    if kind.tail is not None:
        size /= np.sqrt(rng.chisquare(kind.tail, (experiments, 1)) / kind.tail)
    moved = size * rng.normal(size=touched.shape) * touched + rng.normal(0, 0.1 * kind.size, touched.shape)
    otherwise = np.hypot(_NOISE, kind.around * size[:, 0]) * rng.normal(size=experiments)
    child = moved @ _SLOPES[:parents] + otherwise
    users = np.exp(rng.normal(0, 0.5, experiments))
    shape = _NOISE**2 * (_CORRELATION + (1 - _CORRELATION) * np.eye(parents + 1))
    noise = shape / users[:, None, None]
    errors = np.linalg.cholesky(noise) @ rng.normal(size=(experiments, parents + 1, 1))
    return np.column_stack([moved, child]) + errors[:, :, 0], noise


def cell(kind: Kind, experiments: int, parents: int, runs: int, seed: int) -> tuple[float, float]:
    """Share of 95 % intervals that hold the slope, and share of corpora with z above 4."""
    held, strong = 0, 0
    for run in range(runs):
        effects, noise = corpus(np.random.default_rng((seed, run)), kind, experiments, parents)
        try:
            link = fit_links(effects, noise, [(parents, tuple(range(parents)))])[0]
        except VitalfewError:
            continue
        if link.z <= 4:  # noqa: PLR2004 - an estimate from there on
            continue
        low, high = link.intervals()[0]
        strong += 1
        held += bool(low <= _SLOPES[0] <= high)
    return held / max(strong, 1), strong / runs


def _shown(kind: Kind, experiments: int, parents: int, runs: int) -> str:
    if experiments < parents + BEYOND:
        return "-"
    held, strong = cell(kind, experiments, parents, runs, experiments)
    return f"{held:.1%} ({strong:.0%})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--counts", type=int, nargs="*", default=COUNTS)
    parser.add_argument("--kinds", type=int, nargs="*", default=range(len(KINDS)), help="rows by number")
    given = parser.parse_args()
    print(f"| effects | parents | {' | '.join(f'K = {count}' for count in given.counts)} |")
    print("|---|---|" + "---|" * len(given.counts))
    for kind in (KINDS[at] for at in given.kinds):
        for parents in (1, 2, 3):
            cells = [_shown(kind, count, parents, given.runs) for count in given.counts]
            print(f"| {kind.name} | {parents} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

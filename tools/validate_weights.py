"""How often the 80 % intervals of weights hold the true weights of a simulated group.

Prints the table of docs/validation/weights.md; `python tools/validate_weights.py 2000` takes some minutes. Truth: log
weights of the group are normal with sd 1; persons lie around them with sd tau, answers around persons with sd sigma.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.answers import BestWorst, Judgement
from vitalfew.judgement.posterior import posterior, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 1_000


@dataclass(frozen=True)
class Setting:
    """A kind of group: how many people weigh how many factors, by which method, how alike and how carefully.

    `tau` and `sigma` None: drawn from the prior for each group. `gaps`: share of answers left out.
    """

    title: str
    people: int = 7
    factors: int = 8
    method: str = "swing"
    tau: float | None = 0.5
    sigma: float | None = 0.35
    gaps: float = 0.0
    groups: int = 1


SETTINGS = (
    Setting("swing, 7 people, 8 factors"),
    Setting("the same with 2 ratio checks each", method="checked"),
    Setting("best-worst, 7 people, 8 factors", method="best_worst"),
    Setting("all pairs, 7 people, 5 factors", method="pairs", factors=5),
    Setting("swing, a quarter left out", gaps=0.25),
    Setting("swing, 3 people, 4 factors", people=3, factors=4),
    Setting("swing, 14 people, 10 factors", people=14, factors=10),
    Setting("swing, people much alike (tau 0.2)", tau=0.2),
    Setting("swing, people far apart (tau 1)", tau=1.0),
    Setting("swing, 10 people in 2 groups of equal share", people=10, groups=2),
    Setting("swing, tau and sigma as the prior says", tau=None, sigma=None),
)


def simulated(setting: Setting, rng: np.random.Generator) -> tuple[Floats, list[Judgement], list[int]]:
    """True weights of a group, what its people said, and the group of raters of each."""
    tau = abs(rng.normal(0, 0.7)) if setting.tau is None else setting.tau
    sigma = 0.3 * np.exp(rng.normal(0, 0.6)) if setting.sigma is None else setting.sigma
    middle = rng.normal(0, 1, (setting.groups, setting.factors))
    side = [person % setting.groups for person in range(setting.people)]
    said = [
        _answer(str(person), middle[side[person]] + rng.normal(0, tau, setting.factors), sigma, setting, rng)
        for person in range(setting.people)
    ]
    centred = middle - middle.mean(axis=1, keepdims=True)
    return softmax(centred.mean(axis=0)[:, None])[:, 0], said, side


def _answer(name: str, logs: Floats, sigma: float, setting: Setting, rng: np.random.Generator) -> Judgement:
    count = setting.factors
    if setting.method == "pairs":
        pairs = [(a, b) for a in range(count) for b in range(a)]
    elif setting.method == "checked":
        pairs = [(int(a), int(b)) for a, b in (rng.choice(count, 2, replace=False) for _ in range(2))]
    else:
        pairs = []
    times = {(a, b): float(np.exp(logs[a] - logs[b] + rng.normal(0, sigma))) for a, b in pairs}
    ratios = [(str(a), str(b), value) for (a, b), value in times.items()]
    if setting.method == "pairs":
        return Judgement(name, ratios=ratios)
    if setting.method == "best_worst":
        return Judgement(name, best_worst=_extremes(logs, sigma, rng))
    kept = [at for at in range(count) if rng.random() >= setting.gaps]
    kept = kept if len(kept) > 1 else list(range(count))
    return Judgement(name, {str(at): float(np.exp(logs[at] + rng.normal(0, sigma))) for at in kept}, ratios)


def _extremes(logs: Floats, sigma: float, rng: np.random.Generator) -> BestWorst:
    best, worst = int(logs.argmax()), int(logs.argmin())

    def times(a: int, b: int) -> float:
        return float(np.exp(logs[a] - logs[b] + rng.normal(0, sigma)))

    others = [at for at in range(len(logs)) if at not in (best, worst)]
    to_others = {str(at): times(best, at) for at in (*others, worst)}
    return BestWorst(str(best), str(worst), to_others, {str(at): times(at, worst) for at in others})


def coverage(setting: Setting, runs: int, seed: int = 1) -> tuple[float, float, float]:
    """Share of intervals that hold the true weight, their mean width, and the mean total variation of the centre."""
    rng = np.random.default_rng(seed)
    chooser, normals = rng.uniform(size=DRAWS), rng.standard_normal((setting.factors, DRAWS))
    names = [str(at) for at in range(setting.factors)]
    held, width, error = 0.0, 0.0, 0.0
    for _ in range(runs):
        truth, said, side = simulated(setting, rng)
        found = posterior(said, names, side, [1.0] * setting.groups).consensus
        low, high = np.quantile(found.draw(chooser, normals), (0.1, 0.9), axis=1)
        held += ((low <= truth) & (truth <= high)).mean()
        width += (high - low).mean()
        error += np.abs(found.centre - truth).sum() / 2
    return held / runs, width / runs, error / runs


def table(runs: int) -> str:
    """A row per setting."""
    rows = ["| group | intervals that hold the truth | mean width | error of the centre |", "|---|---|---|---|"]
    for setting in SETTINGS:
        held, width, error = coverage(setting, runs)
        rows.append(f"| {setting.title} | {held:.1%} | {width:.3f} | {error:.3f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000))

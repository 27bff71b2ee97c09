"""Simulations that hold the inference modes to their promises; prints the tables of docs/validation/inference.md.

`python tools/validate_inference.py` runs 10,000 simulations per line from fixed seeds, in a few minutes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats import always_valid, group_sequential
from vitalfew.stats.designs import Design, chance_of, drift_needed, path_of
from vitalfew.stats.phases import phases
from vitalfew.stats.sample_sizes import FAILED_BELOW
from vitalfew.stats.sequential_ratio import FAILED_BELOW as SEQUENTIAL_FAILED_BELOW
from vitalfew.stats.sequential_ratio import log_evidence
from vitalfew.stats.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draw = Callable[[np.random.Generator, int, int], tuple[Floats, Floats]]

RUNS = 10_000
SEED = 20_260_102
_CHUNK = 500
SESSIONS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """A measured share; `most` and `least` are what was promised, None when it is only told."""

    what: str
    share: float
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return (self.most is None or self.share <= self.most) and (self.least is None or self.share >= self.least)


def normal(rng: np.random.Generator, runs: int, units: int) -> tuple[Floats, Floats]:
    """Values of units and no denominator worth the name."""
    return rng.normal(10.0, 1.0, (runs, units)), np.ones((1, 1))


def exponential(rng: np.random.Generator, runs: int, units: int) -> tuple[Floats, Floats]:
    """Skewness 2."""
    return rng.exponential(1.0, (runs, units)), np.ones((1, 1))


def proportion(rng: np.random.Generator, runs: int, units: int) -> tuple[Floats, Floats]:
    """Five in a hundred do."""
    return (rng.random((runs, units)) < 0.05).astype(np.float64), np.ones((1, 1))  # noqa: PLR2004 - the share


def ratio(rng: np.random.Generator, runs: int, units: int) -> tuple[Floats, Floats]:
    """Clicks per session: one to ten sessions per user, users alike with an intraclass correlation of 0.1."""
    sessions = rng.integers(1, SESSIONS + 1, (runs, units)).astype(np.float64)
    clicks = rng.binomial(sessions.astype(np.int64), rng.beta(1.8, 7.2, (runs, units)))
    return clicks.astype(np.float64), sessions


KINDS: dict[str, Draw] = {
    "normal": normal,
    "exponential (skewness 2)": exponential,
    "proportion of 5 %": proportion,
    "ratio, 1 to 10 sessions": ratio,
}


def looks_at(draw: Draw, rng: np.random.Generator, runs: int, at: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Difference and standard error when each arm has `at` units, `(runs, looks)` each, from the raw values."""
    arms = [_running(*draw(rng, runs, int(at[-1])), at) for _ in range(2)]
    return arms[1][0] - arms[0][0], np.sqrt(arms[0][1] + arms[1][1])


def _running(y: Floats, x: Floats, at: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Mean or ratio, and its squared standard error, after each number of units."""

    def so_far(values: Floats) -> Floats:
        return np.cumsum(values, axis=1)[:, at - 1] / at

    rest = at - 1
    if x.size == 1:
        mean = so_far(y)
        return mean, (so_far(y * y) - mean**2) / rest
    mean_y, mean_x = so_far(y), so_far(x)
    level = mean_y / mean_x
    spread = so_far(y * y) - 2 * level * so_far(x * y) + level**2 * so_far(x * x)
    return level, spread / mean_x**2 / rest


def _chunks(runs: int) -> Iterator[int]:
    yield from (min(_CHUNK, runs - done) for done in range(0, runs, _CHUNK))


def any_look(
    draw: Draw, at: NDArray[np.int64], planned: float, seed: int, runs: int = RUNS, *, one_sided: bool = False
) -> float:
    """Share of A/A experiments called significant at any look; one-sided: a guardrail that lies on its margin."""
    rng = np.random.default_rng([SEED, seed])
    alarms = 0
    for size in _chunks(runs):
        estimate, se = looks_at(draw, rng, size, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            judge = always_valid.one_sided_p_values if one_sided else always_valid.p_values
            p_values = judge(estimate, se, 2.0 * at, planned)
        alarms += int(np.sum(np.nanmin(np.where(se > 0, p_values, 1.0), axis=1) <= 0.05))  # noqa: PLR2004 - the level
    return alarms / runs


SCHEDULES: dict[str, NDArray[np.int64]] = {
    "14 daily looks": np.arange(1, 15) * 100,
    "60 daily looks": np.arange(1, 61) * 30,
    "a look at every unit": np.arange(50, 1501),
}


def always_valid_alarms(runs: int = RUNS) -> list[Line]:
    """Any-look false positives of the always-valid mode at .05, and of fixed tests looked at daily."""
    lines = []
    for number, (kind, draw) in enumerate(KINDS.items()):
        for at_seed, (looks, at) in enumerate(SCHEDULES.items()):
            for part, share in (("", 1.0), (", tuned at a tenth", 0.1)):
                found = any_look(draw, at, 2.0 * at[-1] * share, 10 * number + at_seed, runs)
                lines.append(Line(f"{kind}, {looks}{part}", found, 0.057))
            guardrail = any_look(draw, at, 2.0 * at[-1], 10 * number + at_seed + 100, runs, one_sided=True)
            lines.append(Line(f"{kind}, {looks}, one-sided (non-inferiority)", guardrail, 0.057))
    return lines


def drifting(drift: float, looks: int, rng: np.random.Generator, runs: int) -> tuple[Floats, Floats]:
    """Z statistics at equal looks `(runs, looks)` of experiments with this expected z at the last, and the shares."""
    shares = np.arange(1, looks + 1) / looks
    steps = rng.normal(drift / looks, np.sqrt(1 / looks), (runs, looks))
    return np.cumsum(steps, axis=1) / np.sqrt(shares), shares


def power_of_modes(runs: int = RUNS) -> list[Line]:
    """Power of the modes with the units of a fixed test of power .8, and with their own."""
    lines = []
    fixed = float(drift_needed(Design()))
    designs = {
        "always valid, 28 looks": Design("always_valid"),
        "group sequential, 5 looks": Design("group_sequential"),
    }
    for number, (name, design) in enumerate(designs.items()):
        for what, drift in (("units of the fixed test", fixed), ("its own units", float(drift_needed(design)))):
            path = path_of(design)
            rng = np.random.default_rng([SEED, 500 + number])
            z, _ = drifting(drift, len(path.shares), rng, runs)
            found = float(np.mean(first_crossing(z, path.low, path.high) > 0))
            said = float(chance_of(drift, design))
            spread = 3.3 * np.sqrt(said * (1 - said) / runs)
            lines.append(Line(f"{name}, {what} (computed {said:.3f})", found, said + spread, said - spread))
    return lines


def first_crossing(z: Floats, low: tuple[float, ...], high: tuple[float, ...]) -> NDArray[np.int64]:
    """Look at which each path first leaves the boundaries: k for above, -k for below, 0 for never; `(runs,)`."""
    out = np.where(z > np.array(high), 1, np.where(z < np.array(low), -1, 0))
    at = np.argmax(out != 0, axis=1)
    return np.take_along_axis(out, at[:, None], axis=1)[:, 0] * (at + 1)


def group_sequential_lines(runs: int = RUNS) -> list[Line]:
    """False positives over all looks, and stage-wise p-values at the truth, which must be uniform."""
    lines = []
    for number, spending in enumerate(("obrien_fleming", "pocock")):
        for drift in (0.0, 2.5):
            shares = np.array([0.15, 0.4, 0.55, 0.9, 1.0])
            high = group_sequential.boundaries(list(shares), 0.05, "pocock" if number else "obrien_fleming")
            rng = np.random.default_rng([SEED, 600 + number])
            steps = np.diff(np.concatenate([[0.0], shares]))
            z = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (runs, 5)), axis=1) / np.sqrt(shares)
            path = walk(list(shares), [-bound for bound in high], high, drift)
            first = first_crossing(z, path.low, path.high)
            if drift == 0:
                lines.append(
                    _about(f"{spending}, 5 unequal looks, nothing changed", float(np.mean(first != 0)), 0.05, runs)
                )
            chances = stagewise(z, first, path, drift)
            for level in (0.025, 0.5, 0.975):
                what = f"{spending}, drift {drift}: truth below the {level:.1%} bound"
                lines.append(_about(what, float(np.mean(chances <= level)), level, runs))
    return lines


def stagewise(z: Floats, first: NDArray[np.int64], path: object, drift: float) -> Floats:
    """Probability, at the true drift, of a result at least as high as each one, by stages; `(runs,)`."""
    assert isinstance(path, type(walk([1.0], [0.0], [0.0])))  # noqa: S101 - one class of paths
    up, down = path.crossing(drift)
    last = len(path.shares) - 1
    found = np.empty(len(z))
    for run, (crossed, row) in enumerate(zip(first, z, strict=True)):
        look = abs(int(crossed)) - 1 if crossed else last
        front, share = path.fronts[look], path.shares[look]
        if crossed < 0:
            found[run] = 1 - down[:look].sum() - float(front.below(share, float(row[look]), drift))
        else:
            found[run] = up[:look].sum() + float(front.above(share, float(row[look]), drift))
    return found


def _about(what: str, share: float, target: float, runs: int) -> Line:
    spread = 3.3 * np.sqrt(target * (1 - target) / runs)
    return Line(what, share, target + spread, target - spread)


def ratio_alarms(runs: int = RUNS) -> list[Line]:
    """Sound assignments that the sequential sample-ratio test suspects on any of 60 days."""
    lines = []
    for number, (plan, per_day) in enumerate(
        (([0.5, 0.5], 1_000), ([0.1, 0.9], 1_000), ([1 / 3] * 3, 300), ([0.5, 0.5], 20))
    ):
        lost = daily_evidence(plan, [0.0] * len(plan), per_day, 60, runs, number)
        for level in (0.05, 0.01, SEQUENTIAL_FAILED_BELOW):
            share = float(np.mean(lost.max(axis=1) >= -np.log(level)))
            split = " : ".join(f"{part:.0%}" for part in plan)
            lines.append(
                Line(f"{split}, {per_day:,} units a day, level {level}", share, level + 3.3 * np.sqrt(level / runs))
            )
    return lines


def daily_evidence(plan: list[float], loss: list[float], per_day: int, days: int, runs: int, seed: int) -> Floats:
    """Log evidence of every day `(runs, days)` when arms lose shares of their units."""
    rng = np.random.default_rng([SEED, 700 + seed])
    kept = np.array(
        [rng.poisson(per_day * share * (1 - gone), (runs, days)) for share, gone in zip(plan, loss, strict=True)]
    )
    return log_evidence(np.moveaxis(np.cumsum(kept, axis=2), 0, -1), plan)


def ratio_power(runs: int = 2_000) -> list[tuple[str, float, float, float]]:
    """Loss in one of two equal arms, units: found by one test at the end, by the sequential test ever, and when."""
    from scipy.special import ndtr, ndtri

    rows = []
    days = 28
    for loss in (0.01, 0.02, 0.05, 0.1):
        for units in (5_000, 20_000, 50_000, 200_000, 1_000_000):
            evidence = daily_evidence([0.5, 0.5], [0.0, loss], units // days, days, runs, 50)
            found = evidence >= -np.log(SEQUENTIAL_FAILED_BELOW)
            shift = np.sqrt(units) * (0.5 - (1 - loss) / (2 - loss)) / 0.5
            once = float(ndtr(shift + ndtri(FAILED_BELOW / 2)))
            when = float(np.median(np.argmax(found[found.any(axis=1)], axis=1) + 1)) if found.any() else np.nan
            rows.append((f"{loss:.0%} of {units:,}", once, float(found.any(axis=1).mean()), when))
    return rows


SERIES: dict[str, tuple[list[float], int]] = {
    "50 : 50, 10,000 a day": ([0.5, 0.5], 10_000),
    "50 : 50, 20 a day": ([0.5, 0.5], 20),
    "10 : 90, 1,000 a day": ([0.1, 0.9], 1_000),
    "1 : 99, 2,000 a day": ([0.01, 0.99], 2_000),
    "three arms, 300 a day": ([1 / 3] * 3, 300),
}


def phase_lines(runs: int = RUNS) -> list[Line]:
    """Series of 60 days without a ramp that stay one phase, and ramps found on the exact day."""
    lines = []
    for number, (what, (plan, per_day)) in enumerate(SERIES.items()):
        rng = np.random.default_rng([SEED, 800 + number])
        drawn = rng.multinomial(rng.poisson(per_day, (runs, 60)), plan)
        one = float(np.mean([len(phases(series)) == 1 for series in drawn]))
        lines.append(Line(f"no ramp, {what}: one phase", one, None, 0.995))
    for number, (before, after, per_day) in enumerate(
        ((0.1, 0.5, 500), (0.1, 0.5, 10_000), (0.45, 0.5, 10_000), (0.01, 0.05, 5_000))
    ):
        rng = np.random.default_rng([SEED, 900 + number])
        some = max(runs // 10, 100)
        share = np.where(np.arange(60) < 7, before, after)  # noqa: PLR2004 - a ramp after a week
        arm = rng.binomial(per_day, share, (some, 60))
        right = [phases(np.stack([row, per_day - row], axis=1)) == [(0, 6), (7, 59)] for row in arm]
        lines.append(
            Line(f"{before:.0%} to {after:.0%}, {per_day:,} a day: found on the day", float(np.mean(right)), None, 0.99)
        )
    return lines


def _print(title: str, lines: list[Line]) -> None:
    print(f"\n### {title}\n\n| what | measured | promised |\n|---|---|---|")
    for line in lines:
        bounds = [
            f"at least {line.least:.4f}" if line.least is not None else "",
            f"at most {line.most:.4f}" if line.most is not None else "",
        ]
        print(f"| {line.what} | {line.share:.4f} | {', '.join(part for part in bounds if part) or 'told only'} |")


def main() -> int:
    """Print every table; 1 when a promise is not kept."""
    tables = {
        "Always-valid: false positives at any look, level .05": always_valid_alarms(),
        "Power": power_of_modes(),
        "Group sequential": group_sequential_lines(),
        "Sequential sample ratio: false alarms over 60 days": ratio_alarms(),
        "Phases": phase_lines(),
    }
    for title, lines in tables.items():
        _print(title, lines)
    print("\n### Sequential sample ratio: power, 28 days\n")
    print("| loss in one of two arms | one test at the end | sequential | median day |\n|---|---|---|---|")
    for what, once, ever, when in ratio_power():
        print(f"| {what} | {once:.2f} | {ever:.2f} | {'' if np.isnan(when) else f'{when:.0f}'} |")
    return 0 if all(line.holds for lines in tables.values() for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())

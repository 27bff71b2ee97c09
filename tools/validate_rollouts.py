"""Releases in waves and releases that units chose, on planted truth: the tables of docs/validation/rollouts.md.

Run `.venv/bin/python tools/validate_rollouts.py`; some minutes. Regression with effects of units and periods (TWFE) is
computed here for comparison only: the library does not offer it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.matching import comparable, matched_effect, weighted_effect
from vitalfew.stats.staggered import Cohort, group_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PERIODS = 14
WAVES = np.array([4, 6, 8, 99])  # the last one never
SHARES = np.array([0.3, 0.25, 0.25, 0.2])
Z95 = 1.959963984540054
DRAWS = 4_000


@dataclass(frozen=True, slots=True)
class World:
    """What a release did, and to how many units.

    Attributes:
        name: in the table.
        units: how many; each is drawn into a wave.
        effect: of the first wave in its period; later waves have half and a quarter of it where effects differ.
        grows: what is added every period, as a share of the effect.
        differs: whether earlier waves gain more.
        kept: how much of a unit's noise stays until the next period.
        trend: how much faster than the others the first wave grows by itself, per period.
        never: whether some units never get it.
        shares: whether outcomes are 0 or 1.
    """

    name: str
    units: int
    effect: float = 0.0
    grows: float = 0.0
    differs: bool = False
    kept: float = 0.5
    trend: float = 0.0
    never: bool = True
    shares: bool = False

    def truth(self) -> Floats:
        """Effect by wave and period, `(waves, periods)`; 0 before the wave."""
        scale = np.array([1.0, 0.5, 0.25, 0.0]) if self.differs else np.array([1.0, 1.0, 1.0, 0.0])
        since = np.arange(PERIODS)[None, :] - WAVES[:, None]
        return np.where(since >= 0, self.effect * scale[:, None] * (1 + self.grows * np.maximum(since, 0)), 0.0)

    def drawn(self, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        """Outcomes `(units, periods)` and the number of each unit's wave, at least two units in each."""
        shares = SHARES if self.never else np.array([0.375, 0.3125, 0.3125, 0.0])
        while True:
            group = rng.choice(4, self.units, p=shares)
            if (np.bincount(group, minlength=4)[shares > 0] > 1).all():
                break
        noise = np.empty((self.units, PERIODS))
        noise[:, 0] = rng.normal(size=self.units)
        for at in range(1, PERIODS):
            noise[:, at] = self.kept * noise[:, at - 1] + np.sqrt(1 - min(self.kept, 0.95) ** 2) * rng.normal(
                size=self.units
            )
        weather = rng.normal(size=PERIODS).cumsum()
        own = self.trend * np.arange(PERIODS) * (group == 0)[:, None]
        if self.shares:
            mean = 0.3 + 0.05 * np.tanh(weather) + self.truth()[group]
            return (rng.random((self.units, PERIODS)) < mean).astype(float), group
        return noise + rng.normal(size=(self.units, 1)) + weather + own + self.truth()[group], group


WORLDS = (
    World("no effect", 400),
    World("no effect, 24 units (regions)", 24),
    World("no effect, noise that never fades", 400, kept=1.0),
    World("no effect, nobody is left out", 400, never=False),
    World("the same for all, at once", 400, effect=0.3),
    World("grows, the same for all waves", 400, effect=0.3, grows=0.3),
    World("grows, early waves gain most", 400, effect=0.3, grows=0.3, differs=True),
    World("the same, 60 units", 60, effect=0.3, grows=0.3, differs=True),
    World("the same, 24 units (regions)", 24, effect=0.3, grows=0.3, differs=True),
    World("the same, nobody is left out", 400, effect=0.3, grows=0.3, differs=True, never=False),
    World("a share of 30 %, grows, differs", 2_000, effect=0.04, grows=0.3, differs=True, shares=True),
    World("no effect, but the first wave grows by itself", 400, trend=0.08),
    World("the same, twice as fast", 400, trend=0.16),
)


@dataclass(frozen=True, slots=True)
class Held:
    """What came out over many runs, as shares but for the biases and the error."""

    truth: float
    bias: float
    se: float
    covered: float
    rejected: float
    band: float
    before: float
    twfe_bias: float
    twfe_covered: float
    twfe_rejected: float


def true_average(world: World, events: bool) -> dict[int, float]:
    """The estimands: by periods since the wave, or (under 0) on an average unit, weighed by shares of waves."""
    truth = world.truth()
    shares = SHARES if world.never else np.array([0.375, 0.3125, 0.3125, 0.0])
    # Where nobody is left out, the last wave has nobody to be compared with, and others only until it comes.
    end = PERIODS if world.never else int(WAVES[2])
    parts: dict[int, list[tuple[float, float]]] = {}
    for wave, share, row in zip(WAVES, shares, truth, strict=True):
        if wave < end and share:
            after = row[wave:end]
            if not events:
                parts.setdefault(0, []).append((share, float(after.mean())))
            for since, value in enumerate(after.tolist() if events else ()):
                parts.setdefault(since, []).append((share, value))
    return {
        key: sum(share * value for share, value in own) / sum(share for share, _ in own) for key, own in parts.items()
    }


def twfe(outcome: Floats, group: NDArray[np.int64]) -> tuple[float, float]:
    """The coefficient of having it in a regression with effects of units and periods, and its clustered error."""
    has = (np.arange(PERIODS)[None, :] >= WAVES[group][:, None]).astype(float)

    def cleared(values: Floats) -> Floats:
        return values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()

    x, y = cleared(has), cleared(outcome)
    slope = float((x * y).sum() / (x * x).sum())
    scores = (x * (y - slope * x)).sum(axis=1)
    n = len(outcome)
    return slope, float(np.sqrt((scores**2).sum() * n / (n - 1)) / (x * x).sum())


def simulate(world: World, runs: int, seed: int = 1) -> Held:
    """Run a world many times."""
    rng = np.random.default_rng([seed, world.units, round(world.effect * 100), round(world.trend * 100)])
    overall, by_event = true_average(world, events=False)[0], true_average(world, events=True)
    rows = []
    for _ in range(runs):
        outcome, group = world.drawn(rng)
        cohorts = [
            Cohort.of(outcome[group == at], None if at == 3 else int(WAVES[at]))  # noqa: PLR2004 - the last never
            for at in np.unique(group).tolist()
        ]
        found = group_time(cohorts)
        one = found.overall()
        low, high = one.intervals()
        events = found.by_event()
        band_low, band_high = events.band(draws=DRAWS)
        true = np.array([by_event.get(label, 0.0) for label in events.labels])
        slope, se = twfe(outcome, group)
        rows.append(
            (
                one.estimate[0] - overall,
                one.se[0],
                low[0] <= overall <= high[0],
                not low[0] <= 0 <= high[0],
                ((band_low <= true + 1e-12) & (true - 1e-12 <= band_high)).all(),
                found.before().largest(draws=DRAWS) < 0.05,  # noqa: PLR2004 - the nominal level
                slope - overall,
                abs(slope - overall) <= Z95 * se,
                abs(slope) > Z95 * se,
            )
        )
    return Held(overall, *np.mean(np.array(rows, dtype=float), axis=0).tolist())


@dataclass(frozen=True, slots=True)
class Choice:
    """Units that choose: how strongly what is known of them, and what is not, goes with choosing."""

    name: str
    units: int
    known: float
    unknown: float = 0.0
    effect: float = 0.5


CHOICES = (
    Choice("by chance", 600, known=0.0),
    Choice("by what is known, no effect", 600, known=0.7, effect=0.0),
    Choice("by what is known", 600, known=0.7),
    Choice("by what is known, 200 units", 200, known=0.7),
    Choice("strongly by what is known", 2_000, known=1.5),
    Choice("by something unknown as well", 600, known=0.7, unknown=0.7),
)


def choose(choice: Choice, runs: int, seed: int = 1) -> list[tuple[float, float, float]]:
    """Bias, coverage at 95 % and share told from 0, of the plain difference, the weighted and the matched effect."""
    rng = np.random.default_rng([seed, choice.units, round(choice.known * 10), round(choice.unknown * 10)])
    rows = []
    for _ in range(runs):
        known, unknown = rng.normal(size=(choice.units, 3)), rng.normal(size=choice.units)
        odds = -0.7 + choice.known * known @ np.array([0.8, 0.5, 0.0]) + choice.unknown * unknown
        took = rng.random(choice.units) < 1 / (1 + np.exp(-odds))
        y = known @ np.array([1.0, 0.5, 0.5]) + unknown + choice.effect * took + rng.normal(size=choice.units)
        units = comparable(known, took)
        sides = y[took], y[~took]
        plain = sides[0].mean() - sides[1].mean(), np.sqrt(sum(side.var(ddof=1) / len(side) for side in sides))
        ours = [(one.estimate, one.se) for one in (weighted_effect(y, units), matched_effect(y, units))]
        rows.append([(value - choice.effect, se) for value, se in (plain, *ours)])
    found = np.array(rows)
    covered = (np.abs(found[:, :, 0]) <= Z95 * found[:, :, 1]).mean(axis=0)
    told = (np.abs(found[:, :, 0] + choice.effect) > Z95 * found[:, :, 1]).mean(axis=0)
    return list(zip(found[:, :, 0].mean(axis=0).tolist(), covered.tolist(), told.tolist(), strict=True))


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1_000)
    runs = parser.parse_args().runs
    print(
        "| world | truth | bias | standard error | covered | told from 0 | band covered | moved apart before"
        " | TWFE bias | TWFE covered | TWFE told from 0 |"
    )
    print("|---" * 11 + "|")
    for world in WORLDS:
        held = simulate(world, runs)
        print(
            f"| {world.name} | {held.truth:.3f} | {held.bias:+.3f} | {held.se:.3f} | {held.covered:.1%}"
            f" | {held.rejected:.1%} | {held.band:.1%} | {held.before:.1%} | {held.twfe_bias:+.3f}"
            f" | {held.twfe_covered:.1%} | {held.twfe_rejected:.1%} |",
            flush=True,
        )
    print("\n| units choose | plain: bias | covered | weighted: bias | covered | told from 0 | pairs: bias | covered |")
    print("|---" * 8 + "|")
    for choice in CHOICES:
        plain, weighted, pairs = choose(choice, runs)
        print(
            f"| {choice.name} | {plain[0]:+.3f} | {plain[1]:.1%} | {weighted[0]:+.3f} | {weighted[1]:.1%}"
            f" | {weighted[2]:.1%} | {pairs[0]:+.3f} | {pairs[1]:.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

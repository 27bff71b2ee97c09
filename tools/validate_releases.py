"""Writes docs/validation/releases.md: how often the effect of a date is seen where there is none, and where there is.

Run it after a change of `stats/forecast_gap.py`, `stats/level_noise.py`, `stats/placebo.py` or `stats/synthetic.py`,
from the root of the checkout: `.venv/bin/python tools/validate_releases.py`. Takes a few minutes; --runs 200 is
quicker.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from vitalfew.stats.forecast_gap import Question, forecast_gap
from vitalfew.stats.synthetic import synthetic_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Make = Callable[[np.random.Generator, int], Floats]

PAGE = Path(__file__).parents[1] / "docs" / "validation" / "releases.md"
AFTER, BEFORE = 28, 168
LEVEL = 0.05
WEEKDAYS = np.array([0.0, 0.5, 1.0, 1.0, 0.5, -2.0, -1.0])
EFFECTS = (0.5, 1.0, 2.0, 4.0)
DAY_SHARE = 0.05
LAUNCHED = 0.4  # of the history


def white(rng: np.random.Generator, days: int) -> Floats:
    """Independent days."""
    return rng.normal(size=days)


def autoregressive(rng: np.random.Generator, days: int, memory: float = 0.7) -> Floats:
    """Days that remember the day before, of standard deviation 1."""
    noise = rng.normal(size=days)
    for day in range(1, days):
        noise[day] = memory * noise[day - 1] + np.sqrt(1 - memory**2) * noise[day]
    return noise


def slow_walk(rng: np.random.Generator, days: int, step: float = 0.1) -> Floats:
    """A level that wanders slowly, under independent days."""
    return rng.normal(size=days) + np.cumsum(step * rng.normal(size=days))


def walk(rng: np.random.Generator, days: int) -> Floats:
    """A level that wanders faster, under independent days."""
    return slow_walk(rng, days, 0.3)


def bare_walk(rng: np.random.Generator, days: int) -> Floats:
    """Nothing but a random walk."""
    return np.cumsum(rng.normal(size=days))


def tails(rng: np.random.Generator, days: int) -> Floats:
    """Independent days with spikes (t with 3 degrees of freedom, standard deviation 1)."""
    return np.asarray(rng.standard_t(3, size=days) / np.sqrt(3))


def growing(rng: np.random.Generator, days: int) -> Floats:
    """AR(1) .7 on a level that grows by 10 standard deviations a year."""
    return autoregressive(rng, days) + np.arange(days) * 10 / 365


NOISES: dict[str, Make] = {
    "white": white,
    "AR(1) .7": autoregressive,
    "slow random walk": slow_walk,
    "faster random walk": walk,
    "bare random walk": bare_walk,
}


def at_level(level: Floats, noise: Floats, effect: Floats) -> Floats:
    """Noise and weekdays in proportion to a level, a day straying by 5 % of it; the effect is in such days."""
    return np.asarray(level * (np.exp(DAY_SHARE * (noise + WEEKDAYS[np.arange(len(level)) % 7])) + DAY_SHARE * effect))


def as_ever(level: Floats, noise: Floats, effect: Floats) -> Floats:
    """Noise and weekdays as at a level of 100, at every level."""
    return np.asarray(level + 100 * DAY_SHARE * (noise + WEEKDAYS[np.arange(len(level)) % 7] + effect))


MORE: dict[str, Make] = {"spikes (t, 3 df)": tails, "steady growth, AR(1) .7": growing}


@dataclass(frozen=True, slots=True)
class Told:
    """What many runs say of one setting; shares of runs."""

    alarms: float
    judged: float
    covered: float
    covered80: float
    width: float


def ours(make: Make, history: int, runs: int, seed: int, *, effect: float = 0.0, control: bool = False) -> Told:
    """The default path on simulated series with a weekly pattern."""
    rng = np.random.default_rng(seed)
    alarms, judged, covered, covered80, widths = 0, 0, 0, 0, []
    days = history + AFTER
    for _ in range(runs):
        noise = make(rng, days)
        series = 100 + noise + WEEKDAYS[np.arange(days) % 7] + effect * (np.arange(days) >= history)
        controls = [0.8 * noise + 0.5 * rng.normal(size=days)] if control else []
        found = forecast_gap(series, Question(history, AFTER), controls=controls).judged
        if found is None:
            continue
        judged += 1
        alarms += found.p < LEVEL
        (_, low80, high80), (_, low, high) = found.intervals
        covered80 += low80 <= effect <= high80
        covered += low <= effect <= high
        widths.append((high - low) / 2)
    shares = (np.array([alarms, covered, covered80]) / max(judged, 1)).tolist()
    return Told(shares[0], judged / runs, shares[1], shares[2], float(np.median(widths)) if widths else np.nan)


@dataclass(frozen=True, slots=True)
class Grown:
    """A level that is 100 at the date in question, and how days stray around it."""

    name: str
    make: Make
    by: float
    stray: Callable[[Floats, Floats, Floats], Floats] = at_level
    kind: str = "share"

    def level(self, days: int, history: int) -> Floats:
        """By a constant share a day, by a constant number, or on one day, not a year before the one in question."""
        past = np.arange(days) / history
        if self.kind == "share":
            return np.asarray(100 * self.by ** (past - 1))
        if self.kind == "steps":
            return np.asarray(100 * (1 + (self.by - 1) * past) / self.by)
        return np.where(past < LAUNCHED, 100 / self.by, 100.0)


GROWN = (
    Grown("white, in proportion", white, 2.2),
    Grown("AR(1) .7, in proportion", autoregressive, 2.2),
    Grown("slow random walk, in proportion", slow_walk, 2.2),
    Grown("white, in proportion, growth by the same number a day", white, 2.2, kind="steps"),
    Grown("white, as ever", white, 2.2, as_ever),
    Grown("AR(1) .7, as ever, growth by the same number a day", autoregressive, 2.2, as_ever, "steps"),
    Grown("white, in proportion", white, 1.4),
    Grown("white, in proportion", white, 10),
    Grown("white, in proportion", white, 1 / 2.2),
    Grown("white, in proportion, launch on one day", white, 10, kind="launch"),
    Grown("AR(1) .7, as ever, launch on one day", autoregressive, 10, as_ever, "launch"),
)


def grown(what: Grown, history: int, runs: int, seed: int, effect: float = 0.0) -> Told:
    """The default path on series of which the level changed; the effect in standard deviations of a day at the date."""
    rng = np.random.default_rng(seed)
    days = history + AFTER
    level = what.level(days, history)
    alarms, covered, covered80, widths = 0, 0, 0, []
    true = effect * DAY_SHARE * (float(level[history:].mean()) if what.stray is at_level else 100)
    for _ in range(runs):
        noise = what.make(rng, days)
        step = np.where(np.arange(days) >= history, effect, 0.0)
        found = forecast_gap(what.stray(level, noise, step), Question(history, AFTER)).judged
        if found is None:
            continue
        alarms += found.p < LEVEL
        (_, low80, high80), (_, low, high) = found.intervals
        covered80 += low80 <= true <= high80
        covered += low <= true <= high
        widths.append((high - low) / 2)
    n = max(len(widths), 1)
    return Told(alarms / n, len(widths) / runs, covered / n, covered80 / n, float(np.median(widths)))


# Peers ------------------------------------------------------------------------------------------------------------


def pre_post(series: Floats, history: int) -> bool:
    """Welch's t of the days after against as many before."""
    before, after = series[history - AFTER : history], series[history:]
    error = np.sqrt(before.var(ddof=1) / AFTER + after.var(ddof=1) / AFTER)
    return bool(2 * special.stdtr(2 * AFTER - 2, -abs(after.mean() - before.mean()) / error) < LEVEL)


def interrupted(series: Floats, history: int, lags: int) -> bool:
    """Interrupted time series: level, trend, weekdays and a step; errors by least squares, or HAC with some lags."""
    start = max(0, history - BEFORE)
    own = series[start:]
    day = np.arange(len(own))
    step = (day >= history - start).astype(float)
    dummies = (day[:, None] % 7 == np.arange(1, 7)).astype(float)
    design = np.column_stack([np.ones(len(own)), day, dummies, step])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ own
    left = own - design @ beta
    df = len(own) - design.shape[1]
    if lags == 0:
        error = np.sqrt(left @ left / df * inverse[-1, -1])
    else:
        scores = design * left[:, None]
        meat = scores.T @ scores
        for lag in range(1, lags + 1):
            cross = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / (lags + 1)) * (cross + cross.T)
        error = np.sqrt((inverse @ meat @ inverse)[-1, -1])
    return bool(2 * special.stdtr(df, -abs(beta[-1]) / error) < LEVEL)


def peers(make: Make, history: int, runs: int, seed: int) -> tuple[float, float, float]:
    """Shares of false alarms: days before and after, interrupted time series by least squares, and with HAC(7)."""
    rng = np.random.default_rng(seed)
    days = history + AFTER
    found = np.zeros(3)
    for _ in range(runs):
        series = 100 + make(rng, days) + WEEKDAYS[np.arange(days) % 7]
        found += [pre_post(series, history), interrupted(series, history, 0), interrupted(series, history, 7)]
    a, b, c = (found / runs).tolist()
    return a, b, c


# Donors -----------------------------------------------------------------------------------------------------------


def donors(runs: int, seed: int, units: int, treated: int, effect: float) -> tuple[float, float]:
    """Alarms and coverage of synthetic difference-in-differences on units that share two wandering factors."""
    rng = np.random.default_rng(seed)
    alarms, covered = 0, 0
    for _ in range(runs):
        factors = np.cumsum(0.3 * rng.normal(size=(84, 2)), axis=0)
        panel = rng.normal(1, 0.5, (units, 2)) @ factors.T + rng.normal(size=(units, 84)) + rng.normal(size=(units, 1))
        panel[:treated, 56:] += effect
        found = synthetic_difference(panel[:treated], panel[treated:], 56)
        alarms += found.p is not None and found.p < LEVEL
        covered += found.intervals[1][1] <= effect <= found.intervals[1][2]
    return alarms / runs, covered / runs


# The page ---------------------------------------------------------------------------------------------------------

HEAD = """# Releases: what one series and one date can tell

*Written by `tools/validate_releases.py`; {runs:,} simulated series per cell, so that a rate of 5 % is known to about
±{half:.1f} points (95 %).*

Daily values with a weekly pattern; 28 days after the date are judged. Noise: *white*, days of standard deviation 1;
*AR(1) .7*, the same with memory; *slow random walk*, white noise of standard deviation 1 on a level that wanders by 0.1
a day; *faster*, by 0.3 a day; *bare*, steps of 1 a day and nothing else.

"""


def page(runs: int) -> Iterator[str]:
    """The page, line by line."""
    yield HEAD.format(runs=runs, half=100 * 1.96 * np.sqrt(0.05 * 0.95 / runs))
    yield "## False alarms at nominal 5 %, where nothing happened\n\n"
    yield from _alarms(runs)
    yield "\n## Intervals\n\nShare of intervals that hold the truth; half the width of the median 95 % interval.\n\n"
    yield from _intervals(runs)
    yield "\n## Power\n\nShare of runs in which an effect, in standard deviations of a day, is found (p < .05).\n\n"
    yield from _power(runs)
    yield "\n## Series that grew, fell, or were launched\n\n"
    yield from _grown(runs)
    yield "\n## Where assumptions are strained\n\n"
    yield from _strained(runs)
    yield "\n## Some units got it, others did not\n\n"
    yield from _donors(max(500, runs // 4))


def _alarms(runs: int) -> Iterator[str]:
    yield from _table("noise", "history", "placebo dates (default)", "days before and after, t", "ITS", "ITS, HAC(7)")
    for seed, (name, make) in enumerate(NOISES.items()):
        for history in (200, 365, 730):
            told = ours(make, history, runs, seed)
            shown = "descriptive only" if told.judged == 0 else f"{told.alarms:.3f}"
            others = peers(make, history, runs, 100 + seed)
            yield _row(name, f"{history} days", shown, *(f"{one:.3f}" for one in others))
            print(name, history, shown, others, flush=True)
    yield (
        "\n*ITS*: interrupted time series, step with level, trend and weekdays over the 168 days before, errors by\n"
        "least squares or after Newey and West. Under 13 windows of 28 days nothing is judged, by rule.\n"
    )


def _intervals(runs: int) -> Iterator[str]:
    yield from _table("noise", "history", "80 %", "95 %", "half-width", "half-width with a control")
    for seed, (name, make) in enumerate(NOISES.items()):
        for history in (365, 730):
            told = ours(make, history, runs, 200 + seed, effect=1.0)
            beside = ours(make, history, max(500, runs // 4), 300 + seed, effect=1.0, control=True)
            yield _row(
                name, f"{history} days", f"{told.covered80:.3f}", f"{told.covered:.3f}", f"{told.width:.2f}",
                f"{beside.width:.2f}",
            )  # fmt: skip
    yield "\nThe control shares 0.8 of the noise, day by day, and adds its own of standard deviation 0.5.\n"


def _power(runs: int) -> Iterator[str]:
    yield from _table("noise", "history", *(f"{effect:g} sd" for effect in EFFECTS))
    for seed, (name, make) in enumerate(NOISES.items()):
        for history in (365, 730):
            found = [ours(make, history, max(500, runs // 4), 400 + seed, effect=effect) for effect in EFFECTS]
            yield _row(name, f"{history} days", *(f"{one.alarms:.2f}" for one in found))


def _grown(runs: int) -> Iterator[str]:
    yield (
        "The level at the date is 100, and was that divided by *times* at the beginning of the history; a day strays"
        " by 5\nthere: *in proportion*, by 5 % of every level, or *as ever*, by 5 at every level. Growth is by the same"
        " share a\n"
        "day where nothing else is said. A launch is one day in the history that no release names.\n\n"
    )
    yield from _table("noise", "times", "history", "false alarms", "95 % interval holds 1 sd", "power at 1 sd", "2 sd")
    for seed, what in enumerate(GROWN):
        for history in (365, 730):
            null = grown(what, history, runs, 1000 + seed)
            one, two = (grown(what, history, max(500, runs // 4), 1100 + seed, effect) for effect in (1.0, 2.0))
            yield _row(
                what.name, f"{what.by:.2g}", f"{history} days", f"{null.alarms:.3f}", f"{one.covered:.3f}",
                f"{one.alarms:.2f}", f"{two.alarms:.2f}",
            )  # fmt: skip
            print(what.name, what.by, history, null, flush=True)


def _strained(runs: int) -> Iterator[str]:
    yield from _table("what", "history", "false alarms", "95 % interval holds")
    for seed, (name, make) in enumerate(MORE.items()):
        for history in (365, 730):
            told = ours(make, history, runs, 500 + seed)
            yield _row(name, f"{history} days", f"{told.alarms:.3f}", f"{told.covered:.3f}")
    for seed, (name, make) in enumerate(NOISES.items()):
        told = ours(make, 365, runs, 600 + seed, control=True)
        yield _row(f"{name}, with a control", "365 days", f"{told.alarms:.3f}", f"{told.covered:.3f}")
    for span in (7, 28):
        alarms = _bundled(runs, span)
        yield _row(f"slow random walk, bundle over {span} days", "365 days", f"{alarms:.3f}", "")


def _bundled(runs: int, span: int) -> float:
    rng = np.random.default_rng(700 + span)
    found = 0
    for _ in range(runs):
        judged = forecast_gap(slow_walk(rng, 365 + span + AFTER), Question(365, AFTER, span)).judged
        found += judged is not None and judged.p < LEVEL
    return found / runs


def _donors(runs: int) -> Iterator[str]:
    yield (
        f"Synthetic difference-in-differences with placebos among the units without it ({runs:,} panels a line): 56\n"
        "days before, 28 after, two shared factors that wander by 0.3 a day, own noise of standard deviation 1.\n\n"
    )
    yield from _table("units", "that got it", "false alarms", "95 % interval holds an effect of 1", "power at 1 sd")
    for seed, (units, treated) in enumerate(((11, 1), (21, 1), (41, 1))):
        null, _ = donors(runs, 800 + seed, units, treated, 0.0)
        power, covered = donors(runs, 900 + seed, units, treated, 1.0)
        yield _row(f"{units}", f"{treated}", f"{null:.3f}", f"{covered:.3f}", f"{power:.2f}")
    yield (
        "\nOn the panel of Abadie, Diamond and Hainmueller (cigarettes sold in 39 states, California's tax of 1989)\n"
        "it gives -15.605 packs, the exact minimum; Arkhangelsky et al. (2021, table 1) publish -15.6, and the search\n"
        "of the authors' program ends at -15.604. The classic synthetic control without covariates gives -19.5\n"
        "(published: -19.6).\n"
    )


def _table(*titles: str) -> Iterable[str]:
    yield _row(*titles)
    yield _row(*("---" for _ in titles))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    asked = parser.parse_args()
    PAGE.write_text("".join(page(asked.runs)), encoding="utf-8")
    print(f"wrote {PAGE}")

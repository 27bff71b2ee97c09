"""Rates that are about more than one difference: relative changes, sizes of arms, ramps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from validity.drawing import moments
from validity.figures import SEED, band
from vitalfew.stats import sample_ratio
from vitalfew.stats.arrays import differences, lifts, sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

AT_ONCE = 1000
LEVEL = 0.05
SUSPECTED = "Sound assignments suspected"


@dataclass(frozen=True, slots=True)
class Rate:
    """A measured rate; where it is not promised it is only told."""

    part: str
    what: str
    wanted: float
    measured: float
    runs: int
    promised: bool = True

    @property
    def allowed(self) -> tuple[float, float]:
        """Exact binomial band; for what is only told, anything."""
        return band(self.wanted, self.runs) if self.promised else (0.0, 1.0)

    @property
    def holds(self) -> bool:
        """Whether the rate is allowed."""
        return self.allowed[0] <= self.measured <= self.allowed[1]


def rates(runs: int) -> list[Rate]:
    """All of them."""
    return [*lift_coverage(runs), *sizes(runs), *ramp(runs)]


def ramp(runs: int) -> list[Rate]:
    """A ramp from 10 to 50 % with a weekend shift, not analysed by phase: what goes wrong."""
    rng = np.random.default_rng([SEED, 1])
    runs = min(runs, AT_ONCE)
    arms = []
    for units in ((1800, 1000), (200, 1000)):
        days = [rng.normal(level, 1, (runs, n)) for level, n in zip((5, 6), units, strict=True)]
        arms.append(moments({"y": np.concatenate(days, axis=1)}))
    control, treatment = (sample(arm, ["y"] * runs, [None] * runs) for arm in arms)
    p = differences(control, treatment, (0.95,)).p_value
    return [
        Rate(
            "What goes wrong without", "ramp 10 to 50 %, pooled", 0.05, float((p < LEVEL).mean()), runs, promised=False
        )
    ]


def lift_coverage(runs: int) -> list[Rate]:
    """Fieller intervals that hold the true relative change."""
    laws: dict[str, tuple[Callable[..., Floats], Callable[..., Floats], float]] = {
        "normal, 5 to 6, 100 + 150": (
            lambda g, r: g.normal(5, 2, (r, 100)),
            lambda g, r: g.normal(6, 3, (r, 150)),
            0.2,
        ),
        "exponential, 10 to 9, 500 + 500": (
            lambda g, r: g.exponential(10, (r, 500)),
            lambda g, r: g.exponential(9, (r, 500)),
            -0.1,
        ),
        "normal around -8, 200 + 200": (
            lambda g, r: g.normal(-8, 6, (r, 200)),
            lambda g, r: g.normal(-6, 6, (r, 200)),
            0.25,
        ),
    }
    found = []
    for at, (what, (one, other, truth)) in enumerate(laws.items()):
        rng = np.random.default_rng([SEED, 2, at])
        hits = 0
        for done in range(0, runs, AT_ONCE):
            count = min(AT_ONCE, runs - done)
            arms = [sample(moments({"y": law(rng, count)}), ["y"] * count, [None] * count) for law in (one, other)]
            relative = lifts(arms[0], arms[1], differences(arms[0], arms[1], (0.95,)))
            hits += int(((relative.low <= truth) & (truth <= relative.high)).sum())
        found.append(Rate("Relative change held by its 95 % interval", what, 0.95, hits / runs, runs))
    return found


def sizes(runs: int) -> list[Rate]:
    """Sound assignments that the sample-ratio test warns of, or fails."""
    plans = {
        "2 arms, 10,000 units": (10_000, [0.5, 0.5]),
        "2 arms 90 : 10, 20,000 units": (20_000, [0.9, 0.1]),
        "4 arms, 10,000 units": (10_000, [0.25] * 4),
    }
    found = []
    for at, (what, (units, plan)) in enumerate(plans.items()):
        names = [f"arm {place}" for place in range(len(plan))]
        expected = dict(zip(names, plan, strict=True))
        drawn = np.random.default_rng([SEED, 3, at]).multinomial(units, plan, runs).tolist()
        p = np.array([sample_ratio(dict(zip(names, counts, strict=True)), expected).p_value for counts in drawn])
        for status, level in (("warning or failed", 0.01), ("failed", 0.0005)):
            found.append(
                Rate("Sound assignments suspected", f"{status}, {what}", level, float((p < level).mean()), runs)
            )
    return found

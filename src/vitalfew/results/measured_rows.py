"""What is measured: moments and counts of units, given results, use of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate


@dataclass(frozen=True, slots=True)
class MomentsRow:
    """Moments of the units of one arm and segment (None: all). Matrices `(k, k)` are flattened row by row.

    Names: the key of a metric for its numerator, `KEY/denominator`, `KEY/before` (the same measure before the exposure;
    `KEY/denominator/before`), `KEY/covariate/COLUMN`, `KEY/step2` and so on. `third`, `low` and `high`, one per name:
    sum of cubed deviations from the mean, smallest and largest value minus shift; empty when not known, `low` above
    `high` where one column's are not. `phase` counts stretches of days with the same split, from 0. `day` (ISO) only in
    the table `daily`: the day of first exposure.
    """

    source: str
    experiment: str
    arm: str
    segment: str | None
    units: int
    names: tuple[str, ...]
    n: tuple[float, ...]
    shift: tuple[float, ...]
    mean: tuple[float, ...]
    cross: tuple[float, ...]
    third: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    phase: int = 0
    day: str | None = None


@dataclass(frozen=True, slots=True)
class QuantilesRow:
    """Order statistics of one metric in one arm and segment, for quantile metrics and pictures of distributions.

    `values[i]` is the sample quantile at `probabilities[i]` over `n` units (or events). `design_effect`: variance
    of the share below the metric's quantile, relative to independent values (above 1 when events of a unit are alike).
    """

    source: str
    experiment: str
    arm: str
    segment: str | None
    metric: str
    n: int
    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    design_effect: float = 1.0


@dataclass(frozen=True, slots=True)
class LifetimesRow:
    """Times to an event in days, of one metric in one arm and segment: at each of `times`, how many had it or left."""

    source: str
    experiment: str
    arm: str
    segment: str | None
    metric: str
    units: int
    times: tuple[float, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OverlapRow:
    """Moments of the units that two experiments share, by the arms they are in (as in `MomentsRow`)."""

    first: str
    second: str
    first_arm: str
    second_arm: str
    units: int
    names: tuple[str, ...]
    n: tuple[float, ...]
    shift: tuple[float, ...]
    mean: tuple[float, ...]
    cross: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """Units first exposed on one day (ISO, in the workspace's time zone), by arm."""

    experiment: str
    day: str
    arm: str
    units: int


CountedFact = Literal["before_start", "duplicates", "bots", "merged", "mismatched", "held_out", "late"]


@dataclass(frozen=True, slots=True)
class CountRow:
    """Something counted per arm that trust depends on: `count` of `of`.

    *before_start*: units exposed before the start; *duplicates*: events that came again (of events); *bots*: units
    left out; *merged*: units that had several ids; *mismatched*: units whose arm is not the one the dealing gives;
    *held_out*: units of a holdout's control found in an experiment it is kept out of; *late*: events that came more
    than 48 hours after they happened (`of` 0: when they came is not known). `until` (ISO, of *late* only): the last
    complete day; days after it may still change.
    """

    experiment: str
    what: CountedFact
    arm: str
    count: int
    of: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """Units assigned to one arm. `crossed` counts units seen in several arms (left out, or kept in the first)."""

    experiment: str
    arm: str
    units: int
    crossed: int = 0
    share: float | None = None


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A result somebody else computed: an estimate with its standard error, as given."""

    source: str
    experiment: str
    metric: str
    estimate: float
    se: float | None
    n: int | None = None
    date: str | None = None


HARDLY_USED = 0.05
"""A feature that fewer than this share of the eligible use in its main window is hardly used."""


@dataclass(frozen=True, slots=True)
class UseRow:
    """Use of one feature in one window. `measured` False: no events are defined or found, with the `reason`.

    `reach`: share of the eligible who used it in the window (Wilson 95 % interval); `frequency`: mean uses per user
    and 30 days among those who used it; `trend`: reach in the window minus reach in the window before; `ramp_weeks`:
    how long its use grew after it shipped until it stayed, on the row of its main window and all the eligible.
    """

    feature: str
    measured: bool
    window_days: int
    main: bool
    eligible: int | None = None
    users: int | None = None
    reach: Estimate | None = None
    frequency: float | None = None
    trend: float | None = None
    hardly_used: bool | None = None
    segment: str | None = None
    reason: str | None = None
    ramp_weeks: float | None = None

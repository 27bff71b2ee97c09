"""What was measured without randomisation: series, staggered releases, and how believable their effects are.

Effects of releases are rows of effects like any other: `experiment` is the key of the release, `arm` *after* or
*released*, `control` *before* or *not yet*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """The value of a metric on one day (ISO), of one unit (a region, a tenant) or of all (None)."""

    source: str
    metric: str
    unit: str | None
    day: str
    value: float


@dataclass(frozen=True, slots=True)
class CohortRow:
    """Moments of one metric over periods, of the units that got a release in the same period (`wave`; None: never).

    Columns are periods, numbered from 0 and `period_days` long, the first one from `since` (ISO) on. Matrices `(k, k)`
    are flattened row by row, as in `MomentsRow`. `clusters`: how many, where whole clusters got the release.
    """

    release: str
    metric: str
    wave: int | None
    units: int
    since: str
    period_days: int
    n: tuple[float, ...]
    shift: tuple[float, ...]
    mean: tuple[float, ...]
    cross: tuple[float, ...]
    clusters: int | None = None


@dataclass(frozen=True, slots=True)
class ChosenRow:
    """One number of each unit of a release that units took up when they liked, units always in the same order.

    `kind`: whether the unit *took* it up (0 or 1), a *covariate* known before, the *outcome* by a metric, or the number
    of its *cluster*. `column` names the covariate or the metric.
    """

    release: str
    kind: Literal["took", "covariate", "outcome", "cluster"]
    column: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PlaceboRow:
    """How the effect of a release compares with the same computation on days when nothing was released.

    `placebos`: these effects, in the metric's unit, to four digits; `p` of the effect beside them by Student's t, for
    this release and metric alone. `descriptive`: too few of them to say anything. `bundle`: other releases within the
    same days, which cannot be told apart from this one. `correlation`: of the error of this effect with that on other
    metrics of the release, those in the rows before this one, by what placebos on the same dates did.
    """

    release: str
    metric: str
    placebos: tuple[float, ...]
    p: float | None
    descriptive: bool
    bundle: tuple[str, ...]
    before_days: int
    after_days: int
    message: str
    correlation: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventStudyRow:
    """Effect of a release by period since each unit got it; negative periods come before and should show nothing.

    `low` and `high`: 95 % interval of this period; `band_low` and `band_high` hold for all periods at once.
    """

    release: str
    metric: str
    period: int
    estimate: float
    se: float
    low: float
    high: float
    band_low: float
    band_high: float
    units: int


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """How like each other those are who took a release up and those compared with them, before it.

    Standardised mean differences of one covariate, without and with matching; below 0.1 is balanced.
    """

    release: str
    covariate: str
    before: float
    after: float
    status: Literal["ok", "warning"]

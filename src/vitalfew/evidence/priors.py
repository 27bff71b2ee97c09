"""Mode bayesian: what past effects on the same metric make of a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.roles import sign_of
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import EffectRow
    from vitalfew.stats.bayes import Belief, Prior
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

FROM_PAST = "prior from {experiments} past effects on this metric: {mean} ± {sd} of the control's level"
WEAK = "weak prior (0 ± {sd} of the control's level): fewer than {fewest} other experiments measured this metric"
FLAT = "no prior: the control's level is zero, so relative changes of others say nothing"


@dataclass(frozen=True, slots=True)
class Past:
    """Relative effects of experiments on one metric, gains positive; `(k,)` each."""

    experiments: tuple[str, ...]
    gains: tuple[float, ...]
    ses: tuple[float, ...]

    def without(self, experiment: str) -> tuple[list[float], list[float]]:
        """Those of all other experiments."""
        kept = [at for at, name in enumerate(self.experiments) if name != experiment]
        return [self.gains[at] for at in kept], [self.ses[at] for at in kept]


def corpus(definitions: Definitions, rows: Iterable[EffectRow]) -> dict[str, Past]:
    """Past effects by metric: all units, one arm per experiment, relative to the level of the control.

    Results that others computed say no level: that of the other experiments is taken, their median.
    """
    known = [row for row in rows if row.segment is None and row.estimate is not None and row.se]
    levels: dict[str, list[float]] = {}
    for row in known:
        if row.control in row.mean:
            levels.setdefault(row.metric, []).append(abs(row.mean[row.control]))
    usual = {metric: float(np.median(each)) for metric, each in levels.items()}
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for row in known:
        level = abs(row.mean.get(row.control, usual.get(row.metric, 0.0)))
        if row.estimate is None or row.se is None or not level > 0:
            continue
        gain = sign_of(definitions, row.metric) * row.estimate / level
        found.setdefault(row.metric, {}).setdefault(row.experiment, (gain, row.se / level))
    return {
        metric: Past(tuple(each), tuple(gain for gain, _ in each.values()), tuple(se for _, se in each.values()))
        for metric, each in found.items()
    }


@dataclass(frozen=True, slots=True)
class Believed:
    """An effect in mode bayesian, in the metric's unit and sign; intervals by confidence."""

    mean: float
    intervals: tuple[tuple[float, float], ...]
    p_value: float
    p_better: float
    expected_loss: float
    p_inferior: float | None
    note: str


def believe(
    row: EffectRow,
    sign: int,
    past: Past | None,
    confidences: Sequence[float],
    margin: float | None = None,
) -> Believed | None:
    """Combine an effect with what other experiments found; None without a standard error.

    Args:
        row: the effect; its estimate and standard error are those of the data alone.
        sign: 1 when more of the metric is better, -1 when less is.
        past: effects on the same metric, this experiment's own left out here.
        confidences: of the intervals.
        margin: of a guardrail, in the metric's unit.
    """
    from vitalfew.stats.bayes import chance_above, expected_loss, interval, posterior, prior_from

    if row.estimate is None or not row.se:
        return None
    level = abs(row.mean.get(row.control, 0.0))
    prior = prior_from(*(past.without(row.experiment) if past is not None else ([], [])))
    scale = (prior.mean * level, prior.sd * level) if level > 0 else (0.0, np.inf)
    gain = posterior(sign * row.estimate, row.se, *scale)
    better = float(chance_above(gain))
    ends = [interval(gain, confidence) for confidence in confidences]
    return Believed(
        mean=sign * float(gain.mean),
        intervals=tuple(_turned(float(low), float(high), sign) for low, high in ends),
        p_value=max(2.0 * min(better, _chance_below(gain)), SMALLEST_P),
        p_better=better,
        expected_loss=float(expected_loss(gain)[0]),
        p_inferior=None if margin is None else max(_chance_below(gain, -margin), SMALLEST_P),
        note=_told(prior, level),
    )


def _chance_below(belief: Belief, than: float = 0.0) -> float:
    from vitalfew.stats.bayes import Belief, chance_above

    return float(chance_above(Belief(-belief.mean, belief.sd), -than))


def _turned(low: float, high: float, sign: int) -> tuple[float, float]:
    return (low, high) if sign > 0 else (-high, -low)


def _told(prior: Prior, level: float) -> str:
    from vitalfew.stats.bayes import FEWEST_EXPERIMENTS

    if not level > 0:
        return FLAT
    if prior.experiments == 0:
        return WEAK.format(sd=percent(prior.sd), fewest=FEWEST_EXPERIMENTS)
    return FROM_PAST.format(
        experiments=prior.experiments, mean=percent(prior.mean, 1, signed=True), sd=percent(prior.sd, 1)
    )


def spreads(past: Mapping[str, Past]) -> dict[str, float]:
    """Standard deviation of true effects by metric, relative to the control's level, where enough are known."""
    from vitalfew.stats.bayes import prior_from

    priors = {metric: prior_from(each.gains, each.ses) for metric, each in past.items()}
    return {metric: prior.sd for metric, prior in priors.items() if prior.experiments > 0}

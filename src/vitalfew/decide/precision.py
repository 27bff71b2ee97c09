"""What a test of so many units can see, and how long it takes: from what past experiments and use showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.noise import of_proportion
from vitalfew.stats.power import days_needed
from vitalfew.workspace.metric_kinds import follow_up, is_zero_or_one

if TYPE_CHECKING:
    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Precision:
    """How units vary in one metric, and how many come.

    Attributes:
        variance: of one unit's contribution, in the metric's unit squared; None when nothing shows it.
        daily: new units by day, the last week going on; empty when nothing tells.
        follow_up: days until a unit's value is complete.
        basis: where both are from, or what is missing, in words.
    """

    variance: float | None
    daily: tuple[float, ...]
    follow_up: float
    basis: str

    def errors(self, per_arm: Floats) -> Floats:
        """Standard errors of the difference of two arms of so many units each."""
        return np.asarray(np.sqrt(2 * (self.variance or np.nan) / per_arm))

    def weeks(self, per_arm: Floats) -> Floats:
        """Weeks until both arms are full, one at least, and followed to the end; NaN where nobody knows.

        Days of the week differ, so no test is shorter than one.
        """
        if not self.daily:
            return np.full(np.shape(per_arm), np.nan)
        return np.asarray((np.maximum(days_needed(2 * per_arm, self.daily), _WEEK) + self.follow_up) / _WEEK)


def precision(inputs: Inputs, line: str, metric: str) -> Precision:
    """What is known for a test of one candidate on one metric."""
    variance, told = _variance(inputs, metric)
    daily, traffic = _traffic(inputs, line, metric)
    followed = follow_up(inputs.definitions.metrics[metric]) or 0.0
    return Precision(variance, daily, followed, f"{told}; {traffic}")


def _variance(inputs: Inputs, metric: str) -> tuple[float | None, str]:
    """Variance per unit behind the largest comparison of the metric, else of a share at its baseline."""
    rows = [
        row
        for row in inputs.tables.effects
        if row.metric == metric and row.segment is None and row.se and row.n.get(row.arm) and row.n.get(row.control)
    ]
    if rows:
        row = max(rows, key=lambda row: (row.n[row.arm] + row.n[row.control], row.experiment, row.arm))
        square = (row.se or 0.0) ** 2 / (1 / row.n[row.arm] + 1 / row.n[row.control])
        return square, f"units vary as in {inputs.definitions.title('experiments', row.experiment)}"
    factor = inputs.definitions.factors.get(metric)
    level = None if factor is None else factor.baseline
    if level is not None and is_zero_or_one(inputs.definitions.metrics[metric]) and 0 < level < 1:
        return float(of_proportion(level)), "units vary as a share at its baseline does"
    title = inputs.definitions.title("metrics", metric)
    return None, f"how much units differ in {title} is not known: one experiment on it would show it"


def _traffic(inputs: Inputs, line: str, metric: str) -> tuple[tuple[float, ...], str]:
    """New units by day: of the line's own experiment, of the last one on the same units, or by use of the feature."""
    definitions = inputs.definitions
    own = [key for key, one in definitions.experiments.items() if one.initiative == line]
    alike = [key for key, one in definitions.experiments.items() if metric in one.named_metrics]
    last = {row.experiment: row.day for row in sorted(inputs.tables.arrivals, key=lambda row: row.day)}
    for keys in (own, alike):
        known = [key for key in keys if key in last]
        if known:
            key = max(known, key=lambda key: (last[key], key))
            return _daily(inputs, key), f"units come as in {definitions.title('experiments', key)}"
    use = inputs.main_use(definitions.initiatives[line].feature if line in definitions.initiatives else None)
    if use is not None and use.users:
        return (use.users / use.window_days,), "units come as they use the feature"
    return (), "how many units come in a week is not known"


def _daily(inputs: Inputs, experiment: str) -> tuple[float, ...]:
    days: dict[str, float] = {}
    for row in inputs.tables.arrivals:
        if row.experiment == experiment:
            days[row.day] = days.get(row.day, 0.0) + row.units
    return tuple(days[day] for day in sorted(days))

"""Effects of releases that units took up when they liked: against units that were like them before and did not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import VitalfewError
from vitalfew.evidence.intervals import intervals_of
from vitalfew.evidence.relative import relative_to
from vitalfew.evidence.released_units import NOT_YET, RELEASED
from vitalfew.evidence.roles import role_of
from vitalfew.evidence.waves import factor_of, said_of_window, spell
from vitalfew.results.columns import BEFORE
from vitalfew.results.rows import BalanceRow, EffectRow, FailedRow
from vitalfew.results.words import listed
from vitalfew.stats.matching import (
    BALANCED,
    MOST_CERTAIN,
    comparable,
    e_values,
    matched_effect,
    weighted_effect,
)
from vitalfew.stats.percent import percent
from vitalfew.stats.simultaneous import Estimates
from vitalfew.workspace.metric_kinds import is_zero_or_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from vitalfew.results.rows import ChosenRow, Interval
    from vitalfew.stats.matching import ChosenEffect, Comparable
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

STAGE = "rollouts"
METHOD = "those who chose it against those like them before, weighted by the odds of choosing it"


def matched(
    definitions: Definitions, rows: Iterable[ChosenRow]
) -> tuple[tuple[EffectRow, ...], tuple[BalanceRow, ...], tuple[FailedRow, ...]]:
    """Compare the units of releases that they chose.

    The effect is that on those who took it up and are not all but certain to. Grade *dated* where what is known of
    units before is alike after weighting, else *correlated*: what else set them apart stays in it either way.

    Args:
        definitions: the workspace.
        rows: units, column by column.

    Returns:
        Effects, how alike covariates are without and with weights, and what could not be compared.
    """
    by_release: dict[str, list[ChosenRow]] = defaultdict(list)
    for row in rows:
        by_release[row.release].append(row)
    effects: list[EffectRow] = []
    balance: list[BalanceRow] = []
    failed: list[FailedRow] = []
    for key, own in by_release.items():
        try:
            compared = _Compared(definitions, key, own)
            effects.extend(compared.effects())
            balance.extend(compared.balance())
        except VitalfewError as error:
            failed.append(FailedRow(STAGE, key, str(error)))
    return tuple(effects), tuple(balance), tuple(failed)


class _Compared:
    """The units of one release, made comparable once for all of its metrics."""

    def __init__(self, definitions: Definitions, key: str, rows: list[ChosenRow]) -> None:
        self._definitions, self._key = definitions, key
        columns: Mapping[str, Floats] = {row.column: np.asarray(row.values) for row in rows if row.kind == "covariate"}
        self._names = list(columns)
        took = next(np.asarray(row.values) > 0 for row in rows if row.kind == "took")
        covariates = np.column_stack(list(columns.values())) if columns else np.zeros((len(took), 0))
        self._units: Comparable = comparable(covariates, took)
        rollout = definitions.releases[key].rollout
        self._days = 1 if rollout is None else rollout.period_days
        self._outcomes = {
            row.column: np.asarray(row.values) * factor_of(definitions.metrics.get(row.column), self._days)
            for row in rows
            if row.kind == "outcome"
        }
        self._clusters = next((np.asarray(row.values) for row in rows if row.kind == "cluster"), None)

    def balance(self) -> Iterator[BalanceRow]:
        """How alike each covariate is, without and with weights."""
        pairs = zip(self._names, self._units.before.tolist(), self._units.after.tolist(), strict=True)
        for name, before, after in pairs:
            yield BalanceRow(self._key, name, before, after, "ok" if abs(after) < BALANCED else "warning")

    def effects(self) -> Iterator[EffectRow]:
        """One effect per metric."""
        for metric, outcome in self._outcomes.items():
            yield self._effect(metric, outcome)

    def _effect(self, metric: str, outcome: Floats) -> EffectRow:
        found = weighted_effect(outcome, self._units, self._clusters)
        one = Estimates((0,), np.array([found.estimate]), np.array([[found.se**2]]), np.array([self._df()]))
        intervals = tuple(intervals_of(one))
        defined = self._definitions.metrics.get(metric)
        return EffectRow(
            experiment=self._key,
            metric=metric,
            metric_version=defined.version if defined else 1,
            segment=None,
            arm=RELEASED,
            control=NOT_YET,
            estimate=found.estimate,
            se=found.se,
            intervals=intervals,
            p_value=float(one.p_values()[0]),
            relative=relative_to(found.other, found.estimate, intervals),
            n={RELEASED: found.units, NOT_YET: found.others},
            mean={RELEASED: found.mean, NOT_YET: found.other},
            method=f"{METHOD}, per unit and {spell(self._days * factor_of(defined, self._days))}",
            mode="fixed",
            grade="dated" if self._alike else "correlated",
            notes=tuple(self._notes(metric, outcome, found, intervals)),
            role=role_of(self._definitions, None, metric),
        )

    @property
    def _alike(self) -> bool:
        """Whether covariates beyond the metrics' own past are known, and all are alike."""
        known = any(not name.endswith(BEFORE) for name in self._names)
        return known and self._units.balanced

    def _df(self) -> float:
        if self._clusters is None:
            return float(self._units.kept.sum()) - 1.0
        return max(len(np.unique(self._clusters[self._units.kept])) - 1.0, 1.0)

    def _notes(
        self, metric: str, outcome: Floats, found: ChosenEffect, intervals: tuple[Interval, ...]
    ) -> Iterator[str]:
        yield "units chose it themselves: only what is among the covariates is made alike, the rest stays in the effect"
        apart = [name for name, one in zip(self._names, self._units.after, strict=True) if abs(one) >= BALANCED]
        if apart:
            yield f"still unlike after weighting: {listed(apart, 3)}; this shows what goes together, and no effect"
        elif not self._alike:
            yield "nothing is known of units but what they did before; add `covariates:` to the rollout"
        defined = self._definitions.metrics.get(metric)
        share = defined is not None and is_zero_or_one(defined)
        half = (intervals[-1].high - intervals[-1].low) / 2
        strength, end = e_values(found, float(outcome.std(ddof=1)), half, share=share)
        yield (
            f"E-value {strength:.2f} ({end:.2f} for the interval): something unseen would have to go with both choosing"
            " it and the outcome by such a risk ratio to explain it away"
        )
        second = matched_effect(outcome, self._units)
        yield f"pairs of nearest units say {second.estimate:.4g} (standard error {second.se:.2g})"
        yield f"those compared with count as much as {self._units.effective:,.0f} units of one weight"
        if self._units.left_out:
            yield (
                f"{self._units.left_out:,} units above {percent(MOST_CERTAIN)} certain to take it up have nobody to be"
                " compared with: the effect is that on the others"
            )
        yield from said_of_window(self._definitions, metric, self._days)
        if self._units.fitted.separated:
            yield "covariates nearly tell who took it up; their part is held back by a penalty"

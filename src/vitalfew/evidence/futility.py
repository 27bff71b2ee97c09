"""Can an experiment still succeed? Asked only where the plan says so; going on against the answer costs no error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vitalfew.evidence.modes import boundary, looks_until_now
from vitalfew.evidence.roles import sign_of
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.evidence.settings import Setting
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions, Plan

HOPELESS = 0.1
"""Chance of success at the planned end below which going on is called futile."""


def cannot_succeed(definitions: Definitions, setting: Setting, rows: Sequence[EffectRow]) -> bool:
    """Whether no primary metric of an arm can be expected to succeed by the planned end.

    Group sequential: the statistic is below the non-binding boundary of the plan. Else: the chance of success at the
    planned units is below one in ten, even if the rest of the data shows the smallest effect worth finding (without
    one: the good end of the 80 % interval).

    Args:
        definitions: which way is good.
        setting: with a plan that asks for futility.
        rows: the primary metrics of one arm.
    """
    plan = setting.plan
    if plan is None or not plan.futility or setting.planned is None or not rows or setting.share >= 1:
        return False
    return all(_hopeless(definitions, setting, plan, row) for row in rows)


def _hopeless(definitions: Definitions, setting: Setting, plan: Plan, row: EffectRow) -> bool:
    if row.estimate is None or not row.se:
        return False
    sign = sign_of(definitions, row.metric)
    z = sign * row.estimate / row.se
    if setting.mode == "group_sequential":
        return z < _lower_bound(setting, plan)
    return _chance(setting, plan, row, sign, z) < HOPELESS


def _lower_bound(setting: Setting, plan: Plan) -> float:
    from vitalfew.stats.group_sequential import boundaries, drift_for, futility

    planned = setting.looks
    drift = drift_for(planned, boundaries(planned, plan.alpha, plan.spending), plan.power, plan.spending)
    looks = looks_until_now(setting)
    high = [boundary(looks[: at + 1], plan.alpha, plan.spending) for at in range(len(looks))]
    return futility(looks, high, drift, 1 - plan.power, plan.spending)[-1]


def _chance(setting: Setting, plan: Plan, row: EffectRow, sign: int, z: float) -> float:
    from vitalfew.stats.always_valid import half_widths
    from vitalfew.stats.non_inferiority import conditional_power

    se, share = row.se or math.nan, setting.share
    hoped = _hoped_for(plan, row, sign)
    units = setting.planned or 1.0
    critical = two_sided(1 - plan.alpha)
    if setting.mode == "always_valid":
        critical = float(half_widths(1.0, units, units, 1 - plan.alpha))
    return float(conditional_power(z, share, critical, hoped / (se * math.sqrt(share))))


def _hoped_for(plan: Plan, row: EffectRow, sign: int) -> float:
    """The effect, in the good direction, that the rest of the data may show."""
    level = abs(row.mean.get(row.control, 0.0))
    if plan.smallest_effect is not None and level > 0:
        return plan.smallest_effect * level
    narrow = row.interval(0.8)
    return math.inf if narrow is None else max(sign * narrow.low, sign * narrow.high)

"""Answers on a scale as values of a unit: points of a net score, yes or no, or the answer itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import number
from vitalfew.workspace.metric_kinds import SCALES

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Metric

POINTS = 100.0  # a promoter is worth 100, a detractor -100, so that the mean is the score
_NPS_LOW, _NPS_HIGH = 6, 9
_CSAT_HIGH = 4
_CES_LOW, _CES_HIGH = 3, 5


def scored(metric: Metric, answer: exp.Expr) -> exp.Expr:
    """What a unit's answer is worth; missing stays missing, and so does what is no answer of the scale."""
    low, high = SCALES[metric.kind]
    answer = exp.Case().when(exp.Between(this=answer.copy(), low=number(low), high=number(high)), answer)
    if metric.kind == "nps":
        return _net(answer, _NPS_LOW, _NPS_HIGH)
    if metric.kind == "csat":
        return _share(answer, _CSAT_HIGH)
    return {"share": _share(answer, _CES_HIGH), "net": _net(answer, _CES_LOW, _CES_HIGH)}.get(
        metric.rule or "mean", answer
    )


def off_scale(metric: Metric, answer: exp.Expr) -> tuple[exp.Expr, str]:
    """Whether a cell holds a number that is no answer, and what is wrong with it in words."""
    low, high = SCALES[metric.kind]
    outside = exp.not_(exp.Between(this=answer.copy(), low=number(low), high=number(high)))
    broken = exp.NEQ(this=answer.copy(), expression=exp.Floor(this=answer.copy()))
    return exp.or_(outside, broken), f"no answer from {low} to {high}, in whole numbers"


def _net(answer: exp.Expr, low: int, high: int) -> exp.Expr:
    found = exp.Case().when(exp.GTE(this=answer.copy(), expression=number(high)), number(POINTS))
    found = found.when(exp.LTE(this=answer.copy(), expression=number(low)), number(-POINTS))
    return found.when(exp.not_(answer.copy().is_(exp.null())), number(0.0))


def _share(answer: exp.Expr, high: int) -> exp.Expr:
    found = exp.Case().when(exp.GTE(this=answer.copy(), expression=number(high)), number(1.0))
    return found.when(exp.not_(answer.copy().is_(exp.null())), number(0.0))

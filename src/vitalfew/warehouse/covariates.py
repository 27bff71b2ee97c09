"""What was known of units before the experiment could change them, beside every metric that asks for it (CUPED).

`KEY/before` is the measure itself over some days before the first exposure, 0 for a unit not seen then;
`KEY/covariate/COLUMN` a column of a table of units, with `/missing` beside it where cells are empty.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.results.columns import BEFORE, COVARIATE, MISSING
from vitalfew.warehouse.compile import number
from vitalfew.warehouse.values import Value, values_of
from vitalfew.workspace.definitions import EventSource, Measure, UnitSource
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions, Metric

_WITHOUT = (*DISTRIBUTIONS, "funnel")  # no mean that a covariate could sharpen


def covariates_of(definitions: Definitions, key: str, home: str) -> Iterator[Value]:
    """The covariates of a metric.

    Args:
        definitions: the workspace.
        key: the metric.
        home: the source that holds the assignment.
    """
    metric = definitions.metrics[key]
    if metric.kind in _WITHOUT or metric.steps:
        return
    yield from _before(definitions, key, metric)
    for column in metric.covariates:
        measure = Measure(source=_place(definitions, metric, home), column=column)
        plain = metric.model_copy(
            update={"kind": "mean", "numerator": measure, "denominator": None, "cap": None, "window": None}
        )
        value = Value(f"{key}{COVARIATE}{column}", key, plain, measure, covariate="filled")
        yield value
        yield replace(value, name=value.name + MISSING, covariate="missing")


def _before(definitions: Definitions, key: str, metric: Metric) -> Iterator[Value]:
    days = definitions.policy.covariate_days if metric.covariate_days is None else metric.covariate_days
    looks_back = metric.window is not None and metric.window.kind == "lookback"
    values = values_of(key, metric)
    sources = [definitions.sources.get(value.measure.source) for value in values]
    if days > 0 and not looks_back and all(isinstance(source, EventSource) for source in sources):
        for value in values:
            yield replace(value, name=f"{value.name}{BEFORE}", before=days)


def _place(definitions: Definitions, metric: Metric, home: str) -> str:
    """The table of units that covariates stand in: the metric's own, that of the assignment, or the first there is."""
    units = [key for key, source in definitions.sources.items() if isinstance(source, UnitSource) and source.unit]
    return next((key for key in (metric.numerator.source, home, *units) if key in units), metric.numerator.source)


def known_before(value: Value, found: exp.Expr) -> exp.Expr:
    """A number per unit, or whether there is one: what is not known of a unit is 0, with a column that says so."""
    if value.covariate == "missing":
        return exp.Case().when(found.is_(exp.null()), number(1.0)).else_(number(0.0))
    return exp.Coalesce(this=found, expressions=[number(0.0)]) if value.is_covariate else found


def without_gaps(found: Sequence[Moments]) -> set[str]:
    """Columns that would tell of missing covariates, where none is missing in any of the samples."""
    flags = [name for name in found[0].names if name.endswith(MISSING)] if found else []
    return {name for name in flags if all(moments.mean_of(name) == 0 for moments in found)}

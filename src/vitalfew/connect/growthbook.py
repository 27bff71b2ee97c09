"""Metrics of GrowthBook, from what its API exports: `factTables` and `factMetrics` in one JSON file."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from vitalfew.connect.foreign import Foreign, Taken
from vitalfew.connect.foreign_given import clean, hash_of, read_json
from vitalfew.connect.foreign_measures import metric_of
from vitalfew.connect.growthbook_tables import FactTable
from vitalfew.errors import DataError, Unsupported, VitalfewError
from vitalfew.warehouse.foreign_sql import Aggregate, Quotient, row_value_of, summed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vitalfew.connect.foreign_given import Given
    from vitalfew.connect.foreign_measures import Rows

_UNITS = {"weeks": 7.0, "days": 1.0, "hours": 1 / 24, "minutes": 1 / 1440}
_AT_LEAST = re.compile(r"\s*(>=|>)\s*([0-9]+(?:\.[0-9]+)?)\s*")
_LEFT_OUT = ("metadata", "dateCreated", "dateUpdated", "name", "description", "tags", "projects", "owner", "ownerEmail")


def read_growthbook(file: Path, *, unit: str | None = None, units: Sequence[str] = ()) -> Foreign:
    """Read the fact metrics of an export.

    Args:
        file: JSON with `factTables` and `factMetrics`, as the API lists them.
        unit: the type of identifier that is dealt to variants, where a fact table has several.
        units: columns of units in the workspace, which tell it where nothing else does.

    Raises:
        UsageError: there is no such file.
        DataError: it holds something else.
    """
    given = read_json(file)
    if "factMetrics" not in given.fields or "factTables" not in given.fields:
        hint = "put the answers of /fact-tables and /fact-metrics into one object"
        raise DataError(f"{file.name} is no export of GrowthBook", expected="'factTables' and 'factMetrics'", hint=hint)
    found = Foreign("growthbook", "growthbook:")
    export = _Export(found, unit, units)
    export.read_tables(given.parts("factTables"))
    for metric in given.parts("factMetrics"):
        name = str(metric.fields.get("name") or metric.fields.get("id") or "?")
        found.take(name, partial(export.metric, name, metric))
    for metric in given.parts("metrics"):
        name = str(metric.fields.get("name") or metric.fields.get("id") or "?")
        found.leave(name, "metric", "a metric with SQL of its own, not of a fact table; make it a fact metric")
    return found


class _Export:
    def __init__(self, found: Foreign, unit: str | None, units: Sequence[str]) -> None:
        self.found, self.unit, self.units = found, unit, units
        self.tables: dict[str, FactTable] = {}
        self.refused: dict[str, str] = {}

    def read_tables(self, given: Sequence[Given]) -> None:
        for one in given:
            ident = str(one.fields.get("id") or "?")
            try:
                self.tables[ident] = FactTable.of(one, {table.key for table in self.tables.values()})
            except VitalfewError as problem:
                self.refused[ident] = str(problem)
                self.found.leave(str(one.fields.get("name") or ident), "fact table", str(problem))

    def metric(self, name: str, given: Given) -> Taken:
        """A metric in our words.

        Raises:
            Unsupported: it has no counterpart.
            DataError: a field has the wrong type.
        """
        if given.flag("archived"):
            raise Unsupported("it is archived")
        kind = given.text("metricType")
        read = _KINDS.get(kind)
        if read is None:
            raise Unsupported(f"metrics of type '{clean(kind)}' have no counterpart here")
        fields = read(self, given)
        fields |= _window(given.part("windowSettings"))
        fields |= _cap(given.part("cappingSettings"), kind)
        fields |= _covariate(given)
        words = {"title": clean(name), "direction": "down" if given.flag("inverse") else "up"}
        described = given.maybe_text("description")
        words |= {"description": clean(described)} if described else {}
        words |= {"unit": "share"} if given.flag("displayAsPercentage") and fields.get("kind") == "ratio" else {}
        said = {key: value for key, value in given.fields.items() if key not in _LEFT_OUT}
        return Taken(name, self.found.ident(given.text("id")), fields | words, hash_of(said), notes=_notes(given))

    # Parts ---------------------------------------------------------------------------------------------------------

    def side(self, given: Given) -> tuple[Aggregate, Rows]:
        """A numerator or denominator.

        Raises:
            Unsupported: it has no counterpart.
        """
        ident = given.text("factTableId")
        if ident not in self.tables:
            raise Unsupported(self.refused.get(ident, f"its fact table '{clean(ident)}' is not in the file"))
        table = self.tables[ident]
        rows, source = table.rows(self.unit, self.units)
        self.found.sources[rows.source] = source
        return _aggregate(table, given, rows).where(*table.filters(given)), rows

    def mean(self, given: Given) -> dict[str, Any]:
        """A number per unit."""
        _without_aggregate_filter(given.part("numerator"))
        return metric_of(*self.side(given.part("numerator")))

    def proportion(self, given: Given) -> dict[str, Any]:
        """The share of units with a row, or with enough of them."""
        numerator = given.part("numerator")
        limit = numerator.maybe_text("aggregateFilter")
        column = numerator.maybe_text("aggregateFilterColumn")
        if limit is None or column is None:
            found, rows = self.side(replace(numerator, fields=numerator.fields | {"column": "$$count"}))
            return metric_of(found, rows) | {"kind": "proportion"}
        fields = replace(numerator, fields={**numerator.fields, "column": column, "aggregation": "sum"})
        found, rows = self.side(fields)
        return metric_of(found, rows) | {"kind": "proportion", "threshold": _threshold(limit, found)}

    def ratio(self, given: Given) -> dict[str, Any]:
        """One total divided by another."""
        for name in ("numerator", "denominator"):
            _without_aggregate_filter(given.part(name))
        top, bottom = self.side(given.part("numerator")), self.side(given.part("denominator"))
        return metric_of(Quotient(top[0], bottom[0]), top[1], bottom[1])

    def quantile(self, given: Given) -> dict[str, Any]:
        """A quantile of events, or of totals per unit."""
        settings, numerator = given.part("quantileSettings"), given.part("numerator")
        _without_aggregate_filter(numerator)
        found, rows = self.side(numerator)
        of_events = settings.text("type") == "event"
        if settings.flag("ignoreZeros"):
            if not of_events or found.column is None:
                raise Unsupported("it leaves out units with 0, who take part in the experiment all the same")
            found = found.where(f"{found.column} != 0" if found.column.isidentifier() else f"`{found.column}` != 0")
        if of_events:
            return metric_of(replace(found, function="quantile", quantile=settings.number("quantile")), rows)
        fields = metric_of(found, rows)
        aggregation = {"aggregation": "count"} if found.function == "count" else {}
        return fields | aggregation | {"kind": "quantile", "quantile": settings.number("quantile")}

    def participation(self, given: Given) -> dict[str, Any]:
        """The share of days with a row."""
        _without_aggregate_filter(given.part("numerator"))
        found, rows = self.side(replace(given.part("numerator"), fields=_counting(given.part("numerator"))))
        window = given.part("windowSettings")
        if window.text("type", "") != "conversion":
            raise Unsupported("the share of days needs a conversion window; without one it runs to the end of a test")
        return {name: value for name, value in metric_of(found, rows).items() if name != "kind"} | {
            "kind": "participation"
        }


_KINDS = {
    "mean": _Export.mean,
    "proportion": _Export.proportion,
    "retention": _Export.proportion,
    "ratio": _Export.ratio,
    "quantile": _Export.quantile,
    "dailyParticipation": _Export.participation,
}


def _counting(given: Given) -> dict[str, Any]:
    return given.fields | {"column": "$$count"}


def _aggregate(table: FactTable, given: Given, rows: Rows) -> Aggregate:
    column, how = given.text("column"), given.text("aggregation", "sum")
    if column == "$$count":
        return Aggregate("count")
    if column == "$$distinctUsers":
        return Aggregate("count_distinct", rows.unit)
    if column.startswith("$$"):
        raise Unsupported(f"'{clean(column)}' has no counterpart here")
    value = row_value_of(table.behind(column))
    if how == "sum":
        return summed(value)
    if how == "count distinct" and value.column is not None and not value.elsewhere_zero:
        return Aggregate("count_distinct", value.column, value.filters)
    if how == "max":
        raise Unsupported("the largest value of a unit without rows is 0 there and missing here")
    raise Unsupported(f"the aggregation '{clean(how)}' has no counterpart here")


def _without_aggregate_filter(given: Given) -> None:
    if given.maybe_text("aggregateFilter"):
        raise Unsupported("it leaves out units whose total lies below a bound, which belongs to a proportion")


def _threshold(limit: str, found: Aggregate) -> float:
    """The least total that counts; of whole numbers 'more than' is 'at least one more'."""
    read = _AT_LEAST.fullmatch(limit)
    if read is None or (read[1] == ">" and found.function != "count"):
        raise Unsupported(f"the bound '{clean(limit)}' has no counterpart; '>= 3' has")
    number = float(read[2])
    return number if read[1] == ">=" else float(int(number) + 1)


def _window(given: Given) -> dict[str, Any]:
    kind = given.text("type", "") if given.fields.get("type") else ""
    delay = given.number("delayValue")
    days = (delay or 0) * _in_days(given, "delayUnit") if delay is not None else (given.number("delayHours") or 0) / 24
    window: dict[str, Any] = {"delay": days} if days else {}
    if kind in ("conversion", "lookback"):
        window |= {"kind": kind} if kind == "lookback" else {}
        window["length"] = (given.number("windowValue") or 0) * _in_days(given, "windowUnit")
    elif kind not in ("", "none"):
        raise Unsupported(f"a window of type '{clean(kind)}' has no counterpart here")
    return {"window": window} if window else {}


def _in_days(given: Given, name: str) -> float:
    unit = given.text(name, "days")
    if unit not in _UNITS:
        raise Unsupported(f"'{clean(unit)}' is no unit of time")
    return _UNITS[unit]


def _cap(given: Given, kind: str) -> dict[str, Any]:
    how = given.text("type", "none") if given.fields.get("type") else "none"
    value = given.number("value")
    if how == "none" or not value or kind in ("proportion", "retention", "quantile", "dailyParticipation"):
        return {}
    if how not in ("absolute", "percentile"):
        raise Unsupported(f"capping of type '{clean(how)}' has no counterpart here")
    if how == "percentile" and given.flag("ignoreZeros"):
        raise Unsupported("its cap is a percentile of the units above 0; here it is one of all units")
    return {"cap": {how: value}}


def _covariate(given: Given) -> dict[str, Any]:
    api = given.part("regressionAdjustmentSettings")
    override = api.flag("override") or given.flag("regressionAdjustmentOverride")
    if not override:
        return {}
    enabled = api.flag("enabled") or given.flag("regressionAdjustmentEnabled")
    days = api.number("days") if api.fields else given.number("regressionAdjustmentDays")
    return {"covariate_days": (days or 0) if enabled else 0}


def _notes(given: Given) -> tuple[str, ...]:
    notes = []
    if given.part("priorSettings").flag("override"):
        notes.append("its prior is not taken: here a prior belongs to an experiment's decision rule")
    if given.number("targetMDE") is not None:
        notes.append("its target effect is not taken: 'vitalfew plan' asks for that of an experiment")
    if given.text("metricType") == "ratio" and given.part("cappingSettings").fields.get("value"):
        notes.append("the cap holds for the numerator alone")
    return tuple(notes)

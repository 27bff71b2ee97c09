"""Metrics of dbt from `target/semantic_manifest.json`, which every parsing command of dbt writes.

Both styles are read: simple metrics that name a measure of a semantic model, and those that hold the aggregation
themselves. Held against manifests that dbt-semantic-interfaces 0.7.4, 0.8.5, 0.9.0 and 0.10.5 write themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from vitalfew.connect.dbt_models import Model, templates_of
from vitalfew.connect.foreign import Foreign, Taken, extras_of
from vitalfew.connect.foreign_given import Given, clean, hash_of, read_json
from vitalfew.connect.foreign_measures import Rows, metric_of
from vitalfew.errors import DataError, Unsupported, VitalfewError, suggest
from vitalfew.warehouse.foreign_sql import (
    Aggregate,
    Quotient,
    RowValue,
    averaged,
    column_of,
    conditions_of,
    quotient_of_names,
    row_value_of,
    summed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TESTED = ("0.7", "0.8", "0.9", "0.10")
"""Versions of dbt-semantic-interfaces whose own manifests were read."""

_DAYS = {"day": 1, "week": 7}
_PROJECT = re.compile(r"^name:\s*['\"]?([A-Za-z0-9_]+)", re.MULTILINE)
_MEDIAN = 0.5


def read_dbt(file: Path, *, unit: str | None = None, units: Sequence[str] = (), project: str | None = None) -> Foreign:
    """Read the metrics of a semantic manifest.

    Args:
        file: `semantic_manifest.json`.
        unit: the entity that is dealt to variants, where a model has several.
        units: columns of units in the workspace, which tell the entity where nothing else does.
        project: the name of the dbt project; when not given, that of the `dbt_project.yml` above the file.

    Raises:
        UsageError: there is no such file.
        DataError: it is no semantic manifest.
    """
    given = read_json(file)
    if "semantic_models" not in given.fields or "metrics" not in given.fields:
        hint = "`dbt parse` writes it as target/semantic_manifest.json"
        raise DataError(f"{file.name} is no semantic manifest", expected="'semantic_models' and 'metrics'", hint=hint)
    found = Foreign("dbt", f"dbt:{project or _project(file)}/")
    found.notes += _version_notes(given.part("project_configuration").part("dsi_package_version"))
    reader = _Manifest(found, {}, {}, unit, units)
    reader.read_models(given.parts("semantic_models"))
    reader.read_metrics(given.parts("metrics"))
    for query in given.parts("saved_queries"):
        found.leave(query.text("name", "?"), "saved query", "a query for reports says nothing about experiments")
    return found


def _version_notes(given: Given) -> list[str]:
    version = ".".join(str(given.fields.get(part)) for part in ("major_version", "minor_version"))
    if not given.fields or version in TESTED:
        return []
    return [f"the manifest is of dbt-semantic-interfaces {clean(version)}; this was tried with {', '.join(TESTED)}"]


def _project(file: Path) -> str:
    above = file.resolve().parent.parent / "dbt_project.yml"
    try:
        named = _PROJECT.search(above.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        named = None
    return named[1] if named else "project"


@dataclass(frozen=True, slots=True)
class _Base:
    """A simple metric: what is computed over which rows, and what of it does not carry over."""

    found: Aggregate | Quotient
    rows: Rows
    model: Model
    hashed: str
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Manifest:
    found: Foreign
    models: dict[str, Model]
    metrics: dict[str, Given]
    unit: str | None
    units: Sequence[str]

    def read_models(self, given: Sequence[Given]) -> None:
        for one in given:
            try:
                model = Model.of(one)
            except VitalfewError as problem:
                self.found.leave(one.fields.get("name") or "?", "semantic model", str(problem))
            else:
                self.models[model.name] = model

    def read_metrics(self, given: Sequence[Given]) -> None:
        named = [str(metric.fields.get("name") or "?") for metric in given]
        twice = {name for name, count in Counter(named).items() if count > 1}
        self.metrics = dict(zip(named, given, strict=True))
        for name, metric in self.metrics.items():
            if name in twice:
                self.found.leave(name, "metric", "two metrics have this name", self.found.ident(name))
            else:
                self.found.take(name, partial(self._metric, name, metric))

    # Metrics -------------------------------------------------------------------------------------------------------

    def _metric(self, name: str, metric: Given) -> Taken:
        if metric.part("type_params").flag("is_private"):
            raise Unsupported("it is private: made for other metrics only")
        fields, notes, hashed = self._meaning(metric)
        words: dict[str, Any] = {"title": clean(metric.maybe_text("label") or name.replace("_", " "))}
        described = metric.maybe_text("description")
        words |= {"description": clean(described)} if described else {}
        extras, margin, more = extras_of(self._extras(metric), words)
        return Taken(name, self.found.ident(name), fields | extras, hashed, margin, (*notes, *more))

    def _extras(self, metric: Given) -> Given:
        return metric.part("config").part("meta").part("vitalfew")

    def _meaning(self, metric: Given) -> tuple[dict[str, Any], tuple[str, ...], str]:
        """What a metric measures in our words, notes, and the hash of what it says."""
        match metric.text("type"):
            case "simple":
                base = self._simple(metric, ())
                return metric_of(base.found, base.rows), base.notes, base.hashed
            case "cumulative":
                return self._cumulative(metric)
            case "ratio":
                given = metric.part("type_params")
                return self._ratio(metric, given.part("numerator"), given.part("denominator"))
            case "derived":
                return self._derived(metric)
            case "conversion":
                raise Unsupported("dbt counts conversions per base event, over two tables; a funnel here counts units")
        raise Unsupported(f"metrics of type '{clean(metric.text('type'))}' are not known")

    def _ratio(self, metric: Given, top: Given, bottom: Given) -> tuple[dict[str, Any], tuple[str, ...], str]:
        sides = [self._input(side, templates_of(metric)) for side in (top, bottom)]
        found = [side.found for side in sides]
        if not (isinstance(found[0], Aggregate) and isinstance(found[1], Aggregate)):
            raise Unsupported("it divides averages; a ratio here divides totals")
        units = {side.rows.unit for side in sides}
        if len(units) > 1:
            raise Unsupported(f"its two sides name the unit differently: {' and '.join(sorted(units))}")
        fields = metric_of(Quotient(found[0], found[1]), sides[0].rows, sides[1].rows)
        return fields, sides[0].notes + sides[1].notes, hash_of(_said(metric), *(side.hashed for side in sides))

    def _derived(self, metric: Given) -> tuple[dict[str, Any], tuple[str, ...], str]:
        given = metric.part("type_params")
        inputs = {one.maybe_text("alias") or one.text("name"): one for one in given.parts("metrics")}
        names = quotient_of_names(given.text("expr"))
        for name in names:
            if name not in inputs:
                raise Unsupported(f"its expression names '{clean(name)}', which is none of its metrics")
        return self._ratio(metric, inputs[names[0]], inputs[names[1]])

    def _input(self, given: Given, templates: Sequence[str]) -> _Base:
        if given.fields.get("offset_window") or given.fields.get("offset_to_grain"):
            raise Unsupported("it compares with an earlier period, where experiments compare with a control")
        name = given.text("name")
        metric = self.metrics.get(name)
        if metric is None:
            raise Unsupported(f"there is no metric '{clean(name)}'; {suggest(name, self.metrics)}")
        if metric.text("type") != "simple":
            raise Unsupported(f"it is made of '{clean(name)}', which is no simple metric")
        return self._simple(metric, (*templates, *templates_of(given)))

    def _cumulative(self, metric: Given) -> tuple[dict[str, Any], tuple[str, ...], str]:
        given = metric.part("type_params")
        more = given.part("cumulative_type_params")
        if more.maybe_text("grain_to_date") or given.maybe_text("grain_to_date"):
            raise Unsupported("a total since the start of a period begins anew within an experiment")
        inner = more.part("metric")
        base = self._input(inner, templates_of(metric)) if inner.fields else self._simple(metric, ())
        fields = metric_of(base.found, base.rows)
        notes = base.notes
        window = more.part("window") if more.fields.get("window") else given.part("window")
        if window.fields:
            grain = window.text("granularity").lower().removesuffix("s")
            if grain not in _DAYS:
                raise Unsupported(f"a window of {grain}s has no fixed number of days")
            if base.rows.shape == "units":
                raise Unsupported("its window needs rows with a time, and the table has one row per unit")
            length = (window.number("count") or 0) * _DAYS[grain]
            fields["window"] = {"kind": "lookback", "length": length}
            notes = (*notes, "the total of its window at the last day of the data; dbt gives one for every day")
        else:
            notes = (*notes, "the total up to the last day; dbt gives one for every day")
        return fields, notes, hash_of(_said(metric), base.hashed)

    # Simple metrics ------------------------------------------------------------------------------------------------

    def _simple(self, metric: Given, templates: Sequence[str]) -> _Base:
        given = metric.part("type_params")
        own = given.part("metric_aggregation_params")
        measure = given.part("measure") if isinstance(given.fields.get("measure"), dict) else Given({}, given.place)
        if own.fields:
            model, said = self._model(own.text("semantic_model")), own
            said = replace(said, fields={**own.fields, "expr": given.maybe_text("expr"), "name": metric.text("name")})
        else:
            name = given.maybe_text("measure") if not measure.fields else measure.text("name")
            model, said = self._measure(name or "")
        filters = model.filters((*templates, *templates_of(metric), *templates_of(measure)))
        unit = model.unit(self.unit, self.units)
        rows, source = model.rows(unit, said.maybe_text("agg_time_dimension"))
        found = _computed(said).where(*filters)
        self.found.sources[rows.source] = source
        return _Base(found, rows, model, hash_of(_said(metric), _said(said), source), _fillings(given, measure))

    def _model(self, name: str) -> Model:
        if name not in self.models:
            raise Unsupported(f"there is no semantic model '{clean(name)}'; {suggest(name, self.models)}")
        return self.models[name]

    def _measure(self, name: str) -> tuple[Model, Given]:
        for model in self.models.values():
            for measure in model.given.parts("measures"):
                if measure.fields.get("name") == name:
                    return model, measure
        raise Unsupported(f"there is no measure '{clean(name)}'")


def _computed(said: Given) -> Aggregate | Quotient:
    """What a measure computes over rows."""
    if said.part("non_additive_dimension").fields:
        raise Unsupported("it may not be added up over time (a non-additive dimension), as balances may not")
    aggregation = said.text("agg").lower()
    expr = said.maybe_text("expr") or (said.text("name") if aggregation != "count" else "1")
    match aggregation:
        case "sum":
            return summed(row_value_of(expr))
        case "sum_boolean":
            return Aggregate("count", filters=conditions_of(expr))
        case "count":
            return _counted(row_value_of(expr), expr)
        case "count_distinct":
            return Aggregate("count_distinct", column_of(expr))
        case "average":
            return averaged(row_value_of(expr))
        case "median":
            return Aggregate("quantile", column_of(expr), quantile=_MEDIAN)
        case "percentile":
            return Aggregate("quantile", column_of(expr), quantile=said.part("agg_params").number("percentile"))
        case "min" | "max":
            raise Unsupported(f"the {aggregation} of all rows is no mean over units, which experiments compare")
    raise Unsupported(f"the aggregation '{clean(aggregation)}' is not known")


def _counted(value: RowValue, expr: str) -> Aggregate:
    if value.elsewhere_zero:
        raise Unsupported(f"'{clean(expr)}' counts every row, as 0 is counted, too")
    return Aggregate("count", value.column, value.filters)


def _said(given: Given) -> dict[str, Any]:
    """What a definition says, without where it stands and how it is described."""
    return {name: value for name, value in given.fields.items() if name not in ("metadata", "description", "label")}


def _fillings(given: Given, measure: Given) -> tuple[str, ...]:
    filled = [part.number("fill_nulls_with") for part in (given, measure)]
    if any(value for value in filled if value is not None):
        return (f"days without rows were filled with {max(value or 0 for value in filled):g}; here a unit has 0 then",)
    return ()

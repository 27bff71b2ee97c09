"""The query of an experiment as text to run in a warehouse that vitalfew cannot reach.

The units, their values and the sums are the trees that `measure` runs itself; only their wrapping differs: one
statement, no question asked of the data before it, and nothing that some engine does not know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import rfc8785
from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from vitalfew.errors import DataError, Unsupported, UsageError, VitalfewError, suggest
from vitalfew.warehouse.compile import Scope, number, present, whole
from vitalfew.warehouse.queries import read_query
from vitalfew.warehouse.study import Study
from vitalfew.warehouse.tables import DATABASE_SUFFIXES
from vitalfew.warehouse.unique import crossed_units
from vitalfew.warehouse.units import own_table_suffices, pattern, segment_flags
from vitalfew.warehouse.values import in_own_column, unit_value
from vitalfew.warehouse.whole_sums import whole_query
from vitalfew.workspace.definitions import UnitSource
from vitalfew.workspace.expression_tree import Column, Compare, In, walk
from vitalfew.workspace.expression_tree import Literal as Constant
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from vitalfew.warehouse.engine import ColumnType, Engine
    from vitalfew.warehouse.queries import SourceQuery
    from vitalfew.workspace.definitions import Definitions, Experiment, Metric

Dialect = Literal["duckdb", "postgres", "bigquery", "snowflake", "databricks", "spark", "clickhouse", "trino"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
LARGEST = 1.7e308
_FILES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".jsonl", ".ndjson", *DATABASE_SUFFIXES)
_FORMAT = 1
_TOTALS = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max)
"""Aggregates that pass over NULL, so that a condition may become a CASE."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A query to run elsewhere: the experiments of a source that share the column of their variant."""

    source: str
    variant: str
    metrics: tuple[str, ...]
    segments: tuple[str, ...]
    query_hash: str
    text: str


def moments_sql(
    definitions: Definitions, metrics: Sequence[str], dialect: str, engine: Engine | None = None
) -> list[Exported]:
    """Write the queries that give the moments of some metrics, for all experiments that measure them.

    Args:
        definitions: the workspace.
        metrics: keys of metrics; empty means all that experiments measure.
        dialect: one of `DIALECTS`.
        engine: tells the types of columns when the tables are at hand, too; without it they are taken from how the
            definitions use them.

    Returns:
        One query per source and column of variants.

    Raises:
        UsageError: an unknown metric or dialect, or no experiment measures the metrics.
        Unsupported: what cannot be had in one portable query, such as events or caps at a percentile.
    """
    dialect = "postgres" if dialect == "postgresql" else dialect
    if dialect not in DIALECTS:
        raise UsageError(f"there is no dialect '{dialect}'", hint=suggest(dialect, DIALECTS))
    for metric in metrics:
        if metric not in definitions.metrics:
            raise UsageError(f"there is no metric '{metric}'", hint=suggest(metric, definitions.metrics))
    exported = [
        _export(definitions, study, variant, tuple(metrics), dialect, engine)
        for study, variant in studies(definitions)
        if not metrics or {key for found in study.experiments.values() for key in study.metrics(found)} & {*metrics}
    ]
    if not exported:
        what = f"measures {', '.join(metrics)}" if metrics else "has a table with one row per unit"
        others = any(experiment.variant is None for experiment in definitions.experiments.values())
        hint = "of exposures and events, make one first" if others and not metrics else None
        raise UsageError(f"no experiment {what}", hint=hint or "add it under experiments: with source and variant")
    return exported


def studies(definitions: Definitions) -> Iterator[tuple[Study, str]]:
    """Experiments over tables with one row per unit, grouped by source and column of the variant."""
    groups: dict[tuple[str, str], dict[str, Experiment]] = {}
    for key, experiment in definitions.experiments.items():
        source = definitions.sources.get(experiment.source)
        if isinstance(source, UnitSource) and experiment.variant is not None:
            groups.setdefault((experiment.source, experiment.variant), {})[key] = experiment
    for (source_key, variant), experiments in groups.items():
        yield Study(definitions, source_key, experiments), variant


def _export(
    definitions: Definitions,
    study: Study,
    variant: str,
    metrics: tuple[str, ...],
    dialect: str,
    engine: Engine | None,
) -> Exported:
    wanted = tuple(dict.fromkeys(value.key for value in study.values() if not metrics or value.key in metrics))
    if not own_table_suffices(study):
        raise Unsupported(
            f"the metrics or segments of source '{study.source}' need a second table, such as events",
            hint="make a table with one row per unit in the warehouse, and name it as the source",
        )
    values = [value for value in study.values() if value.key in wanted]
    for value in values:
        if not value.is_summed:
            raise Unsupported(
                f"'{value.key}' is a {value.metric.kind}, which sums cannot tell",
                hint="name the other metrics, or ask for the share of units above a threshold (kind: proportion)",
            )
        if value.percentile is not None:
            raise Unsupported(
                f"'{value.key}' is capped at a percentile, which takes a query of its own", hint="use cap: absolute"
            )
    source = definitions.sources[study.source]
    assert isinstance(source, UnitSource)  # noqa: S101 - `studies` gives no other; this tells the type checker
    query = None if source.sql is None else read_query(source.table, source.sql)
    rows = None if query is None else _rows_elsewhere(query, dialect)
    scope = Scope(source.table, "u", _types(study, source, engine), rows)
    segments = segment_flags(study, scope, study.segments())
    for what, reason in study.reasons.items():
        raise DataError(f"{what}: {reason}")
    hashed = query_hash(definitions, study.source, variant, wanted, tuple(segments))
    units = _units(scope, source, variant).select(
        exp.alias_(pattern(list(segments.values())), "pattern"),
        *(exp.alias_(unit_value(in_own_column(value, scope), scope), f"v{at}") for at, value in enumerate(values)),
    )
    tree = _statement(units, tuple(value.name for value in values), hashed, study.source, wanted)
    sql = portable(tree, query.tables if query else (source.table,), dialect).sql(dialect=dialect, pretty=True)
    header = _header(definitions, study, source, wanted, hashed)
    return Exported(study.source, variant, wanted, tuple(segments), hashed, f"{header}\n{sql};\n")


def query_hash(
    definitions: Definitions, source: str, variant: str, metrics: Sequence[str], segments: Sequence[str]
) -> str:
    """Hash everything the answer of a query depends on: who is measured, what, and in which groups; never titles."""
    asked = {
        "format": _FORMAT,
        "source": definitions.sources[source].model_dump(mode="json", exclude={"title"}),
        "variant": variant,
        "metrics": [[key, _measured(definitions.metrics[key])] for key in metrics],
        "segments": [
            [key, definitions.segments[key].model_dump(mode="json", include={"source", "filter"})] for key in segments
        ],
    }
    return hashlib.sha256(rfc8785.dumps(asked)).hexdigest()[:16]  # type: ignore[arg-type]  # JSON by construction


_MEASURED = {"kind", "numerator", "denominator", "window", "cap", "version"}
_OF_KINDS = {"threshold", "complement", "rule"}


def _measured(metric: Metric) -> dict[str, object]:
    """What decides a metric's values; fields of single kinds only where they say something."""
    of_kind = metric.model_dump(mode="json", include=_OF_KINDS, exclude_defaults=True)
    return metric.model_dump(mode="json", include=_MEASURED) | of_kind


# The statement -----------------------------------------------------------------------------------------------------


def _units(scope: Scope, source: UnitSource, variant: str) -> exp.Select:
    """The units that take part, without those seen in several arms: as `measure` takes them, in one statement."""
    arm = scope.text(variant)
    unit = exp.null() if source.unit is None else scope.column(source.unit)
    query = exp.select().from_(scope.source()).where(present(scope.column(variant)))
    if source.unit is not None:
        query = query.where(present(unit))
        everyone = query.select(exp.alias_(unit.copy(), "unit"), exp.alias_(arm.copy(), "arm"))
        query = query.where(exp.not_(exp.In(this=unit.copy(), query=crossed_units(everyone).subquery())))
    return query.select(exp.alias_(whole(0), "experiment"), exp.alias_(arm, "arm"), exp.alias_(unit, "unit"))


def _statement(
    units: exp.Select, names: tuple[str, ...], hashed: str, source: str, metrics: Sequence[str]
) -> exp.Select:
    k = len(names)
    values = [exp.column(f"v{at}") for at in range(k)]
    means = exp.select(
        *(exp.alias_(exp.Avg(this=value.copy()), f"m{at}") for at, value in enumerate(values)),
        exp.alias_(exp.Sub(this=exp.Count(this=exp.column("unit")), expression=_distinct("unit")), "repeated"),
    ).from_("units")
    centred = (
        exp.select("experiment", "arm", "pattern")
        .select(
            *(
                exp.alias_(exp.Sub(this=value, expression=exp.column(f"m{at}")), f"v{at}")
                for at, value in enumerate(values)
            )
        )
        .from_("units")
        .join("means", join_type="cross")
    )
    sums = whole_query(centred, k)
    labels = {"query_hash": hashed, "source": source, "metrics": " ".join(metrics)}
    return (
        exp.select(*(exp.alias_(exp.Literal.string(text), name) for name, text in labels.items()))
        .select("q.*", "means.*")
        .from_(sums.subquery("q"))
        .join("means", join_type="cross")
        .with_("units", as_=units)
        .with_("means", as_=means)
    )


def _distinct(name: str) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[exp.column(name)]))


def _rows_elsewhere(query: SourceQuery, dialect: str) -> exp.Query:
    """The query of a source, with its columns named so that every engine calls them as the definitions do.

    Raises:
        Unsupported: it says what the dialect has no words for.
    """
    tree = query.tree.copy()
    for column in tree.selects:
        name = column.output_name
        if name and not column.is_star:
            column.replace(exp.alias_(column.unalias().copy(), name, quoted=True))
    try:
        tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        reason = str(error).split("\n", 1)[0]
        raise Unsupported(
            f"{query.name} cannot be written for {dialect} ({reason})", hint="make it a view there, and name the view"
        ) from None
    return tree


def portable(tree: exp.Select, tables: Collection[str], dialect: str) -> exp.Expr:
    """Rewrite what only some engines know, and name a file's table by its stem."""

    def rewrite(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous) and node.name.upper() == "ISFINITE":
            return exp.LTE(this=exp.Abs(this=node.expressions[0]), expression=number(LARGEST))
        if isinstance(node, exp.Filter) and isinstance(node.this, _TOTALS):
            return _without_filter(node)
        if isinstance(node, exp.Table) and node.name in tables and node.this.args.get("quoted"):
            return _named(node)
        return node

    rewritten: exp.Expr = tree.transform(rewrite)
    if dialect == "snowflake":
        rewritten = rewritten.transform(_in_capitals)
    return rewritten


def _in_capitals(node: exp.Expr) -> exp.Expr:
    """Snowflake keeps names that were written without quotes in capitals, and quoted names find them only so."""
    if isinstance(node, exp.Identifier) and node.quoted and node.this.islower():
        return exp.Identifier(this=node.this.upper(), quoted=True)
    return node


def _without_filter(node: exp.Filter) -> exp.Expr:
    condition, total = node.expression.this, node.this
    value = whole(1) if isinstance(total.this, exp.Star) else total.this
    filtered: exp.Expr = type(total)(this=exp.Case().when(condition, value))
    return filtered


def _named(table: exp.Table) -> exp.Expr:
    name = table.name.rsplit("/", 1)[-1]
    parts = [name.split(".", 1)[0]] if name.lower().endswith(_FILES) else table.name.split(".")
    renamed = exp.to_table(".".join(f'"{part}"' for part in parts), dialect="duckdb")
    return renamed.as_(table.alias) if table.alias else renamed


def _header(definitions: Definitions, study: Study, source: UnitSource, metrics: Sequence[str], hashed: str) -> str:
    rows = f"table {source.table}" if source.sql is None else "its query"
    lines = [
        f"vitalfew moments of source {study.source} ({rows}), format {_FORMAT}",
        f"experiments: {', '.join(study.experiments)}",
        *(f"metric {key}, version {definitions.metrics[key].version}" for key in metrics),
        f"query_hash {hashed}",
        "Run it with the session's time zone set to UTC, save the rows as CSV or Parquet with all digits,",
        "then: vitalfew import moments FILE",
    ]
    return "\n".join(f"-- {' '.join(line.split())}" for line in lines)


# Types of columns that nobody can look up ---------------------------------------------------------------------------


class _Assumed(Mapping[str, "ColumnType"]):
    """Types as the definitions use the columns; a column nobody says anything about is text."""

    def __init__(self, known: Mapping[str, ColumnType]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> ColumnType:
        return self._known.get(name, "text")

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _types(study: Study, source: UnitSource, engine: Engine | None) -> Mapping[str, ColumnType]:
    if engine is not None:
        try:
            return engine.columns(source.table)
        except DataError:
            pass  # the table lies elsewhere, which is what the query is for
    known: dict[str, ColumnType] = {}
    filters = [segment.filter for segment in study.segments().values() if segment.filter is not None]
    for value in study.values():
        filters += value.measure.filters
        if value.measure.column is not None:
            known[value.measure.column] = "number"
    for text in filters:
        known |= _compared(text)
    return _Assumed(known)


def _compared(text: str) -> dict[str, ColumnType]:
    found: dict[str, ColumnType] = {}
    try:
        parts = list(walk(parse(text)))
    except VitalfewError:
        return found  # who compiles the filter says what is wrong with it
    for part in parts:
        match part:
            case Compare(Column(name), _, Constant(value)) | Compare(Constant(value), _, Column(name)):
                found[name] = _type_of(value)
            case In(Column(name), (Constant(value), *_)):
                found[name] = _type_of(value)
    return found


def _type_of(value: str | float | bool) -> ColumnType:
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"

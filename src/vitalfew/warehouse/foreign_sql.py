"""What other programs' SQL says about a metric: one aggregate, or one divided by another, over rows of plain tables.

The text is parsed and read, never run. Whatever has no exact counterpart is refused with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from vitalfew.errors import Unsupported
from vitalfew.warehouse.foreign_conditions import filters_of, refused, shortened, understood

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    type Resolve = Callable[[str, str], tuple[str, str]]

LONGEST = 5_000
_FLOATS = ("FLOAT", "DOUBLE")  # casts to other numbers round
_EXTREMES = {exp.Max: "largest", exp.Min: "smallest"}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate over rows: of a `column` (None: the rows themselves) where `filters` hold.

    `tables` are the tables its columns were named with; `quantile` belongs to the function of that name.
    """

    function: Literal["sum", "count", "count_distinct", "quantile"]
    column: str | None = None
    filters: tuple[str, ...] = ()
    quantile: float | None = None
    tables: tuple[str, ...] = ()

    def where(self, *filters: str) -> Aggregate:
        """The same over fewer rows."""
        return replace(self, filters=tuple(dict.fromkeys((*self.filters, *filters))))


@dataclass(frozen=True, slots=True)
class Quotient:
    """One aggregate divided by another."""

    numerator: Aggregate
    denominator: Aggregate

    def where(self, *filters: str) -> Quotient:
        """The same over fewer rows."""
        return Quotient(self.numerator.where(*filters), self.denominator.where(*filters))


@dataclass(frozen=True, slots=True)
class RowValue:
    """A number per row: a column, or 1 without one, where `filters` hold; elsewhere nothing, or 0."""

    column: str | None
    filters: tuple[str, ...] = ()
    elsewhere_zero: bool = False


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A query that only picks: `columns` maps its names to expressions over the table; None takes all columns."""

    table: str
    columns: Mapping[str, str] | None
    filters: tuple[str, ...]


def aggregate_of(sql: str, resolve: Resolve | None = None) -> Aggregate | Quotient:
    """Read an expression such as `SUM(orders.amount) / COUNT(DISTINCT orders.customer_id)`.

    Args:
        sql: the expression.
        resolve: from the table (empty when not given) and name of a column to its table and the SQL behind it.

    Raises:
        Unsupported: with the reason.
    """
    return _safely(lambda: _top(_resolved(_expression(sql), resolve)))


def row_value_of(sql: str) -> RowValue:
    """Read an expression that gives a number per row: a column, 1, or either in one CASE.

    Raises:
        Unsupported: with the reason.
    """
    return _safely(lambda: _row_value(_expression(sql)))


def conditions_of(sql: str, resolve: Resolve | None = None) -> tuple[str, ...]:
    """Read a condition; the filters must all hold.

    Raises:
        Unsupported: with the reason.
    """
    return _safely(lambda: filters_of(_resolved(_expression(sql), resolve)))


def column_of(sql: str) -> str:
    """Read an expression that is a column.

    Raises:
        Unsupported: it is something else.
    """
    node = _safely(lambda: _expression(sql))
    if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
        raise refused(node)
    return node.name


def quotient_of_names(sql: str) -> tuple[str, str]:
    """Read one name divided by another.

    Raises:
        Unsupported: it is something else.
    """
    node = _bare(_safely(lambda: _expression(sql)))
    sides = [_bare(side) for side in _sides(node) or ()]
    if len(sides) != 2 or not all(isinstance(side, exp.Column) for side in sides):  # noqa: PLR2004 - above and below
        raise Unsupported(f"'{shortened(sql)}' is more than one metric divided by another")
    return sides[0].name, sides[1].name


def plain_table(sql: str) -> PlainTable:
    """Read a query that only picks columns and rows of one table.

    Raises:
        Unsupported: it joins, groups, computes with other tables, or is no query.
    """
    return _safely(lambda: _plain_table(sql))


# Reading -----------------------------------------------------------------------------------------------------------


def _safely[T](read: Callable[[], T]) -> T:
    try:
        return read()
    except RecursionError:
        raise Unsupported("the SQL is nested too deeply") from None


def _statement(sql: str, before: str = "") -> exp.Expr:
    if len(sql) > LONGEST:
        raise Unsupported(f"the SQL has {len(sql):,} characters; at most {LONGEST:,} are read")
    if "{{" in sql or "{%" in sql or "{#" in sql:
        raise Unsupported(f"'{shortened(sql)}' holds a template, which is not run here")
    try:
        dialect = "bigquery" if "`" in sql else None  # the dialect in which these are the quotes of names
        statements = [found for found in sqlglot.parse(before + sql, read=dialect) if found is not None]
    except SqlglotError:
        raise Unsupported(f"'{shortened(sql)}' is no SQL that can be read") from None
    if len(statements) != 1:
        raise Unsupported(f"'{shortened(sql)}' is not one statement")
    return statements[0]


def _expression(sql: str) -> exp.Expr:
    # Behind SELECT nothing but an expression can follow, so that no statement of another kind is ever parsed.
    found = _statement(sql, "SELECT ")
    parts = found.expressions if isinstance(found, exp.Select) else []
    given = {name for name, value in found.args.items() if value and name not in ("expressions", "kind")}
    if len(parts) != 1 or given or isinstance(parts[0], exp.Alias):
        raise Unsupported(f"'{shortened(sql)}' is not one expression")
    part: exp.Expr = parts[0].unnest()
    return understood(part)


def _resolved(node: exp.Expr, resolve: Resolve | None) -> exp.Expr:
    """The expression over columns of tables: names that stand for more are replaced by what they stand for."""
    if resolve is None:
        return node

    def replaced(part: exp.Expr) -> exp.Expr:
        if not isinstance(part, exp.Column) or isinstance(part.this, exp.Star):
            return part
        table, sql = resolve(part.table, part.name)
        behind = _expression(sql) if sql != part.name else exp.column(exp.to_identifier(part.name, quoted=True))
        for column in behind.find_all(exp.Column):
            column.set("table", exp.to_identifier(table, quoted=True))
        return behind if isinstance(behind, exp.Column) else exp.paren(behind)

    return node.transform(replaced)


# Aggregates --------------------------------------------------------------------------------------------------------


def _top(node: exp.Expr) -> Aggregate | Quotient:
    node = _bare(node)
    sides = _sides(node)
    if sides is None:
        return _aggregate(node)
    found = [_aggregate(_bare(side)) for side in sides]
    if not (isinstance(found[0], Aggregate) and isinstance(found[1], Aggregate)):
        raise Unsupported(f"'{shortened(node.sql())}' divides by or divides a quotient")
    return Quotient(found[0], found[1])


def _sides(node: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    return (node.this, node.expression) if isinstance(node, exp.Div | exp.SafeDivide) else None


def _bare(node: exp.Expr) -> exp.Expr:
    """Without what changes no number: brackets, casts to numbers, times 1, and guards against division by zero."""
    while True:
        match node:
            case exp.Paren():
                node = node.this
            case exp.Cast() if node.to.this.value in _FLOATS:
                node = node.this
            case exp.Nullif() if _is_number(node.expression, 0):
                node = node.this
            case exp.Mul() if _is_number(node.this, 1):
                node = node.expression
            case exp.Mul() if _is_number(node.expression, 1):
                node = node.this
            case exp.Mul() if isinstance(node.this, exp.Literal) or isinstance(node.expression, exp.Literal):
                raise Unsupported(f"'{shortened(node.sql())}' scales the metric; give it without the factor")
            case exp.Div() if isinstance(_product(node.this), exp.Expr):
                node = exp.Div(this=_product(node.this), expression=node.expression)
            case _:
                return node


def _product(node: exp.Expr) -> exp.Expr | None:
    """What is left of `1.0 * x`; None when the node is no such product."""
    if not isinstance(node, exp.Mul):
        return None
    left = _bare(node)
    return None if left is node else left


def _is_number(node: exp.Expr | None, number: float) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and float(node.this) == number


def _aggregate(node: exp.Expr) -> Aggregate | Quotient:
    found = _aggregate_of_rows(node)
    tables = tuple(dict.fromkeys(column.table for column in node.find_all(exp.Column) if column.table))
    if isinstance(found, Quotient):
        return Quotient(replace(found.numerator, tables=tables), replace(found.denominator, tables=tables))
    return replace(found, tables=tables)


def _aggregate_of_rows(node: exp.Expr) -> Aggregate | Quotient:
    match node:
        case exp.Filter():
            kept = filters_of(node.expression.this)
            return _aggregate_of_rows(node.this).where(*kept)
        case exp.Sum():
            return summed(_row_value(node.this))
        case exp.CountIf():
            return Aggregate("count", filters=filters_of(node.this))
        case exp.Count():
            return _count(node)
        case exp.Avg():
            return averaged(_row_value(node.this))
        case exp.Median():
            return _quantile(node.this, 0.5)
        case exp.WithinGroup() if isinstance(node.this, exp.PercentileCont):
            return _quantile(node.expression.expressions[0].this, float(node.this.this.this))
        case exp.Max() | exp.Min():
            which = _EXTREMES[type(node)]
            raise Unsupported(f"the {which} of all rows is no mean over units, which experiments compare")
        case exp.Column() | exp.Literal():
            raise Unsupported(f"'{shortened(node.sql())}' is no aggregate")
    raise refused(node)


def _count(node: exp.Count) -> Aggregate:
    inner = node.this
    if isinstance(inner, exp.Star):
        return Aggregate("count")
    if isinstance(inner, exp.Distinct):
        if len(inner.expressions) != 1:
            raise refused(node)
        value = _row_value(inner.expressions[0])
        if value.column is None or value.elsewhere_zero:
            raise refused(node)
        return Aggregate("count_distinct", value.column, value.filters)
    value = _row_value(inner)
    if value.elsewhere_zero:
        raise Unsupported(f"'{shortened(node.sql())}' counts every row, as 0 is counted, too")
    return Aggregate("count", value.column, value.filters)


def _quantile(node: exp.Expr, quantile: float) -> Aggregate:
    value = _row_value(node)
    if value.column is None or value.elsewhere_zero:
        raise refused(node)
    return Aggregate("quantile", value.column, value.filters, quantile)


def summed(value: RowValue) -> Aggregate:
    """The sum of a number per row; what is elsewhere adds nothing."""
    return Aggregate("count" if value.column is None else "sum", value.column, value.filters)


def averaged(value: RowValue) -> Quotient:
    """The mean of a number per row: its sum by how many rows have it.

    Raises:
        Unsupported: it is 1 in every row, or 0 where a filter does not hold.
    """
    if value.column is None and value.filters and value.elsewhere_zero:
        return Quotient(Aggregate("count", filters=value.filters), Aggregate("count"))
    if value.column is None or value.elsewhere_zero:
        raise Unsupported("an average over rows some of which are set to 0 or 1 has no counterpart here")
    return Quotient(summed(value), Aggregate("count", value.column, value.filters))


def _row_value(node: exp.Expr) -> RowValue:
    match node:
        case exp.Paren():
            return _row_value(node.this)
        case exp.Star():
            return RowValue(None)
        case exp.Column() if not isinstance(node.this, exp.Star):
            return RowValue(node.name)
        case exp.Literal() if _is_number(node, 1):
            return RowValue(None)
        case exp.Cast() if node.to.this.value in _FLOATS:
            return _row_value(node.this)
        case exp.Case() if node.this is None and len(node.args["ifs"]) == 1:
            return _chosen(node.args["ifs"][0], node.args.get("default"))
        case exp.If():
            return _chosen(node, node.args.get("false"))
    raise Unsupported(f"'{shortened(node.sql())}' computes with columns; make it a column of a view")


def _chosen(branch: exp.Expr, other: exp.Expr | None) -> RowValue:
    value = _row_value(branch.args["true"])
    zero = _is_number(other, 0)
    if value.filters or not (zero or other is None or isinstance(other, exp.Null)):
        raise refused(branch)
    return RowValue(value.column, filters_of(branch.this), zero)


# Tables ------------------------------------------------------------------------------------------------------------

_PICKING = ("kind", "expressions", "from_", "from", "where")


def _plain_table(sql: str) -> PlainTable:
    words = sql.split(maxsplit=1)
    if not words or words[0].lower() not in ("select", "with"):
        raise Unsupported("it is no SELECT")
    node = _statement(sql.strip().rstrip(";"))
    source = node.args.get("from_") or node.args.get("from")
    given = {name for name, value in node.args.items() if value and name not in _PICKING}
    if not isinstance(node, exp.Select) or given or source is None or not isinstance(source.this, exp.Table):
        raise Unsupported("it does more than pick columns and rows of one table")
    table = source.this
    if not isinstance(table.this, exp.Identifier):
        raise Unsupported("it reads no table")
    if any(value for name, value in table.args.items() if name not in ("this", "db", "catalog", "alias")):
        raise Unsupported("it does more than pick columns and rows of one table")
    where = node.args.get("where")
    stars = [part for part in node.expressions if part.is_star]
    if stars and len(node.expressions) > 1:
        raise Unsupported("it adds columns to all columns of its table")
    columns = None if stars else {part.alias_or_name: part.unalias().sql() for part in node.expressions}
    return PlainTable(table_name(table), columns, filters_of(understood(where.this)) if where else ())


def table_name(table: exp.Table) -> str:
    """The name of a table with its schema, without the database around it; `main` is the schema when none is named."""
    return table.name if table.db in ("", "main") else f"{table.db}.{table.name}"


def table_of(relation: str) -> str:
    """The name of a table from a text such as `"warehouse"."analytics"."orders"`.

    Raises:
        Unsupported: it is a query, or no name.
    """
    none = Unsupported(f"'{shortened(relation)}' is no name of a table; make a query a view, and name that")
    if len(relation.split()) != 1 or len(relation) > LONGEST:
        raise none
    try:
        found = exp.to_table(relation, dialect="bigquery" if "`" in relation else None)
    except SqlglotError:
        raise none from None
    if not isinstance(found.this, exp.Identifier) or isinstance(found.args.get("db"), exp.Dot):
        raise none
    return table_name(found)

"""Expressions over the columns of one table, as SQL trees. What a table lacks is refused before any SQL runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError, suggest
from vitalfew.warehouse.flags import NO, YES
from vitalfew.workspace import expressions as ast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.warehouse.engine import ColumnType, Engine

_WORDS: dict[str, str] = {
    "boolean": "yes or no",
    "integer": "whole numbers",
    "number": "numbers",
    "text": "texts",
    "date": "dates",
    "time": "times",
    "other": "nested values or durations",
}
MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "inf", "-inf", "infinity", "-infinity")
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_OPERATIONS: dict[str, type[exp.Binary]] = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}
_EXACT = 2.0**53  # doubles hold every whole number below
_ISO_DATE = 10  # characters of 2026-01-31


@dataclass(frozen=True, slots=True)
class Scope:
    """A table as a query sees it: its name, the alias it has there, and the types of its columns.

    `rows` stand for the table where it is not read as it is.
    """

    table: str
    alias: str
    types: Mapping[str, ColumnType]
    rows: exp.Query | None = None

    @classmethod
    def open(cls, engine: Engine, table: str, alias: str) -> Scope:
        """Look up the columns of a table.

        Raises:
            DataError: there is no such table, or it cannot be read.
        """
        return cls(table, alias, engine.columns(table))

    def source(self) -> exp.Table | exp.Subquery:
        """The table, for a FROM clause."""
        if self.rows is not None:
            return self.rows.copy().subquery(_name(self.alias))
        return exp.Table(this=exp.to_identifier(self.table, quoted=True), alias=exp.TableAlias(this=_name(self.alias)))

    def type_of(self, name: str) -> ColumnType:
        """The type of a column.

        Raises:
            DataError: the table has no such column; names the nearest one.
        """
        if name not in self.types:
            raise DataError(f"'{self.table}' has no column '{name}'", hint=suggest(name, self.types))
        return self.types[name]

    def column(self, name: str) -> exp.Column:
        """A column as it is."""
        self.type_of(name)
        return exp.column(_name(name), table=_name(self.alias))

    def text(self, name: str) -> exp.Expr:
        """A column as text, so that names of arms, events and units compare alike whatever their type."""
        return as_text(self.column(name), self.type_of(name))

    def number(self, name: str) -> exp.Expr:
        """A column as a number: yes/no become 1/0; NULL, NaN, infinities and texts that are no number are missing."""
        column, kind = self.column(name), self.type_of(name)
        if kind == "integer":
            return exp.cast(column, "DOUBLE")
        if kind == "boolean":
            return exp.cast(exp.cast(column, "INT"), "DOUBLE")
        if kind == "number":
            return finite(exp.cast(column, "DOUBLE"))
        if kind == "text":
            return _number_in_text(column)
        raise DataError(f"the column '{name}' of '{self.table}' holds {_WORDS[kind]}, where numbers are needed")

    def not_a_number(self, name: str) -> exp.Expr | None:
        """Whether a cell holds something that is neither missing nor a number; None when the type rules that out."""
        if self.type_of(name) != "text":
            return None
        column = self.column(name)
        return exp.and_(
            column.copy().is_(exp.null()).not_(),
            _plain(column).isin(*map(exp.Literal.string, MISSING)).not_(),
            _number_in_text(column).is_(exp.null()),
        )

    def instant(self, name: str) -> exp.Expr:
        """A column as microseconds since 1970 in UTC; times without a zone are UTC, whole numbers are told by size."""
        column, kind = self.column(name), self.type_of(name)
        if kind == "time":
            return exp.func("EPOCH_US", column)
        if kind == "date":
            return exp.func("EPOCH_US", exp.cast(column, "TIMESTAMP"))
        if kind == "text":
            return exp.func("EPOCH_US", exp.TryCast(this=column, to=exp.DataType.build("TIMESTAMPTZ")))
        if kind in ("integer", "number"):
            return _unix_time(column)
        raise DataError(f"the column '{name}' of '{self.table}' holds {_WORDS[kind]}, where times are needed")

    def condition(self, expr: ast.Expr) -> exp.Expr:
        """A filter as SQL.

        Raises:
            DataError: a column does not exist, or does not fit what it is compared with.
        """
        return _Compiler(self).condition(expr)


def as_text(column: exp.Expr, kind: ColumnType) -> exp.Expr:
    """A column as text; a whole number without decimals, as a missing id beside it turns 1 into 1.0 in many tables."""
    if kind == "text":
        return column
    plain = exp.cast(column.copy(), "VARCHAR")
    if kind != "number":
        return plain
    is_whole = exp.and_(
        exp.EQ(this=column.copy(), expression=exp.Floor(this=column.copy())),
        exp.LT(this=exp.Abs(this=column.copy()), expression=number(_EXACT)),
    )
    truncated = exp.TryCast(this=column.copy(), to=exp.DataType.build("BIGINT"))
    return exp.Case().when(is_whole, exp.cast(truncated, "VARCHAR")).else_(plain)


def finite(value: exp.Expr) -> exp.Expr:
    """The value, or NULL where it is NaN or infinite."""
    return exp.Case().when(exp.func("ISFINITE", value.copy()), value)


def number(value: float) -> exp.Expr:
    """A literal that every engine reads as a double, to the last bit."""
    literal = exp.Literal.number(f"{abs(value):.17e}")
    return exp.Neg(this=literal) if value < 0 else literal


def whole(value: int) -> exp.Expr:
    """A literal of a whole number."""
    return exp.Neg(this=exp.Literal.number(-value)) if value < 0 else exp.Literal.number(value)


def table_named(name: str) -> exp.Table:
    """A table for a FROM clause, whatever its name holds."""
    return exp.Table(this=_name(name))


def present(column: exp.Expr) -> exp.Expr:
    """Whether a cell is not NULL."""
    return exp.not_(exp.Is(this=column.copy(), expression=exp.null()))


def count_where(condition: exp.Expr) -> exp.Expr:
    """Number of rows that fulfil a condition."""
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def _name(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _plain(column: exp.Expr) -> exp.Expr:
    return exp.Lower(this=exp.Trim(this=column.copy()))


def _number_in_text(column: exp.Expr) -> exp.Expr:
    return (
        exp.Case()
        .when(_plain(column).isin(*map(exp.Literal.string, YES)), number(1.0))
        .when(_plain(column).isin(*map(exp.Literal.string, NO)), number(0.0))
        .else_(finite(exp.TryCast(this=exp.Trim(this=column.copy()), to=exp.DataType.build("DOUBLE"))))
    )


def _unix_time(column: exp.Expr) -> exp.Expr:
    """Seconds, milli-, micro- or nanoseconds since 1970: 1e11 seconds is the year 5138, as milliseconds 1973."""
    scaled = exp.Case()
    for limit, factor in ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0)):
        size = exp.Abs(this=exp.cast(column.copy(), "DOUBLE"))
        scaled = scaled.when(exp.LT(this=size, expression=number(limit)), _scaled(column, factor))
    return scaled.else_(_scaled(column, 1e-3))


def _scaled(column: exp.Expr, factor: float) -> exp.Expr:
    """NaN and what lies beyond 64 bits are no times."""
    product = exp.Mul(this=exp.cast(column.copy(), "DOUBLE"), expression=number(factor))
    return exp.TryCast(this=product, to=exp.DataType.build("BIGINT"))


class _Compiler:
    """Walks a filter's tree, carrying types down to the literals that are compared with columns."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def condition(self, expr: ast.Expr) -> exp.Expr:
        match expr:
            case ast.And(items):
                return exp.and_(*map(self.condition, items))
            case ast.Or(items):
                return exp.or_(*map(self.condition, items))
            case ast.Not(item):
                return exp.not_(self.condition(item))
            case ast.IsNull(value):
                return self._value(value).is_(exp.null())
            case ast.Compare(left, operator, right):
                return _COMPARISONS[operator](this=self._value(left, right), expression=self._value(right, left))
            case ast.In(value, options):
                return self._value(value, options[0]).isin(*(self._value(option, value) for option in options))
            case ast.Column(name):
                return self._flag(name)
            case _:
                return self._value(expr)

    def _flag(self, name: str) -> exp.Expr:
        if self._scope.type_of(name) == "boolean":
            return self._scope.column(name)
        if self._scope.type_of(name) in ("integer", "number", "text"):
            return exp.EQ(this=self._scope.number(name), expression=number(1.0))
        raise DataError(f"the column '{name}' of '{self._scope.table}' is no condition", hint="compare it with a value")

    def _value(self, expr: ast.Expr, other: ast.Expr | None = None) -> exp.Expr:
        match expr:
            case ast.Column(name):
                self._comparable(name, other)
                # Engines rank NaN above every number; here it is missing.
                floating = self._scope.type_of(name) == "number"
                return self._scope.number(name) if floating else self._scope.column(name)
            case ast.Literal(value):
                return self._literal(value, other)
            case ast.Arithmetic(left, operator, right):
                return self._arithmetic(left, operator, right)
            case ast.Call(function, arguments):
                return self._call(function, [self._value(argument) for argument in arguments])
            case _:
                return self.condition(expr)

    def _comparable(self, name: str, other: ast.Expr | None) -> None:
        kind = self._scope.type_of(name)
        wanted = ast.kind_of(other) if other is not None else "any"
        fits = {
            "number": kind in ("integer", "number", "boolean"),
            "text": kind in ("text", "date", "time", "boolean"),
            "condition": kind == "boolean",
        }
        if not fits.get(wanted, True):
            raise DataError(
                f"the column '{name}' of '{self._scope.table}' holds {_WORDS[kind]} and is compared with {other}",
                hint="put texts and dates in quotes, numbers without",
            )

    def _literal(self, value: str | float | bool, other: ast.Expr | None) -> exp.Expr:
        kind = self._scope.type_of(other.name) if isinstance(other, ast.Column) else None
        if isinstance(value, bool):
            return exp.Boolean(this=value)
        if kind == "boolean":
            return exp.Boolean(this=_as_flag(value))
        if isinstance(value, str):
            return _moment(value, kind) if kind in ("date", "time") else exp.Literal.string(value)
        return whole(value) if isinstance(value, int) else number(value)

    def _arithmetic(self, left: ast.Expr, operator: str, right: ast.Expr) -> exp.Expr:
        sides = [self._number(side) for side in (left, right)]
        if operator == "/":
            nonzero = exp.Nullif(this=sides[1], expression=number(0.0))
            return exp.Div(this=sides[0], expression=nonzero, typed=False, safe=False)
        return exp.paren(_OPERATIONS[operator](this=sides[0], expression=sides[1]))

    def _number(self, expr: ast.Expr) -> exp.Expr:
        return self._scope.number(expr.name) if isinstance(expr, ast.Column) else self._value(expr)

    def _call(self, function: str, values: list[exp.Expr]) -> exp.Expr:
        match function:
            case "lower":
                return exp.Lower(this=values[0])
            case "upper":
                return exp.Upper(this=values[0])
            case "length":
                return exp.Length(this=values[0])
            case "abs":
                return exp.Abs(this=values[0])
            case "coalesce":
                return exp.Coalesce(this=values[0], expressions=values[1:])
            case "contains":
                return exp.GT(this=exp.StrPosition(this=values[0], substr=values[1]), expression=whole(0))
            case _:
                return exp.StartsWith(this=values[0], expression=values[1])


def _as_flag(value: str | float) -> bool:
    text = str(value).strip().lower().removesuffix(".0")
    if text not in YES + NO:
        raise DataError(f"'{value}' is compared with a column of yes and no", expected="true or false")
    return text in YES


def _moment(text: str, kind: str) -> exp.Expr:
    """A date or time in a filter; without a zone it is UTC, as in the data."""
    try:
        if kind == "date" and len(text) == _ISO_DATE:
            return exp.cast(exp.Literal.string(date.fromisoformat(text).isoformat()), "DATE")
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise DataError(f"'{text}' is compared with a column of dates", expected="a date such as 2026-01-31") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return exp.cast(exp.Literal.string(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")), "TIMESTAMP")

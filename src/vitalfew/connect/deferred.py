"""Expressions over `_` as ibis writes them, such as `_.amount.sum(where=_.status == 'done')`, in the words of SQL.

The text is parsed and read, never run: names, simple calls and comparisons; whatever else it holds is refused.
"""

from __future__ import annotations

import ast
import math
import warnings
from typing import TYPE_CHECKING

from vitalfew.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    type Resolve = Callable[[str, bool], str]

_LONGEST = 5_000
_SHOWN = 60
_AGGREGATES = {
    "sum": "SUM({})",
    "mean": "AVG({})",
    "count": "COUNT({})",
    "nunique": "COUNT(DISTINCT {})",
    "median": "MEDIAN({})",
    "max": "MAX({})",
    "min": "MIN({})",
}
_OF_ROWS = {
    "notnull": "({} IS NOT NULL)",
    "isnull": "({} IS NULL)",
    "lower": "LOWER({})",
    "upper": "UPPER({})",
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_JOINED: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.BitAnd: "AND",
    ast.BitOr: "OR",
}


def sql_of(text: str, resolve: Resolve, *, over_rows: bool = False) -> str:
    """The same in SQL.

    Args:
        text: the expression.
        resolve: from a name behind `_.`, and whether it stands for something of every row, to its SQL.
        over_rows: whether the expression is about every row, as dimensions are, rather than about all of them.

    Raises:
        Unsupported: it is more than names, simple calls and comparisons.
    """
    if len(text) > _LONGEST:
        raise Unsupported(f"the expression has {len(text):,} characters; at most {_LONGEST:,} are read")
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that a text may hold
            tree = ast.parse(text.strip(), mode="eval")
        found = _Reader(text, resolve).read(tree.body, over_rows=over_rows)
    except (SyntaxError, ValueError):
        raise Unsupported(f"'{_short(text)}' is no expression that can be read") from None
    except (RecursionError, MemoryError):
        raise Unsupported("the expression is nested too deeply") from None
    if len(found) > _LONGEST:  # names that stand for names can double at every step
        raise Unsupported(f"with what its names stand for, '{_short(text)}' has more than {_LONGEST:,} characters")
    return found


class _Reader:
    def __init__(self, text: str, resolve: Resolve) -> None:
        self.text, self.resolve = text, resolve

    def read(self, node: ast.expr, *, over_rows: bool) -> str:
        match node:
            case ast.Attribute(value=ast.Name(id="_"), attr=name):
                return self.resolve(name, over_rows)
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.Call(func=ast.Attribute(value=of, attr=name)):
                return self._call(node, of, name, over_rows=over_rows)
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _COMPARED:
                sides = [self.read(side, over_rows=over_rows) for side in (left, right)]
                return f"({sides[0]} {_COMPARED[type(sign)]} {sides[1]})"
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _JOINED:
                sides = [self.read(side, over_rows=over_rows) for side in (left, right)]
                return f"({sides[0]} {_JOINED[type(sign)]} {sides[1]})"
            case ast.UnaryOp(op=ast.Invert(), operand=inner):
                return f"(NOT {self.read(inner, over_rows=over_rows)})"
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
                return f"-{self._constant(value)}"
        raise self._refused(node)

    def _call(self, node: ast.Call, of: ast.expr, name: str, *, over_rows: bool) -> str:
        if name in _OF_ROWS and not node.args and not node.keywords:
            return _OF_ROWS[name].format(self.read(of, over_rows=over_rows))
        if name in ("isin", "notin") and len(node.args) == 1 and not node.keywords:
            return self._within(of, node.args[0], "IN" if name == "isin" else "NOT IN", over_rows=over_rows)
        if name == "nullif" and len(node.args) == 1 and not node.keywords:
            return f"NULLIF({self.read(of, over_rows=over_rows)}, {self.read(node.args[0], over_rows=over_rows)})"
        if over_rows:  # an aggregate within what is about a row
            raise self._refused(node)
        return self._aggregate(node, of, name)

    def _aggregate(self, node: ast.Call, of: ast.expr, name: str) -> str:
        args, named = list(node.args), {word.arg: word.value for word in node.keywords}
        share = args.pop(0) if name == "quantile" and args else None
        where = args.pop(0) if args else named.pop("where", None)
        if args or named:
            raise self._refused(node)
        found = self._over(node, of, name, share)
        return found if where is None else f"{found} FILTER (WHERE {self.read(where, over_rows=True)})"

    def _over(self, node: ast.Call, of: ast.expr, name: str, share: ast.expr | None) -> str:
        if isinstance(of, ast.Name):
            if of.id != "_" or name != "count":
                raise self._refused(node)
            return "COUNT(*)"
        inner = self.read(of, over_rows=True)
        if _is_condition(of):
            inner = f"CASE WHEN {inner} THEN 1 ELSE 0 END"
        if name == "quantile" and share is not None:
            return f"PERCENTILE_CONT({self.read(share, over_rows=True)}) WITHIN GROUP (ORDER BY {inner})"
        if name not in _AGGREGATES:
            raise self._refused(node)
        return _AGGREGATES[name].format(inner)

    def _within(self, of: ast.expr, values: ast.expr, sign: str, *, over_rows: bool) -> str:
        if not isinstance(values, ast.List | ast.Tuple) or not values.elts:
            raise self._refused(values)
        listed = ", ".join(self.read(value, over_rows=over_rows) for value in values.elts)
        return f"({self.read(of, over_rows=over_rows)} {sign} ({listed}))"

    def _constant(self, value: object) -> str:
        if isinstance(value, bool):
            return str(value).upper()
        if isinstance(value, int | float) and math.isfinite(value):
            return repr(value)
        if isinstance(value, str) and value.isprintable() and "\\" not in value:
            return "'" + value.replace("'", "''") + "'"
        raise Unsupported(f"'{_short(repr(value))}' in '{_short(self.text)}' is no value that can be read")

    def _refused(self, node: ast.expr) -> Unsupported:
        part = ast.get_source_segment(self.text.strip(), node) or self.text
        return Unsupported(f"'{_short(part)}' is more than names, simple calls and comparisons")


def _is_condition(node: ast.expr) -> bool:
    match node:
        case ast.Compare() | ast.UnaryOp(op=ast.Invert()) | ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ("isin", "notin", "notnull", "isnull")
    return False


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"

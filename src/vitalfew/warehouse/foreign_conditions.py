"""Conditions of other programs' SQL in the words of our filters; what has no counterpart is refused, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DefinitionError, Unsupported
from vitalfew.workspace import expressions as ast
from vitalfew.workspace.expression_tokens import WORDS

if TYPE_CHECKING:
    from vitalfew.workspace.expression_tree import Comparison, Function, Operation

_COMPARISONS: dict[type[exp.Expr], Comparison] = {
    exp.EQ: "==", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_OPERATIONS: dict[type[exp.Expr], Operation] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_FUNCTIONS: dict[type[exp.Expr], Function] = {
    exp.Lower: "lower", exp.Upper: "upper", exp.Length: "length", exp.Abs: "abs",
    exp.Contains: "contains", exp.StartsWith: "startswith",
}  # fmt: skip
_MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "DATETIME", "TIMESTAMPNTZ")
_LONGEST_SHOWN = 60
_READ = frozenset({"this", "expression", "expressions"})
_READ_IN: dict[type[exp.Expr], frozenset[str]] = {
    exp.Between: frozenset({"low", "high"}),
    exp.Case: frozenset({"ifs", "default"}),
    exp.If: frozenset({"true", "false"}),
    exp.Cast: frozenset({"to"}),
    exp.TryCast: frozenset({"to", "safe"}),
    exp.Count: frozenset({"big_int"}),
    exp.CountIf: frozenset({"zero_on_all_null"}),
    exp.Coalesce: frozenset({"is_nvl"}),
    exp.Ordered: frozenset({"nulls_first"}),
    exp.Column: frozenset({"table"}),
    exp.Literal: frozenset({"is_string"}),
    exp.Identifier: frozenset({"quoted"}),
    exp.Div: frozenset({"typed", "safe"}),
}
"""What is read of a node; whatever else it says would be lost."""


def filters_of(condition: exp.Expr) -> tuple[str, ...]:
    """A condition as filters, all of which must hold.

    Raises:
        Unsupported: with the part that has no counterpart.
    """
    found = _condition(condition)
    parts = found.items if isinstance(found, ast.And) else (found,)
    texts = tuple(written(part) for part in parts)
    for text in texts:
        try:
            ast.parse(text)
        except DefinitionError as error:
            raise Unsupported(f"the filter '{shortened(text)}' cannot be kept: {error.problems[0].message}") from None
    return texts


def shortened(text: str) -> str:
    """A piece of SQL on one line, at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"


def understood(node: exp.Expr) -> exp.Expr:
    """The same tree with each negation as a node of its own.

    Raises:
        Unsupported: a node says more than is read here, such as an order or a format.
    """
    node = node.transform(_with_negation)
    for part in node.walk():
        said = {name for name, value in part.args.items() if value}
        if said - _READ - _READ_IN.get(type(part), frozenset()):
            raise refused(part)
    return node


def _with_negation(node: exp.Expr) -> exp.Expr:
    if not node.args.get("negate"):
        return node
    plain = node.copy()
    plain.set("negate", None)
    return exp.Not(this=plain)


def refused(node: exp.Expr) -> Unsupported:
    """That a part of SQL has no counterpart here."""
    return Unsupported(f"'{shortened(node.sql())}' has no counterpart here")


def written(expr: ast.Expr) -> str:
    """An expression as a person would write it; parses to what `str` of it parses to."""
    match expr:
        case ast.Column(name):
            return name if name.isidentifier() and name.lower() not in WORDS else f"`{name}`"
        case ast.Compare(left, operator, right) | ast.Arithmetic(left, operator, right):
            return f"{_inner(left)} {operator} {_inner(right)}"
        case ast.In(value, options):
            return f"{_inner(value)} in ({', '.join(map(str, options))})"
        case ast.IsNull(value):
            return f"{_inner(value)} is null"
        case ast.And(items) | ast.Or(items):
            return (" and " if isinstance(expr, ast.And) else " or ").join(map(_inner, items))
        case ast.Not(item):
            return _negated(item)
        case ast.Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"
    return str(expr)


def _negated(item: ast.Expr) -> str:
    match item:
        case ast.IsNull(value):
            return f"{_inner(value)} is not null"
        case ast.In(value, options):
            return f"{_inner(value)} not in ({', '.join(map(str, options))})"
    return f"not {_inner(item)}"


def _inner(expr: ast.Expr) -> str:
    plain = isinstance(expr, ast.Column | ast.Literal | ast.Call)
    return written(expr) if plain else f"({written(expr)})"


def _condition(node: exp.Expr) -> ast.Expr:
    match node:
        case exp.Paren():
            return _condition(node.this)
        case exp.And():
            return ast.And(tuple(_flat(node, exp.And)))
        case exp.Or():
            return ast.Or(tuple(_flat(node, exp.Or)))
        case exp.Not():
            return ast.Not(_condition(node.this))
        case exp.Is():
            return _is(node)
        case exp.Between():
            return _between(node)
        case exp.In():
            return _in(node)
        case exp.Like() | exp.ILike():
            return _like(node)
        case _ if type(node) in _COMPARISONS:
            return ast.Compare(_value(node.this), _COMPARISONS[type(node)], _value(node.expression))
    return _value(node)


def _between(node: exp.Between) -> ast.Expr:
    value, low, high = _value(node.this), _value(node.args["low"]), _value(node.args["high"])
    return ast.And((ast.Compare(value, ">=", low), ast.Compare(value, "<=", high)))


def _flat(node: exp.And | exp.Or, kind: type[exp.And | exp.Or]) -> list[ast.Expr]:
    """The parts of a chain; brackets around a chain of the same kind change nothing."""
    found: list[ast.Expr] = []
    waiting: list[exp.Expr] = [node]
    while waiting:
        part = waiting.pop().unnest()
        if isinstance(part, kind):
            waiting += [part.expression, part.this]
        else:
            translated = _condition(part)
            same = isinstance(translated, ast.And) and kind is exp.And
            found += translated.items if same and isinstance(translated, ast.And) else (translated,)
    return found


def _is(node: exp.Is) -> ast.Expr:
    value, other = _value(node.this), node.expression
    if isinstance(other, exp.Null):
        return ast.IsNull(value)
    if isinstance(other, exp.Boolean):  # never unknown, unlike a comparison
        return ast.And((ast.Not(ast.IsNull(value)), ast.Compare(value, "==", ast.Literal(bool(other.this)))))
    raise refused(node)


def _in(node: exp.In) -> ast.Expr:
    options = [_value(option) for option in node.expressions]
    literals = tuple(option for option in options if isinstance(option, ast.Literal))
    if not literals or len(literals) < len(options):
        raise refused(node)
    return ast.In(_value(node.this), literals)


def _like(node: exp.Like | exp.ILike) -> ast.Expr:
    """`like 'a%'`, `'%a%'` and patterns without signs."""
    value, pattern = _value(node.this), node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise refused(node)
    text = str(pattern.this)
    if isinstance(node, exp.ILike):
        value, text = ast.Call("lower", (value,)), text.lower()
    core = text.strip("%")
    if "_" in text or "%" in core or "\\" in text or not core:
        raise refused(node)
    if text == core:
        return ast.Compare(value, "==", ast.Literal(core))
    if text == f"{core}%":
        return ast.Call("startswith", (value, ast.Literal(core)))
    if text == f"%{core}%":
        return ast.Call("contains", (value, ast.Literal(core)))
    raise refused(node)


def _value(node: exp.Expr) -> ast.Expr:
    match node:
        case exp.Paren():
            return _value(node.this)
        case exp.Column():
            return _column(node)
        case exp.Literal():
            return ast.Literal(str(node.this)) if node.is_string else _number(node)
        case exp.Boolean():
            return ast.Literal(bool(node.this))
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            literal = _number(node.this)
            return ast.Literal(-literal.value) if not isinstance(literal.value, str) else literal
        case exp.Cast() if node.to.this.value in _MOMENTS and isinstance(node.this, exp.Literal):
            return ast.Literal(str(node.this.this))
        case exp.Coalesce():
            return ast.Call("coalesce", (_value(node.this), *map(_value, node.expressions)))
        case _ if type(node) in _FUNCTIONS:
            more = [part for part in (node.args.get("expression"),) if part is not None]
            return ast.Call(_FUNCTIONS[type(node)], (_value(node.this), *map(_value, more)))
        case _ if type(node) in _OPERATIONS:
            return ast.Arithmetic(_value(node.this), _OPERATIONS[type(node)], _value(node.expression))
    raise refused(node)


def _column(node: exp.Column) -> ast.Column:
    if "`" in node.name or not node.name or isinstance(node.this, exp.Star):
        raise refused(node)
    return ast.Column(node.name)


def _number(node: exp.Literal) -> ast.Literal:
    text = str(node.this)
    return ast.Literal(int(text) if text.isdigit() else float(text))

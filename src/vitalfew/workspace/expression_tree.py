"""Filters as trees: what the text of a filter means, free of any engine's SQL.

The nodes are frozen values: two texts that mean the same in the same words give equal trees. `str()` writes a node
back as text that parses to an equal node.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args
from typing import Literal as OneOf

if TYPE_CHECKING:
    from collections.abc import Iterator

Comparison = OneOf["==", "!=", "<", "<=", ">", ">="]
Operation = OneOf["+", "-", "*", "/"]
Function = OneOf["lower", "upper", "length", "abs", "coalesce", "contains", "startswith"]
Kind = OneOf["condition", "number", "text", "any"]

COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
FUNCTIONS: tuple[Function, ...] = get_args(Function)


@dataclass(frozen=True, slots=True)
class Column:
    """The value of a column of the source."""

    name: str

    def __str__(self) -> str:
        return f"`{self.name}`"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: a text, a whole or decimal number, true or false."""

    value: str | float | bool

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return "'" + self.value.replace("'", "''") + "'"
        return str(self.value).lower()


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison; unknown (and so not kept) when a side is missing, as in SQL."""

    left: Expr
    operator: Comparison
    right: Expr

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


@dataclass(frozen=True, slots=True)
class In:
    """Whether a value is one of some constants."""

    value: Expr
    options: tuple[Literal, ...]

    def __str__(self) -> str:
        return f"({self.value} in ({', '.join(map(str, self.options))}))"


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is missing."""

    value: Expr

    def __str__(self) -> str:
        return f"({self.value} is null)"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more conditions."""

    items: tuple[Expr, ...]

    def __str__(self) -> str:
        return f"({' and '.join(map(str, self.items))})"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more conditions."""

    items: tuple[Expr, ...]

    def __str__(self) -> str:
        return f"({' or '.join(map(str, self.items))})"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    item: Expr

    def __str__(self) -> str:
        return f"(not {self.item})"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers added, subtracted, multiplied or divided (never rounded to whole numbers)."""

    left: Expr
    operator: Operation
    right: Expr

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of some values.

    `contains(text, part)` and `startswith(text, part)` are conditions and compare letters exactly; `length` counts
    characters; `coalesce` takes the first value that is not missing.
    """

    function: Function
    arguments: tuple[Expr, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


type Expr = Column | Literal | Compare | In | IsNull | And | Or | Not | Arithmetic | Call


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct parts of an expression, from left to right."""
    match expr:
        case Compare(left, _, right) | Arithmetic(left, _, right):
            return (left, right)
        case In(value, options):
            return (value, *options)
        case IsNull(inner) | Not(inner):
            return (inner,)
        case And(items) | Or(items) | Call(_, items):
            return items
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all its parts, parents first."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def columns_of(expr: Expr) -> tuple[str, ...]:
    """The names of the columns an expression reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(part.name for part in walk(expr) if isinstance(part, Column)))


def depth_of(expr: Expr) -> int:
    """How many nodes lie on the longest way down; 1 for a column."""
    return 1 + max((depth_of(child) for child in children(expr)), default=0)


def kind_of(expr: Expr) -> Kind:
    """What an expression yields; `any` where only the data can tell (a column)."""
    match expr:
        case Column():
            return "any"
        case Literal():
            if isinstance(expr.value, bool):
                return "condition"
            return "text" if isinstance(expr.value, str) else "number"
        case Arithmetic():
            return "number"
        case Call():
            return _kind_of_call(expr)
        case _:
            return "condition"


def _kind_of_call(call: Call) -> Kind:
    if call.function == "coalesce":
        known = {kind_of(argument) for argument in call.arguments} - {"any"}
        return known.pop() if len(known) == 1 else "any"
    if call.function in ("lower", "upper"):
        return "text"
    return "number" if call.function in ("length", "abs") else "condition"


def is_finite(value: float) -> bool:
    """Whether a number can be written in every engine."""
    return math.isfinite(value)

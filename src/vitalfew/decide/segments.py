"""Which segments exclude each other, as far as their filters tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.errors import DefinitionError
from vitalfew.workspace.expression_tree import And, Column, Compare, In, Literal, Not
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.expression_tree import Expr

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class _Allowed:
    """What one condition allows a column to be: some values, or an interval of numbers."""

    column: str
    values: frozenset[str | float | bool] | None = None
    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False

    def shares_nothing_with(self, other: _Allowed) -> bool:
        if self.column != other.column:
            return False
        if self.values is not None and other.values is not None:
            return not self.values & other.values
        if self.values is not None:
            return not any(other.holds(value) for value in self.values)
        if other.values is not None:
            return other.shares_nothing_with(self)
        first, second = sorted((self, other), key=lambda each: (each.low, each.high))
        return first.high < second.low or (first.high == second.low and (first.open_high or second.open_low))

    def holds(self, value: str | float | bool) -> bool:
        if isinstance(value, str):
            return True  # how a text compares with a number is the engine's business
        above = value > self.low or (value == self.low and not self.open_low)
        below = value < self.high or (value == self.high and not self.open_high)
        return above and below


def exclusive(definitions: Definitions, first: str, second: str) -> bool:
    """Whether no unit can be in both segments: their filters are over one source and contradict each other.

    Only plain conditions are understood (a column against constants, joined by `and`; a condition and its `not`): False
    means that it is not known.
    """
    one, other = definitions.segments.get(first), definitions.segments.get(second)
    if one is None or other is None or one.filter is None or other.filter is None or one.source != other.source:
        return False
    try:
        left, right = parse(one.filter), parse(other.filter)
    except DefinitionError:
        return False  # reported where definitions are checked
    mine, theirs = tuple(_conditions(left)), tuple(_conditions(right))
    if any(Not(a) == b or a == Not(b) for a in mine for b in theirs):
        return True
    allowed = [[found for each in side if (found := _allowed(each))] for side in (mine, theirs)]
    return any(a.shares_nothing_with(b) for a in allowed[0] for b in allowed[1])


def _conditions(expr: Expr) -> Iterator[Expr]:
    """The conditions that all must hold."""
    if isinstance(expr, And):
        for item in expr.items:
            yield from _conditions(item)
    else:
        yield expr


def _allowed(expr: Expr) -> _Allowed | None:
    if isinstance(expr, Column):
        return _Allowed(expr.name, frozenset({True}))
    if isinstance(expr, Not) and isinstance(expr.item, Column):
        return _Allowed(expr.item.name, frozenset({False}))
    if isinstance(expr, In) and isinstance(expr.value, Column):
        return _Allowed(expr.value.name, frozenset(option.value for option in expr.options))
    if isinstance(expr, Compare):
        return _compared(expr)
    return None


def _compared(expr: Compare) -> _Allowed | None:
    left, operator, right = expr.left, str(expr.operator), expr.right
    if isinstance(left, Literal):
        left, operator, right = right, _TURNED[operator], left
    if not isinstance(left, Column) or not isinstance(right, Literal):
        return None
    if operator == "==":
        return _Allowed(left.name, frozenset({right.value}))
    if isinstance(right.value, str) or operator == "!=":
        return None
    if operator in ("<", "<="):
        return _Allowed(left.name, high=right.value, open_high=operator == "<")
    return _Allowed(left.name, low=right.value, open_low=operator == ">")

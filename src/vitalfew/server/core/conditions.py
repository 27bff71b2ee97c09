"""Conditions over columns, typed in rows of a form: never a query, only what the grammar of filters reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from django import forms

from vitalfew.errors import DefinitionError, Problem
from vitalfew.server.core.definition_fields import Column as ColumnField
from vitalfew.workspace.expression_tree import Column, Compare, Comparison, IsNull, Literal, Not
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.workspace.expressions import Expr

EMPTY, FILLED = "is empty", "is not empty"
OPERATORS: tuple[str, ...] = (*get_args(Comparison), EMPTY, FILLED)
_SAID = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_NAME = re.compile(r"[A-Za-z_]\w*")
_NOT_NAMES = frozenset(("and", "or", "not", "in", "is", "null", "true", "false"))

type Row = tuple[str, str, str]
"""Column, operator and value, as typed."""


def condition_fields() -> dict[str, forms.Field]:
    """The fields of one condition."""
    return {
        "column": ColumnField("Column"),
        "operator": forms.ChoiceField(
            choices=[(operator, _SAID.get(operator, operator)) for operator in OPERATORS], required=False, label="How"
        ),
        "value": forms.CharField(required=False, max_length=200, label="Value"),
    }


def conditions(rows: Sequence[Row], types: Mapping[str, str]) -> list[str]:
    """Conditions as text; rows without a column say nothing.

    Args:
        rows: as typed.
        types: of the columns, so that numbers are compared as numbers.

    Raises:
        Conditions: some cannot be, with the row of each.
    """
    found, problems = [], []
    for at, (column, operator, value) in enumerate(rows):
        if not column:
            continue
        try:
            found.append(_condition(column, operator or "==", value, types.get(column, "text")))
        except ValueError as error:
            problems.append((at, str(error)))
    if problems:
        raise Conditions(problems)
    return found


class Conditions(DefinitionError):
    """Conditions that cannot be: `rows` with the reason."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        super().__init__(Problem(reason) for _, reason in rows)
        self.rows = tuple(rows)


def _condition(column: str, operator: str, value: str, kind: str) -> str:
    """One condition as text of the grammar of filters, made from a tree, never put together from what was typed."""
    tree: Expr
    if "`" in column:
        raise ValueError("columns with a backtick in their name cannot be used in conditions")
    if operator in (EMPTY, FILLED):
        tree = IsNull(Column(column)) if operator == EMPTY else Not(IsNull(Column(column)))
    else:
        if not value:
            raise ValueError("give the value to compare with, or choose “is empty”")
        tree = Compare(Column(column), _comparison(operator), Literal(_constant(value, kind)))
    text = _said(tree)
    if parse(text) != tree:
        raise ValueError("this value cannot be written in a condition")
    return text


def _comparison(operator: str) -> Comparison:
    found: Comparison | None = next((known for known in get_args(Comparison) if known == operator), None)
    if found is None:
        raise ValueError("choose how to compare")
    return found


def _constant(value: str, kind: str) -> str | float | bool:
    if kind in ("integer", "number"):
        if not _NUMBER.fullmatch(value.strip()):
            raise ValueError(f"the column holds numbers, and “{value}” is none")
        number = float(value)
        return int(number) if number.is_integer() else number
    if kind == "boolean":
        if value.strip().lower() not in ("true", "false", "yes", "no"):
            raise ValueError("the column holds yes or no: give true or false")
        return value.strip().lower() in ("true", "yes")
    return value


def _said(tree: Expr) -> str:
    """A condition as people write it: no backticks around plain names, no brackets around the whole."""
    text = str(tree)
    text = text[1:-1] if text.startswith("(") else text
    return re.sub(r"`(\w+)`", lambda found: found[1] if _is_plain(found[1]) else found[0], text, count=1)


def _is_plain(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name.lower() not in _NOT_NAMES


def split(filters: Sequence[str], most: int) -> tuple[list[Row], list[str]]:
    """Conditions that fit into at most so many rows, and those that stay as they are."""
    typed: list[Row] = []
    kept: list[str] = []
    for text in filters:
        found = _row(text) if len(typed) < most else None
        if found is None:
            kept.append(text)
        else:
            typed.append(found)
    return typed, kept


def _row(text: str) -> Row | None:
    try:
        tree = parse(text)
    except DefinitionError:
        return None
    match tree:
        case Compare(Column(name), operator, Literal(value)):
            shown = (
                str(value).lower()
                if isinstance(value, bool)
                else f"{value:g}"
                if isinstance(value, float)
                else str(value)
            )
            return name, operator, shown
        case IsNull(Column(name)):
            return name, EMPTY, ""
        case Not(IsNull(Column(name))):
            return name, FILLED, ""
        case _:
            return None

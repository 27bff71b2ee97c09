"""Rows to Arrow and back, by the types the row classes declare: a table per row class, nothing written by hand."""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import pyarrow as pa

_SCALARS: dict[type, pa.DataType] = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_()}


@cache
def schema_of(row_class: type) -> pa.Schema:
    """Arrow schema of a row class: one field per attribute, in order."""
    hints = get_type_hints(row_class)
    return pa.schema([pa.field(f.name, arrow_type(hints[f.name])) for f in fields(row_class)])


def arrow_type(annotation: Any) -> pa.DataType:  # noqa: ANN401 - a type annotation has no narrower type
    """Arrow type of an annotation: scalars, literals, optionals, tuples, mappings from text, row classes."""
    inner = _without_none(annotation)
    origin = get_origin(inner)
    if origin is Literal:
        return pa.string()
    if origin is tuple:
        return pa.list_(arrow_type(get_args(inner)[0]))
    if origin is Mapping:
        return pa.map_(pa.string(), arrow_type(get_args(inner)[1]))
    if is_dataclass(inner):
        hints = get_type_hints(inner)
        return pa.struct([pa.field(f.name, arrow_type(hints[f.name])) for f in fields(inner)])
    return _SCALARS[inner]


def to_table(row_class: type, rows: Sequence[Any]) -> pa.Table:
    """Rows as an Arrow table with the schema of their class."""
    return pa.Table.from_pylist([plain(row) for row in rows], schema=schema_of(row_class))


def from_table[Row](row_class: type[Row], table: pa.Table) -> tuple[Row, ...]:
    """Rows of a class from an Arrow table that `to_table` made."""
    revive = cast("Callable[[Any], Row]", _reviver(cast("Hashable", row_class)))
    return tuple(map(revive, table.to_pylist()))


def plain(value: Any) -> Any:  # noqa: ANN401 - walks values of any row field
    """A row as plain dicts, lists and scalars."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(inner) for inner in value]
    return value


def from_plain[Row](row_class: type[Row], value: Any) -> Row:  # noqa: ANN401 - the inverse of `plain`
    """A row of a class from what `plain` made of it."""
    return cast("Row", _revive(row_class, value))


def _revive(annotation: Any, value: Any) -> Any:  # noqa: ANN401 - the inverse of `plain`
    revive = _reviver(annotation)
    return value if revive is None or value is None else revive(value)


@cache
def _reviver(annotation: Any) -> Callable[[Any], Any] | None:  # noqa: ANN401 - a type annotation has no narrower type
    """What makes values of a type from plain ones; None where these are such values already.

    Made once for each type, for a run holds hundreds of thousands of values.
    """
    inner = _without_none(annotation)
    origin = get_origin(inner)
    if origin is tuple:
        return _each(_reviver(get_args(inner)[0]))
    if origin is Mapping:
        return _each_of_mapping(_reviver(get_args(inner)[1]))
    return _made(inner) if is_dataclass(inner) else None


def _each(revive: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    if revive is None:
        return tuple
    return lambda items: tuple([None if item is None else revive(item) for item in items])


def _each_of_mapping(revive: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a mapping, or the pairs that Arrow makes of one
        found = dict(value)
        if revive is None:
            return found
        return {key: None if inner is None else revive(inner) for key, inner in found.items()}

    return mapping


def _made(row_class: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - any row class
    hints = get_type_hints(row_class)
    deeper = [(f.name, revive) for f in fields(row_class) if (revive := _reviver(hints[f.name])) is not None]

    def made(record: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a row of that class
        given = dict(record)
        for name, revive in deeper:
            if given.get(name) is not None:
                given[name] = revive(given[name])
        return row_class(**given)

    return made


def _without_none(annotation: Any) -> Any:  # noqa: ANN401 - a type annotation has no narrower type
    if get_origin(annotation) in (Union, types.UnionType):
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation

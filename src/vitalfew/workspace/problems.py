"""What is wrong with definitions, in the user's words and at the user's lines.

Pydantic finds the faults; what a field takes is said by the type of the field, so no message speaks of pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from vitalfew.errors import Problem, Where, suggest
from vitalfew.workspace.definitions import AnySource
from vitalfew.workspace.fields import bare, describe, fields_of, form_of, model_at, names_of, type_at
from vitalfew.workspace.given import hint_for, shorten, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from vitalfew.workspace.fields import Path

_KEY = "letters, digits, '_', '.' and '-', beginning with a letter, a digit or '_', at most 120 in all"
_TAGS_AT_SOURCES = 2


@dataclass(frozen=True, slots=True)
class Places:
    """The tree of all definitions, with the place of each key and each value by its path."""

    tree: dict[str, Any]
    keys: Mapping[Path, Where]
    values: Mapping[Path, Where]

    def of_key(self, path: Path) -> Where | None:
        """The place of a key or item, else of the nearest thing around it."""
        return self._nearest(self.keys, path) or self._nearest(self.values, path)

    def of_value(self, path: Path) -> Where | None:
        """The place of a value, else of the nearest thing around it."""
        return self._nearest(self.values, path) or self._nearest(self.keys, path)

    def path_of(self, location: tuple[str | int, ...]) -> Path:
        """The path in the user's tree for a location in the definitions.

        Leaves out what the user did not write: the tag of a form, and `numerator` where a metric is short for it.
        """
        path: Path = ()
        node: Any = self.tree
        for position, part in enumerate(location):
            if _is_tag(path, position, part):
                continue
            if part in node if isinstance(node, dict) else _is_index(part, node):
                node = node[part]
                path = (*path, part)
        return path

    def value(self, path: Path) -> object:
        """What stands at a path."""
        node: Any = self.tree
        for part in path:
            node = node[part]
        return node

    def _nearest(self, places: Mapping[Path, Where], path: Path) -> Where | None:
        for end in range(len(path), 0, -1):
            found = places.get(path[:end])
            if found is not None:
                return Where(found.file, found.line, found.column, path)
        return None


def _is_index(part: str | int, node: object) -> bool:
    return isinstance(node, list) and isinstance(part, int) and part < len(node)


def _is_tag(path: Path, position: int, part: str | int) -> bool:
    at_source = position == _TAGS_AT_SOURCES and len(path) == position and path[0] == "sources"
    return at_source or (path[-1:] == ("cost",) and part in ("number", "quantiles"))


def problems_of(error: ValidationError, places: Places) -> list[Problem]:
    """Translate what pydantic found."""
    return [_problem(detail, places) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails, places: Places) -> Problem:
    location, kind = detail["loc"], detail["type"]
    path = places.path_of(location)
    if "[key]" in location:
        return Problem(f"'{shorten(path[-1])}' cannot be a key", places.of_key(path), _KEY)
    if kind == "missing" and isinstance(location[-1], str):
        return _missing(location[-1], path, places)
    if kind == "extra_forbidden":
        return _unknown(path, places)
    if kind == "union_tag_invalid":
        return _wrong_shape(path, places)
    if kind == "value_error" and bare(type_at(path, places.tree))[0] is not date:
        return Problem(str(detail["ctx"]["error"]), places.of_value(path))
    return _wrong_value(path, kind, places)


def _missing(name: str, path: Path, places: Places) -> Problem:
    name = "source" if name == "numerator" else name
    expected = describe(type_at((*path, name), places.tree))
    return Problem(f"'{name}' is missing", places.of_key(path), expected)


def _unknown(path: Path, places: Places) -> Problem:
    name = str(path[-1])
    where = places.of_key(path)
    model = model_at(path[:-1], places.tree)
    known = names_of(model) if model else ()
    if name in known:
        return Problem(f"'{name}' is given beside 'numerator'", where, hint=f"move '{name}' into 'numerator'")
    return Problem(f"unknown field '{shorten(name)}'", where, hint=suggest(name, known, limit=12))


def _wrong_shape(path: Path, places: Places) -> Problem:
    shapes = [describe(fields_of(bare(form)[0])["shape"]) for form in get_args(bare(AnySource)[0])]
    given = places.value((*path, "shape"))
    hint = suggest(given, shapes) if isinstance(given, str) else None
    return Problem(f"found {shown(given)}", places.of_value((*path, "shape")), f"one of: {', '.join(shapes)}", hint)


def _wrong_value(path: Path, kind: str, places: Places) -> Problem:
    takes, value = type_at(path, places.tree), places.value(path)
    where = places.of_value(path)
    if kind == "string_too_long" and isinstance(value, str):
        return Problem(f"found a text of {len(value):,} characters", where, "at most 10,000")
    # A source has six forms; what is wrong is told about the one it seems to be.
    expected = describe(form_of(takes, value) if takes is AnySource else takes)
    return Problem(f"found {shown(value)}", where, expected, hint_for(value, takes))

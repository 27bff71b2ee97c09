"""Definitions as YAML that people like to read and our strict reader reads back as exactly the same."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.workspace.definitions import MEASURE_FIELDS
from vitalfew.workspace.yaml_scalars import plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions

type Path = tuple[str, ...]

WIDTH = 110

# Words that other YAML readers take for booleans: ours does not, but a file should mean the same everywhere.
_ELSEWHERE_SPECIAL = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null"})
_PLAIN = re.compile(r"[^\W\d](?:[\w ./%()+-]*[\w%)])?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LONGEST_WHOLE = 10**15


def tree_of(definitions: Definitions) -> dict[str, object]:
    """Definitions as a plain tree, as short as a person would write them: no defaults, no `numerator` alone."""
    tree: dict[str, object] = definitions.model_dump(mode="json", exclude_defaults=True)
    metrics = tree.get("metrics")
    if isinstance(metrics, dict):
        tree["metrics"] = {key: _with_short_measure(metric) for key, metric in metrics.items()}
    return tree


def _with_short_measure(metric: dict[str, object]) -> dict[str, object]:
    measure = metric.get("numerator")
    if not isinstance(measure, dict) or not measure.keys() <= set(MEASURE_FIELDS):
        return metric
    return {**measure, **{name: value for name, value in metric.items() if name != "numerator"}}


def to_yaml(tree: Mapping[str, object], comments: Mapping[Path, str] | None = None) -> str:
    """Write a tree as YAML.

    Args:
        tree: kinds with their keys and definitions: dicts, lists, texts, numbers, booleans, dates and None.
        comments: text to write above a key, by its path; that of the empty path begins the file.

    Returns:
        The text of the file; short definitions stand on one line.

    Raises:
        ValueError: a number that YAML cannot hold exactly: infinite, or whole with more than 15 digits.
    """
    writer = _Writer(comments or {})
    lines = [*writer.comment((), ""), *writer.fields(tree, ())]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    comments: Mapping[Path, str]

    def comment(self, path: Path, indent: str) -> Iterator[str]:
        if path in self.comments:
            yield from (f"{indent}# {line}".rstrip() for line in self.comments[path].splitlines())

    def fields(self, fields: Mapping[str, object], path: Path) -> Iterator[str]:
        indent = "  " * len(path)
        if not fields:
            yield f"{indent}{{}}"
        for key, value in fields.items():
            here = (*path, key)
            yield from self.comment(here, indent)
            yield from self._field(f"{indent}{_text(key)}:", value, here)

    def _field(self, head: str, value: object, path: Path) -> Iterator[str]:
        line = f"{head} {flow(value)}"
        if self._fits(line, value, path):
            yield line
        elif isinstance(value, Mapping):
            yield head
            yield from self.fields(value, path)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield head
            yield from (f"{'  ' * len(path)}- {flow(item)}" for item in value)
        else:
            yield line

    def _fits(self, line: str, value: object, path: Path) -> bool:
        if not value:
            return True
        if isinstance(value, Mapping):
            commented = any(known[: len(path)] == path and known != path for known in self.comments)
            kind_with_keys = len(path) == 1 and any(isinstance(entry, Mapping) for entry in value.values())
            return len(line) <= WIDTH and not commented and not kind_with_keys
        return len(line) <= WIDTH


def flow(value: object) -> str:
    """A value on one line, as YAML writes it.

    Raises:
        ValueError: a number that YAML cannot hold exactly.
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return _number(value)
        case date():
            return value.isoformat()
        case Mapping():
            return "{" + ", ".join(f"{_text(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case str():
            return _text(value)
        case Sequence():
            return "[" + ", ".join(map(flow, value)) + "]"
    raise ValueError(f"{type(value).__name__} has no form in YAML")


def _number(value: float) -> str:
    if not math.isfinite(value) or (isinstance(value, int) and abs(value) >= _LONGEST_WHOLE):
        raise ValueError(f"{value} cannot be written exactly")
    whole = float(value).is_integer() and abs(value) < _LONGEST_WHOLE
    return str(int(value)) if whole else repr(value)


def _text(text: str) -> str:
    if not text.isprintable():
        return '"' + "".join(map(_escaped, text)) + '"'
    safe = _PLAIN.fullmatch(text) and text.lower() not in _ELSEWHERE_SPECIAL and plain_scalar(text) == text
    if safe or _DAY.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return "\\" + sign
    if sign == "\n":
        return "\\n"
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"

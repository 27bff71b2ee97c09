"""A metric as the fields of a form, and back as the plain tree that YAML would hold; conditions stay typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from vitalfew.errors import DefinitionError, Problem, suggest
from vitalfew.workspace.expression_tree import Column, Compare, Comparison, IsNull, Literal, Not
from vitalfew.workspace.expressions import parse
from vitalfew.workspace.metrics import MEASURE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.workspace.expressions import Expr

CONDITIONS = 4
"""Rows of typed conditions in the form."""
EMPTY, FILLED = "is empty", "is not empty"
OPERATORS: tuple[str, ...] = (*get_args(Comparison), EMPTY, FILLED)
PLAIN = ("title", "description", "kind", "threshold", "quantile", "over", "horizon", "rule", "direction", "unit",
         "level", "role", "value_type", "side", "owner")  # fmt: skip
"""Fields of the form that are fields of the definition under the same name."""
_KEPT = ("covariate_days", "covariates", "segments", "timeliness", "import_key", "version", "summary", "template")
"""Fields without a place in the form, which stay as they were."""
_DEFAULTS = {"kind": "mean", "over": "units", "direction": "up", "level": "system"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_NAME = re.compile(r"[A-Za-z_]\w*")
_NOT_NAMES = frozenset(("and", "or", "not", "in", "is", "null", "true", "false"))


def body_of(
    cleaned: Mapping[str, Any], before: Mapping[str, Any], types: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The definition that a form says.

    Args:
        cleaned: its fields.
        before: the definition that stands; what the form has no place for stays.
        types: type of each column by source, so that numbers are compared as numbers.

    Raises:
        DefinitionError: a condition is none, at the field of its row.
    """
    body: dict[str, Any] = {name: before[name] for name in _KEPT if name in before}
    for name in PLAIN:
        value = cleaned.get(name)
        if value not in (None, "") and value != _DEFAULTS.get(name):
            body[name] = value
    if cleaned.get("complement"):
        body["complement"] = True
    if steps := listed(cleaned.get("steps", "")):
        body["steps"] = steps
    source = cleaned["source"]
    body |= _measure(cleaned, "", source)
    if filters := [*cleaned.get("kept", ()), *_conditions(cleaned, types.get(source, {}))]:
        body["filters"] = filters
    if cleaned.get("below_source"):
        body["denominator"] = _measure(cleaned, "below_", cleaned["below_source"])
        if kept := _standing_below(before).get("filters"):
            body["denominator"]["filters"] = kept
    body |= _window_and_cap(cleaned)
    return body


def initial_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form for a definition."""
    over = body.get("numerator") or {name: body[name] for name in MEASURE_FIELDS if name in body}
    below = body.get("denominator") or {}
    window, cap = body.get("window") or {}, body.get("cap") or {}
    initial: dict[str, Any] = {name: body.get(name, _DEFAULTS.get(name)) for name in PLAIN}
    initial |= {"complement": body.get("complement", False), "steps": ", ".join(body.get("steps", ()))}
    for prefix, measure in (("", over), ("below_", below)):
        initial |= {
            f"{prefix}source": measure.get("source", ""),
            f"{prefix}column": measure.get("column", ""),
            f"{prefix}aggregation": measure.get("aggregation", ""),
            f"{prefix}events": ", ".join(measure.get("events", ())),
        }
    initial |= {"window_kind": window.get("kind", "conversion"), "window_delay": window.get("delay")}
    initial |= {"window_length": window.get("length"), "cap_side": cap.get("side", "upper")}
    initial |= {"cap_absolute": cap.get("absolute"), "cap_percentile": cap.get("percentile")}
    typed, kept = _split(over.get("filters", ()))
    for at, (column, operator, value) in enumerate(typed):
        initial |= {f"column_{at}": column, f"operator_{at}": operator, f"value_{at}": value}
    return initial | {"kept": kept, "others": kept}


def listed(text: str) -> list[str]:
    """Names that stand in one field, apart by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def unknown_events(cleaned: Mapping[str, Any], held: Mapping[str, Sequence[str]]) -> Iterable[tuple[str, str]]:
    """Fields that name an event which the data do not hold, with what was probably meant."""
    for field, source in (("events", "source"), ("below_events", "below_source"), ("steps", "source")):
        known = held.get(cleaned.get(source) or "", ())
        if not known:
            continue
        for name in listed(cleaned.get(field, "")):
            if name not in known:
                yield field, f"The data hold no event “{name}”; {suggest(name, known)}"


def _measure(cleaned: Mapping[str, Any], prefix: str, source: str) -> dict[str, Any]:
    measure: dict[str, Any] = {"source": source}
    for name in ("column", "aggregation"):
        if cleaned.get(f"{prefix}{name}"):
            measure[name] = cleaned[f"{prefix}{name}"]
    if events := listed(cleaned.get(f"{prefix}events", "")):
        measure["events"] = events
    return measure


def _standing_below(before: Mapping[str, Any]) -> Mapping[str, Any]:
    return before.get("denominator") or {}


def _window_and_cap(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    delay, length = cleaned.get("window_delay"), cleaned.get("window_length")
    if length is not None or delay:
        window = {"kind": cleaned.get("window_kind") or "conversion", "delay": delay, "length": length}
        found["window"] = {name: value for name, value in window.items() if value not in (None, "conversion")}
    absolute, percentile = cleaned.get("cap_absolute"), cleaned.get("cap_percentile")
    if absolute is not None or percentile is not None:
        cap = {"absolute": absolute, "percentile": percentile, "side": cleaned.get("cap_side") or "upper"}
        found["cap"] = {name: value for name, value in cap.items() if value not in (None, "upper")}
    return found


def _conditions(cleaned: Mapping[str, Any], types: Mapping[str, str]) -> list[str]:
    found, problems = [], []
    for at in range(CONDITIONS):
        column, operator = cleaned.get(f"column_{at}"), cleaned.get(f"operator_{at}")
        value = cleaned.get(f"value_{at}") or ""
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


def _split(filters: Sequence[str]) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Conditions that fit into rows of the form, and those that stay as they are."""
    typed: list[tuple[str, str, str]] = []
    kept: list[str] = []
    for text in filters:
        found = _row(text) if len(typed) < CONDITIONS else None
        if found is None:
            kept.append(text)
        else:
            typed.append(found)
    return typed, kept


def _row(text: str) -> tuple[str, str, str] | None:
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

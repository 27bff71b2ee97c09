"""A metric as the fields of a form, and back as the plain tree that YAML would hold; conditions stay typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.errors import suggest
from vitalfew.server.core.conditions import conditions, split
from vitalfew.server.core.definition_fields import trimmed
from vitalfew.workspace.metrics import MEASURE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CONDITIONS = 4
"""Rows of typed conditions in the form."""
PLAIN = ("title", "description", "kind", "threshold", "quantile", "over", "horizon", "rule", "direction", "unit",
         "level", "role", "value_type", "side", "owner", "family", "timeliness", "summary", "covariate_days",
         "segments")  # fmt: skip
"""Fields of the form that are fields of the definition under the same name."""
_KEPT = ("import_key", "version", "template")
"""Fields without a place in the form, which stay as they were."""
_DEFAULTS = {"kind": "mean", "over": "units", "direction": "up", "level": "system", "summary": "restricted_mean"}


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
        if value not in (None, "", []) and value != _DEFAULTS.get(name):
            body[name] = value
    if cleaned.get("complement"):
        body["complement"] = True
    for name in ("steps", "covariates"):
        if names := listed(cleaned.get(name, "")):
            body[name] = names
    source = cleaned["source"]
    body |= _measure(cleaned, "", source)
    if filters := [*cleaned.get("kept", ()), *conditions(_rows(cleaned), types.get(source, {}))]:
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
    initial |= {"complement": body.get("complement", False)}
    initial |= {name: ", ".join(body.get(name, ())) for name in ("steps", "covariates")}
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
    typed, kept = split(over.get("filters", ()), CONDITIONS)
    for at, (column, operator, value) in enumerate(typed):
        initial |= {f"column_{at}": column, f"operator_{at}": operator, f"value_{at}": value}
    return {name: trimmed(value) for name, value in initial.items()} | {"kept": kept, "others": kept}


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


def _rows(cleaned: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    parts = ("column", "operator", "value")
    column, operator, value = ([cleaned.get(f"{part}_{at}") or "" for at in range(CONDITIONS)] for part in parts)
    return list(zip(column, operator, value, strict=True))

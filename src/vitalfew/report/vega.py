"""The pictures of an experiment as Vega-Lite specifications: plain dicts, drawn by whatever shows them.

Text of users appears as values of data only, never in an expression. Colours are left to the surface, so that light and
dark themes hold; arms and ways of looking differ by their dashes, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.report.view import ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import BandRow, EffectRow, QuantilesRow

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
MIME = "application/vnd.vegalite.v6+json"

type Spec = dict[str, Any]


def forest(view: View, effects: Sequence[EffectRow]) -> Spec:
    """Effects with their 80 and 95 % intervals, one row each, zero shared; each in the unit of its metric."""
    values = [_effect(view, row) for row in effects if row.estimate is not None]
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    layers: list[Spec] = [
        {"mark": {"type": "rule"}, "encoding": _span("low_95", "high_95")},
        {"mark": {"type": "rule", "size": 4}, "encoding": _span("low_80", "high_80")},
        {"mark": {"type": "point", "filled": True, "size": 45}, "encoding": {"x": _number("estimate", "change")}},
        {"mark": {"type": "rule", "strokeDash": [2, 2]}, "encoding": {"x": {"datum": 0}, "y": None}},
    ]
    tooltip = [{"field": name} for name in ("name", "unit", "estimate", "low_95", "high_95", "p", "grade")]
    return _spec(values, {"y": y, "tooltip": tooltip}, layers)


def cumulative(view: View, rows: Sequence[BandRow]) -> Spec:
    """An effect with all units up to each day, and the interval that holds at every look."""
    unit = view.unit(rows[0].metric)
    values = [
        {
            "day": row.day,
            "arm": row.arm,
            "units": row.units,
            "estimate": row.estimate * unit.factor,
            "low": row.low * unit.factor,
            "high": row.high * unit.factor,
        }
        for row in rows
    ]
    x = {"field": "day", "type": "temporal", "title": "units first seen up to the end of this day"}
    detail = {"field": "arm", "type": "nominal"}
    band = {"y": _number("low", unit.change or "change"), "y2": {"field": "high"}, "detail": detail}
    layers: list[Spec] = [
        {"mark": {"type": "area", "opacity": 0.25}, "encoding": band},
        {"mark": {"type": "line"}, "encoding": {"y": _number("estimate", None), "strokeDash": detail}},
        {"mark": {"type": "rule", "strokeDash": [2, 2]}, "encoding": {"y": {"datum": 0}, "x": None}},
    ]
    return _spec(values, {"x": x}, layers)


def spread(view: View, rows: Sequence[QuantilesRow]) -> Spec:
    """Share of the units of each arm at or below each value."""
    unit = view.unit(rows[0].metric)
    values = [
        {"arm": row.arm, "value": value * unit.factor, "share": share}
        for row in rows
        for share, value in zip(row.probabilities, row.values, strict=True)
    ]
    arm = {"field": "arm", "type": "nominal"}
    across = _number("value", unit.level or view.title("metrics", rows[0].metric))
    up = _number("share", "share of units at or below") | {"axis": {"format": "%"}}
    line = {"mark": {"type": "line"}, "encoding": {"x": across, "y": up, "strokeDash": arm, "color": arm}}
    return _spec(values, {}, [line])


def power(curves: Mapping[str, Sequence[tuple[float, float]]], across: str, target: float) -> Spec:
    """Power against time, units or effect, one line per way of looking."""
    values = [{"mode": name, "x": x, "power": power} for name, points in curves.items() for x, power in points]
    mode = {"field": "mode", "type": "nominal", "title": None}
    up = _number("power", "power") | {"axis": {"format": "%"}, "scale": {"domain": [0, 1]}}
    layers: list[Spec] = [
        {"mark": {"type": "line"}, "encoding": {"x": _number("x", across), "y": up, "strokeDash": mode, "color": mode}},
        {"mark": {"type": "rule", "strokeDash": [2, 2]}, "encoding": {"y": {"datum": target}}},
    ]
    return _spec(values, {}, layers)


def _spec(values: Sequence[Mapping[str, Any]], shared: Spec, layers: Sequence[Spec]) -> Spec:
    return {
        "$schema": SCHEMA,
        "width": "container",
        "data": {"values": list(values)},
        "encoding": shared,
        "layer": list(layers),
    }


def _effect(view: View, row: EffectRow) -> dict[str, Any]:
    unit = view.unit(row.metric)
    name = view.name_of(row)
    found: dict[str, Any] = {
        "name": f"{name} ({row.arm})",
        "unit": unit.change,
        "estimate": (row.estimate or 0.0) * unit.factor,
        "p": row.p_value,
        "grade": row.grade,
    }
    for confidence, percent in ((0.80, 80), (0.95, 95)):
        low, high = ends(row.intervals, confidence) or (None, None)
        found |= {f"low_{percent}": _times(low, unit.factor), f"high_{percent}": _times(high, unit.factor)}
    return found


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _span(low: str, high: str) -> Spec:
    return {"x": _number(low, "change"), "x2": {"field": high}}


def _number(field: str, title: str | None) -> Spec:
    return {"field": field, "type": "quantitative", "title": title}

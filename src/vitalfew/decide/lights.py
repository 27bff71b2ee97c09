"""Four lights per factor: whether it is told, defined and measured, weighed, and given a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.rows import FactorLightsRow

if TYPE_CHECKING:
    from vitalfew.results.rows import Light, Tables
    from vitalfew.workspace.definitions import Definitions

FEWEST_RATERS = 2
WIDE = 3.0
"""Ratio of the ends of a weight's 80 % interval from which the group has not agreed on it."""


def lights(definitions: Definitions, tables: Tables) -> tuple[FactorLightsRow, ...]:
    """How far the agreement on each factor goes: agreement in stories is not yet agreement in numbers.

    *narrative*: a title and a sentence about it, and whose value it is. *definition*: this run measured it, and its
    unit, owner and baseline are given. *weight*: several people weighed it, over a range that is no mere example, and
    its interval is not wide. *target*: a
    key result with baseline, target and date asks for it.

    Args:
        definitions: of the workspace.
        tables: of the run; its weights and effects are read.
    """
    return tuple(_row(definitions, tables, factor) for factor in definitions.factors)


def is_measured(tables: Tables, metric: str) -> bool:
    """Whether any experiment of the run gave an effect on a metric."""
    return any(row.metric == metric and row.estimate is not None for row in tables.effects)


def _row(definitions: Definitions, tables: Tables, factor: str) -> FactorLightsRow:
    narrative, definition = _narrative(definitions, factor), _definition(definitions, tables, factor)
    weight, target = _weight(definitions, tables, factor), _target(definitions, factor)
    found = {"narrative": narrative, "definition": definition, "weight": weight, "target": target}
    missing = tuple(f"{name}: {why}" for name, (_, why) in found.items() if why)
    return FactorLightsRow(factor, narrative[0], definition[0], weight[0], target[0], missing)


def _narrative(definitions: Definitions, factor: str) -> tuple[Light, str]:
    metric, held = definitions.metrics.get(factor), definitions.factors[factor]
    lacking = []
    if held.title is None and (metric is None or metric.title is None):
        lacking.append("give it a title")
    if metric is None or metric.description is None:
        lacking.append("describe it in a sentence")
    if held.stakeholder is None:
        lacking.append("name whose value it is")
    return _of(lacking, most=3)


def _definition(definitions: Definitions, tables: Tables, factor: str) -> tuple[Light, str]:
    metric, held = definitions.metrics.get(factor), definitions.factors[factor]
    if metric is None:
        return "off", "define the metric"
    lacking = [] if is_measured(tables, factor) else ["measure it in an experiment"]
    lacking += ["name its owner"] if metric.owner is None else []
    lacking += ["say where it stands (baseline)"] if held.baseline is None else []
    lacking += ["agree on its range"] if held.provisional else []
    return _of(lacking, most=3)


def _weight(definitions: Definitions, tables: Tables, factor: str) -> tuple[Light, str]:
    row = next((row for row in tables.weights if row.factor == factor), None)
    if row is None or not row.raters:
        return "off", "nobody has weighed it"
    if row.raters < FEWEST_RATERS:
        return "partly", "one person's answer"
    if definitions.factors[factor].provisional:
        return "partly", "it was weighed over a range that nobody has agreed on"
    if len(tables.weights) > 1 and row.low is not None and row.high is not None and row.high > WIDE * row.low:
        return "partly", "its weight is far from agreed"
    return "on", ""


def _target(definitions: Definitions, factor: str) -> tuple[Light, str]:
    asked = [
        result
        for objective in definitions.objectives.values()
        for result in objective.key_results.values()
        if result.metric == factor
    ]
    if not asked:
        return "off", "no key result asks for it"
    if any(None not in (result.baseline, result.target, result.due) for result in asked):
        return "on", ""
    return "partly", "its key result lacks a baseline, a target or a date"


def _of(lacking: list[str], most: int) -> tuple[Light, str]:
    if not lacking:
        return "on", ""
    return "off" if len(lacking) >= most else "partly", ", ".join(lacking)

"""A plan of an experiment for notebooks: its sentences, the change found by week, and power curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.curves import power_curves
from vitalfew.report.markup import tag
from vitalfew.report.plan_text import MODE_NAMES, SHOWN_WEEKS, plan_sentences
from vitalfew.report.words import significant, unit_of, with_unit

if TYPE_CHECKING:
    from vitalfew.evidence.planning import ExperimentPlan, MetricPlan
    from vitalfew.report.markup import Markup
    from vitalfew.workspace.definitions import Definitions


def plan_html(plan: ExperimentPlan, definitions: Definitions) -> Markup:
    """The plan as HTML that takes the notebook's own style."""
    said = [tag("p", sentence) for sentence in plan_sentences(plan, definitions)]
    notes = [tag("p", caution, class_="muted small") for caution in plan.cautions]
    table = [_weeks(plan, definitions)] if plan.metrics and plan.weekly else []
    curves = [_curve(metric, definitions) for metric in plan.metrics if metric.part == "primary" and metric.curve]
    return tag("div", [*said, *table, *curves, *notes])


def _weeks(plan: ExperimentPlan, definitions: Definitions) -> Markup:
    heads = [f"{week} week{'s' if week > 1 else ''}" for week in SHOWN_WEEKS]
    head = tag(
        "tr", [tag("th", "Smallest change found", scope="col"), *(tag("th", week, scope="col") for week in heads)]
    )
    rows = []
    for metric in plan.metrics:
        unit = unit_of(definitions.metrics[metric.metric])
        found = metric.modes[plan.mode].detectable
        shown = [
            "too few" if one is None else with_unit(significant(one * unit.factor, 2), unit.change) for one in found
        ]
        told = (tag("td", shown[week - 1], data_label=head) for week, head in zip(SHOWN_WEEKS, heads, strict=True))
        rows.append(tag("tr", tag("th", metric.title, scope="row"), told))
    return tag("div", tag("table", tag("thead", head), tag("tbody", rows)), class_="scroll")


def _curve(metric: MetricPlan, definitions: Definitions) -> Markup:
    unit = unit_of(definitions.metrics[metric.metric])
    curves = {
        MODE_NAMES[mode]: [(change * unit.factor, power) for change, power in points]
        for mode, points in metric.curve.items()
    }
    across = f"change of {metric.title}{f' in {unit.change_in_words}' if unit.change_in_words else ''}"
    return power_curves(curves, across, metric.power, f"Power by {across}")

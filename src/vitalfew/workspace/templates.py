"""Ready definitions of the measures most teams need: a word that stands for the fields of a metric.

A template is filled in before anything is checked, so that a metric made from one is a metric like any other. What is
written beside it wins.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vitalfew.errors import suggest


class Template(NamedTuple):
    """A measure in words, exactly, and the fields of a metric that it stands for."""

    meaning: str
    fields: dict[str, Any]


TEMPLATES: dict[str, Template] = {
    "adoption": Template(
        "The share of exposed units that sent one of `events` at least `threshold` times in the four weeks after their"
        " first exposure.",
        {"kind": "proportion", "threshold": 1, "window": {"length": 28}},
    ),
    "task_completion_time": Template(
        "The seconds from the first of `steps` (start) to the second (end): their sum over all completed tasks, divided"
        " by the number of these. A task is complete when its end follows before the next start of the same unit and"
        " within `horizon` days.",
        {"kind": "duration", "horizon": 1, "direction": "down", "unit": "s"},
    ),
    "error_rate": Template(
        "Failed attempts over all attempts: events of the metric itself, divided by those of `denominator` (which must"
        " count failed ones, too). The denominator is counted in the same source unless it names one.",
        {"kind": "error_rate", "direction": "down"},
    ),
    "retention": Template(
        "The share of exposed units with at least `threshold` events in the second week after their first exposure"
        " (from day 7 to before day 14); any event counts unless `events` names some.",
        {"kind": "retention", "threshold": 1, "window": {"delay": 7, "length": 7}},
    ),
    "churn": Template(
        "One minus retention: the share of exposed units with fewer than `threshold` events in the second week after"
        " their first exposure.",
        {
            "kind": "retention",
            "complement": True,
            "threshold": 1,
            "window": {"delay": 7, "length": 7},
            "direction": "down",
        },
    ),
    "nps": Template(
        "The share of promoters (9 and 10) minus that of detractors (0 to 6), in points from -100 to 100, over the last"
        " answer (`column`) of each unit; a unit without an answer is missing.",
        {"kind": "nps", "unit": "points"},
    ),
}


def expand(raw: dict[str, Any]) -> dict[str, Any]:
    """Fill in what the template of a metric stands for.

    Args:
        raw: the fields of a metric as written; what it says itself is kept.

    Raises:
        ValueError: there is no such template.
    """
    if "template" not in raw:
        return raw
    name = raw["template"]
    if not isinstance(name, str) or name not in TEMPLATES:
        raise ValueError(f"there is no template '{name}'; {suggest(str(name), TEMPLATES)}")
    filled = TEMPLATES[name].fields | {field: value for field, value in raw.items() if field != "template"}
    denominator = filled.get("denominator")
    if isinstance(denominator, dict) and "source" not in denominator and "source" in raw:
        filled["denominator"] = {"source": raw["source"]} | denominator
    return filled

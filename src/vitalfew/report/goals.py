"""Key results in words: what is foreseen of each, and how likely it is to be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.layout import items
from vitalfew.report.markup import Markup, tag
from vitalfew.report.words import level, probability
from vitalfew.results.figures import telling, unit_of

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.basics import Estimate
    from vitalfew.results.figures import Unit
    from vitalfew.results.goal_rows import KeyResultRow
    from vitalfew.workspace.definitions import Definitions


def foreseen(definitions: Definitions, row: KeyResultRow) -> str:
    """What one row says: `34 min (31 min to 38 min) by then if things go on; reached with probability .55`."""
    if row.reached is not None:
        return "was due, and reached" if row.reached else "was due, and not reached"
    if row.forecast is None or row.chance is None:
        return f"not foreseen: {'; '.join(row.notes)}"
    unit = unit_of(definitions.metrics.get(row.metric or ""))
    told = f"{_span(row.forecast, unit)} by then if things go on; reached with probability"
    return "; ".join((f"{told} {probability(row.chance)}", *row.notes))


def _span(forecast: Estimate, unit: Unit) -> str:
    """A forecast with its interval, to two figures of half of it; alone where there is none."""
    if forecast.low is None or forecast.high is None:
        return level(forecast.estimate, unit)
    places = telling(forecast.low * unit.factor, forecast.high * unit.factor)
    middle, low, high = (level(end, unit, places) for end in (forecast.estimate, forecast.low, forecast.high))
    return f"{middle} ({low} to {high})"


def sentences(view: View) -> list[str]:
    """A sentence for each key result."""
    return [f"{_title(view.definitions, row)}: {foreseen(view.definitions, row)}" for row in view.tables.key_results]


def goals(view: View) -> Markup | None:
    """All of them, once there are any."""
    told = sentences(view)
    if not told:
        return None
    said = "Of the week that ends on the day each is due; 80 % intervals."
    return tag(
        "div", tag("h3", "Will key results be reached?"), items(told), tag("p", said, class_="muted"), class_="sub"
    )


def _title(definitions: Definitions, row: KeyResultRow) -> str:
    objective = definitions.objectives[row.objective]
    result = objective.key_results[row.key]
    named = result.title or (definitions.title("metrics", row.metric) if row.metric else row.key.replace("_", " "))
    return f"{named} ({objective.title})"

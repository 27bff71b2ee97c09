"""Technical health in words and as a table: where metrics with a floor will stand, as it goes on and with the plan."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.layout import Column, items, table
from vitalfew.report.markup import Markup, tag
from vitalfew.results.figures import between, change, telling, unit_of

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.basics import Estimate
    from vitalfew.results.goal_rows import ErosionRow

TITLE = "Will delivery hold?"


def sentences(view: View) -> list[str]:
    """A sentence for each floor."""
    return [f"{view.title('metrics', row.metric)}: {_sentence(view, row)}." for row in view.tables.erosion]


def erosion(view: View) -> Markup | None:
    """All floors, once the policy has any."""
    rows = view.tables.erosion
    if not rows:
        return None
    heads = [
        "Technical health",
        Column("Now (80 %)", "num"),
        Column("Floor", "num"),
        Column("If things go on (80 %)", "num"),
        Column("With the plan (80 %)", "num"),
        Column("Points, if things go on (80 %)", "num"),
    ]
    body = [
        (
            view.title("metrics", row.metric),
            _level(view, row, row.now),
            words.level(row.floor, _unit(view, row.metric)),
            _then(view, row, row.forecast, row.chance),
            _then(view, row, row.kept, row.kept_chance),
            "" if row.cost is None else words.change(row.cost.mean, row.cost.low, row.cost.high, words.BARE_VALUE),
        )
        for row in rows
    ]
    day = f"Of the week that ends on {_day(rows[0])}, with the probability of being beyond the floor."
    caption = f"{day} Points: of a horizon in which it stands as it will then."
    told = {view.title("metrics", row.metric): (*_moves(view, row), *row.notes) for row in rows}
    beside = items(f"{name}: {'; '.join(parts)}" for name, parts in told.items() if parts)
    return tag("div", tag("h3", TITLE), items(_fence(view)), table(heads, body, caption=caption), beside, class_="sub")


def _then(view: View, row: ErosionRow, found: Estimate | None, chance: float | None) -> str:
    return "" if found is None else f"{_level(view, row, found)}, {words.probability(chance)}"


def _fence(view: View) -> list[str]:
    """What the best plan spends on technical health, and what was agreed."""
    technical = view.definitions.policy.technical
    spent = next((row.technical for row in view.tables.plans if row.plan == "best"), None)
    if technical is None or spent is None:
        return []
    return [f"The best plan spends {words.share(spent)} on it; agreed are at least {words.share(technical.share)}."]


def _sentence(view: View, row: ErosionRow) -> str:
    """What one row says, without a full stop."""
    unit = _unit(view, row.metric)
    now = f"stands at {_level(view, row, row.now)}, " if row.now else ""
    parts = [f"{now}floor {words.level(row.floor, unit)}"]
    if row.forecast is not None:
        told = f"{_level(view, row, row.forecast)} by {_day(row)} if things go on"
        parts.append(f"{told}, beyond the floor with probability {words.probability(row.chance)}")
    if row.kept is not None:
        told = f"with {words.count(len(row.lines), 'line')} of the best plan {_level(view, row, row.kept)}"
        parts.append(f"{told}, beyond it with probability {words.probability(row.kept_chance)}")
    if row.cost is not None:
        worth = words.change(row.cost.mean, row.cost.low, row.cost.high, words.VALUE)
        parts.append(f"going on would come to {worth}")
    return "; ".join((*parts, *_moves(view, row), *row.notes))


def _moves(view: View, row: ErosionRow) -> list[str]:
    """What the way down does to factors that it is not itself."""
    others = {factor: found for factor, found in row.moves.items() if factor != row.metric}
    return [
        f"{view.title('metrics', factor)} {change(found.estimate, found.low, found.high, _unit(view, factor))}"
        for factor, found in others.items()
    ]


def _unit(view: View, metric: str) -> words.Unit:
    return unit_of(view.definitions.metrics.get(metric))


def _level(view: View, row: ErosionRow, found: Estimate | None) -> str:
    """A level with its interval: `43.1 h (41.2 to 45.0)`."""
    if found is None:
        return ""
    unit = _unit(view, row.metric)
    if found.low is None or found.high is None:
        return f"{words.level(found.estimate, unit)} (no interval)"
    ends = (found.low * unit.factor, found.high * unit.factor)
    places = telling(*ends)
    return f"{words.level(found.estimate, unit, places)} ({between(*ends, places)})"


def _day(row: ErosionRow) -> str:
    found = date.fromisoformat(row.on)
    return f"{found.day} {found:%b %Y}"

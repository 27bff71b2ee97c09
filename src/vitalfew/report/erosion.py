"""Technical health in words and as a table: where metrics with a floor will stand, as it goes on and with the plan."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.layout import Column, items, table
from vitalfew.report.markup import Markup, tag
from vitalfew.results.figures import change, unit_of

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
        Column("P(beyond)", "num"),
        Column("With the plan (80 %)", "num"),
        Column("P(beyond)", "num"),
        Column("Points, if things go on (80 %)", "num"),
        Column("What moves with it, and what is not known", "long"),
    ]
    body = [
        (
            view.title("metrics", row.metric),
            _level(view, row, row.now),
            words.level(row.floor, unit_of(view.definitions.metrics[row.metric])),
            _level(view, row, row.forecast),
            words.probability(row.chance),
            _level(view, row, row.kept),
            words.probability(row.kept_chance),
            "" if row.cost is None else words.change(row.cost.mean, row.cost.low, row.cost.high, words.BARE_VALUE),
            "; ".join((*_moves(view, row), *row.notes)),
        )
        for row in rows
    ]
    caption = f"Of the week that ends on {_day(rows[0])}. Points: of a horizon in which it stands as it will then."
    return tag("div", tag("h3", TITLE), items(_fence(view)), table(heads, body, caption=caption), class_="sub")


def _fence(view: View) -> list[str]:
    """What the best plan spends on technical health, and what was agreed."""
    technical = view.definitions.policy.technical
    spent = next((row.technical for row in view.tables.plans if row.plan == "best"), None)
    if technical is None or spent is None:
        return []
    return [f"The best plan spends {words.share(spent)} on it; agreed are at least {words.share(technical.share)}."]


def _sentence(view: View, row: ErosionRow) -> str:
    """What one row says, without a full stop."""
    unit = unit_of(view.definitions.metrics[row.metric])
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
    """A level with its interval: `43 h (41 h to 45 h)`."""
    if found is None:
        return ""
    unit = _unit(view, row.metric)
    middle = words.level(found.estimate, unit)
    if found.low is None or found.high is None:
        return f"{middle} (no interval)"
    return f"{middle} ({words.level(found.low, unit)} to {words.level(found.high, unit)})"


def _day(row: ErosionRow) -> str:
    found = date.fromisoformat(row.on)
    return f"{found.day} {found:%b %Y}"

"""Checks of the value discipline that was chosen: is it held, and are the other two kept above their levels?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check
from vitalfew.evidence.standing import standings
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.workspace.definitions import Floor, Focus

RECENT = 2
"""Quarters that count as recent, against all before them."""


@check(
    "R13",
    "warning",
    why="A discipline is chosen by what is done. Effort that drifts elsewhere leaves the company good at nothing.",
    do="Move effort back, or decide anew which discipline to excel in and record why.",
    reads=("discipline_fall", "discipline_lines"),
)
def discipline_drifts(view: View) -> Iterator[Found]:
    """The chosen discipline's share of tagged effort is 20 points or more lower in the last two quarters."""
    focus = view.definitions.policy.discipline
    quarters = list(dict.fromkeys(row.quarter for row in view.tables.effort if row.kind == "discipline"))
    if focus is None or len(quarters) <= RECENT:
        return
    before, now = (_share(view, focus, some) for some in (quarters[:-RECENT], quarters[-RECENT:]))
    if before is not None and now is not None and before - now >= view.thresholds.discipline_fall:
        told = f"The share of effort on {focus.chosen} fell from {percent(before)} to {percent(now)}"
        yield Found("discipline", f"{told} in the last two quarters.")


@check(
    "R13",
    "warning",
    why="To excel in one discipline the other two must still be good enough: below a level customers leave over them.",
    do="Bring the metric back over its level before more goes into the chosen discipline; or set another level.",
)
def below_threshold(view: View) -> Iterator[Found]:
    """Metrics of the disciplines that were not chosen stand clearly on the wrong side of their level."""
    focus = view.definitions.policy.discipline
    yield from crossed(view, focus.thresholds if focus else ())


def crossed(view: View, floors: Sequence[Floor]) -> Iterator[Found]:
    """Metrics that stand clearly on the wrong side of a level: all of the 80 % interval, where there is one."""
    told = standings(view.definitions, view.tables) if floors else {}
    for floor in floors:
        found, metric = told.get(floor.metric), view.definitions.metrics[floor.metric]
        if found is None:
            continue
        low, high = found.likely or (found.value, found.value)
        if low > floor.level if metric.direction == "down" else high < floor.level:
            side = "above" if metric.direction == "down" else "below"
            title = view.title("metrics", floor.metric)
            yield Found(floor.metric, f"{title} stands at {found.value:.3g}, {side} its level of {floor.level:.3g}.")


def _share(view: View, focus: Focus, quarters: Sequence[str]) -> float | None:
    """Share of the chosen discipline in the effort that names one; None of too few lines."""
    named = [row for row in view.tables.effort if row.kind == "discipline" and row.group is not None]
    rows = [row for row in named if row.quarter in quarters]
    lines = max((row.lines for row in rows), default=0)
    total = sum(row.effort for row in rows)
    if lines < view.thresholds.discipline_lines or not total:
        return None
    return sum(row.effort for row in rows if row.group == focus.chosen) / total

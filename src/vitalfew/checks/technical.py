"""Checks of technical health: do its floors hold, will they, and does it get the share that was agreed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.discipline import RECENT, crossed
from vitalfew.checks.registry import Found, View, check
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator


@check(
    "R81",
    "warning",
    why="Below its floor everything else pays for technical health: each change takes longer and breaks more.",
    do="Fund work that brings it back before more is built on top; or agree on another floor.",
)
def below_floor(view: View) -> Iterator[Found]:
    """Metrics of technical health stand clearly on the wrong side of their floor."""
    technical = view.definitions.policy.technical
    yield from crossed(view, technical.floors if technical else ())


@check(
    "R81",
    "warning",
    why="What wears away slowly is never urgent, until it is dear: put back early it costs least.",
    do="Give candidates that put it back a forecast of this metric, or raise 'policy.technical.share'.",
    reads=("likely",),
)
def health_erodes(view: View) -> Iterator[Found]:
    """Metrics of technical health that will be beyond their floor within the horizon, with the best plan as well."""
    beyond = {found.subject for found in below_floor.detect(view)}
    for row in view.tables.erosion:
        chance = row.chance if row.kept_chance is None else row.kept_chance
        if chance is None or chance < view.thresholds.likely or row.metric in beyond:
            continue
        plan = "" if row.kept_chance is None else " with the best plan"
        told = f"will be beyond its floor{plan} by {row.on} with probability {chance:.2f}, if things go on"
        yield Found(row.metric, f"{view.title('metrics', row.metric)} {told}.")


@check(
    "R81",
    "warning",
    why="A share that is agreed and not kept is a wish: what was promised to technical health went elsewhere.",
    do="Move effort back, or agree on a share that is meant ('policy.technical.share').",
    reads=("discipline_lines",),
)
def technical_share_missed(view: View) -> Iterator[Found]:
    """Technical health got less than its agreed share of the effort of the last two quarters together."""
    technical = view.definitions.policy.technical
    rows = [row for row in view.tables.effort if row.kind == "technical"]
    recent = list(dict.fromkeys(row.quarter for row in rows))[-RECENT:]
    rows = [row for row in rows if row.quarter in recent]
    total = sum(row.effort for row in rows)
    if technical is None or not total or max(row.lines for row in rows) < view.thresholds.discipline_lines:
        return
    share = sum(row.effort for row in rows if row.group is not None) / total
    if share < technical.share:
        told = f"Technical health got {percent(share)} of the effort since {recent[0]}"
        yield Found("policy", f"{told}; agreed are at least {percent(technical.share)}.")

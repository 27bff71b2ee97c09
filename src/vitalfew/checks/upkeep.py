"""Checks of the upkeep of metrics: are they fresh, does somebody own them, has every team one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.evidence.freshness import freshness
from vitalfew.results.words import listed
from vitalfew.workspace.vocabulary import Family

if TYPE_CHECKING:
    from collections.abc import Iterator


@check(
    "R39",
    "warning",
    why="A number that stands still looks like a quiet week. Whoever reads it decides by how things were.",
    do="Mend what fills the table, or promise less: `fresh_days` of the source.",
)
def stale_metric(view: View) -> Iterator[Found]:
    """Metrics whose newest value is older than their source promises (`fresh_days`), a finding for each source."""
    stale = {key: one for key, one in freshness(view.definitions, view.tables, view.as_of).items() if one.is_stale}
    sources = dict.fromkeys(view.definitions.metrics[key].numerator.source for key in stale)
    for source in sources:
        keys = [key for key in stale if view.definitions.metrics[key].numerator.source == source]
        names = listed((view.title("metrics", key) for key in keys), SHOWN)
        ages = [days for key in keys if (days := stale[key].days) is not None]
        age = f"end {max(ages)} days ago" if ages else "have no value yet"
        promise = stale[keys[0]].promised
        promised = "1 day" if promise == 1 else f"{promise:g} days"
        yield Found(source, f"Values of {names} {age}; promised: {promised}.")


@check(
    "R39",
    "info",
    why="A metric that belongs to nobody is nobody's to move, and nobody notices when it breaks.",
    do="Name the team that owns it (`owner`).",
)
def ownerless_metric(view: View) -> Iterator[Found]:
    """Factors and metrics of key results without an owner, in workspaces where metrics have owners."""
    defined = view.definitions
    if not any(metric.owner for metric in defined.metrics.values()):
        return
    aimed = {one.metric for each in defined.objectives.values() for one in each.key_results.values()}
    keys = [key for key in defined.metrics if key in {*defined.factors, *aimed} and not defined.metrics[key].owner]
    if keys:
        yield Found("metrics", f"Nobody owns {listed((view.title('metrics', key) for key in keys), SHOWN)}.")


@check(
    "R39",
    "info",
    why="A team without a metric of its own can only count what it ships.",
    do="Agree with the team on the one metric that is theirs to move, and name them as its `owner`.",
)
def team_without_metric(view: View) -> Iterator[Found]:
    """Teams with work agreed or begun that own no metric, in workspaces where metrics have owners."""
    defined = view.definitions
    owners = {metric.owner for metric in defined.metrics.values() if metric.owner}
    busy = {one.team for one in defined.initiatives.values() if view.is_committed(one)}
    teams = [key for key in defined.teams if key in busy and key not in owners]
    if owners and teams:
        have = "has" if len(teams) == 1 else "have"
        yield Found("teams", f"{listed((view.title('teams', key) for key in teams), SHOWN)} {have} no metric.")


@check(
    "R42",
    "info",
    why="What a team does not look at gets worse unseen: growth at any cost, or quality that nobody buys.",
    do="Give the team a metric of that family, or say why it goes without: `waives` of the team.",
)
def family_gap(view: View) -> Iterator[Found]:
    """Teams that own metrics with a family, and neither have nor waive one of each; a finding for each team."""
    defined = view.definitions
    for key, team in defined.teams.items():
        owned = {metric.family for metric in defined.metrics.values() if metric.owner == key and metric.family}
        lacking = [family for family in get_args(Family) if family not in {*owned, *team.waives}]
        if owned and lacking:
            yield Found(key, f"{view.title('teams', key)} has no metric of {listed(lacking)}.")

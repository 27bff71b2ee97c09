"""What must hold between initiatives, so that a plan can hold them: prerequisites, exclusions, costs, shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import Problem
from vitalfew.stats.percent import percent
from vitalfew.workspace.definitions import Quantiles
from vitalfew.workspace.graph import cycle_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Cost, Definitions, Initiative
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.problems import Places

_ROUNDING = 1e-9


def bets(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """Report initiatives that no plan could hold, costs below nothing, and shares of more than the whole."""
    yield from _circle(definitions, places)
    for key, initiative in definitions.initiatives.items():
        path: Path = ("initiatives", key)
        yield from _exclusions(definitions, key, places, path)
        yield from _in_steps(definitions, initiative, places, path)
    yield from _costs(definitions, places)
    yield from _shares(definitions, places)


def _circle(definitions: Definitions, places: Places) -> Iterator[Problem]:
    circle = cycle_of({key: initiative.prerequisites for key, initiative in definitions.initiatives.items()})
    if circle:
        key, needed = circle[-2:]
        at = definitions.initiatives[key].prerequisites.index(needed)
        message = f"prerequisites go round in a circle: {' → '.join(circle)}"
        where = places.of_value(("initiatives", key, "prerequisites", at))
        yield Problem(message, where, "no way back to the first", "remove one of these prerequisites")


def _exclusions(definitions: Definitions, key: str, places: Places, path: Path) -> Iterator[Problem]:
    needed = _needed(definitions, key)
    for at, other in enumerate(definitions.initiatives[key].excludes):
        where = places.of_value((*path, "excludes", at))
        if other == key:
            yield Problem(f"'{key}' excludes itself", where, "another initiative", "remove it")
        elif other in needed:
            message = f"'{key}' excludes '{other}', which it needs"
            yield Problem(message, where, "an initiative that it can do without", "remove the one or the other")
    for other in needed:
        if other in definitions.initiatives and key in definitions.initiatives[other].excludes:
            message = f"'{key}' needs '{other}', which excludes it"
            where = places.of_key((*path, "prerequisites"))
            yield Problem(message, where, "an initiative that can be beside it", "remove the one or the other")


def _needed(definitions: Definitions, key: str) -> dict[str, None]:
    """All prerequisites of an initiative, direct or not, without itself."""
    found: dict[str, None] = {}
    todo = [key]
    while todo:
        initiative = definitions.initiatives.get(todo.pop())
        for needed in initiative.prerequisites if initiative else ():
            if needed not in found and needed != key:
                found[needed] = None
                todo.append(needed)
    return found


def _in_steps(definitions: Definitions, initiative: Initiative, places: Places, path: Path) -> Iterator[Problem]:
    """A minimum share counts by horizon, so that a long-term bet must say which one it is of."""
    if initiative.later is not None and initiative.horizon is None and definitions.policy.minimum_shares:
        hint = "add 'horizon: h2' or 'horizon: h3'"
        expected = "a horizon, as the policy has minimum shares"
        yield Problem("a bet in two steps does not say its horizon", places.of_key((*path, "later")), expected, hint)


def _costs(definitions: Definitions, places: Places) -> Iterator[Problem]:
    given: list[tuple[Path, Cost | None]] = []
    for key, initiative in definitions.initiatives.items():
        given.append((("initiatives", key, "cost"), initiative.cost))
        given.append((("initiatives", key, "later", "cost"), initiative.later.cost if initiative.later else None))
    given += [(("features", key, "cost"), feature.cost) for key, feature in definitions.features.items()]
    given += [(("factors", key, "money"), factor.money) for key, factor in definitions.factors.items()]
    for path, cost in given:
        if isinstance(cost, Quantiles) and cost.p10 < 0:
            where = places.of_value((*path, "p10"))
            hint = "give the least that it may well come to"
            yield Problem(f"found {cost.p10:g} as the lower end", where, "a number of at least 0", hint)


def _shares(definitions: Definitions, places: Places) -> Iterator[Problem]:
    shares = definitions.policy.minimum_shares
    if sum(shares.values()) > 1 + _ROUNDING:
        message = f"the minimum shares add up to {percent(sum(shares.values()))}"
        hint = "leave some of it free: shares of 100 % in all are hardly ever met exactly"
        yield Problem(message, places.of_key(("policy", "minimum_shares")), "at most 100 %", hint)
    targets = definitions.policy.horizon_targets
    if targets and abs(sum(targets.values()) - 1) > _ROUNDING:
        message = f"the targets of horizons add up to {percent(sum(targets.values()))}"
        hint = "say how all effort is to be shared, such as {h1: 0.7, h2: 0.2, h3: 0.1}"
        yield Problem(message, places.of_key(("policy", "horizon_targets")), "100 %", hint)

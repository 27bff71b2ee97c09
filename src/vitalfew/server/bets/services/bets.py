"""Moving a bet along the board, and changing what it is and what it asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, VitalfewError
from vitalfew.server.bets.queries.standing import STAGES, Stage, Standing, standings
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.queries.promised import spoken
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services.definitions import FolderOwned, change
from vitalfew.server.core.today import today_in
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.server.core.access import Place
    from vitalfew.server.core.services.definitions import Saved
    from vitalfew.workspace.definitions import Definitions

UNGATED = "serve nothing yet: name a need, a goal, a metric or the vision it serves, or record the exception"


class NotYet(VitalfewError):
    """A bet lacks what the column it should go to asks for; `step` names what would give it."""

    def __init__(self, message: str, step: str) -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, slots=True)
class Moved:
    """A bet that was moved: what was saved, and where it stands now."""

    saved: Saved
    stage: Stage


def move(place: Place, key: str, to: str, version: int | None) -> Moved:
    """Move a bet to another column, or off the board (`dropped`).

    Raises:
        UsageError: there is no such bet or column.
        NotYet: it lacks what the column asks for.
        FolderOwned: the folder owns initiatives.
        Conflict: somebody changed it in the meantime.
    """
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    every = standings(place, definitions, open_run(place.workspace), today_in(definitions))
    now = next((standing for standing in every if standing.key == key), None)
    if now is None or (to not in STAGES and to not in OVER):
        raise UsageError("there is no such bet or column")
    if "initiatives" in found.folder_kinds:
        raise FolderOwned("initiatives", found.owned_by("initiatives", key))
    if to in STAGES:
        _may_go(now, to, definitions)
    body, _ = body_of(place.workspace, "initiatives", key) or ({}, None)
    saved = change(
        place.workspace,
        {("initiatives", key): body | {"status": to}},
        by=place.user,
        versions={("initiatives", key): version},
    )
    return Moved(saved[0], to if to in STAGES else "idea")


def save_bet(
    place: Place, bodies: Mapping[tuple[str, str], dict[str, Any] | None], versions: Mapping[tuple[str, str], int]
) -> tuple[Saved, ...]:
    """Save initiatives and hypotheses together; an idea that got its first hypothesis is framed."""
    definitions = loaded(place.workspace).workspace.definitions
    made, held = dict(bodies), dict(versions)
    for (kind, _), body in bodies.items():
        if kind != "hypotheses" or body is None:
            continue
        name = ("initiatives", str(body.get("initiative")))
        owner = definitions.initiatives.get(name[1])
        if owner is not None and owner.status == "idea" and name not in made:
            found = body_of(place.workspace, *name)
            if found is not None and found[1] is not None:
                made[name], held[name] = found[0] | {"status": "framed"}, found[1]
    return change(place.workspace, made, by=place.user, versions=held)


def remove_bet(place: Place, name: tuple[str, str], version: int) -> tuple[Saved, ...]:
    """Remove an initiative with its hypotheses.

    Raises:
        NotYet: a promise of it is locked, or people forecast it: it is dropped, not removed.
    """
    definitions = loaded(place.workspace).workspace.definitions
    every = standings(place, definitions, open_run(place.workspace), today_in(definitions))
    now = next((standing for standing in every if standing.key == name[1]), None)
    if now is None:
        raise UsageError("there is no such bet")
    if now.locked or now.forecasts:
        raise NotYet("People forecast this bet: what they said stays on record. Drop it instead.", "drop")
    names = [name, *(("hypotheses", question.key) for question in now.questions)]
    return change(place.workspace, dict.fromkeys(names), by=place.user, versions={name: version})


def remove_hypothesis(place: Place, name: tuple[str, str], version: int) -> tuple[Saved, ...]:
    """Remove a hypothesis that nobody forecast yet.

    Raises:
        NotYet: a promise of it is locked, or people forecast it.
    """
    if spoken(place.workspace).get(name[1]) is not None:
        raise NotYet("People forecast this hypothesis: what they said stays on record. Drop the bet instead.", "drop")
    return change(place.workspace, {name: None}, by=place.user, versions={name: version})


def gate(definitions: Definitions, key: str) -> dict[str, tuple[str, ...]]:
    """The four boxes an initiative may serve: vision, experience, KPI, OKR; titles of what it serves in each."""
    made = definitions.initiatives[key]
    asked = {found.metric for found in definitions.hypotheses.values() if found.initiative == key}
    named = [*made.serves, *sorted(asked - set(made.serves))]
    boxes = {"vision": "vision", "experience": "needs", "KPI": "metrics", "OKR": "objectives"}
    return {
        box: tuple(definitions.title(kind, name) for name in named if name in getattr(definitions, kind))
        for box, kind in boxes.items()
    }


def passes_gate(definitions: Definitions, key: str) -> bool:
    """Whether it serves anything, asks about a factor, removes something, or has a recorded exception."""
    made = definitions.initiatives[key]
    asked = any(
        found.initiative == key and found.metric in definitions.factors for found in definitions.hypotheses.values()
    )
    return bool(made.serves or made.exception or made.removes or asked)


def _may_go(now: Standing, to: str, definitions: Definitions) -> None:
    """Refuse a column whose conditions, or those of one before it, are not met."""
    if to == "verdict":
        day = f" Its day is {now.due.day} {now.due:%b %Y}." if now.due else ""
        raise NotYet(f"A verdict comes by itself, once the effect is measured.{day}", "evidence")
    here, there = STAGES.index(now.stage), STAGES.index(to)
    if there < here:
        if now.stage == "verdict":
            raise NotYet("It has its verdict. A new attempt is a new bet.", "new")
        if now.locked and there < STAGES.index("committed"):
            raise NotYet("Its promise is locked, and stays. Drop the bet, or write a new hypothesis.", "hypothesis")
    if there >= STAGES.index("framed") and not now.questions:
        raise NotYet("Framed needs a hypothesis: which metric, for whom, by when.", "hypothesis")
    if there >= STAGES.index("forecast") and not (now.forecasts or now.locked):
        raise NotYet("Forecast needs somebody's forecast first.", "forecast")
    if there >= STAGES.index("committed") and not now.locked:
        raise NotYet("Committed needs a locked promise.", "lock")
    if there >= STAGES.index("committed") and not passes_gate(definitions, now.key):
        raise NotYet(f"Committed work may not {UNGATED}.", "gate")
    tested = any(made.initiative == now.key for made in definitions.experiments.values())
    if there >= STAGES.index("live") and not (now.initiative.started or tested):
        raise NotYet("Live needs the day on which work started, or its experiment.", "start")

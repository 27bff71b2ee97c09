"""Forecasts and promises: each person answers alone, then what all said is combined and locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from vitalfew.errors import UsageError
from vitalfew.judgement import recording
from vitalfew.judgement.combining import FEWEST_VERDICTS
from vitalfew.server.bets.queries.promise import lock_of
from vitalfew.server.bets.queries.standing import STAGES
from vitalfew.server.bets.services.bets import UNGATED, NotYet, passes_gate
from vitalfew.server.core.persons import address_in
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.definitions import change
from vitalfew.server.core.services.links import make_link, refuse_members, replaced
from vitalfew.workspace.cited import cited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.pipeline import Results
    from vitalfew.server.core.access import Place
    from vitalfew.server.core.services.opened import Opened
    from vitalfew.workspace.chain import Act

CLOSED = "the promise is locked: forecasts are closed"


def forecast(place: Place, hypothesis: str, quantiles: Mapping[str, float], evidence: Sequence[str] = ()) -> Act:
    """Record the forecast of whoever is signed in, and what it rests on; the latest one before the lock counts.

    Raises:
        UsageError: there is no such hypothesis or evidence, or its promise is locked.
        ActError: a number is impossible.
    """
    return _forecast(place, hypothesis, voice_of_user(place.user), quantiles, evidence)


def forecast_by_link(opened: Opened, quantiles: Mapping[str, float], evidence: Sequence[str] = ()) -> Act:
    """Record the forecast of whoever came by a personal link; see `forecast`.

    Its evidence is web addresses alone: whoever may try keys finds out what there is in a workspace.
    """
    return _forecast(opened, opened.about, opened.voice, quantiles, cited(evidence, None))


def lock(place: Place, hypothesis: str) -> Act:
    """Lock the promise of a hypothesis, and commit its initiative.

    Raises:
        NotYet: the initiative serves nothing, and no exception is recorded.
        ActError: nobody forecast it, or this wording is locked already.
    """
    definitions = loaded(place.workspace).workspace.definitions
    recording.known(hypothesis, definitions.hypotheses, "hypothesis")
    initiative = definitions.hypotheses[hypothesis].initiative
    if not passes_gate(definitions, initiative):
        raise NotYet(f"What is committed may not {UNGATED}.", "gate")
    weights = track_weights(place)
    with transaction.atomic():
        act = recording.lock(acting(place.workspace), hypothesis, voice_of_user(place.user), weights=weights)
        _commit(place, initiative)
    return act


def lock_plan(place: Place, experiment: str) -> Act:
    """Lock how an experiment will be read.

    Raises:
        UsageError: there is no such experiment.
        ActError: it has no plan, or its plan as it stands is locked already.
    """
    return recording.lock_plan(acting(place.workspace), experiment, voice_of_user(place.user))


def track_weights(place: Place) -> dict[str, float]:
    """Weights of forecasters by their record in the newest run; nobody's while there is no record."""
    run = open_run(place.workspace)
    overall = next((row for row in run.tables.calibration if row.kind == "overall"), None) if run else None
    if run is None or overall is None or overall.resolved < FEWEST_VERDICTS:
        return {}
    from dataclasses import replace

    from vitalfew.judgement.calibration_rows import person_weights
    from vitalfew.pipeline.calibration import history_of

    def weighed(of: Results) -> dict[str, float]:
        workspace = acting(place.workspace)
        if workspace.journal is None:
            return {}
        known = replace(workspace, acts=workspace.journal.read())
        return person_weights(history_of(known, of.tables, of.day))

    # What was forecast before the promises that this run resolved does not change any more.
    return per_run(run, "weights of forecasters", weighed)


def ask(place: Place, hypothesis: str, people: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Make one personal link for each of some people, by name or e-mail address; gives names and secrets.

    A link for somebody who was asked before takes the place of the earlier one, and of what was forecast by it.

    Raises:
        UsageError: there is no such hypothesis, its promise is locked, or somebody is a member who answers signed in.
    """
    _open_question(place, hypothesis)
    refuse_members(place.workspace, people)
    with transaction.atomic():
        return tuple(
            (
                person,
                make_link(
                    "forecast",
                    place.workspace,
                    place.user,
                    about=hypothesis,
                    name=person[:120],
                    email=address_in(person),
                    speaks_as=replaced(place.workspace, "forecast", hypothesis, person[:120], place.user),
                ),
            )
            for person in people
        )


def _forecast(
    where: Place | Opened, hypothesis: str, voice: str, quantiles: Mapping[str, float], evidence: Sequence[str]
) -> Act:
    _open_question(where, hypothesis)
    return recording.forecast(acting(where.workspace), hypothesis, voice, quantiles, evidence=evidence)


def _open_question(where: Place | Opened, hypothesis: str) -> None:
    """Refuse a question that is no more, or that is answered.

    Raises:
        UsageError: says which.
    """
    definitions = loaded(where.workspace).workspace.definitions
    recording.known(hypothesis, definitions.hypotheses, "hypothesis")
    found = lock_of(where, hypothesis, definitions, open_run(where.workspace))
    if found is not None and not found.stale:
        raise UsageError(CLOSED)


def _commit(place: Place, initiative: str) -> None:
    """Note in the definition what the lock says, where the server owns it."""
    found = loaded(place.workspace)
    body = body_of(place.workspace, "initiatives", initiative)
    if "initiatives" in found.folder_kinds or body is None:
        return
    status = found.workspace.definitions.initiatives[initiative].status
    if status in STAGES and STAGES.index(status) < STAGES.index("committed"):
        name = ("initiatives", initiative)
        change(place.workspace, {name: body[0] | {"status": "committed"}}, by=place.user, versions={name: body[1]})

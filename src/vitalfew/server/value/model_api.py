"""Operations about the value model: metrics tried on data, versions, templates to start from, links of the pulse."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import Any

from django.http import Http404
from django.urls import reverse
from ninja import Path, Router, Schema, Status

from vitalfew.connect.starters import NAMES, starter, starters
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, page_by
from vitalfew.server.core.api.people import AskIn, PersonalLink
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.looks import look
from vitalfew.server.value.queries import versions as queries
from vitalfew.server.value.services.pulse import ask
from vitalfew.server.value.services.starters import in_the_way, take
from vitalfew.server.value.services.trying import candidate

router = Router(tags=["value model"])


class TryIn(Schema):
    """A metric as it would be, as YAML holds it; left out: as it is defined."""

    body: dict[str, Any] | None = None


class TriedOut(Schema):
    """What the data say of a metric: its value with 80 % and 95 % intervals, weeks, the queries that were run."""

    value: float | None
    likely: tuple[float, float] | None
    sure: tuple[float, float] | None
    units: int | None
    until: str | None
    weeks: list[tuple[str, float]]
    notes: list[str]
    queries: list[str]


class QueriesOut(Schema):
    """The queries that measure a metric, as text to read: what `vitalfew sql` prints."""

    queries: list[str]


class ModelVersionOut(Schema):
    """The value model as it once stood, the `at`th time: its factors, who made and signed it, the newest run by it.

    `number`: the version by which acts call it; null of a draft that nobody weighed or signed.
    """

    at: int
    number: int | None
    hash: str
    since: datetime | str
    by: str
    factors: list[str]
    signed: int
    run: str


class StarterOut(Schema):
    """A template of a value model; `in_the_way`: what this workspace defines under names that the template uses."""

    name: str
    title: str
    about: str
    in_the_way: list[str]


class TakenOut(Schema):
    """What a template brought, as `kind.key`."""

    definitions: list[str]


@router.post("/metrics/{key}/try", response={200: TriedOut, **PROBLEMS}, auth=needs(Ability.DEFINE))
def try_metric(request: ApiRequest, workspace: Path[str], key: str, wanted: TryIn) -> TriedOut:  # noqa: ARG001 - read by the guard
    """Measure a metric on the data as it stands now, without a run; nothing is kept. Ten seconds at most."""
    row = request.place.workspace
    definitions = loaded(row).workspace.definitions
    if wanted.body is not None:
        definitions = candidate(row, definitions, key, wanted.body)
    elif key not in definitions.metrics:
        raise Http404("there is no such metric")
    return TriedOut.model_validate(look(row, definitions, key))


@router.get("/metrics/{key}/queries", response={200: QueriesOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_queries(request: ApiRequest, workspace: Path[str], key: str) -> QueriesOut:  # noqa: ARG001 - read by the guard
    """The SQL that measures a metric, as it is generated."""
    from vitalfew.warehouse.export import moments_sql

    definitions = loaded(request.place.workspace).workspace.definitions
    if key not in definitions.metrics:
        raise Http404("there is no such metric")
    return QueriesOut(queries=[query.text for query in moments_sql(definitions, (key,), "duckdb")])


@router.get("/value-model/versions", response={200: Page[ModelVersionOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_model_versions(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ModelVersionOut]:
    """The value model as it stood from time to time, newest first."""
    found = (
        ModelVersionOut(at=one.at, number=one.number, hash=one.hash, since=one.since, by=one.by,
                        factors=list(one.definitions.factors), signed=one.signed, run=one.run)
        for one in queries.versions(request.place.workspace)
    )  # fmt: skip
    return page_by(found, limit, cursor, "at", newest=True)


@router.get("/starters", response={200: list[StarterOut], **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def list_starters(request: ApiRequest, workspace: Path[str]) -> list[StarterOut]:  # noqa: ARG001 - read by the guard
    """Templates of a value model that one may start from."""
    definitions = loaded(request.place.workspace).workspace.definitions
    return [
        StarterOut(name=one.name, title=one.title, about=one.about, in_the_way=list(in_the_way(definitions, one)))
        for one in starters()
    ]


@router.post("/starters/{name}", response={201: TakenOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def take_starter(request: ApiRequest, workspace: Path[str], name: str) -> Status[TakenOut]:  # noqa: ARG001 - read by the guard
    """Add all definitions of a template, with an empty table for its numbers; all of it or nothing."""
    if name not in NAMES:
        raise Http404("there is no such template")
    done = take(request.place.workspace, starter(name), by=request.asker)
    return Status(201, TakenOut(definitions=[f"{one.kind}.{one.key}".removesuffix(".") for one in done]))


@router.post("/pulses/links", response={201: list[PersonalLink], **PROBLEMS}, auth=needs(Ability.FACILITATE))
def ask_for_pulse(request: ApiRequest, workspace: Path[str], wanted: AskIn) -> Status[list[PersonalLink]]:  # noqa: ARG001 - read by the guard
    """Make a personal link to the two questions of the pulse for each of some people."""
    made = ask(request.place, list(dict.fromkeys(wanted.people)))
    links = [PersonalLink(name=name, path=reverse("pulse-link", kwargs={"secret": secret})) for name, secret in made]
    return Status(201, links)

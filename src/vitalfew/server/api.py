"""The HTTP API, version 1: every app's operations under `/api/v1`, described by one OpenAPI document."""

from __future__ import annotations

from functools import partial

from ninja import NinjaAPI

from vitalfew import __version__
from vitalfew.server.bets import api as bets
from vitalfew.server.core.api import (
    acts,
    definitions,
    looking,
    moving,
    people,
    places,
    problems,
    runs,
    talk,
    webhooks,
    work,
)
from vitalfew.server.core.api.reading import Strict
from vitalfew.server.core.roles import Access
from vitalfew.server.value import api as value
from vitalfew.server.value import model_api as values

WORKSPACE = "/workspaces/{workspace}"

api = NinjaAPI(
    title="vitalfew",
    version=__version__,
    description="Which few things we build create value, and how do we know?",
    docs_url=None,
    urls_namespace="api",
    parser=Strict(),
)
problems.install(api)
api.add_router("", people.everywhere)
for _router in (
    definitions.router,
    acts.router,
    runs.router,
    work.router,
    people.router,
    places.router,
    talk.router,
    looking.router,
    moving.router,
    webhooks.router,
    value.router,
    values.router,
    bets.router,
):
    api.add_router(WORKSPACE, _router)

urlpatterns = api.urls[0]
for _pattern in urlpatterns:
    # The guard asks every view who may use it; of an operation that is said by its `auth=needs(…)`. The description and
    # the root, which leads nowhere, hold no secret.
    _open = isinstance(_pattern.callback, partial)
    vars(_pattern.callback)["access"] = Access.PUBLIC if _open else Access.API

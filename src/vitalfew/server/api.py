"""The HTTP API, version 1: every app's operations under `/api/v1`, described by one OpenAPI document."""

from __future__ import annotations

from functools import partial

from ninja import NinjaAPI
from ninja.operation import PathView

from vitalfew import __version__
from vitalfew.server.core.api import definitions, problems, runs
from vitalfew.server.core.roles import Access

WORKSPACE = "/workspaces/{workspace}"

api = NinjaAPI(
    title="vitalfew",
    version=__version__,
    description="Which few things we build create value, and how do we know?",
    docs_url=None,
    urls_namespace="api",
)
problems.install(api)
for _router in (definitions.router, runs.router):
    api.add_router(WORKSPACE, _router)

# The guard of the server asks every view who may use it; of an operation that is said by its `auth=needs(…)`.
PathView._sync_view.access = Access.API  # type: ignore[attr-defined]  # noqa: SLF001 - the view of every operation
for _pattern in api.urls[0]:
    if isinstance(_pattern.callback, partial):  # the description, and the root that leads nowhere
        _pattern.callback.access = Access.PUBLIC  # type: ignore[attr-defined]  # names of operations are no secret

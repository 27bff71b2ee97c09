"""The OpenAPI document, thrown at the API: whatever is sent, no fault of ours, and no answer that is not described."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, given, settings
from ninja import Schema
from schemathesis.checks import not_a_server_error, response_schema_conformance, status_code_conformance

from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import Workspace

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("VITALFEW_FUZZ", "20"))
"""Of each operation; 500 take some ten minutes."""


@schemathesis.serializer("application/zip")
def _as_it_is(_: Any, value: Any) -> bytes:
    """What is sent as an archive: any bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


def test_whatever_is_sent_is_answered_as_described(workspace: Workspace, member: Callable[..., Any]) -> None:
    described: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    secret = tokens.make(member("admin").user, "fuzz", ["admin"])
    operations: list[Any] = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 20
    for operation in operations:

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None, database=None)
        @given(case=operation.as_strategy())
        def answered(case: schemathesis.Case[Any]) -> None:
            if "workspace" in case.path_parameters:
                case.path_parameters["workspace"] = workspace.key
            case.call_and_validate(
                checks=CHECKS, headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}
            )
            cache.clear()  # many requests a minute are no matter here

        answered()


@pytest.mark.django_db
def test_the_document_of_the_api_is_the_one_that_is_kept() -> None:
    found = json.loads(Client().get("/api/v1/openapi.json").content)
    assert found == json.loads(DOCUMENT.read_text(encoding="utf-8")), "run tools/make_api_reference.py"


def test_no_two_forms_of_the_api_share_a_name() -> None:
    found = [form.__name__ for form in _forms(Schema) if form.__module__.startswith("vitalfew.")]
    assert sorted({name for name in found if found.count(name) > 1}) == []


def _forms(form: type[Schema]) -> list[type[Schema]]:
    return [one for child in form.__subclasses__() for one in (child, *_forms(child))]


@pytest.mark.django_db
def test_every_operation_says_what_it_is_and_what_may_go_wrong() -> None:
    found = json.loads(Client().get("/api/v1/openapi.json").content)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (path, method)
            assert operation.get("description"), (path, method)
            assert {"401", "404", "422"} <= set(operation["responses"]), (path, method)

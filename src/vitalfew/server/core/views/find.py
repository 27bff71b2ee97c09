"""Search or jump: what is found while one types."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.http import JsonResponse

from vitalfew.server.core.queries import find as queries

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request

LONGEST = 100


def find(request: Request) -> JsonResponse:
    """At most twenty pages and definitions that answer to a text."""
    found = queries.find(request.place, request.GET.get("q", "")[:LONGEST])
    return JsonResponse({"found": [asdict(entry) for entry in found]})

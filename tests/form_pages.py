"""Forms of a workspace in a test: their addresses, what they kept, what they said was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse

from vitalfew.server.core.queries.history import body_of

if TYPE_CHECKING:
    from vitalfew.server.core.models import Workspace


def page_at(name: str, row: Workspace, **given: str) -> str:
    """The address of a page of a workspace."""
    return reverse(name, kwargs={"workspace": row.key, **given})


def kept(row: Workspace, kind: str, key: str) -> dict[str, Any]:
    """A definition as it stands; nothing where there is none."""
    return (body_of(row, kind, key) or ({}, None))[0]


def wrong_in(answer: Any) -> dict[str, str]:
    """The first thing that was said of each field of a form."""
    return {name: str(texts[0]) for name, texts in answer.context["form"].errors.items()}

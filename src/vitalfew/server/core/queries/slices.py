"""The newest rows of a table that grows, a slice at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet


def newest[Row: Model](rows: QuerySet[Row], most: int | None, before: int = 0) -> QuerySet[Row]:
    """At most so many rows, the highest number first; with `before` only lower numbers, as the slice after it has."""
    found = rows.order_by("-pk")
    return (found.filter(pk__lt=before) if before else found)[:most]

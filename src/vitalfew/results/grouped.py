"""Rows of many experiments, taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


class OfExperiment(Protocol):
    """A row about one experiment."""

    @property
    def experiment(self) -> str:
        """Its key."""


def grouped[Row: OfExperiment](rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by their experiment, both in the order they come."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.experiment, []).append(row)
    return groups

"""How old the newest value of each metric is, against what its source promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.workspace.definitions import SeriesSource

if TYPE_CHECKING:
    from vitalfew.results.rows import Tables
    from vitalfew.workspace.definitions import Definitions


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last day with a value (None: there is none), its age in days, and the age that is promised, if any."""

    until: date | None
    days: int | None
    promised: float | None

    @property
    def is_stale(self) -> bool:
        """Whether a promise is not kept."""
        return self.promised is not None and (self.days is None or self.days > self.promised)


def freshness(definitions: Definitions, tables: Tables, today: date) -> dict[str, Freshness]:
    """Of each metric that a series tells, in the order of the metrics."""
    newest: dict[str, str] = {}
    for row in tables.series:
        newest[row.metric] = max(row.day, newest.get(row.metric, row.day))
    found = {}
    for key, metric in definitions.metrics.items():
        source = definitions.sources.get(metric.numerator.source)
        if isinstance(source, SeriesSource):
            until = date.fromisoformat(newest[key]) if key in newest else None
            found[key] = Freshness(until, (today - until).days if until else None, source.fresh_days)
    return found

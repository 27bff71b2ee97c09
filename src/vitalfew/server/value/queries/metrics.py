"""Metrics as lists and pages show them: what is defined, joined with what a run knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.evidence.freshness import Freshness, freshness
from vitalfew.evidence.standing import Standing, by_day, standings, weeks
from vitalfew.server.core.listing import teams_among
from vitalfew.server.core.queries.kept import per_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.evidence.standing import Week
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import SeriesRow
    from vitalfew.workspace.definitions import Definitions, Metric

LEVELS = ("feature", "system", "business")
USES = ("factor", "guardrail", "key result")


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knows of metrics: where they stand, their weeks, experiments that measured them, how old they are."""

    standings: Mapping[str, Standing]
    weeks: Mapping[str, tuple[Week, ...]]
    experiments: Mapping[str, int]
    fresh: Mapping[str, Freshness]


@dataclass(frozen=True, slots=True)
class Listed:
    """A metric in the list; `uses`: what it counts as."""

    key: str
    metric: Metric
    title: str
    owner: str
    uses: tuple[str, ...]
    standing: Standing | None
    weeks: tuple[Week, ...]
    experiments: int
    age: Freshness | None = None

    @property
    def fresh(self) -> str | None:
        """The last day (ISO) that its value rests on."""
        return self.standing.until if self.standing else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the list, as the address gives them; '' is no filter."""

    text: str = ""
    level: str = ""
    kind: str = ""
    owner: str = ""
    use: str = ""

    def keeps(self, row: Listed) -> bool:
        """Whether a metric is asked for."""
        here = f"{row.title} {row.key} {row.metric.description or ''}".casefold()
        return (
            self.text.casefold() in here
            and self.level in ("", row.metric.level)
            and self.kind in ("", row.metric.kind)
            and self.owner in ("", row.metric.owner or "nobody")
            and (not self.use or self.use in row.uses or (self.use == "none" and not row.uses))
        )


def known(run: Results | None) -> Known:
    """What a run knows of its metrics; nothing without a run."""
    return Known({}, {}, {}, {}) if run is None else per_run(run, "metrics", _known)


def _known(run: Results) -> Known:
    series: dict[str, list[SeriesRow]] = {}
    for row in run.tables.series:
        series.setdefault(row.metric, []).append(row)
    found = {metric: weeks(by_day(rows)) for metric, rows in series.items()}
    pairs = {(row.experiment, row.metric) for row in run.tables.effects if row.segment is None}
    definitions, measured = run.workspace.definitions, Counter(metric for _, metric in pairs)
    ages = freshness(definitions, run.tables, run.day)
    return Known(standings(definitions, run.tables), found, measured, ages)


def listed(definitions: Definitions, run: Results | None, wanted: Wanted) -> tuple[Listed, ...]:
    """The metrics of a workspace that are asked for, in the order they are defined."""
    told = known(run)
    results = {result.metric for each in definitions.objectives.values() for result in each.key_results.values()}
    rows = (
        Listed(
            key,
            metric,
            definitions.title("metrics", key),
            definitions.title("teams", metric.owner) if metric.owner else "",
            _uses(definitions, key, results),
            told.standings.get(key),
            told.weeks.get(key, ()),
            told.experiments.get(key, 0),
            told.fresh.get(key),
        )
        for key, metric in definitions.metrics.items()
    )
    return tuple(row for row in rows if wanted.keeps(row))


def uses_of(definitions: Definitions, key: str) -> tuple[str, ...]:
    """What a metric counts as."""
    results = {result.metric for each in definitions.objectives.values() for result in each.key_results.values()}
    return _uses(definitions, key, results)


def _uses(definitions: Definitions, key: str, results: set[str | None]) -> tuple[str, ...]:
    is_so = (key in definitions.factors, key in definitions.guardrails, key in results)
    return tuple(use for use, so in zip(USES, is_so, strict=True) if so)


def kinds_and_owners(definitions: Definitions) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """The kinds in use, and the teams that own metrics (key and title), for filters."""
    kinds = sorted({metric.kind for metric in definitions.metrics.values()})
    return kinds, teams_among(definitions, (metric.owner for metric in definitions.metrics.values()))

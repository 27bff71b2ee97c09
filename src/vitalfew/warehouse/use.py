"""Use of features, measured from events: reach among the eligible, frequency, trend; use is not value.

Rules (explained in docs/explanation/use-is-not-value.md):

- Windows of 30, 90 and 365 days end with the last event of the source (of all its events, not only a feature's) or
  with the end of the day `as_of`; an event exactly at the start of a window is outside, one at its end is inside.
- Eligible for `all` are the units of the unit sources whose unit column has the same name as that of the events;
  without such a source, the units with any event in the window or in the year before it. Eligible for a segment are
  its units. Users who are not eligible do not count.
- A name of an event matches exactly. A feature none of whose names ever occurs is *not measured*, which is not the
  same as *not used*.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.errors import DataError, VitalfewError, nearest, suggest
from vitalfew.results.rows import FailedRow
from vitalfew.stats.percent import percent
from vitalfew.warehouse.adoption import adoption
from vitalfew.warehouse.cadence import WINDOWS
from vitalfew.warehouse.columns import check_columns
from vitalfew.warehouse.compile import Scope
from vitalfew.warehouse.days import cover
from vitalfew.warehouse.judge_use import History, not_measured, use_row
from vitalfew.warehouse.silence import sent_again
from vitalfew.warehouse.study import Study
from vitalfew.warehouse.use_counts import UseCounts
from vitalfew.warehouse.use_query import Events, Population, UseQuestion, days_query, names_query, use_query
from vitalfew.workspace.definitions import EventSource, UnitSource
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlglot import exp

    from vitalfew.results.rows import UseRow
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, Feature

STAGE = "feature_use"
_EPOCH = date(1970, 1, 1)
NAMES_LOOKED_AT = 2_000
NOTED_SHARE = 0.01
"""Events without a unit, or users without a row in the unit source, are noted from this share on."""


def feature_use(
    definitions: Definitions, engine: Engine, as_of: date | None = None
) -> tuple[tuple[UseRow, ...], tuple[FailedRow, ...]]:
    """Measure the use of every feature, in three scans per source of events: over days, units, weeks since it shipped.

    Args:
        definitions: features, sources and segments.
        engine: where the tables lie.
        as_of: events after the end of this day, where the team is, are ignored.

    Returns:
        Rows per feature, window and segment (`None`: all the eligible), in the order of the definitions; a feature
        that is not measured has one row with the reason. And what could not be computed or was left out.
    """
    rows: dict[str, list[UseRow]] = {key: [] for key in definitions.features}
    failed: list[FailedRow] = []
    by_source: dict[str, dict[str, Feature]] = defaultdict(dict)
    for key, feature in definitions.features.items():
        reason = _unmeasurable(feature, definitions)
        if reason is None:
            by_source[feature.source or ""][key] = feature
        else:
            rows[key].append(not_measured(key, feature, reason))
    for source, features in by_source.items():
        try:
            found, notes = _Use(definitions, engine, source, features, as_of).rows()
        except VitalfewError as problem:
            found = [not_measured(key, feature, str(problem)) for key, feature in features.items()]
            notes = [FailedRow(STAGE, source, str(problem))]
        for row in found:
            rows[row.feature].append(row)
        failed += notes
    return tuple(row for key in rows for row in rows[key]), tuple(failed)


def _unmeasurable(feature: Feature, definitions: Definitions) -> str | None:
    if not feature.events:
        return "no events are defined for it"
    if feature.source is None:
        return "no source of events is named"
    source = definitions.sources.get(feature.source)
    if source is None:
        return f"there is no source '{feature.source}'; {suggest(feature.source, definitions.sources)}"
    if not isinstance(source, EventSource):
        return f"source '{feature.source}' does not hold events, from which use is measured"
    if source.event is None:
        return f"source '{feature.source}' does not tell its events apart; give it `event`, the column with their names"
    return None


@dataclass(frozen=True, slots=True)
class _Census:
    """What the first scan tells: days covered, last moment, and how often each event name of a feature occurs."""

    history: History
    end: int
    occurs: Mapping[str, int]
    events: int
    unknown: int
    stray: int


class _Use:
    """The use of all features of one source of events."""

    def __init__(
        self, definitions: Definitions, engine: Engine, key: str, features: Mapping[str, Feature], as_of: date | None
    ) -> None:
        source = definitions.sources[key]
        assert isinstance(source, EventSource)  # noqa: S101 - told apart by the caller; this tells the type checker
        assert source.event is not None  # noqa: S101 - likewise
        self._definitions, self._engine, self._key, self._source = definitions, engine, key, source
        self._features, self._as_of = features, as_of
        wanted = {"unit": source.unit, "time": source.time, "event": source.event}
        check_columns(engine, key, source.table, wanted)
        self._events = Events(Scope.open(engine, source.table, "e"), source.unit, source.time, source.event)
        self._notes: list[FailedRow] = []

    def rows(self) -> tuple[list[UseRow], list[FailedRow]]:
        """Rows of the features, and notes on what was left out."""
        names = tuple(dict.fromkeys(name for feature in self._features.values() for name in feature.events))
        census = self._census(names)
        for reason in sent_again(self._engine, self._events.scope, self._source):
            self._note(reason)
        rows, measured = self._told_apart(names, census)
        if measured:
            rows += self._measured(measured, census)
        return rows, self._notes

    # What the data hold --------------------------------------------------------------------------------------------

    def _census(self, names: tuple[str, ...]) -> _Census:
        before = Study(self._definitions, self._key, {}).end(self._as_of)
        found = self._engine.query(days_query(self._events, names, before)).to_pylist()
        until = "" if self._as_of is None else f" up to {self._as_of}"
        if not found:
            raise DataError(
                f"source '{self._key}' ({self._source.table}) holds no events with a time that can be read{until}"
            )
        days: dict[int, int] = defaultdict(int)
        for row in found:
            days[row["day"]] += row["events"]
        kept = cover(days)
        inside = [row for row in found if kept.first <= row["day"] <= kept.last]
        occurs: dict[str, int] = defaultdict(int)
        for row in found:
            if row["name"] is not None:
                occurs[names[row["name"]]] += row["events"]
        return self._noted(
            _Census(
                History(_date(kept.first), _date(kept.last)),
                max(row["latest"] for row in inside),
                occurs,
                sum(days.values()),
                sum(row["unknown"] for row in found),
                kept.stray,
            )
        )

    def _noted(self, census: _Census) -> _Census:
        if census.stray:
            first, last = census.history.first, census.history.last
            self._note(f"{_count(census.stray, 'event')} far outside {first} to {last} left out: is their time right?")
        if census.unknown > NOTED_SHARE * census.events:
            self._note(
                f"{census.unknown:,} of {_count(census.events, 'event')} name no {self._source.unit} and do not count"
            )
        return census

    def _note(self, reason: str) -> None:
        self._notes.append(FailedRow(STAGE, self._key, reason, remark=True))

    def _told_apart(self, names: Sequence[str], census: _Census) -> tuple[list[UseRow], dict[str, Feature]]:
        """Tell the features that are not measured, with the reason, from those that are."""
        absent = [name for name in names if name not in census.occurs]
        known = self._names() if absent else []
        rows, measured = [], {}
        for key, feature in self._features.items():
            since = census.history.since(feature.shipped)
            wanted = dict.fromkeys(feature.events)
            missing = [name for name in wanted if name in absent]
            if since is not None and since < 1:
                rows.append(not_measured(key, feature, f"it shipped on {feature.shipped}, after the end of the data"))
            elif len(missing) == len(wanted):
                rows.append(not_measured(key, feature, "; ".join(_unheard_of(name, known) for name in missing)))
            else:
                measured[key] = feature
                for name in missing:
                    self._notes.append(FailedRow(STAGE, key, _unheard_of(name, known), remark=True))
        return rows, measured

    def _names(self) -> list[str]:
        return [
            str(name) for name in self._engine.query(names_query(self._events, NAMES_LOOKED_AT))["name"].to_pylist()
        ]

    # Counting ------------------------------------------------------------------------------------------------------

    def _measured(self, features: Mapping[str, Feature], census: _Census) -> list[UseRow]:
        counts = self._counts(features, census)
        zone = self._definitions.workspace.time_zone
        ramps = adoption(self._engine, self._events, features, census.history, end=census.end, zone=zone)
        rows = []
        for number, (key, feature) in enumerate(features.items()):
            if feature.eligible != "all" and feature.eligible not in counts.segments:
                rows.append(not_measured(key, feature, self._no_segment(feature.eligible)))
                continue
            for segment in (None, *counts.segments):
                if segment is not None and segment == feature.eligible:
                    continue
                cell = counts.cell(number, feature.eligible, segment)
                if segment is not None and not any(count.eligible for count in cell.values()):
                    continue
                rows += [use_row(key, feature, window, cell[window], census.history, segment) for window in WINDOWS]
        return [
            replace(row, ramp_weeks=ramps.get(row.feature)) if row.main and row.segment is None else row for row in rows
        ]

    def _no_segment(self, segment: str) -> str:
        return (
            f"segment '{segment}' has no units to look for: it needs a source with one row per {self._source.unit}"
            " and a filter"
        )

    def _counts(self, features: Mapping[str, Feature], census: _Census) -> UseCounts:
        segments, populations, as_text = self._populations()
        names = tuple(
            (name, number)
            for number, feature in enumerate(features.values())
            for name in dict.fromkeys(feature.events)
            if name in census.occurs
        )
        question = UseQuestion(self._events, names, census.end, populations, len(segments), as_text)
        counts = UseCounts.of(self._engine.query(use_query(question)).to_pylist(), segments, len(features))
        if populations and self._strangers(counts):
            alone = UseQuestion(self._events, names, census.end, (), 0)
            return UseCounts.of(self._engine.query(use_query(alone)).to_pylist(), (), len(features))
        return counts

    def _strangers(self, counts: UseCounts) -> bool:
        """Say how many users the unit source does not know; True when it knows none."""
        total = counts.known + counts.strangers
        if counts.strangers <= NOTED_SHARE * total:
            return False
        tables = ", ".join(f"'{key}'" for key in self._unit_sources())
        if counts.known:
            share = counts.strangers / total
            self._note(f"{percent(share)} of the users in the events are not in {tables} and do not count")
            return False
        self._note(
            f"no {self._source.unit} of the events is in {tables}: are these the same ids?"
            " Eligible are the units seen in the events instead"
        )
        return True

    def _unit_sources(self) -> dict[str, UnitSource]:
        """Unit sources about the same units: those whose unit column has the same name."""
        return {
            key: source
            for key, source in self._definitions.sources.items()
            if isinstance(source, UnitSource) and source.unit == self._source.unit
        }

    def _populations(self) -> tuple[tuple[str, ...], tuple[Population, ...], bool]:
        sources = self._unit_sources()
        scopes: dict[str, Scope] = {}
        for key, source in sources.items():
            try:
                named = {"unit": self._source.unit} | ({} if source.time is None else {"time": source.time})
                check_columns(self._engine, key, source.table, named)
                scopes[key] = Scope.open(self._engine, source.table, f"t{len(scopes)}")
            except VitalfewError as problem:
                self._notes.append(FailedRow(STAGE, key, str(problem)))
        members = self._members(scopes)
        segments = tuple(members)
        populations = tuple(
            Population(
                scope,
                self._source.unit,
                sources[key].time,
                tuple(member if home == key else None for home, member in members.values()),
            )
            for key, scope in scopes.items()
        )
        types = {scope.type_of(self._source.unit) for scope in (self._events.scope, *scopes.values())}
        return segments, populations, len(types) > 1

    def _members(self, scopes: Mapping[str, Scope]) -> dict[str, tuple[str, exp.Expr]]:
        """The condition of each segment that has one, with the source it reads."""
        members: dict[str, tuple[str, exp.Expr]] = {}
        for key, segment in self._definitions.segments.items():
            source = segment.source or (next(iter(scopes)) if len(scopes) == 1 else None)
            if source is None or source not in scopes or segment.filter is None:
                continue
            try:
                members[key] = (source, scopes[source].condition(parse(segment.filter)))
            except VitalfewError as problem:
                self._notes.append(FailedRow(STAGE, key, str(problem)))
        return members


def _date(day: int) -> date:
    """The date so many days after 1970-01-01; the nearest that can be written for years beyond 1 to 9999."""
    return date.fromordinal(min(max(day + _EPOCH.toordinal(), 1), date.max.toordinal()))


def _unheard_of(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return f"no event called '{name}' in the data" + (f"; nearest '{close}'" if close else "")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"

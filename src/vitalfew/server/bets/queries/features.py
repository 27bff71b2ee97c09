"""Features as the inventory and their pages show them: use, cost, last change, verdicts, needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.server.core.filters import Filter, owners, times
from vitalfew.server.core.queries.kept import per_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import CandidateLine, ExperimentRow, ShippedLine, UseRow
    from vitalfew.server.core.filters import Choices, Field
    from vitalfew.workspace.definitions import Definitions, Feature

MEASURES = ("used", "hardly used", "not judged yet", "not measured")


@dataclass(frozen=True, slots=True)
class Listed:
    """A feature in the inventory. `use`: in the window of its cadence, by all who are eligible; None: not in the run.

    `changed`: when it last changed; `lines`: ledger lines about it; `needs`: what initiatives on it serve, by key.
    """

    key: str
    feature: Feature
    title: str
    product: str | None
    team: str
    use: UseRow | None
    changed: date | None
    lines: tuple[ShippedLine, ...]
    needs: tuple[str, ...]

    @property
    def measure(self) -> str:
        """Whether it is used, as far as that is known; *not measured* is never *not used*."""
        if self.use is None or not self.use.measured or self.use.reach is None:
            return "not measured"
        return {None: "not judged yet", True: "hardly used", False: "used"}[self.use.hardly_used]


@dataclass(frozen=True, slots=True)
class Page:
    """A feature from all sides. `windows`: its use by all who are eligible; `segments`: in the main window by segment.

    `initiatives`: what built, changed or would remove it, by key.
    """

    listed: Listed
    windows: tuple[UseRow, ...]
    segments: tuple[UseRow, ...]
    initiatives: tuple[str, ...]
    experiments: tuple[ExperimentRow, ...]
    releases: tuple[str, ...]
    candidates: tuple[CandidateLine, ...]


def inventory(definitions: Definitions, run: Results | None, wanted: Filter) -> tuple[Listed, ...]:
    """The features that are asked for: the measured ones by reach, then those that are not measured.

    Where a segment is asked for, their use is that of its eligible.
    """
    about = _About(definitions, run, wanted.segment or None)
    rows = [row for key in definitions.features if _fits(wanted, row := about.listed(key))]
    return tuple(sorted(rows, key=lambda row: (row.measure == "not measured", -_reach(row))))


def offers(definitions: Definitions, run: Results | None, today: date) -> dict[Field, Choices]:
    """What features may be filtered by."""
    rows = inventory(definitions, run, Filter(today))
    measured = sorted({row.segment for row in (run.tables.use if run else ()) if row.segment and row.main})
    return {
        **owners(definitions, ((row.product, row.feature.team) for row in rows)),
        "segment": [(key, definitions.title("segments", key)) for key in measured],
        "time": times(row.changed for row in rows),
        "state": [(state, state) for state in MEASURES],
        "q": (),
    }


def _fits(wanted: Filter, row: Listed) -> bool:
    return (
        wanted.owned(row.product, row.feature.team)
        and wanted.state in ("", row.measure)
        and wanted.worded(row.title, row.key)
        and wanted.dated(row.changed)
    )


def feature_page(definitions: Definitions, run: Results | None, key: str) -> Page:
    """Everything known of one feature that is defined."""
    about = _About(definitions, run)
    made = about.on.get(key, ())
    tables = run.tables if run else None
    use = [row for row in (tables.use if tables else ()) if row.feature == key]
    return Page(
        about.listed(key),
        tuple(row for row in use if row.segment is None),
        tuple(row for row in use if row.segment is not None and row.main),
        made,
        tuple(row for row in (tables.experiments if tables else ()) if row.initiative in made),
        tuple(
            name for name, one in definitions.releases.items() if key in one.features or {*made} & {*one.initiatives}
        ),
        tuple(row for row in (tables.candidates if tables else ()) if row.line in made or row.line == f"remove_{key}"),
    )


class _About:
    """What definitions and a run say of features, put in order once."""

    def __init__(self, definitions: Definitions, run: Results | None, segment: str | None = None) -> None:
        self._definitions = definitions
        self.on: dict[str, tuple[str, ...]] = {}
        for key, made in definitions.initiatives.items():
            for feature in {made.feature, made.removes} - {None}:
                self.on[str(feature)] = (*self.on.get(str(feature), ()), key)
        self._use: Mapping[str, UseRow] = {} if run is None else per_run(run, f"use {segment}", _main_use(segment))
        self._lines: Mapping[str, ShippedLine] = {} if run is None else per_run(run, "shipped", _by_line)
        self._released: dict[str, date] = {}
        for release in definitions.releases.values():
            for name in (*release.features, *release.initiatives):
                self._released[name] = max(release.date, self._released.get(name, release.date))

    def listed(self, key: str) -> Listed:
        """One feature."""
        definitions, feature = self._definitions, self._definitions.features[key]
        made = self.on.get(key, ())
        days = [self._released.get(name) for name in (key, *made)]
        days += [feature.shipped, *(definitions.initiatives[name].shipped for name in made)]
        needs = [name for one in made for name in definitions.initiatives[one].serves if name in definitions.needs]
        return Listed(
            key,
            feature,
            definitions.title("features", key),
            definitions.product_of(feature),
            definitions.title("teams", feature.team) if feature.team else "",
            self._use.get(key),
            max((day for day in days if day is not None), default=None),
            tuple(self._lines[name] for name in dict.fromkeys((key, *made)) if name in self._lines),
            tuple(dict.fromkeys(needs)),
        )


def _main_use(segment: str | None) -> Callable[[Results], Mapping[str, UseRow]]:
    return lambda run: {row.feature: row for row in run.tables.use if row.main and row.segment == segment}


def _by_line(run: Results) -> Mapping[str, ShippedLine]:
    return {row.line: row for row in run.tables.shipped}


def _reach(row: Listed) -> float:
    return row.use.reach.estimate if row.use is not None and row.use.reach is not None else 0.0

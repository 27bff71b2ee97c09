"""What a report reads: the tables of a run, the definitions behind them, and the run's identity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vitalfew.report.axis import Axis, Mark, axis_over, comparable, metric_scales
from vitalfew.report.words import Unit, unit_of
from vitalfew.results.grouped import grouped
from vitalfew.results.rows import CandidateLine
from vitalfew.workspace.cited import Citable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vitalfew.results.rows import (
        EffectRow,
        ExperimentRow,
        Headline,
        HealthRow,
        Interval,
        ShippedLine,
        Tables,
        UseRow,
    )
    from vitalfew.results.run import RunInfo
    from vitalfew.workspace.definitions import Definitions

type Opens = Callable[[object], str | None]

VITAL = 0.5
"""Probability of being in the vital set, or in the best portfolio, from which a line stands above the drawn line."""


@dataclass(frozen=True)
class View:
    """One run as a report sees it; every surface reads the same."""

    tables: Tables
    definitions: Definitions
    info: RunInfo
    opens: Opens | None = None
    """Where a page says what stands behind a number, by its row; None where there are no such pages."""

    @property
    def headline(self) -> Headline | None:
        """The ledger in figures, once it is computed."""
        return self.tables.headline[0] if self.tables.headline else None

    @property
    def is_use_only(self) -> bool:
        """Whether use is all that is known: no line has a value, a promise, an effect, or anything told by these."""
        tables = self.tables
        found = tables.effects or tables.promises or not any(row.measured for row in tables.use)
        return not found and all(_is_bare(line) for lines in (tables.shipped, tables.candidates) for line in lines)

    @property
    def is_experiments_only(self) -> bool:
        """Whether experiments are all there is: no line of a ledger, no use."""
        tables = self.tables
        lines = tables.shipped or tables.candidates or any(row.measured for row in tables.use)
        return bool(tables.experiments) and not lines

    def unit(self, metric: str) -> Unit:
        """How numbers of this metric are written."""
        return unit_of(self.definitions.metrics.get(metric))

    def title(self, kind: str, key: str | None) -> str:
        """The title of a definition, else its key in words."""
        return "" if key is None else self.definitions.title(kind, key)

    def item(self, text: str) -> str:
        """What a stage could not compute, by titles: `events/orders` is Orders, `search/orders` New search / Orders."""
        keys = text.split("/")
        kinds = ("metrics", "releases", "experiments", "features", "initiatives", "links")
        known = [next((kind for kind in kinds if key in getattr(self.definitions, kind)), None) for key in keys]
        if not any(known):
            return text
        found = zip(keys, known, strict=True)
        names = [
            self.title(kind, key) if kind else key for key, kind in found if kind or key not in self.definitions.sources
        ]
        return " / ".join(names)

    def name_of(self, row: EffectRow) -> str:
        """What an effect is on: the metric's title, the segment's where it is about one, the arm where several are."""
        title = self.title("metrics", row.metric)
        whole = title if row.segment is None else f"{title}, {self.title('segments', row.segment)}"
        arms = {other.arm for other in self._effects.get(row.experiment, ())}
        return f"{whole} ({row.arm})" if len(arms) > 1 else whole

    def experiments_of(self, line: ShippedLine | CandidateLine) -> tuple[ExperimentRow, ...]:
        """The experiments behind a ledger line."""
        wanted = {line.line} if line.kind == "initiative" else self.initiatives_on(line.line)
        return tuple(row for row in self.tables.experiments if row.initiative in wanted)

    def page_behind(self, row: object) -> str | None:
        """Where it is said what stands behind a number, by its row; None where this surface has no such page."""
        return self.opens(row) if self.opens and row is not None else None

    @cached_property
    def lines(self) -> dict[str, ShippedLine | CandidateLine]:
        """The lines of the ledger by key."""
        known: dict[str, ShippedLine | CandidateLine] = {line.line: line for line in self.tables.candidates}
        return known | {line.line: line for line in self.tables.shipped}

    def experiments_on(self, initiative: str) -> tuple[str, ...]:
        """The experiments about an initiative, by key."""
        return tuple(row.experiment for row in self.tables.experiments if row.initiative == initiative)

    def initiatives_on(self, feature: str) -> set[str]:
        """The initiatives that built, changed or would remove a feature."""
        found = self.definitions.initiatives.items()
        return {key for key, made in found if feature in (made.feature, made.removes)}

    def feature_of(self, line: ShippedLine | CandidateLine) -> str | None:
        """The feature a line is about."""
        if line.kind == "feature":
            known = line.line in self.definitions.features
            return line.line if known else line.line.removeprefix("remove_")
        made = self.definitions.initiatives.get(line.line)
        return (made.feature or made.removes) if made else None

    def use_of(self, feature: str | None) -> UseRow | None:
        """The use of a feature by all who are eligible, in the window that fits its cadence."""
        return next((u for u in self.tables.use if u.feature == feature and u.main and u.segment is None), None)

    @cached_property
    def citable(self) -> Citable:
        """What the claims of decisions may cite."""
        return Citable.of(self.definitions)

    @cached_property
    def scales(self) -> dict[str, float]:
        """One scale per metric for the whole report, over its promises and its effects on all units."""
        return metric_scales(self._metric_marks)

    @cached_property
    def axis(self) -> Axis:
        """The axis on which the changes of all metrics lie: zero is common, right is better."""
        marks = self._metric_marks
        return axis_over(comparable(mark, metric, self.unit(metric), self.scales) for metric, mark in marks)

    @cached_property
    def _metric_marks(self) -> list[tuple[str, Mark]]:
        marks = [(p.metric, Mark(p.p50, (p.p10, p.p90))) for p in self.tables.promises if p.locked_at]
        marks += [
            (row.metric, Mark(row.estimate, None, ends(row.intervals, 0.95)))
            for row in self.tables.effects
            if row.estimate is not None and row.segment is None
        ]
        for line in self.tables.shipped:
            if line.promised:
                marks.append((line.promised.metric, Mark(line.promised.p50, (line.promised.p10, line.promised.p90))))
            if line.measured:
                marks.append((line.measured.metric, Mark(line.measured.estimate)))
        return marks

    @cached_property
    def _effects(self) -> dict[str, list[EffectRow]]:
        return grouped(self.tables.effects)

    def effects_of(self, experiment: str) -> tuple[EffectRow, ...]:
        """The effects of an experiment: all units first, then segments, in the order computed."""
        return tuple(sorted(self._effects.get(experiment, ()), key=lambda row: row.segment is not None))

    def health_of(self, experiment: str) -> tuple[HealthRow, ...]:
        """The trust tests of an experiment, the worst first."""
        order = {"failed": 0, "warning": 1, "ok": 2}
        rows = [row for row in self.tables.health if row.experiment == experiment]
        return tuple(sorted(rows, key=lambda row: order[row.status]))

    def likely(self, line: ShippedLine) -> tuple[float, float] | None:
        """The 80 % interval of what a line measured, from the effect its figures were taken from."""
        if line.measured is None:
            return None
        for experiment in self.experiments_of(line):
            for row in self.effects_of(experiment.experiment):
                if row.metric == line.measured.metric and row.estimate == line.measured.estimate:
                    return ends(row.intervals, 0.80)
        return None


def ends(intervals: Iterable[Interval], confidence: float) -> tuple[float, float] | None:
    """Low and high of the interval with this confidence."""
    return next(((i.low, i.high) for i in intervals if abs(i.confidence - confidence) < 1e-9), None)  # noqa: PLR2004 - equality of shares


def cut[Line: ShippedLine | CandidateLine](lines: Iterable[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Lines above and below the drawn line, each in the order given."""
    rows = tuple(lines)
    above = tuple(row for row in rows if (chance(row) or 0) >= VITAL)
    return above, tuple(row for row in rows if (chance(row) or 0) < VITAL)


def _is_bare(line: ShippedLine | CandidateLine) -> bool:
    if line.value or line.grade or chance(line) is not None:
        return False
    return isinstance(line, CandidateLine) or not (line.promised or line.measured or line.verdict != "no_promise")


def urgent(line: ShippedLine | CandidateLine) -> bool:
    """Whether a line is shown however far below the drawn line it stands: it surely costs value, or must change."""
    if line.value is not None and line.value.high < 0:
        return True
    return line.recommendation in ("fix", "remove")


def chance(line: ShippedLine | CandidateLine) -> float | None:
    """P(in the vital set) of a shipped line, P(in the best portfolio) of a candidate."""
    return line.p_in if isinstance(line, CandidateLine) else line.p_vital

"""Releases that reached units in waves: moments over periods per metric and wave, from the events of the units."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from sqlglot import exp

from vitalfew.errors import NotEnoughData, VitalfewError
from vitalfew.results.rows import CohortRow, FailedRow
from vitalfew.results.words import count
from vitalfew.warehouse.calendar_days import date_of
from vitalfew.warehouse.chosen import chosen
from vitalfew.warehouse.compile import table_named, whole
from vitalfew.warehouse.prepared import IDENTITIES, learn_identities
from vitalfew.warehouse.rollout_panel import PANEL, WIDE, panel, unfit
from vitalfew.warehouse.rollout_units import NEVER, PEOPLE, TOLD, people
from vitalfew.warehouse.sums import Rows, cells
from vitalfew.workspace.definitions import EventSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.results.rows import ChosenRow
    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.rollout_panel import Panel
    from vitalfew.warehouse.rollout_units import Calendar, People
    from vitalfew.workspace.definitions import Cap, Definitions, Rollout

    Floats = NDArray[np.float64]

STAGE = "cohorts"


def cohorts(
    definitions: Definitions, engine: Engine, as_of: date | None = None
) -> tuple[tuple[CohortRow, ...], tuple[ChosenRow, ...], tuple[FailedRow, ...]]:
    """Measure every release whose rollout names a source.

    Periods of `period_days` are counted on the calendar where the team is; the first wave begins one. Every unit counts
    in every period, with 0 where it did nothing (a balanced panel). A period counts once it is over and every source
    has events up to its end.

    Args:
        definitions: the workspace.
        engine: where the tables lie.
        as_of: what happened after this day is ignored.

    Returns:
        Moments per release, metric and wave; units with what was known of them before, of releases that units chose;
        and what could not be measured or was left out, with the reason.
    """
    rows: list[CohortRow] = []
    units: list[ChosenRow] = []
    failed: list[FailedRow] = []
    wanted = [
        key for key, one in definitions.releases.items() if one.rollout is not None and one.rollout.source is not None
    ]
    try:
        if wanted:
            learn_identities(engine, definitions.data)
        for key in wanted:
            found = _Release(definitions, key, engine, as_of, failed)
            try:
                rows.extend(found.rows())
                units.extend(found.units())
            except VitalfewError as error:
                failed.append(FailedRow(STAGE, key, str(error), isinstance(error, NotEnoughData)))
            finally:
                for name in (TOLD, PEOPLE, PANEL, WIDE):
                    engine.drop(name)
    except VitalfewError as error:
        failed.extend(FailedRow(STAGE, key, str(error)) for key in wanted)
    finally:
        engine.drop(IDENTITIES)
    return tuple(rows), tuple(units), tuple(failed)


class _Release:
    """One release, measured once for all of its metrics."""

    def __init__(
        self, definitions: Definitions, key: str, engine: Engine, as_of: date | None, failed: list[FailedRow]
    ) -> None:
        self._definitions, self._key, self._engine, self._failed = definitions, key, engine, failed
        self._as_of = as_of
        self._measured: tuple[Panel, People] | None = None

    def rows(self) -> Iterator[CohortRow]:
        """Moments per metric and wave; of a release that units chose there are none, as waves are no chance."""
        found = self._panel()
        if found is None or self._rollout.chosen:
            return
        measured, who = found
        for metric, values in measured.metrics.items():
            columns = [name for value in values for name in measured.columns[value.name]]
            cap = values[0].percentile
            if cap is not None and self._rollout.cluster is not None:
                reason = f"sums of clusters are not capped, so '{metric}' counts every unit in full"
                self._failed.append(FailedRow(STAGE, f"{self._key}/{metric}", reason, remark=True))
                cap = None
            caps = {} if cap is None else dict.fromkeys(range(who.calendar.count), cap)
            yield from self._of_metric(metric, columns, caps, who.calendar)

    def units(self) -> Iterator[ChosenRow]:
        """What is known of each unit, of a release that units chose."""
        found = self._panel()
        if found is not None and self._rollout.chosen:
            rows, remarks = chosen(self._definitions, self._key, found[0], found[1].calendar, self._engine)
            self._failed.extend(FailedRow(STAGE, self._key, text, remark=True) for text in remarks)
            yield from rows

    @property
    def _rollout(self) -> Rollout:
        rollout = self._definitions.releases[self._key].rollout
        assert rollout is not None  # noqa: S101 - only releases with a rollout come here
        return rollout

    def _panel(self) -> tuple[Panel, People] | None:
        if self._measured is not None:
            return self._measured
        release = self._definitions.releases[self._key]
        keys = release.metrics or tuple(
            key for key, metric in self._definitions.metrics.items() if unfit(key, metric, self._definitions) is None
        )
        reasons = {key: unfit(key, self._definitions.metrics[key], self._definitions) for key in keys}
        self._failed.extend(
            FailedRow(STAGE, f"{self._key}/{key}", reason) for key, reason in reasons.items() if reason is not None
        )
        fit = [key for key, reason in reasons.items() if reason is None]
        if not fit:
            if not release.metrics:
                self._failed.append(FailedRow(STAGE, self._key, "no metric is counted from events"))
            return None
        who = people(self._definitions, self._key, self._sources(fit), self._engine, self._as_of)
        self._remark(who)
        measured = panel(self._definitions, fit, who.calendar, self._engine)
        self._failed.extend(FailedRow(STAGE, f"{self._key}/{key}", why) for key, why in measured.reasons.items())
        self._measured = (measured, who)
        return self._measured

    def _sources(self, keys: list[str]) -> dict[str, EventSource]:
        found: dict[str, EventSource] = {}
        for key in keys:
            metric = self._definitions.metrics[key]
            for measure in (metric.numerator, metric.denominator):
                source = None if measure is None else self._definitions.sources.get(measure.source)
                if measure is not None and isinstance(source, EventSource):
                    found[measure.source] = source
        return found

    def _remark(self, who: People) -> None:
        texts = {
            f"left out: {count(who.late, 'unit')} with the release but not there before the first wave": who.late,
            f"left out: {count(who.bots, 'unit')} with more events on a day than a person has": who.bots,
        }
        self._failed.extend(FailedRow(STAGE, self._key, text, remark=True) for text, some in texts.items() if some)

    def _of_metric(
        self, metric: str, columns: list[str], caps: dict[int, Cap], calendar: Calendar
    ) -> Iterator[CohortRow]:
        ratio = len(columns) > calendar.count
        clustered = self._rollout.cluster is not None
        query = _by_cluster(columns, calendar.count, ratio=ratio) if clustered else _by_unit(columns)
        count = 2 * calendar.count if ratio or clustered else calendar.count
        names = tuple(str(at) for at in range(count))
        found = cells(self._engine, Rows(query, names, caps, shape=False))
        sizes = self._sizes()
        for cell in sorted(found, key=lambda one: int(one.arm)):
            moments = found[cell]
            wave = None if int(cell.arm) == NEVER else int(cell.arm)
            linear = _linearised(moments, calendar.count) if count > calendar.count else _plain(moments)
            if linear is None:
                reason = f"in some period nobody of a wave has a denominator, so '{metric}' has no value"
                self._failed.append(FailedRow(STAGE, f"{self._key}/{metric}", reason))
                return
            mean, cross = linear
            yield CohortRow(
                release=self._key,
                metric=metric,
                wave=wave,
                units=sizes[int(cell.arm)],
                since=date_of(calendar.first),
                period_days=calendar.days,
                n=(float(moments.units),) * calendar.count**2,
                shift=tuple(mean.tolist()),
                mean=(0.0,) * calendar.count**2,
                cross=tuple(cross.ravel().tolist()),
                clusters=moments.units if clustered else None,
            )

    def _sizes(self) -> dict[int, int]:
        count = exp.alias_(exp.Count(this=exp.Star()), "n")
        rows = exp.select("arm", count).from_(table_named(WIDE)).group_by("arm")
        return defaultdict(int, {row["arm"]: row["n"] for row in self._engine.query(rows).to_pylist()})


def _by_unit(columns: list[str]) -> exp.Select:
    return _cells(exp.select(*(exp.alias_(exp.column(name), f"v{at}") for at, name in enumerate(columns))), WIDE)


def _by_cluster(columns: list[str], periods: int, *, ratio: bool) -> exp.Select:
    """Sums over the units of a cluster: what they did, and how often or how many they are."""
    sums = [exp.alias_(exp.Sum(this=exp.column(name)), f"v{at}") for at, name in enumerate(columns)]
    if not ratio:
        size = exp.cast(exp.Count(this=exp.Star()), "DOUBLE")
        sums.extend(exp.alias_(size.copy(), f"v{at}") for at in range(periods, 2 * periods))
    return _cells(exp.select(*sums), WIDE).group_by("cluster", "arm")


def _cells(rows: exp.Select, table: str) -> exp.Select:
    nothing = [exp.alias_(whole(0), name) for name in ("experiment", "pattern")]
    return rows.select(*nothing, exp.alias_(exp.cast(exp.column("arm"), "VARCHAR"), "arm")).from_(table_named(table))


def _plain(moments: Moments) -> tuple[Floats, Floats]:
    return moments.shift + np.diagonal(moments.mean), moments.cross


def _linearised(moments: Moments, periods: int) -> tuple[Floats, Floats] | None:
    """Of numerators and denominators, ratios per period with their products by the delta method; None without one."""
    mean, cross = _plain(moments)
    top, bottom = mean[:periods], mean[periods:]
    if (bottom == 0).any():
        return None
    ratio = top / bottom
    turn = np.hstack((np.diag(1.0 / bottom), np.diag(-ratio / bottom)))
    return ratio, turn @ cross @ turn.T

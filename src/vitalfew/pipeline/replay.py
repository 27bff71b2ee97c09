"""Replay the past: on each day the ledger as it stood then, held against what has been measured since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitalfew.decide.backtest import Backtest, Day
from vitalfew.decide.backtest import backtest as hold_against
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.measured_lines import over_horizon
from vitalfew.decide.options import options_of
from vitalfew.decide.shipped import measured_value
from vitalfew.errors import UsageError
from vitalfew.judgement.waivers import waivers
from vitalfew.pipeline.walk import SEED, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from vitalfew.decide.draws import Floats
    from vitalfew.pipeline.results import Results
    from vitalfew.pipeline.walk import Progress
    from vitalfew.workspace.workspace import Workspace

MOST_DAYS = 12
_READ = ("classic",)
"""Stages that a replay reads, with all before them: scores, and what the ledger is made from."""
_QUARTER_MONTHS = (1, 4, 7, 10)


@dataclass(frozen=True)
class Replay:
    """A backtest that prints as a table and goes elsewhere as one.

    Attributes:
        found: what each rule would have brought.
        unit: of cost.
    """

    found: Backtest
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        from vitalfew.results.codec import plain

        value: dict[str, Any] = plain(self.found)
        return value | {"cost_unit": self.unit}

    def to_arrow(self) -> pa.Table:
        """One row per day and rule, and per rule for all days together (`as_of` null)."""
        from vitalfew.decide.backtest import BacktestRow
        from vitalfew.results.codec import to_table

        return to_table(BacktestRow, (*self.found.days, *self.found.total))

    def __str__(self) -> str:
        from vitalfew.report.backtest_text import backtest_text

        return backtest_text(self.found, self.unit)


def backtest(
    workspace: Workspace, days: Sequence[date] = (), *, seed: int = SEED, progress: Progress | None = None
) -> Replay:
    """Had we followed the recommendations of back then, against RICE and against what was done.

    On each day the workspace is read as of that day: data, acts and verdicts up to then. What would have been chosen is
    held against what has been measured up to today.

    Args:
        workspace: definitions and acts, as `load` gives them.
        days: when decisions were taken; by default the beginnings of quarters since the first forecast, the last 12.
        seed: of all random draws.
        progress: called before each day.

    Returns:
        What each rule would have brought. Prints as a table.

    Raises:
        UsageError: there is no day in the past to look at.

    Example:
        >>> from datetime import date
        >>> import vitalfew as vf
        >>> from vitalfew.workspace.definitions import Definitions
        >>> from vitalfew.workspace.workspace import Workspace
        >>> ideas = Definitions.model_validate({"initiatives": {"search": {"title": "Faster search", "cost": 5}}})
        >>> replayed = vf.backtest(Workspace.of(ideas), [date(2026, 1, 1)])
        >>> print(str(replayed).strip())
        Note: no day had candidates with a value and a cost: forecasts and costs of back then are needed
    """
    chosen = sorted(set(days)) or _quarters(workspace)
    if not chosen:
        raise UsageError(
            "there is no past to replay",
            expected="forecasts that are older than the beginning of this quarter",
            hint="give days with --on, or come back once forecasts and effects have gathered",
        )
    now = run(workspace, seed=seed, keep=False, wanted=_READ)
    ends = [*chosen[1:], date.max]
    found = []
    for number, (day, until) in enumerate(zip(chosen, ends, strict=True), start=1):
        if progress:
            progress(f"as of {day}", number, len(chosen))
        known = _day(run(workspace, as_of=day, seed=seed, keep=False, wanted=_READ), day, until, seed)
        if known is not None:
            found.append(known)
    return Replay(hold_against(found, _realised(now, seed)), workspace.definitions.policy.cost_unit)


def _today(workspace: Workspace) -> date:
    return datetime.now(ZoneInfo(workspace.definitions.workspace.time_zone)).date()


def _quarters(workspace: Workspace) -> list[date]:
    """The first days of the quarters since the first forecast or lock, before today."""
    zone = ZoneInfo(workspace.definitions.workspace.time_zone)
    acts = (act for kind in ("forecast", "lock") for act in workspace.acts.spoken(kind))
    said = [act.time.astimezone(zone).date() for act in acts]
    if not said:
        return []
    first, today = min(said), _today(workspace)
    starts = (date(year, month, 1) for year in range(first.year, today.year + 1) for month in _QUARTER_MONTHS)
    return [day for day in starts if first < day < today][-MOST_DAYS:]


def _day(results: Results, day: date, until: date, seed: int) -> Day | None:
    workspace, tables = results.workspace, results.tables
    inputs = Inputs.of(workspace.definitions, tables, day, seed, waivers(workspace.definitions, workspace.acts))
    options = options_of(inputs)
    if not options.lines:
        return None
    begun = frozenset(
        key
        for key, each in workspace.definitions.initiatives.items()
        if each.started is not None and day <= each.started < until
    )
    return Day(day, options, {row.line: row.rice for row in tables.classic if row.rice is not None}, begun)


def _realised(results: Results, seed: int) -> dict[str, Floats]:
    """Draws of what has been measured of every initiative, by today's weights, over the horizon as it was expected."""
    workspace, tables = results.workspace, results.tables
    inputs = Inputs.of(workspace.definitions, tables, results.day, seed)
    found = {}
    for key, initiative in workspace.definitions.initiatives.items():
        known = {metric: effect for metric, effect in inputs.known.get(key, {}).items() if effect.trusted}
        drawn = measured_value(inputs, key, initiative, known)
        if drawn is not None:
            found[key] = over_horizon(inputs, initiative, drawn)
    return found

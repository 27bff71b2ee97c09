"""How long and how dear it was to find out: from the hypothesis to its verdict, and before the first evidence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vitalfew.decide.verdict import has_come
from vitalfew.results.rows import BetRow
from vitalfew.workspace.definitions import Quantiles
from vitalfew.workspace.graph import is_committed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.results.rows import Tables, VerdictRow
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions, Initiative


def bets(definitions: Definitions, acts: ActLog, tables: Tables, today: date) -> tuple[BetRow, ...]:
    """One row per hypothesis, in the order of the definitions.

    A hypothesis is asked on the day of the first forecast or lock about it. Its verdict falls on the day it is due,
    once an effect has been measured. The first evidence on an initiative is the end of its first experiment that shows
    an effect (today, while that one runs), or the day of its first release.

    Args:
        definitions: of the workspace.
        acts: the log.
        tables: of the stages up to the verdicts.
        today: the day of the run.
    """
    asked = _asked(definitions, acts)
    shown = _first_evidence(definitions, tables, today)
    spoken = {row.hypothesis: row for row in tables.verdicts}
    return tuple(
        _bet(key, definitions.initiatives.get(of), of, asked.get(key), shown.get(of), spoken.get(key), today)
        for key, of in ((key, hypothesis.initiative) for key, hypothesis in definitions.hypotheses.items())
    )


def open_bets(definitions: Definitions, rows: Iterable[BetRow], today: date) -> dict[str, list[str]]:
    """Bets on which work was agreed, began or is out, and that have no verdict yet: their keys, by team.

    What is out keeps its place until its verdict; the first verdict on one of its hypotheses frees it.

    Args:
        definitions: of the workspace.
        rows: how long bets took; none where nothing was run yet, and then no verdict is known.
        today: the day that counts as today.
    """
    told = {row.initiative for row in rows if row.verdict is not None}
    found: dict[str, list[str]] = {}
    for key in dict.fromkeys(hypothesis.initiative for hypothesis in definitions.hypotheses.values()):
        made = definitions.initiatives.get(key)
        if made is not None and made.team is not None and key not in told and is_committed(made, today):
            found.setdefault(made.team, []).append(key)
    return found


def spent_until(initiative: Initiative, day: date) -> tuple[float | None, bool]:
    """What an initiative had cost by a day, in the policy's unit, and whether its cost was spread evenly for that.

    Without dated spending the median cost is spread over the days from `started` to `shipped` (else over `weeks`).
    None when neither is known.

    >>> from vitalfew.workspace.definitions import Initiative
    >>> work = Initiative(cost=20.0, started=date(2026, 3, 2), weeks=4)
    >>> spent_until(work, date(2026, 3, 9))
    (5.0, True)
    """
    if initiative.spent:
        return sum(each.amount for each in initiative.spent if each.at <= day), False
    if initiative.cost is None or initiative.started is None:
        return None, False
    until = initiative.shipped
    if until is None and initiative.weeks is not None:
        until = initiative.started + timedelta(weeks=initiative.weeks)
    if until is None:
        return None, False
    whole = initiative.cost.p50 if isinstance(initiative.cost, Quantiles) else initiative.cost
    days = max((until - initiative.started).days, 1)
    return whole * min(max((day - initiative.started).days / days, 0.0), 1.0), True


def _bet(
    key: str,
    initiative: Initiative | None,
    of: str,
    began: date | None,
    evidence: date | None,
    row: VerdictRow | None,
    today: date,
) -> BetRow:
    due = date.fromisoformat(row.due) if row is not None and row.due else None
    measured = row is not None and row.promised is not None and row.estimate is not None
    verdict = due if measured and due is not None and has_come(due, today) else None
    spent, spread = spent_until(initiative, evidence or today) if initiative else (None, False)
    return BetRow(
        hypothesis=key,
        initiative=of,
        asked=began.isoformat() if began else None,
        evidence=evidence.isoformat() if evidence else None,
        verdict=verdict.isoformat() if verdict else None,
        days=(verdict - began).days if verdict and began else None,
        open_days=(today - began).days if began and not verdict else None,
        spent=spent,
        spread=spread,
        overdue=due is not None and has_come(due, today) and (row is None or row.estimate is None),
    )


def _asked(definitions: Definitions, acts: ActLog) -> dict[str, date]:
    zone = ZoneInfo(definitions.workspace.time_zone)
    # What somebody said again and better counts no more, and was the first word all the same.
    gone = frozenset(acts.erased)
    found: dict[str, date] = {}
    for key in definitions.hypotheses:
        first = (acts.first_of(kind, key, without=gone) for kind in ("forecast", "lock"))
        if days := [act.time.astimezone(zone).date() for act in first if act is not None]:
            found[key] = min(days)
    return found


def _first_evidence(definitions: Definitions, tables: Tables, today: date) -> dict[str, date]:
    """The day of the first evidence by initiative; what tells no day is left out."""
    days: list[tuple[str, date]] = []
    for key in dict.fromkeys(row.experiment for row in tables.effects if row.se is not None):
        experiment = definitions.experiments.get(key)
        if experiment is None or experiment.initiative is None:
            continue
        dated = experiment.end is not None or experiment.start is not None
        if dated:
            days.append((experiment.initiative, min(experiment.end or today, today)))
    for release in definitions.releases.values():
        days += [(initiative, release.date) for initiative in release.initiatives if release.date <= today]
    first: dict[str, date] = {}
    for initiative, day in days:
        first[initiative] = min(day, first.get(initiative, day))
    return first

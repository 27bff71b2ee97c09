"""How well an organisation, its teams, and whoever asks about themselves predict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitalfew.errors import DataError, UsageError, suggest
from vitalfew.pipeline.results import Results, results_of

if TYPE_CHECKING:
    from datetime import date

    from vitalfew.judgement.calibration_rows import History
    from vitalfew.results.rows import CalibrationRow, Tables
    from vitalfew.workspace.workspace import Workspace


_READS_OUTCOMES = ("measure", "effects", "judgement", "at_due", "verdicts")


@dataclass(frozen=True)
class Record:
    """The record of forecasts. Prints as sentences.

    Attributes:
        overall: over everything.
        teams: of teams, merged under five people; none where there is one group only.
        sources: of groups of raters, likewise.
        person: of the person who asked, for that person alone.
    """

    overall: CalibrationRow
    teams: tuple[CalibrationRow, ...] = ()
    sources: tuple[CalibrationRow, ...] = ()
    person: CalibrationRow | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        from vitalfew.results.codec import plain

        found: dict[str, Any] = {
            "overall": plain(self.overall),
            "teams": {row.name: plain(row) for row in self.teams},
            "sources": {row.name: plain(row) for row in self.sources},
        }
        return found if self.person is None else found | {"person": plain(self.person)}

    def __str__(self) -> str:
        from vitalfew.report.terminal_calibration import calibration_text

        return calibration_text((self.overall, *self.teams, *self.sources), self.person)


def calibrate(run: Results | Workspace, person: str | None = None, group: str | None = None) -> Record:
    """How forecasts came out: over everything, by team, by source; and of one person for that person.

    Args:
        run: results of a run, or a workspace, which is then run.
        person: your own name, as given to `vitalfew act --by`, or your pseudonym. What comes back is about you alone.
        group: only this team or source.

    Raises:
        UsageError: there is no such team or source to be shown, or nobody of this name recorded anything.

    >>> import vitalfew as vf
    >>> from vitalfew.workspace.definitions import Definitions
    >>> from vitalfew.workspace.workspace import Workspace
    >>> nothing_yet = vf.calibrate(vf.run(Workspace.of(Definitions())))
    >>> nothing_yet.overall.resolved, nothing_yet.overall.own, round(nothing_yet.overall.slope.estimate, 2)
    (0, False, 0.4)
    """
    from vitalfew.judgement.calibration_rows import person_row

    results = results_of(run)
    rows = results.tables.calibration
    if not rows:
        raise UsageError("this run holds no calibration", hint="run the workspace again")
    mine = None
    if person is not None:
        who = _recorded(results.workspace, person)
        mine = person_row(history_of(results.workspace, results.tables, results.day), who)
    shown = [row for row in rows if group in (None, row.name)]
    known = [row.name for row in rows]
    if not shown:
        raise UsageError(f"no record of '{group}' is shown", expected=_expected(known), hint=suggest(str(group), known))
    teams, sources = (tuple(row for row in shown if row.kind == kind) for kind in ("team", "source"))
    overall = next(row for row in rows if row.kind == "overall")
    if overall.resolved == 0:
        overall = replace(overall, notes=(_what_is_open(results), *overall.notes))
    return Record(overall, teams, sources, mine)


def track_record(workspace: Workspace) -> dict[str, float]:
    """Weights of forecasters, by person, as of today: nobody's when none has a record yet, which needs no run.

    Raises:
        DataError: what came of promises could not be read.
    """
    from vitalfew.judgement.calibration_rows import person_weights

    if not _may_have_records(workspace):
        return {}
    results = results_of(workspace)
    for row in results.failures:
        if row.stage.startswith(_READS_OUTCOMES):
            raise DataError(row.reason)
    return person_weights(history_of(workspace, results.tables, results.day))


def history_of(workspace: Workspace, tables: Tables, today: date) -> History:
    """Resolved promises of a run with the forecasts behind them."""
    from vitalfew.decide.outcomes import outcomes
    from vitalfew.judgement.calibration_rows import History

    found, notes = outcomes(workspace.definitions, tables, today)
    return History.of(found, workspace.definitions, workspace.acts, notes)


def _may_have_records(workspace: Workspace) -> bool:
    """Whether anybody forecast ten promises that are locked."""
    from vitalfew.judgement.combining import FEWEST_VERDICTS
    from vitalfew.judgement.promises import behind_lock

    defined, acts = workspace.definitions, workspace.acts
    counts: dict[str, int] = {}
    for key in defined.hypotheses:
        for person in behind_lock(key, defined, acts)[1]:
            counts[person] = counts.get(person, 0) + 1
    return max(counts.values(), default=0) >= FEWEST_VERDICTS


def _recorded(workspace: Workspace, person: str) -> str:
    """The pseudonym of somebody who recorded anything: a name mistyped must not pass for a person without a record."""
    who = person if workspace.journal is None else workspace.journal.pseudonym(person)
    if who not in workspace.acts.people:
        hint = "give the name as given to `vitalfew act --by`, or the pseudonym (p-…) that it printed"
        raise UsageError("nobody of this name recorded anything here", hint=hint)
    return workspace.acts.person(who)


def _what_is_open(results: Results) -> str:
    """What a record waits for, where no promise is resolved yet."""
    locked = [row for row in results.tables.promises if row.locked_at is not None]
    if not locked:
        return "no promise is locked: `vitalfew act forecast` records what people expect, `vitalfew act lock` locks it"
    told = f"{len(locked)} {'promise' if len(locked) == 1 else 'promises'} locked, 0 resolved"
    due = min((row.due for row in locked if row.due is not None), default=None)
    if due is None:
        return f"{told}: give their hypotheses a day (`due:`) on which to look at what came"
    over = due < results.day.isoformat()
    return f"{told}: the first {f'was due on {due}, and nothing trusted is measured' if over else f'is due on {due}'}"


def _expected(known: list[str]) -> str:
    return f"one of {', '.join(known)}" if len(known) > 1 else "no name: teams and sources under five people are merged"

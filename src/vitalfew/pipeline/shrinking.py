"""Effects without the luck that made them stand out, from a run or a workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, suggest
from vitalfew.pipeline.results import Results, results_of

if TYPE_CHECKING:
    from vitalfew.results.rows import ShrunkRow, SpreadRow
    from vitalfew.workspace.workspace import Workspace


@dataclass(frozen=True)
class Shrunk:
    """What is left of effects without luck. Prints as sentences and a table.

    Attributes:
        spreads: by metric and kind of evidence: how far true effects scatter, and what is left of the sum of wins.
        effects: one by one, claimed and shrunk.
        results: the run they are of.
    """

    spreads: tuple[SpreadRow, ...]
    effects: tuple[ShrunkRow, ...]
    results: Results

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        from vitalfew.results.codec import plain

        return {"spreads": plain(self.spreads), "shrunk": plain(self.effects)}

    def __str__(self) -> str:
        from vitalfew.report.sheet import drawn_as_text
        from vitalfew.report.terminal_shrunk import print_shrunk

        tables = replace(self.results.tables, spreads=self.spreads, shrunk=self.effects)
        return drawn_as_text(print_shrunk, replace(self.results, tables=tables).view)


def shrink(run: Results | Workspace, metric: str | None = None) -> Shrunk:
    """What is left of every measured effect when the luck that made some stand out is taken away.

    Args:
        run: results of a run, or a workspace, which is then run.
        metric: only effects on this one.

    Raises:
        UsageError: no effect on this metric was measured.

    >>> import vitalfew as vf
    >>> from vitalfew.workspace.definitions import Definitions
    >>> from vitalfew.workspace.workspace import Workspace
    >>> vf.shrink(vf.run(Workspace.of(Definitions()))).effects
    ()
    """
    results = results_of(run)
    tables = results.tables
    known = sorted({row.metric for row in tables.spreads})
    if metric is not None and metric not in known:
        raise UsageError(f"no effect on '{metric}' was measured", hint=suggest(metric, known))
    spreads = tuple(row for row in tables.spreads if metric in (None, row.metric))
    return Shrunk(spreads, tuple(row for row in tables.shrunk if metric in (None, row.metric)), results)

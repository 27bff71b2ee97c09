"""The candidates of a run, ranked by its own weights and budget or by others."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from vitalfew.results.rows import RankedLine, RankedLines

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa

    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Pool
    from vitalfew.decide.what_if import Given, WhatIf
    from vitalfew.pipeline.results import Results
    from vitalfew.workspace.definitions import Grade
    from vitalfew.workspace.workspace import Workspace


@dataclass(frozen=True)
class Ranking(RankedLines):
    """Ranked candidates that print as a table, show themselves in notebooks, and can be ranked anew."""

    _drawn: _Drawn = field(repr=False, compare=False)

    def what_if(
        self,
        weights: Given | None = None,
        budget: float | None = None,
        *,
        grades: Collection[Grade] | None = None,
        preview: bool = True,
    ) -> Ranking:
        """Rank the same draws anew: quick enough for a slider.

        Args:
            weights: see `rank`.
            budget: see `rank`.
            grades: plan with lines alone whose evidence has one of these grades; with all when None.
            preview: by 2,000 draws; exactly when False.
        """
        if grades is None:
            return self._drawn.ranking(weights, budget, preview=preview)
        few = self._drawn.among(frozenset(grades)).ranking(weights, budget, preview=preview)
        own = {line.line: line.p_in_before for line in self.lines}
        lines = tuple(replace(line, p_in_before=own.get(line.line, line.p_in_before)) for line in few.lines)
        return replace(few, lines=lines, changed=True, _drawn=self._drawn)

    def to_arrow(self) -> pa.Table:
        """The lines as an Arrow table."""
        from vitalfew.results.codec import to_table

        return to_table(RankedLine, self.lines)

    def __str__(self) -> str:
        from vitalfew.report.terminal_ranks import ranking_text

        return ranking_text(self)

    def _repr_html_(self) -> str:
        from vitalfew.report.terminal_ranks import ranking_html

        return ranking_html(self)


def rank(
    workspace: Workspace,
    run: Results | None = None,
    *,
    weights: Given | None = None,
    budget: float | None = None,
    preview: bool = False,
) -> Ranking:
    """Rank the candidates, by the workspace's own weights and budget or by others.

    What was measured, forecast and drawn stays the same, so that only what is changed moves a rank.

    Args:
        workspace: definitions and acts, as `load` gives them.
        run: results of a run of it; what has not changed since the last run is taken from there when None.
        weights: of factors. Of all of them in any proportion; of some as shares of the whole, and the others keep their
            proportions within what is left. `"any"`: all that there could be, none likelier than another. The
            workspace's own when None.
        budget: in the policy's unit of cost; the workspace's own when None.
        preview: look at 2,000 draws only.

    Raises:
        UsageError: there is no such factor, or a weight or the budget is no number from 0 on.

    Example:
        >>> import vitalfew as vf
        >>> ws = vf.load("examples/ideas")  # doctest: +SKIP
        >>> vf.rank(ws, weights={"retention": 0.8}).lines[0].p_in  # doctest: +SKIP
    """
    from vitalfew.pipeline.walk import run as walk

    results = walk(workspace, keep=False) if run is None else run
    return _Drawn.of(results).ranking(weights, budget, preview=preview)


@dataclass(frozen=True)
class _Drawn:
    """The draws behind a ranking."""

    inputs: Inputs
    pool: Pool
    what_if: WhatIf
    _few: dict[frozenset[str], _Drawn] = field(default_factory=dict, compare=False)

    def among(self, grades: frozenset[str]) -> _Drawn:
        """The same draws of the candidates alone whose evidence has one of these grades; kept once made."""
        if grades not in self._few:
            self._few[grades] = self._among(grades)
        return self._few[grades]

    def _among(self, grades: frozenset[str]) -> _Drawn:
        from vitalfew.decide.options import pool_among
        from vitalfew.decide.what_if import WhatIf

        pool = pool_among(self.pool, grades)
        return _Drawn(self.inputs, pool, WhatIf(pool.options))

    @classmethod
    def of(cls, results: Results) -> _Drawn:
        from vitalfew.decide.inputs import Inputs
        from vitalfew.decide.options import pool_of
        from vitalfew.decide.what_if import WhatIf
        from vitalfew.judgement.waivers import waivers

        defined = results.workspace.definitions
        waived = waivers(defined, results.workspace.acts)
        inputs = Inputs.of(defined, results.tables, results.day, results.info.seed, waived)
        pool = pool_of(inputs)
        return cls(inputs, pool, WhatIf(pool.options))

    def ranking(self, given: Given | None, budget: float | None, *, preview: bool) -> Ranking:
        from vitalfew.decide.ranking import ranked

        found = ranked(self.inputs, self.pool, self.what_if, given, budget, preview=preview)
        return Ranking(**{part.name: getattr(found, part.name) for part in fields(found)}, _drawn=self)

"""The candidates of a run, ranked by its own weights and budget or by others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError
from vitalfew.results.rows import Estimate, RankedLine, RankedLines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pyarrow as pa

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Pool
    from vitalfew.decide.what_if import WhatIf
    from vitalfew.pipeline.results import Results
    from vitalfew.workspace.definitions import Grade
    from vitalfew.workspace.workspace import Workspace

_SET = 1e-9
"""Spread below which a weight was set and not judged."""
NO_WEIGHTS = "weights unknown: ranks run over the whole weight space"


@dataclass(frozen=True)
class Ranking(RankedLines):
    """Ranked candidates that print as a table, show themselves in notebooks, and can be ranked anew."""

    _drawn: _Drawn = field(repr=False, compare=False)

    def what_if(
        self,
        weights: Mapping[str, float] | None = None,
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

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        from vitalfew.results.codec import plain

        names = ("weights", "budget", "unit", "changed", "preview", "notes", "lines")
        return {name: plain(getattr(self, name)) for name in names}

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
    weights: Mapping[str, float] | None = None,
    budget: float | None = None,
    preview: bool = False,
) -> Ranking:
    """Rank the candidates, by the workspace's own weights and budget or by others.

    What was measured, forecast and drawn stays the same, so that only what is changed moves a rank.

    Args:
        workspace: definitions and acts, as `load` gives them.
        run: results of a run of it; what has not changed since the last run is taken from there when None.
        weights: of factors. Of all of them in any proportion; of some as shares of the whole, and the others keep their
            proportions within what is left. The workspace's own when None.
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

    def ranking(self, given: Mapping[str, float] | None, budget: float | None, *, preview: bool) -> Ranking:
        from vitalfew.decide.what_if import ranked_lines, weights_of

        options = self.pool.options
        if budget is not None and not (math.isfinite(budget) and budget >= 0):
            raise UsageError(f"a budget of {budget:g}", expected="a number from 0 on")
        by = options.weights if given is None else weights_of(options, given)
        changed = given is not None or budget is not None
        values = self.what_if.values(by, preview=preview)
        before = self.what_if.own if preview else self.what_if.standing()
        found = self.what_if.standing(by, budget, preview=preview) if changed else before
        return Ranking(
            lines=ranked_lines(self.inputs, self.pool, found, before, values),
            weights=_summaries(options.factors, by),
            titles={factor: self.inputs.definitions.title("metrics", factor) for factor in options.factors},
            budget=options.budget if budget is None else budget,
            unit=self.inputs.definitions.policy.cost_unit,
            changed=changed,
            preview=preview,
            notes=self._notes(given, budget),
            _drawn=self,
        )

    def _notes(self, given: Mapping[str, float] | None, budget: float | None) -> tuple[str, ...]:
        """What has to be said: where the budget comes from, unknown weights, candidates that cannot be ranked."""
        notes = list(self.pool.options.notes) if budget is None else []
        if given is None and self.inputs.weights and not self.inputs.tables.weights:
            notes.append(NO_WEIGHTS)
        without = len(self.pool.candidates) - len(self.pool.options.lines)
        if without:
            many = "1 candidate has" if without == 1 else f"{without} candidates have"
            notes.append(f"{many} no value or no cost and cannot be ranked; the ledger says what is missing")
        return tuple(notes)


def _summaries(factors: tuple[str, ...], weights: Floats) -> dict[str, Estimate]:
    import numpy as np

    if not factors:
        return {}
    low, high = np.quantile(weights, [0.1, 0.9], axis=1)
    return {
        factor: Estimate(float(row.mean()), *((None, None) if most - least < _SET else (float(least), float(most))))
        for factor, row, least, most in zip(factors, weights, low, high, strict=True)
    }

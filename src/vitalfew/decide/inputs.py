"""What the lines of the ledger are made from, with the look-ups they share."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from vitalfew.decide.draws import weight_draws
from vitalfew.decide.effects import distrusted, known_effects
from vitalfew.decide.verdicts import gate_states
from vitalfew.results.rows import PromiseRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.effects import Known
    from vitalfew.evidence.guardrails import GateStatus
    from vitalfew.results.rows import Tables, UseRow, VerdictRow
    from vitalfew.workspace.definitions import Definitions, Quantiles


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the ledger is made from, with the look-ups its lines need."""

    definitions: Definitions
    tables: Tables
    today: date
    seed: int
    known: Mapping[str, Mapping[str, Known]]
    gates: Mapping[str, Mapping[str, GateStatus]]
    waived: Mapping[str, str]
    weights: Mapping[str, Floats]
    uses: Mapping[str, UseRow]

    @classmethod
    def of(
        cls,
        definitions: Definitions,
        tables: Tables,
        today: date,
        seed: int,
        waived: Mapping[str, str] = MappingProxyType({}),
    ) -> Inputs:
        """Index the tables of a run.

        Args:
            definitions: of the workspace.
            tables: of the stages before.
            today: the day of the ledger.
            seed: of all draws.
            waived: day of the waiver, by the key of the guardrail, initiative or experiment whose failure was accepted.
        """
        failed = distrusted(tables.health)
        segments = {None, *(guardrail.segment for guardrail in definitions.guardrails.values())}
        found = {segment: known_effects(definitions, tables.effects, failed, segment) for segment in segments}
        return cls(
            definitions,
            tables,
            today,
            seed,
            found[None],
            {key: gate_states(definitions, key, found) for key in definitions.initiatives},
            waived,
            weight_draws(definitions, tables, seed),
            {row.feature: row for row in tables.use if row.main and row.segment is None},
        )

    def main_use(self, feature: str | None) -> UseRow | None:
        """Use of a feature in the window that fits its cadence."""
        return None if feature is None else self.uses.get(feature)

    def verdicts_of(self, initiative: str) -> tuple[VerdictRow, ...]:
        """Verdicts of the hypotheses of an initiative."""
        return tuple(row for row in self.tables.verdicts if row.initiative == initiative)

    def promises_of(self, initiative: str) -> tuple[PromiseRow, ...]:
        """Forecasts of an initiative, locked ones first, then those of more people, then by name.

        Last comes what a sheet says it moves (`scores.moves`): nobody's forecast, and in no table of promises.
        """
        rows = [row for row in self.tables.promises if row.initiative == initiative]
        scores = self.definitions.initiatives[initiative].scores
        rows += [] if scores is None else [_from_sheet(initiative, m, told) for m, told in scores.moves.items()]
        return tuple(sorted(rows, key=lambda p: (p.locked_at is None, -p.forecasters, p.hypothesis)))

    def locked_promise(self, verdicts: Sequence[VerdictRow]) -> PromiseRow | None:
        """The locked promise behind the first of some verdicts that has one."""
        locked = {p.hypothesis: p for p in self.tables.promises if p.locked_at is not None}
        return next((locked[v.hypothesis] for v in verdicts if v.hypothesis in locked), None)

    def share_of(self, segment: str) -> float | None:
        """Share of all units in a segment: as defined, else as measured among those eligible for a feature of all."""
        defined = self.definitions.segments.get(segment)
        if defined is None or defined.share is not None:
            return defined.share if defined else None
        for row in self.tables.use:
            everyone = self.uses.get(row.feature)
            open_to_all = self.definitions.features[row.feature].eligible == "all"
            if row.main and row.segment == segment and row.eligible and open_to_all and everyone and everyone.eligible:
                return row.eligible / everyone.eligible
        return None


def _from_sheet(initiative: str, metric: str, told: Quantiles) -> PromiseRow:
    return PromiseRow("a sheet", initiative, metric, "all", told.p10, told.p50, told.p90, p_zero=0.0, forecasters=0)

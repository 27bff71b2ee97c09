"""What the lines of the ledger are made from, with the look-ups they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide import draws
from vitalfew.decide.copula import Together, together
from vitalfew.decide.effects import believable, distrusted, known_effects, of_releases
from vitalfew.decide.ramps import Ramp, assumed, past_ramp
from vitalfew.decide.transfer import Transfer, transfer
from vitalfew.decide.utility import Curve, curves_of
from vitalfew.decide.verdicts import gate_states
from vitalfew.judgement.calibration import NO_TEAM, Calibration, drawn_calibration
from vitalfew.results.rows import PromiseRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.effects import Known
    from vitalfew.evidence.guardrails import GateStatus
    from vitalfew.results.rows import EffectRow, Tables, UseRow, VerdictRow
    from vitalfew.workspace.definitions import Definitions, Initiative, Quantiles


_PARTS = ("bias", "surprise", "stretch", "slope", "spread", "size")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the ledger is made from, with the look-ups its lines need.

    Attributes:
        definitions: of the workspace.
        tables: of the stages before.
        today: the day of the ledger.
        seed: of all draws.
        known: effects of initiatives by metric, over all units.
        gates: state of the guardrails measured on each initiative.
        waived: day of the waiver, by the key of the guardrail or initiative it is about.
        weights: of the factors that somebody weighed, or of all where nobody did, `(draws,)` each.
        uses: use of features in their main window.
        promises: forecasts by initiative, those that count first.
        verdicts: by initiative.
        curves: utilities by factor.
        calibration: how forecasts came out, drawn once for all lines.
        transfer: how metrics that are no factors reach factors.
        together: how effects on different metrics go together.
        past_ramp: how long the use of past features grew; None where too few were followed.
    """

    definitions: Definitions
    tables: Tables
    today: date
    seed: int
    known: Mapping[str, Mapping[str, Known]]
    gates: Mapping[str, Mapping[str, GateStatus]]
    waived: Mapping[str, str]
    weights: Mapping[str, Floats]
    uses: Mapping[str, UseRow]
    promises: Mapping[str, tuple[PromiseRow, ...]]
    verdicts: Mapping[str, tuple[VerdictRow, ...]]
    curves: Mapping[str, Curve]
    calibration: Calibration
    transfer: Transfer
    together: Together
    past_ramp: Ramp | None

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
        released = of_releases(definitions, tables)
        found = {key: known_effects(definitions, tables.effects, failed, key, released) for key in segments}
        weights = draws.weight_draws(definitions, tables, seed)
        slopes = transfer(definitions, weights, draws.DRAWS, seed, tables.links, tables.link_covariances)
        counted = {*weights, *slopes.carriers}
        return cls(
            definitions,
            tables,
            today,
            seed,
            found[None],
            {key: gate_states(definitions, key, found) for key in definitions.initiatives},
            waived,
            weights,
            {row.feature: row for row in tables.use if row.main and row.segment is None},
            _promises(definitions, tables.promises),
            _by_initiative(tables.verdicts),
            curves_of(definitions),
            _calibration(definitions, tables, seed),
            slopes,
            together(believable(tables.effects, failed), counted),
            past_ramp(tables.use),
        )

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.calibration.slope)

    @property
    def released(self) -> tuple[EffectRow, ...]:
        """Effects of releases that stand for one initiative."""
        return of_releases(self.definitions, self.tables)

    @property
    def counted(self) -> frozenset[str]:
        """Metrics whose change counts: factors that were weighed, and what reaches one through links."""
        return self.transfer.carriers | frozenset(self.weights)

    def scale_of(self, metric: str) -> float | None:
        """The range of a factor in its metric's unit, negative where less is better; None of what is no factor."""
        found = self.curves.get(metric)
        return None if found is None else found.best - found.worst

    def main_use(self, feature: str | None) -> UseRow | None:
        """Use of a feature in the window that fits its cadence."""
        return None if feature is None else self.uses.get(feature)

    def ramp_of(self, initiative: Initiative) -> float:
        """Weeks over which effects of an initiative grow: its own, else what is assumed of it."""
        taken = assumed(initiative, self.past_ramp, self.uses)
        return taken.weeks if taken else initiative.ramp_weeks or 0.0

    def verdicts_of(self, initiative: str) -> tuple[VerdictRow, ...]:
        """Verdicts of the hypotheses of an initiative."""
        return self.verdicts.get(initiative, ())

    def promises_of(self, initiative: str) -> tuple[PromiseRow, ...]:
        """Forecasts of an initiative, locked ones first, then those of more people, then by name.

        Last comes what a sheet says it moves (`scores.moves`): nobody's forecast, and in no table of promises.
        """
        return self.promises.get(initiative, ())

    def locked_promise(self, verdicts: Sequence[VerdictRow]) -> PromiseRow | None:
        """The locked promise behind the first of some verdicts that has one."""
        locked = {p.hypothesis: p for p in self.tables.promises if p.locked_at is not None}
        return next((locked[v.hypothesis] for v in verdicts if v.hypothesis in locked), None)

    def share_of(self, segment: str) -> float | None:
        """Share of all units in a segment: as defined, else as measured among those eligible for a feature of all."""
        if segment == "all":
            return 1.0
        defined = self.definitions.segments.get(segment)
        if defined is None or defined.share is not None:
            return defined.share if defined else None
        for row in self.tables.use:
            everyone = self.uses.get(row.feature)
            open_to_all = self.definitions.features[row.feature].eligible == "all"
            if row.main and row.segment == segment and row.eligible and open_to_all and everyone and everyone.eligible:
                return row.eligible / everyone.eligible
        return None


def _promises(definitions: Definitions, rows: Iterable[PromiseRow]) -> dict[str, tuple[PromiseRow, ...]]:
    found: dict[str, list[PromiseRow]] = {}
    for row in rows:
        found.setdefault(row.initiative, []).append(row)
    for key, initiative in definitions.initiatives.items():
        if initiative.scores is not None:
            told = [_from_sheet(key, metric, moved) for metric, moved in initiative.scores.moves.items()]
            found.setdefault(key, []).extend(told)
    return {
        key: tuple(sorted(each, key=lambda p: (p.locked_at is None, -p.forecasters, p.hypothesis)))
        for key, each in found.items()
    }


def _by_initiative(rows: Iterable[VerdictRow]) -> dict[str, tuple[VerdictRow, ...]]:
    found: dict[str, tuple[VerdictRow, ...]] = {}
    for row in rows:
        found[row.initiative] = (*found.get(row.initiative, ()), row)
    return found


def _calibration(definitions: Definitions, tables: Tables, seed: int) -> Calibration:
    """How forecasts came out, in single precision as all lines are, with a slope for every team there is."""
    drawn = drawn_calibration(tables.calibration_posterior, seed, draws.DRAWS)
    teams = {NO_TEAM, *(each.team for each in definitions.initiatives.values() if each.team is not None)}
    return single(replace(drawn, teams={team: drawn.slope_of(team) for team in sorted(teams)}))


def single(known: Calibration) -> Calibration:
    """A calibration in single precision; without a record the bias is 0, not what rounding leaves of it."""
    parts = {name: getattr(known, name).astype(np.float32) for name in _PARTS}
    parts["bias"] *= parts["size"] > 0
    return replace(known, teams={team: slope.astype(np.float32) for team, slope in known.teams.items()}, **parts)


def _from_sheet(initiative: str, metric: str, told: Quantiles) -> PromiseRow:
    return PromiseRow("a sheet", initiative, metric, "all", told.p10, told.p50, told.p90, p_zero=0.0, forecasters=0)

"""What a stage of a run is, and what stages may read besides the tables before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.measured_lines import MeasuredLines
    from vitalfew.decide.options import Options, Pool
    from vitalfew.decide.payback import Paying
    from vitalfew.decide.prices import Price
    from vitalfew.evidence.corpus import Corpora
    from vitalfew.evidence.joint import Joint
    from vitalfew.evidence.joint_fits import JointFits
    from vitalfew.results.rows import ArrivalRow, CandidateLine, Tables
    from vitalfew.results.store import Output
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.fingerprint import Fingerprint
    from vitalfew.workspace.heads import Recorded
    from vitalfew.workspace.verify import PlanProof, PromiseProof
    from vitalfew.workspace.workspace import Workspace

ALL_KINDS = tuple(Definitions.model_fields)


@dataclass
class Context:
    """What stages may read besides the tables before them."""

    workspace: Workspace
    today: date
    as_of: date | None
    seed: int
    fingerprints: Mapping[str, Fingerprint]
    frames: Mapping[str, Any] = field(default_factory=dict)
    _pool: Pool | None = None
    _price: Price | None = None
    _paying: Mapping[str, Paying] | None = None
    _measured_lines: MeasuredLines | None = None
    _corpora: Corpora | None = None
    _fits: JointFits | None = None
    _joint: Joint | Literal["unknown"] | None = "unknown"
    _released: Joint | Literal["unknown"] | None = "unknown"

    @property
    def definitions(self) -> Definitions:
        """The definitions of the workspace."""
        return self.workspace.definitions

    @cached_property
    def engine(self) -> Engine:
        """The engine, opened by the first stage that needs data."""
        from vitalfew.warehouse.engine import engine_of

        return engine_of(self.workspace, self.frames)

    @cached_property
    def state_of_acts(self) -> tuple[object, ...]:
        """What stages that read the acts hang on, looked at once for all of them."""
        return self.workspace.acts.state()

    @cached_property
    def proofs(self) -> Mapping[str, PromiseProof]:
        """Which promises are proved to precede their start, by what was recorded up to the day of the run."""
        from vitalfew.workspace.verify import prove_promises

        found = prove_promises(self.workspace.acts, self.definitions, self._heads.heads)
        return {proof.hypothesis: proof for proof in found}

    @cached_property
    def plans(self) -> Mapping[str, PlanProof]:
        """Which plans were locked before their start, by experiment; see `plans_since` where no start is given."""
        from vitalfew.workspace.verify import prove_plans

        found = prove_plans(self.workspace.acts, self.definitions, self._heads.heads)
        return {proof.experiment: proof for proof in found}

    def plans_since(self, arrivals: Iterable[ArrivalRow]) -> Mapping[str, PlanProof]:
        """The same, where an experiment without a start began on the day of its first exposure."""
        from vitalfew.workspace.plan_locks import prove_plan

        first: dict[str, date] = {}
        for row in arrivals:
            day = date.fromisoformat(row.day)
            first[row.experiment] = min(day, first.get(row.experiment, day))
        acts, heads = self.workspace.acts, self._heads
        return {
            key: prove_plan(key, acts, self.definitions, heads.heads, first.get(key)) if proof.start is None else proof
            for key, proof in self.plans.items()
        }

    def pool(self, tables: Tables) -> Pool:
        """The candidates with their draws, drawn once for all stages that decide.

        Args:
            tables: of the stages before the ledger, the same in every call.
        """
        if self._pool is None:
            from vitalfew.decide.options import pool_of

            self._pool = pool_of(self.inputs(tables))
        return self._pool

    def corpora(self, tables: Tables) -> Corpora:
        """All effects of the run in two tables, put together once for all stages that read them.

        Args:
            tables: of the stages before the links, the same in every call.
        """
        if self._corpora is None:
            from vitalfew.evidence.corpus import corpora

            self._corpora = corpora(self.definitions, tables)
        return self._corpora

    def fits(self, tables: Tables) -> JointFits:
        """Joint fits of the randomised experiments, each made once for all stages; `tables` as for `corpora`."""
        if self._fits is None:
            from vitalfew.evidence.joint_fits import JointFits

            self._fits = JointFits(self.corpora(tables).randomised)
        return self._fits

    def joint(self, tables: Tables) -> Joint | None:
        """What randomised experiments show of all metrics at once; `tables` as for `corpora`."""
        if self._joint == "unknown":
            from vitalfew.evidence.joint import joint_of

            self._joint = joint_of(self.corpora(tables).randomised, self.fits(tables))
        return self._joint

    def released(self, tables: Tables) -> Joint | None:
        """The same of releases without randomisation, which are kept apart."""
        if self._released == "unknown":
            from vitalfew.evidence.joint import joint_of

            self._released = joint_of(self.corpora(tables).releases)
        return self._released

    def options(self, tables: Tables) -> Options:
        """What is to be chosen from; `tables` as for `pool`."""
        return self.pool(tables).options

    def price(self, tables: Tables) -> Price:
        """What a point is worth, found once; `tables` as for `pool`."""
        if self._price is None:
            from vitalfew.decide.prices import price

            self._price = price(self.options(tables), self.inputs(tables))
        return self._price

    def paying(self, tables: Tables, candidates: Iterable[CandidateLine]) -> Mapping[str, Paying]:
        """When candidates pay, found once for all stages that tell it; `tables` as for `pool`.

        Args:
            tables: as for `pool`.
            candidates: lines of the ledger, of which those without a value are not shown.
        """
        if self._paying is None:
            from vitalfew.decide.payback import paying
            from vitalfew.decide.testing import hidden_lines

            options = self.options(tables)
            hidden = hidden_lines(options, candidates)
            self._paying = paying(options, self.inputs(tables), self.price(tables), hidden)
        return self._paying

    def measured_lines(self, tables: Tables) -> MeasuredLines:
        """What has shipped and was measured, drawn once for all stages that look back; `tables` as for `options`."""
        if self._measured_lines is None:
            from vitalfew.decide.measured_lines import measured_lines

            self._measured_lines = measured_lines(self.inputs(tables))
        return self._measured_lines

    def inputs(self, tables: Tables) -> Inputs:
        """What the lines of the ledger are made from."""
        from vitalfew.decide.inputs import Inputs
        from vitalfew.judgement.waivers import waivers

        waived = waivers(self.definitions, self.workspace.acts)
        return Inputs.of(self.definitions, tables, self.today, self.seed, waived)

    @cached_property
    def _heads(self) -> Recorded:
        """What was recorded of the log elsewhere up to the day of the run."""
        from vitalfew.workspace.heads import Recorded

        journal = self.workspace.journal
        found = journal.recorded() if journal and self.workspace.acts.acts else Recorded()
        zone = ZoneInfo(self.definitions.workspace.time_zone)
        heads = [head for head in found.heads if head.at is None or head.at.astimezone(zone).date() <= self.today]
        return Recorded(tuple(heads), found.history)

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """What the engine read otherwise than it is written, by table, since this was last asked."""
        return self.engine.remarks() if "engine" in self.__dict__ else ()

    def close(self) -> None:
        """Close the engine, if any stage opened it."""
        if "engine" in self.__dict__:
            self.engine.close()


@dataclass(frozen=True)
class Stage:
    """One step of a run.

    Attributes:
        name: also the name of its folder in the run.
        kinds: kinds of definitions it reads.
        after: stages whose tables it reads.
        sources: sources whose data it reads.
        compute: gives rows by table name.
        other: anything else its result depends on.
    """

    name: str
    kinds: tuple[str, ...]
    compute: Callable[[Context, Tables], Output]
    after: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    other: Callable[[Context], object] = lambda _: None


def last_day_asked(context: Context) -> object:
    """What measuring hangs on: the day up to which the past is read, if one was asked for."""
    return None if context.as_of is None else context.as_of.isoformat()


def events_asked(context: Context) -> object:
    """What counting events hangs on besides sources: the day asked for, and ids that stand for others."""
    return [last_day_asked(context), ids_merged(context)]


def ids_merged(context: Context) -> object:
    """Size and time of change of the table of ids that stand for others, which is no source; empty without one."""
    from vitalfew.errors import DataError
    from vitalfew.warehouse.tables import data_path, is_database, table_files

    settings = context.definitions.data
    if settings.identities is None:
        return []
    try:
        place = data_path(settings, context.workspace.root)
        paths = (place,) if is_database(place) else table_files(settings.identities.table, place).paths
        return [f"{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in paths]
    except (DataError, OSError):  # measuring says what is wrong
        return []


def day_of_run(context: Context) -> object:
    """What judging hangs on: the day up to which a run reads, today where no other was asked for."""
    return context.today.isoformat()

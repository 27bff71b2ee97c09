"""The stages of a run, in order. Each is a pure function of what it declares: that is what its key is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitalfew.workspace.definitions import Definitions, EventSource, ExposureSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vitalfew.results.rows import ArrivalRow, Tables
    from vitalfew.results.store import Output
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.fingerprint import Fingerprint
    from vitalfew.workspace.heads import Recorded
    from vitalfew.workspace.verify import PlanProof, PromiseProof, Verification
    from vitalfew.workspace.workspace import Workspace

ALL_KINDS = tuple(Definitions.model_fields)
_JUDGED = ("workspace", "policy", "factors", "metrics", "hypotheses", "initiatives", "experiments")


@dataclass
class Context:
    """What stages may read besides the tables before them."""

    workspace: Workspace
    today: date
    as_of: date | None
    seed: int
    fingerprints: Mapping[str, Fingerprint]
    frames: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definitions(self) -> Definitions:
        """The definitions of the workspace."""
        return self.workspace.definitions

    @cached_property
    def engine(self) -> Engine:
        """The engine, opened by the first stage that needs data."""
        from vitalfew.warehouse.engine import open_engine

        return open_engine(self.definitions.data, self.workspace.root, self.frames)

    @property
    def proofs(self) -> Mapping[str, PromiseProof]:
        """Which promises are proved to precede their start, by what was recorded up to the day of the run."""
        return self._verification.proofs

    @property
    def plans(self) -> Mapping[str, PlanProof]:
        """Which plans were locked before their start, by experiment; see `plans_since` where no start is given."""
        return {proof.experiment: proof for proof in self._verification.plans}

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

    @cached_property
    def _heads(self) -> Recorded:
        """What git recorded of the log up to the day of the run."""
        from vitalfew.workspace.heads import Recorded, recorded

        root, acts = self.workspace.root, self.workspace.acts
        found = recorded(root) if root and acts.acts else Recorded()
        zone = ZoneInfo(self.definitions.workspace.time_zone)
        heads = [head for head in found.heads if head.at is None or head.at.astimezone(zone).date() <= self.today]
        return Recorded(tuple(heads), found.history)

    @cached_property
    def _verification(self) -> Verification:
        from vitalfew.workspace.verify import audit

        return audit(self.workspace.acts, self.definitions, self._heads.heads, self._heads.history)

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


def stages(definitions: Definitions) -> tuple[Stage, ...]:
    """The stages a workspace needs, in order."""
    measures = tuple(_measure_stage(definitions, key) for key in _measured_sources(definitions))
    names = tuple(stage.name for stage in measures)
    kinds = ("metrics", "experiments", "factors", "guardrails", "segments", "sources", "initiatives")
    before_ledger = (*names, "use", "effects", "judgement", "verdicts")
    read = ("use", "effects", "judgement", "verdicts", "ledger", "disagreement")
    later = (
        Stage("effects", kinds, _effects, after=names, other=_state_of_experiments),
        Stage("judgement", _JUDGED, _judgement, other=_acts),
        Stage("verdicts", ALL_KINDS, _verdicts, after=("effects", "judgement"), other=_today),
        Stage("ledger", ALL_KINDS, _ledger, after=before_ledger, other=_draws),
        Stage("disagreement", ALL_KINDS, _disagreement, after=before_ledger, other=_draws),
        Stage("checks", ALL_KINDS, _checks, after=read, other=_today),
    )
    return (*measures, _use_stage(definitions), *later)


def _measured_sources(definitions: Definitions) -> tuple[str, ...]:
    """Sources that hold experiments: those an experiment names, and all tables of ready aggregates and results."""
    named = {experiment.source for experiment in definitions.experiments.values()}
    return tuple(
        key for key, source in definitions.sources.items() if key in named or source.shape in ("aggregates", "results")
    )


def _measure_stage(definitions: Definitions, source: str) -> Stage:
    def compute(context: Context, _: Tables) -> Output:
        from vitalfew.warehouse.imported import imported_moments
        from vitalfew.warehouse.measure import measure

        root = context.workspace.root
        state = None if root is None else root / ".vitalfew" / "state"
        imported = imported_moments(context.definitions, source, root)
        measured = imported or measure(context.definitions, source, context.engine, context.as_of, state)
        return {part.name: getattr(measured, part.name) for part in fields(measured)}

    kinds = ("workspace", "data", "sources", "metrics", "experiments", "segments")  # the workspace for its time zone
    return Stage(f"measure.{source}", kinds, compute, sources=_sources_behind(definitions, source), other=_measuring)


def _measuring(context: Context) -> object:
    """What measuring hangs on besides sources and what they are asked for.

    Covariates by default, metrics shown over the days, and the ids that stand for others.
    """
    from vitalfew.errors import DataError
    from vitalfew.warehouse.tables import data_path, is_database, table_files

    defined = context.definitions
    shown = [list(defined.factors), list(defined.guardrails)]
    files: list[str] = []
    if defined.data.identities is not None:
        try:
            place = data_path(defined.data, context.workspace.root)
            paths = (place,) if is_database(place) else table_files(defined.data.identities.table, place).paths
            files = [f"{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in paths]
        except (DataError, OSError):
            files = []  # measuring says what is wrong
    return [_as_of(context), defined.policy.covariate_days, shown, files]


def _sources_behind(definitions: Definitions, source: str) -> tuple[str, ...]:
    """The source of some experiments, and the sources of everything measured in them."""
    experiments = [experiment for experiment in definitions.experiments.values() if experiment.source == source]
    own = [key for key, metric in definitions.metrics.items() if metric.numerator.source == source]
    metrics = [definitions.metrics[key] for experiment in experiments for key in experiment.metrics or own]
    measures = [m for metric in metrics for m in (metric.numerator, metric.denominator) if m is not None]
    segments = [segment.source for segment in definitions.segments.values() if segment.source is not None]
    known = [key for key, found in definitions.sources.items() if isinstance(found, UnitSource)]
    known = known if any(metric.covariates for metric in metrics) else []
    held = [definitions.experiments[key].source for experiment in experiments for key in experiment.holds_out]
    return tuple(dict.fromkeys([source, *(measure.source for measure in measures), *segments, *known, *held]))


def _use_stage(definitions: Definitions) -> Stage:
    def compute(context: Context, _: Tables) -> Output:
        from vitalfew.warehouse.use import feature_use

        if not context.definitions.features:
            return {"use": (), "failed": ()}
        rows, failed = feature_use(context.definitions, context.engine, context.as_of)
        return {"use": rows, "failed": failed}

    tables = (EventSource, UnitSource, ExposureSource)
    sources = tuple(key for key, source in definitions.sources.items() if isinstance(source, tables))
    read = sources if definitions.features else ()
    return Stage("use", ("workspace", "data", "sources", "features", "segments"), compute, sources=read, other=_as_of)


def _effects(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.evaluation import evaluate

    plans = context.plans_since(tables.arrivals)
    found = evaluate(context.definitions, tables, context.today, plans)
    named = {row.item for row in tables.failed}  # what could not be measured is reported once, where it failed
    output = {part.name: getattr(found, part.name) for part in fields(found)}
    return output | {"failed": [row for row in found.failed if row.item not in named]}


def _judgement(context: Context, _: Tables) -> Output:
    from vitalfew.judgement.panel import panel
    from vitalfew.judgement.promises import promises
    from vitalfew.judgement.weights import group_weights, posterior_rows, weight_rows

    acts = context.workspace.acts
    people = panel(context.definitions, acts)
    return {
        "weights": weight_rows(people),
        "weight_posterior": posterior_rows(people),
        "group_weights": group_weights(people),
        "promises": promises(context.definitions, acts, context.proofs),
    }


def _verdicts(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.verdicts import verdicts

    rows = verdicts(context.definitions, tables.promises, tables.effects, tables.health, context.today)
    return {"verdicts": rows}


def _ledger(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.ledger import ledger
    from vitalfew.judgement.waivers import waivers

    waived = waivers(context.definitions, context.workspace.acts)
    shipped, candidates, headline = ledger(context.definitions, tables, context.today, context.seed, waived)
    return {"shipped": shipped, "candidates": candidates, "headline": (headline,)}


def _disagreement(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.agreement import disagreement
    from vitalfew.judgement.panel import panel
    from vitalfew.judgement.waivers import waivers

    people = panel(context.definitions, context.workspace.acts)
    waived = waivers(context.definitions, context.workspace.acts)
    rows, choices = disagreement(context.definitions, tables, people, context.today, context.seed, waived)
    return {"disagreement": rows, "group_choices": choices}


def _checks(context: Context, tables: Tables) -> Output:
    from vitalfew import checks

    return {"findings": checks.run(context.definitions, context.workspace.acts, tables, context.today)}


def _state_of_experiments(context: Context) -> object:
    """What decides how experiments are judged: which plans are locked, which are over, and the decision rule."""
    defined = context.definitions
    over = {key: each.end is not None and each.end < context.today for key, each in defined.experiments.items()}
    plans = [asdict(proof) for _, proof in sorted(context.plans.items())]
    return [sorted(over.items()), plans, defined.policy.decision.model_dump(mode="json")]


def _as_of(context: Context) -> object:
    return None if context.as_of is None else context.as_of.isoformat()


def _today(context: Context) -> object:
    return context.today.isoformat()


def _draws(context: Context) -> object:
    return [context.today.isoformat(), context.seed]


def _acts(context: Context) -> object:
    acts = context.workspace.acts
    return [
        acts.head,
        acts.erased,
        len(acts.damage),
        sorted((key, p.proof, p.reason) for key, p in context.proofs.items()),
    ]

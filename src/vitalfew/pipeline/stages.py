"""The stages of a run, in order. Each is a pure function of what it declares: that is what its key is made of."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from vitalfew.pipeline.context import ALL_KINDS, Context, Stage, day_of_run, ids_merged, last_day_asked
from vitalfew.pipeline.crossing_stage import crossing_stages
from vitalfew.pipeline.decision_stages import decision_stages
from vitalfew.pipeline.evidence_stages import RELEASED, TOGETHER, release_stages, together_stages
from vitalfew.workspace.definitions import Definitions, EventSource, ExposureSource, UnitSource

if TYPE_CHECKING:
    from vitalfew.results.rows import Tables
    from vitalfew.results.store import Output

_JUDGED = ("workspace", "policy", "factors", "metrics", "hypotheses", "initiatives", "experiments", "links")


def stages(definitions: Definitions) -> tuple[Stage, ...]:
    """The stages a workspace needs, in order."""
    measured = _measured_sources(definitions)
    crossed = crossing_stages(definitions, _sources_behind, _measuring)
    measures = (*(_measure_stage(definitions, key) for key in measured), *crossed)
    behind = tuple(dict.fromkeys(source for key in measured for source in _sources_behind(definitions, key)))
    names = tuple(stage.name for stage in measures)
    kinds = ("metrics", "experiments", "factors", "guardrails", "segments", "sources", "initiatives")
    judged = (*names, "use", "effects", *RELEASED, "judgement")
    before_ledger = (*judged, *TOGETHER, "verdicts", "calibration")
    decisions = decision_stages(before_ledger)
    read = (*before_ledger, *(stage.name for stage in decisions))
    later = (
        Stage("effects", kinds, _effects, after=names, other=_state_of_experiments),
        *release_stages(definitions),
        Stage("judgement", _JUDGED, _judgement, other=_acts),
        *together_stages(judged),
        Stage("at_due", ALL_KINDS, _at_due, after=("judgement",), sources=behind, other=_at_due_hangs_on),
        Stage("verdicts", ALL_KINDS, _verdicts, after=("effects", "releases", "judgement", "at_due"), other=day_of_run),
        Stage("calibration", ALL_KINDS, _calibration, after=("effects", "judgement", "verdicts"), other=day_of_run),
        *decisions,
        Stage("checks", ALL_KINDS, _checks, after=read, other=day_of_run),
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
        state = (
            None if root is None else root / ".vitalfew" / "state" / source
        )  # no source forgets what another remembers
        imported = imported_moments(context.definitions, source, root)
        measured = imported or measure(context.definitions, source, context.engine, context.as_of, state)
        return {part.name: getattr(measured, part.name) for part in fields(measured)}

    kinds = ("workspace", "data", "sources", "metrics", "experiments", "segments")  # the workspace for its time zone
    return Stage(f"measure.{source}", kinds, compute, sources=_sources_behind(definitions, source), other=_measuring)


def _measuring(context: Context) -> object:
    """What measuring hangs on besides sources and what they are asked for.

    Covariates by default, metrics shown over the days, and the ids that stand for others.
    """
    defined = context.definitions
    shown = [list(defined.factors), list(defined.guardrails)]
    return [last_day_asked(context), defined.policy.covariate_days, shown, ids_merged(context)]


def _at_due_hangs_on(context: Context) -> object:
    return [day_of_run(context), ids_merged(context)]


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
    return Stage(
        "use", ("workspace", "data", "sources", "features", "segments"), compute, sources=read, other=last_day_asked
    )


def _effects(context: Context, tables: Tables) -> Output:
    from vitalfew.evidence.evaluation import evaluate

    plans = context.plans_since(tables.arrivals)
    found = evaluate(context.definitions, tables, context.today, plans)
    named = {row.item for row in tables.failed}  # what could not be measured is reported once, where it failed
    output = {part.name: getattr(found, part.name) for part in fields(found)}
    return output | {"failed": [row for row in found.failed if row.item not in named]}


def _judgement(context: Context, _: Tables) -> Output:
    from vitalfew.judgement.panel import panel
    from vitalfew.judgement.promises import locked_promises
    from vitalfew.judgement.pulse import pulse
    from vitalfew.judgement.weights import group_weights, posterior_rows, weight_rows

    acts = context.workspace.acts
    people = panel(context.definitions, acts)
    weights = weight_rows(people)
    return {
        "weights": weights,
        "pulse": pulse(context.definitions, acts, weights),
        "weight_posterior": posterior_rows(people),
        "group_weights": group_weights(people),
        "promises": locked_promises(context.definitions, acts, context.proofs),
    }


def _at_due(context: Context, tables: Tables) -> Output:
    from vitalfew.pipeline.due import at_due

    return {"at_due": at_due(context, tables.promises)}


def _verdicts(context: Context, tables: Tables) -> Output:
    from vitalfew.decide.effects import of_releases
    from vitalfew.decide.verdicts import verdicts

    known = (tables.promises, tables.effects, tables.health)
    released = of_releases(context.definitions, tables)
    return {"verdicts": verdicts(context.definitions, *known, context.today, tables.at_due, released)}


def _calibration(context: Context, tables: Tables) -> Output:
    """The record of forecasts; with it, promises that are still open can be combined by who was right before."""
    from vitalfew.judgement.calibration_rows import calibration_rows, person_weights, posterior_rows
    from vitalfew.judgement.promises import open_promises
    from vitalfew.pipeline.calibration import history_of

    history = history_of(context.workspace, tables, context.today)
    return {
        "calibration": calibration_rows(history),
        "calibration_posterior": posterior_rows(history),
        "promises": open_promises(context.definitions, context.workspace.acts, person_weights(history)),
    }


def _checks(context: Context, tables: Tables) -> Output:
    from vitalfew import checks

    return {"findings": checks.run(context.definitions, context.workspace.acts, tables, context.today)}


def _state_of_experiments(context: Context) -> object:
    """What decides how experiments are judged: which plans are locked, which are over, and the decision rule."""
    defined = context.definitions
    over = {key: each.end is not None and each.end < context.today for key, each in defined.experiments.items()}
    plans = [asdict(proof) for _, proof in sorted(context.plans.items())]
    return [sorted(over.items()), plans, defined.policy.decision.model_dump(mode="json")]


def _acts(context: Context) -> object:
    return [context.state_of_acts, sorted((key, p.proof, p.reason) for key, p in context.proofs.items())]

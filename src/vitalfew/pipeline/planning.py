"""`vf.plan`: what an experiment can find in how many weeks, from the workspace's own history."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from vitalfew.errors import UsageError, VitalfewError, suggest
from vitalfew.evidence import effects
from vitalfew.evidence.baselines import FEWEST, Baseline, baseline, clustered
from vitalfew.evidence.planning import (
    MODES,
    WEEKS,
    Asked,
    ExperimentPlan,
    Metrics,
    Unknown,
    metrics_of,
    plan_metric,
)
from vitalfew.evidence.priors import corpus
from vitalfew.pipeline.planned_segment import narrowed, part_of, segment_of
from vitalfew.results.codec import plain
from vitalfew.stats.bayes import prior_from
from vitalfew.stats.percent import percent
from vitalfew.warehouse.engine import engine_of
from vitalfew.warehouse.history import HISTORY, History, Traffic, history
from vitalfew.warehouse.measure import measure
from vitalfew.warehouse.measured import Measured
from vitalfew.workspace.definitions import Mode, Plan
from vitalfew.workspace.metric_kinds import follow_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.evidence.planning import MetricPlan
    from vitalfew.results.rows import LifetimesRow, QuantilesRow
    from vitalfew.stats.bayes import Prior
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions, Experiment
    from vitalfew.workspace.workspace import Workspace

DEFAULT_WEEKS = 4
SWING = 0.15
"""Difference between weekdays from which whole weeks are advised, as a share of the mean day."""
_LONGEST = 520  # weeks
_MEDIANS = 400  # points at which a promise is read


class Wishes(TypedDict, total=False):
    """What a plan may be asked for; what is left out comes from the experiment's own plan.

    Attributes:
        weeks: duration that sentences and curves speak of; 4 and the time that metrics follow a unit.
        smallest_effect: smallest change worth finding, relative to a metric's level.
        power: of the whole decision; 0.8.
        alpha: error rate of all primary metrics and arms together; 0.05.
        mode: always_valid, fixed, group_sequential or bayesian.
        units_per_week: new units a week, where history does not tell or another number is expected.
        as_of: what comes after the end of this day is ignored.
    """

    weeks: int | None
    smallest_effect: float | None
    power: float | None
    alpha: float | None
    mode: Mode | None
    units_per_week: float | None
    as_of: date | None


@dataclass(frozen=True)
class TestPlan:
    """What an experiment can find. Prints as sentences and a table.

    Attributes:
        plan: everything, typed.
        definitions: of the workspace.
    """

    __test__ = False  # no test, whatever a collector of tests thinks of its name

    plan: ExperimentPlan
    definitions: Definitions

    @property
    def metrics(self) -> Mapping[str, MetricPlan]:
        """Each metric's plan, by key."""
        return {found.metric: found for found in self.plan.metrics}

    def power_curve(self, metric: str | None = None) -> Mapping[Mode, tuple[tuple[float, float], ...]]:
        """Power by change in the metric's unit, by mode, in the weeks asked for; of the first metric by default."""
        chosen = metric or next(iter(self.metrics), "")
        if chosen not in self.metrics:
            raise UsageError(f"no plan of '{chosen}'", hint=suggest(chosen, self.metrics))
        return self.metrics[chosen].curve

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found: dict[str, Any] = plain(self.plan)
        return found

    def __str__(self) -> str:
        from vitalfew.report.plan_text import plan_text

        return plan_text(self.plan, self.definitions)

    def _repr_html_(self) -> str:
        from vitalfew.report.plan_html import plan_html

        return plan_html(self.plan, self.definitions)


def plan(ws: Workspace, experiment: str, **wishes: Unpack[Wishes]) -> TestPlan:
    """Plan an experiment: what it can find in how many weeks, in every mode, from the workspace's own history.

    Baselines come from the control arm of an experiment that has run on the metric, else from the metric's data before
    the experiment. The experiment's own data need not exist yet.

    Args:
        ws: the workspace.
        experiment: key of the experiment.
        **wishes: see `Wishes`: weeks, smallest_effect, power, alpha, mode, units_per_week, as_of.

    Raises:
        UsageError: there is no such experiment or wish, a number is impossible, or it has no metric.

    Example:
        >>> import pyarrow as pa, tempfile, pathlib, pyarrow.parquet as pq
        >>> import vitalfew as vf
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> users = pa.table({"id": range(1000), "paid": [i % 5 == 0 for i in range(1000)]})
        >>> pq.write_table(users, folder / "u.parquet")
        >>> _ = (folder / "w.yaml").write_text('''
        ... sources: {users: {table: u.parquet, unit: id}}
        ... metrics: {paid: {source: users, kind: proportion, column: paid}}
        ... experiments: {new_page: {source: users, variant: arm, metrics: [paid]}}
        ... ''')
        >>> found = vf.plan(vf.load(folder), "new_page", units_per_week=5000, smallest_effect=0.05)
        >>> found.metrics["paid"].modes["fixed"].units
        51213
    """
    asked = _checked(ws, experiment, wishes)
    definitions = ws.definitions
    metrics = metrics_of(definitions, experiment)
    if not metrics.all:
        raise UsageError(f"'{experiment}' has no metric to plan for", hint="add `metrics: [KEY]` to it")
    engine = engine_of(ws)
    try:
        known = _Known(definitions, experiment, metrics, engine, wishes.get("as_of"))
        known.look()
    finally:
        engine.close()
    return TestPlan(_planned(ws, experiment, metrics, known, asked), definitions)


def _planned(
    ws: Workspace, experiment: str, metrics: Metrics, known: _Known, wishes: Mapping[str, Any]
) -> ExperimentPlan:
    definitions = ws.definitions
    defined = definitions.experiments[experiment]
    own = defined.plan or Plan()
    traffic = known.traffic(wishes["units_per_week"])
    split = _split(defined, known.arms())
    asked = Asked(
        mode=wishes["mode"] or own.mode or defined.mode or "always_valid",
        alpha=wishes["alpha"] or own.alpha,
        power=wishes["power"] or own.power,
        weeks=wishes["weeks"],
        smallest=wishes["smallest_effect"] or own.smallest_effect,
        split=split,
        within=traffic.within if traffic.weekly else None,
        priors=known.priors(),
    )
    promised = _promises(ws, defined)
    planned = tuple(
        plan_metric(definitions, experiment, known.baselines[key], asked, metrics, promised.get(key))
        for key in metrics.all
        if key in known.baselines
    )
    unknown = tuple(
        Unknown(key, definitions.title("metrics", key), known.reasons[key], known.advice(key))
        for key in metrics.all
        if key not in known.baselines
    )
    total = sum(split.values())
    return ExperimentPlan(
        experiment=experiment,
        title=definitions.title("experiments", experiment),
        mode=asked.mode,
        alpha=asked.alpha,
        power=asked.power,
        weeks=asked.weeks,
        arms={arm: share / total for arm, share in split.items()},
        weekly=traffic.weekly,
        traffic=traffic.basis,
        metrics=planned,
        unknown=unknown,
        cautions=(
            *_cautions(definitions, defined, split, traffic, planned),
            *known.for_whom(),
            *_beliefs(definitions, asked),
        ),
    )


@dataclass
class _Known:
    """What data tell of the metrics of an experiment: control arms of what has run, else history."""

    definitions: Definitions
    experiment: str
    metrics: Metrics
    engine: Engine
    as_of: date | None

    def look(self) -> None:
        """Measure."""
        self.segment = segment_of(self.definitions, self.experiment, self.metrics.primary)
        self.share: float | None = None
        self.past, self.history = self._measured_before(), self._history()
        if self.segment is not None:
            self.past, ran = narrowed(self.past, self.segment)
            self.history.measured, self.share = narrowed(self.history.measured, self.segment)
            self.history.independent, _ = narrowed(self.history.independent, self.segment)
            self.share = self.share or ran
        self.baselines: dict[str, Baseline] = {}
        self.reasons: dict[str, str] = {}
        for key in self.metrics.all:
            found = self._from_control(key) or self._from_history(key)
            if isinstance(found, Baseline):
                self.baselines[key] = found
            else:
                self.reasons[key] = found

    def traffic(self, units_per_week: float | None) -> Traffic:
        """How many units the experiment would meet."""
        if units_per_week is not None:
            return Traffic((float(units_per_week),), 0, "as given")
        source = self.definitions.experiments[self.experiment].source
        by_metric = [self.definitions.metrics[key].numerator.source for key in self.metrics.all]
        told = [self.history.traffic[key] for key in (source, *by_metric) if key in self.history.traffic]
        arrived = self._arrivals()
        found = next((traffic for traffic in (*arrived, *told) if traffic.weekly), None)
        found = found or next(iter(told), Traffic((), 0, "no data say how many units come in a week"))
        if self.share is None or self.segment is None or not found.weekly:
            return found
        return part_of(found, self.share, self.definitions.title("segments", self.segment))

    def arms(self) -> tuple[str, ...]:
        """Arms of the experiment in its own data, by name."""
        return tuple(sorted({row.arm for row in self.past.moments if row.experiment == self.experiment}))

    def for_whom(self) -> Iterator[str]:
        """Whom the numbers are about, where the hypothesis is about a segment."""
        if self.segment is None:
            return
        title = self.definitions.title("segments", self.segment)
        if self.share is None:
            yield f"The hypothesis is about {title}, whom the data cannot tell apart: the numbers are of all units."
        else:
            yield f"The hypothesis is about {title}: levels, spread and traffic are of them alone."

    def priors(self) -> dict[str, Prior]:
        """What the effects of other experiments lead to expect, as a run takes it for mode bayesian."""
        distributions: list[QuantilesRow | LifetimesRow] = [*self.past.quantiles, *self.past.lifetimes]
        rows, _ = effects(self.definitions, self.past.moments, self.past.given, distributions=distributions)
        found = corpus(self.definitions, rows)
        told = {key: prior_from(*found[key].without(self.experiment)) for key in self.metrics.primary if key in found}
        return {metric: prior for metric, prior in told.items() if prior.experiments}

    def advice(self, metric: str) -> str:
        """What to do about a metric without a baseline."""
        source = self.definitions.metrics[metric].numerator.source
        table = getattr(self.definitions.sources.get(source), "table", source)
        return f"give '{source}' ({table}) rows with this metric, or plan with another metric first"

    def _measured_before(self) -> Measured:
        """Experiments that measure one of the metrics, as far as their data exist."""
        wanted = set(self.metrics.all)
        found = Measured()
        named = (one.source for one in self.definitions.experiments.values())
        ready = (key for key, one in self.definitions.sources.items() if one.shape in ("aggregates", "results"))
        for source in dict.fromkeys((*named, *ready)):
            chosen = {
                key: one.model_copy(
                    update={
                        "metrics": tuple(metric for metric in one.metrics if metric in wanted),
                        "segments": () if self.segment is None else (self.segment,),
                        "strata": (),
                        "plan": None,
                    }
                )
                for key, one in self.definitions.experiments.items()
                if one.source == source and one.cluster is None and wanted & set(one.metrics)
            }
            if chosen or self.definitions.sources[source].shape in ("aggregates", "results"):
                narrowed = self.definitions.model_copy(update={"experiments": chosen})
                found += _or_nothing(narrowed, source, self.engine, self.as_of)
        return found

    def _from_control(self, metric: str) -> Baseline | None:
        """The largest control arm that has the metric; that of the experiment itself first."""
        if self.definitions.experiments[self.experiment].cluster is not None:
            return None
        found: list[tuple[bool, int, Baseline]] = []
        for key, one in self.definitions.experiments.items():
            moments = [row for row in self.past.moments if row.experiment == key]
            distributions = _distributions(self.past, key)
            basis = f"the control arm of '{key}'"
            arm = baseline(metric, self.definitions.metrics[metric], one.control, moments, distributions, basis)
            if isinstance(arm, Baseline) and arm.units >= FEWEST:
                found.append((key == self.experiment, arm.units, arm))
        return max(found, key=lambda one: one[:2])[2] if found else None

    def _from_history(self, metric: str) -> Baseline | str:
        past, defined = self.history, self.definitions.metrics[metric]
        if metric in past.reasons:
            return past.reasons[metric]
        basis = past.basis.get(metric, "")

        def of(found: Measured) -> Baseline | str:
            told = _distributions(found, self.experiment)
            return baseline(metric, defined, HISTORY, found.moments, told, basis)

        whole = of(past.measured)
        single = of(past.independent) if past.independent.moments else None
        if isinstance(whole, Baseline) and isinstance(single, Baseline):
            return clustered(single, whole)
        return whole

    def _history(self) -> History:
        segments = () if self.segment is None else (self.segment,)
        return history(self.definitions, self.experiment, self.metrics.all, self.engine, self.as_of, segments)

    def _arrivals(self) -> tuple[Traffic, ...]:
        """First exposures of the experiment itself by week, when it has run for one."""
        from datetime import date as day_of

        days: dict[int, int] = {}
        for row in self.past.arrivals:
            if row.experiment == self.experiment:
                day = day_of.fromisoformat(row.day).toordinal()
                days[day] = days.get(day, 0) + row.units
        weeks = (max(days) - min(days) + 1) // 7 if days else 0
        if not weeks:
            return ()
        first = min(days)
        weekly = [sum(days.get(first + 7 * week + at, 0) for at in range(7)) for week in range(weeks)]
        return (Traffic(tuple(map(float, weekly)), sum(weekly), f"first exposures to '{self.experiment}' so far"),)


def _distributions(found: Measured, experiment: str) -> list[QuantilesRow | LifetimesRow]:
    told: list[QuantilesRow | LifetimesRow] = [row for row in found.quantiles if row.experiment == experiment]
    return [*told, *(row for row in found.lifetimes if row.experiment == experiment)]


def _or_nothing(definitions: Definitions, source: str, engine: Engine, as_of: date | None) -> Measured:
    """What a source of experiments holds; nothing when its table is not there yet."""
    try:
        return measure(definitions, source, engine, as_of)
    except VitalfewError:
        return Measured()


def _checked(ws: Workspace, experiment: str, wishes: Mapping[str, Any]) -> dict[str, Any]:
    known = ws.definitions.experiments
    if experiment not in known:
        none = "none is defined yet: write one under 'experiments' with its source, variant and control, then plan it"
        hint = suggest(experiment, known) if known else none
        raise UsageError(f"there is no experiment called '{experiment}'", hint=hint)
    for name in wishes:
        if name not in Wishes.__annotations__:
            raise UsageError(f"there is no wish '{name}'", hint=suggest(name, Wishes.__annotations__))
    asked: dict[str, Any] = dict.fromkeys(Wishes.__annotations__) | {"weeks": _enough_weeks(ws, experiment)}
    asked |= {name: value for name, value in wishes.items() if value is not None}
    for name in ("power", "alpha"):
        if asked[name] is not None and not 0 < asked[name] < 1:
            raise UsageError(f"{name} is {asked[name]:g}", expected="a number between 0 and 1")
    for name in ("smallest_effect", "units_per_week"):
        if asked[name] is not None and not asked[name] > 0:
            raise UsageError(f"{name} is {asked[name]:g}", expected="a number above 0")
    if not 1 <= asked["weeks"] <= WEEKS:
        raise UsageError(f"weeks is {asked['weeks']}", expected=f"1 to {WEEKS}")
    if asked["mode"] is not None and asked["mode"] not in MODES:
        raise UsageError(f"there is no mode '{asked['mode']}'", expected=", ".join(MODES))
    return asked


def _enough_weeks(ws: Workspace, experiment: str) -> int:
    """Four weeks of arrivals, and the time that the metrics follow a unit."""
    asked = metrics_of(ws.definitions, experiment).all
    longest = max((follow_up(ws.definitions.metrics[metric]) or 0.0 for metric in asked), default=0.0)
    return min(WEEKS, DEFAULT_WEEKS + math.ceil(longest / 7))


def _split(experiment: Experiment, seen: Iterable[str]) -> dict[str, float]:
    """Weights of the arms, control first: as planned, else equal ones of the arms `seen`, else of two arms."""
    split = experiment.split or dict.fromkeys((experiment.control, *seen), 1.0)
    control = split.get(experiment.control, 1.0)
    others = {arm: share for arm, share in split.items() if arm != experiment.control}
    return {experiment.control: control, **(others or {"treatment": control})}


def _promises(ws: Workspace, experiment: Experiment) -> dict[str, NDArray[Any]]:
    """Locked promises of the experiment's initiative by metric, as equally likely effects; others stay hidden."""
    import numpy as np

    from vitalfew.judgement.metalog import sample
    from vitalfew.judgement.promises import promises

    shares = (np.arange(_MEDIANS) + 0.5) / _MEDIANS
    return {
        row.metric: sample(row, shares)
        for row in promises(ws.definitions, ws.acts)
        if experiment.initiative is not None and row.initiative == experiment.initiative and row.locked_at is not None
    }


def _beliefs(definitions: Definitions, asked: Asked) -> list[str]:
    """Which priors the Bayesian numbers rest on, where past effects tell one."""
    return [
        f"{definitions.title('metrics', metric)}: mode Bayesian believes what {prior.experiments} past effects show,"
        f" {percent(prior.mean, 1, signed=True)} ± {percent(prior.sd, 1)} of the level."
        for metric, prior in asked.priors.items()
    ]


def _cautions(
    definitions: Definitions,
    experiment: Experiment,
    split: Mapping[str, float],
    traffic: Traffic,
    planned: tuple[MetricPlan, ...],
) -> list[str]:
    said = []
    if traffic.weekday_swing is not None and traffic.weekday_swing > SWING:
        share = percent(traffic.weekday_swing)
        said.append(f"Days of the week differ by {share} of the mean day: run whole weeks.")
    if len(traffic.weekly) > 2 and traffic.weekly[0] > 2 * traffic.weekly[-1]:  # noqa: PLR2004 - twice as many is plain
        said.append("Most units come in the first week, as returning ones count once: more weeks add ever fewer.")
    lasting = [one for one in planned if definitions.metrics[one.metric].window is None and not one.follow_up]
    events = [
        one
        for one in lasting
        if definitions.sources[definitions.metrics[one.metric].numerator.source].shape == "events"
    ]
    if events:
        names = ", ".join(one.title for one in events)
        said.append(f"{names}: without a window the values go on growing while it runs; give it one in days.")
    clusters = [one for one in planned if one.baseline.design_effect > 1.05]  # noqa: PLR2004 - less does not show
    if clusters:
        factor = max(one.baseline.design_effect for one in clusters)
        said.append(f"Units of a cluster are alike: up to {factor:.1f} times as many are needed as without clusters.")
    if experiment.plan is not None and experiment.plan.units is not None:
        units = experiment.plan.units
        week = next((week for week in range(1, _LONGEST + 1) if traffic.within(week) >= units), None)
        when = f"within {'a week' if week == 1 else f'{week} weeks'}" if week else "not within ten years"
        said.append(f"The plan names {units:,} units{f': they come {when}' if traffic.weekly else ''}.")
    if experiment.split is None:
        many = "two" if len(split) == 2 else len(split)  # noqa: PLR2004 - a word for the usual number
        said.append(f"No split is given: {many} arms of equal size are taken.")
    return said

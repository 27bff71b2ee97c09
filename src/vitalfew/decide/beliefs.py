"""What is believed of a candidate: which forecasts and effects count, for whom, and what has to be said about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.effects import bias_of
from vitalfew.decide.sampling import chances, correlated, effect_draws, forecast_draws, normals
from vitalfew.decide.segments import exclusive
from vitalfew.decide.shipped import joint_of, unweighed_reasons
from vitalfew.evidence.grades import weakest
from vitalfew.judgement.calibration import calibrated
from vitalfew.judgement.metalog import moments
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.decide.effects import Known
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.sampling import Chances, Singles
    from vitalfew.decide.transfer import Carried
    from vitalfew.results.rows import PromiseRow
    from vitalfew.workspace.definitions import Grade, Initiative

FEWEST_FORECASTERS = 3
"""People whose forecasts must be combined before a value that rests on an unlocked promise is shown."""
SEALED = "forecast by fewer than three people and not locked: its value would tell what they said, so only ranks use it"
_NO_RANGE = 1e-9
"""Range of a metric that has none, as a share of a forecast: it gets the slope and the stretch, and no bias."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A forecast that counts, and for what share of all units."""

    promise: PromiseRow
    share: float


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What counts of a candidate.

    Attributes:
        measured: effects that can be believed, by metric; on the reached.
        reach: the share of all units that these touch.
        forecasts: of the metrics that were not measured.
        priors: forecasts about all units, of metrics that were.
        sealed: whether a forecast is not to be known yet.
        reasons: what has to be said.
    """

    measured: Mapping[str, Known]
    reach: float
    forecasts: tuple[Belief, ...]
    priors: Mapping[str, PromiseRow]
    sealed: bool
    reasons: tuple[str, ...]


def believed(inputs: Inputs, key: str, initiative: Initiative) -> Beliefs:
    """What counts of a candidate: effects before forecasts, forecasts about all units before those about segments."""
    wanted = inputs.counted
    known = {metric: effect for metric, effect in sorted(inputs.known.get(key, {}).items()) if effect.trusted}
    chosen, left_out = _chosen(inputs, key, initiative)
    unweighed = unweighed_reasons(inputs, sorted({*chosen, *known}))
    chosen = {metric: told for metric, told in chosen.items() if metric in wanted}
    measured = {metric: effect for metric, effect in known.items() if metric in wanted}
    forecasts = tuple(belief for metric, told in chosen.items() if metric not in measured for belief in told)
    reasons = left_out + unweighed
    if initiative.reach is None and (measured or forecasts):
        reasons += (_reach_reason(inputs, measured, chosen),)
    return Beliefs(
        measured,
        1.0 if initiative.reach is None else initiative.reach,
        forecasts,
        {m: told[0].promise for m, told in chosen.items() if m in measured and told[0].promise.segment == "all"},
        any(is_sealed(belief.promise) for told in chosen.values() for belief in told),
        reasons,
    )


def is_sealed(promise: PromiseRow) -> bool:
    """Whether a forecast is not to be known yet: open, and of so few people that a number would tell what they said."""
    return promise.locked_at is None and 0 < promise.forecasters < FEWEST_FORECASTERS  # a sheet is no blind forecast


def _chosen(inputs: Inputs, key: str, initiative: Initiative) -> tuple[dict[str, list[Belief]], tuple[str, ...]]:
    """The forecasts that count for each metric: about all units before segments, locked before open.

    Forecasts about several segments are added up where the segments are known to exclude each other; else they may
    overlap, and one counts. And what is left out, in words.
    """
    definitions = inputs.definitions
    chosen: dict[str, list[Belief]] = {}
    left_out: dict[str, None] = {}
    for promise in sorted(inputs.promises_of(key), key=lambda promise: promise.segment != "all"):
        about, share = definitions.title("metrics", promise.metric), inputs.share_of(promise.segment)
        before = chosen.get(promise.metric, [])
        if promise.metric not in definitions.factors and promise.metric not in inputs.transfer.carriers:
            left_out[f"forecast is about {about}, which is no factor"] = None
        elif share is None:
            segment = definitions.title("segments", promise.segment)
            left_out[f"forecast of {about} is about {segment} alone, whose share of all units is not known"] = None
        elif not _apart(inputs, promise, before):
            left_out[f"several forecasts of {about}: {before[0].promise.hypothesis} counts"] = None
        else:
            chosen[promise.metric] = [*before, Belief(promise, share)]
    return {metric: _reached(told, initiative) for metric, told in sorted(chosen.items())}, tuple(left_out)


def _apart(inputs: Inputs, promise: PromiseRow, before: Iterable[Belief]) -> bool:
    """Whether a forecast is about nobody that those before it are about."""
    return all(
        "all" not in (promise.segment, belief.promise.segment)
        and exclusive(inputs.definitions, promise.segment, belief.promise.segment)
        for belief in before
    )


def _reached(told: list[Belief], initiative: Initiative) -> list[Belief]:
    """Where the initiative says whom it reaches, that is a share of all units, split as the segments are."""
    if initiative.reach is None:
        return told
    whole = sum(belief.share for belief in told)
    return [replace(belief, share=initiative.reach * (belief.share / whole if whole else 0.0)) for belief in told]


def _reach_reason(inputs: Inputs, measured: Iterable[str], chosen: Mapping[str, list[Belief]]) -> str:
    """Whom a line without a given reach is taken to reach, in words."""
    told = {belief.promise.segment: None for beliefs in chosen.values() for belief in beliefs}
    if "all" in told or any(metric not in chosen for metric in measured):
        return "reach taken as all units"
    named = (
        f"{inputs.definitions.title('segments', s)} ({percent(inputs.share_of(s) or 0)} of all units)" for s in told
    )
    return f"reach taken as {', '.join(named)}"


# Draws of it ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """Draws of what a candidate changes over all units, by metric, with grades; what links carried, by factor."""

    by_metric: Mapping[str, Singles]
    grades: Mapping[str, Grade]
    through: Mapping[str, Carried]


def changes(inputs: Inputs, key: str, team: str | None, beliefs: Beliefs) -> Changes:
    """Draw what a candidate changes: measured effects, calibrated forecasts, and what links carry to factors."""
    at = {metric: chances(inputs.draws, inputs.seed, key, metric) for metric in beliefs.measured}
    by_metric: dict[str, Singles] = {}
    grades: dict[str, Grade] = {}
    for metric, drawn in effect_draws(
        beliefs.measured,
        joint_of(inputs, beliefs.measured),
        {metric: bias_of(inputs.definitions, effect) for metric, effect in beliefs.measured.items()},
        {metric: _prior(inputs, key, team, promise) for metric, promise in beliefs.priors.items()},
        at,
    ).items():
        by_metric[metric] = (beliefs.reach * drawn).astype(np.float32)
        grades[metric] = beliefs.measured[metric].grade
    for metric, told in _forecasts(inputs, key, team, beliefs.forecasts).items():
        by_metric[metric] = told
        grades[metric] = "opinion"
    through = inputs.transfer.carried(by_metric, key, beliefs.reach)
    known = dict(grades)
    for factor, carried in through.items():
        by_metric[factor] = np.asarray(carried.change, dtype=np.float32)
        grades[factor] = weakest((carried.grade, *(known[metric] for metric in carried.sources))) or "opinion"
    return Changes(by_metric, grades, through)


def _forecasts(inputs: Inputs, key: str, team: str | None, beliefs: tuple[Belief, ...]) -> dict[str, Singles]:
    """Draws of the forecasts by metric; those of several segments of one metric are added up."""
    several = Counter(belief.promise.metric for belief in beliefs)
    told = [belief.promise for belief in beliefs]
    names = [(p.metric,) if several[p.metric] == 1 else (p.metric, p.segment) for p in told]
    found: dict[str, Singles] = {}
    for belief, (metric, *_), drawn in zip(beliefs, names, _drawn(inputs, key, team, told, names), strict=True):
        change = drawn if belief.share == 1 else np.float32(belief.share) * drawn
        found[metric] = found[metric] + change if metric in found else change
    return found


def _drawn(
    inputs: Inputs, key: str, team: str | None, told: Sequence[PromiseRow], names: Sequence[tuple[str, ...]]
) -> Singles:
    """Draws of what will come of forecasts, on the reached, by how forecasts came out so far, `(forecasts, draws)`."""
    if not told:
        return np.zeros((0, inputs.draws), dtype=np.float32)
    known, noise = inputs.calibration, np.zeros(1, dtype=np.float32)
    if known.surprising:
        noise = normals()[_chances(inputs, key, [(*name, "surprise") for name in names])]
    at = correlated(_chances(inputs, key, names), inputs.together.between([promise.metric for promise in told]))
    scales = [_scale(inputs, promise) for promise in told]
    drawn = calibrated(forecast_draws(told, at), told, known, scales=scales, team=team, noise=noise)
    return np.asarray(drawn, dtype=np.float32)


def _chances(inputs: Inputs, key: str, names: Sequence[tuple[str, ...]]) -> Chances:
    """Chances of what is told of one line, `(things, draws)`."""
    return np.array([chances(inputs.draws, inputs.seed, key, *name) for name in names], dtype=np.uint16)


def _scale(inputs: Inputs, promise: PromiseRow) -> float:
    """One range of a factor in its metric's unit; of what is no factor, next to nothing."""
    return inputs.scale_of(promise.metric) or _NO_RANGE * (max(abs(promise.p10), abs(promise.p90)) or 1.0)


def _prior(inputs: Inputs, key: str, team: str | None, promise: PromiseRow) -> tuple[float, float]:
    """Mean and variance of what will come of a forecast; no variance where the forecast does not say how sure it is."""
    if moments(promise)[1] <= 0:
        return 0.0, 0.0
    drawn = _drawn(inputs, key, team, [promise], [(promise.metric,)])
    return float(drawn.mean(dtype=np.float64)), float(drawn.var(dtype=np.float64))

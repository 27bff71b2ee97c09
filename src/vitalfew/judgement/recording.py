"""Record acts: what people judge, forecast, lock, waive, decide and sign. The functions behind `vitalfew act`.

Forecasting is blind: nothing here returns or prints what others said.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vitalfew.errors import ActError, UsageError, suggest
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.promises import NO_WEIGHTS, combined
from vitalfew.workspace.cited import cited
from vitalfew.workspace.locks import VALUE_MODEL, current_lock, reference, stale, value_model, value_model_cited
from vitalfew.workspace.plan_locks import changes, current_plan_lock, plan_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from vitalfew.judgement.answers import BestWorst
    from vitalfew.workspace.acts import Act, ActLog, Erasure
    from vitalfew.workspace.chain import DefinitionRef, Kind
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.journal import Journal
    from vitalfew.workspace.workspace import Workspace

WAIVED = ("guardrails", "initiatives", "experiments")
DECIDED = ("initiatives", "features", "experiments", "hypotheses", "needs", "objectives", "metrics", "factors")


def judge(
    ws: Workspace,
    by: str,
    points: Mapping[str, float] | None = None,
    *,
    group: str | None = None,
    kind: str | None = None,
    ratios: Sequence[tuple[str, str, float]] = (),
    best_worst: BestWorst | None = None,
    at: datetime | None = None,
) -> Act:
    """Record how much each factor's swing is worth to a person; the latest judgement of a person counts.

    Args:
        ws: a workspace whose acts are kept somewhere (`journal_of`).
        by: the person, kept as a pseudonym.
        points: points per factor on any scale, 0 or more; factors may be left out.
        group: the group the person speaks for.
        kind: how the person was asked: *swing*, *points*, *ratios* or *best_worst*.
        ratios: `(a, b, times)`: a counts so many times more than b; alone, or as checks beside points.
        best_worst: answers of the best-worst method.
        at: when; by default now.

    Raises:
        UsageError: a factor is unknown.
        ActError: a number is impossible, nothing is said about which factor counts more, or the log is damaged.
    """
    journal = journal_of(ws)
    body = judgement_body(ws.definitions, Judgement(by, points or {}, tuple(ratios), best_worst, group), kind)
    with journal.writing() as writer:
        definition = value_model(ws.definitions, writer)
        return writer.append("judgement", VALUE_MODEL, by, body, definition, at)


def judgement_body(definitions: Definitions, said: Judgement, kind: str | None = None) -> dict[str, Any]:
    """What an act of judging holds.

    Raises:
        UsageError: a factor is unknown.
        ActError: nothing is said about which factor counts more.
    """
    for factor in said.named():
        known(factor, definitions.factors, "factor")
    _says_something(said, tuple(definitions.factors))
    body: dict[str, Any] = {"group": said.group, "kind": kind}
    body |= {"points": dict(said.points)} if said.points else {}
    body |= {"ratios": [list(ratio) for ratio in said.ratios]} if said.ratios else {}
    return body | ({"best_worst": asdict(said.best_worst)} if said.best_worst else {})


def forecast(
    ws: Workspace,
    hypothesis: str,
    by: str,
    quantiles: Mapping[str, float],
    *,
    evidence: Iterable[str] = (),
    at: datetime | None = None,
) -> Act:
    """Record a person's forecast of a hypothesis; the latest one before the lock counts.

    Args:
        ws: a workspace whose acts are kept somewhere (`journal_of`).
        hypothesis: its key.
        by: the person, kept as a pseudonym.
        quantiles: p10, p50 and p90 of the effect given that there is one, in the metric's unit, and p_zero.
        evidence: what the person looked at, at most ten: web addresses and keys of definitions (`cited.RESTED_ON`).
        at: when; by default now.

    Raises:
        UsageError: the hypothesis is unknown, or a piece of evidence.
        ActError: a number is impossible, or the log damaged.
    """
    known(hypothesis, ws.definitions.hypotheses, "hypothesis")
    body = forecast_body(quantiles, cited(evidence, ws.definitions))
    return _record(ws, "forecast", ("hypotheses", hypothesis), by, body, at)


def forecast_body(quantiles: Mapping[str, float], rests_on: Iterable[str]) -> dict[str, Any]:
    """What an act of forecasting holds; without evidence nothing says so, as in logs from before it could be named."""
    named = list(rests_on)
    return {**quantiles, "evidence": named} if named else dict(quantiles)


def locked_on(ws: Workspace, hypothesis: str) -> str | None:
    """The day on which the promise of a hypothesis was locked as it is worded now; None while forecasts count."""
    found = current_lock(hypothesis, ws.acts, ws.definitions)
    if found is None or stale(found, "hypotheses", hypothesis, ws.definitions):
        return None
    return found.at[:10]


def lock(
    ws: Workspace,
    hypothesis: str,
    by: str,
    *,
    weights: Mapping[str, float] = NO_WEIGHTS,
    at: datetime | None = None,
) -> Act:
    """Lock the promise of a hypothesis: the forecasts so far, combined. It never changes afterwards.

    Args:
        ws: a workspace whose acts are kept somewhere (`journal_of`).
        hypothesis: its key.
        by: the person, kept as a pseudonym.
        weights: of forecasters by their record (`pipeline.calibration.track_record`); kept nowhere.
        at: when; by default now.

    Raises:
        ActError: there is no forecast to lock, or this wording of the hypothesis is locked already.
    """
    known(hypothesis, ws.definitions.hypotheses, "hypothesis")
    with journal_of(ws).writing() as writer:
        said = writer.about(hypothesis)
        earlier = current_lock(hypothesis, said, ws.definitions)
        if earlier is not None and not stale(earlier, "hypotheses", hypothesis, ws.definitions):
            hint = "a promise is locked once; change the hypothesis and it can be locked anew, the first lock stays"
            raise ActError(f"'{hypothesis}' was locked on {earlier.at[:10]} (act {earlier.n})", hint=hint)
        body = _promise_body(hypothesis, ws.definitions, said, weights)
        definition = reference("hypotheses", hypothesis, ws.definitions, said)
        return writer.append("lock", hypothesis, by, body, definition, at)


def lock_plan(ws: Workspace, experiment: str, by: str, *, at: datetime | None = None) -> Act:
    """Lock the plan of an experiment: how it will be analysed, with the definitions that rests on.

    Raises:
        UsageError: the experiment is unknown.
        ActError: it has no plan, or its plan as it stands is locked already.
    """
    known(experiment, ws.definitions.experiments, "experiment")
    if ws.definitions.experiments[experiment].plan is None:
        hint = "add `plan:` to it, as in `plan: {primary: [METRIC], units: 20000}`; `vitalfew plan` computes the units"
        raise ActError(f"'{experiment}' has no plan to lock", hint=hint)
    with journal_of(ws).writing() as writer:
        said = writer.about(experiment)
        earlier = current_plan_lock(experiment, said, ws.definitions)
        if earlier is not None and not changes(said.bodies[earlier.n], experiment, ws.definitions):
            hint = "a plan is locked once; change it and it can be locked anew, the first lock stays"
            raise ActError(f"the plan of '{experiment}' was locked on {earlier.at[:10]} (act {earlier.n})", hint=hint)
        definition = reference("experiments", experiment, ws.definitions, said)
        return writer.append("lock", experiment, by, plan_body(experiment, ws.definitions), definition, at)


def waive(ws: Workspace, about: str, by: str, reason: str, *, at: datetime | None = None) -> Act:
    """Record that a failed guardrail is accepted, for a guardrail, an initiative or an experiment."""
    return _record(ws, "waiver", _find(ws.definitions, about, WAIVED), by, {"reason": reason}, at)


def decide(
    ws: Workspace, about: str, by: str, body: Mapping[str, str | date | bool | None], *, at: datetime | None = None
) -> Act:
    """Record a person's decision.

    Args:
        ws: a workspace whose acts are kept somewhere (`journal_of`).
        about: the key of an initiative, feature, experiment, hypothesis, need, objective, metric or factor.
        by: the person, kept as a pseudonym.
        body: `what` was decided, on which `evidence`, against which `counter`-argument, when to `review` it, and
            `alternatives`, `dissent`, `anyway`, `against` where given. The value model that stands is cited with it.
        at: when; by default now.
    """
    found = _find(ws.definitions, about, DECIDED)
    with journal_of(ws).writing() as writer:
        decided = dict[str, Any](body)
        if ws.definitions.factors:
            decided["value_model"] = value_model_cited(ws.definitions, writer)
        definition = reference(*found, ws.definitions, writer)
        return writer.append("decision", found[1], by, decided, definition, at)


def sign_off(ws: Workspace, about: str, by: str, *, note: str | None = None, at: datetime | None = None) -> Act:
    """Record agreement to the value model (`value_model`) or to one definition, as it stands."""
    if about != VALUE_MODEL:
        return _record(ws, "sign_off", _find(ws.definitions, about, DECIDED), by, {"note": note}, at)
    with journal_of(ws).writing() as writer:
        definition = value_model(ws.definitions, writer)
        return writer.append("sign_off", about, by, {"note": note}, definition, at)


def pulse(
    ws: Workspace,
    by: str,
    factor: str | None,
    metric: str | None,
    *,
    team: str | None = None,
    at: datetime | None = None,
) -> Act:
    """Record which factor a person takes to come first, and which metric to be theirs to move.

    Args:
        ws: a workspace whose acts are kept somewhere (`journal_of`).
        by: the person, kept as a pseudonym.
        factor: a factor; None: does not know.
        metric: a metric; None: has none, or does not know.
        team: the team the person works in.
        at: when; by default now.

    Raises:
        UsageError: the factor, metric or team is unknown, or nobody has defined a factor yet.
    """
    defined = ws.definitions
    if not defined.factors:
        raise UsageError("there is no factor yet, so none can come first", hint="define factors before asking")
    for key, kind, what in ((factor, defined.factors, "factor"), (metric, defined.metrics, "metric")):
        if key is not None:
            known(key, kind, what)
    if team is not None:
        known(team, defined.teams, "team")
    with journal_of(ws).writing() as writer:
        definition = value_model(defined, writer)
        return writer.append(
            "pulse", VALUE_MODEL, by, {"factor": factor, "metric": metric, "team": team}, definition, at
        )


def erase(ws: Workspace, by: str) -> Erasure:
    """Erase what a person said (`workspace.journal`), and the stored runs, which hold what was reckoned from it.

    Raises:
        ActError: nobody of that name or pseudonym has an act here.
        DataError: a stored run could not be deleted.
    """
    from vitalfew.results.store import Store

    done = journal_of(ws).erase(by)
    if ws.root is not None:
        Store(ws.root).forget_all()
    return done


def _says_something(said: Judgement, factors: tuple[str, ...]) -> None:
    """Refuse a judgement that leaves the weights as they are: whoever gave it would think that it counts."""
    if any(value < 0 for value in said.points.values()):
        return  # which field is wrong is said where the body is validated
    silence = said.silence(factors)
    if silence and said.named():
        hint = "give at least two factors, one of them more than 0; leave out what you cannot judge"
        raise ActError(f"whoever {silence} has not said which factor counts more", hint=hint)


def _record(
    ws: Workspace, kind: Kind, about: tuple[str, str], by: str, body: dict[str, Any], at: datetime | None
) -> Act:
    with journal_of(ws).writing() as writer:
        definition: DefinitionRef = reference(*about, ws.definitions, writer)
        return writer.append(kind, about[1], by, body, definition, at)


def _promise_body(
    hypothesis: str, definitions: Definitions, said: ActLog, weights: Mapping[str, float]
) -> dict[str, Any]:
    promise = combined(hypothesis, definitions, said, weights=weights)
    if promise is None:
        hint = "`vitalfew act forecast` records one; forecasts of an earlier wording do not count"
        raise ActError(f"there is no forecast of '{hypothesis}' to lock", hint=hint)
    defined = definitions.hypotheses[hypothesis]
    numbers = {name: value for name, value in asdict(promise).items() if name != "left_out"}
    return {
        "hypothesis": hypothesis,
        "promise": numbers,
        "metric": defined.metric,
        "segment": defined.segment,
        "due": defined.due,
    }


def journal_of(ws: Workspace) -> Journal:
    """Where the acts of a workspace are kept.

    Raises:
        UsageError: it was made in memory.
    """
    if ws.journal is None:
        raise UsageError("this workspace has no folder, so nothing can be recorded in it", hint="load it from a folder")
    return ws.journal


def known(key: str, defined: Mapping[str, object], what: str) -> None:
    """Refuse a key that nothing is defined by.

    Raises:
        UsageError: the nearest key that is defined is named.
    """
    if key not in defined:
        raise UsageError(f"there is no {what} called '{key[:80]}'", hint=suggest(key[:80], defined))


def _find(definitions: Definitions, key: str, kinds: tuple[str, ...]) -> tuple[str, str]:
    """The kind under which a key is defined; the first of `kinds` that has it."""
    for kind in kinds:
        if key in getattr(definitions, kind):
            return kind, key
    every = [name for kind in kinds for name in getattr(definitions, kind)]
    raise UsageError(
        f"nothing called '{key[:80]}' is defined here", expected=", ".join(kinds), hint=suggest(key[:80], every)
    )

"""What stands behind one number of a run: its definition, its data and its method, in sentences."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeGuard

from vitalfew.report import words
from vitalfew.report.cells import effect_text
from vitalfew.report.link_words import STATUS_MEANINGS, arrow, link_sentence, per, slope_of
from vitalfew.report.metric_words import definition_sentences
from vitalfew.report.rests_on import rests_on
from vitalfew.results.rows import (
    CalibrationRow,
    ContributionRow,
    EffectRow,
    GroupValueRow,
    HealthRow,
    InformationRow,
    LinkRow,
    PlanRow,
    PromiseRow,
    SayDoRow,
    UseRow,
    VitalFactorsRow,
    WeightRow,
)
from vitalfew.results.words import MODES, listed, named_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vitalfew.report.view import View

type Row = (
    EffectRow
    | LinkRow
    | WeightRow
    | UseRow
    | PromiseRow
    | ContributionRow
    | HealthRow
    | CalibrationRow
    | PlanRow
    | InformationRow
    | GroupValueRow
    | VitalFactorsRow
    | SayDoRow
)

PARTS = (
    "effects", "release_effects", "links", "weights", "use", "promises", "contributions", "health", "calibration",
    "plans", "information", "group_values", "vital_factors", "say_do",
)  # fmt: skip
"""The tables of a run whose rows have sheets."""
GRADES = {
    "replicated": "several randomised comparisons agree",
    "tested": "a randomised comparison",
    "staged": "a rollout in stages, or a test with a doubt",
    "dated": "a change against the days before it",
    "correlated": "things that go together, whatever the cause",
    "opinion": "what people expect",
}
"""What each grade of evidence rests on."""

_CONCERNS = {
    "experiments": "The experiment that measured it.",
    "releases": "The release after which it was measured.",
    "segments": "The segment it is about.",
    "features": "The feature whose use is counted.",
    "initiatives": "The initiative that promised it.",
    "stakeholders": "The stakeholder whom it concerns.",
}
_PLANS = {
    "best": "most expected value within all bounds",
    "cheapest": "cheapest within 5 % of the best value",
    "unfenced": "most expected value without minimum shares",
}
_UNKNOWNS = {"slopes": "links between metrics", "effects": "effects of the candidates"}
_CHOSEN_FROM = {
    "candidates": "the candidates",
    "shipped": "the candidates and what has shipped",
    "assumed": "lines assumed to move all factors alike, for lack of real ones",
}


@dataclass(frozen=True, slots=True)
class About:
    """A definition behind a number: `kind` and `key` lead to its page, `says` is what it means."""

    kind: str
    key: str
    title: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A number with what stands behind it; `figures` are all fields of its row, as the run holds them."""

    title: str
    number: str
    definition: tuple[About, ...]
    data: tuple[str, ...]
    method: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]


_POLICY = About("policy", "", "Policy", ("It holds the budget and the bounds within which is chosen.",))


def may_open(row: object) -> TypeGuard[Row]:
    """Whether a row has a sheet: of these kinds, and no forecast that is still blind."""
    return isinstance(row, tuple(_SAID)) and (not isinstance(row, PromiseRow) or row.locked_at is not None)


def sheet(view: View, row: Row, part: str) -> Sheet:
    """What stands behind a number.

    Args:
        view: the run.
        row: one that `may_open`.
        part: the table of the run that holds it.
    """
    title, number, about, data, method = _SAID[type(row)](view, row)
    stage = next((stage for stage in view.info.stages if part in stage.tables), None)
    computed = f"Computed in stage {stage.name} of the run" if stage else "Computed by the run"
    reused = f", taken over from {stage.reused} since nothing it rests on had changed" if stage and stage.reused else ""
    made = f"{computed}{reused}; vitalfew {view.info.code_version}, random seed {view.info.seed}."
    until = words.date_and_time(view.info.as_of or view.info.computed_at[:10])
    versions = [of[:12] for of in (view.info.data_version, view.info.definitions_version)]
    read = f"Read up to {until}; version of the data {versions[0]}, of the definitions {versions[1]}."
    return Sheet(title, number, tuple(about), (*data, read), (*method, made), tuple(_figures(row)))


def _metric(view: View, key: str) -> About:
    metric = view.definitions.metrics.get(key)
    told = (*([metric.description] if metric and metric.description else ()),)
    said = definition_sentences(view.definitions, metric, key) if metric else ("Nobody has defined it here.",)
    return About("metrics", key, view.title("metrics", key), (*told, *said))


def _other(view: View, kind: str, key: str) -> About:
    found = getattr(view.definitions, kind).get(key)
    said = next((text for name in ("description", "change") if (text := getattr(found, name, None))), "")
    return About(kind, key, view.title(kind, key), (_CONCERNS[kind], *([said] if said else [])))


def _effect(view: View, row: EffectRow) -> tuple[Any, ...]:
    kind = "releases" if row.experiment in view.definitions.releases else "experiments"
    source, unit = view.title(kind, row.experiment), view.unit(row.metric)
    title = f"{view.name_of(row)}: change by {source}"
    about = [_metric(view, row.metric), _other(view, kind, row.experiment)]
    if row.segment is not None:
        about.append(_other(view, "segments", row.segment))
    data = []
    what = named_units(view.definitions, row.experiment, row.metric)
    for arm, n in row.n.items():
        mean = f", mean {words.level(row.mean[arm], unit)}" if arm in row.mean else ""
        data.append(f"{arm}: {n:,} {what}{mean}.")
    lasted = getattr(view.definitions, kind).get(row.experiment)
    start, end = (getattr(lasted, name, None) for name in ("start", "end"))
    if start:
        data.append(f"From {words.date_and_time(str(start))}{f' to {words.date_and_time(str(end))}' if end else ''}.")
    method = [f"{row.arm} minus {row.control}, 95 % interval: {row.method}; {MODES[row.mode]}."]
    method += [f"{_capital(gain)}." for gain in [words.adjustment(row, unit)] if gain]
    method += [_graded(row.grade), *(f"{_capital(note)}." for note in row.notes)]
    method += [f"Check first: {row.check_first}."] if row.check_first else []
    return title, effect_text(row, view), about, data, method


def _link(view: View, row: LinkRow) -> tuple[Any, ...]:
    known = row.estimate is not None
    number = f"{slope_of(view, row)} {per(view, row.parent)}" if known else STATUS_MEANINGS[row.status]
    about = [_metric(view, row.parent), _metric(view, row.child)]
    data = ["Nothing has to be measured: it follows from the formula."] if row.status == "exact" else [
        f"{words.count(row.experiments, 'experiment')} measured both metrics."
    ]  # fmt: skip
    strength = [] if row.z is None else [f"Strength of identification {row.z:.1f}; below 2 the data cannot tell."]
    graded = [] if row.status == "exact" else [_graded(row.grade)]
    method = [f"{_capital(link_sentence(view, row)).rstrip('.')}.", f"{_capital(row.method)}.", *strength, *graded]
    return arrow(view, row.parent, row.child), number, about, data, method


def _weight(view: View, row: WeightRow) -> tuple[Any, ...]:
    factor = view.definitions.factors.get(row.factor)
    swing = f"It counts as value from {factor.range[0]:g} to {factor.range[1]:g}." if factor and factor.range else ""
    own = _metric(view, row.factor)
    about = [About("factors", row.factor, own.title, (*own.says, *([swing] if swing else [])))]
    interval = "" if row.low is None or row.high is None else f" ({words.share(row.low)} to {words.share(row.high)})"
    data = [f"{words.count(row.raters, 'rater')}, each judging blind; nobody's own judgement is shown."]
    method = ["The share of all value that its whole swing is worth to the group, 80 % interval."]
    method += [f"{_capital(part)}." for part in (row.note or "").split("; ") if part]
    return f"Weight of {own.title}", f"{words.share(row.mean)}{interval}", about, data, method


def _use(view: View, row: UseRow) -> tuple[Any, ...]:
    about = [_other(view, "features", row.feature)]
    if row.segment is not None:
        about.append(_other(view, "segments", row.segment))
    number = words.share_interval(row.reach) if row.reach else row.reason or "not measured"
    data = [f"{row.users or 0:,} of {row.eligible or 0:,} eligible users used it in {row.window_days} days."]
    feature = view.definitions.features.get(row.feature)
    if feature is not None and feature.events:
        data.append(f"Counted are the events {listed(feature.events)}.")
    method = ["Users over the eligible, Wilson 95 % interval. Use is not value."]
    return f"Reach of {view.title('features', row.feature)}", number, about, data, method


def _promise(view: View, row: PromiseRow) -> tuple[Any, ...]:
    number = words.change(row.p50, row.p10, row.p90, view.unit(row.metric))
    about = [_metric(view, row.metric), _other(view, "initiatives", row.initiative)]
    data = [f"{words.count(row.forecasters, 'blind forecast')}; P(no effect) {words.probability(row.p_zero)}."]
    data += [f"Locked {words.date_and_time(row.locked_at)}: {row.proved}."] if row.locked_at else []
    data += [f"{said}."] if (said := rests_on(view, row)) else []
    method = ["The mean of the forecasts' 10 %, 50 % and 90 % points, given that there is an effect; not calibrated."]
    method += [f"{_capital(note)}." for note in row.notes]
    return f"Promised by {view.title('initiatives', row.initiative)}", number, about, data, method


def _contribution(view: View, row: ContributionRow) -> tuple[Any, ...]:
    found = row.contribution
    number = words.change(found.estimate, found.low, found.high, view.unit(row.metric)) if found else "not known"
    names = [view.title("experiments", key) for key in row.experiments]
    data = [f"From {listed(names, 6)}."] if names else []
    carried = f"Carried along {words.count(len(row.links), 'link')}" if row.links else "Measured on the metric itself"
    graded = [_graded(row.grade)] if row.grade else []
    method = [f"{carried}; errors go along, 95 % interval.", *graded, *(f"{_capital(note)}." for note in row.notes)]
    name = view.title(f"{row.kind}s", row.subject) if row.kind != "unexplained" else "What nothing explains"
    return f"{name}, on {view.title('metrics', row.metric)}", number, [_metric(view, row.metric)], data, method


def _health(view: View, row: HealthRow) -> tuple[Any, ...]:
    kind = "releases" if row.experiment in view.definitions.releases else "experiments"
    p = f"p {words.p_value(row.p)}" if row.p is not None else row.status
    about = [_other(view, kind, row.experiment)]
    method = [f"Trust test {row.test.replace('_', ' ')}: {row.status}. Only a failed one lowers the grade."]
    return f"Can we trust {view.title(kind, row.experiment)}?", p, about, [_sentence(row.message)], method


def _calibration(view: View, row: CalibrationRow) -> tuple[Any, ...]:  # noqa: ARG001 - called as all sheets are
    name = "all together" if row.kind == "overall" else f"{row.name} ({row.kind})"
    says = "Of one unit forecast, how much came: 1 is right, below it forecasts promise too much."
    about = [About("promises", "", "Record of forecasts", (says,))]
    resolved = words.count(row.resolved, "resolved promise")
    data = [f"{resolved} of {words.count(row.people, 'forecaster')}; nobody's own record is shown."]
    inside = [] if row.coverage is None else [f"Inside their 80 % ranges: {words.share_interval(row.coverage)}."]
    method = ["The mean with its 80 % interval." if row.own else "Too few are resolved for a record: it is the prior."]
    method += [*inside, *(_sentence(note) for note in row.notes)]
    return f"How forecasts come out: {name}", words.share_span(row.slope), about, data, method


def _plan(view: View, row: PlanRow) -> tuple[Any, ...]:
    value = row.value
    number = words.change(value.mean, value.low, value.high, words.VALUE) if value else "not shown before it is locked"
    unit = view.definitions.policy.cost_unit
    about = [_POLICY, *(_line(view, key, "It is in the plan.") for key in row.lines)]
    cost = f"{words.significant(row.cost)} of {words.of_unit(words.significant(row.budget), unit)}"
    data = [f"{words.count(len(row.lines), 'line')}, cost {cost}."]
    regret = "" if row.regret is None else f" Regret {words.significant(row.regret)} points."
    method = [
        f"{_capital(_PLANS[row.plan])}, over draws of all that is not known; 80 % interval.{regret}",
        f"At most {words.share(row.gap)} from the proved optimum.",
        *(f"In the way of more: {bound}." for bound in row.binding),
        *(_sentence(note) for note in row.notes),
    ]
    return f"Plan: {_PLANS[row.plan]}", number, about, data, method


def _line(view: View, key: str, says: str) -> About:
    kind = "initiatives" if key in view.definitions.initiatives else "features"
    return About(kind, key, view.title(kind, key), (says,))


def _information(view: View, row: InformationRow) -> tuple[Any, ...]:
    whole = _UNKNOWNS.get(row.about, row.about)
    about = [_POLICY]
    if row.subject is not None and row.about == "weights":
        about.append(_metric(view, row.subject))
    elif row.subject is not None and row.about == "effects":
        about.append(_line(view, row.subject, "The line whose effects are asked about."))
    method = [
        "Expected value of perfect information: what choosing after it is known would gain over choosing now.",
        f"{words.share(row.share)} of what it is worth to know everything.",
        f"Standard error of the draws {words.significant(row.error)} points.",
    ]
    return (
        f"Worth of knowing {whole}",
        f"{words.significant(row.worth)} points",
        about,
        [_sentence(row.message)],
        method,
    )


def _group_value(view: View, row: GroupValueRow) -> tuple[Any, ...]:
    value = row.value
    number = words.change(value.mean, value.low, value.high, words.VALUE) if value else "value not known"
    kind = {"segment": "segments", "stakeholder": "stakeholders"}.get(row.kind)
    who = view.title(kind, row.group) if kind else row.group.replace("_", " ")
    line = _line(view, row.line, "The line of the ledger it is about.")
    about = [line]
    about += [_other(view, kind, row.group)] if kind else []
    about += [_metric(view, row.guardrail)] if row.guardrail else []
    data = [] if row.p_loss is None else [f"P(they lose by it) {words.probability(row.p_loss)}."]
    data += [] if row.p_breach is None else [f"P(a guardrail of theirs breaks) {words.probability(row.p_breach)}."]
    method = ["In points of what counts to them, by their own weights or their own effects; 80 % interval."]
    method += [_sentence(note) for note in row.notes]
    return f"{line.title}, for {who}", number, about, data, method


def _vital(view: View, row: VitalFactorsRow) -> tuple[Any, ...]:
    number = "not known" if row.regret is None else words.share_span(row.regret)
    about = [_metric(view, key) for key in row.factors]
    data = [f"{words.count(row.lines, 'line')}, chosen from {_CHOSEN_FROM[row.basis]}."]
    tau = [] if row.tau is None else [f"Kendall's tau with the order by all factors {row.tau.estimate:.2f}."]
    method = ["Share of the best plan's value that is lost, over draws of the weights; 80 % interval.", *tau]
    method += [_sentence(note) for note in row.notes]
    return f"Deciding by {words.count(row.k, 'factor')} alone", number, about, data, method


def _say_do(view: View, row: SayDoRow) -> tuple[Any, ...]:
    told = {"stated": row.stated, "revealed": row.revealed, "work less weight": row.gap}
    number = "; ".join(f"{name} {words.share_span(one)}" for name, one in told.items() if one is not None)
    about = [_metric(view, row.factor), _POLICY]
    data = [f"{_capital(words.count(row.lines, 'chosen line'))} of known cost and purpose.", _sentence(row.message)]
    method = [
        "Stated: the group's weight of the factor.",
        "Revealed: the share of the cost of what was chosen that went to what was meant to move it.",
        "Both with 80 % intervals; the difference over draws of both.",
    ]
    title = f"Say and do: {view.title('factors', row.factor)}"
    return title, number or "not known", about, data, method


_SAID: Mapping[type, Callable[[View, Any], tuple[Any, ...]]] = {
    EffectRow: _effect,
    LinkRow: _link,
    WeightRow: _weight,
    UseRow: _use,
    PromiseRow: _promise,
    ContributionRow: _contribution,
    HealthRow: _health,
    CalibrationRow: _calibration,
    PlanRow: _plan,
    InformationRow: _information,
    GroupValueRow: _group_value,
    VitalFactorsRow: _vital,
    SayDoRow: _say_do,
}


def _graded(grade: str) -> str:
    return f"Grade {grade}: {GRADES[grade]}."


def _sentence(text: str) -> str:
    return f"{_capital(text).rstrip('.')}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _figures(row: object) -> Iterator[tuple[str, str]]:
    """All fields of a row as the run holds them, to the last digit; those that are empty are left out."""
    for field in fields(row):  # type: ignore[arg-type]  # rows are dataclasses
        value = getattr(row, field.name)
        if value not in (None, (), {}, ""):
            yield field.name, _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, (tuple, list)):
        return "; ".join(map(_plain, value))
    if hasattr(value, "__dataclass_fields__"):
        return ", ".join(f"{name} {text}" for name, text in _figures(value))
    return str(value)

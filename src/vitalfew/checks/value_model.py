"""Checks of the value model and of what work is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check, folded
from vitalfew.decide.followed import followed
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.graph import downstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.followed import Followed

PAST_IDEA = frozenset({"framed", "forecast"})


@check(
    "R5",
    "warning",
    why="Where everything counts, nothing decides: a long list of factors is an agreement that was not made.",
    do="Drop the factor whose absence would have changed no decision, and ask again.",
    reads=("factors_warn", "factors_refuse", "enough_lines"),
)
def too_many(view: View) -> Iterator[Found]:
    """More factors than a group can weigh; or, over 20 lines or more, some that change no decision."""
    limits, count = view.thresholds, len(view.definitions.factors)
    parked = [row.factor for row in view.tables.factor_shares if row.parked]
    names = ("any one of " if len(parked) > 1 else "") + listed((view.title("factors", key) for key in parked), SHOWN)
    if count > limits.factors_warn:
        without = f" Without {names} every decision would be the same." if parked else ""
        message = f"The value model has {count} factors; {limits.factors_warn} are many.{without}"
        yield Found("factors", message, "error" if count > limits.factors_refuse else "warning")
    elif parked and any(row.lines >= limits.enough_lines for row in view.tables.vital_factors):
        yield Found("factors", f"Without {names} every decision would be the same.", "info")


@check(
    "R5",
    "warning",
    why="Two factors that say the same count one value twice, and a third thing for less than people meant.",
    do="Keep the one that moves sooner and points the right way more often, with the weight of both.",
)
def redundant(view: View) -> Iterator[Found]:
    """Factors whose true effects correlate by 0.8 over 20 experiments or more, or one that is a means to another."""
    for row in view.tables.redundant:
        keep = f" Keep {view.title('metrics', row.keep)}." if row.keep else ""
        yield Found(row.factor, f"{row.message}.{keep}", "info" if row.why == "path" else "warning")


@check(
    "R11",
    "warning",
    why="Value counted in cash alone leaves out why anybody pays, and everybody who does not.",
    do="Add what customers gain: time, quality, less risk; and ask those who are affected without paying.",
    reads=("cash_share",),
)
def cash_only(view: View) -> Iterator[Found]:
    """More than 80 % of the weight on economic factors; or two or more factors that are all payers'."""
    defined = view.definitions
    weight = {row.factor: row.mean for row in view.tables.weights}
    if not weight:
        return
    economic = sum(share for key, share in weight.items() if _value_type(view, key) == "economic")
    if economic > view.thresholds.cash_share:
        yield Found("factors", f"{percent(economic)} of the weight is on economic value.")
    roles = [defined.stakeholders[key].role for key in _owners(view) if key in defined.stakeholders]
    if len(roles) > 1 and len(roles) == len(weight) and set(roles) == {"payer"}:
        yield Found("factors", "All factors are the payers': nobody else's gain or loss is counted.")


@check(
    "R12",
    "info",
    why="Customers decide what value is; what only insiders believe about it is a hypothesis.",
    do="Ask customers about it, or test whether they stay, return or pay for it; then note `provenance: customer`.",
    reads=("internal_share",),
)
def internal_only(view: View) -> Iterator[Found]:
    """Factors that rest on internal belief alone; a warning where they hold more than half of the weight."""
    inside = [key for key, factor in view.definitions.factors.items() if factor.provenance == "internal"]
    if not inside:
        return
    names = listed((view.title("factors", key) for key in inside), SHOWN)
    share = sum(row.mean for row in view.tables.weights if row.factor in inside)
    held = f": {percent(share)} of the weight" if view.tables.weights else ""
    much = share > view.thresholds.internal_share
    rests = "rests" if len(inside) == 1 else "rest"
    yield Found("factors", f"{names} {rests} on internal belief alone{held}.", "warning" if much else None)


@check(
    "R17",
    "info",
    why="Where effort goes is what is valued in truth. A gap means the weights, or the choices, are not meant.",
    do="Show both numbers to those who choose: change the weight, or change what is funded next.",
    reads=("say_do_gap", "say_do_lines"),
)
def say_do_gap(view: View) -> Iterator[Found]:
    """Factors whose share of effort is clearly off their weight, by 20 points or more."""
    limits = view.thresholds
    for row in view.tables.say_do:
        gap = row.gap
        if gap is None or gap.low is None or gap.high is None or row.lines < limits.say_do_lines:
            continue
        if abs(gap.estimate) >= limits.say_do_gap and not gap.low <= 0 <= gap.high:
            title = view.title("factors", row.factor)
            said, done = (round(100 * found.estimate) if found else 0 for found in (row.stated, row.revealed))
            yield Found(row.factor, f"{title} is said to count {said} %; {done} % of the effort went to it.")


@check(
    "R18",
    "info",
    why="Without an end, any number may be chased: nobody can say what all of it is for.",
    do="Write down the vision in a sentence, or name the metric of the business that all of it serves.",
)
def no_end(view: View) -> Iterator[Found]:
    """Value models in use without a vision and without a metric of the business."""
    defined = view.definitions
    in_use = defined.factors and (view.tables.weights or defined.objectives)
    business = any(metric.level == "business" for metric in defined.metrics.values())
    if in_use and not defined.vision and not business:
        yield Found("factors", "The value model has no end: no vision, and no metric of the business.")


@check(
    "R47",
    "warning",
    why="A means that leads to no end can be met in full without anybody being better off.",
    do="Link it to the factor it should move, make it a factor, or drop the goal.",
)
def means_without_end(view: View) -> Iterator[Found]:
    """Metrics that goals or hypotheses aim at, from which no way leads to a factor or a metric of the business."""
    defined = view.definitions
    if not defined.factors:
        return
    ends = {*defined.factors, *(key for key, metric in defined.metrics.items() if metric.level == "business")}
    aims: dict[str, str] = {}
    for objective in defined.objectives.values():
        for result in objective.key_results.values():
            if result.metric is not None:
                aims.setdefault(result.metric, f"the objective '{objective.title}'")
    for asked in defined.hypotheses.values():
        if asked.metric not in defined.guardrails and view.is_committed(defined.initiatives[asked.initiative]):
            aims.setdefault(asked.metric, view.title("initiatives", asked.initiative))
    for metric, aimed in aims.items():
        if not downstream(defined, [metric]) & ends:
            yield Found(metric, f"{view.title('metrics', metric)}, the aim of {aimed}, leads to no factor.")


@check(
    "R46",
    "warning",
    why="Work that serves no need, goal or factor can succeed without anybody being better off.",
    do="Name what it serves, record the exception with its reason, or drop it.",
)
def serves_nothing(view: View) -> Iterator[Found]:
    """Initiatives past the idea that serve nothing, ask about no factor, remove nothing and have no exception."""
    factors = view.definitions.factors
    on_factor = {asked.initiative for asked in view.definitions.hypotheses.values() if asked.metric in factors}
    idle = []
    for key, initiative in view.definitions.initiatives.items():
        past_idea = initiative.status in PAST_IDEA or view.is_committed(initiative)
        served = initiative.serves or initiative.removes or initiative.exception or key in on_factor
        if past_idea and not served and not view.is_history(key):
            idle.append(key)
    yield from folded(view, idle, "serves no need, goal, metric or factor", "initiatives")


@check(
    "R78",
    "warning",
    why="A definition of value that is left aside without a word when it matters defines nothing.",
    do="Record the decision and why, with the counter-argument and a day to look again; or change the weights.",
)
def against_the_model(view: View) -> Iterator[Found]:
    """Agreed work that the value model would drop, once somebody has weighed, without a decision that cites it."""
    if not view.tables.weights:
        return
    for each in _followed(view).deviations:
        line = each.line
        if each.explained == "none":
            yield Found(line.line, f"{line.title} goes on although by the value model it would be dropped.")
        elif each.explained == "earlier":
            message = f"{line.title} goes on against the value model, and the decision on it cites an earlier one."
            yield Found(line.line, message, "info", "Look at the decision again, and record it anew if it still holds.")


@check(
    "R78",
    "info",
    why="Where most work is agreed on other grounds, the value model is an ornament, however good the reasons.",
    do="Read the reasons of these decisions together: what they share is what the value model lacks.",
    reads=("followed_share", "followed_lines"),
)
def seldom_followed(view: View) -> Iterator[Found]:
    """Agreed work of which clearly less than three quarters follows the value model; from five lines on."""
    limits, found = view.thresholds, _followed(view)
    few = found.agreed < limits.followed_lines or found.lines >= limits.followed_share * found.agreed
    if view.tables.weights and found.deviations and not few:
        yield Found("initiatives", f"{found.sentence()}.")


def _followed(view: View) -> Followed:
    return followed(view.definitions, view.acts, view.tables.candidates, view.as_of)


def _value_type(view: View, factor: str) -> str | None:
    metric = view.definitions.metrics.get(factor)
    return metric.value_type if metric else None


def _owners(view: View) -> list[str]:
    """The stakeholder of each factor that has one."""
    return [factor.stakeholder for factor in view.definitions.factors.values() if factor.stakeholder is not None]

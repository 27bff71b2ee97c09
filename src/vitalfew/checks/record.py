"""Checks of the way to evidence: how long it takes, what is spent before it, and what is paid for elsewhere."""

from __future__ import annotations

from datetime import date
from statistics import median
from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check
from vitalfew.decide.bets import open_bets
from vitalfew.evidence.changes import STRONG
from vitalfew.results.words import listed
from vitalfew.stats.families import benjamini_hochberg
from vitalfew.stats.normal import cdf, two_sided
from vitalfew.stats.percent import percent
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.results.rows import BetRow, CandidateLine, FactorPart, ShippedLine
    from vitalfew.workspace.definitions import Initiative

_SHOWN = 5
_FEWEST, _FEWEST_LOST = 5, 3  # bets that a habit shows in
_Z80 = two_sided(0.80)


@check(
    "R52",
    "warning",
    why="A bet that nobody settles teaches nothing, and the next promise is as blind as the last.",
    do="Measure it now, or say openly that it will not be measured and close it.",
    reads=("overdue_days",),
)
def verdict_overdue(view: View) -> Iterator[Found]:
    """Live initiatives whose locked promise fell due a while ago without any measured effect."""
    late = {
        row.initiative: row.due
        for row in view.tables.verdicts
        if row.promised is not None and row.estimate is None and row.due is not None and _is_late(view, row.due)
    }
    names = [
        view.title("initiatives", key)
        for key in late
        if key in view.definitions.initiatives and view.is_live(view.definitions.initiatives[key])
    ]
    if names:
        count = "A promise" if len(names) == 1 else f"{len(names)} promises"
        yield Found("verdicts", f"{count} fell due and nothing was measured: {listed(names, _SHOWN)}.")


@check(
    "R57",
    "info",
    why="The longer the way from a hypothesis to its verdict, the fewer of them a year holds.",
    do="Cut the next bet in two, test its riskier half first, and set its day closer.",
    reads=("slow_days",),
)
def slow_to_verdict(view: View) -> Iterator[Found]:
    """Bets that take long from the first forecast to the verdict: the median of those that have one."""
    days = [row.days for row in view.tables.bets if row.days is not None]
    if len(days) >= _FEWEST and median(days) > view.thresholds.slow_days:
        yield Found("bets", f"From hypothesis to verdict it takes {median(days):.0f} days ({len(days)} bets).")


@check(
    "R58",
    "info",
    why="What has no verdict is not finished: it takes attention, and whatever is built on it may have to go.",
    do="Settle one of them, by its verdict or by taking it out, before the next is begun.",
    reads=("unproven_bets",),
)
def unproven_pile(view: View) -> Iterator[Found]:
    """Teams with many bets agreed, begun or out that have no verdict yet; good enough to ship is not yet good."""
    for team, keys in open_bets(view.definitions, view.tables.bets, view.as_of).items():
        if len(keys) > view.thresholds.unproven_bets:
            names = sorted(view.title("initiatives", key) for key in keys)
            many = f"{view.title('teams', team)} has {len(keys)} bets open without a verdict"
            yield Found(team, f"{many}: {listed(names, _SHOWN)}.")


@check(
    "R56",
    "info",
    why="What is spent before the first evidence is spent on opinion, and half of opinions are wrong.",
    do="Ask of each larger piece of work what its smallest test would be, and do that first.",
    reads=("blind_share", "lost_money"),
)
def spent_before_evidence(view: View) -> Iterator[Found]:
    """Bets that failed after most of their cost was spent before their first evidence, and that were dear together."""
    failed = {row.initiative for row in view.tables.verdicts if row.verdict in ("harmful", "fell_short")}
    every, lost, blind = 0.0, 0.0, {}
    for row in _one_per_initiative(view):
        initiative = view.definitions.initiatives.get(row.initiative)
        cost = None if initiative is None else _cost(initiative)
        if row.evidence is None or row.spent is None or not cost:
            continue
        every += cost
        if row.initiative in failed and row.spent > view.thresholds.blind_share * cost:
            lost += cost
            blind[row.initiative] = cost
    if len(blind) >= _FEWEST_LOST and lost > view.thresholds.lost_money * every:
        names = listed((view.title("initiatives", key) for key in sorted(blind, key=lambda k: -blind[k])), _SHOWN)
        said = f"{len(blind)} bets failed after most of their cost was spent without evidence"
        yield Found("bets", f"{said}, {percent(lost / every)} of the cost of all: {names}.")


@check(
    "R55",
    "warning",
    why="Work in progress that rests on opinion alone is where most waste comes from.",
    do="Test the largest piece before it grows: `vitalfew rank` shows the test that would pay most.",
    reads=("belief_share",),
)
def rests_on_belief(view: View) -> Iterator[Found]:
    """More than half of the cost of work in progress has no evidence besides opinion."""
    grades = {line.line: line.grade for line in view.tables.candidates}
    costs: dict[str, float] = {}
    for key, initiative in view.definitions.initiatives.items():
        if view.is_committed(initiative) and not view.is_live(initiative) and not initiative.capability:
            costs[key] = _cost(initiative) or 0.0
    believed = {key: cost for key, cost in costs.items() if grades.get(key) not in STRONG}
    total = sum(costs.values())
    if total > 0 and len(costs) > 1 and sum(believed.values()) > view.thresholds.belief_share * total:
        names = listed((view.title("initiatives", key) for key in sorted(believed, key=lambda k: -believed[k])), _SHOWN)
        yield Found(
            "initiatives", f"{percent(sum(believed.values()) / total)} of work in progress rests on opinion: {names}."
        )


@check(
    "R74",
    "info",
    why="A good sum can hide that one thing is bought with another, which somebody else will miss.",
    do="Show both effects to those who own them, and look for a variant without the loss.",
    reads=("one_factor_share", "lost_share", "false_discoveries"),
)
def hidden_tradeoff(view: View) -> Iterator[Found]:
    """Lines whose value comes nearly all from one factor, while another factor clearly loses."""
    lines: list[ShippedLine | CandidateLine] = [*view.tables.shipped, *view.tables.candidates]
    sound = [line for line in lines if line.value is not None and line.value.mean > 0 and line.grade in STRONG]
    losing = _losing(sound, view.thresholds.false_discoveries)
    for line in sound:
        pair = _traded(line, losing.get(line.line, []), view)
        if pair is not None:
            won, lost = (view.title("factors", part.factor) for part in pair)
            yield Found(line.line, f"{line.title}: nearly all of its value is {won}; {lost} pays for it.")


@check(
    "R73",
    "warning",
    why="Two teams that plan to pull one factor in opposite directions pay twice for nothing.",
    do="Bring both sides together before work starts: agree on the exchange, or make the factor a guardrail.",
    reads=("undone_share", "likely"),
)
def team_conflict(view: View) -> Iterator[Found]:
    """Factors on which one team's plan gains and another's loses a good part of that, with some certainty."""
    plan = next((row for row in view.tables.plans if row.plan == "best"), None)
    if plan is None:
        return
    sums: dict[str, dict[str, tuple[float, float]]] = {}
    for line in view.tables.candidates:
        if line.line in plan.lines and line.team is not None:
            for part in line.parts:
                mean, variance = sums.setdefault(part.factor, {}).get(line.team, (0.0, 0.0))
                spread = (part.high - part.low) / (2 * _Z80)
                sums[part.factor][line.team] = (mean + part.mean, variance + spread**2)
    for factor, teams in sums.items():
        gaining = [team for team, found in teams.items() if _surely(found, view.thresholds.likely, 1.0)]
        for losing in (team for team, found in teams.items() if _surely(found, view.thresholds.likely, -1.0)):
            against = [t for t in gaining if -teams[losing][0] >= view.thresholds.undone_share * teams[t][0]]
            if against:
                names = listed((view.title("teams", team) for team in against), _SHOWN)
                on, other = view.title("factors", factor), view.title("teams", losing)
                yield Found(factor, f"{on}: what {names} would gain by the plan, {other} would lose.")


def _traded(
    line: ShippedLine | CandidateLine, losing: Sequence[FactorPart], view: View
) -> tuple[FactorPart, FactorPart] | None:
    won = sorted((part for part in line.parts if part.mean > 0), key=lambda part: -part.mean)
    if not won or not losing:
        return None
    gain, lost = sum(part.mean for part in won), min(losing, key=lambda part: part.mean)
    nearly_all = won[0].mean > view.thresholds.one_factor_share * gain
    return (won[0], lost) if nearly_all and -lost.mean >= view.thresholds.lost_share * gain else None


def _losing(lines: Sequence[ShippedLine | CandidateLine], rate: float) -> dict[str, list[FactorPart]]:
    """By line, the parts that are losses; the share of false ones among all of them is kept to a rate."""
    parts = [(line.line, part) for line in lines for part in line.parts]
    adjusted = benjamini_hochberg([_chance_of_no_loss(part) for _, part in parts])
    found: dict[str, list[FactorPart]] = {}
    for (line, part), chance in zip(parts, adjusted, strict=True):
        if chance <= rate:
            found.setdefault(line, []).append(part)
    return found


def _chance_of_no_loss(part: FactorPart) -> float:
    sd = (part.high - part.low) / (2 * _Z80)
    return cdf(part.mean / sd) if sd > 0 else float(part.mean >= 0)


def _surely(found: tuple[float, float], likely: float, sign: float) -> bool:
    mean, variance = found
    return sign * mean > 0 and (variance == 0 or cdf(sign * mean / variance**0.5) > likely)


def _one_per_initiative(view: View) -> list[BetRow]:
    return list({row.initiative: row for row in view.tables.bets}.values())


def _cost(initiative: Initiative) -> float | None:
    if initiative.spent:
        return sum(each.amount for each in initiative.spent)
    cost = initiative.cost
    return cost.p50 if isinstance(cost, Quantiles) else cost


def _is_late(view: View, due: str) -> bool:
    return (view.as_of - date.fromisoformat(due)).days > view.thresholds.overdue_days

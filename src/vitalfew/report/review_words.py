"""How what a review looks back on is worded, for the terminal and for HTML."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.results.figures import amount
from vitalfew.results.words import HORIZONS, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.review_rows import EffortKind, PlannedWork
    from vitalfew.results.rows import (
        BreakdownKind,
        BreakdownRow,
        CoverageRow,
        OverrideRow,
        ProcessMark,
        ProcessReading,
        ProcessRow,
        StopRow,
        Verdict,
    )

ORIGINS = {
    "need": "a need of customers",
    "request": "somebody asked for it",
    "sales": "a sale",
    "management": "management",
    "team": "the team",
    "technical": "technology",
}
DISCIPLINES = {
    "operations": "operations (run it best)",
    "intimacy": "intimacy (know the customer best)",
    "product": "product (offer the best)",
}
KINDS: Mapping[BreakdownKind, str] = {
    "origin": "By where the idea came from",
    "discipline": "By value discipline",
    "team": "By team",
    "product": "By product",
    "horizon": "By horizon",
}
"""The order in which breakdowns are shown: what to learn from first."""
_NAMED: Mapping[BreakdownKind, Mapping[str, str]] = {
    "origin": ORIGINS,
    "discipline": DISCIPLINES,
    "horizon": HORIZONS,
}
_TITLED: Mapping[BreakdownKind, str] = {"team": "teams", "product": "products"}
EFFORT: Mapping[EffortKind, str] = {
    "discipline": "Value discipline by quarter",
    "sides": "Customers and business by quarter",
    "horizon": "Horizons by quarter",
    "technical": "Technical health by quarter",
}
_OTHER: Mapping[EffortKind, str] = {"sides": "not known", "technical": "other work"}
LEARNING = "Shown to learn from, not to blame: work differs in more than where it came from or who did it."


def group_name(view: View, kind: BreakdownKind, group: str | None) -> str:
    """What a group is called."""
    if group is None:
        return "not said"
    if kind in _TITLED:
        return view.title(_TITLED[kind], group)
    return _NAMED[kind].get(group, group)


def effort_name(view: View, kind: EffortKind, group: str | None) -> str:
    """What a group of work in a quarter is called."""
    if kind in ("discipline", "horizon"):
        return group_name(view, kind, group)
    return _OTHER[kind] if group is None else group


def held(view: View, kind: EffortKind) -> str:
    """What the effort of quarters is to be held against, in a sentence; empty where nothing was agreed."""
    policy = view.definitions.policy
    if kind == "discipline" and policy.discipline:
        return f"Chosen: {group_name(view, kind, policy.discipline.chosen)}."
    if kind == "horizon" and policy.horizon_targets:
        aimed = (f"{HORIZONS[key]} {words.share(each)}" for key, each in policy.horizon_targets.items())
        return f"Aimed at: {', '.join(aimed)}."
    if kind == "technical" and policy.technical:
        return f"Agreed: at least {words.share(policy.technical.share)} for technical health."
    return ""


def verdicts(found: Mapping[Verdict, int]) -> str:
    """Verdicts with how often each came, the best first: `9 kept, 2 fell short`."""
    return ", ".join(f"{found[kind]} {name}" for kind, name in words.VERDICTS.items() if found.get(kind))


def accepted(row: BreakdownRow) -> str:
    """How many of the ideas were committed or further, and their share where there are enough."""
    many = f"{row.committed} of {row.ideas}"
    return many if row.accepted is None else f"{many}: {words.share_interval(row.accepted)}"


def value(row: BreakdownRow) -> str:
    """What was measured of a group together; or the reason why nothing is said."""
    if row.value is not None:
        return words.change(row.value.mean, row.value.low, row.value.high, words.BARE_VALUE)
    return "too few" if row.measured else "not measured"


OVERRIDES = "What people knew that the numbers did not, or the other way round: read it to learn, not to blame."
BARE = "no evidence given"
"""Beside a claim that rests on no figure, no link and nothing that is defined."""
_ABOUT = ("initiatives", "features", "experiments", "hypotheses", "needs", "objectives", "metrics")


def decision_title(view: View, key: str) -> str:
    """The title of whatever a decision is about."""
    kind = next((kind for kind in _ABOUT if key in getattr(view.definitions, kind)), "initiatives")
    return view.title(kind, key)


def why_override(row: OverrideRow) -> str:
    """What a decision was taken in spite of."""
    if row.why == "weak":
        return "The evidence was weaker than staged."
    if row.why == "model":
        return "By the value model it would be dropped."
    return f"Suggested was: {row.suggested}."


def came_of(row: OverrideRow) -> str:
    """What came of a decision that was taken anyway."""
    if row.line is None:
        return "no line of the ledger tells"
    if not row.shipped:
        return "not out yet"
    if row.value is None:
        return "nothing was measured that has a value"
    return f"{words.change(row.value.mean, row.value.low, row.value.high, words.VALUE)}, 80 % interval"


def override_sentences(rows: Sequence[OverrideRow]) -> list[str]:
    """How many were taken anyway, and how those whose lines are out came out, in counts."""
    lines = {row.line: row.verdict for row in rows if row.verdict}
    found = {kind: sum(each == kind for each in lines.values()) for kind in words.VERDICTS}
    told = f"; of {words.count(len(lines), 'line')} that {'is' if len(lines) == 1 else 'are'} out: {verdicts(found)}"
    return [f"{words.count(len(rows), 'decision')} taken anyway{told if lines else ''}."]


PROCESS = "About bets, never about people: a miss after good work may be bad luck, and a gain after weak work luck."
READINGS: Mapping[ProcessReading, str] = {
    "good_kept": "good process, kept",
    "bad_luck": "good process, bad luck",
    "surprised": "good process, surprised",
    "lucky": "weak process, lucky",
    "weak_missed": "weak process, missed",
}
MARKS: Mapping[ProcessMark, tuple[str, str]] = {
    "predicted": ("promised before its start", "no promise before its start"),
    "tested": ("compared by chance or in waves", "not compared by chance or in waves"),
    "planned": ("planned before the start", "a plan locked after the start"),
    "guarded": ("guardrails measured", "a guardrail not measured"),
    "decided": ("decided as suggested", "decided anyway"),
}


def process_sentence(rows: Sequence[ProcessRow]) -> str:
    """How many bets stand where, in counts."""
    found = {reading: sum(row.reading == reading for row in rows) for reading in READINGS}
    told = [f"{found[reading]} {name}" for reading, name in READINGS.items() if found[reading]]
    open_ones = sum(row.reading is None for row in rows)
    return "; ".join([*told, *([f"{open_ones} cannot be told yet"] if open_ones else [])]) + "."


def told_process(row: ProcessRow) -> str:
    """What was done and what was not, the latter first."""
    return ", ".join([*(MARKS[mark][1] for mark in row.lacking), *(MARKS[mark][0] for mark in row.held)])


def told_chance(row: ProcessRow) -> str:
    """How far its forecast allowed for the miss of a bet; empty for the others."""
    if row.reading not in ("bad_luck", "surprised", "weak_missed"):
        return ""
    if row.chance is None:
        return "a guardrail failed, of which its forecast says nothing" if row.verdict == "harmful" else ""
    return f"its forecast gave this or worse a probability of {words.probability(row.chance)}"


def measured_process(view: View, row: ProcessRow) -> str:
    """What came of a bet, with its 95 % interval, beside what was promised."""
    unit, came = view.unit(row.metric), row.measured
    measured = "not measured" if came is None else words.change(came.estimate, came.low, came.high, unit)
    promised = "nothing" if row.promised is None else words.change_parts(row.promised, None, None, unit)[0]
    return f"{measured}, promised {promised}"


PLANNED: Mapping[PlannedWork, str] = {"agreed": "agreed or in progress", "plan": "the best plan"}


def counted(row: CoverageRow) -> tuple[int, int, int, int]:
    """Of what shipped: with a hypothesis, promised before the start, measured, with a verdict."""
    return row.asked, row.promised, row.measured, row.told


def bet_sentences(view: View) -> list[str]:
    """How long and dear it is to find out, how much is found out at all, and what planned work rests on."""
    return [*_coverage_sentences(view), *_days_sentences(view), *_resting_sentences(view)]


def _coverage_sentences(view: View) -> list[str]:
    whole = next((row for row in view.tables.coverage if row.quarter is None), None)
    if whole is None:
        return []
    names = ("had a hypothesis", "a promise locked before the start", "were measured", "have a verdict")
    told = (
        f"{many} ({words.share(many / whole.shipped)}) {name}" for many, name in zip(counted(whole), names, strict=True)
    )
    return [f"Of {words.count(whole.shipped, 'shipped initiative')}, {', '.join(told)}."]


def _days_sentences(view: View) -> list[str]:
    rows = view.tables.bets
    days = [row.days for row in rows if row.days is not None]
    told = []
    if days:
        middle = words.count(round(median(days)), "day")
        told.append(f"From hypothesis to verdict: {middle} in the middle of {words.count(len(days), 'bet')}.")
    closed = {row.hypothesis for row in view.tables.verdicts if row.verdict == "no_promise"}
    waiting = [row for row in rows if row.hypothesis not in closed]
    open_days = {row.initiative: row.open_days for row in waiting if row.open_days is not None}
    if open_days:
        oldest = max(open_days, key=lambda key: open_days[key] or 0)
        many, title = words.count(len(open_days), "bet"), view.title("initiatives", oldest)
        told.append(f"{many} open, the oldest for {words.count(open_days[oldest] or 0, 'day')}: {title}.")
    late = [row.initiative for row in rows if row.overdue]
    if late:
        named = listed((view.title("initiatives", key) for key in late), _NAMED_BETS)
        told.append(f"Overdue, nothing measured: {named}.")
    spent = {row.initiative: row.spent for row in rows if row.spent is not None}
    if spent:
        unit = view.definitions.policy.cost_unit
        blind = amount(sum(filter(None, spent.values())), unit)
        told.append(f"Spent before the first evidence on {words.count(len(spent), 'bet')}: {blind}.")
    return told


def _resting_sentences(view: View) -> list[str]:
    """Which share of planned work has nothing behind it but opinion, or not even that."""
    told = []
    for work, name in PLANNED.items():
        rows = [row for row in view.tables.resting if row.work == work]
        found = {row.grade: words.share_span(row.share) for row in rows}
        parts = [f"{found[grade]} rests on {word}" for grade, word in (("opinion", "opinion alone"), (None, "nothing"))
                 if grade in found]  # fmt: skip
        if rows:
            said = " and ".join(parts) or "nothing rests on opinion alone"
            told.append(f"Of the effort of {'what is ' if work == 'agreed' else ''}{name}, {said}.")
    return told


STOPS = {
    "line": "Did harm or fell short",
    "bet": "Unproven past its day",
    "feature": "Hardly used",
    "metric": "A metric of nobody",
}
_NAMED_BETS = 12
_STOPPED = {"line": "initiatives", "bet": "initiatives", "feature": "features", "metric": "metrics"}


def stopped_title(view: View, row: StopRow) -> str:
    """What is to be stopped or mended, by its title."""
    found = next((line.title for line in view.tables.shipped if line.line == row.key), None)
    return found or view.title(_STOPPED[row.kind], row.key)

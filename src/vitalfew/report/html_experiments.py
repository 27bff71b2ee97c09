"""Experiments in HTML: can we trust it, what to do, then the effects; a failed trust test folds the rest away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.html_evidence import BEYOND_CHANCE, differences, over_time, segments_drawn_in, spreads
from vitalfew.report.layout import Column, blank, fold, items, section, table
from vitalfew.report.lights import light
from vitalfew.report.markup import Child, Markup, anchor, join, tag
from vitalfew.report.view import ends
from vitalfew.results.words import MODES, named_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, ExperimentRow, HealthRow, HealthStatus

LIGHTS: dict[HealthStatus, str] = {
    "ok": "trust tests passed",
    "warning": "trust: warning",
    "failed": "trust test failed",
}
_DRAWN = 30
"""Experiments shown before the rest folds away."""
_UNFOLDED = 3
"""Experiments that stand open when there is nothing else to see."""


def experiments(view: View) -> Markup:
    """All experiments, each a drawer."""
    question = "What was compared at random, whether it can be trusted, and what it says."
    rows = view.tables.experiments
    if not rows:
        teach = (
            "A randomised comparison answers what a change did. Here each one shows its trust tests, then its effects."
        )
        step = "First step: name a source with a column that says which variant each user saw."
        return section("experiments", "Experiments", question, blank(teach, step))
    drawn = [_experiment(view, row) for row in rows]
    rest = fold(f"Show {words.count(len(drawn) - _DRAWN, 'more experiment')}", drawn[_DRAWN:], more=True)
    return section(
        "experiments",
        "Experiments",
        question,
        tag("div", drawn[:_DRAWN], rest if drawn[_DRAWN:] else None, class_="sub"),
    )


@dataclass(frozen=True, slots=True)
class ExperimentParts:
    """One experiment in parts, in the order in which they are read; `worst` of its trust tests."""

    worst: HealthStatus | None
    trust: Markup
    health: Markup
    decision: Markup
    meaning: Markup | None
    forest: Markup | None
    over_time: Markup | None
    segments: Markup
    spreads: Markup | None
    plan: Markup


def experiment_parts(view: View, row: ExperimentRow) -> ExperimentParts:
    """What is shown of an experiment, for a drawer of the report or a page of its own."""
    health = view.health_of(row.experiment)
    effects = view.effects_of(row.experiment)
    return ExperimentParts(
        worst=health[0].status if health else None,
        trust=trust(health),
        health=_health(view, health),
        decision=_decision(view, row),
        meaning=_meaning(view, effects),
        forest=_forest(view, effects),
        over_time=over_time(view, row.experiment),
        segments=join([differences(view, row.experiment), segments_drawn_in(view, effects)]),
        spreads=spreads(view, row.experiment),
        plan=_plan(view, row),
    )


def trust(health: Sequence[HealthRow]) -> Markup:
    """The light of an experiment: that of its worst trust test."""
    if not health:
        return tag("span", "no trust test possible", class_="light")
    return tag("span", light(health[0].status), LIGHTS[health[0].status], class_="light")


def _experiment(view: View, row: ExperimentRow) -> Markup:
    parts = experiment_parts(view, row)
    action, reason = words.decision(row)
    head = tag(
        "summary",
        tag("div", row.title, class_="title"),
        tag("div", parts.trust),
        tag("div", tag("strong", action), f": {reason}", class_="clamp"),
    )
    rest: Child = [parts.meaning, parts.forest, parts.over_time, parts.segments, parts.spreads]
    if parts.worst == "failed":
        rest = fold("Show the effects anyway", rest)
    opened = tag("div", parts.health, parts.decision, rest, parts.plan, class_="drawer")
    unfolded = view.is_experiments_only and len(view.tables.experiments) <= _UNFOLDED
    return tag("details", head, opened, id=anchor("experiment", row.experiment), class_="exp", open=unfolded)


def _health(view: View, rows: Sequence[HealthRow]) -> Markup:
    entries = [tag("li", light(r.status), tag("span", cells.opened(view, _tested(r), r))) for r in rows]
    tests = tag("ul", entries, class_="health") if entries else tag("p", "No trust test was possible.", class_="muted")
    return tag("div", tag("h4", "1  Can we trust it?"), tests)


def _tested(row: HealthRow) -> str:
    if row.p is None or "p <" in row.message or "(p " in row.message:
        return row.message
    return f"{row.message} (p {words.p_value(row.p)})"


def _decision(view: View, row: ExperimentRow) -> Markup:
    action, reason = words.decision(row)
    apart = [] if row.action == "do_not_decide" else _not_alike(view, row)
    said = [tag("p", action, class_="decision"), tag("p", reason)]
    said += [tag("p", light("warning"), f" {told}") for told in apart]
    step = words.AFTER_EXPERIMENTS.get("ship_apart" if apart and row.action == "ship" else row.action)
    return tag("div", tag("h4", "2  What to do"), said, tag("p", f"→ {step}") if step else None)


def _not_alike(view: View, row: ExperimentRow) -> list[str]:
    """Differences between segments, beyond chance, in what decides: whoever ships to everybody should know."""
    decides = {effect.metric for effect in view.effects_of(row.experiment) if effect.role == "primary"}
    found = [it for it in view.tables.heterogeneity if it.experiment == row.experiment and it.metric in decides]
    return [it.message for it in found if it.reversal or it.adjusted_p < BEYOND_CHANCE]


def _meaning(view: View, effects: Sequence[EffectRow]) -> Markup | None:
    told = [row for row in effects if row.segment is None][:6]
    sentences = items(
        f"{words.effect_sentence(view.title('metrics', row.metric), row, view.unit(row.metric))}." for row in told
    )
    return tag("div", tag("h4", "3  What happened"), sentences) if sentences else None


def _forest(view: View, effects: Sequence[EffectRow]) -> Markup | None:
    """Effects on all units, and those by segment folded away below."""
    if not effects:
        return None
    everyone = [row for row in effects if row.segment is None]
    parts = [row for row in effects if row.segment is not None]
    folded = fold(f"Show {words.count(len(parts), 'effect')} by segment", _table(view, parts)) if parts else None
    return tag("div", tag("h4", "4  Effects"), _table(view, everyone) if everyone else None, folded)


def _table(view: View, effects: Sequence[EffectRow]) -> Markup:
    shared = _shared_notes(effects)
    rows = []
    for row in effects:
        mark, text = cells.effect_mark(row), cells.effect_text(row, view)
        drawn = (
            cells.on_metric(view, row.metric, mark, f"{view.name_of(row)}: {text}", with_margin=True) if mark else None
        )
        name = view.name_of(row)
        figures = [cells.whole(told) for told in (text, _relative(row), _means(view, row), _units(view, row))]
        change = cells.opened(view, figures[0], row)
        rows.append(([name, _how(view, row, shared)], change, drawn, figures[1], _p(view, row), figures[2],
                     cells.grade(row.grade), figures[3]))  # fmt: skip
    heads = ["Effect on", Column("Change (95 %)", "num"), "", Column("Relative", "num"), Column("p", "num"),
             Column("Control → arm", "num"), Column("Grade", "nowrap"), Column("Units", "num")]  # fmt: skip
    told = [f"{note[:1].upper()}{note[1:]}." for note in shared]
    classes = ["segment" if row.segment is not None else None for row in effects]
    caption = (
        "Treatment minus control. Dot: estimate; thick 80 %, thin 95 %; dashed: a guardrail's margin. "
        "Zero is shared and right is better; each metric has its own scale. Below p: corrected over all questions of "
        "its family; of a guardrail, that the loss exceeds the margin. "
    ) + " ".join(told)
    return table(heads, rows, caption=caption, row_classes=classes)


def _relative(row: EffectRow) -> Child:
    return words.lift(row) or cells.unknown("no relative change is computed for this metric")


def _means(view: View, row: EffectRow) -> Child:
    if row.control not in row.mean or row.arm not in row.mean:
        return cells.unknown("its source does not give the means of the arms")
    unit, found = view.unit(row.metric), ends(row.intervals, 0.95)
    places = words.decimals((found[1] - found[0]) * unit.factor) if found else 2
    before, after = (words.figure(row.mean[arm] * unit.factor, places) for arm in (row.control, row.arm))
    return words.with_unit(f"{before} → {after}", unit.level)


def _p(view: View, row: EffectRow) -> Child:
    """The p-value, and below it the one corrected over the family, that of the margin, or what the belief says."""
    if row.p_non_inferior is not None:
        return [words.p_value(row.p_value), _small(f"margin: {words.p_value(row.p_non_inferior)}")]
    if row.p_better is not None:
        return [words.p_value(row.p_value), _small(f"P(better) {words.probability(row.p_better)}{_lost(view, row)}")]
    if row.adjusted_p is None or row.adjusted_p == row.p_value:
        return words.p_value(row.p_value)
    return [words.p_value(row.p_value), _small(f"{words.p_value(row.adjusted_p)} corrected")]


def _lost(view: View, row: EffectRow) -> str:
    """What is lost on average by taking the arm."""
    if row.expected_loss is None:
        return ""
    unit = view.unit(row.metric)
    return f", expected loss {words.with_unit(words.significant(row.expected_loss * unit.factor, 2), unit.change)}"


def _shared_notes(effects: Sequence[EffectRow]) -> list[str]:
    """What all effects of a table note, which is told once."""
    if len(effects) < 2:  # noqa: PLR2004 - a note of one effect stands beside it
        return []
    return [note for note in effects[0].notes if all(note in row.notes for row in effects)]


def _how(view: View, row: EffectRow, shared: Sequence[str]) -> list[Markup]:
    planned = {None: "", True: ", planned", False: ", not planned"}[row.planned]
    role = f"{row.role}{planned}; " if row.role else ""
    gain = words.adjustment(row, view.unit(row.metric))
    tests = " ".join(test.message for test in view.health_of(row.experiment))
    own = [note for note in row.notes if note not in shared and note not in tests]
    told = "; ".join([f"{role}{row.method}, {MODES[row.mode]}", *([gain] if gain else []), *own])
    why = "" if row.check_first is None else " (see 1)" if row.check_first in tests else f": {row.check_first}"
    doubt = [tag("div", light("warning"), f" Check first{why}", class_="small")] if row.check_first else []
    return [*doubt, _small(told)]


def _small(text: str) -> Markup:
    return tag("div", text, class_="muted small")


def _units(view: View, row: EffectRow) -> str:
    what = named_units(view.definitions, row.experiment, row.metric)
    found = " + ".join(f"{n:,}" for n in row.n.values()) or "not given"
    return words.with_unit(found, what) if row.n and what != "units" else found


def _plan(view: View, row: ExperimentRow) -> Markup:
    declared = "Plan declared" if row.declared else "No plan declared"
    never = ", not locked" if row.declared else ""
    locked = f", locked {words.date_and_time(row.locked_at)} (in time: {row.proved})" if row.locked_at else never
    about = view.title("initiatives", row.initiative)
    line = f" · about {about}" if about else ""
    return tag("p", f"{declared}{locked}{line} · ", tag("code", f"experiments.{row.experiment}"), class_="muted small")

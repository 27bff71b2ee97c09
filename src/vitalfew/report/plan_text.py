"""A plan of an experiment in sentences and tables, for a terminal."""

from __future__ import annotations

import math
from io import StringIO
from typing import TYPE_CHECKING

from vitalfew.report.sheet import Sheet
from vitalfew.report.words import figure, significant, unit_of, with_unit
from vitalfew.results.words import MODES
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from vitalfew.evidence.planning import ExperimentPlan, MetricPlan
    from vitalfew.report.words import Unit
    from vitalfew.workspace.definitions import Definitions, Mode

SHOWN_WEEKS = (1, 2, 3, 4, 6, 8, 12)
NARROW = 96
_NARROW_WEEKS = (1, 2, 4, 8, 12)
MODE_NAMES: dict[Mode, str] = {
    "always_valid": "always valid",
    "group_sequential": "group sequential",
    "fixed": "fixed",
    "bayesian": "Bayesian",
}
_ONE_WEEK_AT_MOST, _WHOLE, _YEAR = 1.5, 10, 52  # weeks


def plan_text(plan: ExperimentPlan, definitions: Definitions, width: int = 100) -> str:
    """The plan as text."""
    from rich.console import Console

    out = StringIO()
    print_plan(plan, definitions, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def print_plan(plan: ExperimentPlan, definitions: Definitions, console: Console) -> None:
    """Print what the experiment can find: sentences, then change by week, then modes side by side."""
    sheet = Sheet(console)
    for sentence in plan_sentences(plan, definitions):
        sheet.say(sentence.lstrip(), indent=len(sentence) - len(sentence.lstrip()))
    if not plan.metrics:
        return
    console.print()
    if plan.weekly:
        sheet.say(f"Smallest change found, by weeks of the experiment ({MODE_NAMES[plan.mode]})", "bold")
        console.print(_by_week(plan, definitions, console.width))
        console.print()
    for metric in plan.metrics:
        if metric.part != "secondary" and _is_known(plan, metric):
            sheet.say(_heading(metric, unit_of(definitions.metrics[metric.metric])), "bold")
            console.print(_by_mode(plan, metric, unit_of(definitions.metrics[metric.metric])))
            console.print()
    for caution in plan.cautions:
        sheet.say(f"Note: {caution}")


def _is_known(plan: ExperimentPlan, metric: MetricPlan) -> bool:
    """Whether a table of modes would hold any number."""
    return any(
        found.units is not None or found.detectable[plan.weeks - 1] is not None for found in metric.modes.values()
    )


def plan_sentences(plan: ExperimentPlan, definitions: Definitions) -> Iterator[str]:
    """What the experiment can find, in sentences; the first things first."""
    arms = ", ".join(f"{arm} {percent(share)}" for arm, share in plan.arms.items())
    yield f"{plan.title}: {arms}; {MODES[plan.mode]}; error rate {_percent(plan.alpha)}, power {_percent(plan.power)}."
    each = plan.metrics[0].power if plan.metrics else plan.power
    if each > plan.power:
        yield f"Each test has a power of {_percent(each)}, so that together they have {_percent(plan.power)}."
    if plan.weekly:
        yield f"Traffic: {_traffic(plan.weekly)} ({plan.traffic})."
    elif plan.metrics:
        yield f"How long it takes is not known: {plan.traffic}. Say it with --units-per-week."
    for metric in plan.metrics:
        yield from _about(plan, metric, unit_of(definitions.metrics[metric.metric]))
    for unknown in plan.unknown:
        yield f"{unknown.title}: cannot be planned, {unknown.reason}. What to do: {unknown.do}."


def _about(plan: ExperimentPlan, metric: MetricPlan, unit: Unit) -> Iterator[str]:
    mine = metric.modes[plan.mode]
    found = mine.detectable[plan.weeks - 1]
    now = f"now {_level(metric.baseline.mean, unit)}"
    guarded = metric.question == "non_inferiority"
    if found is not None and guarded:
        yield (
            f"{metric.title} (guardrail, {now}): {_weeks(plan.weeks)} can show that it is no worse by"
            f" {_change(found, unit)}."
        )
    elif found is not None:
        told = _relative(found, metric.baseline.mean) if metric.baseline.has_level else ""
        yield f"{metric.title} ({now}): {_weeks(plan.weeks)} find a change of {_change(found, unit)}{told}."
    elif plan.weekly:
        yield f"{metric.title} ({now}): {_weeks(plan.weeks)} are too short, no unit is followed to the end by then."
    yield from _on_target(plan, metric, unit, now if found is None and not plan.weekly else "")
    gain = metric.baseline.reduction
    if gain >= 0.01:  # noqa: PLR2004 - less is no news
        yield f"  Known before the start, covariates take away {_percent(gain)} of its variance; that is counted in."


def _on_target(plan: ExperimentPlan, metric: MetricPlan, unit: Unit, now: str) -> Iterator[str]:
    lead = f"{metric.title} ({now}): to" if now else "  To"
    if metric.target is None:
        if metric.target_from:
            yield f"  No units can be named: {metric.target_from}."
        elif now:
            yield f"{metric.title} ({now}): say the smallest change worth finding (--mde 0.05) to see how many units."
        return
    mine = metric.modes[plan.mode]
    what = "show that its margin holds" if metric.question == "non_inferiority" else "find"
    size = f"{_change(metric.target, unit)}, {metric.target_from},"
    if metric.question == "non_inferiority":
        size = f"({_change(metric.target, unit)})"
    if mine.units is None:
        yield f"{lead} {what} {size} no number of units is enough in this mode."
        return
    weeks = "" if mine.weeks is None else f": {_about_weeks(mine.weeks)}"
    never = "; so many do not come in ten years" if mine.weeks is None and plan.weekly else ""
    chance = (
        "" if mine.assurance is None else f" By the promise, {_percent(mine.assurance)} likely in {_weeks(plan.weeks)}."
    )
    yield f"{lead} {what} {size} takes {mine.units:,} units in all{weeks}{never}.{chance}"


def _by_week(plan: ExperimentPlan, definitions: Definitions, width: int) -> Table:
    weeks = SHOWN_WEEKS if width >= NARROW else _NARROW_WEEKS
    table = _table()
    table.add_column("Metric", overflow="fold")
    for week in weeks:
        table.add_column(str(week), justify="right", no_wrap=True)
    for metric in plan.metrics:
        unit = unit_of(definitions.metrics[metric.metric])
        found = metric.modes[plan.mode].detectable
        gate = ", guardrail" if metric.part == "guardrail" else ""
        table.add_row(f"{metric.title}{gate}", *(_cell(found[week - 1], unit) for week in weeks))
    return table


def _heading(metric: MetricPlan, unit: Unit) -> str:
    what = "its margin of" if metric.question == "non_inferiority" else "a change of"
    return metric.title if metric.target is None else f"{metric.title}: {what} {_change(metric.target, unit)}"


def _by_mode(plan: ExperimentPlan, metric: MetricPlan, unit: Unit) -> Table:
    table = _table()
    table.add_column("Mode")
    assured = any(found.assurance is not None for found in metric.modes.values())
    for name in (f"{_weeks(plan.weeks)} find", "Units", "Weeks", "Power", *(["By the promise"] if assured else [])):
        table.add_column(name, justify="right")
    for mode, name in MODE_NAMES.items():
        found = metric.modes[mode]
        cells = [
            _cell(found.detectable[plan.weeks - 1], unit),
            "–" if found.units is None else f"{found.units:,}",
            "–" if found.weeks is None else figure(found.weeks, 0 if found.weeks >= _WHOLE else 1),
            "–" if found.power is None else _percent(found.power),
            *([] if not assured else ["–" if found.assurance is None else _percent(found.assurance)]),
        ]
        table.add_row(name, *cells, style="bold" if mode == plan.mode else "")
    return table


def _table() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _traffic(weekly: Sequence[float]) -> str:
    if len(weekly) == 1:
        return f"{weekly[0]:,.0f} new units a week"
    return f"{weekly[0]:,.0f} units in the first week, {weekly[-1]:,.0f} new ones a week in the end"


def _change(value: float, unit: Unit) -> str:
    shown = significant(value * unit.factor, 2)
    one = shown == "1" and unit.change_in_words.endswith("s")
    return with_unit(shown, unit.change_in_words[:-1] if one else unit.change_in_words)


def _cell(value: float | None, unit: Unit) -> str:
    return "–" if value is None else with_unit(significant(value * unit.factor, 2), unit.change)


def _level(value: float, unit: Unit) -> str:
    return with_unit(significant(value * unit.factor, 3), unit.level)


def _relative(change: float, level: float) -> str:
    return f" ({_percent(change / abs(level))} of it)" if level else ""


def _percent(share: float) -> str:
    return with_unit(significant(100 * share, 2), "%")


def _weeks(count: int) -> str:
    return "1 week" if count == 1 else f"{count} weeks"


def _about_weeks(weeks: float) -> str:
    if weeks < _ONE_WEEK_AT_MOST:
        days = max(1, math.ceil(7 * weeks - 1e-9))
        return "1 day" if days == 1 else f"{days} days"
    if weeks > _YEAR:
        return f"{weeks:.0f} weeks, more than a year"
    return f"{figure(weeks, 0 if weeks >= _WHOLE else 1)} weeks"

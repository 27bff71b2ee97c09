"""A run in the terminal: the ledger, experiments, effects, use, checks, and what could not be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from vitalfew.report import words
from vitalfew.report.axis import Mark, comparable
from vitalfew.report.sheet import WIDE, Cell, Field, Group, Note, Row, Sheet, drawn_as_text
from vitalfew.report.terminal_ledger import print_headline, print_ledger, print_lines
from vitalfew.report.textbar import bar
from vitalfew.report.view import ends
from vitalfew.results.words import MODES, listed, named_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, ExperimentRow, FindingRow, UseRow

__all__ = [
    "as_text",
    "effects_text",
    "print_checks",
    "print_effects",
    "print_experiments",
    "print_failed",
    "print_findings",
    "print_ledger",
    "print_run",
    "print_use",
    "run_text",
]

FEW_EXPERIMENTS = 3
"""With so many experiments or fewer, a run prints their effects too."""
SEVERITIES = ("error", "warning", "info")
MOST_EXPERIMENTS = 12
MOST_EFFECTS = 40
FEW_EFFECTS = 12
"""Effects up to which a terminal shows the relative change below each."""
MOST_TESTS = 4
"""Trust tests of an experiment that are told: those that are not passed, and which days may still change."""
MOST_FEATURES = 20
BEYOND_CHANCE = 0.05
"""Largest corrected p-value of a difference that is printed."""
MOST_FINDINGS = 7
MOST_ITEMS = 5
LIGHT_STYLES = {"ok": "dim", "warning": "yellow", "failed": "red bold", "error": "red bold", "info": "dim"}
_TRUST = {"ok": "passed", "warning": "warning", "failed": "failed"}


def print_run(view: View, console: Console) -> None:
    """Print a run: its ledger, what stands behind it, what the checks found, and what could not be computed."""
    tables = view.tables
    if view.is_use_only:
        _print_use_first(view, console)
    elif tables.shipped or tables.candidates or not (tables.effects or tables.failed):
        print_ledger(view, console)
    print_experiments(view, console)
    if len(tables.experiments) <= FEW_EXPERIMENTS:
        print_effects(view, console)
    if not view.is_use_only:
        print_use(view, console)
    if tables.findings:
        print_checks(view, console)
    print_failed(view, console)


def _print_use_first(view: View, console: Console) -> None:
    print_headline(view, console)
    print_use(view, console)
    print_lines(view, console)


def as_text(view: View, width: int = 100) -> str:
    """The ledger as text without colours, `width` signs wide."""
    return drawn_as_text(print_ledger, view, width)


def run_text(view: View, width: int = 100) -> str:
    """A run as text without colours, `width` signs wide."""
    return drawn_as_text(print_run, view, width)


def effects_text(view: View, width: int = 100) -> str:
    """The effects of a run as text without colours, those by segment below, `width` signs wide."""
    from vitalfew.report.terminal_segments import print_segments

    def printed(view: View, console: Console) -> None:
        print_effects(view, console)
        print_segments(view, console)

    return drawn_as_text(printed, view, width)


def print_findings(
    findings: Sequence[FindingRow], *, total: int, failed: int = 0, console: Console | None = None
) -> None:
    """Print findings, all of them, the gravest first.

    Args:
        findings: what to print.
        total: how many there are with those that were accepted before.
        failed: how many items could not be computed, so that nothing is known of them.
        console: where to print; standard output when not given.
    """
    sheet = Sheet(console or Console())
    accepted = total - len(findings)
    known = f" ({words.count(accepted, 'more finding')} accepted before)" if accepted > 0 else ""
    found = words.count(len(findings), "finding") if findings else "No finding" if failed else "Nothing found"
    unknown = f"; {words.count(failed, 'item')} could not be computed, see below" if failed else ""
    sheet.say(found + known + unknown, "bold")
    for row in sorted(findings, key=lambda row: SEVERITIES.index(row.severity)):
        _finding(row, sheet)


def print_experiments(view: View, console: Console) -> None:
    """Print each experiment, those that cannot be trusted first: can we trust it, and what to do."""
    rows = view.tables.experiments
    if not rows:
        return
    sheet = Sheet(console)
    sheet.heading("EXPERIMENTS")
    for row in sorted(rows, key=lambda row: not _failed(view, row))[:MOST_EXPERIMENTS]:
        sheet.table([Field("", 12), Field("")], _experiment(view, row, sheet))
    sheet.left_out(len(rows) - MOST_EXPERIMENTS, "experiment")


def print_effects(view: View, console: Console, experiments: Sequence[str] | None = None) -> None:
    """Print the effects of some experiments (all when none are named) on all units, on the axis all metrics share."""
    named = [row.experiment for row in view.tables.experiments] or list(
        dict.fromkeys(e.experiment for e in view.tables.effects)
    )
    groups = {key: [row for row in view.effects_of(key) if row.segment is None] for key in experiments or named}
    total = sum(map(len, groups.values()))
    if not total:
        return
    sheet = Sheet(console)
    sheet.heading("EFFECTS")
    wide = sheet.width >= WIDE
    glyph = 31 if wide else 15
    fields = [
        Field("", 34 if wide else 0),
        Field("change (95 %)", 28, right=True),
        Field("better >".rjust(glyph), glyph),
    ]
    fields += [Field("p", 7), Field("grade", 10), Field("units")] if wide else [Field("p", 7)]
    rows: list[Row] = []
    both = sheet.is_pipe or total <= FEW_EFFECTS
    for key, effects in groups.items():
        rows.append(Group(_heading(view, key, effects)))
        for row in effects:
            relative = words.lift(row) if both else None
            beside = [f"relative {relative}"] if relative else []
            rows += [_effect(view, row, sheet, glyph), *map(Note, (*beside, *_beside(view, row)))]
        rows += map(Note, _differences(view, key))
    sheet.table(fields, rows[:MOST_EFFECTS])
    corrected = any(_p(row) != row.p_value for effects in groups.values() for row in effects)
    told = "; p is corrected for the number of questions" if corrected else ""
    sheet.say(f"right is better; each metric has its own scale{told}", "dim")
    sheet.left_out(sum(not isinstance(row, Group | Note) for row in rows[MOST_EFFECTS:]), "effect")


def print_use(view: View, console: Console) -> None:
    """Print the reach of every feature; what is not measured is named apart from what is not used."""
    rows = [row for row in view.tables.use if row.main and row.segment is None]
    if not rows:
        return
    sheet = Sheet(console)
    sheet.heading("USE OF FEATURES")
    measured = [row for row in rows if row.measured and row.reach]
    used = sorted(measured, key=lambda row: -(row.reach.estimate if row.reach else 0))
    half = MOST_FEATURES // 2
    shown = used if len(used) <= MOST_FEATURES else [*used[:half], *used[-half:]]
    fields = [Field(""), Field("reach (95 %)", 23, right=True), Field("per 30 days", 11, right=True)]
    sheet.table([*fields, Field("window", 8), Field("", 14)], [_use(view, row, sheet) for row in shown])
    sheet.left_out(len(used) - len(shown), "feature")
    missing = [view.title("features", row.feature) for row in rows if row not in measured]
    if missing:
        sheet.say(f"Not measured, which is not the same as not used: {', '.join(missing)}.", "dim")


def print_checks(view: View, console: Console) -> None:
    """Print what the checks found, the gravest first, each with one thing to do."""
    rows = sorted(view.tables.findings, key=lambda row: SEVERITIES.index(row.severity))
    sheet = Sheet(console)
    sheet.heading(f"CHECKS: {words.count(len(rows), 'finding')}" if rows else "CHECKS: nothing found")
    kinds: dict[str, list[FindingRow]] = {}
    for row in rows:
        kinds.setdefault(row.id, []).append(row)
    shown = list(kinds.values())[:MOST_FINDINGS]
    for first, *others in shown:
        _finding(first, sheet)
        if others:
            sheet.say(f"and {len(others)} more of this kind: {_some(others)}", "dim", indent=2)
    sheet.left_out(len(rows) - sum(map(len, shown)), "finding")


def _some(rows: Sequence[FindingRow], most: int = 4) -> str:
    more = ", ..." if len(rows) > most else ""
    return ", ".join(row.subject for row in rows[:most]) + more


def print_failed(view: View, console: Console) -> None:
    """Print what this run could not compute, and what it left out or has too few data for, with the reasons."""
    failures = [row for row in view.tables.failed if not row.remark]
    remarks = [row for row in view.tables.failed if row.remark]
    for heading, rows in (("NOT COMPUTED", failures), ("LEFT OUT OR TOO FEW", remarks)):
        if rows:
            sheet = Sheet(console)
            sheet.heading(f"{heading}: {words.count(len(rows), 'item')}")
            items: dict[str, list[str]] = {}
            for row in rows:
                items.setdefault(row.reason, []).append(view.item(row.item))
            for reason, names in [*items.items()][:MOST_FINDINGS]:
                sheet.say(f"{listed(dict.fromkeys(names), MOST_ITEMS)}: {reason}", indent=2)
            sheet.left_out(sum(map(len, [*items.values()][MOST_FINDINGS:])), "item")


def _title(view: View, experiment: str) -> str:
    return next((row.title for row in view.tables.experiments if row.experiment == experiment), experiment)


def _failed(view: View, row: ExperimentRow) -> bool:
    return any(test.status == "failed" for test in view.health_of(row.experiment))


def _experiment(view: View, row: ExperimentRow, sheet: Sheet) -> list[Row]:
    health = view.health_of(row.experiment)
    trust = Cell("as given", "dim")
    if health:
        status = health[0].status
        trust = Cell(f"{sheet.signs.lights[status]} {_TRUST[status]}", LIGHT_STYLES[status])
    said = [test.message for test in health if test.status != "ok" or test.test == "late"]
    doubts = [message for message in said if message not in row.reason][:MOST_TESTS]
    return [[trust, Cell(row.title, "bold")], Note(": ".join(words.decision(row))), *map(Note, doubts)]


def _heading(view: View, experiment: str, effects: Sequence[EffectRow]) -> str:
    """The title of an experiment, and how its intervals may be read where they all agree."""
    modes = {MODES[row.mode] for row in effects if row.intervals}
    return _title(view, experiment) + (f": {modes.pop()}" if len(modes) == 1 else "")


def _p(row: EffectRow) -> float | None:
    return row.p_value if row.adjusted_p is None else row.adjusted_p


def _beside(view: View, row: EffectRow) -> list[str]:
    """What covariates took away, and why an effect is too good, where no trust test says so already."""
    gain = words.adjustment(row, view.unit(row.metric))
    told = any(row.check_first in test.message for test in view.health_of(row.experiment)) if row.check_first else True
    return [*([gain] if gain else []), *([] if told else [f"check first: {row.check_first}"])]


def _differences(view: View, experiment: str) -> list[str]:
    """What differs between segments or with another experiment, beyond chance."""
    rows = [row for row in view.tables.heterogeneity if row.experiment == experiment]
    return [row.message for row in rows if row.reversal or row.adjusted_p < BEYOND_CHANCE][:MOST_FINDINGS]


def _effect(view: View, row: EffectRow, sheet: Sheet, glyph: int) -> list[Cell]:
    cells = [Cell(view.name_of(row))]
    if row.estimate is None:
        cells += [Cell(row.notes[0] if row.notes else "not computed", "dim"), Cell(""), Cell("")]
    else:
        likely, sure = ends(row.intervals, 0.80), ends(row.intervals, 0.95)
        mark = comparable(Mark(row.estimate, likely, sure), row.metric, view.unit(row.metric), view.scales)
        low, high = sure or (None, None)
        drawn = "" if sheet.is_pipe else bar(view.axis, mark, glyph, sheet.signs)
        p = f"p {words.p_value(_p(row))}" if sheet.is_pipe else words.p_value(_p(row))
        value, interval = words.change_parts(row.estimate, low, high, view.unit(row.metric))
        at = "95 %: " if sheet.is_pipe and sure else ""
        cells += [Cell(f"{value} ({at}{interval})"), Cell(drawn), Cell(p)]
    if sheet.is_pipe or sheet.width >= WIDE:
        what = named_units(view.definitions, row.experiment, row.metric)
        named = row.n and (sheet.is_pipe or what != "units")
        units = " + ".join(f"{n:,}" for n in row.n.values()) + (f" {what}" if named else "")
        cells += [Cell(row.grade), Cell(units)]
    return cells


def _use(view: View, row: UseRow, sheet: Sheet) -> list[Cell]:
    often, window = words.frequency(row), f"{row.window_days} days"
    judged = words.judged_use(row)
    mark = Cell("" if judged == "used" else judged, "yellow" if row.hardly_used else "dim")
    reach = words.share_interval(row.reach) if row.reach else ""
    return [
        Cell(view.title("features", row.feature)),
        Cell(f"reach {reach}" if sheet.is_pipe else reach),
        Cell(often if sheet.is_pipe else often.removesuffix(" in 30 days")),
        Cell(f"window {window}" if sheet.is_pipe else window),
        mark,
    ]


def _finding(row: FindingRow, sheet: Sheet) -> None:
    sheet.say(f"{sheet.signs.lights[row.severity]} {row.message}", LIGHT_STYLES[row.severity])
    sheet.say(f"{row.why} ({row.id}, {row.subject})", indent=2)
    sheet.say(f"{sheet.signs.arrow} {row.do}", "bold", indent=2)

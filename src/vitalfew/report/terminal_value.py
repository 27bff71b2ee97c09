"""The value model in the terminal: weights, lights, agreement, how few would do, say and do, who differs, who loses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import goals, pulse, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.ends import necessary
from vitalfew.report.sheet import WIDE, Cell, Field, Note, Row, Sheet
from vitalfew.report.terminal_stories import print_stories
from vitalfew.report.textbar import bar
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.rows import (
        Estimate,
        FactorLightsRow,
        GroupValueRow,
        HealthStatus,
        Light,
        StarRow,
        VitalFactorsRow,
    )

MOST_LOSERS, MOST_NAMED = 8, 4
GLYPH = 16
NARROW = 0.02
"""Width of an interval of shares below which it is shown with a decimal."""
_LIGHTS: dict[Light, HealthStatus] = {"on": "ok", "partly": "warning", "off": "failed"}
_NAMES = {"narrative": "told", "definition": "measured", "weight": "weighed", "target": "target"}
"""The four lights of a factor, as the row calls them, and their columns."""
_BASIS = {
    "candidates": "the candidates",
    "shipped": "candidates and what has shipped",
    "assumed": "no lines: as if any line moved all factors alike",
}


def print_value(view: View, console: Console) -> None:
    """Print the value model of a run.

    Args:
        view: the run.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    if not view.definitions.factors:
        sheet.say("There is no value model yet: no metric counts as value.")
        sheet.say(
            f"{sheet.signs.arrow} First step: name one to five metrics under `factors:`, each with its range.", "bold"
        )
        return
    sheet.say(headline(view), "bold")
    _weights(view, sheet)
    _people(view, sheet)
    _messages(sheet, "IS THE NORTH STAR ONE?", [_star(view, row) for row in view.tables.north_star])
    _curve(view, sheet)
    _messages(sheet, "SAID TWICE", [row.message + _keep(view, row.keep) for row in view.tables.redundant])
    _say_do(view, sheet)
    _groups(view, sheet)
    print_stories(view, sheet)
    _losers(view, sheet)
    _messages(sheet, "IS IT UNDERSTOOD?", pulse.sentences(view))
    _messages(sheet, "WILL KEY RESULTS BE REACHED? (80 % intervals)", goals.sentences(view))


def headline(view: View) -> str:
    """The value model in a sentence."""
    count = words.count(len(view.definitions.factors), "factor")
    raters = max((row.raters for row in view.tables.weights), default=0)
    people = "one person" if raters == 1 else f"{raters} people"
    said = f"{count}, weighed by {people}" if raters else f"{count}, weighed by nobody yet"
    enough = next((row for row in view.tables.vital_factors if row.enough), None)
    if enough is None or enough.regret is None or enough.k == len(view.definitions.factors):
        return f"{said}."
    lost = words.share(enough.regret.estimate)
    return f"{said}; {'one' if enough.k == 1 else enough.k} of them would do: {lost} of the value lost."


def _weights(view: View, sheet: Sheet) -> None:
    weights = {row.factor: row for row in view.tables.weights}
    shares = {row.factor: row for row in view.tables.factor_shares}
    lights = {row.factor: row for row in view.tables.factor_lights}
    marks = {
        key: Mark(row.mean, None if row.low is None or row.high is None else (row.low, row.high))
        for key, row in weights.items()
    }
    axis = axis_over(marks.values())
    wide = sheet.width >= WIDE and not sheet.is_pipe
    rows: list[Row] = []
    for key in sorted(view.definitions.factors, key=lambda key: (-(marks[key].dot if key in marks else 0.0), key)):
        weight = weights.get(key)
        told = "not weighed" if weight is None else _interval(weight.mean, weight.low, weight.high)
        decides = shares[key].share if key in shares else None
        cells = [Cell(view.title("factors", key)), Cell(f"weight {told}" if sheet.is_pipe else told)]
        if wide:
            cells.append(Cell(bar(axis, marks[key], GLYPH, sheet.signs) if key in marks else ""))
        part = "" if decides is None else words.share(decides.estimate)
        cells.append(Cell(f"explains {part}" if sheet.is_pipe and part else part))
        rows.append([*cells, *_lit(lights.get(key), sheet)])
        if key in lights and lights[key].missing:
            rows.append(Note("; ".join(_asked(missing) for missing in lights[key].missing)))
    sheet.heading("WHAT COUNTS (weights with 80 % intervals)")
    glyph = [Field("", GLYPH)] if wide else []
    lit = [Field(name, len(name)) for name in _NAMES.values()]
    sheet.table([Field("factor"), Field("weight", 17), *glyph, Field("explains", 8, right=True), *lit], rows)
    if any(row.share for row in shares.values()):
        sheet.say("explains: its share of what makes lines differ in value; below 0 it works against the others", "dim")
    notes = dict.fromkeys(row.note for row in view.tables.weights if row.note)
    for note in notes:
        sheet.say(f"{note[:1].upper()}{note[1:]}.", "dim")
    if needed := necessary(view.definitions):
        sheet.say(needed, "dim")


def _lit(row: FactorLightsRow | None, sheet: Sheet) -> list[Cell]:
    if row is None:
        return [Cell("")] * 4
    styles = {"on": "", "partly": "yellow", "off": "dim"}
    named: dict[str, Light] = {_NAMES[key]: getattr(row, key) for key in _NAMES}
    if sheet.is_pipe:
        return [Cell(f"{name} {light}") for name, light in named.items()]
    return [Cell(sheet.signs.lights[_LIGHTS[light]], styles[light]) for light in named.values()]


def _asked(missing: str) -> str:
    """What would turn a light on, under the name of its column."""
    light, colon, why = missing.partition(":")
    return f"{_NAMES.get(light, light)}{colon}{why}"


def _people(view: View, sheet: Sheet) -> None:
    """Whether people agree, and what agreeing would be worth."""
    told = [sentence for row in view.tables.disagreement for sentence in words.agreement(row)]
    worth = [row.message.rstrip(".") for row in view.tables.information if row.about == "weights" and not row.subject]
    _messages(sheet, "DO PEOPLE AGREE?", [*told, *worth])


def _star(view: View, row: StarRow) -> str:
    status = "not known" if row.status == "unknown" else row.status
    return f"{words.STAR_TESTS[row.test].capitalize()}: {status}; {view.title('factors', row.factor)} {row.said}"


def _curve(view: View, sheet: Sheet) -> None:
    rows = view.tables.vital_factors
    if not rows:
        return
    sheet.heading(f"HOW FEW WOULD DO ({_BASIS[rows[0].basis]})")
    known = [row for row in rows if row.regret is not None]
    if known:
        fields = [Field("", 3, right=True), Field("decided by"), Field("value lost", 20, right=True)]
        sheet.table(
            [*fields, Field("same order", 10, right=True), Field("", 8)], [_step(view, row, sheet) for row in known]
        )
    for note in rows[0].notes:
        sheet.say(f"{note[:1].upper()}{note[1:]}.", "dim")
    parked = [view.title("factors", row.factor) for row in view.tables.factor_shares if row.parked]
    if parked:
        each = "any one of " if len(parked) > 1 else ""
        sheet.say(f"The worthwhile many: no decision here would change without {each}{listed(parked)}.")


def _step(view: View, row: VitalFactorsRow, sheet: Sheet) -> list[Cell]:
    if row.k == 1 or row.dropped is None:
        name = "all" if row.k > 1 else view.title("factors", row.factors[0])
        named = f"{name} alone (declared North Star)" if row.declared else f"{name} alone" if row.k == 1 else name
    else:
        named = f"without {view.title('metrics', row.dropped)}"
    lost = "" if row.regret is None else _interval(row.regret.estimate, row.regret.low, row.regret.high)
    tau = "" if row.tau is None else f"tau {row.tau.estimate:.2f}" if sheet.is_pipe else f"{row.tau.estimate:.2f}"
    lost = f"{lost} lost" if sheet.is_pipe and lost else lost
    return [Cell(str(row.k)), Cell(named), Cell(lost), Cell(tau), Cell("enough" if row.enough else "", "bold")]


def _say_do(view: View, sheet: Sheet) -> None:
    rows = [row for row in view.tables.say_do if row.revealed is not None or row.chosen_for is not None]
    reasons = [row.message for row in view.tables.say_do[:1] if not rows and row.lines]
    if not rows and not reasons:
        return
    sheet.heading("SAY AND DO (80 % intervals)")
    for reason in reasons:
        sheet.say(f"{reason[:1].upper()}{reason[1:]}.")
    if not rows:
        return
    chosen = any(row.chosen_for for row in rows)
    with_gap = sheet.is_pipe or sheet.width >= WIDE or not chosen
    table: list[Row] = []
    for row in rows:
        told = {"said": _estimate(row.stated), "done": _estimate(row.revealed)}
        told |= {"done - said, pp": _points(row.gap)} if with_gap else {}
        told |= {"chosen for": _odds(row.chosen_for)} if chosen else {}
        cells = [f"{name} {text}" for name, text in told.items()] if sheet.is_pipe else told.values()
        table.append([Cell(view.title("factors", row.factor)), *map(Cell, cells)])
    names = ["said", "done", *(["done - said, pp"] if with_gap else []), *(["chosen for"] if chosen else [])]
    sheet.table(
        [Field("factor"), *(Field(name, 22 if name == "chosen for" else 18, right=True) for name in names)], table
    )
    what = "done: share of the effort of what was chosen"
    odds = "; chosen for: log odds of being chosen per tenth of the range" if chosen else ""
    sheet.say(what + odds, "dim")
    for reason in dict.fromkeys(row.message.partition("; what was chosen for")[2] for row in rows):
        if reason:
            sheet.say(f"What was chosen for{reason}.", "dim")


def _odds(found: Estimate | None) -> str:
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{found.estimate:+.2f} ({words.between(found.low, found.high, 2)})"


def _groups(view: View, sheet: Sheet) -> None:
    """Groups that clearly weigh otherwise than everybody else, and what they would fund instead."""
    apart: dict[str, list[str]] = {}
    names = dict.fromkeys(row.group for row in view.tables.group_weights)
    mirrored = list(names)[1:] if len(names) == 2 else []  # noqa: PLR2004 - of two groups each is what the other is not
    for row in view.tables.group_weights:
        if row.group in mirrored:
            continue
        if row.gap_low > 0 or row.gap_high < 0:
            much = f"{abs(100 * row.gap):.0f} points {'more' if row.gap > 0 else 'less'}"
            apart.setdefault(row.group, []).append(f"{view.title('factors', row.factor)} {much}")
    told = [f"{group} give {listed(gaps)} than the others" for group, gaps in apart.items()]
    told += [
        f"Between {pair.one} and {pair.other} lies {words.share_span(pair.share)} of the weight"
        for pair in view.tables.distances[:MOST_NAMED]
    ]
    for choice in view.tables.group_choices:
        adds, drops = (
            listed((view.title("initiatives", key) for key in keys), 3) for keys in (choice.adds, choice.drops)
        )
        parts = [*([f"would fund {adds}"] if adds else []), *([f"would not fund {drops}"] if drops else [])]
        if parts:
            told.append(f"By the weights of {choice.group} one {' and '.join(parts)}")
    _messages(sheet, "WHO WEIGHS OTHERWISE", told)


def _losers(view: View, sheet: Sheet) -> None:
    by_line: dict[str, list[GroupValueRow]] = {}
    for row in sorted(view.tables.group_values, key=lambda row: -row.risk):
        if row.kind != "side" and row.risk >= words.SURE_LOSS:
            by_line.setdefault(row.line, []).append(row)
    told = [f"{view.title('initiatives', line)}: {_harm(view, rows)}" for line, rows in by_line.items()]
    _messages(sheet, f"WHO LOSES (probability {words.probability(words.SURE_LOSS)} or more)", told[:MOST_LOSERS])
    sheet.left_out(len(told) - MOST_LOSERS, "line")


def _harm(view: View, rows: list[GroupValueRow]) -> str:
    """Who loses by a line, and for whom which guardrail breaks."""
    parts = []
    losers = [_who(view, row) for row in rows if (row.p_loss or 0.0) >= words.SURE_LOSS]
    if losers:
        parts.append(f"a loss for {listed(losers, MOST_NAMED)}")
    broken: dict[str, list[str]] = {}
    for row in rows:
        if row.guardrail is not None and (row.p_breach or 0.0) >= words.SURE_LOSS:
            broken.setdefault(row.guardrail, []).append(_who(view, row))
    parts += [
        f"{view.title('metrics', metric)} worse by more than its margin for {listed(groups, MOST_NAMED)}"
        for metric, groups in broken.items()
    ]
    return "; ".join(parts)


def _who(view: View, row: GroupValueRow) -> str:
    kinds = {"segment": "segments", "stakeholder": "stakeholders"}
    return view.title(kinds[row.kind], row.group) if row.kind in kinds else f"raters ({row.group})"


def _messages(sheet: Sheet, heading: str, told: list[str]) -> None:
    if told:
        sheet.heading(heading)
        for sentence in told:
            sheet.say(f"{sentence[:1].upper()}{sentence[1:]}.")


def _keep(view: View, factor: str | None) -> str:
    return f"; keep {view.title('factors', factor)}" if factor else ""


def _estimate(found: Estimate | None) -> str:
    return "not known" if found is None else _interval(found.estimate, found.low, found.high)


def _interval(middle: float, low: float | None, high: float | None) -> str:
    """A share in percent with its interval, `26 % (20 to 31)`."""
    if low is None or high is None or low == high:
        return words.share(middle)
    places = 0 if high - low >= NARROW else 1
    return (
        f"{words.with_unit(words.figure(100 * middle, places), '%')} ({words.between(100 * low, 100 * high, places)})"
    )


def _points(found: Estimate | None) -> str:
    """A difference of shares in percentage points, `+7 (-8 to 24)`."""
    if found is None or found.low is None or found.high is None:
        return "not known"
    return (
        f"{words.figure(100 * found.estimate, 0, signed=True)} ({words.between(100 * found.low, 100 * found.high, 0)})"
    )

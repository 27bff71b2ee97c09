"""What a ledger line opens to: why this rank, by factor, what was measured, the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.kinds_of_evidence import kinds_of_evidence
from vitalfew.report.layout import Column, items, table
from vitalfew.report.markup import Child, Markup, anchor, tag
from vitalfew.report.rests_on import rests_on
from vitalfew.report.svg import glyph
from vitalfew.results.rows import CandidateLine, ShippedLine

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, PromiseRow

_EVIDENCE = ("Metric", Column("Effect (95 %)", "num"), "", Column("Grade", "nowrap"), "Units", Column("From", "long"))

EXPLAINED = {"why": "In plain words", "change": "What would change it", "ask": "What to ask next"}


def drawer(view: View, line: ShippedLine | CandidateLine) -> Markup:
    """The drawer of one line."""
    left = [tag("h4", "Why it stands here"), items([*facts(view, line), *line.reasons])]
    two = tag("div", tag("div", left), tag("div", _by_factor(view, line)), class_="two")
    return tag(
        "div",
        two,
        _explained(view, line),
        _promises(view, line),
        _kinds(view, line),
        _evidence(view, line),
        _definition(view, line),
        class_="drawer",
    )


def facts(view: View, line: ShippedLine | CandidateLine) -> list[str]:
    """What a run says of a line in figures."""
    said = []
    if line.value is not None:
        said.append(f"Value: {cells.value_words(line.value)}")
    if isinstance(line, ShippedLine) and line.measured is not None:
        found = line.measured
        text = words.change(found.estimate, found.low, found.high, view.unit(found.metric))
        said.append(f"Measured on {view.title('metrics', found.metric)}: {text}, 95 % interval")
    if isinstance(line, CandidateLine) and line.p_best is not None:
        said.append(
            f"P(best buy of all) {words.probability(line.p_best)}, P(in the best plan) {words.probability(line.p_in)}"
        )
    rank = next((row.rank for row in view.tables.ranks if row.line == line.line), None)
    if rank is not None and rank.low is not None and rank.high is not None:
        said.append(
            f"Rank {rank.estimate:.0f} by value for its cost ({rank.low:.0f} to {rank.high:.0f}, 80 % interval)"
        )
    use = view.use_of(view.feature_of(line))
    if use is not None:
        said.append(words.use_sentence(use))
    if line.product:
        said.append(f"Product: {view.title('products', line.product)}")
    if line.team:
        said.append(f"Team: {view.title('teams', line.team)}")
    if isinstance(line, ShippedLine) and line.upkeep:
        said.append(f"Upkeep: {words.of_unit(f'{line.upkeep:g}', view.definitions.policy.cost_unit)} a year")
    return said


def _explained(view: View, line: ShippedLine | CandidateLine) -> Child:
    """Why it stands where it does, what would change that, what to ask next; under one heading each."""
    rows = [row for row in view.tables.reasons if row.line == line.line]
    parts = []
    for kind, heading in EXPLAINED.items():
        said = [row.text for row in rows if row.kind == kind]
        if said:
            parts.append(tag("div", tag("h4", heading), items(said)))
    return tag("div", parts, class_="two") if parts else None


def _by_factor(view: View, line: ShippedLine | CandidateLine) -> Child:
    heading = tag("h4", "By factor")
    if not line.parts:
        return [heading, tag("p", "No effect on a factor is known, so the value cannot be split.", class_="muted")]
    marks = {part.factor: Mark(part.mean, (part.low, part.high)) for part in line.parts}
    axis = axis_over(marks.values())
    rows = []
    for part in line.parts:
        text = words.change(part.mean, part.low, part.high, words.VALUE)
        title = f"{view.title('factors', part.factor)}: {text}, 80 % interval"
        rows.append((view.title("factors", part.factor), text, glyph(axis, marks[part.factor], title)))
    heads = ["Factor", Column("Points (80 %)", "num"), ""]
    return [heading, table(heads, rows, caption="Contributions add up to the value of the line.")]


def _promises(view: View, line: ShippedLine | CandidateLine) -> Child:
    promises = [row for row in view.tables.promises if row.initiative == line.line]
    if not promises:
        return None
    return tag("div", tag("h4", "Promised"), items(_promise(view, row) for row in promises))


def _promise(view: View, row: PromiseRow) -> str:
    where = "" if row.segment == "all" else f" for {view.title('segments', row.segment)}"
    due = f", verdict due {words.date_and_time(row.due)}" if row.due else ""
    who = words.count(row.forecasters, "blind forecast")
    notes = "".join(f"; {note}" for note in row.notes)
    title = view.title("metrics", row.metric)
    if row.locked_at is None:  # forecasting is blind: its numbers stay hidden
        return f"{title}{where}: {who}, not locked yet{due}{notes}"
    text = words.change(row.p50, row.p10, row.p90, view.unit(row.metric))
    locked = f"locked {words.date_and_time(row.locked_at)}, {row.proved}"
    rests = f"; {said}" if (said := rests_on(view, row)) else ""
    no_effect = f"P(no effect) {words.probability(row.p_zero)}"
    return f"{title}{where}: {text} from {who}, {no_effect}; {locked}{due}{rests}{notes}"


def _kinds(view: View, line: ShippedLine | CandidateLine) -> Child:
    found = kinds_of_evidence(view, line.line)
    return tag("div", tag("h4", "Does the evidence agree?"), found) if found else None


def _evidence(view: View, line: ShippedLine | CandidateLine) -> Child:
    experiments = view.experiments_of(line)
    if not experiments:
        return None
    found = [row for e in experiments for row in view.effects_of(e.experiment) if row.segment is None]
    if not found:
        return None
    rows = []
    for row in found:
        mark, text = cells.effect_mark(row), cells.effect_text(row, view)
        title = f"{view.title('metrics', row.metric)}: {text}"
        drawn = cells.on_metric(view, row.metric, mark, title) if mark else None
        link = tag("a", _experiment_title(view, row), href=f"#{anchor('experiment', row.experiment)}")
        how = [link, f" · {row.method}"]
        rows.append((_metric_link(view, row.metric), text, drawn, cells.grade(row.grade), _units(row), how))
    caption = "Treatment minus control; zero is shared, right is better, each metric has its own scale."
    return tag("div", tag("h4", "Evidence"), table(_EVIDENCE, rows, caption=caption))


def _units(row: EffectRow) -> Child:
    return f"{sum(row.n.values()):,}" if row.n else cells.unknown("its source does not say")


def _experiment_title(view: View, row: EffectRow) -> str:
    return next((e.title for e in view.tables.experiments if e.experiment == row.experiment), row.experiment)


def _metric_link(view: View, metric: str) -> Child:
    title = view.title("metrics", metric)
    return tag("a", title, href=f"#{anchor('metric', metric)}") if metric in view.definitions.metrics else title


def _definition(view: View, line: ShippedLine | CandidateLine) -> Markup:
    kind = "features" if line.kind == "feature" else "initiatives"
    made = view.definitions.initiatives.get(line.line)
    serves = f", serves {', '.join(made.serves)}" if made and made.serves else ""
    return tag("p", "Defined as ", tag("code", f"{kind}.{line.line}"), serves, class_="muted small")

"""What one line of the ledger opens to: why it stands where it does, who gains, what would change it, the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.drawer import facts
from vitalfew.report.html_value import bar, extent, swatch
from vitalfew.report.kinds_of_evidence import kinds_of_evidence
from vitalfew.report.rests_on import rests_on
from vitalfew.report.svg import glyph

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.report.axis import Axis
    from vitalfew.report.markup import Markup
    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, GroupValueRow, PromiseRow, Value
    from vitalfew.server.bets.queries.ledger import Line
    from vitalfew.workspace.definitions import Grade

_GROUPS = {"segment": "segments", "stakeholder": "stakeholders"}
_KINDS = {"segment": "segment", "raters": "rater group", "stakeholder": "stakeholder", "side": "side"}
SURE = 0.9
"""Probability from which a group is said to gain or to lose."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one factor contributes; `letter`: how it is marked in the stacked bars."""

    metric: str
    letter: Markup | None
    title: str
    text: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a line means to a group; `says` *gains*, *loses* or *cannot be told*."""

    title: str
    kind: str
    says: str
    text: str
    opens: str | None
    picture: Markup | None
    guardrail: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An effect behind a line."""

    metric: str
    title: str
    text: str
    opens: str | None
    picture: Markup | None
    grade: Grade
    source: str
    source_title: str
    method: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything a line opens to; `stacked` is its value drawn factor by factor, `kinds` of evidence side by side."""

    facts: tuple[str, ...]
    why: tuple[str, ...]
    change: tuple[str, ...]
    ask: tuple[str, ...]
    stacked: Markup | None
    parts: tuple[Part, ...]
    groups: tuple[Concerned, ...]
    promises: tuple[tuple[str, str | None], ...]
    kinds: Markup | None
    effects: tuple[Shown, ...]
    releases: tuple[tuple[str, str], ...]
    serves: tuple[str, ...]


def opened(run: Results, line: Line) -> Opened:
    """What a run says of a line."""
    said = run.explain(line.line)
    view = run.view
    return Opened(
        facts=tuple(dict.fromkeys((*facts(view, line), *line.reasons))),
        why=said.why,
        change=said.change,
        ask=said.ask,
        stacked=_stacked(view, line),
        parts=_parts(view, line),
        groups=_groups(view, line),
        promises=tuple(
            (_promise(view, row), view.page_behind(row)) for row in view.tables.promises if row.initiative == line.line
        ),
        kinds=kinds_of_evidence(view, line.line),
        effects=tuple(_effect(view, row) for row in _effects(view, line)),
        releases=_releases(view, line),
        serves=_serves(view, line),
    )


def _stacked(view: View, line: Line) -> Markup | None:
    factors = list(view.definitions.factors)
    if not line.parts or line.value is None or not factors:
        return None
    axis = axis_over([cells.value_mark(line.value), *(Mark(end) for end in extent(line))])
    return bar(view, line, factors, axis)


def _parts(view: View, line: Line) -> tuple[Part, ...]:
    marks = {part.factor: Mark(part.mean, (part.low, part.high)) for part in line.parts}
    axis = axis_over(marks.values())
    factors = list(view.definitions.factors)
    found = []
    for part in line.parts:
        title, text = view.title("factors", part.factor), words.change(part.mean, part.low, part.high, words.VALUE)
        drawn = glyph(axis, marks[part.factor], f"{title}: {text}, 80 % interval", width=cells.GLYPH)
        letter = swatch(factors.index(part.factor), title) if part.factor in factors else None
        found.append(Part(part.factor, letter, title, text, drawn))
    return tuple(found)


def _groups(view: View, line: Line) -> tuple[Concerned, ...]:
    rows = [row for row in view.tables.group_values if row.line == line.line]
    axis = axis_over(cells.value_mark(row.value) for row in rows if row.value)
    order = list(_KINDS)
    return tuple(_group(view, row, axis) for row in sorted(rows, key=lambda row: order.index(row.kind)))


def _group(view: View, row: GroupValueRow, axis: Axis) -> Concerned:
    kind = _GROUPS.get(row.kind)
    title = view.title(kind, row.group) if kind else row.group
    guard = ""
    if row.guardrail and row.p_breach is not None:
        of = view.title("metrics", row.guardrail)
        guard = f"P({of} worse than its margin) {words.probability(row.p_breach)}"
    opens = view.page_behind(row)
    if row.value is None:
        return Concerned(title, _KINDS[row.kind], _says(row.value), "value not known", opens, None, guard)
    text = words.change(row.value.mean, row.value.low, row.value.high, words.VALUE)
    drawn = glyph(axis, cells.value_mark(row.value), f"{title}: {text}, 80 % interval", width=cells.GLYPH)
    return Concerned(title, _KINDS[row.kind], _says(row.value), text, opens, drawn, guard)


def _says(value: Value | None) -> str:
    if value is None:
        return "cannot be told"
    if value.p_positive >= SURE:
        return "gains"
    return "loses" if value.p_positive <= 1 - SURE else "cannot be told"


def _promise(view: View, row: PromiseRow) -> str:
    title = view.title("metrics", row.metric)
    who = words.count(row.forecasters, "blind forecast")
    due = f", verdict due {words.date_and_time(row.due)}" if row.due else ""
    if row.locked_at is None:  # forecasting is blind: its numbers stay hidden
        return f"{title}: {who}, not locked yet{due}"
    text = words.change(row.p50, row.p10, row.p90, view.unit(row.metric))
    no_effect = f"P(no effect) {words.probability(row.p_zero)}"
    locked = f"locked {words.date_and_time(row.locked_at)}, {row.proved}"
    rests = f"; {said}" if (said := rests_on(view, row)) else ""
    return f"{title}: {text} from {who}, {no_effect}; {locked}{due}{rests}"


def _effects(view: View, line: Line) -> list[EffectRow]:
    every = [row for found in view.experiments_of(line) for row in view.effects_of(found.experiment)]
    return [row for row in every if row.segment is None]


def _effect(view: View, row: EffectRow) -> Shown:
    title, text, mark = view.name_of(row), cells.effect_text(row, view), cells.effect_mark(row)
    drawn = cells.on_metric(view, row.metric, mark, f"{title}: {text}") if mark else None
    source = view.title("experiments", row.experiment)
    return Shown(row.metric, title, text, view.page_behind(row), drawn, row.grade, row.experiment, source, row.method)


def _releases(view: View, line: Line) -> tuple[tuple[str, str], ...]:
    """Releases of what the line is about, with their titles."""
    wanted = {line.line} if line.kind == "initiative" else view.initiatives_on(line.line)
    made = view.definitions.releases.items()
    return tuple((key, view.title("releases", key)) for key, release in made if wanted & set(release.initiatives))


def _serves(view: View, line: Line) -> tuple[str, ...]:
    """What it serves: needs, goals, metrics, by their titles."""
    made = view.definitions.initiatives.get(line.line)
    kinds = ("needs", "objectives", "metrics", "factors")
    found = []
    for purpose in made.serves if made else ():
        kind = next((kind for kind in kinds if purpose in getattr(view.definitions, kind)), None)
        found.append(view.title(kind, purpose) if kind else purpose)
    return tuple(found)

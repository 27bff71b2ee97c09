"""Releases in HTML: every release by every metric, periods around it, placebo dates, who gave what, conflicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.evidence.discoveries import stands_out
from vitalfew.report import cells, words
from vitalfew.report.axis import axis_over
from vitalfew.report.evidence_pictures import periods, placebos
from vitalfew.report.layout import Column, fold, items, section, table
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import glyph
from vitalfew.report.terminal_releases import (
    conflict_sentences,
    contributor,
    day_of,
    releases_headline,
    said_of,
    telling_first,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vitalfew.report.axis import Axis, Mark
    from vitalfew.report.markup import Child
    from vitalfew.report.view import View
    from vitalfew.results.rows import ContributionRow, EffectRow, EventStudyRow

MOST_PICTURES = 16
MOST_OPEN = 10
"""Newest releases that are not folded; nor are those in which something stands out."""
_FEWEST = 5


def releases(view: View) -> Markup | None:
    """The section, once there are releases, contributions or conflicts."""
    tables = view.tables
    if not (tables.release_effects or tables.contributions or tables.conflicts or tables.parts):
        return None
    question = "What changed after each release, whether that can be told from noise, and who gave what at the top."
    parts: list[Child] = [_panel(view), _effects(view), _pictures(view), balance(view)]
    parts += [_contributions(view), _parts(view), _conflicts(view)]
    return section("releases", "Releases", question, *parts)


def _panel(view: View) -> Markup | None:
    """Every release by every metric as small pictures, also where they only describe."""
    rows = view.tables.release_effects
    if not rows:
        return None
    metrics = list(dict.fromkeys(row.metric for row in rows))
    marks = {(row.experiment, row.metric): mark for row in rows if (mark := _mark(view, row)) is not None}
    axes = {metric: axis_over(mark for (_, of), mark in marks.items() if of == metric) for metric in metrics}
    found = {(row.experiment, row.metric): row for row in rows}
    telling = telling_first(view)
    lines: dict[str, list[Child]] = {}
    for key in sorted(telling, key=lambda key: day_of(view, key), reverse=True):
        slots = [(key, metric) for metric in metrics]
        shown = (_cell(view, found[at], marks[at], axes[at[1]]) if at in marks else "" for at in slots)
        lines[key] = [_named(view, key), *shown]
    clear = {key for key, own in telling.items() if any(stands_out(row) for row in own)}
    open_ = {*list(lines)[:MOST_OPEN], *clear}
    heads = ["Release", *(view.title("metrics", metric) for metric in metrics)]
    caption = (
        "Right is better, each metric on a scale of its own. A ring describes only; a dot was held against others."
    )
    parts: list[Child] = [tag("p", releases_headline(view)), _grid(heads, lines, open_, caption)]
    older = lines.keys() - open_
    if older:
        what = words.count(len(older), "older release")
        parts.append(fold(f"{what}; nothing stands out", _grid(heads, lines, older, caption)))
    return tag("div", *parts)


def _grid(heads: Sequence[str], lines: Mapping[str, list[Child]], keys: Collection[str], caption: str) -> Markup:
    """Some of the lines, in their order."""
    body = [line for key, line in lines.items() if key in keys]
    return tag("div", table(heads, body, caption=caption), class_="scroll")


def _mark(view: View, row: EffectRow) -> Mark | None:
    """What is drawn of an effect: turned so that right is better, a ring where nothing tells it from noise."""
    mark = cells.effect_mark(row)
    return None if mark is None else replace(mark.scaled(view.unit(row.metric).good), hollow=mark.thin is None)


def _named(view: View, release: str) -> str:
    day = day_of(view, release)
    title = view.title("releases", release)
    return f"{title}, {day}" if day else title


def _cell(view: View, row: EffectRow, mark: Mark, axis: Axis) -> Child:
    text = cells.effect_text(row, view)
    shape = glyph(axis, mark, f"{view.title('releases', row.experiment)}: {text}", width=cells.GLYPH)
    # On a line of its own: beside the glyph it would move it off the others, whose zeros stand in one line.
    return tag("div", tag("div", shape), tag("strong", "stands out")) if stands_out(row) else shape


def _effects(view: View) -> Markup | None:
    rows = view.tables.release_effects
    if not rows:
        return None
    tested = {(row.release, row.metric): row for row in view.tables.placebos}
    heads = ["Release", "Metric", Column("Change (95 %)", "num"), Column("p", "num"), "Grade"]
    heads += ["", Column("How it was found", "long")]
    body = []
    for row in rows:
        placebo = tested.get((row.experiment, row.metric))
        told = [row.method, *([placebo.message] if placebo else []), *row.notes]
        body.append([
            _named(view, row.experiment),
            view.title("metrics", row.metric),
            cells.opened(view, cells.effect_text(row, view), row),
            _chance(row),
            row.grade,
            said_of(row, placebo),
            items(dict.fromkeys(told)),
        ])  # fmt: skip
    return fold("All numbers", table(heads, body, caption="Each release on each metric."))


def _chance(row: EffectRow) -> Child:
    """The p-value, and the one corrected over all releases and metrics."""
    if row.p_value is None:
        return ""
    alone = words.p_value(row.p_value)
    if row.adjusted_p is None or row.adjusted_p == row.p_value:
        return alone
    return [alone, tag("div", f"{words.p_value(row.adjusted_p)} corrected", class_="muted small")]


def _pictures(view: View) -> Markup | None:
    drawn = [*studies(view), *placebo_pictures(view)]
    if not drawn:
        return None
    return fold("Periods around releases, and placebo dates", tag("div", drawn[:MOST_PICTURES], class_="figures"))


def studies(view: View) -> list[Markup]:
    """Effects by period since each unit got a release, as pictures."""
    found: dict[tuple[str, str], list[EventStudyRow]] = {}
    for row in view.tables.event_study:
        found.setdefault((row.release, row.metric), []).append(row)
    drawn = []
    for (release, metric), rows in found.items():
        title = f"{view.title('releases', release)}: {view.title('metrics', metric)} by period since each unit got it"
        text = f"{title}. Rings come before and should lie around zero; the band holds for all periods at once."
        drawn.append(tag("figure", periods(rows, view.unit(metric), title), tag("figcaption", text)))
    return drawn


def placebo_pictures(view: View) -> list[Markup]:
    """Each release among the days on which nothing was released, as pictures."""
    effects = {(row.experiment, row.metric): row for row in view.tables.release_effects}
    drawn = []
    for row in view.tables.placebos:
        effect = effects.get((row.release, row.metric))
        if effect is None or effect.estimate is None or len(row.placebos) < _FEWEST:
            continue
        title = f"{view.title('releases', row.release)}: {view.title('metrics', row.metric)} against placebo dates"
        picture = placebos(row.placebos, effect.estimate, view.unit(row.metric), title)
        drawn.append(tag("figure", picture, tag("figcaption", f"{title}. {row.message[:1].upper()}{row.message[1:]}.")))
    return drawn


def balance(view: View) -> Markup | None:
    """How alike those who took a release up and those compared with them are."""
    rows = view.tables.balance
    if not rows:
        return None
    heads = ["Release", "Known before", Column("Difference", "num"), Column("After matching", "num"), ""]
    body = [
        [
            view.title("releases", row.release),
            row.covariate,
            words.figure(row.before, 2, signed=True),
            words.figure(row.after, 2, signed=True),
            "balanced" if row.status == "ok" else "not balanced",
        ]
        for row in rows
    ]
    caption = "Standardised mean differences between those who took it up and those compared; below 0.1 is balanced."
    return fold("How alike the compared are", table(heads, body, caption=caption))


def _contributions(view: View) -> Markup | None:
    rows = [row for row in view.tables.contributions if row.contribution is not None]
    if not rows:
        return None
    heads = ["Of", "Kind", "At the top", Column("Gave (95 %)", "num"), "Grade", Column("How it is known", "long")]
    grid = table(heads, [_given(view, row) for row in rows], caption="Errors are carried along the links.")
    return tag("div", tag("h3", "What each gave at the top"), fold(words.count(len(rows), "contribution"), grid),
               class_="sub")  # fmt: skip


def _given(view: View, row: ContributionRow) -> list[Child]:
    found = row.contribution
    told = "" if found is None else words.change(found.estimate, found.low, found.high, view.unit(row.metric))
    way = "what the metric changed by beyond all others" if row.kind == "unexplained" else ""
    way = way or (f"through {words.count(len(row.links), 'link')}" if row.links else "measured on the metric itself")
    return [
        contributor(view, row),
        row.kind,
        view.title("metrics", row.metric),
        told,
        row.grade or "",
        "; ".join((way, *row.notes)),
    ]


def _parts(view: View) -> Markup | None:
    rows = view.tables.parts
    if not rows:
        return None
    heads = ["Change", "Of", "Part", Column("Share in the change (95 %)", "num"), "Method"]
    body = [
        [
            view.title("experiments", row.subject) if row.subject else f"{row.since} to {row.until}",
            view.title("metrics", row.whole),
            view.title("metrics", row.part),
            words.change(row.contribution.estimate, row.contribution.low, row.contribution.high, view.unit(row.whole)),
            row.method,
        ]
        for row in rows
    ]
    return fold("Changes taken apart by formulas", table(heads, body, caption="The parts of a change add up to it."))


def _conflicts(view: View) -> Markup | None:
    told = conflict_sentences(view)
    return tag("div", tag("h3", "Conflicts"), items(told), class_="sub") if told else None

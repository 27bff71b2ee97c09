"""Who works against whom: conflicts by what was released, and team by metric, with the treaties about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.report import cells, words
from vitalfew.report.axis import axis_over
from vitalfew.report.cells import GLYPH
from vitalfew.report.layout import Column, table
from vitalfew.report.link_words import treaty_sentence
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import direction_shape, empty, glyph
from vitalfew.results.words import listed
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.listing import teams_among
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.today import today_in
from vitalfew.server.value.queries import conflicts as queries
from vitalfew.server.value.queries.links import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpResponse

    from vitalfew.evidence.changes import Change
    from vitalfew.pipeline import Results
    from vitalfew.report.axis import Axis, Mark
    from vitalfew.report.markup import Child
    from vitalfew.report.svg import Direction
    from vitalfew.report.view import View
    from vitalfew.results.rows import ConflictRow
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Choices, Field
    from vitalfew.server.value.queries.conflicts import Did

MOST_TEAMS = 8
"""Teams with a column; the filter shows any other."""
_CSV = ("what", "other", "kind", "gains_on", "gain", "gain_low", "gain_high", "loses_on", "loss", "loss_low",
        "loss_high", "adjusted_p", "grade")  # fmt: skip
_TEAMS_CSV = ("team", "metric", "what", "change", "low", "high", "good", "grade")
_MEANINGS = {"gain": "clear gains", "loss": "clear losses", "both": "clear gains and clear losses"}


def conflicts(request: Request) -> HttpResponse:
    """Every conflict by release; below, what the work of each team did to each metric."""
    place = request.place
    run = open_run(place.workspace, request.GET.get("run"))
    context: dict[str, object] = {
        "title": "Conflicts",
        "answers": "Where a change gains on one metric and loses on another, or takes back what an earlier one gained.",
        "any": False,
        "may_agree": place.may(Ability.FACILITATE),
    }
    if run is None:
        return render(request, "value/conflicts.html", context)
    definitions = run.workspace.definitions
    offers = _offers(run)
    wanted = asked(request.GET, definitions, today_in(definitions), *offers)
    rows, did = queries.conflicts(run, wanted), queries.did(run, wanted)
    if request.GET.get("format") == "csv":
        return csv_response("conflicts", _CSV, map(_csv, rows))
    if request.GET.get("format") == "teams-csv":
        return csv_response("teams-by-metric", _TEAMS_CSV, (line for one in did for line in _team_csv(one)))
    chosen = wanted.team and wanted.metric
    context |= {
        "any": bool(run.tables.conflicts or offers["team"]),
        "bar": bar(request, wanted, offers, lambda one: len(queries.conflicts(run, one)) + len(queries.did(run, one))),
        "found": bool(rows or did),
        "conflicts": _table(place.workspace.key, run.view, rows),
        "matrix": None if chosen else _matrix(run.view, did),
        "behind": _behind(place.workspace.key, run.view, did) if chosen else None,
        "treaties": [treaty_sentence(definitions, one) for one in queries.treaties(definitions, did)],
    }
    return render(request, "value/conflicts.html", context)


def _offers(run: Results) -> Mapping[Field, Choices]:
    everything = queries.everything(run)
    named = [one.metric for one in everything]
    named += [metric for row in run.tables.conflicts for metric in (row.gain_metric, row.loss_metric)]
    teams = [one.team for one in everything] + [team for row in run.tables.conflicts for team in row.teams]
    return {"team": teams_among(run.workspace.definitions, teams), "metric": metrics(run, named)}


def _table(workspace: str, view: View, rows: Sequence[ConflictRow]) -> Markup | None:
    """By what was released first; teams are no column, only a filter."""
    if not rows:
        return None
    heads = ["What", "Gains on", Column("Gain (95 %)", "num"), "Loses on", Column("Loss (95 %)", "num"), "Grade"]
    heads += [Column("In words", "long")]
    body: list[Sequence[Child]] = []
    for row in rows:
        gain, loss = (
            cells.whole(words.change(found.estimate, found.low, found.high, view.unit(metric)))
            for metric, found in ((row.gain_metric, row.gain), (row.loss_metric, row.loss))
        )
        body.append((
            _what(workspace, view, row.subject),
            linked(workspace, "metrics", row.gain_metric, view.title("metrics", row.gain_metric)),
            gain,
            linked(workspace, "metrics", row.loss_metric, view.title("metrics", row.loss_metric)),
            loss,
            cells.grade(row.grade),
            row.message,
        ))  # fmt: skip
    caption = "From grade staged up; false discoveries over the workspace are held in check."
    return table(heads, body, caption=caption, class_="evidence-table")


def _what(workspace: str, view: View, key: str) -> Markup:
    kind = "releases" if key in view.definitions.releases else "experiments"
    return linked(workspace, kind, key, view.title(kind, key))


# Team by metric ------------------------------------------------------------------------------------------------------


def _matrix(view: View, did: Sequence[Did]) -> Markup | None:
    """A row per metric that some work clearly moved, a column per team; each cell leads to what is behind it."""
    moved = [one for one in did if one.clear]
    if not moved:
        return None
    many = {team: sum(len(one.clear) for one in moved if one.team == team) for team in {one.team for one in moved}}
    ranked = sorted(many, key=lambda team: (-many[team], team))
    teams = ranked[:MOST_TEAMS]
    of = {(one.metric, one.team): one for one in did}
    marked = sorted({one.metric for one in moved}, key=lambda metric: _order(metric, moved))
    axes = {metric: axis_over(_marks(view, [one for one in did if one.metric == metric])) for metric in marked}
    body = [
        (view.title("metrics", metric), *(_cell(view, of.get((metric, team)), axes[metric]) for team in teams))
        for metric in marked
    ]
    caption = "The clearest change of each team, on one axis per metric; zero is the line, right is better."
    rest = ranked[MOST_TEAMS:]
    if rest:
        caption += f" By the filter: {listed((view.title('teams', team) for team in rest), MOST_TEAMS)}."
    heads = ["Metric", *(view.title("teams", team) for team in teams)]
    return table(heads, body, caption=caption, class_="evidence-table matrix")


def _order(metric: str, moved: Sequence[Did]) -> tuple[bool, int, str]:
    """Metrics that some teams raise and others lower first, then by how much work moved them."""
    here = [one for one in moved if one.metric == metric]
    opposed = any(one.gains for one in here) and any(one.losses for one in here)
    return not opposed, -sum(len(one.clear) for one in here), metric


def _cell(view: View, one: Did | None, axis: Axis) -> Child:
    if one is None:
        return tag("span", "no work measured it", class_="muted small")
    if not one.clear:
        return tag("span", f"{words.count(one.others, 'effect')}, none clear", class_="muted small")
    kind: Direction = "both" if one.gains and one.losses else "gain" if one.gains else "loss"
    change = max(one.clear, key=lambda found: abs(found.good))
    text = cells.effect_text(change.effect, view)
    others = len(one.clear) - 1
    said = f"{view.title('teams', one.team)} on {view.title('metrics', one.metric)}: {_MEANINGS[kind]}"
    parts = [direction_shape(kind), tag("span", text, class_="text"), _glyph(view, change, axis)]
    if others:
        parts.append(tag("span", f"and {others} more", class_="muted small"))
    address = f"?team={one.team}&metric={one.metric}#behind"
    return tag("a", parts, href=address, aria_label=f"{said}, {text}", class_="did")


def _marks(view: View, did: Sequence[Did]) -> list[Mark]:
    found = (cells.effect_mark(change.effect) for one in did for change in one.clear)
    return [mark.scaled(view.unit(did[0].metric).good) for mark in found if mark is not None]


def _glyph(view: View, change: Change, axis: Axis) -> Markup:
    mark, unit = cells.effect_mark(change.effect), view.unit(change.effect.metric)
    if mark is None:
        return empty("no interval", width=GLYPH)
    return glyph(axis, mark.scaled(unit.good), cells.effect_text(change.effect, view), width=GLYPH)


def _behind(workspace: str, view: View, did: Sequence[Did]) -> Markup | None:
    """The releases and experiments of one team on one metric."""
    changes = [change for one in did for change in one.clear]
    if not changes:
        return None
    axis = axis_over(_marks(view, did))
    body = [
        (
            _what(workspace, view, change.effect.experiment),
            direction_shape("gain" if change.good > 0 else "loss"),
            _glyph(view, change, axis),
            cells.opened(view, cells.effect_text(change.effect, view), change.effect),
            cells.grade(change.effect.grade),
        )
        for change in changes
    ]
    others = sum(one.others for one in did)
    caption = "Zero is the line, right is better; losses first." + (
        f" Not clear: {words.count(others, 'more effect')}." if others else ""
    )
    heads = ["What", "Moved it", "", Column("Change (95 %)", "num"), "Grade"]
    return table(heads, body, caption=caption, class_="evidence-table")


# As a file -----------------------------------------------------------------------------------------------------------


def _csv(row: ConflictRow) -> tuple[object, ...]:
    gain, loss = row.gain, row.loss
    return (row.subject, row.other, row.kind, row.gain_metric, gain.estimate, gain.low, gain.high, row.loss_metric,
            loss.estimate, loss.low, loss.high, row.adjusted_p, row.grade)  # fmt: skip


def _team_csv(one: Did) -> list[tuple[object, ...]]:
    lines: list[tuple[object, ...]] = []
    for change in one.clear:
        effect, ends = change.effect, change.effect.interval()
        low, high = (ends.low, ends.high) if ends else (None, None)
        good = "gain" if change.good > 0 else "loss"
        lines.append((one.team, one.metric, effect.experiment, effect.estimate, low, high, good, effect.grade))
    return lines

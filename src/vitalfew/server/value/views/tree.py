"""The value tree, and the card of a metric beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect, render

from vitalfew.report import words
from vitalfew.report.tree_picture import DASHES, LEVELS, tree_picture
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.value.queries.metric_page import metric_page
from vitalfew.server.value.queries.tree import tree as tree_of
from vitalfew.server.value.views import metric_parts as parts

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.report.tree_picture import TreeEdge, TreeNode
    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.tree import Tree

_GRADES = tuple(line for line in DASHES if line not in ("exact", "serves", "untested"))
_CSV = ("this", "moves_this", "how_it_is_known", "by")
_MOST_OPEN, _MOST_EFFECTS = 40, 6


def tree(request: Request) -> HttpResponse:
    """Vision, metrics by level, initiatives, and what moves what."""
    place = request.place
    definitions = loaded(place.workspace).workspace.definitions
    run = open_run(place.workspace, request.GET.get("run"))
    opened = frozenset(request.GET.get("open", "").split(",")[:_MOST_OPEN]) - {""}
    found = tree_of(definitions, run, place.workspace.key, opened)
    titles = {node.name: node.title for node in found.nodes}
    if request.GET.get("format") == "csv":
        rows = ((titles[edge.cause], titles[edge.effect], edge.line, edge.says) for edge in found.edges)
        return csv_response("value_tree", _CSV, rows)
    said = f"Value tree: {words.count(found.metrics, 'metric')}, {words.count(found.initiatives, 'initiative')}"
    context = {
        "title": "Value tree",
        "answers": "How what we do moves what we want; formulas drawn through, influence dashed, grey if never tested.",
        "tree": found,
        "picture": tree_picture(found.nodes, found.edges, said) if found.nodes else None,
        "levels": [(LEVELS[level], rows) for level, rows in _by_level(found)],
        "lines": [(titles[edge.cause], titles[edge.effect], edge) for edge in found.edges if edge.line != "serves"],
        "grades": _GRADES,
        "opened": ",".join(sorted(opened)),
        "all_open": "business,feature,initiatives,system",
    }
    return render(request, "value/tree.html", context)


def _by_level(found: Tree) -> list[tuple[int, list[tuple[TreeNode, list[tuple[str, TreeEdge]]]]]]:
    """The same as a list: each box with what moves it."""
    titles = {node.name: node.title for node in found.nodes}
    causes: dict[str, list[tuple[str, TreeEdge]]] = {}
    for edge in found.edges:
        causes.setdefault(edge.effect, []).append((titles[edge.cause], edge))
    levels: dict[int, list[tuple[TreeNode, list[tuple[str, TreeEdge]]]]] = {}
    for node in found.nodes:
        if node.kind == "more" and node.name.removeprefix("more:") not in ("business", "system", "feature"):
            continue  # how many initiatives there are stands beside the metric they aim at
        levels.setdefault(node.level, []).append((node, causes.get(node.name, [])))
    return sorted(levels.items())


def card(request: Request, key: str) -> HttpResponse:
    """A metric in the drawer: where it stands, what moves it, what it moves."""
    if request.headers.get("HX-Request") != "true":
        return redirect("metric", workspace=request.place.workspace.key, key=key)
    place = request.place
    definitions = loaded(place.workspace).workspace.definitions
    if key not in definitions.metrics:
        raise Http404("no such metric")
    run = open_run(place.workspace, request.GET.get("run"))
    page = metric_page(definitions, run, key)
    unit = words.unit_of(page.metric)
    view = run.view if run else None
    context = {
        "page": page,
        "value": parts.standing_text(page.standing, unit) if page.standing else "",
        "line": parts.small_line(page.weeks, unit, page.title),
        "up": [(view.title("metrics", row.parent), row, parts.slope_words(view, row)) for row in page.up]
        if view
        else [],
        "down": [(view.title("metrics", row.child), row, parts.slope_words(view, row)) for row in page.down]
        if view
        else [],
        "forest": parts.forest(place.workspace.key, view, page, unit, most=_MOST_EFFECTS) if view else None,
    }
    return render(request, "value/tree_card.html", context)

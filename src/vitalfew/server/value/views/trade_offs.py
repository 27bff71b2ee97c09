"""How metrics trade off: effects on both together, at what rate, and whether that is worth it by the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.report import words
from vitalfew.report.axis import Axis, Mark
from vitalfew.report.cells import GLYPH
from vitalfew.report.html_links import trade_off_pictures
from vitalfew.report.layout import Column, table
from vitalfew.report.link_words import agreed_rate, per, slope, trade_off_sentence, worth_it
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import empty, glyph
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.today import today_in
from vitalfew.server.value.queries import links as queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Child
    from vitalfew.report.view import View
    from vitalfew.results.rows import TradeOffRow
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Choices, Field, Filter

_CSV = ("first", "second", "experiments", "correlation", "correlation_low", "correlation_high", "exchange_rate",
        "exchange_low", "exchange_high", "agreed_rate", "p_opposed", "front", "notes")  # fmt: skip
_AXIS = Axis(-1.05, 1.05)


def trade_offs(request: Request) -> HttpResponse:
    """Pairs of metrics, the most opposed first."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    context: dict[str, object] = {
        "title": "Trade-offs",
        "answers": "What a gain on one metric tends to cost on another, and whether that is worth it by the weights.",
    }
    if run is None or not run.tables.trade_offs:
        return render(request, "value/trade_offs.html", context)
    definitions = run.workspace.definitions
    named = (metric for row in run.tables.trade_offs for metric in (row.first, row.second))
    offers: dict[Field, Choices] = {"metric": queries.metrics(run, named)}
    wanted = asked(request.GET, definitions, today_in(definitions), *offers)
    if request.GET.get("format") == "csv":
        return csv_response("trade-offs", _CSV, map(_csv, queries.trade_offs(run, wanted)))
    context |= {"any": True, "bar": bar(request, wanted, offers, lambda one: len(queries.trade_offs(run, one)))}
    workspace = request.place.workspace.key
    name = f"trade-offs of {wanted.metric} at {workspace}"
    return render(
        request, "value/trade_offs.html", context | per_run(run, name, lambda one: _parts(workspace, one, wanted))
    )


def _parts(workspace: str, run: Results, wanted: Filter) -> dict[str, object]:
    rows, view = queries.trade_offs(run, wanted), run.view
    few = [row for row in rows if row.covariance is None]
    told = [row for row in rows if row.covariance is not None]
    return {
        "table": _table(workspace, view, told),
        "pictures": trade_off_pictures(view, told),
        "few": [(f"{view.title('metrics', row.first)} with {view.title('metrics', row.second)}", row.experiments,
                 ", ".join(view.title("experiments", one) for one in row.front)) for row in few],
    }  # fmt: skip


def _table(workspace: str, view: View, rows: Sequence[TradeOffRow]) -> Markup | None:
    """Correlations share an axis from -1 to 1, right is better: both gain together."""
    if not rows:
        return None
    heads = ["One more of this", "with that", "Together", Column("Comes with (95 %)", "num")]
    heads += [Column("P(one costs the other)", "num"), Column("Makes up for it", "num"), "By the weights"]
    body: list[Sequence[Child]] = [
        (
            [linked(workspace, "metrics", row.first, view.title("metrics", row.first)), _per(view, row.first)],
            linked(workspace, "metrics", row.second, view.title("metrics", row.second)),
            _together(view, row),
            slope(view, row.first, row.second, row.exchange_rate) or tag("span", "not known", class_="muted"),
            "" if row.p_opposed is None else words.probability(row.p_opposed),
            agreed_rate(view, row) or tag("span", "not weighed", class_="muted"),
            worth_it(view, row),
        )
        for row in rows
    ]
    caption = (
        "Together: the correlation of true effects in the good direction of both, from −1 to 1, zero is the line."
        " What makes up for it: by the weights, so much of that is worth one more of this."
    )
    return table(heads, body, caption=caption, class_="evidence-table")


def _per(view: View, metric: str) -> Markup:
    return tag("span", f" {per(view, metric)}", class_="muted small")


def _together(view: View, row: TradeOffRow) -> Markup:
    found = row.correlation
    if found is None or found.low is None or found.high is None:
        return empty("; ".join(row.notes) or "its interval is not known", width=GLYPH)
    good = view.unit(row.first).good * view.unit(row.second).good
    mark = Mark(found.estimate, None, (found.low, found.high)).scaled(good)
    return glyph(_AXIS, mark, trade_off_sentence(view, row), width=GLYPH)


def _csv(row: TradeOffRow) -> tuple[object, ...]:
    both = [
        end
        for found in (row.correlation, row.exchange_rate)
        for end in ((found.estimate, found.low, found.high) if found else (None, None, None))
    ]
    return (row.first, row.second, row.experiments, *both, row.agreed_rate, row.p_opposed, "; ".join(row.front),
            "; ".join(row.notes))  # fmt: skip

"""What moves what, in HTML: the graph of metrics, each link with its scatter, chains, trade-offs, proxies, luck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.cells import opened
from vitalfew.report.evidence_pictures import Point, ellipse, scatter
from vitalfew.report.html_horizons import horizons
from vitalfew.report.html_link_methods import methods
from vitalfew.report.layout import Column, fold, items, section, table
from vitalfew.report.link_graph import Edge, link_graph
from vitalfew.report.link_words import (
    STATUS_MEANINGS,
    arrow,
    assumed,
    known_paths,
    link_sentence,
    links_headline,
    luck_sentences,
    own_notes,
    path_sentence,
    per,
    proxy_name,
    slope,
    slope_of,
    slope_unit,
    telling_proxies,
    trade_off_sentence,
    trade_off_sentences,
)
from vitalfew.report.markup import Child, Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, Estimate, LinkRow, PredictedRow, TradeOffRow

MOST_PICTURES = 12
MOST_ROWS = 40
_FEWEST_POINTS = 3
_HELD = "What early metrics foresaw, beside what was measured afterwards."


def knows_moves(view: View) -> bool:
    """Whether anything is known of how metrics move each other, and not of the luck in effects alone."""
    return bool(view.tables.links or view.tables.trade_offs)


def links(view: View) -> Markup | None:
    """The section, once links, trade-offs or effects without luck are known."""
    tables = view.tables
    moves = knows_moves(view)
    if not (moves or tables.shrunk):
        return None
    title = "What moves what" if moves else "What of the effects is luck"
    question = (
        "Which metric moves which, as far as many experiments together tell; and what of their effects is luck."
        if moves
        else "What is left of the effects of many experiments once luck is taken out."
    )
    parts = [graph(view), _links(view), methods(view), scatters(view), chains(view)]
    parts += [trade_offs(view), proxies(view), foreseen(view), horizons(view), luck(view)]
    return section("links", title, question, *(part for part in parts if part))


def graph(view: View) -> Markup | None:
    """Metrics as boxes and links as lines; None without links."""
    rows = view.tables.links
    if not rows:
        return None
    spread = {row.metric: row.spread.estimate for row in view.tables.spreads if row.spread is not None}
    edges = [_edge(view, row, spread) for row in rows]
    names = {key: view.title("metrics", key) for edge in edges for key in (edge.parent, edge.child)}
    drawing = link_graph(names, edges, links_headline(view))
    text = (
        "Causes left of what they move. Solid: exact by formula. Dashed: estimated from experiments, the wider the more"
        " of the child it explains. Dotted grey: never told by data. Numbers: the change for one more of the parent."
    )
    return tag("figure", tag("div", drawing, class_="scroll"), tag("figcaption", text))


def _edge(view: View, row: LinkRow, spread: dict[str, float]) -> Edge:
    explained = 0.2
    if row.estimate is not None and spread.get(row.parent) and spread.get(row.child):
        explained = abs(row.estimate) * spread[row.parent] / spread[row.child]
    unit = slope_unit(view, row.parent, row.child)
    text = "" if row.estimate is None else words.change_parts(row.estimate, row.low, row.high, unit)[0]
    return Edge(row.parent, row.child, row.status, text, explained, link_sentence(view, row))


def _links(view: View) -> Markup | None:
    rows = view.tables.links
    if not rows:
        return None
    heads = ["Link", Column("Moves by (95 %)", "num"), Column("Per one more", "nowrap"), Column("Strength", "num")]
    heads += ["Grade", Column("A scatter says", "num"), Column("What it means", "long")]
    body = [_row(view, row) for row in rows]
    caption = "Strength: how far the effects on the parent stand out from noise; below 2 a link is not identified."
    if any(row.naive for row in rows):
        caption += " Scatter: a line through effects against effects, much of it noise that the metrics share."
    caption = " ".join(filter(None, (caption, assumed(rows))))
    return tag("div", table(heads, body, caption=caption), class_="sub")


def _row(view: View, row: LinkRow) -> list[Child]:
    naive = slope(view, row.parent, row.child, row.naive)
    said = [STATUS_MEANINGS[row.status], *([row.would_take.message] if row.would_take else [])]
    said += own_notes(row, beside_scatter=True)
    return [
        arrow(view, row.parent, row.child),
        opened(view, slope_of(view, row), row),
        per(view, row.parent) if row.estimate is not None else "",
        "" if row.z is None else words.figure(row.z, 1),
        "by definition" if row.status == "exact" else row.grade,
        naive,
        items(said),
    ]


def scatters(view: View, rows: Iterable[LinkRow] | None = None) -> Markup | None:
    """Effects against effects, for all links or some, with the line a scatter suggests and the corrected one."""
    drawn = [
        _scatter(view, row)
        for row in (view.tables.links if rows is None else rows)
        if row.kind == "influence" and row.naive is not None
    ]
    pictures = [part for part in drawn if part is not None]
    if not pictures:
        return None
    note = "Each cross is one experiment with its 95 % intervals. Noise that two metrics share tilts the dashed line."
    shown, rest = pictures[:MOST_PICTURES], len(pictures) - MOST_PICTURES
    more = [tag("p", f"{words.count(rest, 'more link')} only in the table.", class_="notes")] if rest > 0 else []
    return fold(
        "Effects against effects, link by link",
        tag("p", note, class_="notes"),
        tag("div", shown, class_="figures"),
        more,
    )


def _scatter(view: View, row: LinkRow) -> Markup | None:
    points = _points(view, row.parent, row.child)
    if len(points) < _FEWEST_POINTS:
        return None
    factor = slope_unit(view, row.parent, row.child).factor
    naive = None if row.naive is None else row.naive.estimate * factor
    corrected = None if row.estimate is None else row.estimate * factor
    names = (_caption(view, row.parent), _caption(view, row.child))
    title = f"{link_sentence(view, row)} A scatter plot says {slope(view, row.parent, row.child, row.naive)}."
    return tag("figure", scatter(points, (naive, corrected), names, title), tag("figcaption", title))


def _points(view: View, first: str, second: str, front: frozenset[str] = frozenset()) -> list[Point]:
    """Effects of one experiment and arm on two metrics, over all units, in the units shown; `front`: to be ringed.

    Experiments that failed a trust test are left out, as they are of what is drawn beside them.
    """
    failed = {row.experiment for row in view.tables.health if row.status == "failed"}
    found: dict[tuple[str, str], dict[str, EffectRow]] = {}
    for row in view.tables.effects:
        told = row.segment is None and row.estimate is not None and row.se and row.experiment not in failed
        if told and row.metric in (first, second):
            found.setdefault((row.experiment, row.arm), {})[row.metric] = row
    both = {key: pair for key, pair in found.items() if len(pair) == len({first, second})}
    across, up = view.unit(first).factor, view.unit(second).factor
    return [
        Point(
            (pair[first].estimate or 0.0) * across,
            (pair[second].estimate or 0.0) * up,
            1.96 * (pair[first].se or 0.0) * across,
            1.96 * (pair[second].se or 0.0) * up,
            view.title("experiments", key[0]),
            key[0] in front,
        )
        for key, pair in both.items()
    ]


def _caption(view: View, metric: str) -> str:
    unit = view.unit(metric).change
    return f"effect on {view.title('metrics', metric)}{f', {unit}' if unit else ''}"


def chains(view: View) -> Markup | None:
    """What links carry along chains, in sentences."""
    return _named("Along chains", (path_sentence(view, row) for row in known_paths(view)))


def trade_offs(view: View) -> Markup | None:
    """How effects on two metrics go together, in sentences and pictures."""
    rows = view.tables.trade_offs
    if not rows:
        return None
    drawn = trade_off_pictures(view, rows)
    sentences = items(trade_off_sentences(view))
    return tag("div", tag("h3", "Trade-offs"), sentences, fold("As pictures", drawn) if drawn else None, class_="sub")


def trade_off_pictures(view: View, rows: Sequence[TradeOffRow]) -> Markup | None:
    """Effects on both metrics, the ellipse of true ones, the front and the agreed rate, for the first pairs."""
    told = [row for row in rows if row.covariance is not None]
    drawn = [part for row in told[:MOST_PICTURES] if (part := _ellipse(view, row)) is not None]
    if not drawn:
        return None
    said = "Shaded: 95 % of true effects. Ringed: experiments that no other beats on both once luck is out."
    if any(row.agreed_rate is not None for row in told[:MOST_PICTURES]):
        said += " On the dashed line one makes up for the other by the agreed weights."
    return tag("div", tag("p", said, class_="notes"), tag("div", drawn, class_="figures"))


def _ellipse(view: View, row: TradeOffRow) -> Markup | None:
    across, up = view.unit(row.first).factor, view.unit(row.second).factor
    if row.covariance is None or row.covariance[0] <= 0 or row.covariance[2] <= 0:
        return None
    first, both, second = row.covariance
    points = _points(view, row.first, row.second, frozenset(row.front))
    names = (_caption(view, row.first), _caption(view, row.second))
    agreed = None if row.agreed_rate is None else row.agreed_rate * up / across
    shown = (first * across**2, both * across * up, second * up**2)
    said = trade_off_sentence(view, row)
    return tag("figure", ellipse(points, shown, names, said, agreed=agreed), tag("figcaption", said))


def proxies(view: View) -> Markup | None:
    """Which early metrics stand in for later ones, and how well."""
    rows, unknown = telling_proxies(view)
    if not rows and not unknown:
        return None
    heads = ["Early metric", "Stands in for", Column("Quality (95 %)", "num"), Column("Agreement", "num")]
    heads += [Column("Told apart from zero", "num"), "State", Column("Why", "long")]
    body = [
        [
            proxy_name(view, row),
            view.title("metrics", row.target),
            _plain(row.quality),
            "" if row.agreement is None else words.figure(row.agreement, 2, signed=True),
            "" if row.sensitivity is None else words.share(row.sensitivity),
            row.status,
            row.message,
        ]
        for row in rows[:MOST_ROWS]
    ]
    caption = "Quality: how closely what the early metric shows follows the true effect on the late one, 0 to 1."
    grid = table(heads, body, caption=caption) if rows else None
    rest = tag("p", unknown, class_="notes") if unknown else None
    return tag("div", tag("h3", "Early metrics for late ones"), grid, rest, class_="sub")


def foreseen(view: View) -> Markup | None:
    """Effects on metrics that an experiment did not measure, or could not yet."""
    rows = view.tables.predicted
    if not rows:
        return None
    heads = ["Experiment", "Metric", "Horizon", Column("Foreseen (95 %)", "num"), Column("P(up)", "num")]
    heads += [Column("Measured", "num"), "Grade", Column("By", "long")]
    new = [row for row in rows if row.measured is None]
    known = [row for row in rows if row.measured is not None]
    caption = "Effects on metrics that an experiment did not measure, or could not yet."
    grids = [table(heads, [_predicted(view, row) for row in new[:MOST_ROWS]], caption=caption)] if new else []
    if known:
        first = "" if len(known) <= MOST_ROWS else f" The first {MOST_ROWS}."
        held = table(heads, [_predicted(view, row) for row in known[:MOST_ROWS]], caption=f"{_HELD}{first}")
        grids.append(fold(f"{words.count(len(known), 'foreseen effect')} that {_was(len(known))} measured, too", held))
    return tag("div", tag("h3", "Foreseen"), grids, class_="sub")


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _predicted(view: View, row: PredictedRow) -> list[Markup | str | None]:
    return [
        view.title("experiments", row.experiment),
        view.title("metrics", row.metric),
        row.horizon,
        _changed(view, row.metric, row.predicted),
        words.probability(row.p_positive),
        "" if row.measured is None else _changed(view, row.metric, row.measured),
        row.grade,
        "; ".join((row.method, *row.notes)),
    ]


def luck(view: View) -> Markup | None:
    """What is left of effects once luck is taken out."""
    told = [row for row in view.tables.spreads if row.spread is not None]
    if not told:
        return None
    heads = ["Experiment", "Metric", Column("Claimed (95 %)", "num"), Column("Without luck (95 %)", "num")]
    body = [
        [
            view.title("experiments" if row.corpus == "randomised" else "releases", row.experiment),
            view.title("metrics", row.metric),
            _changed(view, row.metric, row.claimed),
            _changed(view, row.metric, row.shrunk),
        ]
        for row in view.tables.shrunk
    ]
    grid = fold("Effect by effect", table(heads, body, caption="Each effect, drawn towards what such changes do."))
    sentences = items(luck_sentences(view, told))
    return tag("div", tag("h3", "What of it is luck"), sentences, grid if body else None, class_="sub")


def _changed(view: View, metric: str, found: Estimate) -> str:
    return words.change(found.estimate, found.low, found.high, view.unit(metric))


def _plain(found: Estimate | None) -> str:
    if found is None:
        return ""
    text = words.figure(found.estimate, 2)
    return text if found.low is None or found.high is None else f"{text} ({words.between(found.low, found.high, 2)})"


def _named(title: str, sentences: Iterable[str]) -> Markup | None:
    found: Sequence[str] = list(sentences)
    return tag("div", tag("h3", title), items(found), class_="sub") if found else None

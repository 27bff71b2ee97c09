"""The inventory of use: which features are used, by how many, how often; *not measured* apart from *not used*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.layout import Column, blank, fold, section, table
from vitalfew.report.markup import Child, Markup, anchor, tag
from vitalfew.report.pictures import Used, concentration, inventory
from vitalfew.results.measured_rows import HARDLY_USED
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import UseRow

_COST = Column("Cost", "extra")
_HEADS = (
    "Feature",
    Column("Reach (95 %)", "num"),
    "",
    Column("Per user, 30 days", "num"),
    Column("Trend", "num"),
    Column("Window", "extra"),
    Column("Of eligible", "extra"),
    _COST,
    "Use",
)


def features(view: View) -> Markup:
    """Reach and frequency of every feature in the window that fits its cadence."""
    question = "Which features are used, by what share of those who could, and how often. Use is not value."
    rows = [row for row in view.tables.use if row.main and row.segment is None]
    if not rows:
        teach = "Once features name their events, this shows reach, frequency and trend, and who hardly uses what."
        return section(
            "features", "Use of features", question, blank(teach, "First step: list features with their events.")
        )
    measured = [row for row in rows if row.measured and row.reach]
    ordered = sorted(measured, key=lambda row: -(row.reach.estimate if row.reach else 0))
    caption = "Sorted by reach. The bar's scale is the square root of the share, so that small shares can be seen."
    costs = {row.feature: cost for row in ordered if (cost := cost_of(view, row.feature))}
    heads = [head for head in _HEADS if costs or head is not _COST]
    listed = table(heads, [_row(view, row, costs) for row in ordered], caption=caption, class_="sticky")
    return section(
        "features", "Use of features", question, use_pictures(view, ordered), tag("div", listed, class_="sub"),
        not_measured(view, [row for row in rows if row not in measured]), reach_by_segment(view, ordered),
    )  # fmt: skip


def use_pictures(view: View, rows: Sequence[UseRow]) -> Markup | None:
    """Reach against frequency, and how concentrated use is."""
    used = [
        Used(view.title("features", r.feature), r.reach.estimate, r.frequency or 0.0, r.users or 0, bool(r.hardly_used))
        for r in rows
        if r.reach is not None
    ]
    if not used:
        return None
    curve, needed = concentration([feature.users * feature.frequency for feature in used])
    hardly = sum(feature.hardly for feature in used)
    left = tag(
        "figcaption", f"{hardly} of {words.count(len(used), 'measured feature')} hardly used (rings in the strip)."
    )
    right = tag(
        "figcaption",
        f"{needed} of {words.count(len(used), 'measured feature')} hold 80 % of all use, a fact of these data.",
    )
    pair = tag("div", tag("figure", inventory(used, HARDLY_USED), left), tag("figure", curve, right), class_="pair")
    return tag("div", pair, tag("p", spent_sentence(view)) if spent_sentence(view) else None)


def spent_sentence(view: View) -> str:
    """What went into features that hardly anybody uses, and what they cost to keep; empty where costs do not say."""
    head, unit = view.headline, view.definitions.policy.cost_unit
    if head is None or not head.hardly_used_cost:
        return ""
    share, kept = head.hardly_used_share, head.hardly_used_upkeep
    why = " (no interval: costs are single numbers, and reach is known well)" if share and share.low is None else ""
    part = "" if share is None else f", {words.share_span(share)} of the cost of all that were judged{why}"
    upkeep = "" if not kept else f"; keeping them costs {words.of_unit(words.significant(kept), unit)} a year"
    took = words.of_unit(words.significant(head.hardly_used_cost), unit)
    return f"Hardly used features took {took} to build{part}{upkeep}."


def _row(view: View, row: UseRow, costs: Mapping[str, str]) -> tuple[Child, ...]:
    reach = row.reach
    moved = None if row.trend is None else words.with_unit(words.figure(100 * row.trend, 1, signed=True), "pp")
    return (
        tag("span", view.title("features", row.feature), id=anchor("feature", row.feature)),
        cells.opened(view, words.share_interval(reach), row) if reach else "",
        cells.used(reach) if reach else None,
        cells.unknown("nobody used it") if row.frequency is None else words.significant(row.frequency, 2),
        moved or cells.unknown("too short a history"),
        f"{row.window_days} days",
        f"{row.users or 0:,} of {row.eligible or 0:,}",
        *([costs.get(row.feature) or cells.unknown("no cost is given")] if costs else []),
        tag("span", words.judged_use(row), class_="nowrap"),
    )


def cost_of(view: View, feature: str) -> str:
    """What a feature cost and costs a year, in figures; empty where nothing is said."""
    found = view.definitions.features.get(feature)
    if found is None:
        return ""
    cost = found.cost.p50 if isinstance(found.cost, Quantiles) else found.cost
    parts = ["" if cost is None else f"{cost:g}", "" if found.upkeep is None else f"{found.upkeep:g} a year"]
    return ", ".join(part for part in parts if part)


def not_measured(view: View, rows: Sequence[UseRow]) -> Markup | None:
    """Features whose use nothing tells, with the reason."""
    if not rows:
        return None
    listed = [(view.title("features", row.feature), row.reason or "no events are defined") for row in rows]
    heads = ["Feature", Column("Why", "long")]
    heading = tag("h3", f"Not measured: {words.count(len(rows), 'feature')}")
    return tag("div", heading, table(heads, listed, caption="Not measured is not the same as not used."), class_="sub")


def reach_by_segment(view: View, ordered: Sequence[UseRow]) -> Markup | None:
    """Reach of every feature in every segment."""
    kept = {row.feature for row in ordered}
    rows = [
        row for row in view.tables.use if row.segment is not None and row.main and row.reach and row.feature in kept
    ]
    if not rows:
        return None
    names = list(dict.fromkeys(row.segment for row in rows if row.segment is not None))
    reach = {(row.feature, row.segment): words.share_interval(row.reach) for row in rows if row.reach}
    heads = ["Feature", *(Column(view.title("segments", name), "num") for name in names)]
    listed = [
        (view.title("features", row.feature), *(reach.get((row.feature, name), "not measured") for name in names))
        for row in ordered
    ]
    return fold(
        "Reach by segment", table(heads, listed, caption="Share of the eligible in each segment, 95 % interval.")
    )

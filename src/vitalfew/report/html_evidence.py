"""What stands behind an experiment's effects: how they became clear, for whom they differ, how metrics are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.curves import cumulative, interval_words, spread
from vitalfew.report.layout import Column, fold, table
from vitalfew.report.markup import Child, Markup, tag
from vitalfew.report.view import ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import BandRow, EffectRow, HeterogeneityRow, QuantilesRow

_DRAWN = 4
"""Pictures of a kind that stand open; the others fold away."""
_FEWEST_DAYS = 2
_TOLD = 5
"""Questions of difference that stand open when nothing is beyond chance."""
BEYOND_CHANCE = 0.05


def over_time(view: View, experiment: str) -> Markup | None:
    """Each main effect day by day, with the interval that holds however often one looks."""
    bands: dict[tuple[str, str], list[BandRow]] = {}
    for row in view.tables.bands:
        if row.experiment == experiment:
            bands.setdefault((row.metric, row.arm), []).append(row)
    arms = len({arm for _, arm in bands}) > 1
    drawn = [_band(view, rows, arms=arms) for rows in bands.values() if len(rows) >= _FEWEST_DAYS]
    told = "The band holds at every look, so it may be read on any day; it is wider than an interval for one look."
    return _pictures("How it became clear", drawn, told)


def _band(view: View, rows: Sequence[BandRow], *, arms: bool) -> Markup:
    last, unit = rows[-1], view.unit(rows[-1].metric)
    name = view.title("metrics", last.metric) + (f" ({last.arm})" if arms else "")
    guard = view.definitions.guardrails.get(last.metric)
    said = f"{name}: {interval_words(last, unit)} after {words.count(len(rows), 'day')}"
    drawn = cumulative(rows, unit, said, margin=guard.margin if guard and guard.segment is None else None)
    return tag("figure", drawn, tag("figcaption", said))


def spreads(view: View, experiment: str) -> Markup | None:
    """How each metric is spread over the units of each arm, where it was measured."""
    found: dict[str, list[QuantilesRow]] = {}
    for row in view.tables.quantiles:
        if row.experiment == experiment and row.segment is None and row.values:
            found.setdefault(row.metric, []).append(row)
    drawn = [_spread(view, metric, rows) for metric, rows in found.items()]
    return _pictures("How the units are spread", drawn, "Thin: 5 to 95 % of them; thick: the middle half; dot: median.")


def _spread(view: View, metric: str, rows: Sequence[QuantilesRow]) -> Markup:
    name = view.title("metrics", metric)
    over = " + ".join(f"{row.n:,}" for row in rows)
    return tag("figure", spread(rows, view.unit(metric), f"{name} by arm"), tag("figcaption", f"{name}, {over}"))


def differences(view: View, experiment: str) -> Markup | None:
    """For whom the effect differs, and which other experiment changes it; reversals first."""
    rows = [row for row in view.tables.heterogeneity if row.experiment == experiment]
    if not rows:
        return None
    ordered = sorted(rows, key=lambda row: (not row.reversal, row.adjusted_p))
    chances = [Column("p", "num"), Column("p, of all asked", "num")]
    heads = ["Effect on", "Differs between", *chances, Column("In words", "long")]
    body = [(_about(view, row), _between(view, row), words.p_value(row.p_value), words.p_value(row.adjusted_p),
             row.message) for row in ordered]  # fmt: skip
    caption = "Tests of no difference; the second p controls the share of false findings over all that was asked here."
    first = max(_TOLD, sum(row.reversal or row.adjusted_p < BEYOND_CHANCE for row in rows))
    if len(body) <= first + 1:
        return tag("div", tag("h4", "Does it differ?"), table(heads, body, caption=caption))
    label = f"Show {words.count(len(body) - first, 'other question')}, none of them beyond chance"
    more = fold(label, table(heads, body[first:], caption=caption))
    return tag("div", tag("h4", "Does it differ?"), table(heads, body[:first], caption=caption), more)


def segments_drawn_in(view: View, effects: Sequence[EffectRow]) -> Markup | None:
    """Effects by segment after they are drawn towards the effect of all units, beside the raw ones."""
    rows = [row for row in effects if row.segment is not None and row.shrunk is not None]
    if not rows:
        return None
    body = [_drawn_in(view, row) for row in rows]
    heads = ["Effect on", "Segment", Column("Measured (95 %)", "num"), Column("Drawn in (95 %)", "num")]
    caption = "Small segments look extreme by chance: drawn in, each lies as near to all units as its data allow."
    return fold("Show segments drawn towards all units", table(heads, body, caption=caption))


def _drawn_in(view: View, row: EffectRow) -> tuple[Child, ...]:
    unit, found, shrunk = view.unit(row.metric), ends(row.intervals, 0.95), row.shrunk
    low, high = found or (None, None)
    unknown = cells.unknown("not enough data")
    measured = unknown if row.estimate is None else words.change(row.estimate, low, high, unit)
    drawn = unknown if shrunk is None else words.change(shrunk.estimate, shrunk.low, shrunk.high, unit)
    return view.title("metrics", row.metric), view.title("segments", row.segment), measured, drawn


def _about(view: View, row: HeterogeneityRow) -> str:
    return f"{view.title('metrics', row.metric)} ({row.arm})"


def _between(view: View, row: HeterogeneityRow) -> str:
    if row.kind == "segments":
        return ", ".join(view.title("segments", key) for key in row.by)
    other, *arm = row.by
    return f"the arms of {view.title('experiments', other)}" + (f": {', '.join(arm)}" if arm else "")


def _pictures(heading: str, drawn: list[Markup], told: str) -> Markup | None:
    if not drawn:
        return None
    more = fold(f"Show {words.count(len(drawn) - _DRAWN, 'more picture')}", drawn[_DRAWN:]) if drawn[_DRAWN:] else None
    shown = tag("div", drawn[:_DRAWN], class_="pair")
    return tag("div", tag("h4", heading), tag("p", told, class_="muted small"), shown, more)

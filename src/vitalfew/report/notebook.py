"""Ledger tables as HTML for notebooks: plain tables that take the notebook's own style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.markup import Markup, tag
from vitalfew.report.view import ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow

_SHIPPED = (
    "Shipped",
    "Promised (80 %)",
    "Measured (95 %)",
    "Value, points (80 %)",
    "Grade",
    "P(vital)",
    "Verdict",
    "Next",
)
_EFFECTS = ("Experiment", "Metric", "Segment", "Arm", "Change (95 %)", "Relative", "p", "Trust tests", "Grade")
_CANDIDATES = ("Candidate", "Value, points (80 %)", "Cost", "P(in plan)", "Grade", "Next")


def notebook_html(view: View) -> str:
    """The ledger as HTML for `_repr_html_`: the headline and two tables, every number with its interval.

    A run without lines, such as that of `vitalfew.analyze`, shows its effects instead.
    """
    sentences = words.headline_sentences(view.headline, view.definitions.policy.cost_unit)
    head = tag("p", tag("strong", f"{sentences[0]}.")) if sentences else None
    if not view.tables.shipped and not view.tables.candidates:
        if effects := _table(_EFFECTS, _effects(view)):
            said = [
                tag("p", tag("strong", f"{row.title}: "), ": ".join(words.decision(row)))
                for row in view.tables.experiments
            ]
            return tag("div", [*said, effects])
        head = tag("p", "The ledger is empty: no feature or initiative is defined yet.")
    found = (head, _table(_SHIPPED, _shipped(view)), _table(_CANDIDATES, _candidates(view)))
    return tag("div", [part for part in found if part])


def effects_html(view: View) -> str:
    """All effects as one table for `_repr_html_`."""
    return _table(_EFFECTS, _effects(view)) or tag("p", "No effect was computed.")


def _effects(view: View) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in view.tables.effects:
        health = view.health_of(row.experiment)
        low, high = ends(row.intervals, 0.95) or (None, None)
        rows.append(
            (
                view.title("experiments", row.experiment),
                view.title("metrics", row.metric),
                view.title("segments", row.segment) if row.segment else "all",
                row.arm,
                words.change(row.estimate, low, high, view.unit(row.metric))
                if row.estimate is not None
                else "; ".join(row.notes),
                words.lift(row) or "unknown",
                _p(row),
                health[0].status if health else "none possible",
                row.grade,
            )
        )
    return rows


def _p(row: EffectRow) -> str:
    """The p-value, and the one corrected over all questions of its family where it is another."""
    told = words.p_value(row.p_value)
    return told if row.adjusted_p in (None, row.p_value) else f"{told} ({words.p_value(row.adjusted_p)} corrected)"


def _shipped(view: View) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for line in view.tables.shipped:
        promise, found, value = line.promised, line.measured, line.value
        rows.append(
            (
                line.title,
                words.change(promise.p50, promise.p10, promise.p90, view.unit(promise.metric)) if promise else "–",
                words.change(found.estimate, found.low, found.high, view.unit(found.metric))
                if found
                else "not measured",
                words.change(value.mean, value.low, value.high, words.BARE_VALUE) if value else "unknown",
                line.grade or "none",
                words.probability(line.p_vital) or "–",
                words.VERDICTS[line.verdict],
                words.NEXT_STEPS[line.recommendation],
            )
        )
    return rows


def _candidates(view: View) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for line in view.tables.candidates:
        value, cost = line.value, line.cost
        rows.append(
            (
                line.title,
                words.change(value.mean, value.low, value.high, words.BARE_VALUE) if value else "unknown",
                f"{cost.p50:g} ({cost.p10:g} to {cost.p90:g})" if cost else "not given",
                words.probability(line.p_in) or "–",
                line.grade or "none",
                words.NEXT_STEPS[line.recommendation],
            )
        )
    return rows


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup | None:
    body = [tag("tr", [tag("td", cell) for cell in row]) for row in rows]
    if not body:
        return None
    return tag("table", tag("thead", tag("tr", [tag("th", head) for head in heads])), tag("tbody", body))

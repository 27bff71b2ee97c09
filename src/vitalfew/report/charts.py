"""A picture as notebooks take it: Vega-Lite where it can be drawn, the same picture as SVG elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.errors import UsageError, suggest
from vitalfew.report import curves, vega
from vitalfew.report.cells import GLYPH, effect_mark, effect_text, on_metric
from vitalfew.report.html import ink
from vitalfew.report.markup import Markup, style_element, tag
from vitalfew.report.svg import label, picture

if TYPE_CHECKING:
    from vitalfew.report.vega import Spec
    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow

Kind = Literal["forest", "cumulative", "spread"]
KINDS: tuple[Kind, ...] = ("forest", "cumulative", "spread")
NAMES, FIGURES, ROW = 230, 220, 24
"""Room for names, for figures and for a row, in pixels."""


@dataclass(frozen=True)
class Chart:
    """A picture: `spec` in Vega-Lite, and an SVG that needs nothing around it."""

    spec: Spec
    drawn: Markup
    title: str

    @property
    def svg(self) -> str:
        """The picture as a file of its own, for light and dark."""
        return alone(self.drawn)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {vega.MIME: self.spec, "image/svg+xml": self.svg, "text/plain": self.title}


def alone(drawn: Markup) -> str:
    """A picture as a file that needs no page around it, for light and dark."""
    head, _, rest = drawn.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{style_element(ink())}{rest}'


def chart(view: View, kind: str, experiment: str, metric: str | None = None) -> Chart:
    """Draw one experiment.

    Args:
        view: the run.
        kind: *forest* (all effects), *cumulative* (one metric day by day), *spread* (one metric over units by arm).
        experiment: its key.
        metric: its key; the first that has such a picture when None.

    Raises:
        UsageError: there is no such kind, experiment or metric, or nothing to draw.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no chart '{kind}'", hint=suggest(kind, KINDS))
    known = list(dict.fromkeys(row.experiment for row in view.tables.effects))
    if experiment not in known:
        raise UsageError(f"no effects of an experiment '{experiment}'", hint=suggest(experiment, known))
    if kind == "forest":
        return _forest(view, experiment, metric)
    return _cumulative(view, experiment, metric) if kind == "cumulative" else _spread(view, experiment, metric)


def _forest(view: View, experiment: str, metric: str | None) -> Chart:
    rows = [row for row in view.effects_of(experiment) if metric in (None, row.metric)]
    if not rows:
        raise _nothing("effects", metric, {row.metric for row in view.effects_of(experiment)})
    title = f"Effects of {view.title('experiments', experiment)}"
    lines = [_line(view, row, place) for place, row in enumerate(rows)]
    width = NAMES + GLYPH + FIGURES
    return Chart(vega.forest(view, rows), picture(title, lines, width=width, height=ROW * len(rows) + 8), title)


def _line(view: View, row: EffectRow, place: int) -> list[Markup]:
    name = view.name_of(row)
    mark, text = effect_mark(row), effect_text(row, view)
    y = ROW * place + 4
    words = [label(NAMES - 8, y + 15, name[:34], "end"), label(NAMES + GLYPH + 8, y + 15, text)]
    if mark is None:
        return words
    drawn = on_metric(view, row.metric, mark, f"{name}: {text}", with_margin=True)
    return [*words, tag("g", drawn, transform=f"translate({NAMES} {y})")]


def _cumulative(view: View, experiment: str, metric: str | None) -> Chart:
    found = [row for row in view.tables.bands if row.experiment == experiment]
    chosen = metric or next((row.metric for row in found), None)
    rows = [row for row in found if row.metric == chosen]
    if not rows or chosen is None:
        raise _nothing("days", metric, {row.metric for row in found})
    arm = rows[0].arm
    unit, guard = view.unit(chosen), view.definitions.guardrails.get(chosen)
    title = f"{view.title('metrics', chosen)} day by day"
    drawn = curves.cumulative(
        [row for row in rows if row.arm == arm], unit, title, margin=guard.margin if guard else None
    )
    return Chart(vega.cumulative(view, rows), drawn, title)


def _spread(view: View, experiment: str, metric: str | None) -> Chart:
    found = [row for row in view.tables.quantiles if row.experiment == experiment and row.segment is None]
    chosen = metric or next((row.metric for row in found), None)
    rows = [row for row in found if row.metric == chosen and row.values]
    if not rows or chosen is None:
        raise _nothing("distribution", metric, {row.metric for row in found})
    title = f"{view.title('metrics', chosen)} by arm"
    return Chart(vega.spread(view, rows), curves.spread(rows, view.unit(chosen), title), title)


def _nothing(what: str, metric: str | None, known: set[str]) -> UsageError:
    about = f" of '{metric}'" if metric else ""
    hint = suggest(metric, sorted(known)) if metric and known else "see `results.tables` for what was measured"
    return UsageError(f"there are no {what}{about} to draw", hint=hint)

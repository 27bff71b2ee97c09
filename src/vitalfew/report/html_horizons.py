"""The short and the long run of what a holdout is kept out of, both on one card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.layout import Column, table
from vitalfew.report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.report.view import View
    from vitalfew.results.rows import Estimate, HorizonRow, HorizonVerdict

VERDICTS: dict[HorizonVerdict, str] = {
    "as_expected": "as expected",
    "more": "more than expected",
    "less": "less than expected",
    "cannot_tell": "too noisy to tell",
    "nothing_expected": "nothing was expected",
}


def horizons(view: View) -> Markup | None:
    """A line per holdout and metric; None without holdouts."""
    rows = view.tables.horizons
    if not rows:
        return None
    heads = ["Kept out of", "Metric", Column("While they ran (95 %)", "num"), Column("Foreseen (95 %)", "num")]
    heads += [Column("The holdout shows (95 %)", "num"), "So it came", Column("Mind", "long")]
    body: list[list[Markup | str | None]] = [
        [
            view.title("experiments", row.holdout),
            view.title("metrics", row.metric),
            _told(view, row, row.short),
            _told(view, row, row.foreseen),
            _told(view, row, row.held),
            VERDICTS[row.verdict],
            "; ".join(row.notes),
        ]
        for row in rows
    ]
    caption = "What experiments brought while they ran, what was foreseen of them, and what those kept out show."
    return tag("div", tag("h3", "Short and long run"), table(heads, body, caption=caption), class_="sub")


def horizon_sentences(view: View, initiative: str | None = None) -> Iterator[str]:
    """The same in sentences; of one initiative where it is named."""
    for row in view.tables.horizons:
        if initiative is None or initiative in row.initiatives:
            parts = [("while they ran", row.short), ("foreseen", row.foreseen)]
            told = [f"{_told(view, row, found)} {when}" for when, found in parts if found is not None]
            before = f"{', '.join(told)}; " if told else ""
            shown = f"the holdout '{view.title('experiments', row.holdout)}' shows {_told(view, row, row.held)}"
            yield f"{view.title('metrics', row.metric)}: {before}{shown}: {VERDICTS[row.verdict]}."


def _told(view: View, row: HorizonRow, found: Estimate | None) -> str:
    return "" if found is None else words.change(found.estimate, found.low, found.high, view.unit(row.metric))

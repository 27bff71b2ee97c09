"""What a first ledger of ideas says in a sentence, and the columns that would tell most next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.connect.words import listed
from vitalfew.results.words import METHODS, count
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.connect.draft import Facts
    from vitalfew.results.rows import ClassicRow, Tables
    from vitalfew.workspace.definitions import Definitions

_OUT, _IN = 0.1, 0.9
_INFLATED = 1.05


def sentences(tables: Tables, facts: Facts, definitions: Definitions) -> Iterator[str]:
    """How sure the order is, and how much of the first score is luck."""
    rows = [row for row in tables.classic if row.p_top is not None and row.rank is not None]
    if not facts.ideas or len(rows) < 2:  # noqa: PLR2004 - an order needs two
        return
    first = max(rows, key=lambda row: row.score or 0.0)
    title, by = definitions.title("initiatives", first.line), METHODS[first.by or "rice"]
    yield f"By {by} '{title}' comes first; it truly is with probability {_share(first.p_first or 0.0)}{_luck(first)}."
    open_ = [row for row in rows if _OUT < (row.p_top or 0.0) < _IN]
    top = "the first" if first.top == 1 else f"the top {first.top}"
    if open_:
        yield (
            f"Whether they belong to {top} cannot be told of {len(open_):,} of {len(rows):,} ideas"
            f" (probability between {percent(_OUT)} and {percent(_IN)}): test these before you build them."
        )


def _share(probability: float) -> str:
    """A probability in per cent that is never quite 0 or 100."""
    return "under 1 %" if probability < 0.01 else "over 99 %" if probability > 0.99 else f"{percent(probability)}"  # noqa: PLR2004 - whole per cents


def _luck(row: ClassicRow) -> str:
    """By how much the first score is too high, as the first of many is also the luckiest."""
    if row.likely is None or row.score is None or row.likely.estimate <= 0:
        return ""
    times = row.score / row.likely.estimate
    return f", and its score is likely {times:.1f} times too high" if times >= _INFLATED else ""


def next_file(facts: Facts, definitions: Definitions) -> str:
    """The columns that would tell most next, and why."""
    if "opinions" in facts.have and not facts.idea_moves:
        names = listed((definitions.title("factors", key) for key in definitions.factors), 4)
        return (
            f"Next, say what each idea does to each factor: columns in the sheet of ideas for {names} (0 to 10), or"
            " rows with title, metric, p10, p50, p90, cost. Only then can it be told whether the disagreement changes"
            " what is funded."
        )
    if facts.idea_metrics and not facts.idea_moves:
        return (
            f"Next, say which few of the {facts.idea_metrics} metrics count as value, at most five"
            " (factors: {KEY: {range: [worst, best]}}): nobody can weigh so many, and without factors nothing is"
            " valued."
        )
    if not facts.idea_moves:
        return (
            "Next, say of the ideas near the top what they should move: columns title, metric, p10, p50, p90, cost."
            " A range of a metric can be held against what came of it; a score never can."
        )
    if "opinions" not in facts.have and facts.idea_moves > 1:
        return (
            "Next, let people weigh the metrics: columns person, role, factor, points. The ideas move"
            f" {count(facts.idea_moves, 'factor')}, and which of them counts how much is anybody's guess so far."
        )
    return (
        "Next, add past results: columns experiment, metric, estimate, se. What earlier ideas brought says how far such"
        " numbers can be believed; then record forecasts with 'vitalfew act forecast'."
    )

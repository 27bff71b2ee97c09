"""What to do next: what the first ledger says in a sentence, and the file that would tell most, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.connect import idea_sentences, opinions, release_sentences, removals
from vitalfew.results.figures import of_unit
from vitalfew.results.measured_rows import HARDLY_USED
from vitalfew.results.words import count
from vitalfew.stats.percent import percent
from vitalfew.stats.shares import wilson
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vitalfew.connect.draft import Facts
    from vitalfew.results.rows import Tables
    from vitalfew.workspace.definitions import Definitions

WINDOWS = (30, 90, 365)


def sentences(tables: Tables, facts: Facts, definitions: Definitions, folder: Path) -> Iterator[str]:
    """Say what was found and what comes next.

    Args:
        tables: what the run computed.
        facts: what the files hold.
        definitions: what was written.
        folder: where it was written.
    """
    yield from _hardly_used(tables, facts)
    yield from _removal(tables, facts, definitions)
    if facts.returning and definitions.features:
        yield f"What a test of removing each feature could find in four weeks: {folder / 'README.md'}"
    yield from _left_out(facts)
    yield from _win_rate(tables, facts, definitions)
    yield from idea_sentences.sentences(tables, facts, definitions)
    yield from opinions.sentences(tables, definitions) if facts.opinions else ()
    yield from release_sentences.sentences(tables, facts, definitions)
    if facts.ideas:
        yield idea_sentences.next_file(facts, definitions)
    else:
        dated = facts.have & {"releases", "series"}
        yield release_sentences.next_file(facts) if dated else _next_file(facts)
    yield f"Look at {folder / 'vitalfew.yaml'}, correct what was guessed, then: vitalfew run {folder}"


# Use ----------------------------------------------------------------------------------------------------------------


def _hardly_used(tables: Tables, facts: Facts) -> Iterator[str]:
    parts = []
    for window in WINDOWS:
        rows = [row for row in tables.use if row.window_days == window and row.segment is None and row.reach]
        few = sum(row.reach is not None and row.reach.estimate < HARDLY_USED for row in rows)
        if rows and facts.days >= window:
            parts.append(f"{few} of {_taken(len(rows), facts)} used by under 5 % over {window} days")
    if parts:
        yield f"Features: {', '.join(parts)}. This is use, not value."
    if facts.days:
        missing = [window for window in WINDOWS if facts.days < window]
        if missing:
            windows = " or ".join(map(str, missing))
            yield f"The data cover {count(facts.days, 'day')}: too few to say it over {windows} days."
    unmeasured = {row.feature for row in tables.use if not row.measured}
    if unmeasured:
        yield f"Not measured (which is not the same as not used): {count(len(unmeasured), 'feature')}."


def _taken(features: int, facts: Facts) -> str:
    """How many features were looked at, and which when not all are there."""
    which = " listed and most used" if "features" in facts.have else " most used"
    return f"the {features}{which} are" if facts.left_out else str(features)


def _left_out(facts: Facts) -> Iterator[str]:
    """Say that the least used events are no features yet, and how they become some."""
    if facts.left_out:
        yield (
            f"Left out: the {count(facts.left_out, 'least used event')}, so nothing above says what reaches fewest."
            " To add more, start again with a list of features (a file with columns name, event), or name them under"
            " `features:` in vitalfew.yaml."
        )


def _removal(tables: Tables, facts: Facts, definitions: Definitions) -> Iterator[str]:
    """The hardly used feature that costs most, or reaches least of all events: the removal to test first."""
    rows = [row for row in tables.use if row.main and row.segment is None and row.hardly_used and row.reach]
    if not rows:
        return
    first = min(rows, key=lambda row: (-_upkeep(definitions, row.feature), row.reach.estimate if row.reach else 1.0))
    title, upkeep = definitions.title("features", first.feature), _upkeep(definitions, first.feature)
    if facts.left_out and not upkeep:
        return  # something that was left out reaches fewer
    because = f"costs {of_unit(f'{upkeep:g}', definitions.policy.cost_unit)}" if upkeep else "reaches fewest"
    reach = first.reach.estimate if first.reach else 0.0
    yield (
        f"Test removing '{title}' first: it {because}, and {_share(reach)} of {first.eligible or 0:,} users used it in"
        f" {first.window_days} days.{removals.said(facts, definitions.features[first.feature].events)}"
    )


def _share(share: float) -> str:
    return f"{100 * share:.2g} %"


def _upkeep(definitions: Definitions, feature: str) -> float:
    found = definitions.features[feature]
    cost = found.cost.p50 if isinstance(found.cost, Quantiles) else found.cost
    return found.upkeep or cost or 0.0


# Past results -------------------------------------------------------------------------------------------------------


def _win_rate(tables: Tables, facts: Facts, definitions: Definitions) -> Iterator[str]:
    if not facts.results:
        return
    judged, wins, losses = 0, 0, 0
    for effect in tables.effects:
        interval = effect.interval()
        if interval is None:
            continue
        metric = definitions.metrics.get(effect.metric)
        sign = -1 if metric is not None and metric.direction == "down" else 1
        judged += 1
        wins += min(sign * interval.low, sign * interval.high) > 0
        losses += max(sign * interval.low, sign * interval.high) < 0
    if not judged:
        yield "No result has an interval, so nothing can be said about wins."
        return
    low, high = wilson(wins, judged)
    won = f"{percent(wins / judged)}, {percent(low)} to {percent(high)}"
    yield (
        f"Win rate: {wins} of {count(judged, 'result')} {'is' if wins == 1 else 'are'} better than nothing at 95 %"
        f" ({won}); {losses} worse, {judged - wins - losses} cannot be told from"
        " nothing. Effects are as given: winners are usually smaller than they look."
    )


# The next file ------------------------------------------------------------------------------------------------------


def _next_file(facts: Facts) -> str:
    have, unit = facts.have, facts.unit or "user_id"
    if have == {"opinions"}:
        return (
            "Next, say how far each factor may swing (`range: [worst, best]`), then add usage events: columns user_id,"
            " time, event. Points say what people want, only data say what they get."
        )
    if "events" in have and "users" not in have:
        return (
            f"Next, add your users: columns {unit}, plan, country (any segment) and an outcome such as retained."
            " Then gaps between segments show, and reach counts those who never came."
        )
    if "events" in have and "features" not in have:
        return (
            "Next, add a list of features: columns name, event, cost, shipped, team, upkeep."
            " Then you see what the hardly used cost, and what is not measured at all."
        )
    if "events" in have and not have & {"results", "aggregates", "exposures", "experiment"}:
        return (
            "Next, add past results: columns experiment, metric, estimate, se (or exposures:"
            f" {unit}, experiment, variant, time). Use says what is touched, only experiments say what it is worth."
        )
    if not have & {"events"} and have & {"features", "users"}:
        return f"Next, add usage events: columns {unit}, time, event. Without them no use is measured."
    if "exposures" in have and not have & {"events", "users"}:
        return (
            f"Next, add what the exposed did: usage events ({unit}, time, event), or users ({unit} and outcomes)."
            " Without them only the sizes of the arms can be tested."
        )
    if "events" not in have:
        return (
            "Next, say which metric counts as value (factors: {KEY: {range: [worst, best]}}), then add usage events:"
            " columns user_id, time, event. Then the ledger shows value beside use."
        )
    return "Next, say which metrics count as value (factors: {KEY: {range: [worst, best]}}) and record a judgement."

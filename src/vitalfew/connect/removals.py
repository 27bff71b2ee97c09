"""What a test of removing a feature could find in four weeks: hide it from half of those who used it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.words import count
from vitalfew.stats.normal import ppf, two_sided
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.connect.draft import Facts

FEWEST = 100
"""Users below which no test is proposed: they could be asked instead."""
_POWER = 0.8


def detectable(sd: float, users: int) -> float:
    """Smallest change of a mean that halves of so many users show with a power of 80 %, looked at once at 95 %."""
    return float((two_sided(0.95) + ppf(_POWER)) * sd * (4 / users) ** 0.5)


def said(facts: Facts, events: tuple[str, ...]) -> str:
    """What a test of removal could find, for the most used of a feature's events; nothing when it is not known."""
    found = max((facts.returning[name] for name in events if name in facts.returning), default=None)
    if found is None:
        return " Hide it from half of its users, and watch what they do instead."
    if found.users < FEWEST:
        return (
            f" Only {count(found.users, 'user')} took it up in four weeks, too few to test: ask them, or take it away"
            " and watch."
        )
    points = 100 * detectable((found.share * (1 - found.share)) ** 0.5, found.users)
    text = (
        f" Hide it from half of the {found.users:,} who use it in four weeks, and watch whether they come back (now"
        f" {percent(found.share)} in the week after): four weeks can show a change of {points:.1f} percentage points"
    )
    if facts.outcome is None:
        return f"{text}."
    shown = _shown(detectable(facts.outcome.sd, found.users), share=facts.outcome.is_share)
    return f"{text}, or of {shown} in {facts.outcome.title}."


def page(facts: Facts, features: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """A table for the workspace's page: what a test of removing each feature could find, most users first."""
    rows = []
    for key, definition in features.items():
        events = definition.get("events")
        names = [str(name) for name in events] if isinstance(events, list) else []
        found = max((facts.returning[name] for name in names if name in facts.returning), default=None)
        if found is not None:
            rows.append((found, str(definition.get("title", key))))
    if not rows:
        return
    outcome = facts.outcome
    yield "## What a test of removal could find\n"
    yield "Hide a feature from half of those who used it in the four weeks before, and compare after four weeks (one"
    yield "look, 95 % confidence, 80 % power). *Came back*: did anything at all in the week after.\n"
    more = f" smallest change of {_cell(outcome.title)} |" if outcome else ""
    yield f"| feature | users in four weeks | came back | smallest change of that |{more}"
    yield f"|---|---:|---:|---:|{'---:|' if outcome else ''}"
    for found, title in sorted(rows, key=lambda row: (-row[0].users, row[1])):
        few = found.users < FEWEST
        change = (
            "too few"
            if few
            else f"{100 * detectable((found.share * (1 - found.share)) ** 0.5, found.users):.1f} points"
        )
        own = (
            ""
            if outcome is None
            else f" {'too few' if few else _shown(detectable(outcome.sd, found.users), share=outcome.is_share)} |"
        )
        yield f"| {_cell(title)} | {found.users:,} | {percent(found.share)} | {change} |{own}"


def _shown(change: float, *, share: bool) -> str:
    return f"{100 * change:.1f} percentage points" if share else f"{change:.3g}"


def _cell(text: str) -> str:
    """A title that breaks no table."""
    return text.replace("|", "\\|").replace("\n", " ")

"""Which groups of raters may be shown: never fewer than five people, and never what a remainder would give away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.judgement.answers import Judgement

FEWEST = 5
"""People whose answers must be merged before anything about them is shown."""
NO_GROUP = "no group"


def shown_groups(judgements: Sequence[Judgement]) -> dict[str, frozenset[str]]:
    """Groups of raters as they may be shown, with their people.

    Groups under five are merged into one. Where even these are under five, the smallest group that could be shown joins
    them: what all weigh, less what the shown groups weigh, would tell the rest.

    Returns:
        Two or more groups of five or more, or nothing.
    """
    by_name: dict[str, set[str]] = {}
    for judgement in judgements:
        by_name.setdefault(judgement.group or NO_GROUP, set()).add(judgement.person)
    large = {name: people for name, people in sorted(by_name.items()) if len(people) >= FEWEST}
    small = {name: people for name, people in sorted(by_name.items()) if len(people) < FEWEST}
    if small:
        if sum(map(len, small.values())) < FEWEST and large:
            name = min(large, key=lambda name: (len(large[name]), name))
            small[name] = large.pop(name)
        large[", ".join(sorted(small))] = set().union(*small.values())
    shown = {name: frozenset(people) for name, people in large.items()}
    return shown if len(shown) > 1 else {}

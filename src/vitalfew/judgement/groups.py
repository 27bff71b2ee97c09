"""Which groups of raters may be shown: never fewer than five people, and never what a remainder would give away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from vitalfew.judgement.answers import Judgement

FEWEST = 5
"""People whose answers must be merged before anything about them is shown."""
NO_GROUP = "no group"


def shown_groups(judgements: Sequence[Judgement]) -> dict[str, frozenset[str]]:
    """Groups of raters as they may be shown, with their people: two or more groups of five or more, or nothing."""
    by_name: dict[str, set[str]] = {}
    for judgement in judgements:
        by_name.setdefault(judgement.group or NO_GROUP, set()).add(judgement.person)
    shown = {", ".join(names): people for names, people in merged(by_name).items()}
    return shown if len(shown) > 1 else {}


def merged(people: Mapping[str, AbstractSet[str]]) -> dict[tuple[str, ...], frozenset[str]]:
    """Merge groups under five into one, so that no group shown, and no remainder, is of fewer.

    Where even the small ones together are under five, the smallest group that could be shown joins them: what is known
    of all, less what is shown of the others, would tell the rest.

    Args:
        people: by the name of their group; a person may be in several.

    Returns:
        People by the names that were merged, larger groups first as named; one group of all when all are too few.

    >>> list(merged({"a": {"1", "2", "3", "4", "5"}, "b": {"6"}, "c": {"7", "8", "9", "10"}}))
    [('a',), ('b', 'c')]
    """
    large: dict[tuple[str, ...], frozenset[str]] = {
        (name,): frozenset(found) for name, found in sorted(people.items()) if len(found) >= FEWEST
    }
    small = {name: found for name, found in sorted(people.items()) if len(found) < FEWEST}
    if small:
        if len(set().union(*small.values())) < FEWEST and large:
            least = min(large, key=lambda names: (len(large[names]), names))
            small[least[0]] = large.pop(least)
        large[tuple(sorted(small))] = frozenset().union(*small.values())
    return large

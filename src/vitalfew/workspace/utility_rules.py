"""What a utility may say of its factor: levels inside the range, and worth that rises towards the good end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.problems import Places


def utilities(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """Report levels of a utility that lie outside of the factor's range, and worth that falls where it should rise."""
    for key, factor in definitions.factors.items():
        utility, (low, high) = factor.utility, sorted(factor.range)
        levels = {"half": utility.half, "target": utility.target}
        inside = f"a level between {low:g} and {high:g}"
        for name, level in levels.items():
            if level is not None and not low < level < high:
                where = places.of_value(("factors", key, "utility", name))
                yield Problem(f"'{name}' is {level:g}, which is no level inside the range of '{key}'", where, inside)
        for at, (level, _) in enumerate(utility.points):
            if not low < level < high:
                where = places.of_value(("factors", key, "utility", "points", at))
                hint = "the ends of the range are worth 0 and 1 and are not named again"
                yield Problem(f"{level:g} is no level inside the range of '{key}'", where, inside, hint)
        metric = definitions.metrics.get(key)
        worths = [worth for _, worth in sorted(utility.points)]
        if metric is not None and worths and worths != sorted(worths, reverse=metric.direction == "down"):
            where = places.of_key(("factors", key, "utility", "points"))
            better = "lower" if metric.direction == "down" else "higher"
            yield Problem(f"worth falls towards the good end of '{key}'", where, f"more worth where it is {better}")

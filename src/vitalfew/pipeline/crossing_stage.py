"""The stage that measures units shared by experiments of different sources; only where there may be such units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.pipeline.context import Stage
from vitalfew.workspace.meetings import meetings

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.pipeline.context import Context
    from vitalfew.results.rows import Tables
    from vitalfew.results.store import Output
    from vitalfew.workspace.definitions import Definitions

_KINDS = ("workspace", "data", "sources", "metrics", "experiments")


def crossing_stages(
    definitions: Definitions,
    behind: Callable[[Definitions, str], tuple[str, ...]],
    measuring: Callable[[Context], object],
) -> tuple[Stage, ...]:
    """The stage, or none.

    Args:
        definitions: the workspace.
        behind: the sources that measuring the experiments of one source reads.
        measuring: what measuring hangs on besides sources and what they are asked for.
    """
    held = dict.fromkeys(definitions.experiments[key].source for pair in meetings(definitions) for key in pair)
    sources = tuple(dict.fromkeys(source for key in held for source in behind(definitions, key)))
    return (Stage("crossings", _KINDS, _compute, sources=sources, other=measuring),) if held else ()


def _compute(context: Context, _: Tables) -> Output:
    from vitalfew.warehouse.crossed_sources import crossed_sources

    found = crossed_sources(context.definitions, context.engine, context.as_of)
    return {"overlaps": found.overlaps, "failed": found.failed}

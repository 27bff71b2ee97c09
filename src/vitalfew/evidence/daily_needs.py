"""Which metrics need a value a day, so that those nobody asks for are not counted from millions of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vitalfew.evidence.bundles import touching
from vitalfew.evidence.contributions import tops
from vitalfew.evidence.release_scale import is_staged
from vitalfew.workspace.formulas import formulas

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions


class Needs(NamedTuple):
    """Metrics whose daily values are asked for; `silent`: those of them that no release names."""

    counted: frozenset[str]
    silent: frozenset[str]


def daily_needs(definitions: Definitions) -> Needs:
    """The metrics that need daily values.

    Those that a release of one date is judged on, or held against; wholes and parts of formulas, whose changes are
    split; and those at the top, whose change is compared with what is known to have caused it. Releases in waves are
    judged on units, not on days.

    Args:
        definitions: the workspace.
    """
    dated = {key: release for key, release in definitions.releases.items() if not is_staged(release)}
    judged = {metric for metric in definitions.metrics if dated.keys() & touching(definitions, metric).keys()}
    judged |= {metric for release in dated.values() for metric in release.controls}
    wholes = formulas(definitions)
    others = {*wholes, *(part for formula in wholes.values() for part in formula.parts), *tops(definitions)}
    named = {metric for release in dated.values() for metric in (*release.metrics, *release.controls)}
    return Needs(frozenset(judged | others), frozenset((judged | others) - named))

"""Which effects are clear gains or losses, when a whole workspace is looked at at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.evidence.roles import sign_of
from vitalfew.stats.normal import cdf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vitalfew.results.rows import EffectRow, HealthRow
    from vitalfew.workspace.definitions import Definitions

STRONG = frozenset({"replicated", "tested", "staged"})


@dataclass(frozen=True, slots=True)
class Change:
    """An effect in the good direction of its metric (`good`), with the p-values of a gain and of a loss.

    They are those of the two-sided test in the effect's mode, so that no finding contradicts the interval beside it.
    """

    effect: EffectRow
    good: float
    p_gain: float
    p_loss: float


def changes(
    definitions: Definitions,
    effects: Iterable[EffectRow],
    health: Iterable[HealthRow],
    wanted: Callable[[EffectRow], bool],
) -> list[Change]:
    """The effects that are wanted: of defined metrics, with a standard error, of grade staged or stronger.

    Experiments that failed a trust test prove nothing against anybody; the check of sample ratios names them.
    """
    broken = {row.experiment for row in health if row.status == "failed"}
    found = []
    for effect in effects:
        if effect.metric not in definitions.metrics or effect.estimate is None or not effect.se:
            continue
        if effect.grade in STRONG and effect.experiment not in broken and wanted(effect):
            good = sign_of(definitions, effect.metric) * effect.estimate
            p_value = 2 * cdf(-abs(good / effect.se)) if effect.p_value is None else effect.p_value
            found.append(Change(effect, good, p_value if good > 0 else 1.0, p_value if good < 0 else 1.0))
    return found


def beyond_doubt(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which of many tests reject, so that any false rejection at all has at most the probability `alpha`.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    from vitalfew.stats.families import holm

    return [bool(p <= alpha) for p in holm(p_values)]


def discoveries(p_values: Sequence[float], rate: float) -> list[bool]:
    """Which of many tests reject, so that of all rejections at most the share `rate` is false on average.

    Where nothing is true, this is as strict as `beyond_doubt`; where much is true, it finds more of it.

    Source: Benjamini & Hochberg (1995), "Controlling the false discovery rate", JRSS B 57(1), procedure (1).
    """
    return [p <= rate for p in adjusted(p_values)]


def adjusted(p_values: Sequence[float]) -> list[float]:
    """P-values of which rejecting those up to a rate keeps the share of false rejections at that rate on average."""
    from vitalfew.stats.families import benjamini_hochberg

    return [float(p) for p in benjamini_hochberg(p_values)]


def losses(found: Sequence[Change], rate: float) -> list[Change]:
    """The changes that are clear losses."""
    clear = discoveries([change.p_loss for change in found], rate)
    return [change for change, kept in zip(found, clear, strict=True) if kept]

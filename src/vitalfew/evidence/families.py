"""P-values corrected over the tests that belong together.

The primary metrics of an experiment times its arms are one family, in which any false success at all has at most the
planned probability. Exploratory metrics, secondary metrics and segments are families of their own, in which the share
of false ones among those found is held down (Benjamini-Hochberg). Guardrails keep their own error budget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.evidence.roles import gate_of
from vitalfew.stats.families import benjamini_hochberg, dunnett, holm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.settings import Setting
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

Family = Literal["primary", "secondary", "exploratory", "segments"]
FALSE_DISCOVERIES = "false-discovery rate (Benjamini-Hochberg)"


@dataclass(frozen=True, slots=True)
class Spread:
    """Squared standard errors of both arms of an effect and its degrees of freedom, for Dunnett's test."""

    control: float
    treatment: float
    df: float


def corrected(
    definitions: Definitions,
    rows: Sequence[EffectRow],
    settings: Mapping[str, Setting],
    spreads: Mapping[int, Spread],
) -> list[EffectRow]:
    """Give every effect that has a p-value its corrected one, and say over what.

    Args:
        definitions: with the guardrails, which stay out.
        rows: effects with their roles.
        settings: how each experiment is judged.
        spreads: by position in `rows`; without them Dunnett's test gives way to Holm's.
    """
    families: dict[tuple[str, Family], list[int]] = {}
    for at, row in enumerate(rows):
        family = _family_of(definitions, row)
        if family is not None and row.p_value is not None:
            families.setdefault((row.experiment, family), []).append(at)
    found = list(rows)
    for (experiment, family), places in families.items():
        some = [rows[at] for at in places]
        p_values = np.array([row.p_value for row in some], dtype=np.float64)
        if family == "primary":
            adjusted, name = _primary(some, p_values, settings.get(experiment), [spreads.get(at) for at in places])
        else:
            adjusted, name = benjamini_hochberg(p_values), f"{family}: {_size(some)}, {FALSE_DISCOVERIES}"
        for at, p_value in zip(places, adjusted, strict=True):
            found[at] = replace(found[at], adjusted_p=float(p_value), family=name)
    return found


def _family_of(definitions: Definitions, row: EffectRow) -> Family | None:
    if row.segment is not None:
        return None if gate_of(definitions, row.metric, row.segment) is not None else "segments"
    return row.role if row.role in ("primary", "secondary", "exploratory") else None


def _primary(
    rows: Sequence[EffectRow], p_values: Floats, setting: Setting | None, spreads: Sequence[Spread | None]
) -> tuple[Floats, str]:
    asked = setting.plan.family if setting is not None and setting.plan is not None else "holm"
    size = f"primary: {_size(rows)}"
    if len(rows) == 1:
        return p_values, size
    if asked == "none":
        return p_values, f"{size}, not corrected, as planned"
    known = [spread for spread in spreads if spread is not None]
    if asked == "dunnett" and len(known) == len(rows) and all(row.mode == "fixed" for row in rows):
        metrics = len({row.metric for row in rows})
        name = f"{size}, Dunnett{', times the number of metrics' if metrics > 1 else ''}"
        return np.minimum(_dunnett(rows, known) * metrics, 1.0), name
    why = " (Dunnett's test is for one look at the end)" if asked == "dunnett" else ""
    return holm(p_values), f"{size}, Holm{why}"


def _dunnett(rows: Sequence[EffectRow], spreads: Sequence[Spread]) -> Floats:
    """Each metric's arms against their common control, `(m,)`."""
    adjusted = np.full(len(rows), np.nan)
    for metric in dict.fromkeys(row.metric for row in rows):
        places = [at for at, row in enumerate(rows) if row.metric == metric]
        some = [spreads[at] for at in places]
        statistics = [(rows[at].estimate or 0.0) / (rows[at].se or np.nan) for at in places]
        parts = (np.array([getattr(spread, name) for spread in some]) for name in ("control", "treatment", "df"))
        adjusted[places] = dunnett(statistics, *parts)
    return adjusted


def _size(rows: Sequence[EffectRow]) -> str:
    """How many tests of what: `2 metrics x 3 arms`, or the number of tests where not every arm has every metric."""
    metrics, arms = len({row.metric for row in rows}), len({row.arm for row in rows})
    if metrics * arms != len(rows):
        return f"{len(rows)} tests"
    told = f"{metrics} metric{'s' if metrics != 1 else ''}"
    return told if arms == 1 else f"{told} x {arms} arms"

"""Effects as one flat table, a row each, for frames and spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from vitalfew.results.basics import Estimate
    from vitalfew.results.effect_rows import EffectRow

_AS_THEY_ARE = (
    "experiment", "metric", "segment", "arm", "control", "estimate", "se", "p_value", "adjusted_p", "margin",
    "p_non_inferior", "p_better", "expected_loss", "mode", "role", "planned", "grade", "method", "check_first",
)  # fmt: skip
_TEXTS = frozenset(
    ("experiment", "metric", "segment", "arm", "control", "mode", "role", "grade", "method", "check_first")
)


def flat_effects(rows: Sequence[EffectRow]) -> pa.Table:
    """A table without nested columns.

    `low` and `high` end the 95 % interval, `low_80` and `high_80` that of 80 %; `relative` is a share of the control's
    level, with the ends of its 95 % interval; `n` and `mean` are those of the control and of the arm; what is not known
    is missing.
    """
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for name in _AS_THEY_ARE:
        kind = pa.string() if name in _TEXTS else pa.bool_() if name == "planned" else pa.float64()
        columns[name] = pa.array([getattr(row, name) for row in rows], kind)
        if name == "estimate":
            columns |= _ends(rows)
    columns["notes"] = pa.array(["; ".join(row.notes) for row in rows], pa.string())
    return pa.table(columns)


def _ends(rows: Sequence[EffectRow]) -> dict[str, pa.Array]:
    import pyarrow as pa

    numbers: dict[str, list[float | None]] = {}
    for confidence, tail in ((0.95, ""), (0.8, "_80")):
        found = [row.interval(confidence) for row in rows]
        numbers[f"low{tail}"] = [None if one is None else one.low for one in found]
        numbers[f"high{tail}"] = [None if one is None else one.high for one in found]
    numbers |= _three("relative", [row.relative for row in rows]) | _three("shrunk", [row.shrunk for row in rows])
    for name in ("n", "mean"):
        for side in ("control", "arm"):
            numbers[f"{name}_{side}"] = [getattr(row, name).get(getattr(row, side)) for row in rows]
    return {
        name: pa.array(values, pa.int64() if name.startswith("n_") else pa.float64())
        for name, values in numbers.items()
    }


def _three(name: str, found: Sequence[Estimate | None]) -> dict[str, list[float | None]]:
    parts = {name: "estimate", f"{name}_low": "low", f"{name}_high": "high"}
    return {key: [None if one is None else getattr(one, part) for one in found] for key, part in parts.items()}

"""Results of experiments in columns: several metrics side by side, or several arms side by side."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.columns import is_numeric
from vitalfew.connect.words import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.connect.kinds import Role
    from vitalfew.connect.look import Look

CONTROL_WORDS = frozenset({"control", "ctrl", "c", "a", "base", "baseline", "con", "kontrolle"})
OTHER_WORDS = frozenset(
    {"treatment", "treat", "trt", "t", "b", "variant", "test", "exp", "var", "treated", "variation"}
)
_PARTS = (kinds.SE, kinds.LOW, kinds.HIGH, kinds.P_VALUE, kinds.ESTIMATE)
_STATISTICS = (kinds.N, kinds.MEAN, kinds.SD, kinds.VARIANCE, kinds.CONVERSIONS)
_CONFIDENCE = re.compile(r"9[05]|99")
_LONGEST = 3


def wide_columns(look: Look, experiment: str) -> dict[str, dict[str, str]]:
    """Columns such as `revenue_lift, revenue_se` by metric and role; only metrics that have an estimate."""
    found: dict[str, dict[str, str]] = {}
    for column in look.columns:
        if column == experiment or not is_numeric(look, column):
            continue
        for role, base in _split(column, _PARTS):
            found.setdefault(base, {}).setdefault(role.key, column)
            break
    return {base: columns for base, columns in found.items() if "estimate" in columns and len(columns) > 1}


def arm_columns(look: Look) -> dict[str, dict[str, str]]:
    """Columns such as `n_control, mean_control, sd_control` by arm and statistic; empty unless two arms are whole."""
    arms = _sides(look)
    whole = {arm: columns for arm, columns in arms.items() if _is_whole(columns)}
    control = [arm for arm in whole if arm in CONTROL_WORDS]
    return (
        {arm: whole[arm] for arm in (*control[:1], *(arm for arm in whole if arm not in control))}
        if (control and len(whole) > 1)
        else {}
    )


def no_spread(look: Look, found: Mapping[str, str]) -> list[str]:
    """What results of arms do not say, so that no interval can be told of them, and what to do; empty where they do.

    Args:
        look: the open file.
        found: its columns by role, where each arm has a row.
    """
    rows = set(found) if {"variant", "n"} <= found.keys() else set()
    says = next((side.keys() for side in _sides(look).values() if "n" in side), rows)
    if not says or {"sd", "variance", "se", "conversions"} & says:
        return []
    if "mean" not in says:
        return ["but no column says what came of each arm: add its mean and sd, or its conversions"]
    how = "add the standard deviation of each arm as sd (of a conversion rate, how many converted as conversions)"
    return [f"but the means come without their spread, and no interval can be told: {how}"]


def _sides(look: Look) -> dict[str, dict[str, str]]:
    """Columns of numbers whose names end, or begin, with an arm: by arm and statistic."""
    arms: dict[str, dict[str, str]] = {}
    for column in look.columns:
        words = tokens(column)
        arm = next((word for word in (words[-1:] + words[:1]) if word in CONTROL_WORDS | OTHER_WORDS), None)
        if arm is None or len(words) < 2 or not is_numeric(look, column):  # noqa: PLR2004 - the statistic and the arm
            continue
        rest = words[:-1] if words[-1] == arm else words[1:]
        role = next((role for role in _STATISTICS if role.rank("".join(rest)) is not None), None)
        if role is not None:
            arms.setdefault(arm, {}).setdefault(role.key, column)
    return arms


def _is_whole(columns: dict[str, str]) -> bool:
    spread = "variance" in columns or "sd" in columns
    return "n" in columns and ("conversions" in columns or ("mean" in columns and spread))


def _split(column: str, roles: tuple[Role, ...]) -> Iterator[tuple[Role, str]]:
    """The roles that the end or the beginning of a name may mean, with the rest of the name."""
    words = tuple(word for word in tokens(column) if not _CONFIDENCE.fullmatch(word))
    cuts = chain.from_iterable(((words[-k:], words[:-k]), (words[:k], words[k:])) for k in range(_LONGEST, 0, -1))
    for part, rest in cuts:
        if rest:
            yield from ((role, "_".join(rest)) for role in roles if role.rank("".join(part)) is not None)

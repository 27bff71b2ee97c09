"""What a sheet says each idea moves: ranges per metric, or a number per factor. They become `scores.moves`."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any

from vitalfew.connect.idea_scores import quantiles_of
from vitalfew.connect.opinions import metric_named
from vitalfew.connect.words import listed, lower_is_better, plain
from vitalfew.decide.classic_chances import INPUT_ERROR
from vitalfew.results.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.idea_rows import Idea, Sheet
    from vitalfew.connect.recognise import Recognised

    Moves = dict[str, dict[str, dict[str, float]]]
    """Quantiles by metric, by initiative."""

_Z90 = 1.2815515655446004
_SCALES = (1.0, 5.0, 10.0, 100.0)
MOST_FACTORS = 10


def add_moves(draft: Draft, file: Recognised, sheet: Sheet, keys: Sequence[str]) -> int:
    """Add what the ideas move to their initiatives, and a range to each factor they move; how many factors these are.

    Args:
        draft: the workspace, with the initiatives.
        file: the sheet as recognised.
        sheet: its rows.
        keys: the initiative of each row.
    """
    if "metric" in file.columns:
        moves = _by_metric(draft, file, sheet.ideas, keys)
    elif any(role.startswith("factor ") for role in file.columns):
        moves = _by_factor(draft, file, sheet.ideas, keys)
    else:
        return 0
    for key, told in moves.items():
        initiative = draft.tree["initiatives"][key]
        initiative["serves"] = list(told)
        initiative.setdefault("scores", {})["moves"] = told
    return len({metric for told in moves.values() for metric in told} & draft.tree["factors"].keys())


def _by_metric(draft: Draft, file: Recognised, ideas: Sequence[Idea], keys: Sequence[str]) -> Moves:
    """Ranges by the metric of each row. The metrics are factors where nobody named others."""
    named = list(dict.fromkeys(idea.metric for idea in ideas if idea.metric and range_of(idea)))
    known = _metrics(draft)
    metrics = {name: known.get(plain(name)) or metric_named(draft, name) for name in named}
    weighed = bool(draft.tree["factors"])
    moves: Moves = {}
    for idea, key in zip(ideas, keys, strict=True):
        told = range_of(idea)
        if idea.metric in metrics and told is not None:
            moves.setdefault(key, {})[metrics[idea.metric]] = told
    for name, metric in metrics.items():
        own = [told[metric] for told in moves.values() if metric in told]
        if _down(draft, metric) and median(each["p50"] for each in own) > 0:
            for each in own:
                each["p10"], each["p50"], each["p90"] = -each["p90"], -each["p50"], -each["p10"]
            file.notes.append(f"less of '{name}' is better, so its numbers are read as so much less of it")
        if metric in draft.tree["factors"] or (not weighed and len(metrics) <= MOST_FACTORS):
            most = max(max(abs(each["p10"]), abs(each["p90"])) for each in own)
            draft.tree["factors"][metric] = {"range": [0, most or 1.0]}
    _say_ranges(draft, [name for name in metrics if metrics[name] in draft.tree["factors"]])
    lost = [name for name in metrics if metrics[name] not in draft.tree["factors"]]
    if lost:
        file.notes.append(f"no factor, so not valued: {listed(lost)}")
    return moves


def range_of(idea: Idea) -> dict[str, float] | None:
    """The range of an idea; of a metric of which less is better it may fall from p10 to p90."""
    own = idea.numbers
    if idea.metric and lower_is_better(idea.metric) and own.get("p10", 0) > own.get("p90", 0):
        own = own | {"p10": own["p90"], "p90": own["p10"]}
    return quantiles_of(own)


def _by_factor(draft: Draft, file: Recognised, ideas: Sequence[Idea], keys: Sequence[str]) -> Moves:
    """A number per factor as a share of its swing, give or take the error of a typed score."""
    roles = [role for role in file.columns if role.startswith("factor ")]
    known = _metrics(draft)
    factors = {role: known[plain(role.removeprefix("factor "))] for role in roles}
    most = max((abs(idea.numbers[role]) for idea in ideas for role in roles if role in idea.numbers), default=1.0)
    scale = next((scale for scale in _SCALES if most <= scale), most)
    moves: Moves = {}
    for idea, key in zip(ideas, keys, strict=True):
        told = {factors[role]: idea.numbers[role] / scale for role in roles if idea.numbers.get(role)}
        if told:
            moves[key] = {metric: _around(-share if _down(draft, metric) else share) for metric, share in told.items()}
    file.notes.append(
        f"numbers per factor are read as shares of its swing, {scale:g} being all of it,"
        f" give or take a factor of {INPUT_ERROR:g}"
    )
    return moves


def _around(share: float) -> dict[str, float]:
    wide = math.exp(_Z90 * math.log(INPUT_ERROR))
    low, high = sorted((share / wide, share * wide))
    return {"p10": round(low, 9), "p50": round(share, 9), "p90": round(high, 9)}


def _metrics(draft: Draft) -> dict[str, str]:
    found: dict[str, Any] = draft.tree["metrics"]
    return {plain(metric.get("title", key)): key for key, metric in found.items()}


def _down(draft: Draft, metric: str) -> bool:
    return bool(draft.tree["metrics"][metric].get("direction") == "down")


def _say_ranges(draft: Draft, names: Sequence[str]) -> None:
    if not names:
        return
    draft.comments["factors",] = (
        "Factors are what counts as value. The files do not say how far each may swing: a range ends at the largest\n"
        "number that any idea claims. Replace it by the [worst, best] value of the metric over the next year."
    )
    draft.notes.append(
        f"{count(len(names), 'factor')} from the ideas ({listed(names)}), each as far as the largest claim:"
        " correct the ranges, points of value hang on them"
    )

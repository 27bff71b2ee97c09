"""Changes of a whole split into what its parts did: by experiment, by release, and between two windows of a series."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData
from vitalfew.evidence.wholes import split
from vitalfew.results.rows import Estimate, FailedRow, PartRow
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.wholes import State
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.formulas import Formula

    Floats = NDArray[np.float64]

WINDOW = 28
"""Days of a window of a series: four of each day of the week."""
_Z95 = two_sided(0.95)
_RULES = {"difference": "differences", "log-mean": "log-mean (LMDI)", "shapley": "average over all orders (Shapley)"}
_NO_COVARIANCE = "; no interval: the source does not say how its metrics vary together"
_ACCOUNT = "; an account of what was measured, day by day, so without an error"


def of_comparisons(
    child: str, formula: Formula, corpus: EffectCorpus, found: Iterable[State], failed: list[FailedRow]
) -> Iterator[PartRow]:
    """Shares of the parts in the effect of each experiment or release; what cannot be split goes to `failed`."""
    for state in found:
        experiment = corpus.experiments[state.at]
        after = state.before + state.change
        try:
            made = split(formula, state.before, after)
        except NotEnoughData as error:
            failed.append(FailedRow("components", f"{child} in {experiment}", str(error)))
            continue
        covariance = made.covariance(*state.errors)
        known = np.isfinite(covariance).all()
        half = _Z95 * np.sqrt(np.clip(np.diag(covariance), 0, None)) if known else None
        for at, (link, part) in enumerate(zip(formula.links, formula.parts, strict=True)):
            share = float(made.shares[at])
            ends = (None, None) if half is None else (share - float(half[at]), share + float(half[at]))
            yield PartRow(
                link=link,
                whole=child,
                part=part,
                subject=experiment,
                arm=corpus.arms[state.at],
                since=None,
                until=None,
                before=float(state.before[at]),
                after=float(after[at]),
                contribution=Estimate(share, *ends),
                method=_RULES[made.rule] + ("" if known else _NO_COVARIANCE),
            )


def of_series(
    definitions: Definitions,
    child: str,
    formula: Formula,
    daily: Mapping[str, Mapping[int, float]],
    today: date,
    failed: list[FailedRow],
) -> Iterator[PartRow]:
    """Shares of the parts in the last change of their series, and in the change around each release.

    A window is compared with the one before it day by day of the week, so that the shares add up to the change of the
    mean of the whole exactly, although a mean of products is no product of means.
    """
    ends: dict[tuple[int, int], None] = {}
    last = _last_common(formula, daily)
    if last is not None:
        ends[last - WINDOW, last] = None
    for release in definitions.releases.values():
        start = release.date.toordinal()
        if release.date + timedelta(days=WINDOW) <= today:
            ends[start - 1, start + WINDOW - 1] = None
    for since, until in ends:
        pair = _pairs(formula, daily, since, until)
        if pair is not None:
            yield from _of_windows(child, formula, pair, (since, until), failed)


def windows(formula: Formula, daily: Mapping[str, Mapping[int, float]]) -> tuple[Floats, Floats] | None:
    """The parts in the last two windows of their series, `(days, n)` each, day of the week against day of the week."""
    last = _last_common(formula, daily)
    return None if last is None else _pairs(formula, daily, last - WINDOW, last)


def _of_windows(
    child: str, formula: Formula, pair: tuple[Floats, Floats], ends: tuple[int, int], failed: list[FailedRow]
) -> Iterator[PartRow]:
    before, after = pair
    since, until = (date.fromordinal(day).isoformat() for day in ends)
    try:
        made = [split(formula, one, other) for one, other in zip(before, after, strict=True)]
    except NotEnoughData as error:
        failed.append(FailedRow("components", f"{child} from {since} to {until}", str(error)))
        return
    shares = np.mean([day.shares for day in made], axis=0)
    rules = "; ".join(dict.fromkeys(_RULES[day.rule] for day in made))
    for at, (link, part) in enumerate(zip(formula.links, formula.parts, strict=True)):
        yield PartRow(
            link=link,
            whole=child,
            part=part,
            subject=None,
            arm=None,
            since=since,
            until=until,
            before=float(before[:, at].mean()),
            after=float(after[:, at].mean()),
            contribution=Estimate(float(shares[at])),
            method=rules + _ACCOUNT,
        )


def _last_common(formula: Formula, daily: Mapping[str, Mapping[int, float]]) -> int | None:
    """The last day on which every part has a value."""
    days = [set(daily.get(part, ())) for part in formula.parts]
    return max(set.intersection(*days), default=None)


def _pairs(
    formula: Formula, daily: Mapping[str, Mapping[int, float]], since: int, until: int
) -> tuple[Floats, Floats] | None:
    """Parts on the days up to `since` and on as many days up to `until`; None where half of these days are missing."""
    pairs = [
        (_on(formula.parts, daily, since - back), _on(formula.parts, daily, until - back))
        for back in range(WINDOW - 1, -1, -1)
    ]
    whole = [(one, other) for one, other in pairs if one is not None and other is not None]
    if len(whole) <= WINDOW // 2:
        return None
    return np.array([one for one, _ in whole]), np.array([other for _, other in whole])


def _on(parts: Sequence[str], daily: Mapping[str, Mapping[int, float]], day: int) -> list[float] | None:
    values = [daily.get(part, {}).get(day) for part in parts]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else None

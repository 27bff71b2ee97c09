"""How the errors of one release's effects on different metrics go together: by their placebos on the same dates.

A campaign or a holiday moves visits and orders on the same days, release or not. The dates that tell how far each
metric strays tell just as well how far they stray together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.forecast_gap import FEWEST_DATES, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import PlaceboRow
    from vitalfew.stats.forecast_gap import Gap

    Floats = NDArray[np.float64]

_DIGITS = 9  # of metrics that are nearly one, what tells them apart lies behind the first few


@dataclass(frozen=True, slots=True)
class Strayed:
    """What a metric of a release did on dates without it: placebos by date, in answer to a question."""

    question: Question
    dates: tuple[int, ...]
    placebos: tuple[float, ...]

    @classmethod
    def of(cls, gap: Gap, question: Question) -> Strayed | None:
        """None where nothing was judged."""
        return None if gap.judged is None else cls(question, gap.dates, tuple(gap.judged.placebos.tolist()))


def with_correlations(
    placebos: Iterable[PlaceboRow], strayed: Mapping[tuple[str, str], Strayed]
) -> tuple[PlaceboRow, ...]:
    """Give each row the correlation of its errors with those of the release's metrics before it.

    Args:
        placebos: of all releases.
        strayed: by release and metric, of those held against other dates.
    """
    rows = tuple(placebos)
    together: dict[tuple[str, Question], list[str]] = defaultdict(list)
    for row in rows:
        own = strayed.get((row.release, row.metric))
        if own is not None:
            together[row.release, own.question].append(row.metric)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for (release, _), metrics in together.items():
        joint = correlations([strayed[release, metric] for metric in metrics])
        for at, metric in enumerate(metrics):
            told = zip(metrics[:at], joint[at].tolist(), strict=False)
            found[release, metric] = {other: round(value, _DIGITS) for other, value in told if np.isfinite(value)}
    return tuple(replace(row, correlation=found.get((row.release, row.metric), {})) for row in rows)


def written(placebos: Floats) -> tuple[float, ...]:
    """Placebos as a run keeps them: to four digits, which a picture shows; many releases have many of them."""
    return tuple(float(f"{value:.4g}") for value in placebos.tolist())


def correlations(strayed: Sequence[Strayed]) -> Floats:
    """Correlation `(g, g)` over the dates that two metrics share; NaN where these are fewer than 20."""
    dates = sorted({date for one in strayed for date in one.dates})
    at = {date: place for place, date in enumerate(dates)}
    values, there = np.zeros((len(strayed), len(dates))), np.zeros((len(strayed), len(dates)))
    for row, one in enumerate(strayed):
        places = [at[date] for date in one.dates]
        values[row, places], there[row, places] = one.placebos, 1.0
    squares = values**2 @ there.T
    enough = (there @ there.T >= FEWEST_DATES) & (squares > 0) & (squares.T > 0)
    scale = np.sqrt(squares * squares.T)
    return np.divide(values @ values.T, scale, out=np.full_like(scale, np.nan), where=enough)

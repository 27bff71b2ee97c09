"""The effect of a date on one series: what came after it, less what the days before foretold.

The forecast is a level, local in time (weekly means, weighted), plus what such stretches of the series usually gain,
plus what series foretell that the date cannot have touched. Nothing is assumed of the noise: how far the gap strays by
chance is read from the same computation on other dates before (`placebo`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.level_noise import has_grown, on_one_level, strays_in_proportion
from vitalfew.stats.placebo import Judged, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BEFORE = 28
"""Days before the date that tell the level."""
FEWEST_DATES, FEWEST_WINDOWS = 20, 13
"""Placebo dates, and windows as long as the one after the date in all of the history, below which nothing is judged."""
MOST_HISTORY = 1096
"""Days of history that are used: a series is not what it was long ago."""
_WEEK = 7
_MEMORIES = (0.0, 0.5, 1.0)  # weight of each earlier week in the level: only the last one, fading, all four alike
_PRESENT = 0.7  # share of the days of a stretch that must have a value
_JUMP = 15.0  # medians from the usual change: ten standard deviations of normal changes
_YEAR = 365
_PER_CONTROL = 4  # windows for each control
_ROUNDING = 1e-12
_STILL = "on no placebo date did the series move at all, so there is nothing to hold a change against"


@dataclass(frozen=True, slots=True)
class Gap:
    """What happened at a date, in the unit of the series.

    Attributes:
        change: mean after it minus the level before it, as it is.
        before: the level before it.
        after: mean after it.
        judged: beside its placebos; None when nothing can be said of chance.
        reason: why not.
        dates: position of the first day of each placebo.
        windows: how many windows that do not overlap the placebo dates cover.
        left_out: placebo dates left out because something else happened in their days.
        jump: the day around which the series moved once as at no other time, as at a launch that nobody named; placebo
            dates there are left out, too. None without one.
        disturbed: placebo dates kept although something else happened there, for lack of others.
        memory: weight of each earlier week in the level, chosen by what the history shows.
        relative: whether changes were held to be in proportion to the level.
        controls: how many controls were used, each by its own standard deviation; too many are averaged into one.
    """

    change: float
    before: float
    after: float
    judged: Judged | None
    reason: str | None
    dates: tuple[int, ...]
    windows: float
    left_out: int
    jump: int | None
    disturbed: int
    memory: float
    relative: bool
    controls: int


@dataclass(frozen=True, slots=True)
class Question:
    """Which date is asked about, in days from the start of the series.

    Attributes:
        day: first day after the change.
        after: days after it that count.
        span: days from the first to the last of several changes that are judged as one; those between do not count.
    """

    day: int
    after: int = 28
    span: int = 0

    @property
    def end(self) -> int:
        """The first day that no longer counts."""
        return self.day + self.span + self.after


def forecast_gap(
    values: Floats,
    question: Question,
    *,
    controls: Sequence[Floats] = (),
    avoid: Sequence[int] | NDArray[np.int64] = (),
    confidences: Sequence[float] = (0.8, 0.95),
) -> Gap:
    """Estimate the effect of a date on one series.

    Args:
        values: one per day, `(days,)`, NaN where missing, up to the end of the days in question at least.
        question: the date.
        controls: series over the same days that the date cannot have touched.
        avoid: days on which something else happened; placebo dates near them are left out where enough remain.
        confidences: of the intervals, as shares.

    Raises:
        NotEnoughData: fewer than 70 % of the days right before or after the date have a value.
        UsageError: the days in question are not among the values, or a control covers other days.

    >>> rng = np.random.default_rng(7)
    >>> series = rng.normal(100, 1, 400) + 2 * (np.arange(400) >= 372)
    >>> found = forecast_gap(series, Question(372))
    >>> round(found.judged.estimate, 1), found.judged.p < 0.05
    (2.0, True)
    """
    if not 0 <= question.day < question.end <= len(values) or any(len(one) != len(values) for one in controls):
        raise UsageError(f"day {question.day} to {question.end}", expected=f"days among {len(values)} of every series")
    first = max(0, question.day - MOST_HISTORY)
    moved = Question(question.day - first, question.after, question.span)
    own = _Stretches.of(values[first:], moved)
    if not np.isfinite(own.changes[:, 0]).all():
        raise NotEnoughData("too many of the days right before or after the date have no value")
    shifts = [_Stretches.of(one[first:], moved) for one in controls]
    usable = [one for one in shifts if np.isfinite(one.changes[:, 0]).all()]
    return _gap(own, usable, moved, np.sort(np.asarray(avoid, dtype=np.int64)) - first, confidences, first)


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Changes of a series at dates a week apart; the first is the one in question, the others come before it.

    `changes` and `levels` `(memories, dates)`; `after` `(dates,)`.
    """

    dates: NDArray[np.int64]
    changes: Floats
    levels: Floats
    after: Floats
    relative: bool

    @classmethod
    def of(cls, values: Floats, question: Question) -> _Stretches:
        plain = _without_weekdays(values, question.day)
        last = question.day - (question.end - question.day)
        dates = np.concatenate([[question.day], np.arange(last, BEFORE - 1, -_WEEK)]).astype(np.int64)
        start = dates + question.span
        after = _means(plain, start, start + question.after)
        weeks = np.stack([_means(plain, dates - at - _WEEK, dates - at) for at in range(0, BEFORE, _WEEK)])
        levels = np.stack([_level(weeks, memory) for memory in _MEMORIES])
        changes = after - levels
        past = values[: question.day]
        grown = has_grown(past, levels[:, np.isfinite(levels).all(axis=0)].ravel())
        relative = grown and strays_in_proportion(past)
        if grown:
            pairs = zip(changes, levels, strict=True)
            changes = np.stack([on_one_level(*pair, in_proportion=relative) for pair in pairs])
        return cls(dates, changes, levels, after, relative)


def _without_weekdays(values: Floats, day: int) -> Floats:
    """Take out how the days of the week differ from the week around them, by the days before the date."""
    wide = np.lib.stride_tricks.sliding_window_view(values[:day], _WEEK) if day >= _WEEK else np.empty((0, _WEEK))
    away = values[3 : 3 + len(wide)] - wide.mean(axis=1)
    table = np.full((len(away) + 3 + _WEEK) // _WEEK * _WEEK, np.nan)
    table[3 : 3 + len(away)] = away
    usual = _medians(table.reshape(-1, _WEEK))
    return values - np.tile(usual - usual.mean(), len(values) // _WEEK + 1)[: len(values)]


def _medians(table: Floats) -> Floats:
    """Median of each column, of what is there; 0 where nothing is."""
    count = np.isfinite(table).sum(axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, len(table) - 1)
    ordered, columns = np.sort(table, axis=0), np.arange(table.shape[1])  # missing ones come last
    middle = (ordered[low, columns] + ordered[high, columns]) / 2
    return np.where(count > 0, middle, 0.0)


def _means(values: Floats, start: NDArray[np.int64], end: NDArray[np.int64]) -> Floats:
    """Mean of the days of each stretch; NaN where too few of them have a value."""
    there = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, values - _middle(values), 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    days = count[end] - count[start]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (total[end] - total[start]) / days + _middle(values)
    return np.where(days >= _PRESENT * (end - start), means, np.nan)


def _middle(values: Floats) -> float:
    """A number near all values, so that sums of them lose no digits."""
    there = values[np.isfinite(values)]
    return float(there[0]) if len(there) else 0.0


def _level(weeks: Floats, memory: float) -> Floats:
    """The level before each date from the weeks before it, the nearest first."""
    weights = np.array([memory**at if at else 1.0 for at in range(len(weeks))])
    kept = weights > 0
    return np.asarray(np.average(weeks[kept], axis=0, weights=weights[kept]))


def _gap(
    own: _Stretches,
    shifts: Sequence[_Stretches],
    question: Question,
    avoid: NDArray[np.int64],
    confidences: Sequence[float],
    first: int,
) -> Gap:
    whole = np.isfinite(own.changes).all(axis=0)
    whole[0] = False
    for shift in shifts:
        whole &= np.isfinite(shift.changes).all(axis=0)
    calm = whole & ~_touched(own.dates, question, avoid)
    kept = calm if _enough(own.dates[calm], question)[0] else whole
    enough, windows = _enough(own.dates[kept], question)
    jumped = _jumped(own, question, kept) if enough else np.zeros_like(kept)
    if jumped.any():
        kept = kept & ~jumped
        windows = _enough(own.dates[kept], question)[1]
    judged = [_judged(own, shifts, memory, kept, windows, confidences) for memory in range(len(_MEMORIES)) if enough]
    still = enough and any(one.se <= _ROUNDING * abs(float(own.after[0])) for one in judged)
    best = len(_MEMORIES) // 2
    if kept.any():
        left = [float(one.placebos.var()) for one in judged] or own.changes[:, kept].var(axis=1).tolist()
        best = int(np.argmin(left)) if kept.sum() > 1 else best
    return Gap(
        change=float(own.changes[best, 0]),
        before=float(own.levels[best, 0]),
        after=float(own.after[0]),
        judged=judged[best] if enough and not still else None,
        reason=_STILL if still else None if enough else _too_few(question, int(kept.sum())),
        dates=tuple((own.dates[kept] + first).tolist()),
        windows=windows,
        left_out=int((whole & ~kept & ~jumped).sum()),
        jump=int(np.median(own.dates[jumped])) + first if jumped.any() else None,
        disturbed=int((kept & ~calm).sum()),
        memory=_MEMORIES[best],
        relative=own.relative,
        controls=len(judged[best].slopes) if enough else 0,
    )


def _judged(
    own: _Stretches,
    shifts: Sequence[_Stretches],
    memory: int,
    kept: NDArray[np.bool_],
    windows: float,
    confidences: Sequence[float],
) -> Judged:
    """The change by one way to tell the level, beside its placebos."""
    steps = _steps(shifts, memory, int((windows - 1) / _PER_CONTROL), kept)
    here, there = (steps[:, 0], steps[:, kept]) if len(steps) else (None, None)
    changes = own.changes[memory]
    return judge(float(changes[0]), changes[kept], windows, controls=there, moved=here, confidences=confidences)


def _touched(dates: NDArray[np.int64], question: Question, avoid: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Placebo dates with something else in the days that they compare; `avoid` is in order."""
    first = np.searchsorted(avoid, dates - BEFORE, side="right")
    return np.asarray(np.searchsorted(avoid, dates + question.end - question.day, side="left") > first)


def _jumped(own: _Stretches, question: Question, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Placebo dates around the one time that the series moved as at no other: how it strays is told by the others.

    Not so where it jumped more than once, for then it does; at the same time of another year, for it may again; and in
    days that are compared with those in question.
    """
    changes, dates = own.changes[-1], own.dates
    away = np.abs(changes - np.median(changes[kept]))
    far = dates[kept & (away > _JUMP * np.median(away[kept]))]
    none = np.zeros_like(kept)
    if not len(far):
        return none
    reach = BEFORE + question.end - question.day
    years = question.day - _YEAR * np.arange(MOST_HISTORY // _YEAR + 1)
    if far.max() - far.min() >= reach or (np.abs(np.median(far) - years) < reach).any():
        return none
    # It is in the days of dates beyond those that it moved far, too; half a week, since dates are a week apart.
    wide = max(BEFORE, question.after) + (question.span + _WEEK) / 2
    jumped = kept & (np.abs(dates - (far.min() + far.max()) / 2) < wide)
    return jumped if (kept & ~jumped).sum() >= FEWEST_DATES else none


def _enough(dates: NDArray[np.int64], question: Question) -> tuple[bool, float]:
    """Whether placebo dates are enough to judge by, and how many windows that do not overlap they cover."""
    covered = int(np.minimum(-np.diff(dates), question.after).sum()) + question.after if len(dates) else 0
    # Dates are a week apart, so up to six days of a history lie before the first of them.
    history = covered + BEFORE + question.span + _WEEK - 1
    enough = len(dates) >= FEWEST_DATES and history >= FEWEST_WINDOWS * question.after
    # Changes bundled over a span of days reach from the level before all to the mean after all.
    return enough, covered / (question.after + question.span)


def _too_few(question: Question, dates: int) -> str:
    needed = max(FEWEST_WINDOWS * question.after, BEFORE + question.end - question.day + (FEWEST_DATES - 1) * _WEEK)
    history = min(question.day, MOST_HISTORY)
    counted = "one placebo date" if dates == 1 else f"{dates} placebo dates"
    return f"{history} days of history, {needed} without gaps are needed to tell a change from noise ({counted})"


def _steps(shifts: Sequence[_Stretches], memory: int, most: int, kept: NDArray[np.bool_]) -> Floats:
    """Changes of the controls, `(k, dates)`; where there are more than the history bears, their standardised mean."""
    steps = np.array([shift.changes[memory] for shift in shifts])
    if len(steps) == 0 or most == 0:
        return np.empty((0, len(kept)))
    spread = steps[:, kept].std(axis=1)
    steps = steps[spread > 0] / spread[spread > 0, None]
    return steps if len(steps) <= most else steps.mean(axis=0, keepdims=True)

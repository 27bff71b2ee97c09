"""Simulated arms of many experiments at once, as the moments and order statistics that a warehouse would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats import Moments
from vitalfew.stats.quantiles import design_effect, probabilities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Inverse = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Read:
    """Order statistics of one arm."""

    n: int
    probabilities: tuple[float, ...]
    values: tuple[float, ...]
    design_effect: float = 1.0


@dataclass(frozen=True, slots=True)
class Lives:
    """Times to an event of one arm."""

    units: int
    times: tuple[float, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]


def moments(columns: Mapping[str, Floats]) -> list[Moments]:
    """Moments of every run, from columns `(runs, units)`."""
    names = tuple(columns)
    values = np.stack([columns[name] for name in names], axis=1)
    units = values.shape[2]
    shift = values[:, :, 0].copy()
    values = values - shift[:, :, None]
    mean = values.mean(axis=2)
    values -= mean[:, :, None]
    cross = values @ values.transpose(0, 2, 1)
    third = (values**3).sum(axis=2)
    low, high = values.min(axis=2) + mean, values.max(axis=2) + mean
    square = np.repeat(mean[:, :, None], len(names), axis=2)
    n = np.full((len(names), len(names)), float(units))
    return [
        Moments(names, n, shift[at], square[at], cross[at], units, third[at], low[at], high[at])
        for at in range(len(values))
    ]


def shares(counts: NDArray[np.int64], n: int) -> list[Moments]:
    """Moments of a 0/1 column of every run, from how many of `n` units are 1."""
    zero, units = np.zeros(1), np.full((1, 1), float(n))
    share = counts / n
    squares = counts * (1 - share)
    third = counts * (1 - share) * (1 - 2 * share)
    ends = (np.zeros(1), np.ones(1))
    return [
        Moments(("y",), units, zero, np.array([[p]]), np.array([[s]]), n, np.array([t]), *ends)
        for p, s, t in zip(share.tolist(), squares.tolist(), third.tolist(), strict=True)
    ]


def sessions(
    rng: np.random.Generator, size: tuple[int, int], most: int, correlation: float, share: float
) -> dict[str, Floats]:
    """Clicks and sessions of users, and the same before; sessions of a user alike (intraclass correlation)."""
    visits = rng.integers(1, most + 1, size).astype(np.float64)
    before = rng.integers(1, most + 1, size).astype(np.float64)
    chance = np.full(size, share)
    if correlation:
        spread = 1 / correlation - 1
        chance = rng.beta(share * spread, (1 - share) * spread, size)
    clicks, earlier = (rng.binomial(v.astype(np.int64), chance).astype(np.float64) for v in (visits, before))
    return {"y": clicks, "d": visits, "y/before": earlier, "d/before": before}


def clusters(
    rng: np.random.Generator, size: tuple[int, int], sizes: tuple[int, int], correlation: float, mean: float
) -> dict[str, Floats]:
    """Sums and numbers of units of clusters whose units are alike (intraclass correlation), standard deviation 1."""
    units = rng.integers(sizes[0], sizes[1] + 1, size).astype(np.float64)
    own = rng.normal(0, np.sqrt(correlation), size)
    rest = rng.normal(0, 1, size) * np.sqrt(units * (1 - correlation))
    return {"y": units * (mean + own) + rest, "d": units}


def order_statistics(
    rng: np.random.Generator, runs: int, n: int, asked: tuple[float, ...], inverse: Inverse
) -> list[Read]:
    """Sample quantiles (interpolated, as numpy's) of every run, drawn without drawing the sample.

    Ordered uniform values are ratios of sums of exponentials; only those next to a wanted quantile are made.
    """
    place = (n - 1) * np.asarray(asked)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, n - 1)
    ranks = np.unique(np.concatenate([low, high]))
    steps = np.diff(np.concatenate([[0], ranks + 1]))
    sums = np.cumsum(rng.gamma(steps, 1.0, (runs, len(ranks))), axis=1)
    uniform = sums / (sums[:, -1:] + rng.gamma(n - ranks[-1], 1.0, (runs, 1)))
    values = inverse(uniform)
    below, above = (values[:, np.searchsorted(ranks, at)] for at in (low, high))
    found = below + (above - below) * (place - low)
    return [Read(n, asked, tuple(row)) for row in found.tolist()]


def events_of_users(
    rng: np.random.Generator, runs: int, users: int, quantile: float, correlation: float
) -> Iterator[Read]:
    """Order statistics of all events, 1 to 20 per user; lognormal, events of a user alike."""
    for _ in range(runs):
        counts = rng.integers(1, 21, users)
        user = np.repeat(np.arange(users), counts)
        noise = rng.normal(0, np.sqrt(1 - correlation), len(user))
        values = np.exp(rng.normal(0, np.sqrt(correlation), users)[user] + noise)
        below = np.bincount(user, values <= np.quantile(values, quantile), users)
        effect = design_effect(Moments.of({"below": below, "events": counts}), "below", "events")
        asked = probabilities(quantile, [len(values)], design_effect=effect, picture=False)
        yield Read(len(values), asked, tuple(np.quantile(values, asked)), effect)


def lifetimes(times: Floats, followed: Floats) -> list[Lives]:
    """Lives of every run, from times of the event and of the end of follow-up, `(runs, units)`."""
    seen, happened = np.minimum(times, followed), times <= followed
    order = np.argsort(seen, axis=1)
    seen, happened = np.take_along_axis(seen, order, 1), np.take_along_axis(happened, order, 1)
    units = times.shape[1]
    return [Lives(units, seen[at], happened[at], ~happened[at]) for at in range(len(seen))]


def capped(arms: Sequence[Floats], share: float) -> list[Floats]:
    """Arms capped at one quantile of both together, run by run."""
    top = np.quantile(np.concatenate(arms, axis=1), share, axis=1)[:, None]
    return [np.minimum(arm, top) for arm in arms]

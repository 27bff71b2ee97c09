"""Every method x kind of metric x size whose promises are simulated: what is drawn, and what is true."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from validity.drawing import capped, clusters, events_of_users, lifetimes, moments, order_statistics, sessions, shares
from vitalfew.stats.arrays import differences, sample
from vitalfew.stats.clusters import for_clusters
from vitalfew.stats.lifetimes import median_sample, restricted_mean_sample
from vitalfew.stats.quantiles import probabilities, quantile_sample
from vitalfew.stats.regression import adjusted
from vitalfew.stats.skew import skew_warnings
from vitalfew.stats.strata import stratified

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vitalfew.stats import Moments
    from vitalfew.stats.arrays import Differences, Sample

    Floats = NDArray[np.float64]
    Sizes = tuple[int, int]
    Draw = Callable[[np.random.Generator, int], "Drawn"]

CONFIDENCES = (0.8, 0.95)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Comparisons of some runs, and in which of them skewed values were warned of."""

    found: Differences
    warned: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the tables.

    Attributes:
        method: estimator, in words.
        what: data and sizes of the arms.
        draw: comparisons of as many runs as asked for.
        truth: what the intervals should hold; 0 for an A/A experiment.
        width: numbers drawn per run, to bound the memory.
        continuous: whether p-values should be uniform.
        promised: whether the band must hold; where not, the warning must fire.
    """

    method: str
    what: str
    draw: Draw
    truth: float = 0.0
    width: int = 1000
    continuous: bool = False
    promised: bool = True

    @property
    def name(self) -> str:
        """Method and data."""
        return f"{self.method}: {self.what}"


def means(rng: np.random.Generator, runs: int, sizes: Sizes, laws: Sequence[Callable[..., Floats]]) -> Drawn:
    """Welch's test of two laws, each called with a generator and a shape."""
    arms = [moments({"y": law(rng, (runs, n))}) for law, n in zip(laws, sizes, strict=True)]
    return _compared(arms[0], arms[1])


def capped_means(rng: np.random.Generator, runs: int, sizes: Sizes, sigma: float) -> Drawn:
    """Lognormal values capped at the 99 % quantile of both arms."""
    arms = capped([rng.lognormal(0, sigma, (runs, n)) for n in sizes], 0.99)
    return _compared(moments({"y": arms[0]}), moments({"y": arms[1]}))


def proportions(rng: np.random.Generator, runs: int, sizes: Sizes, chances: tuple[float, float]) -> Drawn:
    """Shares of units that did."""
    arms = [shares(rng.binomial(n, p, runs), n) for n, p in zip(sizes, chances, strict=True)]
    return _compared(arms[0], arms[1])


def net_scores(rng: np.random.Generator, runs: int, sizes: Sizes, ends: Sequence[tuple[float, float]]) -> Drawn:
    """Answers of 100, 0 and -100, with these chances of either end."""
    arms = []
    for n, (top, bottom) in zip(sizes, ends, strict=True):
        u = rng.random((runs, n))
        arms.append(moments({"y": 100.0 * (u < top) - 100.0 * (u > 1 - bottom)}))
    return _compared(arms[0], arms[1])


def ratios(
    rng: np.random.Generator, runs: int, sizes: Sizes, most: int, correlation: float, chances: tuple[float, float]
) -> Drawn:
    """Clicks per session by the delta method."""
    arms = [moments(sessions(rng, (runs, n), most, correlation, p)) for n, p in zip(sizes, chances, strict=True)]
    return _compared(arms[0], arms[1], "d")


def adjusted_ratios(
    rng: np.random.Generator, runs: int, sizes: Sizes, correlation: float, chances: tuple[float, float]
) -> Drawn:
    """Clicks per session, adjusted for clicks and sessions before."""
    arms = [moments(sessions(rng, (runs, n), 10, correlation, p)) for n, p in zip(sizes, chances, strict=True)]
    return _adjusted(arms, "d", ("y/before", "d/before"))


def covariates(rng: np.random.Generator, runs: int, sizes: Sizes, count: int, effect: float) -> Drawn:
    """Values that skewed covariates explain by half, with an effect that grows with the first covariate."""
    arms = []
    for n, treated in zip(sizes, (0.0, 1.0), strict=True):
        before = {f"x{at}": rng.gamma(2.0, 1.0, (runs, n)) for at in range(count)}
        noise = rng.normal(0, np.sqrt(2.0 * count), (runs, n))
        after = sum(before.values()) + noise + treated * effect * before["x0"] / 2
        arms.append(moments({"y": after} | before))
    return _adjusted(arms, None, tuple(f"x{at}" for at in range(count)))


def clustered(
    rng: np.random.Generator, runs: int, sizes: Sizes, units: tuple[int, int], correlation: float, effect: float
) -> Drawn:
    """Whole clusters dealt."""
    arms = [
        moments(clusters(rng, (runs, n), units, correlation, mean))
        for n, mean in zip(sizes, (5, 5 + effect), strict=True)
    ]
    ready = [for_clusters(sample(arm, ["y"] * runs, ["d"] * runs), arm, ["d"] * runs) for arm in arms]
    return _of(ready[0], ready[1])


def strata(
    rng: np.random.Generator, runs: int, sizes: Sequence[Sizes], levels: Sequence[float], effect: float
) -> Drawn:
    """Means put together over strata (or phases of a ramp) of these sizes and levels."""
    cells = []
    for (first, second), level in zip(sizes, levels, strict=True):
        control, treatment = rng.normal(level, 1, (runs, first)), rng.normal(level + effect, 1.5, (runs, second))
        cells.append(list(zip(moments({"y": control}), moments({"y": treatment}), strict=True)))
    return _of(*stratified(cells, ["y"] * runs, [None] * runs))


def quantiles(
    rng: np.random.Generator, runs: int, sizes: Sizes, quantile: float, laws: Sequence[Callable[[Floats], Floats]]
) -> Drawn:
    """Differences of a quantile; laws are inverse distribution functions."""
    arms = [
        order_statistics(rng, runs, n, probabilities(quantile, [n], picture=False), law)
        for n, law in zip(sizes, laws, strict=True)
    ]
    return _of(*(quantile_sample(arm, [quantile] * runs).sample for arm in arms))


def event_quantiles(rng: np.random.Generator, runs: int, sizes: Sizes, quantile: float, correlation: float) -> Drawn:
    """Differences of a quantile of all events of these many users."""
    arms = [list(events_of_users(rng, runs, users, quantile, correlation)) for users in sizes]
    control, treatment = (quantile_sample(arm, [quantile] * runs).sample for arm in arms)
    return _of(control, treatment)


def times(
    rng: np.random.Generator, runs: int, sizes: Sizes, scales: tuple[float, float], horizon: float | None
) -> Drawn:
    """Exponential times, follow-up ending between 5 and 28 days: restricted means, or medians without a horizon."""
    arms = [
        lifetimes(rng.exponential(scale, (runs, n)), rng.uniform(5, 28, (runs, n)))
        for n, scale in zip(sizes, scales, strict=True)
    ]
    if horizon is None:
        return _of(*(median_sample(arm).sample for arm in arms))
    return _of(*(restricted_mean_sample(arm, [horizon] * runs).sample for arm in arms))


def _compared(control: list[Moments], treatment: list[Moments], denominator: str | None = None) -> Drawn:
    columns = ["y"] * len(control), [denominator] * len(control)
    found = differences(sample(control, *columns), sample(treatment, *columns), CONFIDENCES)
    warnings = skew_warnings(control, treatment, *columns)
    return Drawn(found, np.array([warning is not None for warning in warnings]))


def _adjusted(arms: list[list[Moments]], denominator: str | None, names: tuple[str, ...]) -> Drawn:
    runs = len(arms[0])
    found = adjusted(arms[0], arms[1], ["y"] * runs, [denominator] * runs, [names] * runs)
    return _of(found.control, found.treatment)


def _of(control: Sample, treatment: Sample) -> Drawn:
    found = differences(control, treatment, CONFIDENCES)
    return Drawn(found, np.zeros(len(found.estimate), dtype=np.bool_))


def _normal(rng: np.random.Generator, shape: Sizes, mean: float, sd: float) -> Floats:
    return rng.normal(mean, sd, shape)


def _exponential(rng: np.random.Generator, shape: Sizes, scale: float) -> Floats:
    return rng.exponential(scale, shape)


def _lognormal(rng: np.random.Generator, shape: Sizes, mu: float, sigma: float) -> Floats:
    return rng.lognormal(mu, sigma, shape)


def _counts(rng: np.random.Generator, shape: Sizes, rate: float) -> Floats:
    return rng.poisson(rate, shape).astype(np.float64)


def _means(what: str, sizes: Sizes, *laws: Callable[..., Floats], truth: float = 0.0, kind: str = "continuous") -> Cell:
    both = laws if len(laws) > 1 else laws * 2
    draw = partial(means, sizes=sizes, laws=both)
    continuous, promised = kind == "continuous", kind != "limit"
    return Cell("means", f"{what}, {_sizes(sizes)}", draw, truth, sum(sizes), continuous, promised)


def _sizes(sizes: Sizes) -> str:
    return f"{sizes[0]:,} + {sizes[1]:,}"


NORMAL, EXPONENTIAL = partial(_normal, mean=5, sd=2), partial(_exponential, scale=3)
LOGNORMAL, HEAVY = partial(_lognormal, mu=0, sigma=1), partial(_lognormal, mu=0, sigma=2)
INVERSES: dict[str, Callable[[Floats], Floats]] = {
    "normal": ndtri,
    "exponential": lambda u: -np.log1p(-u),
    "lognormal": lambda u: np.exp(ndtri(u)),
}
QUANTILE_SIZES = (
    (0.5, 200),
    (0.5, 2000),
    (0.5, 20_000),
    (0.9, 200),
    (0.9, 2000),
    (0.9, 20_000),
    (0.99, 2000),
    (0.99, 20_000),
)
RAMP = ((1800, 200), (1000, 1000))


def nothing_changed() -> list[Cell]:
    """A/A experiments: both arms with the same mean, share, ratio, quantile or time."""
    return [
        _means("normal", (100, 100), NORMAL),
        _means("normal", (1000, 1000), NORMAL),
        _means(
            "normal, standard deviations 1 and 3",
            (50, 200),
            partial(_normal, mean=0, sd=1),
            partial(_normal, mean=0, sd=3),
        ),
        _means("exponential", (200, 200), EXPONENTIAL),
        _means("exponential", (1000, 1000), EXPONENTIAL),
        _means("lognormal, sigma 1", (1000, 1000), LOGNORMAL),
        _means("counts, 0.5 each", (500, 500), partial(_counts, rate=0.5), kind="counts"),
        Cell(
            "capped means",
            "lognormal, sigma 2, at 99 %, 1,000 + 1,000",
            partial(capped_means, sizes=(1000, 1000), sigma=2),
            width=2000,
        ),
        *(
            Cell(
                "proportions, retention", f"{p:.0%}, {_sizes(sizes)}", partial(proportions, sizes=sizes, chances=(p, p))
            )
            for p, sizes in ((0.5, (300, 300)), (0.19, (4500, 4500)), (0.02, (5000, 15_000)), (0.12, (1000, 1000)))
        ),
        Cell("NPS", "50 and 20 %, 300 + 300", partial(net_scores, sizes=(300, 300), ends=((0.5, 0.2),) * 2), width=600),
        *(
            Cell(
                "ratio",
                f"1 to {most} sessions, correlation {icc:g}, {_sizes(sizes)}",
                partial(ratios, sizes=sizes, most=most, correlation=icc, chances=(0.2, 0.2)),
                width=5 * sum(sizes),
            )
            for most, icc, sizes in (
                (1, 0.0, (300, 300)),
                (10, 0.0, (300, 300)),
                (50, 0.1, (300, 300)),
                (50, 0.5, (300, 300)),
                (50, 0.5, (1000, 1000)),
            )
        ),
        *(
            Cell(
                "CUPED",
                f"{count} skewed covariate{'s' * (count > 1)}, {_sizes(sizes)}",
                partial(covariates, sizes=sizes, count=count, effect=0.0),
                width=2 * (count + 1) * sum(sizes),
                continuous=True,
            )
            for count, sizes in ((1, (100, 100)), (1, (1000, 1000)), (3, (200, 200)))
        ),
        Cell(
            "CUPED of a ratio",
            "1 to 10 sessions, correlation 0.3, 300 + 300",
            partial(adjusted_ratios, sizes=(300, 300), correlation=0.3, chances=(0.2, 0.2)),
            width=6000,
        ),
        *(
            Cell(
                "clusters",
                f"of {low} to {high}, correlation {icc:g}, {_sizes(sizes)}",
                partial(clustered, sizes=sizes, units=(low, high), correlation=icc, effect=0.0),
                width=4 * sum(sizes),
            )
            for low, high, icc, sizes in ((20, 60, 0.05, (20, 20)), (5, 50, 0.2, (50, 50)), (1, 200, 0.02, (100, 100)))
        ),
        Cell(
            "post-stratified",
            "four strata, 400 + 400",
            partial(strata, sizes=((200, 180), (100, 120), (70, 70), (30, 30)), levels=(0, 1, 2, 5), effect=0.0),
            width=1600,
            continuous=True,
        ),
        Cell(
            "phases of a ramp",
            "10 to 50 %, weekend shift of 20 %, 2,800 + 1,200",
            partial(strata, sizes=RAMP, levels=(5, 6), effect=0.0),
            width=8000,
            continuous=True,
        ),
        *_quantile_cells(1.0),
        *(
            Cell(
                f"quantile {q:g} of events",
                f"lognormal, 1 to 20 events, correlation {icc:g}, users {_sizes((300, 300))}",
                partial(event_quantiles, sizes=(300, 300), quantile=q, correlation=icc),
                width=6300,
            )
            for q, icc in ((0.5, 0.0), (0.5, 0.5), (0.9, 0.3))
        ),
        Cell(
            "restricted mean time",
            "exponential, 20 days, 200 + 200",
            partial(times, sizes=(200, 200), scales=(20, 20), horizon=14),
            width=1600,
        ),
        Cell(
            "restricted mean time",
            "exponential, 8 days, 1,000 + 1,000",
            partial(times, sizes=(1000, 1000), scales=(8, 8), horizon=14),
            width=8000,
        ),
        Cell(
            "median time",
            "exponential, 8 days, 1,000 + 1,000",
            partial(times, sizes=(1000, 1000), scales=(8, 8), horizon=None),
            width=8000,
        ),
    ]


def something_changed() -> list[Cell]:
    """Experiments with an effect, often with other variances, too: intervals should hold it."""
    return [
        _means("normal, 5 and 6", (100, 150), NORMAL, partial(_normal, mean=6, sd=3), truth=1.0),
        _means(
            "exponential, 10 and 9",
            (500, 500),
            partial(_exponential, scale=10),
            partial(_exponential, scale=9),
            truth=-1.0,
        ),
        _means(
            "lognormal, 10 % more",
            (2000, 2000),
            LOGNORMAL,
            partial(_lognormal, mu=np.log(1.1), sigma=1),
            truth=0.1 * np.exp(0.5),
        ),
        Cell(
            "proportions, retention",
            "20 and 25 %, 2,000 + 2,000",
            partial(proportions, sizes=(2000, 2000), chances=(0.2, 0.25)),
            0.05,
        ),
        *(
            Cell(
                "ratio",
                f"1 to {most} sessions, correlation {icc:g}, 20 and 22 %, 300 + 300",
                partial(ratios, sizes=(300, 300), most=most, correlation=icc, chances=(0.2, 0.22)),
                0.02,
                3000,
            )
            for most, icc in ((1, 0.0), (10, 0.1), (50, 0.0), (50, 0.1), (50, 0.5))
        ),
        Cell(
            "CUPED",
            "1 covariate, effect grows with it, 300 + 300",
            partial(covariates, sizes=(300, 300), count=1, effect=1.0),
            1.0,
            2400,
        ),
        Cell(
            "CUPED",
            "3 covariates, effect grows with one, 300 + 300",
            partial(covariates, sizes=(300, 300), count=3, effect=1.0),
            1.0,
            4800,
        ),
        Cell(
            "clusters",
            "of 5 to 50, correlation 0.2, 50 + 50",
            partial(clustered, sizes=(50, 50), units=(5, 50), correlation=0.2, effect=0.3),
            0.3,
            400,
        ),
        Cell(
            "post-stratified",
            "four strata, other variances, 400 + 400",
            partial(strata, sizes=((200, 180), (100, 120), (70, 70), (30, 30)), levels=(0, 1, 2, 5), effect=0.5),
            0.5,
            1600,
        ),
        *_quantile_cells(1.3),
        Cell(
            "restricted mean time",
            "exponential, 20 and 25 days, 500 + 500",
            partial(times, sizes=(500, 500), scales=(20, 25), horizon=14),
            _restricted(25) - _restricted(20),
            4000,
        ),
        Cell(
            "median time",
            "exponential, 8 and 10 days, 1,000 + 1,000",
            partial(times, sizes=(1000, 1000), scales=(8, 10), horizon=None),
            2 * np.log(2),
            8000,
        ),
    ]


def limits() -> list[Cell]:
    """Where the normal approximation is known to fail: the warning must say so."""
    return [
        _means("lognormal, sigma 2", sizes, HEAVY, kind="limit")
        for sizes in ((200, 200), (20, 180), (200, 1800), (2000, 2000), (10_000, 10_000))
    ] + [_means("lognormal, sigma 1", sizes, LOGNORMAL, kind="limit") for sizes in ((30, 30), (20, 180), (200, 1800))]


def _restricted(scale: float, horizon: float = 14) -> float:
    return float(scale * (1 - np.exp(-horizon / scale)))


def _quantile_cells(stretch: float) -> list[Cell]:
    """Differences of quantiles of a law and the same stretched; the stretched arm has twice the units."""
    return [
        Cell(
            f"quantile {q:g}",
            f"{name}, {_sizes((n, n if stretch == 1 else 2 * n))}",
            partial(
                quantiles,
                sizes=(n, n if stretch == 1 else 2 * n),
                quantile=q,
                laws=(law, partial(_stretched, law=law, stretch=stretch)),
            ),
            float((stretch - 1) * law(np.array(q))),
            30,
            continuous=True,
        )
        for name, law in INVERSES.items()
        for q, n in QUANTILE_SIZES
    ]


def _stretched(u: Floats, law: Callable[[Floats], Floats], stretch: float) -> Floats:
    return law(u) * stretch

"""What GrowthBook's engine answers to the cases; run where it is installed.

Run `PYTHONPATH=tools python -m referees.gbstats_values`.

It needs pandas below 2, so it cannot be a development dependency: its answers are kept as a table instead.
"""

from __future__ import annotations

import math

import numpy as np
from gbstats.bayesian.tests import (  # type: ignore[import-not-found] # installed apart from the project
    EffectBayesianABTest,
    EffectBayesianConfig,
    GaussianPrior,
)
from gbstats.frequentist.tests import (  # type: ignore[import-not-found] # installed apart from the project
    FrequentistConfig,
    SequentialConfig,
    SequentialTwoSidedTTest,
    TwoSidedTTest,
)
from gbstats.models.statistics import (  # type: ignore[import-not-found] # installed apart from the project
    ProportionStatistic,
    QuantileStatistic,
    RatioStatistic,
    RegressionAdjustedStatistic,
    SampleMeanStatistic,
)

from referees.cases import Columns, cases, write

PLANNED = 5000
PRIOR = (0.1, 0.5)  # mean and standard deviation, absolute
MEANS = ("means", "means, uneven arms and variances", "skewed means", "capped", "no noise to speak of", "far apart")
Z_95 = 1.959963984540054


def main() -> None:
    """Compute and write."""
    found: dict[str, dict[str, object]] = {}
    for name, arms in cases().items():
        if name in (*MEANS, "control near zero"):
            found |= _several(name, *(_mean(arm["y"]) for arm in arms))
        elif name in ("proportions", "few of many"):
            shares = [ProportionStatistic(n=len(arm["y"]), sum=sum(arm["y"])) for arm in arms]
            found |= _several(name, *shares)
        elif name == "ratio":
            found |= _several(name, *(_ratio(arm) for arm in arms))
        elif name.startswith("covariate"):
            found |= _several(name, *(_adjusted(arm) for arm in arms))
        elif name == "three treatments":
            for at, arm in enumerate(arms[1:], 1):
                found[f"{name}, {at}"] = _t_test(_mean(arms[0]["y"]), _mean(arm["y"]), "absolute")
    control, treatment = (_median(arm["y"]) for arm in cases()["skewed means"])
    found["median, absolute"] = _t_test(control, treatment, "absolute")
    write("gbstats", found)


def _several(name: str, control: object, treatment: object) -> dict[str, dict[str, object]]:
    """Absolute, relative, sequential and Bayesian answers."""
    return {
        f"{name}, absolute": _t_test(control, treatment, "absolute"),
        f"{name}, relative": _t_test(control, treatment, "relative"),
        f"{name}, sequential": _sequential(control, treatment),
        f"{name}, Bayesian": _bayesian(control, treatment),
    }


def _t_test(control: object, treatment: object, kind: str) -> dict[str, object]:
    found = TwoSidedTTest(control, treatment, FrequentistConfig(difference_type=kind)).compute_result()
    return _plain(found)


def _sequential(control: object, treatment: object) -> dict[str, object]:
    config = SequentialConfig(difference_type="absolute", sequential_tuning_parameter=PLANNED)
    return _plain(SequentialTwoSidedTTest(control, treatment, config).compute_result())


def _bayesian(control: object, treatment: object) -> dict[str, object]:
    prior = GaussianPrior(mean=PRIOR[0], variance=PRIOR[1] ** 2, proper=True)
    config = EffectBayesianConfig(difference_type="absolute", prior_type="absolute", prior_effect=prior)
    found = EffectBayesianABTest(control, treatment, config).compute_result()
    return {
        "estimate": float(found.expected),
        "sd": float(found.uplift.stddev),
        "low": float(found.ci[0]),
        "high": float(found.ci[1]),
        "chance": float(found.chance_to_win),
        "loss_of_control": float(found.risk[0]),
        "loss_of_treatment": float(found.risk[1]),
    }


def _plain(found: object) -> dict[str, object]:
    """Estimate, standard error, interval and p-value as plain numbers."""
    return {
        "estimate": float(found.expected),  # type: ignore[attr-defined] # a result of the package, which has no types
        "se": float(found.uplift.stddev),  # type: ignore[attr-defined] # likewise
        "low": float(found.ci[0]),  # type: ignore[attr-defined] # likewise
        "high": float(found.ci[1]),  # type: ignore[attr-defined] # likewise
        "p": float(found.p_value),  # type: ignore[attr-defined] # likewise
    }


def _mean(values: list[float]) -> object:
    return SampleMeanStatistic(n=len(values), sum=math.fsum(values), sum_squares=math.fsum(v * v for v in values))


def _ratio(arm: Columns) -> object:
    products = math.fsum(y * d for y, d in zip(arm["y"], arm["d"], strict=True))
    parts = {"m_statistic": _mean(arm["y"]), "d_statistic": _mean(arm["d"])}
    return RatioStatistic(n=len(arm["y"]), **parts, m_d_sum_of_products=products)


def _adjusted(arm: Columns) -> object:
    products = math.fsum(y * x for y, x in zip(arm["y"], arm["x"], strict=True))
    parts = {"post_statistic": _mean(arm["y"]), "pre_statistic": _mean(arm["x"])}
    return RegressionAdjustedStatistic(n=len(arm["y"]), **parts, post_pre_sum_of_products=products, theta=0)


def _median(values: list[float]) -> object:
    n = len(values)
    half = Z_95 * math.sqrt(0.25 / n)
    low, middle, high = (float(np.quantile(values, p)) for p in (0.5 - half, 0.5, 0.5 + half))
    bounds = {"quantile_hat": middle, "quantile_lower": low, "quantile_upper": high}
    return QuantileStatistic(n=n, n_star=n, nu=0.5, **bounds)


if __name__ == "__main__":
    main()

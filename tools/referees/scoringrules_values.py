"""What scoringrules answers about scores of forecasts; run where it is installed.

Run `PYTHONPATH=tools python -m referees.scoringrules_values`.

It is needed for this table alone, so it is no development dependency. Forecasts of three quantiles with a point mass
have no function there: they are handed over as many equally likely values of their quantile function, written out
here once more and independently of the product.
"""

from __future__ import annotations

import numpy as np
import scoringrules as sr  # type: ignore[import-not-found] # installed apart from the project

from referees.cases import write

VALUES = 40_000
NORMALS = ((0.0, 1.0, 0.0), (1.0, 2.0, -3.0), (-0.5, 0.1, -0.45), (0.0, 1e-3, 4.0))
SAMPLES = ((0.0, 1.0, 3.0), (-2.0, -2.0, 5.0, 9.0), (1.0,))
FORECASTS = ((-1, 0, 1, 0.0), (0, 1, 3, 0.3), (-3, -2, 1, 0.1), (0.5, 1, 2, 0.6), (1, 2, 4, 0.9))
OUTCOMES = (-2.0, 0.0, 0.5, 4.0)
EVENTS = ((0.9, 1), (0.8, 1), (0.7, 0), (0.2, 0), (0.1, 1), (0.05, 0))


def main() -> None:
    """Compute and write."""
    found: dict[str, dict[str, object]] = {}
    for mean, sd, x in NORMALS:
        found[f"normal {mean:g} {sd:g} at {x:g}"] = {"crps": float(sr.crps_normal(x, mean, sd))}
    for at, values in enumerate(SAMPLES):
        for x in OUTCOMES:
            scored = sr.crps_ensemble(x, np.array(values), estimator="nrg")
            found[f"sample {at} at {x:g}"] = {"crps": float(scored)}
    for forecast in FORECASTS:
        drawn = np.sort(_values(*forecast))
        for x in OUTCOMES:
            scored = sr.crps_ensemble(x, drawn, estimator="qd", sorted_ensemble=True)
            found[f"forecast {forecast} at {x:g}"] = {"crps": float(scored)}
    for x in OUTCOMES:
        found[f"logistic at {x:g}"] = {"crps": float(sr.crps_logistic(x, 0.0, 1 / np.log(9.0)))}
    chances, came = np.array(EVENTS).T
    found["events"] = {"brier": [float(score) for score in sr.brier_score(came, chances)]}
    write("scoringrules", found)


def _values(p10: float, p50: float, p90: float, p_zero: float) -> np.ndarray:
    """Values of the mixture at evenly spaced probabilities (Keelin 2016, equation 6)."""
    share = (np.arange(VALUES) + 0.5) / VALUES
    k, width = np.log(9.0), p90 - p10
    r = (p50 - p10) / width
    effects = round((1 - p_zero) * VALUES)
    u = (np.arange(effects) + 0.5) / effects
    logit = np.log(u / (1 - u))
    drawn = p50 + width / (2 * k) * logit + (1 - 2 * r) * width / (0.8 * k) * (u - 0.5) * logit
    return np.concatenate([drawn, np.zeros(len(share) - effects)])


if __name__ == "__main__":
    main()

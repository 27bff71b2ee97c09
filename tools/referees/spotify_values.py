"""What spotify-confidence answers to the cases; run where it is installed.

Run `PYTHONPATH=tools python -m referees.spotify_values`.

It needs pandas below 3 and draws charts, so it is no development dependency: its answers are kept as a table instead.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import pandas as pd  # noqa: TID251 - the referee takes nothing else
from spotify_confidence import Experiment  # type: ignore[import-not-found] # installed apart from the project

from referees.cases import Case, Columns, cases, write

MARGIN = 0.02  # non-inferiority: share of the control mean
PLANNED = 800
LOOKS = (200, 400, 800)
COLUMNS = {"p": "p-value", "adjusted_p": "adjusted p-value", "estimate": "difference"}
BOUNDS = {"low": "ci_lower", "high": "ci_upper"}


def main() -> None:
    """Compute and write."""
    found: dict[str, dict[str, object]] = {}
    for name, arms in cases().items():
        if name == "three treatments":
            for method in ("holm", "hommel", "bonferroni"):
                found |= _corrected(name, arms, method)
        elif name.startswith("covariate"):
            found[f"{name}, absolute"] = _difference(arms, "z-test-linreg", absolute=True)
        elif name not in ("ratio", "ratio and covariate", "missing values"):
            for absolute in (True, False):
                kind = "absolute" if absolute else "relative"
                found[f"{name}, {kind}"] = _difference(arms, "t-test", absolute=absolute)
    found["means, non-inferior"] = _non_inferior(cases()["means"])
    found["means, group sequential"] = _sequential(cases()["means"])
    write("spotify-confidence", found)


def _difference(arms: Case, method: str, *, absolute: bool) -> dict[str, object]:
    try:
        row = _experiment(arms, method).difference("arm 0", "arm 1", absolute=absolute, verbose=True).iloc[0]
    except ValueError as error:
        return {"refused": str(error)}
    return {name: float(row[column]) for name, column in (COLUMNS | BOUNDS).items()}


def _corrected(name: str, arms: Case, method: str) -> dict[str, dict[str, object]]:
    table = _experiment(arms, "t-test", method).multiple_difference("arm 0", level_as_reference=True, verbose=True)
    rows = {str(row["level_2"]): row for _, row in table.iterrows()}
    return {
        f"{name}, {arm}, {method}": {key: float(row[column]) for key, column in COLUMNS.items()}
        for arm, row in rows.items()
    }


def _non_inferior(arms: Case) -> dict[str, object]:
    experiment = _experiment(arms, "t-test")
    row = experiment.difference(
        "arm 0", "arm 1", absolute=True, non_inferiority_margins=(MARGIN, "increase"), verbose=True
    ).iloc[0]
    return {name: float(row[column]) for name, column in (COLUMNS | BOUNDS).items()}


def _sequential(arms: Case) -> dict[str, object]:
    """Lan-DeMets bounds at three looks, the data growing by units."""
    looks = []
    for at, units in enumerate(LOOKS, 1):
        for arm, columns in enumerate(arms):
            row = {"day": at, "units": units // 4, "planned": PLANNED // 2, "arm": f"arm {arm}"}
            looks.append(row | _sums(columns["y"][: units // 4]))
    experiment = Experiment(
        data_frame=pd.DataFrame(looks).assign(method="z-test"),
        numerator_column="sum",
        numerator_sum_squares_column="squares",
        denominator_column="n",
        categorical_group_columns="arm",
        ordinal_group_column="day",
        interval_size=0.95,
        method_column="method",
    )
    table = experiment.difference(
        "arm 0", "arm 1", groupby="day", final_expected_sample_size_column="planned", verbose=True
    )
    half = [float(row["adjusted ci_upper"] - row["difference"]) for _, row in table.iterrows()]
    return {"z": [width / float(row["std_err"]) for width, (_, row) in zip(half, table.iterrows(), strict=True)]}


def _experiment(arms: Case, method: str, correction: str = "bonferroni") -> Any:  # noqa: ANN401 - the package ships no types
    features = {"feature": "x", "squares": "xx", "cross": "xy"} if method == "z-test-linreg" else {}
    table = pd.DataFrame([{"arm": f"arm {at}"} | _row(arm) for at, arm in enumerate(arms)]).assign(method=method)
    return Experiment(
        data_frame=table,
        numerator_column="sum",
        numerator_sum_squares_column="squares",
        denominator_column="n",
        categorical_group_columns="arm",
        interval_size=0.95,
        correction_method=correction,
        method_column="method",
        feature_column=features.get("feature"),
        feature_sum_squares_column=features.get("squares"),
        feature_cross_sum_column=features.get("cross"),
    )


def _row(arm: Columns) -> dict[str, float]:
    sums = _sums(arm["y"])
    if "x" in arm:
        sums["x"] = math.fsum(arm["x"])
        sums["xx"] = math.fsum(x * x for x in arm["x"])
        sums["xy"] = math.fsum(x * y for x, y in zip(arm["x"], arm["y"], strict=True))
    return sums


def _sums(values: list[float]) -> dict[str, float]:
    return {"n": len(values), "sum": math.fsum(values), "squares": math.fsum(v * v for v in values)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()

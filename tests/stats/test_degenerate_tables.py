"""Tables that say nothing, whatever is asked of them: no exception, no number that looks like an answer, a reason."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import vitalfew as vf

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Mode

NAN, INF = math.nan, math.inf
Values = list[Any]
Table = tuple[Values, Values]
"""Values of the control arm and of the treatment arm; None is NULL."""

# Nothing can be said about the difference, whichever kind of metric is asked for.
SILENT: dict[str, Table] = {
    "no rows": ([], []),
    "one unit in all": ([1.0], []),
    "one unit in the treatment": ([], [1.0]),
    "one unit in each arm": ([1.0], [0.0]),
    "one unit against many": ([1.0], [0.0, 1.0] * 50),
    "many against one unit": ([0.0, 1.0] * 50, [1.0]),
    "only a control": ([0.0, 1.0, 2.0] * 30, []),
    "only a treatment": ([], [0.0, 1.0, 2.0] * 30),
    "all NULL": ([None] * 40, [None] * 40),
    "all NULL in one arm": ([0.0, 1.0] * 40, [None] * 80),
    "all NaN": ([NAN] * 40, [NAN] * 40),
    "all infinite": ([INF] * 40, [INF] * 40),
    "both infinities": ([INF, -INF] * 20, [-INF, INF] * 20),
    "NULL, NaN and infinity": ([None, NAN, INF] * 20, [None, NAN, -INF] * 20),
    "one value in each arm, the rest NULL": ([1.0] + [None] * 50, [None] * 50 + [2.0]),
    "one value in one arm, the rest infinite": ([1.0] + [INF] * 50, [1.0, 2.0] * 25),
    "the same value for all": ([3.0] * 60, [3.0] * 60),
    "zero for all": ([0.0] * 60, [0.0] * 60),
    "zeros of both signs": ([0.0, -0.0] * 30, [-0.0, 0.0] * 30),
    "one for all": ([1.0] * 60, [1.0] * 60),
    "a negative constant": ([-7.5] * 60, [-7.5] * 60),
    "a huge constant": ([1e300] * 60, [1e300] * 60),
    "the largest constant": ([1.7e308] * 60, [1.7e308] * 60),
    "the smallest constant": ([5e-324] * 60, [5e-324] * 60),
    "a constant and NULL": ([2.0, None] * 30, [2.0, None] * 30),
    "a constant and NaN": ([2.0, NAN] * 30, [2.0, NAN] * 30),
    "true for all": ([True] * 60, [True] * 60),
    "false for all": ([False] * 60, [False] * 60),
    "a large whole number for all": ([2**62] * 60, [2**62] * 60),
    "a constant of its own in each arm": ([1.0] * 60, [2.0] * 60),
}
# Something may be said, if it is finite and possible.
ODD: dict[str, Table] = {
    "two units in each arm": ([1.0, 2.0], [2.0, 4.0]),
    "two equal units in one arm": ([1.0, 1.0], [2.0, 4.0]),
    "values near the largest float": ([1e308, 1.1e308] * 30, [1.2e308, 1.3e308] * 30),
    "values of both signs near the largest float": ([1.7e308, -1.7e308] * 30, [1.7e308, -1.7e308] * 30),
    "values near the smallest float": ([1e-308, 2e-308] * 30, [3e-308, 4e-308] * 30),
    "denormal values": ([5e-324, 1e-323] * 30, [1.5e-323, 2e-323] * 30),
    "one giant among zeros": ([0.0] * 59 + [1e300], [0.0] * 60),
    "a giant in each arm": ([1.0] * 59 + [1e200], [1.0] * 59 + [-1e200]),
    "one constant arm": ([5.0] * 60, [4.0, 6.0] * 30),
    "one arm of zeros": ([0.0] * 60, [0.0, 1.0] * 30),
    "a treatment of zeros": ([0.0, 1.0] * 30, [0.0] * 60),
    "a sum of zero": ([-1.0, 1.0] * 30, [-2.0, 2.0] * 30),
    "small differences around a billion": ([1e9, 1e9 + 1e-6] * 30, [1e9, 1e9 + 2e-6] * 30),
    "large whole numbers": ([2**62, 2**62 - 1024] * 30, [2**62, -(2**62)] * 30),
    "mostly NULL": ([None] * 58 + [1.0, 2.0], [None] * 57 + [1.0, 2.0, 3.0]),
    "mostly infinite": ([INF] * 58 + [1.0, 2.0], [-INF] * 57 + [1.0, 2.0, 3.0]),
    "two values": ([0.0, 10.0] * 30, [0.0, 10.0, 10.0] * 20),
    "very uneven arms": ([0.0, 1.0] * 200, [0.0, 1.0, 1.0]),
    "a perfect difference": ([0.0] * 59 + [1.0], [1.0] * 59 + [0.0]),
}
KINDS = {
    "mean": "mean",
    "proportion": "proportion",
    "median": "quantile:0.5",
    "tail": "quantile:0.99",
    "nps": "nps",
    "csat": "csat",
    "effort": "ces:net",
}
RATIOS = ("mean/mean", "mean/zero", "mean/gone", "one/mean", "mean/sign")


def table(arms: Table) -> pa.Table:
    values = [*arms[0], *arms[1]]
    kind = pa.bool_() if values and all(isinstance(v, bool) for v in values) else None
    kind = kind or (pa.int64() if values and all(isinstance(v, int) for v in values) else pa.float64())
    column = pa.array(values, kind, from_pandas=False)
    n = len(values)
    return pa.table(
        {
            "arm": pa.array(["a"] * len(arms[0]) + ["b"] * len(arms[1]), pa.string()),
            **dict.fromkeys(KINDS, column),
            "zero": pa.array([0.0] * n),
            "one": pa.array([1.0] * n),
            "gone": pa.array([None] * n, pa.float64()),
            "sign": pa.array([(-1.0) ** at for at in range(n)]),
            "before": pa.array([float(at % 7) for at in range(n)]),
            "group": pa.array([f"g{at % 5}" for at in range(n)], pa.string()),
        }
    )


NAMES = [*SILENT, *ODD]
MODES: tuple[Mode, ...] = ("always_valid", "bayesian", "group_sequential", "fixed")


def asked_otherwise(what: str) -> None:
    """Ask with covariates and segments in one of the modes, and with clusters of four."""
    both = table({**SILENT, **ODD}[what])
    many = both.num_rows >= 10
    found = vf.analyze(
        both,
        variant="arm",
        metrics=["mean", "nps", "mean/one", "mean/sign"],
        kinds={"nps": "nps"},
        covariates=["before"],
        segments=["group"] if many else [],
        mode=MODES[NAMES.index(what) % 4],
    )
    check_all(found)
    keys = [f"{arm}{at // 4}" for at, arm in enumerate(both["arm"].to_pylist())]
    both = both.append_column("school", pa.array(keys, pa.string()))
    check_all(vf.analyze(both, variant="arm", metrics=["mean", "mean/one"], cluster="school"))


def analysed(arms: Table) -> Results:
    asked = [*KINDS, *RATIOS]
    return vf.analyze(table(arms), variant="arm", metrics=asked, kinds=KINDS, control="a" if arms[0] else None)


def possible(value: float | None) -> bool:
    return value is None or math.isfinite(value)


def check(effect: EffectRow) -> None:
    """Whatever the numbers are, they are possible ones, and what is missing has its reason."""
    assert possible(effect.estimate), effect
    assert effect.se is None or 0 < effect.se < INF, effect
    for p in (effect.p_value, effect.adjusted_p, effect.p_non_inferior):
        assert p is None or 0 < p <= 1, effect
    for interval in effect.intervals:
        assert math.isfinite(interval.low), effect
        assert math.isfinite(interval.high), effect
        assert interval.low < interval.high, effect
    for part in (effect.relative, effect.unadjusted, effect.shrunk):
        assert part is None or all(possible(x) for x in (part.estimate, part.low, part.high)), effect
    assert all(possible(mean) for mean in effect.mean.values()), effect


def unanswered(found: Results) -> dict[str, str]:
    """Reasons by metric; under `experiment` what is said of the whole."""
    said: dict[str, str] = {}
    for row in found.tables.failed:
        metric = row.item.split("/")[1] if "/" in row.item else row.item
        said[metric] = f"{said.get(metric, '')} {row.reason}".strip()
    return said


def check_all(found: Results) -> None:
    for effect in found.tables.effects:
        check(effect)
    for band in found.tables.bands:
        assert band.low < band.high
    for health in found.tables.health:
        assert health.p is None or 0 < health.p <= 1
    json.loads(found.to_json(), parse_constant=lambda name: pytest.fail(f"{name} in the export"))
    assert "nan" not in str(found).lower().split()
    answered = {effect.metric for effect in found.tables.effects}
    said = unanswered(found)
    if "experiment" not in said:
        assert set(found.workspace.definitions.metrics) <= {*answered, *said}


@pytest.mark.parametrize("what", SILENT)
def test_nothing_is_said_about_tables_that_say_nothing(what: str) -> None:
    found = analysed(SILENT[what])
    check_all(found)
    said = unanswered(found)
    assert [effect for effect in found.tables.effects if effect.metric in KINDS] == []
    for metric in KINDS:
        reason = said.get(metric, said.get("experiment", ""))
        assert re.search("not enough data|too large|no unit|holds? n|only one arm", reason), (metric, said)


@pytest.mark.parametrize("what", ODD)
def test_what_is_said_about_odd_tables_is_possible(what: str) -> None:
    check_all(analysed(ODD[what]))


@pytest.mark.parametrize("what", NAMES[::7])
def test_covariates_segments_modes_and_clusters_change_nothing_about_that(what: str) -> None:
    asked_otherwise(what)


@pytest.mark.prove
@pytest.mark.parametrize("what", NAMES)
def test_nor_do_they_on_any_other_of_these_tables(what: str) -> None:
    asked_otherwise(what)

"""Experiments without an effect, many of them: how often are they told as a success, whatever one looks at?

Bands are exact binomial, 99.9 %, one-sided where the promise is "at most". Seeds were fixed beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from evidence.trials import definitions
from vitalfew.evidence import effects
from vitalfew.evidence.settings import Setting
from vitalfew.results.moments import moments_row
from vitalfew.stats import Moments
from vitalfew.workspace.definitions import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import EffectRow, MomentsRow
    from vitalfew.workspace.definitions import Definitions

ALPHA = 0.05
SEED = 20_260_310


def at_most(runs: int, rate: float = ALPHA) -> float:
    """The share that a program whose rate is `rate` stays below in 999 of 1,000 simulations."""
    return float(binom.ppf(0.999, runs, rate)) / runs


def at_least(runs: int, rate: float = ALPHA) -> float:
    return float(binom.ppf(0.001, runs, rate)) / runs


def _arms(
    rng: np.random.Generator, run: int, arms: Mapping[str, Mapping[str, float]], n: int, noise: float = 1.0
) -> Iterator[MomentsRow]:
    """Arms of one experiment whose metrics have these means; the metrics of a unit are alike (correlation one half)."""
    for arm, means in arms.items():
        shared = rng.normal(0, np.sqrt(0.5), n)
        values = {name: mean + noise * (shared + rng.normal(0, np.sqrt(0.5), n)) for name, mean in means.items()}
        yield moments_row("users", f"e{run}", arm, None, Moments.of(values, dict.fromkeys(values, 0.0)))


def _by_experiment(rows: Sequence[EffectRow]) -> dict[str, list[EffectRow]]:
    found: dict[str, list[EffectRow]] = {}
    for row in rows:
        found.setdefault(row.experiment, []).append(row)
    return found


def _of(metrics: Sequence[str], primary: Sequence[str]) -> Definitions:
    return definitions(
        metrics={name: {"source": "users"} for name in metrics},
        factors={name: {"range": [0, 1]} for name in primary},
        guardrails={},
    )


@pytest.mark.prove
@pytest.mark.parametrize("family", ["holm", "dunnett"])
def test_any_false_success_among_primary_metrics_and_arms_is_one_in_twenty(family: str) -> None:
    """Three metrics (one for Dunnett) times three arms, 3,000 experiments of 60 units an arm."""
    rng, runs = np.random.default_rng(SEED), 3000
    names = ("a", "b", "c") if family == "holm" else ("a",)
    arms = {arm: dict.fromkeys(names, 5.0) for arm in ("control", "x", "y", "z")}
    plan = Plan.model_validate({"family": family, "primary": names})
    rows = [row for run in range(runs) for row in _arms(rng, run, arms, 60)]
    settings = {f"e{run}": Setting("fixed", plan) for run in range(runs)}
    found, failed = effects(_of(names, names), rows, (), settings=settings)
    assert failed == ()
    false = [min(row.adjusted_p or 0 for row in each) <= ALPHA for each in _by_experiment(found).values()]
    assert len(false) == runs
    assert np.mean(false) <= at_most(runs)
    if family == "dunnett":  # exact, where Holm is only safe
        assert np.mean(false) >= at_least(runs)


def _looks(rng: np.random.Generator, runs: int, days: int, n: int, loss: float) -> list[list[MomentsRow]]:
    """Experiments seen with all units so far on each of some days; treatment is worse by `loss`."""
    rows: list[list[MomentsRow]] = []
    for run in range(runs):
        so_far: dict[str, Moments] = {}
        for day in range(days):
            for arm, mean in (("control", 0.0), ("new", -loss)):
                drawn = Moments.of({"value": rng.normal(mean, 1, n)}, {"value": 0.0})
                so_far[arm] = so_far[arm] + drawn if arm in so_far else drawn
            rows.append([moments_row("users", f"e{run}.{day}", arm, None, each) for arm, each in so_far.items()])
    return rows


def _ever(found: Sequence[EffectRow], values: Sequence[float | None]) -> NDArray[np.bool_]:
    """Whether any look of an experiment is significant, one entry per experiment."""
    looked: dict[str, bool] = {}
    for row, p in zip(found, values, strict=True):
        run = row.experiment.partition(".")[0]
        looked[run] = looked.get(run, False) or (p is not None and p <= ALPHA)
    return np.array(list(looked.values()))


@pytest.mark.prove
@pytest.mark.parametrize(("mode", "days"), [("always_valid", 30), ("group_sequential", 5)])
def test_looking_again_and_again_finds_no_more_than_one_in_twenty(mode: str, days: int) -> None:
    """A/A experiments of 60 units a day and arm (300 between planned looks), decided at any look."""
    rng, runs = np.random.default_rng(SEED + 1), 1000 if days > 5 else 4000
    n = 60 if mode == "always_valid" else 300
    looks = _looks(rng, runs, days, n, 0.0)
    found, _ = effects(
        _of(["value"], ["value"]), [row for each in looks for row in each], (), settings=_settings(mode, runs, days, n)
    )
    false = _ever(found, [row.adjusted_p for row in found])
    assert len(false) == runs
    assert np.mean(false) <= at_most(runs)
    naive = _ever(found, [2 * _tail(row) for row in found])
    assert np.mean(naive) > 0.1  # the same data, looked at as if once


@pytest.mark.prove
@pytest.mark.parametrize(("mode", "days"), [("fixed", 1), ("always_valid", 30), ("group_sequential", 5)])
def test_a_guardrail_that_is_broken_exactly_by_its_margin_passes_one_time_in_twenty(mode: str, days: int) -> None:
    rng, runs = np.random.default_rng(SEED + 2), 1000
    n = {"fixed": 500, "always_valid": 60, "group_sequential": 300}[mode]
    gate = definitions(metrics={"value": {"source": "users"}}, factors={}, guardrails={"value": {"margin": 0.2}})
    looks = _looks(rng, runs, days, n, 0.2)
    found, _ = effects(gate, [row for each in looks for row in each], (), settings=_settings(mode, runs, days, n))
    kept = _ever(found, [row.p_non_inferior for row in found])
    assert np.mean(kept) <= at_most(runs)
    if mode == "fixed":
        assert np.mean(kept) >= at_least(runs)


def _settings(mode: str, runs: int, days: int, n: int) -> dict[str, Setting]:
    planned = float(2 * n * days)
    plan = Plan.model_validate({"units": int(planned), "looks": days})
    return {
        f"e{run}.{day}": Setting(mode, plan, 2 * n * (day + 1), planned)  # type: ignore[arg-type] # one of the modes
        for run in range(runs)
        for day in range(days)
    }


def _tail(row: EffectRow) -> float:
    return float(ndtr(-abs((row.estimate or 0) / (row.se or 1))))


@pytest.mark.prove
def test_of_what_a_scorecard_finds_one_in_twenty_is_false() -> None:
    """1,000 scorecards of 20 exploratory metrics of which five move; metrics of a unit are correlated."""
    rng, runs = np.random.default_rng(SEED + 3), 1000
    names = [f"m{at:02d}" for at in range(20)]
    still = dict.fromkeys(names, 5.0)
    moved = still | dict.fromkeys(names[:5], 5.3)
    rows = [row for run in range(runs) for row in _arms(rng, run, {"control": still, "new": moved}, 150)]
    found, _ = effects(_of(names, []), rows, ())
    shares, hits = [], 0
    for each in _by_experiment(found).values():
        named = [row.metric for row in each if (row.adjusted_p or 0) <= ALPHA]
        wrong = sum(metric not in names[:5] for metric in named)
        shares.append(wrong / max(len(named), 1))
        hits += len(named) - wrong
    slack = 3.1 * float(np.std(shares)) / runs**0.5
    assert np.mean(shares) <= ALPHA + slack
    assert hits > 2 * runs

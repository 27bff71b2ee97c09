"""What many releases say together: how the errors of their effects go together, and what follows from that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from vitalfew.evidence.corpus import EffectCorpus, corpora
from vitalfew.evidence.joint import joint_of
from vitalfew.evidence.links import links
from vitalfew.evidence.placebo_errors import Strayed, correlations
from vitalfew.evidence.releases import Released, releases
from vitalfew.evidence.shrinkage import shrinkage
from vitalfew.results.codec import plain
from vitalfew.results.rows import SeriesRow, Tables
from vitalfew.stats.forecast_gap import Question
from vitalfew.workspace.definitions import Definitions

FIRST, DAYS, EVERY, RELEASES = date(2021, 1, 1), 1800, 40, 32
SLOPE, SHARED = 0.5, 0.8


def workspace(count: int = RELEASES) -> Definitions:
    first = DAYS - 30 - EVERY * (count - 1)
    return Definitions.model_validate(
        {
            "sources": {"kpi": {"table": "kpi.csv", "shape": "series", "time": "date"}},
            "metrics": {key: {"source": "kpi", "level": "system"} for key in ("visits", "orders")},
            "links": {"sells": {"parent": "visits", "child": "orders"}},
            "releases": {
                f"r{at}": {"date": (FIRST + timedelta(first + EVERY * at)).isoformat()} for at in range(count)
            },
        }
    )


def days(seed: int, spread: float, count: int = RELEASES) -> list[SeriesRow]:
    """Two metrics that stray together by chance; releases move the second by half of what they do to the first."""
    rng = np.random.default_rng(seed)
    noise = rng.multivariate_normal([0, 0], [[1, SHARED], [SHARED, 1]], size=DAYS)
    first = DAYS - 30 - EVERY * (count - 1)
    for at in range(count):
        moved = spread * rng.normal()
        noise[first + EVERY * at :] += [moved, SLOPE * moved]
    return [
        SeriesRow("kpi", metric, None, (FIRST + timedelta(day)).isoformat(), 100 + float(noise[day, place]))
        for place, metric in enumerate(("visits", "orders"))
        for day in range(DAYS)
    ]


def found(seed: int = 1, spread: float = 0.5, count: int = RELEASES) -> tuple[Definitions, Released, EffectCorpus]:
    defined = workspace(count)
    told = releases(defined, days(seed, spread, count), FIRST + timedelta(DAYS))
    return defined, told, corpora(defined, tables(told)).releases


def tables(told: Released) -> Tables:
    return Tables(release_effects=told.release_effects, placebos=told.placebos)


def test_metrics_that_stray_together_without_a_release_err_together_with_one() -> None:
    _, told, corpus = found(count=3, spread=0)
    second = [row.correlation for row in told.placebos if row.metric == "orders"]
    assert all(SHARED - 0.2 < row["visits"] < SHARED + 0.2 for row in second)
    assert all(not row.correlation for row in told.placebos if row.metric == "visits")
    assert corpus.only_single == ()
    errors = np.sqrt(np.diagonal(corpus.noise, axis1=1, axis2=2))
    shared = [row["visits"] for row in second]
    np.testing.assert_allclose(corpus.noise[:, 0, 1], errors.prod(axis=1) * sorted_like(corpus, told, shared))


def sorted_like(corpus: EffectCorpus, told: Released, values: list[float]) -> list[float]:
    order = [row.release for row in told.placebos if row.metric == "orders"]
    return [values[order.index(name)] for name in corpus.experiments]


def test_dates_that_one_metric_misses_tell_nothing_of_both() -> None:
    rng = np.random.default_rng(3)
    first = Strayed(Question(700), tuple(range(0, 350, 7)), tuple(rng.normal(size=50)))
    like = Strayed(Question(700), first.dates[:30], tuple(-2 * value for value in first.placebos[:30]))
    other = Strayed(Question(700), tuple(range(350, 700, 7)), first.placebos)
    joint = correlations([first, like, other])
    assert joint[0, 1] == pytest.approx(-1)
    assert np.isnan(joint[0, 2])
    assert np.isnan(joint[1, 2])


def test_what_releases_say_of_a_link_is_cleared_of_what_strays_together_and_shown_beside() -> None:
    defined, told, corpus = found()
    joint = joint_of(corpus)
    assert joint is not None
    both = corpora(defined, tables(told))
    (row,) = links(defined, both, (), joint).links
    assert row.estimate is None  # no experiment says anything, and releases never fill in
    assert row.released is not None
    assert row.released.low is not None
    assert row.released.high is not None
    assert row.released.low < SLOPE < row.released.high
    assert abs(row.released.estimate - SLOPE) < 0.12
    assert any("nobody drew by chance" in note for note in row.notes)


def test_releases_that_moved_nothing_say_nothing_of_a_link() -> None:
    defined, told, corpus = found(spread=0.0)
    joint = joint_of(corpus)
    (row,) = links(defined, corpora(defined, tables(told)), (), joint).links
    assert row.released is None


def test_the_effect_on_one_metric_is_told_with_the_help_of_the_other() -> None:
    defined, _, corpus = found()
    alone = {(row.experiment, row.metric): row for row in shrinkage(defined, corpus)[1]}
    together = {(row.experiment, row.metric): row for row in shrinkage(defined, corpus, joint_of(corpus))[1]}
    assert {row.corpus for row in together.values()} == {"releases"}
    assert all(row.joint for row in together.values())
    width = [
        np.mean([row.shrunk.high - row.shrunk.low for (_, metric), row in rows.items() if metric == "orders"])  # type: ignore[operator]  # both ends are known
        for rows in (together, alone)
    ]
    assert width[0] < width[1]


@pytest.mark.prove
def test_slopes_of_releases_hold_the_truth_as_often_as_they_say() -> None:
    held = []
    for seed in range(60):
        defined, told, corpus = found(seed, count=38)
        (row,) = links(defined, corpora(defined, tables(told)), (), joint_of(corpus)).links
        if row.released is not None and row.released.low is not None and row.released.high is not None:
            held.append(row.released.low <= SLOPE <= row.released.high)
    assert len(held) > 48
    assert np.mean(held) > 0.86


def test_a_run_of_many_releases_stays_small() -> None:
    _, told, _ = found()
    assert len(json.dumps([plain(row) for row in told.placebos])) / len(told.placebos) < 3_000
    for release in {row.experiment for row in told.release_effects}:
        notes = [note for row in told.release_effects if row.experiment == release for note in row.notes]
        assert sum("a staged rollout would have told" in note for note in notes) == 1


def test_what_two_metrics_that_are_nearly_one_do_by_chance_tells_no_slopes_apart() -> None:
    defined = workspace().model_copy(deep=True)
    defined.metrics["sessions"] = defined.metrics["visits"]
    defined.links["shops"] = defined.links["sells"].model_copy(update={"parent": "sessions"})
    series = days(2, 0)
    again = np.random.default_rng(3).normal(0, 0.02, DAYS)
    like = [row for row in series if row.metric == "visits"]
    series += [replace(row, metric="sessions", value=row.value + move) for row, move in zip(like, again, strict=True)]
    told = releases(defined, series, FIRST + timedelta(DAYS))
    together = max(abs(value) for row in told.placebos for value in row.correlation.values())
    assert 0.9995 < together < 1
    found = corpora(defined, tables(told))
    rows = links(defined, found, released=joint_of(found.releases)).links
    assert [row.released for row in rows] == [None, None]

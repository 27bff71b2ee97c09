"""Corpora from plain numbers: the effects of some experiments, with levels and joint noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.corpus import Corpora, EffectCorpus
from vitalfew.results.rows import EffectRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.link_rows import Corpus
    from vitalfew.workspace.definitions import Grade

    Floats = NDArray[np.float64]


def effect_row(
    experiment: str,
    metric: str,
    estimate: float,
    se: float,
    *,
    level: float | None = None,
    grade: Grade = "tested",
    units: int = 1_000,
    segment: str | None = None,
    p_value: float | None = None,
) -> EffectRow:
    means = {} if level is None else {"a": level, "b": level + estimate}
    return EffectRow(
        experiment=experiment,
        metric=metric,
        metric_version=1,
        segment=segment,
        arm="b",
        control="a",
        estimate=estimate,
        se=se,
        intervals=(),
        p_value=p_value,
        relative=None,
        n={"a": units, "b": units},
        mean=means,
        method="difference",
        mode="fixed",
        grade=grade,
    )


def corpus_of(
    effects: Mapping[str, Mapping[str, float]],
    noise: Mapping[str, Floats] | Floats,
    metrics: Sequence[str],
    *,
    levels: Mapping[str, float] | None = None,
    kind: Corpus = "randomised",
    grade: Grade = "tested",
) -> EffectCorpus:
    """Effects by experiment and metric, with the same noise `(G, G)` for all or one for each."""
    names, count = tuple(effects), len(metrics)
    found = np.full((len(names), count), np.nan)
    errors = np.full((len(names), count, count), np.nan)
    rows = []
    for k, name in enumerate(names):
        at = [metrics.index(metric) for metric in effects[name]]
        found[k, at] = list(effects[name].values())
        full = noise if isinstance(noise, np.ndarray) else noise[name]
        errors[k][np.ix_(at, at)] = full[np.ix_(at, at)]
        level = levels or {}
        rows.append(
            {
                metric: effect_row(name, metric, value, float(full[i, i]) ** 0.5, level=level.get(metric), grade=grade)
                for metric, value, i in zip(effects[name], effects[name].values(), at, strict=True)
            }
        )
    return EffectCorpus(
        kind=kind,
        metrics=tuple(metrics),
        experiments=names,
        arms=("b",) * len(names),
        controls=("a",) * len(names),
        clusters=tuple(range(len(names))),
        effects=found,
        noise=errors,
        weights=np.full(len(names), 500.0),
        scale=np.ones(count),
        within=np.eye(count),
        users_per_arm=np.full(len(names), 1_000.0),
        rows=tuple(rows),
    )


def corpora_of(randomised: EffectCorpus, releases: EffectCorpus | None = None) -> Corpora:
    return Corpora(randomised, releases or corpus_of({}, np.eye(1), ("none",), kind="releases"))

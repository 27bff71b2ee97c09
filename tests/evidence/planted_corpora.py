"""Corpora of the planted graph as evidence sees them, with their definitions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.evidence.corpus import EffectCorpus
from vitalfew.simulate.metric_graph import NAMES, Planted, PlantedCorpus, corpus
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TARGET = NAMES[-1]
TODAY = date(2026, 6, 1)
CLICKBAIT = Planted(experiments=300, links=(0.5, 0.2, -0.3))


def defined(planted: Planted, **more: Any) -> Definitions:
    """Metrics of three levels and dated experiments."""
    levels = ["feature"] * 8 + ["system"] * 3 + ["business"]
    metrics = {
        name: {"source": "s", "column": name, "level": level} | more.get(name, {})
        for name, level in zip(NAMES, levels, strict=True)
    }
    first = TODAY - timedelta(days=planted.experiments)
    experiments = {f"e{k}": {"source": "s", "start": first + timedelta(days=k)} for k in range(planted.experiments)}
    parts = {"sources": {"s": {"table": "t.csv"}}, "metrics": metrics, "experiments": experiments}
    return Definitions.model_validate(parts | {kind: value for kind, value in more.items() if kind not in NAMES})


def as_corpus(found: PlantedCorpus) -> EffectCorpus:
    """The corpus of randomised experiments that a run would hold."""
    count = len(found.effects)
    return EffectCorpus(
        kind="randomised",
        metrics=tuple(NAMES),
        experiments=tuple(f"e{k}" for k in range(count)),
        arms=("treatment",) * count,
        controls=("control",) * count,
        clusters=tuple(int(cluster) for cluster in found.clusters),
        effects=found.effects,
        noise=found.noise,
        weights=found.weights,
        scale=np.sqrt(np.diag(found.within)),
        within=found.within,
        users_per_arm=found.users.mean(axis=1),
    )


def planted_corpus(planted: Planted, seed: int) -> tuple[EffectCorpus, PlantedCorpus]:
    """A corpus with its truth."""
    found = corpus(planted, seed)
    return as_corpus(found), found


def hidden(found: EffectCorpus, metric: str, at: NDArray[np.intp]) -> EffectCorpus:
    """The same without a metric in some experiments: not measurable yet."""
    effects, noise, place = found.effects.copy(), found.noise.copy(), found.at(metric)
    effects[at, place] = np.nan
    noise[at, place, :] = noise[at, :, place] = np.nan
    return replace(found, effects=effects, noise=noise)


def with_new(found: EffectCorpus, truth: Floats, users: int, seed: int) -> EffectCorpus:
    """The same with one more experiment of so many users per arm, which could not measure the last metric yet."""
    rng = np.random.default_rng(seed)
    noise = found.within * 2 / users
    seen = truth + rng.multivariate_normal(np.zeros(len(truth)), noise)
    seen[-1] = np.nan
    noise[-1, :] = noise[:, -1] = np.nan
    return replace(
        found,
        experiments=(*found.experiments, "new"),
        arms=(*found.arms, "treatment"),
        controls=(*found.controls, "control"),
        clusters=(*found.clusters, max(found.clusters) + 1),
        effects=np.vstack([found.effects, seen]),
        noise=np.concatenate([found.noise, noise[None]]),
        weights=np.append(found.weights, users / 2),
        users_per_arm=np.append(found.users_per_arm, users),
    )

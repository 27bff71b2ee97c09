"""Workspaces with a planted graph of metrics: definitions, moments of experiments, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.evidence import effects
from vitalfew.evidence.corpus import Corpora, corpus
from vitalfew.results.moments import moments_row
from vitalfew.simulate import metric_graph
from vitalfew.stats import Moments
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.results.rows import HealthRow, MomentsRow
    from vitalfew.simulate.metric_graph import PlantedCorpus

    Floats = NDArray[np.float64]

SYSTEM = ("system_1", "system_2", "system_3")


@dataclass(frozen=True)
class Case:
    """A workspace, what was measured of its experiments, and the corpus of these."""

    definitions: Definitions
    moments: tuple[MomentsRow, ...]
    corpora: Corpora


def definitions(
    metrics: Sequence[str],
    links: Mapping[str, Mapping[str, Any]],
    more: Mapping[str, Mapping[str, Any]] | None = None,
    experiments: Mapping[str, Mapping[str, Any]] | None = None,
) -> Definitions:
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {metric: {"source": "users"} for metric in metrics} | dict(more or {}),
            "links": links,
            "experiments": experiments or {},
        }
    )


def to_business(**ranges: tuple[float, float]) -> dict[str, dict[str, Any]]:
    """Links of the three system metrics to the business metric, some with an expert's range."""
    return {
        f"{parent}_to_business": {"parent": parent, "child": "business"}
        | ({"low": ranges[parent][0], "high": ranges[parent][1]} if parent in ranges else {})
        for parent in SYSTEM
    }


def rows_of(
    found: PlantedCorpus,
    names: Sequence[str] = metric_graph.NAMES,
    units: Floats | None = None,
    swapped: Floats | None = None,
) -> tuple[MomentsRow, ...]:
    """Moments whose effects and noise are exactly those of a corpus.

    `units` of each metric scale it, `(G,)`; empty names leave metrics out; `swapped` -1 exchanges the arms, `(K,)`.
    """
    rows: list[MomentsRow] = []
    scale = np.ones(len(names)) if units is None else units
    seen: set[int] = set()
    for k, (effect, noise, users) in enumerate(zip(found.effects, found.noise, found.users, strict=True)):
        has = np.flatnonzero(np.isfinite(effect) & [bool(name) for name in names])
        moved = effect * (1.0 if swapped is None else swapped[k])
        spread = noise[np.ix_(has, has)] * found.weights[k] * np.outer(scale[has], scale[has])
        key, columns = f"e{found.clusters[k]:04d}", tuple(names[at] for at in has.tolist())
        rows.append(_row(key, f"arm_{k}", columns, (moved * scale)[has], spread, int(users[0])))
        if found.clusters[k] not in seen:
            rows.append(_row(key, "control", columns, np.zeros(len(has)), spread, int(users[1])))
        seen.add(int(found.clusters[k]))
    return tuple(rows)


def _row(experiment: str, arm: str, names: tuple[str, ...], mean: Floats, spread: Floats, n: int) -> MomentsRow:
    k = len(names)
    moments = Moments(
        names, np.full((k, k), float(n)), np.zeros(k), np.tile(mean[:, None], (1, k)), spread * (n - 1), n
    )
    return moments_row("users", experiment, arm, None, moments)


FEW = ("",) * 8 + metric_graph.NAMES[8:]
"""Only the system metrics and the business metric are measured: quick to fit."""


def case(
    planted: metric_graph.Planted,
    seed: int,
    links: Mapping[str, Mapping[str, Any]] | None = None,
    health: Sequence[HealthRow] = (),
    names: Sequence[str] = FEW,
    **more: Floats,
) -> Case:
    levels = {name: {"source": "users", "level": "feature"} for name in metric_graph.NAMES[:8]}
    found = definitions(metric_graph.NAMES[8:], to_business() if links is None else links, levels)
    return measured(found, rows_of(metric_graph.corpus(planted, seed), names, **more), health)


def measured(found: Definitions, rows: Sequence[MomentsRow], health: Sequence[HealthRow] = ()) -> Case:
    told, _ = effects(found, rows, (), health)
    both = Corpora(corpus(found, rows, told, health), corpus(found, (), (), (), "releases"))
    return Case(found, tuple(rows), both)

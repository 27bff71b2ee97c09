"""All effects of a workspace in one table: what many experiments show together is read from it.

Everything is in metrics' units, treatment minus control; which arm is called treatment changes signs and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.bundles import once
from vitalfew.evidence.corpus_entries import gather, shared, sources
from vitalfew.evidence.corpus_forms import covariance, forms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus_entries import Entry
    from vitalfew.results.link_rows import Corpus
    from vitalfew.results.rows import EffectRow, HealthRow, MomentsRow, PlaceboRow, Tables
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


SOME_PAIRS = (
    "{experiment}: its source gives products between some metrics only; the others are left out of what effects show"
    " together"
)
_PAIR = 2  # metrics that must be known together to say anything about links


@dataclass(frozen=True, slots=True, eq=False)
class EffectCorpus:
    """Effects of K comparisons (an arm against its control) on G metrics, each with the noise they share.

    Attributes:
        kind: randomised experiments, or releases without randomisation: never both in one.
        metrics: their keys, `(G,)`.
        experiments: key of the experiment or release of each comparison, `(K,)`.
        arms: the arm, `(K,)`.
        controls: the arm it is compared with, `(K,)`.
        clusters: comparisons with the same number share a control (or units), `(K,)`.
        effects: `(K, G)`; NaN where a metric is missing.
        noise: covariance of the errors of the effects, `(K, G, G)`; NaN in rows and columns of a missing metric, and
            off the diagonal where the source gives variances only.
        weights: n_t n_c / (n_t + n_c) units, `(K,)`; NaN where nobody said how many.
        scale: standard deviation of a unit within an arm, `(G,)`; NaN where nobody said.
        within: covariance of a unit's contributions to the effects within an arm, after adjustment, `(G, G)`: noise is
            about `within / weight`; NaN for pairs that no source gives.
        users_per_arm: mean of both arms, `(K,)`.
        refused: experiments left out, with the reason.
        only_single: experiments that do not say how two metrics vary together, as their source gives variances only or
            they measured one metric: good for each metric alone, never for links.
        notes: what was left out of the others.
        rows: the effects as reported, for each comparison by metric, `(K,)`.
        sources: key of what each was measured from, `(K,)`; empty for results that somebody else computed.
    """

    kind: Corpus
    metrics: tuple[str, ...]
    experiments: tuple[str, ...]
    arms: tuple[str, ...]
    controls: tuple[str, ...]
    clusters: tuple[int, ...]
    effects: Floats
    noise: Floats
    weights: Floats
    scale: Floats
    within: Floats
    users_per_arm: Floats
    refused: tuple[tuple[str, str], ...] = ()
    only_single: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[dict[str, EffectRow], ...] = ()
    sources: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Comparisons, K."""
        return len(self.experiments)

    @property
    def is_joint(self) -> Bools:
        """Which comparisons say how their metrics vary together, `(K,)`."""
        single = frozenset(self.only_single)
        return np.array([name not in single for name in self.experiments], dtype=bool)

    def at(self, metric: str) -> int:
        """Position of a metric in the arrays."""
        return self.metrics.index(metric)

    def only(self, keep: Bools, metrics: Sequence[str] | None = None) -> EffectCorpus:
        """Some of the comparisons `(K,)`, and of the metrics where named; those that measured none of these go too."""
        names = self.metrics if metrics is None else tuple(name for name in metrics if name in self.metrics)
        places = np.array([self.at(name) for name in names], dtype=np.intp)
        some = np.flatnonzero(keep & np.isfinite(self.effects[:, places]).any(axis=1))
        square = np.ix_(places, places)
        left = frozenset(self.experiments[k] for k in some)
        return EffectCorpus(
            kind=self.kind,
            metrics=names,
            experiments=tuple(self.experiments[k] for k in some),
            arms=tuple(self.arms[k] for k in some),
            controls=tuple(self.controls[k] for k in some),
            clusters=tuple(self.clusters[k] for k in some),
            effects=self.effects[np.ix_(some, places)],
            noise=self.noise[np.ix_(some, places, places)],
            weights=self.weights[some],
            scale=self.scale[places],
            within=self.within[square],
            users_per_arm=self.users_per_arm[some],
            refused=self.refused,
            only_single=tuple(name for name in self.only_single if name in left),
            notes=self.notes,
            rows=tuple(self.rows[k] for k in some) if self.rows else (),
            sources=tuple(self.sources[k] for k in some) if self.sources else (),
        )

    def joint(self, metrics: Sequence[str] | None = None) -> EffectCorpus:
        """The comparisons that links and joint estimates may use."""
        return self.only(self.is_joint, metrics)


@dataclass(frozen=True, slots=True, eq=False)
class Corpora:
    """Effects of randomised experiments, and of releases, kept apart: their difference is shown, never averaged."""

    randomised: EffectCorpus
    releases: EffectCorpus


def corpora(definitions: Definitions, tables: Tables) -> Corpora:
    """Both kinds of effects of a run, kept apart."""
    return Corpora(
        corpus(definitions, tables.moments, tables.effects, tables.health),
        corpus(definitions, (), once(tables.release_effects), (), "releases", tables.placebos),
    )


def corpus(
    definitions: Definitions,
    moments: Iterable[MomentsRow],
    effects: Iterable[EffectRow],
    health: Iterable[HealthRow],
    which: Corpus = "randomised",
    placebos: Iterable[PlaceboRow] = (),
) -> EffectCorpus:
    """Put the effects of a run in one table, with the noise they share.

    Estimates and standard errors are those of `effects`; moments say how errors on different metrics vary together,
    for adjusted effects after adjustment, for clusters over clusters; of releases, placebos on the same dates do. An
    experiment without moments, or whose source
    gives no products between metrics, is kept for each metric alone.

    Args:
        definitions: experiments and metrics.
        moments: of the units of each arm; none for releases.
        effects: of experiments, or of releases.
        health: experiments that failed a trust test are left out, and named.
        which: what the effects are of.
        placebos: of releases: they say how errors on different metrics vary together.
    """
    rows, measured = tuple(effects), tuple(moments)
    if which == "releases":  # a release may have the key of an experiment
        definitions = definitions.model_copy(update={"experiments": {}})
    found = gather(definitions, measured, rows, health)
    names = {metric for entry in found.entries for metric in entry.rows}
    metrics = tuple(key for key in definitions.metrics if key in names)
    metrics += tuple(sorted(names - set(metrics)))
    told = {(row.release, row.metric): row.correlation for row in placebos}
    for entry in found.entries:
        entry.correlation.update({metric: told.get((entry.experiment, metric), {}) for metric in entry.rows})
    table = _Table.empty(len(found.entries), len(metrics))
    for k, entry in enumerate(found.entries):
        table.add(k, entry, [metrics.index(metric) for metric in entry.rows])
        table.grouped[k] = _is_grouped(definitions, entry.experiment)
    home = sources(definitions, measured)
    scale, within = table.finish()
    users = np.array([sum(entry.units) / 2 for entry in found.entries])
    return EffectCorpus(
        kind=which,
        metrics=metrics,
        experiments=tuple(entry.experiment for entry in found.entries),
        arms=tuple(entry.arm for entry in found.entries),
        controls=tuple(entry.control for entry in found.entries),
        clusters=tuple(shared(found.entries, home)),
        effects=table.effects,
        noise=table.noise,
        weights=table.weights,
        scale=scale,
        within=within,
        users_per_arm=np.where(table.grouped, 2 * table.weights, users),
        refused=found.refused,
        only_single=tuple(entry.experiment for k, entry in enumerate(found.entries) if table.alone[k]),
        notes=(*found.notes, *table.notes),
        rows=tuple(entry.rows for entry in found.entries),
        sources=tuple(home.get(entry.experiment, "") if entry.items else "" for entry in found.entries),
    )


def _is_grouped(definitions: Definitions, experiment: str) -> bool:
    defined = definitions.experiments.get(experiment)
    return defined is not None and (defined.cluster is not None or defined.design == "switchback")


@dataclass(slots=True)
class _Table:
    """The arrays of a corpus while they are filled.

    Attributes:
        alone: comparisons that do not say how their metrics vary together, `(K,)`.
        grouped: comparisons of whole clusters or blocks of time, which count these and no units, `(K,)`.
        spread: variance of a unit before adjustment, and of how many units, `(K, G)` each.
    """

    effects: Floats
    noise: Floats
    weights: Floats
    alone: Bools
    grouped: Bools
    spread: tuple[Floats, Floats]
    notes: list[str]

    @classmethod
    def empty(cls, count: int, size: int) -> _Table:
        return cls(
            effects=np.full((count, size), np.nan),
            noise=np.full((count, size, size), np.nan),
            weights=np.full(count, np.nan),
            alone=np.zeros(count, dtype=bool),
            grouped=np.zeros(count, dtype=bool),
            spread=(np.zeros((count, size)), np.zeros((count, size))),
            notes=[],
        )

    def add(self, k: int, entry: Entry, places: Sequence[int]) -> None:
        """Write one comparison, whose metrics have these places."""
        errors = np.array([row.se for row in entry.rows.values()], dtype=np.float64)
        known = self._correlation(k, entry, places)
        whole = _known_block(known)
        self.alone[k] = len(whole) < _PAIR
        if not self.alone[k] and len(whole) < len(errors):
            self.notes.append(SOME_PAIRS.format(experiment=entry.experiment))
        kept = np.arange(len(errors)) if self.alone[k] else np.array(whole, dtype=np.intp)
        at = np.asarray(places, dtype=np.intp)[kept]
        if not self.alone[k]:
            known[np.ix_(kept, kept)] = _possible(known[np.ix_(kept, kept)])
        self.effects[k, at] = np.array([row.estimate for row in entry.rows.values()], dtype=np.float64)[kept]
        self.noise[k][np.ix_(at, at)] = (known * np.outer(errors, errors))[np.ix_(kept, kept)]
        if min(entry.units) > 0:
            self.weights[k] = entry.units[0] * entry.units[1] / sum(entry.units)

    def _correlation(self, k: int, entry: Entry, places: Sequence[int]) -> Floats:
        """Correlation of the errors, NaN where not known; also what the units say of their spread."""
        metrics = list(entry.rows)
        joint = np.full((len(metrics), len(metrics)), np.nan)
        if entry.items:
            inside = [at for at, metric in enumerate(metrics) if metric in entry.items]
            found = forms([entry.items[metrics[at]] for at in inside])
            for at, form in zip(inside, found, strict=True):
                variance, units = form.unit_variance
                if np.isfinite(variance):
                    self.spread[0][k, places[at]], self.spread[1][k, places[at]] = variance, units
            together = covariance(found)
            sd = np.sqrt(np.diag(together))
            with np.errstate(all="ignore"):
                joint[np.ix_(inside, inside)] = np.clip(together / np.outer(sd, sd), -1, 1)
        for at, metric in enumerate(metrics):
            for other, value in entry.correlation.get(metric, {}).items():
                if other in metrics:
                    joint[at, metrics.index(other)] = joint[metrics.index(other), at] = value
        np.fill_diagonal(joint, 1.0)
        return joint

    def finish(self) -> tuple[Floats, Floats]:
        """Standard deviation of a unit `(G,)` and covariance of its contributions `(G, G)`, each pooled.

        Clusters then weigh as many units as would tell as much.
        """
        some = ~self.grouped if (~self.grouped & np.isfinite(self.weights)).any() else np.ones_like(self.grouped)
        variance, units = (part[some] for part in self.spread)
        with np.errstate(all="ignore"):
            scale: Floats = np.sqrt((variance * units).sum(axis=0) / units.sum(axis=0))
        weighted = self.noise[some] * self.weights[some, None, None] ** 2
        known = np.isfinite(weighted)
        weight = np.where(known, self.weights[some, None, None], 0.0).sum(axis=0)
        total = np.where(known, weighted, 0.0).sum(axis=0)
        within = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
        for k in np.flatnonzero(self.grouped & ~some):
            alike = np.diag(within) / np.diag(self.noise[k])
            if np.isfinite(alike).any():
                self.weights[k] = np.nanmedian(alike)
        return scale, within


def _possible(joint: Floats) -> Floats:
    """The nearest correlation that units can have: values missing for some units, or rounding, can make it none."""
    values, vectors = np.linalg.eigh(joint)
    if values[0] >= 0:
        return joint
    clipped = (vectors * np.clip(values, 0, None)) @ vectors.T
    sd = np.sqrt(np.diag(clipped))
    return np.asarray(clipped / np.outer(sd, sd), dtype=np.float64)


def _known_block(joint: Floats) -> list[int]:
    """Metrics among which every pair is known: those with most unknown pairs are left out, one after the other."""
    kept = list(range(len(joint)))
    while True:
        unknown = np.isnan(joint[np.ix_(kept, kept)]).sum(axis=1)
        if not len(unknown) or not unknown.any():
            return kept
        kept.pop(int(np.argmax(unknown)))

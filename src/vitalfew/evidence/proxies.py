"""Which early metrics stand in for a later one: alone, together, and beside it, in an experiment of usual size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.proxy_health import RECENT, Record, Status, behind, days_of, health
from vitalfew.evidence.roles import sign_of
from vitalfew.results.rows import Estimate, ProxyRow
from vitalfew.results.words import listed
from vitalfew.stats.proxy import (
    front,
    proxy_quality,
    proxy_slope,
    proxy_weights,
    sensitivity_and_agreement,
    standardised,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.joint import Joint
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

TOGETHER = 3
"""Metrics that are put together at most: more of them fit the past better and the future worse."""
_WORTH = 0.01  # of quality that one more metric must add
_TWO = 2
_PAIRS = 30  # of draws, each with its opposite, that say how much too good a proxy looks where it was chosen
_AGAIN = 3  # times that flattery counts as doubt: a fit without rest for the target hides part of it
_MOST = 0.9999  # of a correlation whose Fisher z is taken
_ALONE = "too few experiments say how their metrics vary together: neither weight nor quality can be computed"
_BLEND = "with {target} itself, which would reach {own:.2f} alone"

_NOISY = "measured effects agree in sign less than true ones do: the noise of users moves both metrics"


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Metrics that stand in for a target, with their weights in units of the target.

    Attributes:
        names: of the metrics.
        weights: `(p,)`.
        blend: the target is among them.
        among: the metrics they were chosen from, where they were.
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    blend: bool = False
    among: tuple[str, ...] = ()


def targets(definitions: Definitions, metrics: Sequence[str]) -> tuple[str, ...]:
    """Metrics that proxies stand in for: those of the business, the North Star, and factors that come late."""
    found = []
    for key in metrics:
        metric, factor = definitions.metrics.get(key), definitions.factors.get(key)
        late = metric is not None and metric.timeliness == "lagging"
        top = metric is not None and metric.level == "business"
        if top or (factor is not None and (factor.north_star or late)):
            found.append(key)
    return tuple(found)


def proxies(definitions: Definitions, corpus: EffectCorpus, joint: Joint | None, today: date) -> tuple[ProxyRow, ...]:
    """Say of each early metric, of the best few together, and of these with the target, how well they stand in for it.

    Args:
        definitions: levels, directions, dates of experiments.
        corpus: of randomised experiments.
        joint: all metrics of the corpus at once, where that could be fitted.
        today: the day of the run.
    """
    rows: list[ProxyRow] = []
    every = targets(definitions, corpus.metrics)
    for target in every:
        early = [name for name in corpus.metrics if name not in every and is_early(definitions, name)]
        seen = _Seen(definitions, corpus, joint, target, today)
        found = [seen.row(one) for one in seen.candidates(early)]
        rows += _marked(found, target)
    return tuple(rows)


def is_early(definitions: Definitions, name: str) -> bool:
    """Whether a metric may stand in for later ones: one of features or systems that does not come late itself."""
    metric = definitions.metrics.get(name)
    return metric is not None and metric.level != "business" and metric.timeliness != "lagging"


class _Weigher:
    """Weights and quality of proxies of one target, in a planned experiment of so many users per arm."""

    def __init__(self, joint: Joint, target: str, users: int) -> None:
        self.joint, self.target = joint, joint.corpus.at(target)
        self.noise: Floats = np.nan_to_num(joint.corpus.within) * 2 / max(users, 1)

    def knows(self, names: Sequence[str]) -> bool:
        """Whether all of these were fitted together with the target."""
        return all(name in self.joint.corpus.metrics for name in names)

    def weighed(self, names: tuple[str, ...], *, blend: bool = False) -> _Candidate:
        """Some metrics with their best weights."""
        found = proxy_weights(self.joint.spread, self.noise, self._places(names), self.target)
        return _Candidate(names, tuple(float(weight) for weight in found), blend)

    def best(self, known: Sequence[str], spread: Floats | None = None) -> tuple[str, ...]:
        """The best few together, each next one only where it adds enough; by another covariance, where given."""
        chosen: tuple[str, ...] = ()
        reached = 0.0
        while len(chosen) < TOGETHER:
            tried = {name: self._value((*chosen, name), spread) for name in known if name not in chosen}
            name = max(tried, key=lambda key: tried[key], default=None)
            if name is None or tried[name] < reached + _WORTH:
                break
            chosen, reached = (*chosen, name), tried[name]
        return chosen

    def own(self) -> float:
        """Quality of the target's own measurement."""
        return proxy_quality(self.joint.spread, self.noise, [self.target], self.target)

    def quality(self, names: Sequence[str], among: Sequence[str] = ()) -> Estimate:
        """Quality that the weights found will show in experiments to come, with its interval.

        The interval is made where a correlation has no bounds (Fisher's z), by leaving out experiments. The same
        experiments chose weights and metrics, which flatters both: by how much is seen from draws around the fit, in
        which they are chosen again and held against the fit itself. That is taken off, and counted as doubt as well.

        Args:
            names: of the proxies.
            among: the metrics they were chosen from, where they were.
        """

        def shown(spread: Floats, used: Sequence[str], weights: Floats) -> float:
            found = proxy_quality(spread, self.noise, self._places(used), self.target, weights)
            return float(np.arctanh(min(max(found, -_MOST), _MOST)))

        def flattery(drawn: Floats) -> float:
            used = self.best(among, drawn) if among else tuple(names)
            if not used:
                return 0.0
            weights = proxy_weights(drawn, self.noise, self._places(used), self.target)
            return shown(drawn, used, weights) - shown(self.joint.spread, used, weights)

        weights = proxy_weights(self.joint.spread, self.noise, self._places(names), self.target)
        much = float(np.mean([flattery(drawn) for drawn in self._draws]))
        middle = shown(self.joint.spread, names, weights) - much
        doubt = self.joint.doubt_of(lambda spread: shown(spread, names, weights)) + (_AGAIN * much) ** 2
        found = self.joint.interval(middle, 0.0, doubt)
        value, low, high = (float(np.tanh(end or 0.0)) for end in (found.estimate, found.low, found.high))
        return Estimate(max(value, 0.0), low, max(high, 0.0))  # below 0: its weights may point the wrong way

    @cached_property
    def _draws(self) -> Floats:
        """Covariances of true effects as the doubts about it let them be, `(2 * _PAIRS, G, G)`."""
        sizes = np.random.default_rng(0).normal(size=(_PAIRS, len(self.joint.doubts)))
        away = np.tensordot(sizes, self.joint.doubts, 1)
        values, vectors = np.linalg.eigh(self.joint.spread + np.concatenate([away, -away]))
        return np.asarray((vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.swapaxes(1, 2))

    def slope(self, names: Sequence[str], weights: Floats) -> Estimate | None:
        """What comes of one unit of the proxy; None where it never moves."""
        places = self._places(names)

        def statistic(spread: Floats) -> float:
            return proxy_slope(spread, places, self.target, weights)

        value = statistic(self.joint.spread)
        return self.joint.interval(value, 0.0, self.joint.doubt_of(statistic)) if np.isfinite(value) else None

    def unexplained(self, names: Sequence[str], weights: Floats) -> float:
        """Variance of true effects on the target that the proxy says nothing of."""
        at = self._places(names)
        spread = self.joint.spread
        slope = proxy_slope(spread, at, self.target, weights)
        return max(float(spread[self.target, self.target] - slope * (weights @ spread[at, self.target])), 0.0)

    def _value(self, names: Sequence[str], spread: Floats | None = None) -> float:
        known = self.joint.spread if spread is None else spread
        return proxy_quality(known, self.noise, self._places(names), self.target)

    def _places(self, names: Sequence[str]) -> list[int]:
        return [self.joint.corpus.at(name) for name in names]


class _Seen:
    """What the corpus shows of one target."""

    def __init__(
        self, definitions: Definitions, corpus: EffectCorpus, joint: Joint | None, target: str, today: date
    ) -> None:
        self.definitions, self.corpus, self.target, self.today = definitions, corpus, target, today
        self.days = days_of(definitions, corpus)
        known = corpus.users_per_arm[np.isfinite(corpus.users_per_arm) & (corpus.users_per_arm > 0)]
        self.users = round(float(np.median(known))) if len(known) else 0
        fitted = joint is not None and target in joint.corpus.metrics
        self.weigher = _Weigher(joint, target, self.users) if joint is not None and fitted else None

    def candidates(self, early: Sequence[str]) -> Iterator[_Candidate]:
        """Each metric alone, the best few together, and these with the target."""
        weigher = self.weigher
        known = [name for name in early if weigher is not None and weigher.knows([name])]
        for name in early:
            if weigher is not None and name in known:
                yield weigher.weighed((name,))
            elif self._together((name,)).any():
                yield _Candidate((name,), (1.0,))
        best = () if weigher is None else weigher.best(known)
        if weigher is not None and len(best) > 1:
            yield replace(weigher.weighed(best), among=tuple(known))
        if weigher is not None and best:
            yield weigher.weighed((*best, self.target), blend=True)

    def row(self, one: _Candidate) -> ProxyRow:
        """How good one candidate is; whether no other beats it is marked later."""
        told = self._standardised(one)
        sensitivity, agreement = sensitivity_and_agreement(told, self._standardised(_Candidate((self.target,), (1.0,))))
        weigher = self.weigher if self.weigher is not None and self.weigher.knows(one.names) else None
        slope = None if weigher is None else weigher.slope(one.names, _in_units(one))
        status, message = self._health(one, slope, weigher)
        noisy = status == "healthy" and not one.blend and (agreement or 0.0) < 0
        return ProxyRow(
            target=self.target,
            weights=dict(zip(one.names, one.weights, strict=True)),
            users_per_arm=self.users,
            quality=None if weigher is None else weigher.quality(one.names, one.among),
            sensitivity=sensitivity,
            agreement=None if one.blend else agreement,
            slope=slope,
            experiments=int(self._together(one.names).sum()),
            front=False,
            status=status,
            message=message,
            notes=(_NOISY,) if noisy else (),
        )

    def _health(self, one: _Candidate, slope: Estimate | None, weigher: _Weigher | None) -> tuple[Status, str]:
        if weigher is None:
            return "unknown", _ALONE
        if one.blend:
            return "healthy", _BLEND.format(target=self._title(self.target), own=weigher.own())
        signs = [sign_of(self.definitions, one.names[0]) if len(one.names) == 1 else 1]
        signs.append(sign_of(self.definitions, self.target))
        turn = signs[0] * signs[1] if len(one.names) == 1 else 1
        good = None if slope is None else _turned(slope, turn)
        at = np.flatnonzero(self._together(one.names))
        days = [self.days[k] for k in at]
        order = sorted(range(len(at)), key=lambda i: (days[i] is not None, days[i] or self.today, i))
        recent = at[order[-RECENT:]] if len(at) >= RECENT else at[:0]
        lag = None
        if good is not None and len(recent):
            lag = behind(*self._pairs(recent, one, signs), good, weigher.unexplained(one.names, _in_units(one)))
        dated = [day for day in days if day is not None]
        record = Record(good, len(at), lag, max(dated, default=None))
        return health(record, listed(map(self._title, one.names)), self._title(self.target), self.today)

    def _pairs(self, at: NDArray[np.intp], one: _Candidate, signs: Sequence[int]) -> tuple[Floats, Floats]:
        """Effects on proxy and target in their good directions, with the covariances of their errors."""
        places = [self.corpus.at(name) for name in (*one.names, self.target)]
        turn = np.zeros((_TWO, len(places)))
        turn[0, :-1], turn[1, -1] = signs[0] * _in_units(one), signs[1]
        if len(one.names) > 1:
            turn[0] *= signs[1]  # weights point where the target goes
        effects, noise = self.corpus.effects[at][:, places], self.corpus.noise[at][:, places][:, :, places]
        return effects @ turn.T, turn @ np.nan_to_num(noise) @ turn.T

    def _standardised(self, one: _Candidate) -> Floats:
        places = [self.corpus.at(name) for name in one.names]
        noise = self.corpus.noise[:, places][:, :, places]
        return standardised(self.corpus.effects[:, places], noise, np.array(one.weights))

    def _together(self, names: Sequence[str]) -> NDArray[np.bool_]:
        places = [self.corpus.at(name) for name in (*names, self.target)]
        return np.asarray(np.isfinite(self.corpus.effects[:, places]).all(axis=1))

    def _title(self, key: str) -> str:
        return self.definitions.title("metrics", key)


def _in_units(one: _Candidate) -> Floats:
    """A single metric in its own unit, several by their weights."""
    return np.ones(1) if len(one.names) == 1 else np.array(one.weights)


def _turned(slope: Estimate, sign: int) -> Estimate:
    if sign > 0 or slope.low is None or slope.high is None:
        return slope
    return Estimate(-slope.estimate, -slope.high, -slope.low)


def _marked(rows: list[ProxyRow], target: str) -> list[ProxyRow]:
    """Mark the proxies that no other beats at both sensitivity and agreement; the blend is no proxy."""
    able = [row for row in rows if target not in row.weights and None not in (row.sensitivity, row.agreement)]
    if not able:
        return rows
    kept = front(np.array([[row.sensitivity, abs(row.agreement or 0.0)] for row in able]))
    best = {id(row) for row, flag in zip(able, kept, strict=True) if flag}
    return [replace(row, front=True) if id(row) in best else row for row in rows]

"""What an experiment means for a metric that it did not measure, or cannot measure yet.

Three ways, each named in its row. *Between experiments*: how true effects on all metrics went together before (Lambda),
which holds what no metric of the experiment explains. *Links*: slopes times effects, where a corpus is too small for
that. *Between users*: the surrogate index, for what comes late; where it points the other way than experiments do, both
are shown, for that is how a proxy deceives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.carrying import Known, Slopes
from vitalfew.evidence.downgrades import IDENTIFIED, doubts, grade_of_link
from vitalfew.evidence.grades import GRADES
from vitalfew.evidence.long_run import History
from vitalfew.evidence.proxies import is_early, targets
from vitalfew.results.rows import Estimate, PredictedRow
from vitalfew.results.words import listed
from vitalfew.stats.normal import cdf, two_sided

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.evidence.downgrades import Doubts
    from vitalfew.evidence.joint import Joint
    from vitalfew.evidence.long_run import Foretold
    from vitalfew.results.rows import LinkCovarianceRow, LinkRow
    from vitalfew.workspace.definitions import Definitions, Grade

    Floats = NDArray[np.float64]

BETWEEN_EXPERIMENTS = "how effects went together in past experiments"
BY_LINKS = "links times effects"
BETWEEN_USERS = "surrogate index: how users differ, learned from past experiments"
TESTED = 5
"""Experiments followed to the end from which on the surrogate index counts as tried."""
STRONGEST: Grade = "staged"
"""Grade of a prediction at its best: *probably caused*, for nobody measured it."""
_Z95 = two_sided(0.95)
_WEIGHTY = 0.1  # of the largest part in a prediction: smaller parts are not named
_NAMED = 5
_SURROGACY = (
    "assumes that {target} depends on the change only through {through}, and that users are like those of the past"
)
_TRIED = "{count} experiments followed to the end say how far that fails: it is in the interval"
_UNTRIED = "no five experiments were followed to the end to try that: the interval holds only if it is true"
_APART = (
    "users with better early metrics and changes that improve them point in opposite directions for {target}:"
    " believe the changes"
)
_ROUND = "assumes that what reaches {target} in other ways does not go together with {through}"
_UNSAID = "effects on {target} that go round the links are in no interval: too few experiments measured it"
_UNMOVED = "not measured, and taken as unmoved: {names}"


def predicted(
    definitions: Definitions,
    corpus: EffectCorpus,
    joint: Joint | None,
    links: Sequence[LinkRow] = (),
    covariances: Sequence[LinkCovarianceRow] = (),
) -> tuple[PredictedRow, ...]:
    """Foretell the effect of every experiment on metrics of the business, from the other metrics alone.

    Where the metric was measured after all, `measured` says so beside: that is how predictions are judged.

    Args:
        definitions: levels and timeliness of metrics.
        corpus: of randomised experiments.
        joint: all metrics of the corpus at once, where that could be fitted.
        links: of the run, for experiments that the corpus cannot foretell.
        covariances: of what is believed of them.
    """
    about = doubts(definitions, corpus)
    sums = Slopes.of(definitions, links, covariances)
    wanted = dict.fromkeys((*targets(definitions, corpus.metrics), *targets(definitions, tuple(sums.into))))
    rows: list[PredictedRow] = []
    for target in wanted:
        seen = _Target(definitions, corpus, joint, target, about)
        rows += [row for k in range(len(corpus)) for row in seen.rows(k, sums)]
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Said:
    """A prediction before it is a row; `firm`: standard error of what foretells, without what nothing foretells."""

    estimate: Estimate
    se: float
    firm: float
    grade: Grade
    method: str
    through: tuple[str, ...]
    notes: tuple[str, ...]


class _Target:
    """Predictions of one metric."""

    def __init__(
        self, definitions: Definitions, corpus: EffectCorpus, joint: Joint | None, target: str, about: Doubts
    ) -> None:
        self.definitions, self.corpus, self.target, self.about = definitions, corpus, target, about
        metric = definitions.metrics.get(target)
        self.late = metric is not None and metric.timeliness == "lagging"
        self.joint = joint if joint is not None and target in joint.corpus.metrics else None
        known = target in corpus.metrics
        early = [name for name in corpus.metrics if name != target and is_early(definitions, name)]
        self.history = History(corpus, early, target) if known else None
        self.places = {} if self.joint is None else _places(self.joint)
        self.strengths: dict[tuple[int, ...], float] = {}

    def rows(self, k: int, sums: Slopes) -> Iterator[PredictedRow]:
        """The predictions of one comparison: by experiments or links, and by users for what comes late."""
        first = self._by_experiments(k) or self._by_links(k, sums)
        second = self._by_users(k)
        apart = first is not None and second is not None and _is_apart(first, second)
        for said in (first, second if self.late or apart else None):
            if said is not None:
                notes = (*said.notes, _APART.format(target=self._title(self.target))) if apart else said.notes
                yield self._row(k, said, notes)

    def _row(self, k: int, said: _Said, notes: tuple[str, ...]) -> PredictedRow:
        effect = float(self.corpus.effects[k, self.corpus.at(self.target)]) if self.history else np.nan
        measured = None
        if np.isfinite(effect):
            place = self.corpus.at(self.target)
            half = _Z95 * float(self.corpus.noise[k, place, place]) ** 0.5
            measured = Estimate(effect, effect - half, effect + half)
        return PredictedRow(
            experiment=self.corpus.experiments[k],
            arm=self.corpus.arms[k],
            metric=self.target,
            horizon="long" if self.late else "short",
            predicted=said.estimate,
            p_positive=cdf(said.estimate.estimate / said.se) if said.se > 0 else float(said.estimate.estimate > 0),
            grade=said.grade,
            method=said.method,
            through=said.through,
            measured=measured,
            notes=notes,
        )

    def _by_experiments(self, k: int) -> _Said | None:
        """From all metrics of the comparison but the target, by how effects went together."""
        joint, at = self.joint, self.places.get((self.corpus.experiments[k], self.corpus.arms[k]))
        if joint is None or at is None:
            return None
        target = joint.corpus.at(self.target)
        seen = tuple(int(g) for g in np.flatnonzero(np.isfinite(joint.corpus.effects[at])) if g != target)
        strength = self._strength(joint, seen)
        if strength < IDENTIFIED:
            return None
        mean, known, doubt, unsteady, weights = _foretold(joint, at, seen, target)
        through = _named(joint, at, seen, weights)
        grade = grade_of_link(strength, len(joint.corpus), self.about.about((*through, self.target)))
        assumption = _ROUND.format(target=self._title(self.target), through=listed(map(self._title, through)))
        said = joint.interval(mean, known, doubt, unsteady)
        grade = self._capped(k, grade, through)
        noise = joint.corpus.noise[at][np.ix_(seen, seen)]
        firm = (doubt + max(float(weights @ noise @ weights), 0.0)) ** 0.5
        return _Said(said, (known + doubt) ** 0.5, firm, grade, BETWEEN_EXPERIMENTS, through, (assumption,))

    def _strength(self, joint: Joint, seen: tuple[int, ...]) -> float:
        """How clearly what foretells moved more than noise over past experiments: z of its own direction."""
        if not seen:
            return 0.0
        if seen not in self.strengths:
            self.strengths[seen] = _strength(joint, seen, joint.corpus.at(self.target))
        return self.strengths[seen]

    def _by_links(self, k: int, sums: Slopes) -> _Said | None:
        """Slopes times effects, along the links from what was measured."""
        effects = self.corpus.effects[k]
        at = [g for g, name in enumerate(self.corpus.metrics) if np.isfinite(effects[g]) and name != self.target]
        names = tuple(self.corpus.metrics[g] for g in at)
        rows = self.corpus.rows[k] if self.corpus.rows else {}
        grades: tuple[Grade, ...] = tuple(rows[name].grade if name in rows else "tested" for name in names)
        noise = np.nan_to_num(self.corpus.noise[k][np.ix_(at, at)])
        parents = [parent for _, parent in sums.into.get(self.target, ())]
        known = Known(names, effects[at], noise, grades, (self.corpus.experiments[k],))
        carried = sums.carry(known, (self.target, *parents))
        found = carried.get(self.target)
        if found is None:
            return None
        rest = self._unexplained(found.metrics)
        notes = [_UNSAID.format(target=self._title(self.target))] if rest is None else []
        missing = [parent for parent in parents if parent not in carried]
        if missing:
            notes.append(_UNMOVED.format(names=listed(map(self._title, missing))))
        firm = (max(found.noise, 0.0) + max(sums.variance(found.by_slope), 0.0)) ** 0.5
        se = (firm**2 + (rest or 0.0)) ** 0.5
        half = _Z95 * se
        estimate = Estimate(found.change, found.change - half, found.change + half)
        grade = self._capped(k, max(found.grades, key=GRADES.index), found.metrics)
        return _Said(estimate, se, firm, grade, BY_LINKS, found.metrics, tuple(notes))

    def _unexplained(self, through: Sequence[str]) -> float | None:
        """Variance of true effects on the target that these metrics leave unexplained."""
        if self.joint is None or any(name not in self.joint.corpus.metrics for name in through):
            return None
        spread, target = self.joint.spread, self.joint.corpus.at(self.target)
        at = [self.joint.corpus.at(name) for name in through]
        slopes = np.linalg.pinv(spread[np.ix_(at, at)], hermitian=True) @ spread[at, target]
        return max(float(spread[target, target] - slopes @ spread[at, target]), 0.0)

    def _by_users(self, k: int) -> _Said | None:
        found = None if self.history is None else self.history.foretell(k)
        if found is None:
            return None
        half = _Z95 * found.found.se
        value = found.found.estimate
        tried = found.tested >= TESTED
        grade = self._capped(k, "dated" if tried else "correlated", found.through)
        estimate = Estimate(value, value - half, value + half)
        firm = (found.found.noise + found.found.learned) ** 0.5
        notes = self._assumed(found, tried=tried)
        return _Said(estimate, found.found.se, firm, grade, BETWEEN_USERS, found.through, notes)

    def _assumed(self, found: Foretold, *, tried: bool) -> tuple[str, ...]:
        through = listed(map(self._title, found.through), _NAMED)
        assumption = _SURROGACY.format(target=self._title(self.target), through=through)
        return assumption, _TRIED.format(count=found.tested) if tried else _UNTRIED

    def _capped(self, k: int, grade: Grade, through: Sequence[str]) -> Grade:
        """Never stronger than the effects it rests on, and never as strong as an effect that was measured itself."""
        rows = self.corpus.rows[k] if self.corpus.rows else {}
        return max((grade, STRONGEST, *(rows[name].grade for name in through if name in rows)), key=GRADES.index)

    def _title(self, key: str) -> str:
        return self.definitions.title("metrics", key)


def _places(joint: Joint) -> dict[tuple[str, str], int]:
    return {key: k for k, key in enumerate(zip(joint.corpus.experiments, joint.corpus.arms, strict=True))}


def _is_apart(first: _Said, second: _Said) -> bool:
    """Whether two predictions point in opposite directions, each clearly as far as it goes."""
    clear = all(abs(said.estimate.estimate) > _Z95 * said.firm for said in (first, second))
    return clear and first.estimate.estimate * second.estimate.estimate < 0


def _foretold(joint: Joint, at: int, seen: Sequence[int], target: int) -> tuple[float, float, float, float, Floats]:
    """The target's effect from the others.

    Returns:
        Its mean, variance with Lambda known, variance of the doubt, variance of the first variance, weights `(p,)`.
    """
    places = np.array(seen, dtype=np.intp)
    own = joint.spread / joint.fit.weights[at]
    block = np.ix_(places, places)
    inverse = np.linalg.pinv(own[block] + joint.corpus.noise[at][block], hermitian=True)
    weights = inverse @ own[places, target]
    effects = joint.corpus.effects[at, places]
    pull = inverse @ effects
    moved = joint.doubts[:, target, places] @ pull - (joint.doubts[:, places[:, None], places] @ pull) @ weights
    known = max(float(own[target, target] - weights @ own[places, target]), 0.0)
    doubt = float((moved**2).sum()) / float(joint.fit.weights[at]) ** 2
    contrast = np.zeros(len(joint.spread))
    contrast[target], contrast[places] = 1.0, -weights
    unsteady = float((((joint.doubts @ contrast) @ contrast) ** 2).sum()) / float(joint.fit.weights[at]) ** 2
    return float(weights @ effects), known, doubt, unsteady, weights


def _named(joint: Joint, at: int, seen: Sequence[int], weights: Floats) -> tuple[str, ...]:
    """The metrics that carry a prediction, the weightiest first."""
    places = np.array(seen, dtype=np.intp)
    varies = np.sqrt(joint.spread[places, places] + joint.corpus.noise[at][places, places])
    parts = np.abs(weights) * varies
    order = [i for i in np.argsort(-parts) if parts[i] >= _WEIGHTY * parts.max()]
    return tuple(joint.corpus.metrics[seen[i]] for i in order[:_NAMED])


def _strength(joint: Joint, seen: Sequence[int], target: int) -> float:
    places = np.array(seen, dtype=np.intp)
    block = np.ix_(places, places)
    measured = np.isfinite(joint.corpus.effects[:, places]).all(axis=1)
    count = int(measured.sum())
    if not count:
        return 0.0
    noise = joint.corpus.noise[measured][:, places[:, None], places]
    weights = (
        np.linalg.pinv(joint.spread[block] + np.median(noise, axis=0), hermitian=True) @ joint.spread[places, target]
    )
    variance = np.einsum("i,kij,j->k", weights, noise, weights)
    if not (variance > 0).all():
        return 0.0
    ratio = float(np.mean((joint.corpus.effects[measured][:, places] @ weights) ** 2 / variance))
    strength: float = (ratio - 1) * (count / 2) ** 0.5
    return strength

"""What it would take to identify a link: so many more experiments like the past ones, or one larger test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.downgrades import ESTIMATED, fewest
from vitalfew.results.rows import WouldTake
from vitalfew.results.words import listed
from vitalfew.stats.link_strength import NUMBERS, experiments_needed
from vitalfew.stats.normal import ppf
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POWER = 0.8
MOST_EXPERIMENTS = 10_000
"""Beyond that no number of experiments is any use as advice."""
MOST_USERS = 100_000_000
"""The same for users per arm of one test."""
_AT_LEAST = 1.1  # times the experiments at hand
_EASIER = 0.7  # share of the experiments, from which one parent alone is worth a word
_PRIOR = (
    20.0  # experiments' worth of belief that parents are moved alike: about unbiased on planted corpora of 20 to 150
)
_FAR = 2.0  # signal over noise beyond which a direction says nothing about the others
_ALL, _LEAST = 1_000_000, 60_000  # numbers drawn for all children together, and for one

MORE = (
    "about {count} more experiments of {users} users per arm that move {parents} as past ones did: z above"
    " {limit:g} with a probability of {power}"
)
FEW_MORE = (
    "{count} more experiments that measure {metrics} together, of {users} users per arm as past ones: these moved"
    " {parents} far enough, but were too few"
)
ALONE = "with {parent} as the only parent of {child} about {count} more"
ENOUGH_ALONE = "with {parent} as the only parent of {child} the experiments at hand would do"
ONE_TEST = (
    "or one test of {users} users per arm that moves {parent} as much as past ones did and is about nothing else, which"
    " tells its effect by {limit:g} standard errors"
)
UNMOVED = (
    "no number of experiments like the past ones: they did not measurably move {parent}{apart}; test a change that"
    " moves {parent}, and little else"
)
ROUGH = "a rough number: {count} experiments say little about how far such changes move metrics"
_FEW = 50  # experiments below which the number is rough
UNMEASURED = (
    "experiments that measure {parents} and {child} on the same users, with the products between them; how many depends"
    " on how far they move {parents}"
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How the experiments of a corpus move the parents of one child, and how large they are.

    Attributes:
        child: title of the child.
        parents: titles of those estimated together.
        spread: covariance of true effects on them, `(p, p)`.
        within: covariance of units within arms, `(p, p)`.
        weights: of the experiments, `(K,)`.
        users_per_arm: of the median experiment.
        experiments: that measured all of them.
    """

    child: str
    parents: tuple[str, ...]
    spread: Floats
    within: Floats
    weights: Floats
    users_per_arm: int
    experiments: int

    @property
    def likely(self) -> Floats:
        """The spread as it is likely to go on, in no direction much fainter or stronger beside noise than in others.

        The fainter directions of a fit to few experiments look fainter than they are, and the number needed hangs on
        the faintest.
        """
        if len(self.parents) == 1:
            return self.spread
        share, weight = self.experiments / (self.experiments + _PRIOR), float(np.median(self.weights))
        half = np.linalg.inv(np.linalg.cholesky(self.within))
        signal = np.linalg.eigvalsh(half @ self.spread @ half.T * weight)
        typical = np.clip(signal, 0, _FAR).mean() / weight
        return np.asarray(share * self.spread + (1 - share) * typical * self.within)


def would_take(habit: Habit, families: int = 1) -> list[WouldTake]:
    """How many more experiments, or how large a single test, would make links estimates; parent by parent.

    Args:
        habit: of the corpus at hand.
        families: how many children are asked about in all; the work is divided among them.
    """
    numbers = int(min(NUMBERS, max(_LEAST, _ALL // max(families, 1))))

    def needed(spread: Floats, within: Floats) -> float:
        return experiments_needed(spread, within, habit.weights, limit=ESTIMATED, power=POWER, numbers=numbers)

    together = needed(habit.likely, habit.within)
    found = []
    for at in range(len(habit.parents)):
        inner = np.ix_([at], [at])
        alone = needed(habit.spread[inner], habit.within[inner]) if len(habit.parents) > 1 else together
        found.append(_one(habit, at, together, alone))
    return found


def _one(habit: Habit, at: int, together: float, alone: float) -> WouldTake:
    parent = habit.parents[at]
    test = _one_test(float(habit.spread[at, at]), float(habit.within[at, at]))
    users, parents = f"{habit.users_per_arm:,}", listed(habit.parents)
    parts, more = [], None
    if together <= habit.experiments < fewest(len(habit.parents)):
        return _too_few(habit)
    if together <= MOST_EXPERIMENTS:
        more = _more(together, habit.experiments, len(habit.parents))
        parts = [MORE.format(count=f"{more:,}", users=users, parents=parents, limit=ESTIMATED, power=percent(POWER))]
    else:
        apart = len(habit.parents) > 1 and alone <= MOST_EXPERIMENTS
        others = listed((*habit.parents[:at], *habit.parents[at + 1 :]))
        parts = [UNMOVED.format(parent=parent, apart=f" apart from {others}" if apart else "")]
    if len(habit.parents) > 1 and alone < min(_EASIER * together, MOST_EXPERIMENTS):
        said = ENOUGH_ALONE if max(alone, fewest(1)) <= habit.experiments else ALONE
        count = f"{_more(alone, habit.experiments, 1):,}"
        parts.append(said.format(parent=parent, child=habit.child, count=count))
    if test is not None:
        parts.append(ONE_TEST.format(users=f"{test:,}", parent=parent, limit=ESTIMATED))
    if habit.experiments < _FEW:
        parts.append(ROUGH.format(count=habit.experiments))
    return WouldTake(more, habit.users_per_arm, test, "; ".join(parts))


def _too_few(habit: Habit) -> WouldTake:
    """Where few experiments moved the parents far enough: the size of one more does not make up for their number."""
    more, users = fewest(len(habit.parents)) - habit.experiments, f"{habit.users_per_arm:,}"
    metrics, parents = listed((*habit.parents, habit.child)), listed(habit.parents)
    message = FEW_MORE.format(count=more, metrics=metrics, users=users, parents=parents)
    return WouldTake(more, habit.users_per_arm, None, message)


def unmeasured(child: str, parents: Sequence[str]) -> WouldTake:
    """What it would take where no experiment measured both ends as a link needs it."""
    return WouldTake(None, None, None, UNMEASURED.format(parents=listed(parents), child=child))


def _more(needed: float, there: int, parents: int) -> int:
    """Experiments besides those at hand; a few more even where these should have done, as they did not."""
    return max(math.ceil(needed), math.ceil(_AT_LEAST * there), fewest(parents)) - there


def _one_test(spread: float, within: float) -> int | None:
    """Users per arm of a test whose effect on the parent, as large as usual, is told by `ESTIMATED` errors."""
    if not spread > 0:
        return None
    users = 2 * within / spread * (ESTIMATED + ppf(POWER)) ** 2
    return math.ceil(users) if users <= MOST_USERS else None

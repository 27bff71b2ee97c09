"""What teams say they are for, where their goals pull in opposite directions, and how far groups are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate


@dataclass(frozen=True, slots=True)
class DistanceRow:
    """Between two groups of raters: the share of all weight that one would put elsewhere, with its 80 % interval.

    Both groups have five raters or more; smaller ones are merged before.
    """

    one: str
    other: str
    share: Estimate


@dataclass(frozen=True, slots=True)
class Aim:
    """A direction that a team means to move a metric in.

    Attributes:
        team: whose it is; None: nobody's in particular.
        metric: its key.
        kind: a *key_result* of an objective, or a locked *promise* of work that is not out.
        about: key of the objective or of the initiative.
        before: where the metric is to begin, and `after` where it is to end, in its unit; of a promise None, and the
            promised change.
        up: whether it is to rise.
    """

    team: str | None
    metric: str
    kind: Literal["key_result", "promise"]
    about: str
    before: float | None
    after: float
    up: bool


@dataclass(frozen=True, slots=True)
class NarrativeRow:
    """What a team says it is for, in its own words.

    Attributes:
        team: its key; None: what is said for the whole organisation.
        visions: where it wants to be, and `objectives`: what it wants to reach, by their keys.
        aims: directions in which it means to move metrics.
        factors: metrics of its own that count as value.
        beliefs: hypotheses of its open work that say why it should come true, by their keys.
        group: of raters with its name, whose weights are shown (five or more); None where there is none.
    """

    team: str | None
    visions: tuple[str, ...]
    objectives: tuple[str, ...]
    aims: tuple[Aim, ...]
    factors: tuple[str, ...]
    beliefs: tuple[str, ...]
    group: str | None


@dataclass(frozen=True, slots=True)
class OpposedRow:
    """A metric that some mean to raise and others, of another team, to lower."""

    metric: str
    up: tuple[Aim, ...]
    down: tuple[Aim, ...]

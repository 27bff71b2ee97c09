"""The short and the long run side by side: what experiments were expected to bring, and what their holdout shows.

A holdout keeps some users out of everything new for months. What it measures is the long run itself, so it is held
against what was foreseen of the experiments it is kept out of, or what was left of their effects without luck.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from vitalfew.results.rows import Estimate, HorizonRow
from vitalfew.results.words import listed
from vitalfew.stats.normal import cdf, two_sided
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vitalfew.results.rows import EffectRow, HorizonVerdict, PredictedRow, ShrunkRow, Tables
    from vitalfew.workspace.bets import Initiative
    from vitalfew.workspace.definitions import Definitions

_Z95 = two_sided(0.95)
_RARE = 0.05
_NAMED = 3
SUMMED = "effects of {count} experiments are added up as if none acted on another"
UNTOLD = "nothing was measured or foreseen of {names}: counted as if they did nothing"
IN_PART = "counted for the share of all units that they reach: {names}"
NOT_OUT = "{names} did not stay, so users open to all did not keep them, and they are left out"


class _Part(NamedTuple):
    """An effect with its variance."""

    mean: float
    variance: float


def horizons(definitions: Definitions, tables: Tables) -> tuple[HorizonRow, ...]:
    """Every effect of a holdout, beside what was to be expected of the experiments that it is kept out of.

    Args:
        definitions: holdouts name their experiments (`holds_out`); the `reach` of an initiative is the share of all
            units on which the effects of its experiments count.
        tables: `effects`, `shrunk` and `predicted` are read.
    """
    known = _Known.of(definitions, tables)
    return tuple(
        row
        for effect in tables.effects
        if effect.segment is None and effect.estimate is not None and effect.se
        for row in known.row(effect)
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What was measured and foreseen of each experiment, by metric; of several arms, of the largest."""

    definitions: Definitions
    arms: dict[str, str]
    short: dict[tuple[str, str, str], ShrunkRow]
    foreseen: dict[tuple[str, str, str], PredictedRow]

    @classmethod
    def of(cls, definitions: Definitions, tables: Tables) -> _Known:
        sizes: dict[str, dict[str, int]] = defaultdict(dict)
        for row in tables.effects:
            sizes[row.experiment][row.arm] = max(sizes[row.experiment].get(row.arm, 0), row.n.get(row.arm, 0))
        arms = {key: max(found, key=lambda arm: found[arm]) for key, found in sizes.items()}
        short = {(row.experiment, row.arm, row.metric): row for row in tables.shrunk if row.corpus == "randomised"}
        # Of several ways to foresee, the first is by experiments or links, the second by users (see `predicted`).
        foreseen = {(row.experiment, row.arm, row.metric): row for row in reversed(tables.predicted)}
        return cls(definitions, arms, short, foreseen)

    def row(self, effect: EffectRow) -> Iterator[HorizonRow]:
        """The card of one effect of a holdout; nothing for other experiments."""
        holdout = self.definitions.experiments.get(effect.experiment)
        if holdout is None or holdout.design != "holdout" or effect.estimate is None or effect.se is None:
            return
        stayed = [key for key in holdout.holds_out if self._is_out(key)]
        short = {key: part for key in stayed if (part := self._short(key, effect.metric)) is not None}
        foreseen = {key: part for key in stayed if (part := self._foreseen(key, effect.metric)) is not None}
        expected = short | foreseen  # what was foreseen of the long run, else what was seen in the short one
        held = _Part(effect.estimate, effect.se**2)
        verdict, p = _verdict(held, tuple(expected.values()))
        yield HorizonRow(
            holdout=effect.experiment,
            arm=effect.arm,
            metric=effect.metric,
            experiments=tuple(stayed),
            initiatives=tuple(dict.fromkeys(self._initiatives(holdout.initiative, stayed))),
            short=_estimate(short.values()),
            foreseen=_estimate(foreseen.values()),
            expected=_estimate(expected.values()),
            held=_interval(held),
            p=p,
            verdict=verdict,
            grade=effect.grade,
            notes=tuple(self._notes(holdout.holds_out, stayed, expected)),
        )

    def _is_out(self, key: str) -> bool:
        work = self._work(key)
        return work is None or work.status not in OVER

    def _reach(self, key: str) -> float:
        """Share of all units that what was tried reaches, where that is written down: those of the test may be few."""
        work = self._work(key)
        return 1.0 if work is None or work.reach is None else work.reach

    def _work(self, key: str) -> Initiative | None:
        found = self.definitions.experiments.get(key)
        return None if found is None or found.initiative is None else self.definitions.initiatives.get(found.initiative)

    def _initiatives(self, own: str | None, stayed: Sequence[str]) -> Iterator[str]:
        for key in (own, *(self.definitions.experiments[name].initiative for name in stayed)):
            if key is not None:
                yield key

    def _short(self, experiment: str, metric: str) -> _Part | None:
        row = self.short.get((experiment, self.arms.get(experiment, ""), metric))
        return None if row is None else _part(row.shrunk, self._reach(experiment))

    def _foreseen(self, experiment: str, metric: str) -> _Part | None:
        row = self.foreseen.get((experiment, self.arms.get(experiment, ""), metric))
        return None if row is None else _part(row.predicted, self._reach(experiment))

    def _notes(self, named: Sequence[str], stayed: Sequence[str], expected: dict[str, _Part]) -> Iterator[str]:
        if len(expected) > 1:
            yield SUMMED.format(count=len(expected))
        in_part = [key for key in expected if self._reach(key) < 1]
        if in_part:
            yield IN_PART.format(names=self._titles(in_part))
        untold = [key for key in stayed if key not in expected]
        if untold and expected:
            yield UNTOLD.format(names=self._titles(untold))
        gone = [key for key in named if key not in stayed]
        if gone:
            yield NOT_OUT.format(names=self._titles(gone))

    def _titles(self, keys: Sequence[str]) -> str:
        return listed([self.definitions.title("experiments", key) for key in keys], _NAMED)


def _part(found: Estimate, reach: float) -> _Part | None:
    """An effect on those that it reaches, as it is over all units."""
    if found.low is None or found.high is None:
        return None
    return _Part(reach * found.estimate, (reach * (found.high - found.low) / 2 / _Z95) ** 2)


def _sum(parts: Iterable[_Part]) -> _Part:
    every = tuple(parts)
    return _Part(sum(part.mean for part in every), sum(part.variance for part in every))


def _estimate(parts: Iterable[_Part]) -> Estimate | None:
    every = tuple(parts)
    return _interval(_sum(every)) if every else None


def _interval(part: _Part) -> Estimate:
    half = _Z95 * part.variance**0.5
    return Estimate(part.mean, part.mean - half, part.mean + half)


def _verdict(held: _Part, expected: Sequence[_Part]) -> tuple[HorizonVerdict, float | None]:
    """Whether a holdout contradicts what was expected; the further from nothing the expected lies, the clearer."""
    if not expected:
        return "nothing_expected", None
    told = _sum(expected)
    variance = held.variance + told.variance
    p = 2 * cdf(-abs(held.mean - told.mean) / variance**0.5)
    if p >= _RARE:
        # A holdout so small that it would agree with nothing as well has confirmed nothing.
        return ("as_expected" if abs(held.mean) > _Z95 * held.variance**0.5 else "cannot_tell"), p
    return ("more" if held.mean > told.mean else "less"), p

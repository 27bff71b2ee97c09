"""Metrics that are made of others by a formula, and the states that they and their parts were in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.decompositions import Products, decompose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.rows import EffectRow
    from vitalfew.stats.decompositions import Decomposition
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.formulas import Formula

    Floats = NDArray[np.float64]

_STEP = 1e-6  # of a numerical slope, in parts of the number


@dataclass(frozen=True, slots=True)
class State:
    """A formula's parts in control, and what an experiment or a release did to them.

    Attributes:
        at: position of the comparison in its corpus.
        before: parts in control, `(n,)`.
        change: effect on each, `(n,)`.
        noise: covariance of these effects, `(n, n)`; NaN where it is not known.
        whole: the metric that they make, in control and its effect; None: not measured.
        with_whole: covariance of the effects on the whole and the parts, `(n + 1, n + 1)`.
        control_share: units of control as a share of all.
    """

    at: int
    before: Floats
    change: Floats
    noise: Floats
    whole: tuple[float, float] | None
    with_whole: Floats
    control_share: float

    @property
    def errors(self) -> tuple[Floats, Floats]:
        """Covariance of the parts in control and in treatment: the noise of an effect comes from both arms.

        It is divided as if units varied alike in both, which the many units of an experiment make good enough here.
        """
        return (1 - self.control_share) * self.noise, self.control_share * self.noise


def products_of(formula: Formula) -> Products | None:
    """A formula as sums of products of powers; None where it divides by a sum, or has too many of them."""
    terms = formula.terms
    if terms is None:
        return None
    exponents = [[float(term.exponents.get(part, 0)) for part in formula.parts] for term in terms]
    return Products(
        np.array([term.coefficient for term in terms]), np.array(exponents).reshape(len(terms), len(formula.parts))
    )


def value_of(formula: Formula, parts: Floats) -> Floats:
    """The whole from parts `(..., n)`; infinite where it is too large to write."""
    with np.errstate(over="ignore"):
        return _value(formula, parts)


def _value(formula: Formula, parts: Floats) -> Floats:
    return formula.value({name: parts[..., at] for at, name in enumerate(formula.parts)})


def split(formula: Formula, before: Floats, after: Floats) -> Decomposition:
    """Split a change of the whole into what its parts did.

    Raises:
        NotEnoughData: the formula is not defined on the way.
    """
    products = products_of(formula)
    return decompose(products if products is not None else lambda parts: _value(formula, parts), before, after)


def slopes_of(formula: Formula, parts: Floats) -> Floats:
    """How much the whole moves when each part moves by one, at a state of its parts, `(n,)`; NaN where it has none."""
    if not np.isfinite(value_of(formula, parts)):
        return np.full(len(parts), np.nan)
    steps = _STEP * np.where(parts != 0, np.abs(parts), 1.0)
    steps = np.maximum(steps, np.finfo(np.float64).tiny)
    up, down = (value_of(formula, parts + sign * np.diag(steps)) for sign in (1, -1))
    return np.asarray((up - down) / (2 * steps), dtype=np.float64)


def states(formula: Formula, child: str, corpus: EffectCorpus) -> Iterator[State]:
    """The comparisons of a corpus that measured every part, with its level in control."""
    if any(part not in corpus.metrics for part in formula.parts):
        return
    places = [corpus.at(part) for part in formula.parts]
    for k, rows in enumerate(corpus.rows):
        levels = [_level(rows[part]) if part in rows else None for part in formula.parts]
        if None in levels or not np.isfinite(corpus.effects[k, places]).all():
            continue
        level = _level(rows[child]) if child in rows else None
        together = [corpus.at(child), *places] if level is not None else places
        units = rows[formula.parts[0]].n
        control, arm = (units.get(name, 0) for name in (corpus.controls[k], corpus.arms[k]))
        yield State(
            at=k,
            before=np.array(levels, dtype=np.float64),
            change=corpus.effects[k, places],
            noise=corpus.noise[k][np.ix_(places, places)],
            whole=(level, float(corpus.effects[k, together[0]])) if level is not None else None,
            with_whole=corpus.noise[k][np.ix_(together, together)],
            control_share=control / (control + arm) if control + arm else 0.5,
        )


def newest(definitions: Definitions, corpus: EffectCorpus, found: list[State]) -> State | None:
    """The state of the experiment that ended, or else started, last; the last one where nobody said when."""

    def ended(state: State) -> tuple[str, int]:
        defined = definitions.experiments.get(corpus.experiments[state.at])
        day = (defined.end or defined.start) if defined else None
        return (day.isoformat() if day else "", state.at)

    return max(found, key=ended, default=None)


def _level(row: EffectRow) -> float | None:
    return row.mean.get(row.control)

"""The set of lines worth most within all bounds: a 0-1 linear programme, solved by HiGHS (Huangfu & Hall 2018)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scipy.optimize import OptimizeResult

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.portfolio import Flags

Kind = Literal["budget", "capacity", "share", "guardrail", "prerequisite", "exclusion", "floor"]

SECONDS = 5.0
GAP = 1e-4
_TOLERANCE = 1e-6
_STOPPED = 1  # scipy's status when the time was over


@dataclass(frozen=True, slots=True)
class Bound:
    """What a set of lines must not exceed: sum of `coefficients` of its lines <= `limit`.

    Attributes:
        kind: what sort of bound it is.
        subject: the team, horizon, metric or line that it is about; bounds of one kind and subject belong together.
        words: how a plan speaks of it.
        coefficients: `(lines,)`.
        limit: in the unit of the coefficients.
        ease: what loosening it wholly takes from the coefficients, `(lines,)`, where its limit is a share of them.
        share: that share, else 0.
    """

    kind: Kind
    subject: str
    words: str
    coefficients: Floats
    limit: float
    ease: Floats | None = None
    share: float = 0.0

    def loosened(self, by: float) -> Bound:
        """The same bound, looser by a share of itself."""
        if self.ease is not None:
            return replace(self, coefficients=self.coefficients - by * self.ease)
        return replace(self, limit=self.limit + by * abs(self.limit))

    def is_kept(self, chosen: Flags) -> bool:
        """Whether a set of lines keeps it, rounding aside."""
        return self.slack(chosen) >= -_TOLERANCE * self.scale

    def slack(self, chosen: Flags) -> float:
        """What is left of the limit."""
        return float(self.limit - self.coefficients[chosen].sum())

    @property
    def scale(self) -> float:
        """The largest number in it."""
        return max(float(np.abs(self.coefficients).max(initial=0.0)), abs(self.limit), 1e-300)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look, and how near to the proved optimum is near enough (a share of the value)."""

    seconds: float = SECONDS
    gap: float = GAP


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found.

    Attributes:
        chosen: which lines, `(lines,)`; none of them where no set keeps all bounds.
        value: sum of their values.
        gap: how much more the optimum might be at most, as a share of it.
        contradicting: the words of bounds that cannot hold together, none of them superfluous; empty where a set
            was found.
    """

    chosen: Flags
    value: float
    gap: float = 0.0
    contradicting: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether any set keeps all bounds."""
        return not self.contradicting


def choose(
    values: Floats, bounds: Sequence[Bound], allowed: Flags | None = None, effort: Effort | None = None
) -> Choice:
    """The set of lines of the largest summed value that keeps all bounds.

    Args:
        values: of the lines, `(lines,)`; negative ones are taken only where a bound asks for them.
        bounds: that must hold.
        allowed: which lines may be taken, `(lines,)`; all when None.
        effort: limits of the search; five seconds and a gap of 0.01 % when None.

    Returns:
        The set; where none keeps all bounds, which bounds contradict each other.
    """
    effort = effort or Effort()
    open_to = np.ones(len(values), dtype=bool) if allowed is None else allowed.copy()
    open_to &= (values > 0) | _wanted(values, bounds)
    wish = open_to & (values > 0)
    if all(bound.is_kept(wish) for bound in bounds):
        return Choice(wish, float(values[wish].sum()))
    found = _solved(values, bounds, open_to, effort)
    if found is None:
        nothing = np.zeros(len(values), dtype=bool)
        return Choice(nothing, 0.0, contradicting=_contradiction(bounds, open_to, effort))
    chosen = _without_idle(found.chosen, values, bounds)
    return replace(found, chosen=chosen, value=float(values[chosen].sum()))


def _wanted(values: Floats, bounds: Iterable[Bound]) -> Flags:
    """Lines that some bound asks for: taking them makes room for others."""
    wanted = np.zeros(len(values), dtype=bool)
    for bound in bounds:
        wanted |= bound.coefficients < 0
    return wanted


def _solved(values: Floats, bounds: Sequence[Bound], open_to: Flags, effort: Effort) -> Choice | None:
    """What HiGHS finds among the open lines; None when it proves that nothing keeps all bounds."""
    chosen = np.zeros(len(values), dtype=bool)
    nothing_is_fine = all(bound.is_kept(chosen) for bound in bounds)
    if not open_to.any() or not bounds:
        return Choice(chosen, 0.0) if nothing_is_fine else None
    found = _highs(values[open_to], [_scaled(bound, open_to) for bound in bounds], effort)
    if found.x is not None:
        chosen[open_to] = np.asarray(found.x) > 0.5  # noqa: PLR2004 - whole numbers but for rounding
        return Choice(chosen, float(values[chosen].sum()), float(np.clip(found.mip_gap or 0.0, 0.0, 1.0)))
    if found.status != _STOPPED:
        return None
    late = f"no set that keeps all bounds was found within {effort.seconds:g} seconds"
    return Choice(chosen, 0.0, 1.0, () if nothing_is_fine else (late,))


def _scaled(bound: Bound, open_to: Flags) -> tuple[Floats, float]:
    """A row of the programme with numbers near 1, as the solver's tolerances are absolute."""
    row = bound.coefficients[open_to]
    scale = max(float(np.abs(row).max(initial=0.0)), 1e-300)
    return row / scale, float(np.clip(bound.limit / scale, -1e15, 1e15))


def _highs(values: Floats, rows: Sequence[tuple[Floats, float]], effort: Effort) -> OptimizeResult:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    matrix = csr_array(np.array([row for row, _ in rows]).reshape(len(rows), len(values)))
    constraint = LinearConstraint(matrix, -np.inf, np.array([limit for _, limit in rows]))
    scale = max(float(np.abs(values).max(initial=0.0)), 1e-300)
    with quiet():
        return milp(
            -values / scale,
            constraints=constraint,
            integrality=np.ones(len(values), dtype=np.int64),
            bounds=Bounds(0, 1),
            options={"time_limit": effort.seconds, "mip_rel_gap": effort.gap, "disp": False},
        )


def _without_idle(chosen: Flags, values: Floats, bounds: Sequence[Bound]) -> Flags:
    """The set without lines of no value that no bound needs: the solver is indifferent to them."""
    kept = chosen.copy()
    for line in np.flatnonzero(chosen & (values <= 0)):
        kept[line] = False
        kept[line] = not all(bound.is_kept(kept) for bound in bounds)
    return kept


def _contradiction(bounds: Sequence[Bound], open_to: Flags, effort: Effort) -> tuple[str, ...]:
    """Bounds that cannot hold together, found by leaving out one after the other (deletion filter, Chinneck 1991).

    Bounds of one kind and subject are left out together.
    """
    indifferent = np.zeros(len(open_to))
    needed = list(dict.fromkeys((bound.kind, bound.subject) for bound in bounds))
    for name in tuple(needed):
        others = [each for each in needed if each != name]
        left = [bound for bound in bounds if (bound.kind, bound.subject) in others]
        if _solved(indifferent, left, open_to, effort) is None:
            needed = others
    return tuple(dict.fromkeys(bound.words for bound in bounds if (bound.kind, bound.subject) in needed))

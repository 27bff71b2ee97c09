"""Events whose units are looked up in an array, where ids are whole numbers that lie close together.

A database probes a hash table for every event. Of millions of units nothing of it is near at hand, so that this is most
of the time from events to numbers. An array by id takes a fraction of that, and of the memory.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.additive import conjuncts
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.places import whole_numbers
from vitalfew.warehouse.positions import NOBODY, Positions
from vitalfew.warehouse.running import integers, piece_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.warehouse.running import Piece

_HELD: Mapping[type[exp.Expr], Callable[[Any, int], Any]] = {exp.GTE: operator.ge, exp.LT: operator.lt}


class Bound(NamedTuple):
    """A condition on the microseconds from a unit's first exposure to an event."""

    kind: type[exp.Expr]
    limit: int

    def holds(self, since: NDArray[np.int64]) -> NDArray[np.bool_]:
        """For which of these times it does."""
        return np.asarray(_HELD[self.kind](since, self.limit), np.bool_)


@dataclass(frozen=True, slots=True)
class ById:
    """Events as a query that joins no units.

    Attributes:
        rows: `place` of the unit in the array, `code`, values, and `moment` of the event where there are bounds.
        ids: numbers of units by place, `NOBODY` where there is none.
        starts: first exposures by number of the unit; empty where there are no bounds.
        bounds: what events that count fulfil.
        bits: what is added to the code of those that fulfil a bound.
    """

    rows: exp.Select
    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    bounds: Sequence[Bound]
    bits: Sequence[tuple[Bound, int]]

    @classmethod
    def of(cls, query: exp.Select, people: pa.Table, positions: Positions | None = None) -> ById | None:
        """Take a query apart; None where ids are no such numbers, or more is asked of units than when they began.

        Args:
            query: `SELECT id, code, … FROM events AS e JOIN units AS p ON … WHERE …`, as `Additive.rows`.
            people: the units, by number.
            positions: where they stand, if that is known.
        """
        asked = _Asked()
        unit = _unit(query)
        if unit is None or not asked.takes(query) or (asked.moment is not None and people.column("start").null_count):
            return None
        positions = positions or Positions.of(people)
        if positions is None:
            return None
        ids, low = positions.table, positions.low
        near = exp.Between(this=unit, low=whole(low), high=whole(low + len(ids) - 1))
        place = exp.Sub(this=exp.cast(unit.copy(), "BIGINT"), expression=whole(low))
        columns = [exp.alias_(exp.cast(exp.paren(place), "INT"), "place"), asked.code, *query.expressions[2:]]
        rows = exp.select(*columns).from_(query.args["from_"].this.copy()).where(near, *asked.own)
        starts = np.zeros(0, np.int64)
        if asked.moment is not None:
            starts = whole_numbers(people.column("start"))
            rows = rows.select(exp.alias_(exp.cast(asked.moment.copy(), "BIGINT"), "moment"))
            rows = rows.where(*asked.within(int(starts.min()), int(starts.max())))
        return cls(rows, ids, starts, asked.bounds, asked.bits)

    def piece(self, batch: Any) -> Piece:  # noqa: ANN401 - an Arrow batch, whose package has no types
        """The events in a batch of `rows` that count, as they are added up."""
        timed = len(self.starts) > 0
        places, codes, values = piece_of(batch, batch.num_columns - 2 - timed)
        ids = self.ids.take(places, mode="clip")
        kept = ids != NOBODY
        if timed:
            # The time since anything, for nobody.
            since = integers(batch.column(batch.num_columns - 1)) - self.starts.take(ids, mode="clip")
            for bound in self.bounds:
                kept &= bound.holds(since)
            for bound, bit in self.bits:
                codes = codes + bound.holds(since) * np.int16(bit)
        if kept.all():
            return ids, codes, values
        here = np.flatnonzero(kept)  # positions are taken in an eighth of the time of a mask
        return ids.take(here), codes.take(here), [column.take(here) for column in values]


@dataclass(slots=True)
class _Asked:
    """What a query asks of events: of each alone, and of the time since the first exposure of its unit."""

    moment: exp.Expr | None = None
    code: exp.Expr = field(default_factory=exp.null)
    own: list[exp.Expr] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    bits: list[tuple[Bound, int]] = field(default_factory=list)

    def takes(self, query: exp.Select) -> bool:
        """Take a query apart; whether it asks nothing else."""
        where = query.args.get("where")
        for condition in [] if where is None else conjuncts(where.this):
            bound = self._bound(condition)
            if bound is not None:
                self.bounds.append(bound)
            elif _of_event(condition):
                self.own.append(condition.copy())
            else:
                return False
        code = query.expressions[1].unalias().this
        alone = []
        for term in code.flatten() if isinstance(code, exp.Add) else [code]:
            bit = self._bit(term)
            if bit is not None:
                self.bits.append(bit)
            elif _of_event(term):
                alone.append(term.copy())
            else:
                return False
        # Without a bound that events have to fulfil, their instant may be missing.
        if bool(self.bits) > bool(self.bounds) or not all(map(_of_event, query.expressions[2:])):
            return False
        always = sum(bit for bound, bit in self.bits if bound in self.bounds)
        self.bits = [(bound, bit) for bound, bit in self.bits if bound not in self.bounds]
        total: exp.Expr = whole(always)
        for term in alone:
            total = exp.Add(this=total, expression=term)
        self.code = exp.alias_(exp.cast(total, "SMALLINT"), "code")
        return True

    def within(self, first: int, last: int) -> list[exp.Expr]:
        """What instants of events that count fulfil, where first exposures lie between two; no difference overflows."""
        assert self.moment is not None  # noqa: S101 - asked only where there are bounds; this tells the type checker
        moment = self.moment
        return [
            bound.kind(this=moment.copy(), expression=whole(bound.limit + (first if bound.kind is exp.GTE else last)))
            for bound in self.bounds
        ]

    def _bit(self, term: exp.Expr) -> tuple[Bound, int] | None:
        """What is added where a bound holds; None for anything else."""
        if not isinstance(term, exp.Case) or term.this is not None or len(term.args["ifs"]) != 1:
            return None
        bound = self._bound(term.args["ifs"][0].this)
        return None if bound is None else (bound, int(term.args["ifs"][0].args["true"].sql()))

    def _bound(self, condition: exp.Expr) -> Bound | None:
        """`moment - start` held against a number; None for anything else."""
        since = condition.this
        if type(condition) not in _HELD or not isinstance(since, exp.Sub) or not _is_start(since.expression):
            return None
        if not _of_event(since.this) or self.moment not in (None, since.this):
            return None
        limit = condition.expression.sql()
        if not limit.removeprefix("-").isdigit():
            return None
        self.moment = since.this
        return Bound(type(condition), int(limit))


def _unit(query: exp.Select) -> exp.Expr | None:
    """What is equal to the unit in `JOIN … ON … = p.unit`; None where the join asks anything else."""
    joins = query.args.get("joins") or []
    same = joins[0].args.get("on") if len(joins) == 1 else None
    if not isinstance(same, exp.EQ) or same.expression != exp.column("unit", "p") or not _of_event(same.this):
        return None
    unit: exp.Expr = same.this
    return unit.copy()


def _is_start(node: exp.Expr) -> bool:
    return node == exp.column("start", "p")


def _of_event(node: exp.Expr) -> bool:
    """Whether it hangs on nothing but the event."""
    return {column.table for column in node.find_all(exp.Column)} <= {"e"}

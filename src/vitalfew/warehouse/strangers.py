"""Events of units that do not take part yet, kept as they come, so that those who join need no old file read again.

What a query takes from an event alone (its unit, its instant, a number for its name, values) is computed when the event
comes; what hangs on the unit's first exposure is computed once the unit has one. Both together are the same query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import present, table_named

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVENT, _PERSON = "e", "p"


@dataclass(frozen=True, slots=True)
class Apart:
    """A query of the events of units, taken apart.

    Attributes:
        own: query of events with what they say by themselves; those that can never count are left out.
        later: the query over columns of these (`e`) and of units (`p`), without tables.
        same: the condition that an event is of a unit.
        moment: the column of `own` with the instant of an event.
    """

    own: exp.Select
    later: exp.Select
    same: exp.Expr
    moment: str

    @classmethod
    def of(cls, rows: exp.Select, moment: exp.Expr) -> Apart:
        """Take a query apart.

        Args:
            rows: `SELECT … FROM events AS e JOIN units AS p ON … WHERE …`.
            moment: the instant of an event.
        """
        names: dict[exp.Expr, str] = {}

        def named(node: exp.Expr) -> exp.Expr:
            return exp.column(names.setdefault(node, f"x{len(names)}"), _EVENT) if _is_own(node) else node

        same = rows.args["joins"][0].args["on"].transform(named)
        units = list(names)
        at = named(moment).name
        where = rows.args.get("where")
        conditions = [] if where is None else list(_all_of(where.this))
        later = exp.select(*(column.transform(named) for column in rows.expressions))
        later = later.where(*(one.transform(named) for one in conditions if not _is_own(one)))
        own = exp.select(*(exp.alias_(one.copy(), name) for one, name in names.items()))
        own = own.from_(rows.args["from_"].this.copy())
        own = own.where(*map(present, units), *(one.copy() for one in conditions if _is_own(one)))
        return cls(own, later, same, at)

    @property
    def unit(self) -> str:
        """The column of `own` with the unit of an event."""
        return next(column.name for column in self.same.find_all(exp.Column) if column.table == _EVENT)

    @property
    def read(self) -> list[str]:
        """The columns of `own` that say something of an event once its unit is known."""
        return sorted({column.name for column in self.later.find_all(exp.Column) if column.table == _EVENT})

    @property
    def of_unit(self) -> list[str]:
        """The columns of a unit that what its events say hangs on, beside its id."""
        return sorted({column.name for column in self.later.find_all(exp.Column) if column.table == _PERSON} - {"id"})

    def told(self, table: str) -> exp.Select:
        """What the events of a table say by themselves."""
        own = self.own.copy()
        own.args["from_"].this.set("this", exp.to_identifier(table, quoted=True))
        return own

    def with_ids(self, events: exp.Expr, people: str, how: str) -> exp.Select:
        """Events, each with the id of the unit that it is of (`p_id`).

        Args:
            events: a table or a query, with the columns of `own`.
            people: a table of units.
            how: the kind of join: `left` for all events, `inner` for those of the units.
        """
        query = exp.select(*(exp.column(one.alias, _EVENT) for one in self.own.expressions))
        query = query.select(exp.alias_(exp.column("id", _PERSON), f"{_PERSON}_id"))
        query = query.from_(exp.alias_(events, _EVENT, table=True))
        return query.join(_table(people, _PERSON), on=self.same.copy(), join_type=how)

    def of_people(self, found: str) -> exp.Select:
        """The query over events that have columns of their units beside them, such as `p_id`."""
        return self.later.transform(_beside).assert_is(exp.Select).from_(_table(found, _EVENT))


def _is_own(node: exp.Expr) -> bool:
    """Whether it is a value that hangs on nothing but the event."""
    if not isinstance(node, exp.Condition) or isinstance(node, exp.If):
        return False
    tables = {column.table for column in node.find_all(exp.Column)}
    return tables == {_EVENT}


def _all_of(condition: exp.Expr) -> Iterator[exp.Expr]:
    yield from condition.flatten() if isinstance(condition, exp.And) else [condition]


def _beside(node: exp.Expr) -> exp.Expr:
    """A column of units where it stands beside those of events."""
    mine = isinstance(node, exp.Column) and node.table == _PERSON
    return exp.column(f"{_PERSON}_{node.name}", _EVENT) if mine else node


def _table(name: str, alias: str) -> exp.Expr:
    return exp.alias_(table_named(name), alias, table=True)

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
_WHOSE = exp.column(f"{_PERSON}_id", _EVENT)


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

    def with_people(self, table: str, people: str) -> exp.Select:
        """The events of a table, each with the unit that it is of, if that takes part."""
        own = self.own.copy()
        own.args["from_"].this.set("this", exp.to_identifier(table, quoted=True))
        known = {column for column in self.later.find_all(exp.Column) if column.table == _PERSON}
        known.add(exp.column("id", _PERSON))
        mine = [exp.alias_(column.copy(), _beside(column).name) for column in sorted(known, key=str)]
        query = exp.select(*self._names(), *mine).from_(own.subquery(_EVENT))
        return query.join(_table(people, _PERSON), on=self.same.copy(), join_type="left")

    def of_people(self, found: str) -> exp.Select:
        """The query over events found by `with_people`."""
        query = self.later.transform(_beside).assert_is(exp.Select)
        return query.from_(_table(found, _EVENT)).where(present(_WHOSE))

    def of_others(self, found: str) -> exp.Select:
        """Those of them that are of nobody who takes part."""
        nobody = exp.Is(this=_WHOSE.copy(), expression=exp.null())
        return exp.select(*self._names()).from_(_table(found, _EVENT)).where(nobody)

    def counts(self, found: str) -> exp.Select:
        """How many there are, how many are of nobody, and the instant of the newest."""
        newest, whose = exp.Max(this=exp.column(self.moment, _EVENT)), exp.Count(this=_WHOSE.copy())
        others = exp.Sub(this=exp.Count(this=exp.Star()), expression=whose)
        columns = {"events": exp.Count(this=exp.Star()), "others": others, "newest": newest}
        return exp.select(*(exp.alias_(one, name) for name, one in columns.items())).from_(_table(found, _EVENT))

    def of_joined(self, others: str, people: str) -> exp.Select:
        """The query over events found by `of_others` once, for units that take part since."""
        return self.later.from_(_table(others, _EVENT)).join(_table(people, _PERSON), on=self.same.copy())

    def _names(self) -> list[exp.Expr]:
        return [exp.column(one.alias, _EVENT) for one in self.own.expressions]


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

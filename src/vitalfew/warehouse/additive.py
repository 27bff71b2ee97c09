"""A grouping by unit whose aggregates grow row by row, taken apart so that they can be added up outside of SQL.

A database holds a hash table of all units with every aggregate, and asks every condition of every row: with thirty
aggregates that is most of the time from events to units, in memory that grows with the data. The conditions of
metrics are a few event names times a few windows, so each row gets one small code that says which of them hold, and
whoever adds up looks at the code alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from vitalfew.warehouse.compile import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["sum", "count", "min", "max"]
_MOST_CODES = 1 << 15  # codes are 16-bit integers
_KINDS: dict[type[exp.Expr], Kind] = {exp.Sum: "sum", exp.Count: "count", exp.Min: "min", exp.Max: "max"}
# What no row changes. Sums of nothing are 0, as every reader of a sum takes them for.
NOTHING: Mapping[Kind, float] = {"sum": 0.0, "count": 0.0, "min": float("inf"), "max": float("-inf")}


@dataclass(frozen=True, slots=True)
class Running:
    """One number per unit that grows row by row.

    Attributes:
        kind: how a row changes it.
        value: position of the value that it reads; None counts rows.
        texts: which numbers of a text count, by position of the text.
        bits: positions of the conditions that must hold.
    """

    kind: Kind
    value: int | None
    texts: tuple[tuple[int, frozenset[int]], ...]
    bits: frozenset[int]


@dataclass(frozen=True, slots=True)
class Additive:
    """A grouping taken apart.

    Attributes:
        rows: query of the events that count: `id` of the unit, `code`, and values `v0` to `vk`, none ever missing.
        running: what is added up.
        answers: the aggregates by their name in the grouping, over columns named `r0`, `r1` for what is added up.
        widths: how many numbers each text has (0 is any other text), in the order in which the code holds them.
        conditions: how many conditions follow in the code, a bit each.
        rest: the grouping of what cannot be added up; None when nothing is left.
        known: what `changed_by` has answered.
    """

    rows: exp.Select
    running: tuple[Running, ...]
    answers: Mapping[str, exp.Expr]
    widths: tuple[int, ...]
    conditions: int
    rest: exp.Select | None
    known: dict[int, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def changed_by(self, code: int) -> tuple[int, ...]:
        """Positions of the running numbers that rows with this code change."""
        if code not in self.known:
            self.known[code] = self._changed_by(code)
        return self.known[code]

    def _changed_by(self, code: int) -> tuple[int, ...]:
        bits = {at for at in range(self.conditions) if code >> at & 1}
        numbers: list[int] = []
        code >>= self.conditions
        for width in reversed(self.widths):
            code, found = divmod(code, width)
            numbers.insert(0, found)
        return tuple(
            at
            for at, running in enumerate(self.running)
            if running.bits <= bits and all(numbers[text] in wanted for text, wanted in running.texts)
        )


def additive(grouping: exp.Select) -> Additive | None:
    """Take a grouping by unit apart; None when nothing in it can be added up.

    Args:
        grouping: `SELECT id, AGGREGATE AS name, … FROM (SELECT p.id, … AS column FROM …) AS r GROUP BY id`, where
            an aggregate reads columns of `r` and may be filtered by one of them.
    """
    inner = grouping.args["from_"].this.this
    taken = _Taken({column.alias_or_name: column.unalias() for column in inner.expressions})
    answers, left = {}, []
    for aggregate in grouping.expressions[1:]:
        answer = taken.answer(aggregate.unalias())
        if answer is None:
            left.append(aggregate)
        else:
            answers[aggregate.alias] = answer
    if not answers or taken.codes() > _MOST_CODES:
        return None
    rest = grouping.copy()
    rest.set("expressions", [grouping.expressions[0].copy(), *(aggregate.copy() for aggregate in left)])
    widths = tuple(len(numbers) + 1 for _, numbers in taken.texts.values())
    rows, running = taken.rows(inner), tuple(taken.running)
    return Additive(rows, running, answers, widths, len(taken.bits), rest if left else None)


@dataclass(slots=True)
class _Taken:
    """What has been taken from a grouping so far: texts with their numbers, conditions, values and running numbers."""

    columns: Mapping[str, exp.Expr]
    texts: dict[str, tuple[exp.Expr, dict[str, int]]] = field(default_factory=dict)
    bits: dict[str, exp.Expr] = field(default_factory=dict)
    values: dict[str, exp.Expr] = field(default_factory=dict)
    running: dict[Running, None] = field(default_factory=dict)

    def answer(self, aggregate: exp.Expr) -> exp.Expr | None:
        """The aggregate over running numbers; None when it is of another kind."""
        condition = None
        if isinstance(aggregate, exp.Filter):
            condition, aggregate = self.columns[aggregate.expression.this.name], aggregate.this
        read = aggregate.this
        if isinstance(aggregate, exp.Count) and isinstance(read, exp.Star):
            return self._run("count", None, condition)
        if not isinstance(read, exp.Column):
            return None
        column = self.columns[read.name]
        if isinstance(aggregate, exp.Avg):
            total = self._run("sum", column, condition)
            some = self._run("count", column, condition)
            mean = exp.Div(this=total, expression=some, typed=False, safe=False)
            return exp.Case().when(exp.GT(this=some.copy(), expression=whole(0)), mean)
        kind = _KINDS.get(type(aggregate))
        if kind is None:
            return None
        found = self._run(kind, column, condition)
        if kind in ("sum", "count"):
            return found
        return exp.Case().when(exp.func("ISFINITE", found), found.copy())

    def _run(self, kind: Kind, column: exp.Expr | None, condition: exp.Expr | None) -> exp.Column:
        conditions = list(conjuncts(condition)) if condition is not None else []
        if kind == "count" and column is not None:
            conditions.append(exp.not_(exp.Is(this=column.copy(), expression=exp.null())))
        value = None if kind == "count" or column is None else self._value(kind, column)
        texts: dict[int, frozenset[int]] = {}
        bits = set()
        for part in conditions:
            if _is_choice(part):
                text, wanted = self._text(part)
                texts[text] = wanted & texts.get(text, wanted)
            else:
                sql = part.sql()
                self.bits.setdefault(sql, part)
                bits.add(list(self.bits).index(sql))
        running = Running(kind, value, tuple(sorted(texts.items())), frozenset(bits))
        self.running.setdefault(running)
        return exp.column(f"r{list(self.running).index(running)}")

    def _value(self, kind: Kind, column: exp.Expr) -> int:
        nothing = exp.cast(exp.Literal.string(str(NOTHING[kind])), "DOUBLE")
        value = exp.Coalesce(this=exp.cast(column.copy(), "DOUBLE"), expressions=[nothing])
        sql = value.sql()
        self.values.setdefault(sql, value)
        return list(self.values).index(sql)

    def _text(self, choice: exp.Expr) -> tuple[int, frozenset[int]]:
        text = choice.this.sql()
        _, numbers = self.texts.setdefault(text, (choice.this, {}))
        for literal in choice.expressions:
            numbers.setdefault(literal.this, len(numbers) + 1)
        return list(self.texts).index(text), frozenset(numbers[literal.this] for literal in choice.expressions)

    def codes(self) -> int:
        """How many codes there can be."""
        return prod(len(numbers) + 1 for _, numbers in self.texts.values()) << len(self.bits)

    def rows(self, inner: exp.Select) -> exp.Select:
        """The rows of the grouping with a code instead of their conditions."""
        code: exp.Expr = whole(0)
        for text, numbers in self.texts.values():
            known = exp.Case(this=text.copy())
            for literal, at in numbers.items():
                known = known.when(exp.Literal.string(literal), whole(at))
            moved = exp.Mul(this=exp.paren(code), expression=whole(len(numbers) + 1))
            code = exp.Add(this=moved, expression=known.else_(whole(0)))
        code = exp.Mul(this=exp.paren(code), expression=whole(1 << len(self.bits)))
        for at, condition in enumerate(self.bits.values()):
            code = exp.Add(this=code, expression=exp.Case().when(condition.copy(), whole(1 << at)).else_(whole(0)))
        query = inner.copy()
        ids = exp.alias_(exp.cast(inner.expressions[0].unalias().copy(), "INT"), "id")
        values = [exp.alias_(value, f"v{at}") for at, value in enumerate(self.values.values())]
        query.set("expressions", [ids, exp.alias_(exp.cast(code, "SMALLINT"), "code"), *values])
        return query


def conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What must hold together."""
    while isinstance(condition, exp.Paren):
        condition = condition.this
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.this)
        yield from conjuncts(condition.expression)
    else:
        yield condition


def _is_choice(condition: exp.Expr) -> bool:
    """Whether it says that a text is one of some words."""
    words = condition.expressions if isinstance(condition, exp.In) else []
    return bool(words) and all(isinstance(word, exp.Literal) and word.is_string for word in words)

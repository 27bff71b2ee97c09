"""Values that hang on the order of a unit's events: steps of a funnel, and the time a task takes.

Each begins with the events of one metric as rows (`id` of the unit, instant `at` in microseconds, `name`), and ends
with one row per unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import number, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECOND = 1e6  # microseconds


def steps_reached(rows: exp.Select, steps: Sequence[str]) -> exp.Select:
    """Units (`id`) with the first instant at which they had reached each step in order, `t1` to `tk`; NULL for never.

    A step may come at the very instant of the one before, as many trackers write whole seconds; only where the same
    event stands in the list before must it come later, so that no event is two steps. Taking the first instant each
    time is enough: whoever can go on from a later one can go on from the first.
    """
    query = exp.select(exp.column("id", "f1"), exp.alias_(exp.column("t", "f1"), "t1")).from_("f1").with_("e", as_=rows)
    for at, step in enumerate(steps, start=1):
        query = query.with_(f"f{at}", as_=_first(at, step, later=step in steps[: at - 1]))
        if at > 1:
            query = query.select(exp.alias_(exp.column("t", f"f{at}"), f"t{at}"))
            query = query.join(f"f{at}", on=_same(f"f{at}", "f1"), join_type="left")
    return query


def _first(at: int, step: str, *, later: bool) -> exp.Select:
    """The first instant of a step for those who reached the one before."""
    first = exp.alias_(exp.Min(this=exp.column("at", "e")), "t")
    query = exp.select(exp.column("id", "e"), first).from_("e").where(_is(exp.column("name", "e"), step))
    if at > 1:
        before = exp.column("t", f"f{at - 1}")
        after = exp.GT if later else exp.GTE
        query = query.join(f"f{at - 1}", on=_same("e", f"f{at - 1}"))
        query = query.where(after(this=exp.column("at", "e"), expression=before))
    return query.group_by(exp.column("id", "e"))


def tasks_completed(rows: exp.Select, start: str, end: str, longest: int | None) -> exp.Select:
    """Units (`id`) with the number of tasks they completed (`completed`) and the time these took (`seconds`).

    A start belongs to the first end after it, if no other start lies between; an end at the instant of a start closes
    the task before it. Starts at one instant are one.

    Args:
        rows: events named `start` or `end`.
        start: name of the event that begins a task.
        end: name of the event that ends it.
        longest: microseconds within which a task must end; None for any.
    """
    begins = exp.Case().when(_is(exp.column("name"), start), whole(1)).else_(whole(0))
    order = exp.Order(expressions=[exp.Ordered(this=exp.column("at")), exp.Ordered(this=begins)])
    following = [
        exp.alias_(exp.Window(this=exp.Lead(this=exp.column(name)), partition_by=[exp.column("id")], order=order), new)
        for name, new in (("name", "next"), ("at", "until"))
    ]
    ordered = exp.select("id", "at", "name", *following).from_(rows.subquery("e"))
    taken = exp.paren(exp.Sub(this=exp.column("until"), expression=exp.column("at")))
    tasks = exp.select("id").from_(ordered.subquery("o"))
    tasks = tasks.where(_is(exp.column("name"), start), _is(exp.column("next"), end))
    if longest is not None:
        tasks = tasks.where(exp.LTE(this=taken.copy(), expression=whole(longest)))
    seconds = exp.Div(this=exp.cast(exp.Sum(this=taken), "DOUBLE"), expression=number(_SECOND), typed=False, safe=False)
    completed = exp.alias_(exp.Count(this=exp.Star()), "completed")
    return tasks.select(exp.alias_(seconds, "seconds"), completed).group_by("id")


def _is(column: exp.Expr, name: str) -> exp.Expr:
    return exp.EQ(this=column, expression=exp.Literal.string(name))


def _same(one: str, other: str) -> exp.Expr:
    return exp.EQ(this=exp.column("id", one), expression=exp.column("id", other))

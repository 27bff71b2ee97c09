"""Formulas over metrics: `orders * order_value`, `(new + returning) / visits`. What is a part of what, exactly."""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vitalfew.errors import DefinitionError, Problem
from vitalfew.workspace.expressions import Arithmetic, Column, Literal, columns_of, parse_number, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from vitalfew.workspace.definitions import Definitions, Link
    from vitalfew.workspace.expressions import Expr

    type Reals = NDArray[np.float64]

MOST_PARTS = 10
"""Order-free shares of a formula cost twice as much with each part, and nobody reads more of them."""
MOST_TERMS = 1_000
"""A product of sums doubles its terms with every factor; with more of them it is split by its states alone."""
_OPERATIONS: dict[str, Callable[[Reals, Reals], Reals]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@dataclass(frozen=True, slots=True)
class Term:
    """A product of powers: `coefficient` times each part to its exponent."""

    coefficient: float
    exponents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Formula:
    """What a metric is made of, exactly.

    Attributes:
        text: as the user wrote it.
        tree: of +, -, *, /, metrics and numbers.
        parts: metrics in it, each once, in order of appearance.
        links: keys of the definitions it comes from, one per part; the same one for all parts of a written formula.
    """

    text: str
    tree: Expr
    parts: tuple[str, ...]
    links: tuple[str, ...] = ()

    def value(self, values: Mapping[str, Reals]) -> Reals:
        """The whole from arrays of its parts, which broadcast; a division by zero gives infinity or NaN."""
        return _value(self.tree, values)

    @property
    def terms(self) -> tuple[Term, ...] | None:
        """The formula as a sum of products of powers; None where it divides by a sum, or has too many of them."""
        found = _terms(self.tree)
        return None if found is None else _collected(found)


@lru_cache(maxsize=1_000)
def read_formula(text: str) -> Formula:
    """Read a formula of metrics, numbers, + - * / and brackets.

    Raises:
        DefinitionError: what is wrong, with a caret under the place where that can be told.

    >>> read_formula("orders * order_value").parts
    ('orders', 'order_value')
    """
    tree = parse_number(text)
    strange = next((part for part in walk(tree) if not isinstance(part, Arithmetic | Column | Literal)), None)
    parts = columns_of(tree)
    expected = "metrics, numbers, + - * / and brackets"
    if strange is not None or any(isinstance(part, Literal) and isinstance(part.value, bool) for part in walk(tree)):
        raise DefinitionError([Problem("a formula only reckons", expected=expected)])
    if not parts:
        raise DefinitionError([Problem("the formula names no metric", expected=expected)])
    if len(parts) > MOST_PARTS:
        hint = "make a metric of some of them, with a formula of its own"
        message = f"the formula has {len(parts)} parts"
        raise DefinitionError([Problem(message, expected=f"at most {MOST_PARTS}", hint=hint)])
    return Formula(text, tree, parts)


def parts_of(link: Link) -> tuple[str, ...]:
    """The metrics that a link starts from: its parent, or the parts of its formula; none of one that is broken."""
    if link.formula is None:
        return () if link.parent is None else (link.parent,)
    try:
        return read_formula(link.formula).parts
    except DefinitionError:
        return ()


def formulas(definitions: Definitions) -> dict[str, Formula]:
    """The formula of each metric that has one: as written, or the sum of the links that name its parts one by one."""
    found: dict[str, Formula] = {}
    sums: dict[str, dict[str, str]] = {}
    for key, link in definitions.links.items():
        if link.kind != "component":
            continue
        if link.formula is None and link.parent is not None:
            sums.setdefault(link.child, {}).setdefault(link.parent, key)
        elif link.formula is not None and parts_of(link):
            read = read_formula(link.formula)
            found[link.child] = Formula(read.text, read.tree, read.parts, (key,) * len(read.parts))
    for child, parts in sums.items():
        tree: Expr = Column(next(iter(parts)))
        for part in list(parts)[1:]:
            tree = Arithmetic(tree, "+", Column(part))
        found.setdefault(child, Formula(" + ".join(parts), tree, tuple(parts), tuple(parts.values())))
    return found


def _value(tree: Expr, values: Mapping[str, Reals]) -> Reals:
    import numpy as np

    match tree:
        case Column(name):
            return np.asarray(values[name], dtype=np.float64)
        case Arithmetic(left, sign, right):
            with np.errstate(divide="ignore", invalid="ignore"):  # what is too large is for the caller to know
                return np.asarray(_OPERATIONS[sign](_value(left, values), _value(right, values)), dtype=np.float64)
        case Literal(value):
            return np.asarray(float(value), dtype=np.float64)
        case _:
            raise TypeError(f"{tree} is no part of a formula")


def _terms(tree: Expr) -> tuple[Term, ...] | None:
    match tree:
        case Column(name):
            return (Term(1.0, {name: 1}),)
        case Literal(value):
            return (Term(float(value), {}),)
        case Arithmetic(left, sign, right):
            first, second = _terms(left), _terms(right)
            return None if first is None or second is None else _combined(first, sign, second)
        case _:
            raise TypeError(f"{tree} is no part of a formula")


def _combined(first: tuple[Term, ...], sign: str, second: tuple[Term, ...]) -> tuple[Term, ...] | None:
    if sign in "+-":
        turned = -1.0 if sign == "-" else 1.0
        return (*first, *(Term(turned * term.coefficient, term.exponents) for term in second))
    if sign == "*" and len(first) * len(second) > MOST_TERMS:
        return None
    if sign == "*":
        return tuple(_product(one, other, 1) for one in first for other in second)
    second = _collected(second)
    if len(second) != 1:
        return None
    return tuple(_product(one, second[0], -1) for one in first)


def _product(one: Term, other: Term, power: int) -> Term:
    exponents = Counter(one.exponents)
    for name, exponent in other.exponents.items():
        exponents[name] += power * exponent
    coefficient = one.coefficient * other.coefficient if power > 0 else one.coefficient / other.coefficient
    return Term(coefficient, {name: exponent for name, exponent in exponents.items() if exponent})


def _collected(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Like terms added up; what cancels is left out."""
    sums: dict[tuple[tuple[str, int], ...], float] = {}
    for term in terms:
        key = tuple(sorted(term.exponents.items()))
        sums[key] = sums.get(key, 0.0) + term.coefficient
    return tuple(Term(coefficient, dict(key)) for key, coefficient in sums.items() if coefficient)

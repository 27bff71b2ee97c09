"""The grammar of filters: a small, typed language over the columns of a source.

    plan in ('pro', 'team') and 18 <= age < 65 and not startswith(lower(email), 'test')

A name is a column; other columns go into backticks (`` `first seen` ``); texts into single or double quotes. There
are comparisons (`== != < <= > >=`, also chained), `and`, `or`, `not`, `in (…)`, `is null`, `+ - * /`, and the
functions lower, upper, length, abs, coalesce, contains and startswith. Nothing else: the text never reaches an engine.

The parser is a Pratt parser: each operator has a binding power (V. Pratt, "Top down operator precedence", 1973).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vitalfew.errors import suggest
from vitalfew.workspace.expression_tokens import WORD_HABITS, Token, refusal, tokenise
from vitalfew.workspace.expression_tree import (
    COMPARISONS,
    FUNCTIONS,
    And,
    Arithmetic,
    Call,
    Column,
    Compare,
    Comparison,
    Expr,
    Function,
    In,
    IsNull,
    Kind,
    Literal,
    Not,
    Operation,
    Or,
    columns_of,
    depth_of,
    is_finite,
    kind_of,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.errors import DefinitionError

__all__ = [
    "And",
    "Arithmetic",
    "Call",
    "Column",
    "Compare",
    "Expr",
    "In",
    "IsNull",
    "Literal",
    "Not",
    "Or",
    "columns_of",
    "kind_of",
    "parse",
    "parse_number",
    "walk",
]

MAX_DEPTH = 20

_OR, _AND, _NOT, _COMPARE, _ADD, _MULTIPLY, _MINUS = range(1, 8)
_POWERS: dict[str, int] = {
    "or": _OR,
    "and": _AND,
    "in": _COMPARE,
    "not": _COMPARE,  # as in `x not in (…)`
    "is": _COMPARE,
    **dict[str, int].fromkeys(COMPARISONS, _COMPARE),
    "+": _ADD,
    "-": _ADD,
    "*": _MULTIPLY,
    "/": _MULTIPLY,
}
_CLOSING = {"(": ")", "[": "]"}
_ARGUMENTS: dict[Function, tuple[int, int, Kind]] = {  # fewest and most arguments, and their kind
    "lower": (1, 1, "text"),
    "upper": (1, 1, "text"),
    "length": (1, 1, "text"),
    "abs": (1, 1, "number"),
    "coalesce": (2, 20, "any"),
    "contains": (2, 2, "text"),
    "startswith": (2, 2, "text"),
}
_NAMES: dict[Kind, str] = {"condition": "a condition", "number": "a number", "text": "a text", "any": "a value"}
_OPERAND = "a column, a number, a text in quotes, or '('"


def parse(text: str) -> Expr:
    """Parse the condition of a filter.

    Args:
        text: the filter, at most 1,000 characters.

    Returns:
        The condition as a tree, at most 20 levels deep.

    Raises:
        DefinitionError: the text is no condition; shows the place with a caret, and what was expected.

    >>> parse("age >= 18 and plan == 'pro'").items[1]
    Compare(left=Column(name='plan'), operator='==', right=Literal(value='pro'))
    """
    return _Parser(text).parse("condition", "a condition, as in plan == 'pro'")


def parse_number(text: str) -> Expr:
    """Parse a formula in the same words, which yields a number.

    Args:
        text: the formula, at most 1,000 characters.

    Raises:
        DefinitionError: the text is no number; shows the place with a caret, and what was expected.
    """
    return _Parser(text, "formula").parse("number", "a formula, as in orders * order_value")


class _Parser:
    def __init__(self, text: str, noun: str = "filter") -> None:
        self._text = text
        self._noun = noun
        self._tokens = tokenise(text, noun)
        self._position = 0
        self._depth = 0

    def parse(self, kind: Kind, example: str) -> Expr:
        if not self._text.strip():
            raise self._error(self._next, f"the {self._noun} is empty", example)
        expr = self._expression(0)
        if self._position < len(self._tokens) - 1:
            raise self._rest_error()
        if depth_of(expr) > MAX_DEPTH:
            raise self._depth_error(self._tokens[0])
        self._need(expr, kind, self._tokens[0])
        return expr

    # Words ---------------------------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token

    def _at(self, *values: str) -> bool:
        return self._next.kind in ("word", "sign") and self._next.value in values

    def _expect(self, value: str) -> None:
        if not self._at(value):
            raise self._error(self._next, f"found {self._next}", f"'{value}'")
        self._take()

    def _error(
        self, token: Token, message: str, expected: str | None = None, hint: str | None = None
    ) -> DefinitionError:
        return refusal(self._text, token.start, message, expected=expected, hint=hint)

    def _rest_error(self) -> DefinitionError:
        blanks = "put a column's name with blanks into backticks" if self._next.kind == "name" else None
        hint = WORD_HABITS.get(self._next.value.lower(), blanks)
        expected = "'and', 'or', a comparison or the end" if self._noun == "filter" else "+, -, *, / or the end"
        return self._error(self._next, f"{self._next} cannot follow here", expected, hint)

    # Expressions ---------------------------------------------------------------------------------------------------

    def _expression(self, power: int) -> Expr:
        """Parse an operand and all operators after it that bind more tightly than `power`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._depth_error(self._next)
        start = self._next
        left = self._operand()
        while (found := self._power()) > power:
            left = self._operator(left, start, found)
            # Chains such as 1 + 1 + 1 grow the tree without recursion here, but not in those who read the tree.
            if depth_of(left) > MAX_DEPTH:
                raise self._depth_error(start)
        self._depth -= 1
        return left

    def _power(self) -> int:
        return _POWERS.get(self._next.value, 0) if self._next.kind in ("word", "sign") else 0

    def _depth_error(self, token: Token) -> DefinitionError:
        hint = "give several filters" if self._noun == "filter" else "make a metric of a part of it"
        return self._error(token, f"the {self._noun} is nested too deeply", f"at most {MAX_DEPTH} levels", hint)

    def _operand(self) -> Expr:
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "text":
            return Literal(token.value)
        if token.kind == "name" and self._at("("):
            return self._call(token)
        if token.kind in ("name", "column"):
            return Column(token.value)
        return self._prefix(token)

    def _prefix(self, token: Token) -> Expr:
        match token.value if token.kind in ("word", "sign") else None:
            case "true" | "false":
                return Literal(token.value == "true")
            case "not":
                return Not(self._checked(_NOT, "condition"))
            case "-":
                item = self._checked(_MINUS, "number")
                if isinstance(item, Literal) and not isinstance(item.value, str):
                    return Literal(-item.value)
                return Arithmetic(Literal(0), "-", item)
            case "(":
                inner = self._expression(0)
                self._expect(")")
                return inner
            case "null":
                raise self._error(token, "'null' cannot be compared", hint="write 'is null' or 'is not null'")
            case _:
                raise self._error(token, f"found {token}", _OPERAND)

    def _number(self, token: Token) -> Literal:
        value = int(token.value) if token.value.isdigit() and len(token.value) <= 18 else float(token.value)  # noqa: PLR2004 - what fits 64 bits
        if not is_finite(value):
            raise self._error(token, f"{token.value} is too large a number")
        return Literal(value)

    def _checked(self, power: int, kind: Kind) -> Expr:
        token = self._next
        return self._need(self._expression(power), kind, token)

    def _need(self, expr: Expr, kind: Kind, token: Token) -> Expr:
        found = kind_of(expr)
        if kind not in ("any", found) and found != "any":
            hint = "compare it with something, as in x > 1" if kind == "condition" else None
            raise self._error(token, f"found {_NAMES[found]}", _NAMES[kind], hint)
        return expr

    def _operator(self, left: Expr, start: Token, power: int) -> Expr:
        token = self._next
        if token.value in ("and", "or"):
            return self._junction(left, start, power)
        if power == _COMPARE:
            return self._comparison(left)
        self._take()
        self._need(left, "number", start)
        return Arithmetic(left, cast("Operation", token.value), self._checked(power, "number"))

    def _junction(self, first: Expr, start: Token, power: int) -> Expr:
        word = self._next.value
        items = [self._need(first, "condition", start)]
        while self._at(word):
            self._take()
            items.append(self._checked(power, "condition"))
        return And(tuple(items)) if word == "and" else Or(tuple(items))

    # Comparisons ---------------------------------------------------------------------------------------------------

    def _comparison(self, left: Expr) -> Expr:
        if self._at("is"):
            self._take()
            negated = self._optional("not")
            self._expect("null")
            return Not(IsNull(left)) if negated else IsNull(left)
        if self._at("in", "not"):
            negated = self._optional("not")
            self._expect("in")
            found = In(left, self._options(left))
            return Not(found) if negated else found
        return self._chain(left)

    def _optional(self, word: str) -> bool:
        found = self._at(word)
        if found:
            self._take()
        return found

    def _chain(self, left: Expr) -> Expr:
        links: list[Expr] = []
        while self._at(*COMPARISONS):
            operator = cast("Comparison", self._take().value)
            token = self._next
            right = self._expression(_COMPARE)
            self._comparable(left, right, token)
            links.append(Compare(left, operator, right))
            left = right
        return links[0] if len(links) == 1 else And(tuple(links))

    def _comparable(self, left: Expr, right: Expr, token: Token) -> None:
        kinds = (kind_of(left), kind_of(right))
        if "any" not in kinds and kinds[0] != kinds[1]:
            raise self._error(token, f"{_NAMES[kinds[0]]} cannot be compared with {_NAMES[kinds[1]]}", _NAMES[kinds[0]])

    def _options(self, left: Expr) -> tuple[Literal, ...]:
        opening = self._take()
        closing = _CLOSING.get(opening.value) if opening.kind == "sign" else None
        if closing is None:
            raise self._error(opening, f"found {opening}", "a list in brackets, as in ('a', 'b')")
        options = [self._option(left)]
        while self._optional(","):
            options.append(self._option(left))
        self._expect(closing)
        return tuple(options)

    def _option(self, left: Expr) -> Literal:
        token = self._next
        found = self._expression(_COMPARE)
        if not isinstance(found, Literal):
            raise self._error(token, f"found {token}", "a number or a text in quotes")
        self._comparable(left, found, token)
        return found

    # Functions -----------------------------------------------------------------------------------------------------

    def _call(self, name: Token) -> Call:
        function = next((known for known in FUNCTIONS if known == name.value.lower()), None)
        if function is None:
            raise self._error(name, f"there is no function '{name.value}'", hint=suggest(name.value, FUNCTIONS))
        fewest, most, kind = _ARGUMENTS[function]
        self._take()
        arguments = [] if self._at(")") else [self._checked(0, kind)]
        while self._optional(","):
            arguments.append(self._checked(0, kind))
        self._expect(")")
        if not fewest <= len(arguments) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise self._error(name, f"{function} is given {len(arguments)} values", wanted)
        return self._agreeing(function, arguments, name)

    def _agreeing(self, function: Function, arguments: Sequence[Expr], name: Token) -> Call:
        kinds = {kind_of(argument) for argument in arguments} - {"any"}
        if len(kinds) > 1:
            raise self._error(name, f"the values of {function} differ in kind", "all numbers or all texts")
        return Call(function, tuple(arguments))

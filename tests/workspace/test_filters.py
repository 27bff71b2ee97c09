from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import DefinitionError
from vitalfew.workspace.expressions import (
    And,
    Arithmetic,
    Call,
    Column,
    Compare,
    Expr,
    In,
    IsNull,
    Literal,
    Not,
    Or,
    columns_of,
    parse,
)


def complaint(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    return str(caught.value)


X, Y = Column("x"), Column("y")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", X),
        ("x == 'it''s'", Compare(X, "==", Literal("it's"))),
        ('x != "a"', Compare(X, "!=", Literal("a"))),
        ("`first seen` > 1", Compare(Column("first seen"), ">", Literal(1))),
        ("x + 2 * y > 1", Compare(Arithmetic(X, "+", Arithmetic(Literal(2), "*", Y)), ">", Literal(1))),
        ("x - 1 - y > 0", Compare(Arithmetic(Arithmetic(X, "-", Literal(1)), "-", Y), ">", Literal(0))),
        ("-x < -.5", Compare(Arithmetic(Literal(0), "-", X), "<", Literal(-0.5))),
        ("1 < x <= 5", And((Compare(Literal(1), "<", X), Compare(X, "<=", Literal(5))))),
        ("x or y and not x", Or((X, And((Y, Not(X)))))),
        ("not x == 1", Not(Compare(X, "==", Literal(1)))),
        ("NOT x IS NULL", Not(IsNull(X))),
        ("x is not null", Not(IsNull(X))),
        ("x not in ('a', 'b')", Not(In(X, (Literal("a"), Literal("b"))))),
        ("x in [1, -2]", In(X, (Literal(1), Literal(-2)))),
        ("x == true", Compare(X, "==", Literal(value=True))),
        ("Contains(lower(x), 'q')", Call("contains", (Call("lower", (X,)), Literal("q")))),
        ("(x or y) and x", And((Or((X, Y)), X))),
    ],
)
def test_a_filter_means_what_it_says(text: str, tree: Expr) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("plan = 'pro'", "write '==' to compare"),
        ("a <> 2", "write '!='"),
        ("a.b == 1", "backticks"),
        ("x == null", "write 'is null' or 'is not null'"),
        ("x == 'a", "close the text with the quote"),
        ("x + 1", "expected a condition"),
        ("lower(x) == 3", "a text cannot be compared with a number"),
        ("'a' + 1 > 2", "found a text; expected a number"),
        ("lowr(x) == 'a'", "did you mean 'lower'?"),
        ("lower(x, y) == 'a'", "lower is given 2 values; expected 1"),
        ("coalesce(x, 1, 'a') == 1", "all numbers or all texts"),
        ("first seen > 1", "put a column's name with blanks into backticks"),
        ("1_000 < x", "is no number"),
        ("x == 1e999", "too large a number"),
        ("x in y", "expected a list in brackets"),
        ("x in (y)", "expected a number or a text in quotes"),
        ("x in ()", "expected a column, a number"),
        ("", "the filter is empty"),
        ("x == {{ y }}", "templates are not read"),
        ("1 == 1; drop table users", "give several as a list"),
        ("(" * 100 + "x", "at most 20 levels"),
        ("not " * 100 + "x", "at most 20 levels"),
        (" + ".join(["x"] * 100) + " > 1", "at most 20 levels"),
        ("x == '" + "a" * 1_000 + "'", "expected at most 1000"),
    ],
)
def test_a_wrong_filter_is_told_with_what_to_write(text: str, part: str) -> None:
    assert part in complaint(text)


def test_an_error_points_at_the_place_with_a_caret() -> None:
    assert complaint("plan = 'pro'").splitlines()[1:] == ["    plan = 'pro'", "         ^"]
    long = "x == 1 and " * 8 + "plan = 'pro'" + " and x == 1" * 8
    shown, caret = complaint(long).splitlines()[1:]
    assert shown[caret.index("^")] == "="
    assert len(shown) < 110


def test_columns_are_named_once_in_order() -> None:
    assert columns_of(parse("b > a and lower(`c d`) in ('x') and a is null")) == ("b", "a", "c d")


NAMES = st.sampled_from(["x", "y", "first seen", "größe", "and"]).map(Column)
TEXTS = st.text(max_size=5).map(Literal)
NUMBERS = st.one_of(st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False)).map(Literal)
AMOUNTS: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(NAMES, NUMBERS),
    lambda inner: st.builds(Arithmetic, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
    max_leaves=4,
)
CONDITIONS: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(
        NAMES,
        st.builds(Compare, AMOUNTS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), AMOUNTS),
        st.builds(In, NAMES, st.lists(TEXTS, min_size=1, max_size=3).map(tuple)),
        st.builds(IsNull, NAMES),
        st.builds(Call, st.sampled_from(["contains", "startswith"]), st.tuples(NAMES, TEXTS)),
    ),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)


@given(CONDITIONS)
def test_a_tree_written_as_text_parses_to_itself(tree: Expr) -> None:
    assert parse(str(tree)) == tree


WORDS = st.sampled_from(
    [
        "x",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "true",
        "(",
        ")",
        "[",
        "]",
        ",",
        "==",
        "=",
        "<",
        "<=",
        "+",
        "-",
        "*",
        "/",
        "'a'",
        '"b"',
        "`c`",
        "1",
        "2.5",
        "lower(",
        "contains(",
        "'",
        "é",
        ";",
    ]
)


@given(st.one_of(st.text(alphabet=string.printable, max_size=60), st.lists(WORDS, max_size=30).map(" ".join)))
def test_any_text_is_a_filter_or_our_own_error(text: str) -> None:
    try:
        tree = parse(text)
    except DefinitionError as found:
        error = str(found)
    else:
        error = ""
        assert parse(str(tree)) == tree
    assert not error or "^" in error


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("plan like 'p%'", "write contains(name, 'text') or startswith(name, 'text')"),
        ("plan ILIKE 'p%'", "write contains(lower(name), 'text')"),
        ("age between 18 and 65", "write 1 <= name <= 5"),
        ("first seen == 1", "put a column's name with blanks into backticks"),
    ],
)
def test_habits_from_other_languages_are_answered_with_what_to_write_here(text: str, advice: str) -> None:
    assert advice in complaint(text)

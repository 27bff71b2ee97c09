"""Formulas of metrics: what they may say, what they are worth, and what is wrong with them, at which line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace.formula_units import mixed_units, unit
from vitalfew.workspace.formulas import Formula, Term, formulas, parts_of, read_formula
from vitalfew.workspace.graph import edges
from vitalfew.workspace.loading import load

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
sources: {shop: {table: shop.csv, unit: user}}
metrics:
  revenue: {source: shop, column: revenue, unit: EUR}
  orders: {source: shop, column: orders, unit: orders}
  order_value: {source: shop, column: value, unit: EUR}
  minutes: {source: shop, column: minutes, unit: minutes}
  fees: {source: shop, column: fees}
"""
SALES = "  x: {child: revenue, kind: component, formula: orders * order_value}\n"
FEES = "  x: {child: fees, kind: component, parent: order_value}\n"


def value(formula: Formula, **values: float) -> float:
    return float(formula.value({name: np.asarray(number) for name, number in values.items()}))


def workspace(tmp_path: Path, links: str) -> Path:
    (tmp_path / "w.yaml").write_text(f"{SHOP}links:\n{links}\n", encoding="utf-8")
    return tmp_path


def complaint(tmp_path: Path, links: str) -> str:
    with pytest.raises(DefinitionError) as raised:
        load(workspace(tmp_path, links))
    return str(raised.value)


def test_a_formula_has_parts_a_value_and_terms() -> None:
    formula = read_formula("(new + 2 * back) / visits - fees")
    assert formula.parts == ("new", "back", "visits", "fees")
    assert value(formula, new=3, back=1, visits=10, fees=0.1) == pytest.approx(0.4)
    assert formula.terms == (
        Term(1.0, {"new": 1, "visits": -1}),
        Term(2.0, {"back": 1, "visits": -1}),
        Term(-1.0, {"fees": 1}),
    )


def test_a_sum_below_the_line_has_no_terms_and_like_terms_cancel() -> None:
    assert read_formula("a / (a + b)").terms is None
    assert read_formula("a * b - b * a + c").terms == (Term(1.0, {"c": 1}),)


def test_a_product_of_many_sums_is_not_written_out() -> None:
    formula = read_formula("*".join(["(a + b)"] * 18))  # a quarter of a million terms
    assert formula.terms is None
    assert value(formula, a=1, b=1) == 2**18
    assert read_formula("a / (b + b)").terms == (Term(0.5, {"a": 1, "b": -1}),)


def test_terms_and_tree_are_worth_the_same() -> None:
    formula = read_formula("-(a - 2 * b) * c / (4 * d) + 3 * a * a")
    values = {"a": 1.5, "b": -2.0, "c": 7.0, "d": 0.3}
    told = sum(t.coefficient * np.prod([values[n] ** e for n, e in t.exponents.items()]) for t in formula.terms or ())
    assert value(formula, **values) == pytest.approx(told)


def test_a_name_with_signs_goes_into_backticks() -> None:
    assert read_formula("`new-users` * `a.b`").parts == ("new-users", "a.b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("orders >", "formula"),
        ("orders > 3", "found a condition; expected a number"),
        ("abs(orders)", "a formula only reckons"),
        ("true * orders", "found a condition"),
        ("3 + 4", "the formula names no metric"),
        ("   ", "the formula is empty"),
        ("a" * 1_001, "the formula has 1001 characters"),
        (" + ".join(f"m{i}" for i in range(11)), "the formula has 11 parts; expected at most 10"),
        ("orders order_value", "cannot follow here; expected +, -, *, / or the end"),
    ],
)
def test_what_is_no_formula_says_why(text: str, message: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        read_formula(text)
    assert message in str(raised.value) or message == "formula"


def test_edges_and_formulas_follow_from_links(tmp_path: Path) -> None:
    links = (
        "  sales: {child: revenue, kind: component, formula: orders * order_value}\n"
        "  first: {parent: minutes, child: fees, kind: component}\n"
        "  pull: {parent: minutes, child: orders}"
    )
    found = load(workspace(tmp_path, links)).definitions
    assert [(edge.link, edge.parent, edge.child, edge.is_component) for edge in edges(found)] == [
        ("sales", "orders", "revenue", True),
        ("sales", "order_value", "revenue", True),
        ("first", "minutes", "fees", True),
        ("pull", "minutes", "orders", False),
    ]
    made = formulas(found)
    assert made["revenue"].links == ("sales", "sales")
    assert made["fees"].parts == ("minutes",)
    assert parts_of(found.links["sales"]) == ("orders", "order_value")


def test_parts_named_one_by_one_add_up(tmp_path: Path) -> None:
    links = (
        "  one: {parent: fees, child: revenue, kind: component}\n"
        "  two: {parent: order_value, child: revenue, kind: component}"
    )
    made = formulas(load(workspace(tmp_path, links)).definitions)["revenue"]
    assert value(made, fees=2, order_value=3) == 5
    assert made.links == ("one", "two")


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (
            "  x: {child: revenue, kind: component, formula: ordrs * order_value}",
            "no metric 'ordrs'; did you mean 'orders'?",
        ),
        ("  x: {child: revenue, kind: component, formula: revenue + fees}", "'revenue' stands in its own formula"),
        ("  x: {child: revenue, kind: component, formula: 'orders *'}", "found the end"),
        (
            "  x: {child: revenue, parent: minutes, kind: component, formula: orders * order_value}",
            "'minutes' is not in the formula; expected one of orders, order_value",
        ),
        (
            SALES + "  y: {child: revenue, parent: fees, kind: component}",
            "'revenue' has two formulas; 'x' says already",
        ),
        (
            SALES + "  y: {parent: revenue, child: orders}",
            "links go round in a circle: orders → revenue → orders",
        ),
        ("  x: {parent: orders, child: orders}", "links go round in a circle: orders → orders"),
        (
            "  x: {child: revenue, kind: component, formula: orders * minutes}",
            "the formula of 'revenue' mixes units: minute and EUR",
        ),
        (
            "  x: {child: fees, kind: component, formula: order_value + minutes}",
            "the formula of 'fees' mixes units: EUR and minutes",
        ),
        (
            FEES + "  y: {child: fees, kind: component, parent: orders}",
            "the formula of 'fees' mixes units: EUR and orders",
        ),
    ],
)
def test_what_is_wrong_with_a_link_is_told_with_its_line(tmp_path: Path, links: str, message: str) -> None:
    found = complaint(tmp_path, links)
    assert message in found
    assert "w.yaml:" in found.splitlines()[0]
    assert len(found.splitlines()) == 1 or "^" in found


def test_units_are_told_apart_by_money_and_time_and_otherwise_let_be() -> None:
    units = {"a": "orders", "b": "EUR", "c": "EUR per order", "d": "seconds", "e": None, "f": "order"}

    def mixed(text: str, whole: str | None) -> bool:
        return mixed_units(read_formula(text).tree, whole, units) is not None

    assert not mixed("a * b", "EUR")
    assert not mixed("a * c", "euro")
    assert not mixed("a + f", "orders")
    assert not mixed("e", "EUR")  # what does not say could be anything
    assert mixed("d + e", "EUR")  # but not beside seconds
    assert not mixed("b / d", "EUR/s")
    assert not mixed("d / 60", "minutes")  # a number may change the unit
    assert mixed("b / d", "EUR/min")
    assert mixed("d", "minutes")
    assert mixed("b - a", None)
    assert str(unit("EUR")) == "EUR"

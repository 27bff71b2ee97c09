from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.errors import Unsupported
from vitalfew.warehouse.compile import Scope
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.foreign_sql import (
    Aggregate,
    PlainTable,
    Quotient,
    aggregate_of,
    column_of,
    conditions_of,
    plain_table,
    quotient_of_names,
    table_of,
)
from vitalfew.warehouse.values import holds
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS, TEXTS, FLAGS = (None, -1, 0, 2), (None, "a", "Ab", "it's %"), (None, True, False)
ROWS = pa.table(
    {
        "id": list(range(48)),
        "n": [number for number in NUMBERS for _ in TEXTS for _ in FLAGS],
        "s": [text for _ in NUMBERS for text in TEXTS for _ in FLAGS],
        "b": [flag for _ in NUMBERS for _ in TEXTS for flag in FLAGS],
    }
)
LITERALS = st.sampled_from(["'a'", "'Ab'", "'it''s %'", "'b'"])
WHOLE = st.sampled_from(["-1", "0", "1", "2"])
SIGNS = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
LEAVES = st.one_of(
    st.builds("n {} {}".format, SIGNS, WHOLE),
    st.builds("n + 1 {} {} * 2".format, SIGNS, WHOLE),
    st.builds("s {} {}".format, SIGNS, LITERALS),
    st.builds("lower(s) {} {}".format, SIGNS, LITERALS),
    st.builds("coalesce(s, 'b') {} {}".format, SIGNS, LITERALS),
    st.builds("s IN ({}, {})".format, LITERALS, LITERALS),
    st.builds("s NOT IN ({})".format, LITERALS),
    st.builds("n BETWEEN {} AND {}".format, WHOLE, WHOLE),
    st.builds("n NOT BETWEEN {} AND {}".format, WHOLE, WHOLE),
    st.sampled_from(
        [
            "b", "b IS TRUE", "b IS FALSE", "b IS NOT TRUE", "b = TRUE", "n IS NULL", "s IS NOT NULL", "s LIKE 'A%'",
            "s LIKE '%s%'", "s NOT LIKE 'a%'", "s ILIKE 'a%'", "s LIKE 'a'", "length(s) > 1", "abs(n) = 1",
            "starts_with(s, 'A')", "contains(s, 's')",
        ]
    ),
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
        st.builds("{} AND {} OR {}".format, LEAVES, LEAVES, LEAVES),
    ),
    max_leaves=6,
)


class Rows:
    """The rows in an engine, asked as other programs ask and as our filters do."""

    def __init__(self) -> None:
        self.engine = duckdb.connect()
        self.engine.register("rows", ROWS)
        self.ours = open_engine(DataSettings(), None, {"rows": ROWS})
        self.scope = Scope.open(self.ours, "rows", "r")

    def kept(self, sql: str) -> list[int]:
        found = self.engine.execute(f'SELECT id FROM rows AS "r" WHERE {sql} ORDER BY id').fetchall()
        return [int(row[0]) for row in found]

    def kept_by_filters(self, sql: str) -> list[int]:
        condition = holds(conditions_of(sql), self.scope)
        assert condition is not None
        return self.kept(condition.sql("duckdb"))


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    found = Rows()
    yield found
    found.engine.close()
    found.ours.close()


@given(sql=CONDITIONS)
def test_a_condition_keeps_the_rows_it_keeps_in_an_engine(rows: Rows, sql: str) -> None:
    assert rows.kept_by_filters(sql) == rows.kept(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SUM(a)", Aggregate("sum", "a")),
        ("SUM(CAST(a AS DOUBLE))", Aggregate("sum", "a")),
        ("sum(1)", Aggregate("count")),
        ("COUNT(*)", Aggregate("count")),
        ("COUNT(a)", Aggregate("count", "a")),
        ("COUNT_IF(a > 1)", Aggregate("count", None, ("a > 1",))),
        ("COUNT(DISTINCT a)", Aggregate("count_distinct", "a")),
        ("COUNT(DISTINCT CASE WHEN b THEN a END)", Aggregate("count_distinct", "a", ("b",))),
        ("PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY a)", Aggregate("quantile", "a", (), 0.9)),
        ("SUM(a) FILTER (WHERE b AND c = 1)", Aggregate("sum", "a", ("b", "c == 1"))),
        ("AVG(a)", Quotient(Aggregate("sum", "a"), Aggregate("count", "a"))),
        ("1.0 * SUM(a) / NULLIF(COUNT(*), 0)", Quotient(Aggregate("sum", "a"), Aggregate("count"))),
        ("SAFE_DIVIDE(SUM(a), SUM(b))", Quotient(Aggregate("sum", "a"), Aggregate("sum", "b"))),
    ],
)
def test_aggregates_are_read(sql: str, expected: Aggregate | Quotient) -> None:
    assert aggregate_of(sql) == expected


@pytest.mark.parametrize(
    "sql",
    ["DROP TABLE a", "SUM(a); DROP TABLE b", "SUM(a) FROM b", "COPY a TO 'x'", "ATTACH 'x'", "(SELECT 1)", "SUM(a) x",
     "SUM((SELECT a FROM b))", "", ";", "--", "/* */", "SUM(a", "SUM(DISTINCT a)", "SUM(read_csv('x'))", "*", "a, b",
     "2 * SUM(a)", "SUM(a ORDER BY b)", "AVG(a IGNORE NULLS)",
     "PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY a DESC)", "SUM(CAST(a AS DECIMAL(9, 0)))",
     "ROUND(SUM(a))", "AVG(CASE WHEN b THEN a ELSE 0 END)", "APPROX_COUNT_DISTINCT(a)", "\x00",
     "SUM({{a}})"],
)  # fmt: skip
def test_anything_else_is_refused(sql: str) -> None:
    with pytest.raises(Unsupported):
        aggregate_of(sql)


def test_nothing_but_plain_tables_is_read() -> None:
    found = plain_table("SELECT a AS x, b FROM wh.s.t WHERE c = 'd';")
    assert found == PlainTable("s.t", {"x": "a", "b": "b"}, ("c == 'd'",))
    assert plain_table("select * from t").columns is None
    for sql in ("SELECT a FROM t LIMIT 3", "SELECT a FROM t TABLESAMPLE (3)", "SELECT a FROM read_csv('x')", "FROM t"):
        with pytest.raises(Unsupported):
            plain_table(sql)


def test_names_are_read() -> None:
    assert table_of('"wh"."main"."orders"') == "orders"
    assert table_of("`p`.`d`.`t`") == "d.t"
    assert column_of('"Order Date"') == "Order Date"
    assert quotient_of_names("a / nullif(b, 0)") == ("a", "b")
    for name in ("SELECT 1", "a.b.c.d", "", "f(x)"):
        with pytest.raises(Unsupported):
            table_of(name)
    with pytest.raises(Unsupported):
        column_of("a + 1")
    with pytest.raises(Unsupported):
        quotient_of_names("a / b / c")

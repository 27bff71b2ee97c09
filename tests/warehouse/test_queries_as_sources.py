"""Sources that hold a query: read like the table it would be, held to reading, asked again only when it must be."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import sqlglot

import vitalfew as vf
from vitalfew.errors import DataError, DefinitionError
from vitalfew.warehouse.engine import engine_of, open_engine
from vitalfew.warehouse.queries import read_query
from vitalfew.workspace.definitions import DataSettings, Definitions
from vitalfew.workspace.exporting import export
from vitalfew.workspace.workspace import Workspace
from vitalfew.workspace.writing import tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vitalfew.pipeline import Results

TODAY = datetime.now(UTC).date()


def tables() -> dict[str, pa.Table]:
    """One small table of each shape."""
    rng = np.random.default_rng(3)
    units, many = 300, 2_000
    ids = [f"u{number}" for number in range(units)]
    begun = datetime.combine(TODAY - timedelta(days=40), datetime.min.time(), UTC)
    seen = [begun + timedelta(minutes=int(minute)) for minute in rng.integers(0, 20_000, units)]
    happened = [begun + timedelta(minutes=int(minute)) for minute in rng.integers(0, 50_000, many)]
    arms = rng.choice(["old", "new"], units)
    days = [(TODAY - timedelta(days=60 - day)).isoformat() for day in range(60)]
    return {
        "users": pa.table(
            {"id": ids, "arm": arms, "paid": rng.gamma(2, 3, units), "country": rng.choice(["DE", "SE"], units)}
        ),
        "log": pa.table(
            {
                "id": rng.choice(ids, many),
                "at": happened,
                "what": rng.choice(["open", "buy"], many),
                "amount": rng.gamma(2, 3, many),
            }
        ),
        "shown": pa.table({"id": ids, "exp": ["editor"] * units, "arm": arms, "at": seen}),
        "past": pa.table(
            {"exp": ["a", "b"], "m": ["paid", "paid"], "n1": [90, 80], "m1": [2.0, 2.5], "v1": [4.0, 4.5],
             "n2": [95, 85], "m2": [2.25, 2.75], "v2": [4.25, 5.0]}
        ),
        "known": pa.table({"exp": ["c"], "m": ["paid"], "effect": [0.25], "se": [0.125]}),
        "daily": pa.table({"day": days, "visits": rng.poisson(100, 60).astype(float)}),
    }  # fmt: skip


SOURCES: dict[str, dict[str, Any]] = {
    "users": {"unit": "id"},
    "log": {"unit": "id", "time": "at", "event": "what"},
    "shown": {"unit": "id", "experiment": "exp", "variant": "arm", "time": "at"},
    "past": {
        "shape": "aggregates",
        "experiment": "exp",
        "metric": "m",
        "arms": {
            "old": {"n": "n1", "mean": "m1", "variance": "v1"},
            "new": {"n": "n2", "mean": "m2", "variance": "v2"},
        },
    },
    "known": {"shape": "results", "experiment": "exp", "metric": "m", "estimate": "effect", "se": "se"},
    "daily": {"shape": "series", "time": "day", "fresh_days": 3},
}
MORE: dict[str, Any] = {
    "metrics": {
        "paid": {"source": "users", "column": "paid"},
        "spent": {"source": "log", "events": ["buy"], "column": "amount", "window": {"length": 14}},
        "back": {"source": "log", "kind": "retention", "window": {"delay": 1, "length": 7}},
        "p90": {"source": "log", "kind": "quantile", "quantile": 0.9, "events": ["buy"], "column": "amount"},
        "visits": {"source": "daily", "column": "visits"},
    },
    "factors": {"paid": {"range": [1, 3]}, "visits": {"range": [50, 150]}},
    "segments": {"germany": {"source": "users", "filter": "country == 'DE'"}},
    "features": {"shop": {"source": "log", "events": ["buy"]}},
    "experiments": {
        "page": {"source": "users", "variant": "arm", "control": "old", "metrics": ["paid"]},
        "editor": {"source": "shown", "control": "old", "metrics": ["spent", "back", "p90"]},
    },
    "releases": {"march": {"date": (TODAY - timedelta(days=20)).isoformat()}},
}
NAMED = {f"{key}.csv": table for key, table in tables().items()}


def shop(query: str = "", **only: str) -> Definitions:
    """All shapes; each from its file, or by a query in which `{}` stands for it."""
    asked = dict.fromkeys(SOURCES, query) if query else only
    sources = {
        key: columns | ({"sql": asked[key].format(f'"{key}.csv"')} if asked.get(key) else {"table": f"{key}.csv"})
        for key, columns in SOURCES.items()
    }
    return Definitions.model_validate(MORE | {"sources": sources})


def numbers(results: Results) -> dict[str, list[dict[str, Any]]]:
    """Everything that was computed; what was said of tables is said of their queries by another name."""
    parts = {part.name: getattr(results.tables, part.name) for part in fields(results.tables)}
    found = {name: [asdict(row) for row in rows] for name, rows in parts.items()}
    for row in found["failed"]:
        row["reason"] = ""
    return found


@pytest.fixture(scope="module")
def by_table() -> dict[str, list[dict[str, Any]]]:
    return numbers(vf.run(Workspace.of(shop()), frames=NAMED))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM {}",
        "WITH rows AS (SELECT * FROM {} WHERE 1 = 1) SELECT * FROM rows",
    ],
    ids=["read where it lies", "computed once"],
)
def test_a_query_for_all_rows_of_a_table_gives_its_numbers_to_the_last_digit(
    by_table: dict[str, list[dict[str, Any]]], query: str
) -> None:
    found = numbers(vf.run(Workspace.of(shop(query)), frames=NAMED))
    for part in ("moments", "assignments", "effects", "series", "use", "quantiles", "failed"):
        assert by_table[part] or part == "failed", part
    assert found == by_table


def test_rows_and_columns_that_a_query_makes_are_read_as_if_a_file_held_them(tmp_path: Path) -> None:
    raw = tables()["users"]
    with closing(duckdb.connect()) as connection:
        connection.register("raw", raw)
        wanted = connection.sql("SELECT id, arm, 2 * paid AS paid, country FROM raw WHERE country = 'DE'")
        pyarrow.csv.write_csv(wanted.to_arrow_table(), tmp_path / "made.csv")
    pyarrow.csv.write_csv(raw, tmp_path / "users.csv")
    one = {
        "metrics": {"paid": {"source": "users", "column": "paid"}},
        "experiments": {"page": MORE["experiments"]["page"]},
    }
    query = "SELECT id, arm, 2 * paid AS paid, country FROM users.csv WHERE country = 'DE'"
    asked = Definitions.model_validate(one | {"sources": {"users": {"sql": query, "unit": "id"}}})
    made = Definitions.model_validate(one | {"sources": {"users": {"table": "made.csv", "unit": "id"}}})
    (found, expected) = (vf.run(Workspace(each, root=tmp_path)).tables.effects for each in (asked, made))
    assert found
    assert len(found) == len(expected) == 1
    assert found[0].estimate == pytest.approx(expected[0].estimate, rel=1e-12)


def test_the_past_is_read_through_a_query(by_table: dict[str, list[dict[str, Any]]]) -> None:
    day = TODAY - timedelta(days=15)
    then = numbers(vf.run(Workspace.of(shop()), frames=NAMED, as_of=day))
    assert then["moments"] != by_table["moments"]
    assert numbers(vf.run(Workspace.of(shop("SELECT * FROM {}")), frames=NAMED, as_of=day)) == then


# What a query may name --------------------------------------------------------------------------------------------


def rows_of(query: str, folder: Path, **settings: Any) -> list[dict[str, Any]]:
    defined = Definitions.model_validate({"data": settings, "sources": {"s": {"sql": query, "unit": "x"}}})
    with closing(engine_of(Workspace(defined, root=folder))) as engine:
        read = read_query("asked", f'SELECT * FROM "{defined.sources["s"].table}" ORDER BY ALL')
        found: list[dict[str, Any]] = engine.query(read.tree).to_pylist()
        return found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT x FROM 'days/*.parquet'",
        'SELECT x FROM "days/*.parquet" d WHERE d.x > 0',
        "SELECT x FROM read_parquet('days/*.parquet')",
        "SELECT x FROM 'days/1.parquet' UNION ALL SELECT x FROM 'days/2.parquet'",
        "FROM plain.csv WHERE plain.x < 3",
        "SELECT plain.x FROM 'plain.csv' WHERE plain.x < 3",
        "WITH T AS (SELECT * FROM plain.csv) SELECT x FROM t WHERE x <= 2",
        "SELECT a.x FROM plain.csv a WHERE a.x IN (SELECT x FROM 'days/*.parquet')",
    ],
)
def test_files_are_named_as_tables_are(tmp_path: Path, query: str) -> None:
    (tmp_path / "days").mkdir()
    for day in (1, 2):
        pyarrow.parquet.write_table(pa.table({"x": [day]}), tmp_path / "days" / f"{day}.parquet")
    (tmp_path / "plain.csv").write_text("x\n1\n2\n3\n", encoding="utf-8")
    assert rows_of(query, tmp_path) == [{"x": 1}, {"x": 2}]


def test_tables_of_a_database_are_named_with_their_schema(tmp_path: Path) -> None:
    with closing(duckdb.connect(str(tmp_path / "shop.duckdb"))) as made:
        made.execute(
            "CREATE SCHEMA raw; CREATE TABLE raw.orders AS SELECT 1 AS x; CREATE TABLE orders AS SELECT 5 AS x"
        )
    query = "SELECT orders.x + o.x AS x FROM raw.orders JOIN orders o ON raw.orders.x < o.x"
    assert rows_of(query, tmp_path, path="shop.duckdb") == [{"x": 6}]


def test_a_source_called_like_its_table_reads_the_table(tmp_path: Path) -> None:
    with closing(duckdb.connect(str(tmp_path / "shop.duckdb"))) as made:
        made.execute("CREATE TABLE s AS SELECT 1 AS x")
    assert rows_of("SELECT x FROM s", tmp_path, path="shop.duckdb") == [{"x": 1}]


# Refused ----------------------------------------------------------------------------------------------------------

HOSTILE = {
    "": "query",
    "  -- nothing\n": "is empty",
    "users.csv": "begins with USERS",
    "DROP TABLE users": "begins with DROP",
    "DELETE FROM users.csv": "begins with DELETE",
    "SELECT * FROM users.csv; DROP TABLE users": "more than one statement",
    "WITH gone AS (DELETE FROM users.csv RETURNING *) SELECT * FROM gone": "holds DELETE",
    "SELECT * INTO other FROM users.csv": "holds INTO",
    "EXPLAIN ANALYZE DELETE FROM users.csv": "begins with EXPLAIN",
    "COPY (SELECT 1) TO '/tmp/out.csv'": "begins with COPY",
    "ATTACH '/tmp/other.db'": "begins with ATTACH",
    "INSTALL httpfs": "begins with INSTALL",
    "PRAGMA database_list": "begins with PRAGMA",
    "SET memory_limit = '1TB'": "begins with SET",
    "CALL pragma_version()": "begins with CALL",
    "SELECT * FROM read_text('/etc/passwd')": "read_text(), which is no table",
    "SELECT * FROM read_csv('/etc/passwd', header = false)": "more than the name of a file",
    "SELECT * FROM glob('/*')": "glob(), which is no table",
    "SELECT * FROM query('SELECT 1')": "query()",
    "SELECT * FROM duckdb_secrets()": "duckdb_secrets(), which is no table",
    "SELECT * FROM users.csv, LATERAL read_text('/etc/passwd') t": "read_text(), which is no table",
    "SELECT * FROM users.csv JOIN LATERAL glob('*') g ON true": "glob(), which is no table",
    "SELECT * FROM json_execute_serialized_sql('{}')": "json_execute_serialized_sql()",
    "SELECT getenv('HOME') AS x FROM users.csv": "getenv()",
    "SELECT nextval('s') AS x FROM users.csv": "nextval()",
    "SELECT $1 AS x FROM users.csv": "a value that nobody gives",
    "SELECT {{ column }} FROM users.csv": "template",
    "SELECT * FROM users.csv FOR UPDATE": "holds LOCK",
    "SELECT * FROM users.csv WHERE (": "cannot be read as SQL",
    "SELECT " + "(" * 4_000 + "1" + ")" * 4_000: "nested too deeply",
    "SELECT * FROM (PIVOT 'users.csv' ON arm USING sum(paid))": "holds PIVOT",
}


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: query[:40])
def test_what_is_not_one_select_is_refused_with_its_file_and_line(tmp_path: Path, query: str) -> None:
    pyarrow.csv.write_csv(tables()["users"], tmp_path / "users.csv")
    before = (tmp_path / "users.csv").read_bytes()
    written = "".join(f"\\x{ord(sign):02x}" if sign in '\n"\\' else sign for sign in query)
    (tmp_path / "shop.yaml").write_text(
        f'sources:\n  users:\n    unit: id\n    sql: "{written}"\n'
        "metrics: {paid: {source: users, column: paid}}\n"
        "experiments: {page: {source: users, variant: arm, control: old, metrics: [paid]}}\n",
        encoding="utf-8",
    )
    with pytest.raises(DefinitionError) as refused:
        vf.run(vf.load(tmp_path))
    (problem,) = refused.value.problems
    assert HOSTILE[query] in str(problem)
    assert str(problem.where).endswith("shop.yaml:4 (sources.users.sql)")
    assert (tmp_path / "users.csv").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} <= {"users.csv", "shop.yaml", ".vitalfew"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{table: users.csv, sql: SELECT 1, unit: id}", "'table' and 'sql' are given"),
        ("{unit: id}", "'table' is missing"),
        ("{sql: 5, unit: id}", "found 5; expected a query"),
    ],
)
def test_a_source_has_either_a_table_or_a_query(tmp_path: Path, source: str, told: str) -> None:
    (tmp_path / "shop.yaml").write_text(f"\nsources:\n  users: {source}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=told) as refused:
        vf.load(tmp_path)
    assert "shop.yaml:3" in str(refused.value)


@pytest.mark.parametrize(
    "table", ["s3://bucket/x.parquet", "https://example.com/x.csv", "'../*/nothing.csv'", "duckdb_settings", "a.b.c"]
)
def test_what_no_table_may_name_no_query_may_name(tmp_path: Path, table: str) -> None:
    named = table if table.startswith("'") else f'"{table}"'
    with pytest.raises(DataError, match=r"the query of s: (there is no table|.* is not a table)"):
        rows_of(f"SELECT * FROM {named}", tmp_path)


def test_variables_of_the_program_are_no_tables(tmp_path: Path) -> None:
    secret = pa.table({"x": [1]})
    assert secret.num_rows == 1
    with pytest.raises(DataError, match="'secret' is not a table"):
        rows_of("SELECT * FROM secret", tmp_path)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT\n padi AS x\nFROM users.csv", r" 'padi' that its tables do not have \(line 2 of the query\).*'paid'"),
        ("SELECT u.nothing AS x FROM users.csv u", "a column 'nothing' that its tables do not have"),
        ("SELECT flour(paid) AS x FROM users.csv", r"calls flour\(\), which the engine does not know"),
        ("SELECT arm, sum(paid) AS x FROM users.csv", "not understood by the engine: column .* must appear in"),
        ("SELECT CAST(arm AS INTEGER) AS x FROM users.csv GROUP BY ALL", "not of the type asked for.*TRY_CAST"),
        ("SELECT x FROM user.csv", "there is no table 'user.csv'.*'users.csv'"),
    ],
)  # fmt: skip
def test_what_the_engine_does_not_take_is_told_in_a_sentence(tmp_path: Path, query: str, told: str) -> None:
    pyarrow.csv.write_csv(tables()["users"], tmp_path / "users.csv")
    with pytest.raises(DataError, match=f"the query of s.*{told}") as refused:
        rows_of(query, tmp_path)
    assert "'old'" not in str(refused.value), "values of the data are nobody's to read in a message"


def test_a_column_that_a_query_lacks_is_told_with_those_it_has() -> None:
    defined = shop(users="SELECT id, arm, paid AS payed FROM {}")
    failed = vf.run(Workspace.of(defined), frames=NAMED).failures
    reasons = [row.reason for row in failed]
    assert any("the query of users" in reason and "'payed'" in reason for reason in reasons), reasons


@pytest.mark.parametrize(
    ("run", "seen"),
    [
        ("SELECT * FROM t, read_text('/etc/passwd')", "read_text()"),
        ("SELECT * FROM t, LATERAL glob('*') g", "glob()"),
        ("SELECT * FROM 'other.csv'", "other.csv"),
        ("SELECT * FROM t WHERE x IN (SELECT size FROM read_blob('x'))", "read_blob()"),
        ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", "delete_query_node"),
        ("SELECT (SELECT count(*) FROM duckdb_settings()) AS x", "duckdb_settings()"),
    ],
)
def test_the_engine_s_own_reading_refuses_what_the_first_let_through(run: str, seen: str) -> None:
    tree = sqlglot.parse_one(run, read="duckdb")
    assert isinstance(tree, sqlglot.exp.Query)
    through = replace(read_query("q", "SELECT x FROM t"), tree=tree)
    with (
        closing(open_engine(DataSettings(), None, {"t": pa.table({"x": [1]})}, queries={"q": through})) as engine,
        pytest.raises(DataError, match=re.escape(seen)),
    ):
        engine.columns("q")


# What its rows hang on ---------------------------------------------------------------------------------------------


def test_every_function_whose_value_changes_is_known_to() -> None:
    """Held against the engine's own list, so that a new version cannot bring one unseen."""
    with closing(duckdb.connect()) as connection:
        changing = connection.sql(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'"
            " AND function_type IN ('scalar', 'aggregate') ORDER BY 1"
        ).fetchall()
    assert len(changing) > 20
    unseen = []
    for (name,) in changing:
        try:
            if not read_query("q", f"SELECT {name}() AS x FROM t").anew:
                unseen.append(name)
        except DataError:
            continue
    assert not unseen


@pytest.mark.parametrize(
    ("query", "anew"),
    [
        ("SELECT * FROM t", ""),
        ("SELECT * FROM t WHERE at > current_date - 30", "current_date"),
        ("SELECT * FROM t WHERE at > CURRENT_TIMESTAMP", "current_timestamp"),
        ("SELECT *, random() AS r FROM t", "ran"),
        ("SELECT *, age(at) AS a FROM t", "age"),
        ("SELECT *, age(at, born) AS a FROM t", ""),
        ("SELECT * FROM t USING SAMPLE 10%", "sample"),
        ("SELECT * FROM t LIMIT 10", "LIMIT"),
        ("SELECT * FROM (SELECT * FROM t LIMIT 10)", "LIMIT"),
        ("SELECT * FROM t ORDER BY at LIMIT 10", ""),
        ("SELECT DISTINCT ON (id) * FROM t", "DISTINCT ON"),
        ("SELECT DISTINCT ON (id) * FROM t ORDER BY id, at", ""),
    ],
)
def test_it_is_told_why_a_query_is_asked_anew(query: str, anew: str) -> None:
    found = read_query("q", query).anew
    assert anew in found
    assert bool(anew) == bool(found)


def stages_reused(folder: Path) -> set[str]:
    return {stage.name for stage in vf.run(vf.load(folder)).info.stages if stage.reused}


def written(folder: Path, query: str) -> None:
    (folder / "shop.yaml").write_text(
        f"sources: {{users: {{sql: {query!r}, unit: id}}}}\n"
        "metrics: {paid: {source: users, column: paid}}\n"
        "experiments: {page: {source: users, variant: arm, control: old, metrics: [paid]}}\n",
        encoding="utf-8",
    )


def test_a_run_reads_again_when_the_words_or_any_of_the_files_changed(tmp_path: Path) -> None:
    users = tables()["users"]
    pyarrow.csv.write_csv(users, tmp_path / "users.csv")
    (tmp_path / "kept.csv").write_text("country\nDE\nSE\n", encoding="utf-8")
    query = "SELECT u.* FROM users.csv u JOIN kept.csv k ON u.country = k.country"
    written(tmp_path, query)
    assert "measure.users" not in stages_reused(tmp_path)
    assert "measure.users" in stages_reused(tmp_path)
    (tmp_path / "kept.csv").write_text("country\nDE\n", encoding="utf-8")
    assert "measure.users" not in stages_reused(tmp_path)
    assert "measure.users" in stages_reused(tmp_path)
    written(tmp_path, f"{query} WHERE u.paid > 1")
    assert "measure.users" not in stages_reused(tmp_path)
    assert "measure.users" in stages_reused(tmp_path)


def test_a_refresh_of_events_behind_a_query_equals_a_full_run(tmp_path: Path) -> None:
    export(shop("SELECT * FROM {}"), tmp_path / "daily")
    log = tables()["log"].sort_by("at")
    for rows in (1_500, 2_000):
        for key, table in {**tables(), "log": log.slice(0, rows)}.items():
            pyarrow.csv.write_csv(table, tmp_path / "daily" / f"{key}.csv")
        refreshed = numbers(vf.run(vf.load(tmp_path / "daily")))
    shutil.copytree(tmp_path / "daily", tmp_path / "fresh", ignore=shutil.ignore_patterns(".vitalfew"))
    assert refreshed["moments"]
    assert refreshed == numbers(vf.run(vf.load(tmp_path / "fresh")))


def test_a_query_that_asks_for_the_day_is_never_reused_and_says_so(tmp_path: Path) -> None:
    pyarrow.csv.write_csv(tables()["users"], tmp_path / "users.csv")
    written(
        tmp_path,
        "SELECT * FROM users.csv WHERE current_date > DATE ''2020-01-01''".replace("''", '"').replace('"', "'"),
    )
    for _ in range(2):
        results = vf.run(vf.load(tmp_path))
        assert "measure.users" not in {stage.name for stage in results.info.stages if stage.reused}
        (said,) = [row for row in results.tables.failed if row.remark]
        assert (said.item, said.reason) == (
            "the query of users",
            "it is asked anew in every run, as it asks for current_date",
        )


def test_what_computes_is_computed_once_so_that_all_readers_see_the_same_rows() -> None:
    table = pa.table({"x": list(range(100))})
    query = read_query("q", "SELECT x FROM t USING SAMPLE reservoir(10 ROWS)")
    with closing(open_engine(DataSettings(), None, {"t": table}, queries={"q": query})) as engine:
        asked = read_query("again", "SELECT * FROM q ORDER BY x").tree
        seen = [engine.query(asked).to_pylist() for _ in range(5)]
        assert len(seen[0]) == 10
        assert seen == [seen[0]] * 5
        assert engine.files("q") == ()


# In and out ---------------------------------------------------------------------------------------------------------


def test_definitions_with_queries_read_back_as_they_were(tmp_path: Path) -> None:
    defined = shop("SELECT *\nFROM {}  -- 'all' of \"it\"")
    assert all("table" not in source and "sql" in source for source in tree_of(defined)["sources"].values())  # type: ignore[attr-defined]  # a tree
    assert Definitions.model_validate(tree_of(defined)) == defined
    export(defined, tmp_path / "out")
    assert vf.load(tmp_path / "out").definitions == defined


def test_a_source_of_events_without_names_keeps_its_shape(tmp_path: Path) -> None:
    source: Mapping[str, Any] = {"table": "orders.csv", "shape": "events", "unit": "u", "time": "t"}
    defined = Definitions.model_validate({"sources": {"orders": source}})
    assert Definitions.model_validate(tree_of(defined)) == defined
    assert tree_of(defined)["sources"] == {"orders": source}
    assert tmp_path.is_dir()

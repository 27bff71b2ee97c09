"""A query to run in another warehouse, and its answer taken back."""

from __future__ import annotations

import csv
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import sqlglot

from vitalfew.errors import DataError, Unsupported, UsageError
from vitalfew.results.moments import moments_of
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.export import DIALECTS, moments_sql
from vitalfew.warehouse.imported import import_moments, imported_moments
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

METRICS: dict[str, dict[str, Any]] = {
    "revenue": {"source": "players", "column": "revenue"},
    "kept": {"source": "players", "kind": "proportion", "column": "kept"},
    "per_visit": {
        "kind": "ratio",
        "numerator": {"source": "players", "column": "revenue"},
        "denominator": {"source": "players", "column": "visits"},
    },
    "capped": {"source": "players", "column": "revenue", "cap": {"absolute": 3}},
}


def workspace(**more: Any) -> Definitions:
    plain: dict[str, Any] = {
        "sources": {"players": {"table": "players.csv", "unit": "user_id"}},
        "metrics": METRICS,
        "segments": {
            "germany": {"source": "players", "filter": "country == 'DE'"},
            "heavy": {"source": "players", "filter": "visits >= 5 and not country in ('SE')"},
        },
        "experiments": {"gate": {"source": "players", "variant": "arm"}},
    }
    return Definitions.model_validate(plain | more)


def players(rows: int = 400) -> pa.Table:
    rng = np.random.default_rng(7)
    revenue = rng.gamma(2.0, 1.5, rows) + 1e6
    visits = rng.poisson(4, rows)
    return pa.table(
        {
            "user_id": [f"u{number}" for number in range(rows - 1)] + ["u0"],
            "arm": ["control", *rng.choice(["control", "b"], rows - 2).tolist(), "b"],
            "country": rng.choice(["DE", "SE", "PT"], rows).tolist(),
            "revenue": pa.array(revenue, mask=rng.random(rows) < 0.1),
            "visits": pa.array(visits, mask=rng.random(rows) < 0.05),
            "kept": rng.integers(0, 2, rows),
        }
    )


def run(sql: str, table: pa.Table, file: Path) -> Path:
    """Run the printed text as a stranger would: in a database of their own, saving what comes out."""
    with closing(duckdb.connect()) as connection:
        connection.register("players", table)
        answer = connection.sql(sql).to_arrow_table()
    if file.suffix == ".parquet":
        pyarrow.parquet.write_table(answer, file)
    else:
        pyarrow.csv.write_csv(answer, file)
    return file


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    return run(moments_sql(workspace(), [], "duckdb")[0].text, players(), tmp_path / "answer.csv")


def rewritten(answer: Path, change: Mapping[str, Any]) -> Path:
    """Change columns of the first row."""
    with answer.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0].update({name: str(value) for name, value in change.items()})
    with answer.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return answer


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_answer_taken_back_gives_the_moments_of_a_direct_run(tmp_path: Path, suffix: str) -> None:
    definitions, table = workspace(), players()
    (exported,) = moments_sql(definitions, [], "duckdb")
    import_moments(run(exported.text, table, tmp_path / f"answer{suffix}"), Workspace(definitions, root=tmp_path))
    found = imported_moments(definitions, "players", tmp_path)
    with closing(open_engine(DataSettings(), None, {"players.csv": table})) as engine:
        direct = measure(definitions, "players", engine)
    assert found is not None
    assert [row.units for row in found.assignments] == [row.units for row in direct.assignments]
    assert found.failed == direct.failed == ()
    expected = {(row.arm, row.segment): moments_of(row) for row in direct.moments}
    assert len(expected) == 6
    for row in found.moments:
        there, here = moments_of(row), expected.pop((row.arm, row.segment))
        assert (there.names, there.units) == (here.names, here.units)
        np.testing.assert_array_equal(there.n, here.n)
        for name in here.names:
            assert there.mean_of(name) == pytest.approx(here.mean_of(name), rel=1e-12)
            for other in here.names:
                scale = np.sqrt(here.variance_of(name) * here.variance_of(other))
                away = there.covariance_of(name, other) - here.covariance_of(name, other)
                assert abs(away) <= 1e-9 * scale
    assert expected == {}


def test_a_unit_in_two_arms_is_in_none_elsewhere_too(answer: Path, tmp_path: Path) -> None:
    summary = import_moments(answer, Workspace(workspace(), root=tmp_path))
    assert sum(summary.units.values()) == 398
    assert summary.metrics == ("revenue", "kept", "per_visit", "capped")
    assert summary.path == tmp_path / "moments" / "players.csv"
    assert "kept in moments/players.csv" in summary.sentence()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_query_is_written_and_read_in_every_dialect(dialect: str) -> None:
    (exported,) = moments_sql(workspace(), [], dialect)
    (tree,) = sqlglot.parse(exported.text, dialect=dialect)
    assert tree is not None
    words = exported.text.upper()
    assert " FILTER" not in words
    assert "ISFINITE" not in words
    assert "STDDEV" not in words
    assert f"query_hash {exported.query_hash}" in exported.text
    assert "-- metric revenue, version 1" in exported.text


def test_names_are_in_capitals_where_snowflake_keeps_them_so() -> None:
    sql = moments_sql(workspace(), ["revenue"], "snowflake")[0].text
    assert '"PLAYERS"' in sql
    assert '"REVENUE"' in sql
    assert '"players"' not in sql


def test_a_table_of_the_warehouse_keeps_its_schema() -> None:
    sources = {"players": {"table": "shop.players", "unit": "user_id"}}
    assert '"shop"."players"' in moments_sql(workspace(sources=sources), [], "postgres")[0].text
    assert "`shop`.`players`" in moments_sql(workspace(sources=sources), [], "bigquery")[0].text


def test_only_the_metrics_asked_for_are_exported_and_the_others_are_missing_after(tmp_path: Path) -> None:
    definitions = workspace()
    (exported,) = moments_sql(definitions, ["kept"], "duckdb")
    import_moments(run(exported.text, players(), tmp_path / "a.csv"), Workspace(definitions, root=tmp_path))
    found = imported_moments(definitions, "players", tmp_path)
    assert found is not None
    assert {row.names for row in found.moments} == {("kept",)}
    assert "not among the imported moments" in {row.item: row.reason for row in found.failed}["gate/revenue"]


def test_without_an_answer_the_table_is_measured(tmp_path: Path) -> None:
    assert imported_moments(workspace(), "players", tmp_path) is None


def test_an_answer_to_other_definitions_is_refused(answer: Path, tmp_path: Path) -> None:
    changed = workspace(metrics=METRICS | {"revenue": {"source": "players", "column": "visits"}})
    with pytest.raises(DataError, match="the definitions changed since"):
        import_moments(answer, Workspace(changed, root=tmp_path))
    import_moments(answer, Workspace(workspace(), root=tmp_path))
    with pytest.raises(DataError, match=r"moments/players.csv: the definitions changed since.*vitalfew sql"):
        imported_moments(changed, "players", tmp_path)


def test_another_title_changes_no_number_and_is_no_other_question(answer: Path, tmp_path: Path) -> None:
    titled = workspace(
        metrics=METRICS | {"kept": METRICS["kept"] | {"title": "Kept after a week", "direction": "down"}}
    )
    assert import_moments(answer, Workspace(titled, root=tmp_path)).source == "players"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n0": -1}, "n of 'revenue' is -1"),
        ({"n0": 10_000}, "n of 'revenue' is 10000"),
        ({"n0": 2.5}, "n of 'revenue' is 2.5"),
        ({"p1_1": -1.0}, "no data give these products of 'revenue' and 'kept'"),
        ({"p0_1": 1e9}, "no data give these products of 'revenue' and 'kept'"),
        ({"s1": float("nan")}, "'kept' has"),
        ({"repeated": 3}, "3 units have several rows"),
        ({"metrics": "revenu"}, "no metric 'revenu'; did you mean 'revenue'?"),
        ({"source": "player"}, "no source 'player'; did you mean 'players'?"),
        ({"s0": "1.2%"}, "holds '1.2%'"),
    ],
)
def test_numbers_that_no_data_give_are_refused(answer: Path, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said.replace("?", r"\?")):
        import_moments(rewritten(answer, change), Workspace(workspace(), root=tmp_path))
    assert not (tmp_path / "moments").exists()


def test_a_missing_column_and_a_doubled_row_are_refused(answer: Path, tmp_path: Path) -> None:
    table = pyarrow.csv.read_csv(answer)
    pyarrow.csv.write_csv(table.rename_columns([name.replace("p0_1", "p01") for name in table.column_names]), answer)
    with pytest.raises(DataError, match="no column 'p0_1'"):
        import_moments(answer, Workspace(workspace(), root=tmp_path))
    pyarrow.csv.write_csv(pa.concat_tables([table, table]), answer)
    with pytest.raises(DataError, match="two rows for arm"):
        import_moments(answer, Workspace(workspace(), root=tmp_path))
    pyarrow.csv.write_csv(table.slice(0, 0), answer)
    with pytest.raises(DataError, match="holds no rows"):
        import_moments(answer, Workspace(workspace(), root=tmp_path))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        import_moments(tmp_path / "nothing.csv", Workspace(workspace(), root=tmp_path))
    (tmp_path / "broken.parquet").write_text("no")
    with pytest.raises(DataError, match="cannot be read"):
        import_moments(tmp_path / "broken.parquet", Workspace(workspace(), root=tmp_path))


def test_what_one_query_cannot_give_is_said() -> None:
    with pytest.raises(UsageError, match="no metric 'kpet'; did you mean 'kept'"):
        moments_sql(workspace(), ["kpet"], "duckdb")
    with pytest.raises(UsageError, match="no dialect 'bigquerry'; did you mean 'bigquery'"):
        moments_sql(workspace(), [], "bigquerry")
    with pytest.raises(UsageError, match="no experiment measures kept"):
        moments_sql(workspace(experiments={}), ["kept"], "duckdb")
    shown = {"table": "shown", "unit": "id", "experiment": "experiment", "variant": "variant"}
    exposed = Definitions.model_validate({"sources": {"shown": shown}, "experiments": {"new": {"source": "shown"}}})
    with pytest.raises(UsageError, match="one row per unit; of exposures and events, make one first"):
        moments_sql(exposed, [], "duckdb")
    capped = {"revenue": {"source": "players", "column": "revenue", "cap": {"percentile": 0.99}}}
    with pytest.raises(Unsupported, match="capped at a percentile"):
        moments_sql(workspace(metrics=capped), [], "duckdb")
    events = {"events": {"table": "e.csv", "unit": "user_id", "time": "at", "event": "name"}}
    clicks = {"clicks": {"source": "events", "events": ["click"]}}
    with pytest.raises(Unsupported, match="second table, such as events"):
        moments_sql(
            workspace(
                sources=events | {"players": {"table": "players.csv", "unit": "user_id"}},
                metrics=clicks,
                experiments={"gate": {"source": "players", "variant": "arm", "metrics": ["clicks"]}},
            ),
            [],
            "duckdb",
        )

"""Queries in sources: a folder may hold them, a server takes none; elsewhere they are run as text."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pytest
from django.test import Client
from django.urls import reverse

from vitalfew.errors import DefinitionError
from vitalfew.results.moments import moments_of
from vitalfew.server.core.models import Definition, KindOwner, Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.jobs import job
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services import owners, runs, tokens
from vitalfew.server.core.services.data_places import data_of
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.services.looks import columns, held
from vitalfew.server.core.services.moving import accept, propose_from
from vitalfew.server.core.services.work import work
from vitalfew.warehouse.engine import engine_of
from vitalfew.warehouse.export import moments_sql
from vitalfew.warehouse.imported import import_moments, imported_moments
from vitalfew.warehouse.measure import measure
from vitalfew.workspace import load
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.workspace import Workspace as Defined

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = "a server takes no queries"
FOLDER = """\
workspace: {name: Shop}
data: {path: data}
sources:
  orders:
    sql: |
      SELECT user_id, arm, amount
      FROM raw_orders.csv
      WHERE NOT test
    unit: user_id
metrics: {spent: {source: orders, kind: mean, column: amount}}
experiments: {page: {source: orders, variant: arm, control: old, metrics: [spent]}}
factors: {spent: {range: [1, 3]}}
"""
ROWS = "user_id,arm,amount,test\n" + "\n".join(
    f"u{n},{'old' if n % 2 else 'new'},{n % 7 + 0.5},{'true' if n % 10 == 0 else 'false'}" for n in range(300)
)


@pytest.fixture
def served(_database: None, tmp_path: Path) -> Workspace:
    """A folder that is served, which owns its definitions; its data lie below it."""
    folder = tmp_path / "shop"
    (folder / "data").mkdir(parents=True)
    (folder / "shop.yaml").write_text(FOLDER, encoding="utf-8")
    (folder / "data" / "raw_orders.csv").write_text(ROWS, encoding="utf-8")
    row = Workspace.objects.create(key="shop", name="Shop", folder=str(folder))
    KindOwner.objects.bulk_create(
        KindOwner(workspace=row, kind=kind, owner="folder") for kind in Definitions.model_fields
    )
    return row


# A server takes none -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{"sql": "SELECT 1 AS id"}, {"sql": "SELECT * FROM '/etc/passwd.csv'", "unit": "id"}])
def test_no_service_saves_a_query(workspace: Workspace, body: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match=REFUSED) as refused:
        save(workspace, "sources", "odd", body, by=None, version=0)
    assert refused.value.problems[0].where.path == ("sources", "odd", "sql")  # type: ignore[union-attr]  # it has a place
    assert not Definition.objects.filter(key="odd").exists()


@pytest.mark.usefixtures("workspace")
def test_the_api_refuses_a_query_and_says_what_to_do(member: Callable[..., Any]) -> None:
    client = Client(headers={"Authorization": f"Bearer {tokens.make(member('admin').user, 'test', ('admin',))}"})
    answer = client.put(
        "/api/v1/workspaces/playground/definitions/sources/odd",
        json.dumps({"sql": "SELECT 1 AS id", "unit": "id"}),
        content_type="application/json",
        headers={"If-None-Match": "*"},
    )
    assert answer.status_code == 422, answer.content
    (fault,) = answer.json()["faults"]
    assert fault["path"] == "sources.odd.sql"
    assert REFUSED in str(fault)
    assert "view" in str(fault)


def test_a_form_has_no_place_for_a_query(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    (Path(workspace.folder) / "raw_orders.csv").write_text(ROWS, encoding="utf-8")
    client, form = client_of("admin"), reverse("new-source", kwargs={"workspace": workspace.key})
    page = client.get(f"{form}?table=raw_orders.csv").content.decode()
    assert 'name="unit"' in page
    assert 'name="sql"' not in page
    sent = {"title": "Odd", "table": "raw_orders.csv", "shape": "units", "unit": "user_id", "sql": "SELECT 1 AS id"}
    client.post(form, sent)
    body = Definition.objects.get(workspace=workspace, kind="sources", key="odd").body
    assert body == {"title": "Odd", "table": "raw_orders.csv", "unit": "user_id"}


def test_applying_a_folder_with_a_query_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "shop.yaml").write_text(FOLDER.replace("data: {path: data}\n", ""), encoding="utf-8")
    before = loaded(workspace).workspace.definitions
    proposal = propose_from(workspace, load(tmp_path / "from").definitions)
    with pytest.raises(DefinitionError, match=REFUSED):
        accept(workspace, proposal, by=None)
    workspace.refresh_from_db()
    assert loaded(workspace).workspace.definitions == before


def test_a_kind_with_queries_stays_the_folder_s(served: Workspace, member: Callable[..., Any]) -> None:
    plan = owners.plan_switch(served, "sources", "server")
    assert any(REFUSED in sentence for sentence in plan.sentences)
    with pytest.raises(DefinitionError, match=REFUSED):
        owners.switch(served, "sources", "server", stamp=plan.stamp, by=member("admin", of=served).user)
    assert "sources" in loaded(served).folder_kinds


# A folder that is served ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sqlite")
def test_a_served_folder_runs_its_queries_shut_in(served: Workspace) -> None:
    asked = runs.start(served, None)
    work(asked.id)
    done = job(served, asked.id)
    assert done is not None
    assert done.state == "done"
    served.refresh_from_db()
    found = open_run(served)
    assert found is not None
    (effect,) = found.tables.effects
    assert effect.metric == "spent"
    assert found.failures == ()


@pytest.mark.usefixtures("sqlite")
def test_pages_are_told_what_a_query_holds(served: Workspace, client_of: Callable[..., Client]) -> None:
    (told,) = columns(served)
    assert set(told["types"]) == {"user_id", "arm", "amount"}
    (source,) = loaded(served).workspace.definitions.sources.values()
    assert held(served, [source.table])[source.table]["rows"] == 270
    (Path(served.folder) / "shop.yaml").write_text(FOLDER.replace("WHERE NOT test", "WHERE test"), encoding="utf-8")
    assert held(served, [source.table])[source.table]["rows"] == 30, "what is remembered is of another query"
    assert data_of(loaded(served).workspace) == (str(Path(served.folder) / "data"),)
    page = client_of("admin", of=served).get(reverse("sources", kwargs={"workspace": "shop"})).content.decode()
    assert "the query of orders" in page
    assert ">30<" in page


# Elsewhere ---------------------------------------------------------------------------------------------------------

JOINED = """\
WITH real AS (SELECT * FROM raw_orders.csv WHERE NOT test)
SELECT real.user_id, real.arm, sum(real.amount) AS "Spent", max(c.country) AS Country
FROM real JOIN 'countries.csv' c ON c.user_id = real.user_id
GROUP BY real.user_id, real.arm
"""


def test_a_query_that_is_printed_gives_in_postgresql_what_a_run_gives(postgres: str, tmp_path: Path) -> None:
    (tmp_path / "raw_orders.csv").write_text(ROWS, encoding="utf-8")
    countries = "".join(f"u{n},{'DE' if n % 3 else 'SE'}\n" for n in range(300))
    (tmp_path / "countries.csv").write_text(f"user_id,country\n{countries}", encoding="utf-8")
    definitions = Definitions.model_validate(
        {
            "sources": {"orders": {"sql": JOINED, "unit": "user_id"}},
            "metrics": {"spent": {"source": "orders", "column": "Spent"}},
            "segments": {"germany": {"source": "orders", "filter": "Country == 'DE'"}},
            "experiments": {"page": {"source": "orders", "variant": "arm", "control": "old"}},
        }
    )
    shop = Defined(definitions, root=tmp_path)
    (exported,) = moments_sql(definitions, [], "postgres")
    with psycopg.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute("CREATE TEMP TABLE raw_orders (user_id text, arm text, amount double precision, test boolean)")
        cursor.execute("CREATE TEMP TABLE countries (user_id text, country text)")
        for table in ("raw_orders", "countries"):
            with cursor.copy(f"COPY {table} FROM STDIN WITH (FORMAT csv, HEADER)".encode()) as into:
                into.write((tmp_path / f"{table}.csv").read_bytes())
        asked = "\n".join(line for line in exported.text.splitlines() if not line.startswith("--")).rstrip(";\n ")
        with cursor.copy(f"COPY ({asked}) TO STDOUT WITH (FORMAT csv, HEADER)".encode()) as out:
            (tmp_path / "answer.csv").write_bytes(b"".join(out))
    import_moments(tmp_path / "answer.csv", shop)
    found = imported_moments(definitions, "orders", tmp_path)
    with closing(engine_of(shop)) as engine:
        direct = measure(definitions, "orders", engine)
    assert found is not None
    expected = {(row.arm, row.segment): moments_of(row) for row in direct.moments}
    assert len(expected) == 4
    for row in found.moments:
        there, here = moments_of(row), expected.pop((row.arm, row.segment))
        np.testing.assert_array_equal(there.n, here.n)
        assert there.mean_of("spent") == pytest.approx(here.mean_of("spent"), rel=1e-12)
        assert there.variance_of("spent") == pytest.approx(here.variance_of("spent"), rel=1e-9)
    assert expected == {}

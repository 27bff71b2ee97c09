"""Products: what teams work on, said once of a team or of each thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from vitalfew import pipeline
from vitalfew.errors import DefinitionError
from vitalfew.results.codec import from_table, to_table
from vitalfew.results.rows import CandidateLine, ShippedLine
from vitalfew.workspace import load
from vitalfew.workspace.exporting import export
from vitalfew.workspace.plan_locks import plan_body

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = """
products: {app: {title: Mobile app}, web: {}}
teams: {field: {product: app}, core: {}}
sources: {players: {table: players.csv, unit: id}}
features:
  map: {team: field, shipped: 2026-01-05}
  export: {team: field, product: web}
initiatives:
  routes: {team: field, status: framed}
  portal: {product: web, status: framed}
  debt: {team: core, status: framed}
releases: {spring: {date: 2026-03-01, team: field}}
experiments: {try_routes: {source: players, variant: arm, control: a, initiative: routes, product: web}}
"""


def written(folder: Path, text: str = WRITTEN) -> Path:
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    (folder / "players.csv").write_text("id,arm\n1,a\n2,b\n", encoding="utf-8")
    return folder


def test_a_thing_has_its_own_product_else_its_team_s_else_none(tmp_path: Path) -> None:
    made = load(written(tmp_path)).definitions
    assert {key: made.product_of(one) for key, one in made.features.items()} == {"map": "app", "export": "web"}
    found = {key: made.product_of(one) for key, one in made.initiatives.items()}
    assert found == {"routes": "app", "portal": "web", "debt": None}
    assert made.product_of(made.releases["spring"]) == "app"
    assert made.product_of(made.experiments["try_routes"]) == "web"
    assert [made.title("products", key) for key in made.products] == ["Mobile app", "web"]


def test_a_product_that_nobody_defined_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="there is no product 'ap'") as told:
        load(written(tmp_path, WRITTEN.replace("core: {}", "core: {product: ap}")))
    assert "did you mean 'app'?" in str(told.value)


def test_products_survive_an_export(tmp_path: Path) -> None:
    made = load(written(tmp_path)).definitions
    export(made, tmp_path / "out")
    assert load(tmp_path / "out").definitions == made


def test_lines_of_the_ledger_carry_their_product(tmp_path: Path) -> None:
    ledger = pipeline.run(load(written(tmp_path))).ledger
    assert {line.line: line.product for line in ledger.candidates} == {"routes": "app", "portal": "web", "debt": None}
    assert {line.line: line.product for line in ledger.shipped}["map"] == "app"


@pytest.mark.parametrize("kind", [ShippedLine, CandidateLine])
def test_lines_stored_before_there_were_products_are_read(kind: type[ShippedLine | CandidateLine]) -> None:
    shared = dict.fromkeys(("value", "grade", "team", "promised", "measured", "upkeep", "use", "p_vital"))
    told = {"line": "x", "title": "X", "kind": "initiative", "parts": [], "verdict": "kept", "recommendation": "keep"}
    names = [name for name in to_table(kind, []).column_names if name != "product"]
    old = pa.Table.from_pylist([{name: (told | shared).get(name) for name in names} | {"reasons": []}])
    (line,) = from_table(kind, old)
    assert (line.line, line.product) == ("x", None)


def test_the_product_of_an_experiment_is_no_part_of_its_locked_plan(tmp_path: Path) -> None:
    made = load(written(tmp_path)).definitions
    moved = load(written(tmp_path, WRITTEN.replace("initiative: routes, product: web", "initiative: routes")))
    assert plan_body("try_routes", made) == plan_body("try_routes", moved.definitions)

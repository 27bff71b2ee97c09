from __future__ import annotations

from typing import TYPE_CHECKING

from docs.pages import blocks
from make_workspace_reference import PAGE, reference
from vitalfew.warehouse.queries import queries_of
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path


def test_the_reference_is_what_the_types_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: .venv/bin/python tools/make_workspace_reference.py"


def test_the_example_on_the_page_is_a_workspace(tmp_path: Path) -> None:
    example, asked = blocks(PAGE, "yaml")
    (tmp_path / "w.yaml").write_text(example.code, encoding="utf-8")
    assert list(load(tmp_path).definitions.experiments) == ["gate_40"]
    (tmp_path / "w.yaml").write_text(asked.code, encoding="utf-8")
    (query,) = queries_of(load(tmp_path).definitions).values()
    assert query.tables == ("raw_orders.csv",)

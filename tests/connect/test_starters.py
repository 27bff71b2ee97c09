from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from vitalfew.connect.starters import NAMES, begin_from, starter, starters
from vitalfew.errors import UsageError
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

TO_FILL_IN = {"provisional_range", "story_only"}
"""What checks may say of a template: its ranges are examples, and nothing has been measured yet."""


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_a_workspace_whose_checks_only_say_what_people_fill_in(tmp_path: Path, name: str) -> None:
    begin_from(starter(name), tmp_path / "made")
    results = run(load(tmp_path / "made"))
    assert {row.id for row in results.tables.findings} <= TO_FILL_IN
    assert not results.failures


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_of_a_template_says_what_it_is_whose_it_is_and_has_its_column(name: str) -> None:
    template = starter(name)
    definitions = template.definitions
    for key, metric in definitions.metrics.items():
        told = (metric.title, metric.description, metric.unit, metric.value_type, metric.side, metric.family)
        assert None not in told, key
    assert template.header.split(",") == ["day", *definitions.metrics]
    assert all(factor.provisional for factor in definitions.factors.values())
    assert {metric.side for key, metric in definitions.metrics.items() if key in definitions.factors} & {
        "customer",
        "employee",
    }
    assert all(link.low is None for link in definitions.links.values()), "nothing is known of slopes yet"


def test_templates_differ_and_the_article_s_tree_comes_first() -> None:
    assert starters()[0].name == "loyalty"
    assert len({each.title for each in starters()}) == len(NAMES)


def test_filled_in_numbers_become_series_and_formulas_hold(tmp_path: Path) -> None:
    template = starter("loyalty")
    begin_from(template, tmp_path / "made")
    table = tmp_path / "made" / "kpis.csv"
    assert table.read_text().strip() == template.header
    days = (date(2026, 1, 1) + timedelta(day) for day in range(30))
    rows = [f"{day},0.4,0.5,0.3,0.1,{10_000 + day.day},4000,{6_000 + day.day},0.01" for day in days]
    table.write_text("\n".join([template.header, *rows, ""]))
    tables = run(load(tmp_path / "made")).tables
    assert len({row.metric for row in tables.series}) == len(template.definitions.metrics)
    assert not tables.failed


def test_a_folder_that_holds_something_and_a_name_that_is_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="never overwritten"):
        begin_from(starter("shop"), tmp_path)
    with pytest.raises(UsageError, match="there is no template 'shops'"):
        starter("shops")

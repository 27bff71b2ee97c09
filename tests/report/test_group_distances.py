"""How far apart groups weigh stands in the report as a small matrix, where there are groups."""

from __future__ import annotations

from dataclasses import replace

from report import decided
from vitalfew.report.html_value import group_distances
from vitalfew.results.rows import GroupWeightRow


def test_each_group_is_held_against_each_other() -> None:
    base = decided.view()
    weights = {"customers": (0.8, 0.2), "staff": (0.3, 0.7), "sales": (0.3, 0.7)}
    rows = tuple(
        GroupWeightRow(name, factor, 5, mean, mean - 1e-6, mean + 1e-6, 0.0, 0.0, 0.0)
        for name, means in weights.items()
        for factor, mean in zip(("jobs", "offline"), means, strict=True)
    )
    page = str(group_distances(replace(base, tables=replace(base.tables, group_weights=rows)))).replace("\xa0", " ")
    assert page.count("50 % (50 % to 50 %)") == 4  # twice for each of two pairs
    assert page.count("<tr") == 4


def test_without_groups_there_is_none() -> None:
    base = decided.view()
    assert group_distances(replace(base, tables=replace(base.tables, group_weights=()))) is None

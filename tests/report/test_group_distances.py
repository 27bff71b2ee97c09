"""What groups weigh, and how far apart they are, stands in the report as a map, where there are groups."""

from __future__ import annotations

from dataclasses import replace

from report import decided
from vitalfew.decide.apart import distances
from vitalfew.report.html_groups import group_distances, group_map
from vitalfew.results.rows import GroupWeightRow


def test_each_group_is_held_against_each_other() -> None:
    base = decided.view()
    weights = {"customers": (0.8, 0.2), "staff": (0.3, 0.7), "sales": (0.3, 0.7)}
    rows = tuple(
        GroupWeightRow(name, factor, 5, mean, mean - 1e-6, mean + 1e-6, 0.0, 0.0, 0.0)
        for name, means in weights.items()
        for factor, mean in zip(("jobs", "offline"), means, strict=True)
    )
    known = replace(base.tables, group_weights=rows, distances=distances(rows))
    page = str(group_distances(replace(base, tables=known))).replace("\xa0", " ")
    assert page.count("50 % (50 % to 50 %)") == 4  # twice for each of two pairs
    assert page.count("<tr") == 4


def test_without_groups_there_is_none() -> None:
    base = decided.view()
    assert group_distances(replace(base, tables=replace(base.tables, group_weights=(), distances=()))) is None


def test_each_group_gets_a_tile_per_factor_and_what_is_clearly_otherwise_is_marked() -> None:
    base = decided.view()
    rows = (
        GroupWeightRow("customers", "jobs", 6, 0.8, 0.7, 0.9, 0.5, 0.3, 0.6),
        GroupWeightRow("customers", "offline", 6, 0.2, 0.1, 0.3, -0.5, -0.6, -0.3),
        GroupWeightRow("staff", "jobs", 7, 0.45, 0.3, 0.6, -0.1, -0.3, 0.1),
        GroupWeightRow("staff", "offline", 7, 0.55, 0.4, 0.7, 0.1, -0.1, 0.3),
    )
    page = str(group_map(replace(base, tables=replace(base.tables, group_weights=rows)))).replace("\xa0", " ")
    assert page.count("▲<") == page.count("▼<") == 1  # staff may as well weigh as everybody does
    assert "80 % (70 % to 90 %)" in page
    assert page.count("heat-5") == 1
    assert page.count("heat-2") >= 1


def test_one_group_alone_is_no_map() -> None:
    base = decided.view()
    rows = (GroupWeightRow("staff", "jobs", 7, 0.45, 0.3, 0.6, -0.1, -0.3, 0.1),)
    assert group_map(replace(base, tables=replace(base.tables, group_weights=rows))) is None

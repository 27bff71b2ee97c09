"""Kinds of evidence stand side by side with what each says, and a badge says whether they agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from report import decided
from vitalfew.report.drawer import drawer
from vitalfew.report.kinds_of_evidence import BADGES, kinds_of_evidence
from vitalfew.results.rows import TriangulationRow

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import Badge, EvidenceKind


def seen(row: TriangulationRow) -> View:
    base = decided.view()
    return replace(base, tables=replace(base.tables, triangulation=(row,)))


@pytest.mark.parametrize(
    ("badge", "speaks_for", "speaks_against"),
    [
        ("triangulated", ("experiment", "need"), ()),
        ("single_source", (), ("release",)),
        ("contradictory", ("need", "experiment"), ("experiment",)),
    ],
)
def test_each_kind_says_what_it_says_under_one_badge(
    badge: Badge, speaks_for: tuple[EvidenceKind, ...], speaks_against: tuple[EvidenceKind, ...]
) -> None:
    page = str(kinds_of_evidence(seen(TriangulationRow("gate", None, badge, speaks_for, speaks_against)), "gate"))
    assert f">{BADGES[badge]}<" in page
    both = len({*speaks_for} & {*speaks_against})
    assert page.count(">for it<") == len(speaks_for) - both
    assert page.count(">against it<") == len(speaks_against) - both
    assert page.count("some for it, some against it") == both
    assert page.count("nothing clear<") == 4 - len({*speaks_for, *speaks_against})


def test_where_no_kind_is_clear_the_badge_says_all_there_is_to_say() -> None:
    page = str(kinds_of_evidence(seen(TriangulationRow("gate", None, "none", (), ())), "gate"))
    assert BADGES["none"] in page
    assert "<table" not in page


def test_a_line_of_which_no_kind_could_speak_has_no_panel() -> None:
    assert kinds_of_evidence(seen(TriangulationRow("gate", None, "none", (), ())), "other") is None


def test_the_drawer_of_a_line_asks_whether_its_evidence_agrees() -> None:
    base = decided.view()
    line = base.tables.shipped[0]
    row = TriangulationRow(line.line, None, "single_source", ("experiment",), ())
    assert "Does the evidence agree?" in drawer(seen(row), line)

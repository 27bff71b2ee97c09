"""A claim in a decision that was taken anyway is marked where no evidence is given for it, and left plain elsewhere."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from report import decided
from vitalfew.report.html_review import overrides
from vitalfew.report.terminal_review import print_review
from vitalfew.results.rows import OverrideRow

if TYPE_CHECKING:
    from vitalfew.report.view import View


def seen(evidence: str, counter: str) -> View:
    said = ("go on", evidence, counter)
    row = OverrideRow(
        1, "2026-03-01T09:00:00Z", "gate", None, "weak", None, *said, shipped=False, verdict=None, value=None
    )
    base = decided.view()
    return replace(base, tables=replace(base.tables, overrides=(row,)))


@pytest.mark.parametrize(
    ("evidence", "counter", "marked"),
    [("all say so", "it is dear", ["go on", "it is dear"]), ("4 of 5 asked", "it is dear", ["it is dear"]),
     ("4 of 5 asked", "it costs 20 weeks", [])],
)  # fmt: skip
def test_claims_without_evidence_are_marked_in_report_and_terminal(
    evidence: str, counter: str, marked: list[str]
) -> None:
    view = seen(evidence, counter)
    page, out = str(overrides(view)), StringIO()
    print_review(view, Console(file=out, width=200, color_system=None))
    for claim in ("go on", "it is dear"):
        assert (f"<u>{claim}</u> <small>(no evidence given)</small>" in page) is (claim in marked)
        assert (f"{claim} (no evidence given)" in out.getvalue()) is (claim in marked)

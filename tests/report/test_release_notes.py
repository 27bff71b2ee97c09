"""Release notes of value: who can now do what, from where to where, and what nobody measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from decide.building import definitions, effect
from report import sample
from vitalfew.report.release_notes import delivered, release_notes
from vitalfew.report.view import View
from vitalfew.results.rows import ExperimentRow, Measured, Promised, ShippedLine, Tables, Verdict, VerdictRow

BOUGHT: dict[str, Any] = {
    "initiatives": {
        "gate": {"title": "Gate [30]", "status": "shipped", "shipped": "2026-03-01"},
        "bell": {"title": "Bell", "status": "shipped", "shipped": "2026-05-01"},
        "old": {"title": "Old", "status": "shipped"},
    },
    "hypotheses": {
        "gate_stays": {"initiative": "gate", "metric": "retention", "who": "new players", "will": "come back"},
        "bell_rings": {"initiative": "bell", "metric": "tickets", "who": "players", "will": "ask less"},
    },
    "experiments": {"e": {"source": "players", "initiative": "gate", "control": "old"}},
}


def line(key: str, title: str, measured: Measured | None = None, promised: Promised | None = None) -> ShippedLine:
    verdict: Verdict = "kept" if promised else "no_promise"
    return ShippedLine(
        key, title, "initiative", None, promised, measured, None, (), None, None, verdict, "keep", None, "tested"
    )


def view() -> View:
    gate = line(
        "gate", "Gate [30]", Measured("retention", 0.02, 0.01, 0.03), Promised("retention", 0, 0.015, 0.03, "no")
    )
    tables = Tables(
        shipped=(gate, line("bell", "Bell"), line("old", "Old")),
        effects=(effect("e", "retention", 0.02, 0.005, mean={"old": 0.2, "new": 0.23}),),
        experiments=(ExperimentRow("e", "E", "gate", "ship", "", declared=False, locked_at=None, proved="no"),),
        verdicts=(VerdictRow("gate_stays", "gate", "retention", "kept", "it came as promised"),),
    )
    return View(tables, definitions(**BOUGHT), replace(sample.view().info, workspace="Acme"))


def test_a_measured_line_tells_who_can_do_what_from_where_to_where_with_n_and_interval() -> None:
    shown = view()
    notes = release_notes(shown, delivered(shown))
    assert "# Value delivered: Acme\n\n1 of 3 lines shipped was measured." in notes
    assert "## Gate \\[30\\] (1 Mar 2026)" in notes  # signs of people mean nothing in Markdown
    assert "- New players can now come back." in notes
    moved = "- retention from 20.00 % to 22.00 %: +2.00 pp (1.02 to 2.98), 95 % interval; n = 2,000; tested."
    assert moved in notes.replace("\N{NO-BREAK SPACE}", " ")
    assert "80 % interval: kept, it came as promised." in notes.replace("\N{NO-BREAK SPACE}", " ")


def test_what_nobody_measured_says_so() -> None:
    shown = view()
    rest = release_notes(shown, delivered(shown)).partition("## Shipped and not measured")[2]
    assert "Nobody can say yet what these changed." in rest
    assert "- Bell (1 May 2026) Players can now ask less. That was the hope." in rest
    assert "- Old" in rest


def test_notes_of_a_time_hold_what_was_shipped_in_it_the_newest_first() -> None:
    shown = view()
    assert [each.line for each in delivered(shown)] == ["bell", "gate", "old"]
    assert [each.line for each in delivered(shown, date(2026, 4, 1))] == ["bell"]
    assert [each.line for each in delivered(shown, date(2026, 1, 1), date(2026, 3, 31))] == ["gate"]
    assert "since 1 Apr 2026" in release_notes(shown, delivered(shown, date(2026, 4, 1)), date(2026, 4, 1))

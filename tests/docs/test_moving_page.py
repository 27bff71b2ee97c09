"""The page on moving a workspace shows what the program says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from command_line import typed as typed  # noqa: PLC0414 - a fixture
from command_line import workspace
from docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from command_line import Typed

PAGE = ROOT / "docs" / "how-to" / "move-a-workspace.md"


def test_the_page_shows_what_the_program_says(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workspace(tmp_path / "acme")
    typed("act", "forecast", "acme", "gate_back", "--by", "Anna", "--p10", "0", "--p50", "0.02", "--p90", "0.05")
    typed("act", "lock", "acme", "gate_back", "--by", "Anna")
    shown = [block.code for block in blocks(PAGE, "console")]
    assert shown[0] == "$ vitalfew export acme next\n" + typed("export", "acme", "next").out
    for path, before, after in (("bets", "2030-01-01", "2030-03-01"), ("value", "[0.1, 0.5]", "[0.2, 0.5]")):
        file = tmp_path / "next" / f"{path}.yaml"
        file.write_text(file.read_text().replace(before, after))
    told = typed("apply", "next", "acme", "--dry-run").out.splitlines()
    assert [part for line in told for part in parts(line)] == [
        part for line in shown[1].splitlines()[1:] for part in parts(line)
    ]


def parts(line: str) -> list[str]:
    """A line without the day of the lock, and without the stages between the first three and the end."""
    if line.startswith("promise of"):
        return [line.partition(", locked on ")[0], line.partition(": ")[2]]
    if line.startswith("results:"):
        head, _, rest = line.partition("(")
        return [head, *rest.split(", ")[:3], rest.partition(")")[2]]
    return [line]

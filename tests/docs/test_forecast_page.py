"""The page about predicting quotes what the program says of a made-up workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from command_line import typed
from docs.pages import ROOT, blocks
from forecast_building import folder

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

PAGE = ROOT / "docs" / "how-to" / "learn-how-well-you-predict.md"
PEOPLE = {"anna": 1.0, "ben": 2.0, "cleo": 1.5, "dan": 1.0, "eve": 1.2}


def test_the_record_on_the_page_is_what_the_command_prints(tmp_path: Path, typed: Typed) -> None:
    folder(tmp_path, PEOPLE, count=24)
    (block,) = blocks(PAGE, "console")
    command, *quoted = block.code.rstrip().splitlines()
    assert command == "$ vitalfew calibrate acme --by ben"
    said = [
        line.rstrip()
        for line in typed("calibrate", tmp_path, "--by", "ben").out.replace("\N{NO-BREAK SPACE}", " ").splitlines()
    ]
    assert said == [line.rstrip() for line in quoted]

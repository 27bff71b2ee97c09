from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from docs.pages import PAGES, blocks, name
from make_reference import PAGE, commands, reference
from vitalfew.cli import app

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = commands(app)


def test_the_reference_is_what_the_program_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(app), "run: .venv/bin/python tools/make_reference.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_explains_itself(command: str) -> None:
    assert COMMANDS[command].help
    assert [parameter.name for parameter in COMMANDS[command].params if not parameter.help] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_on_a_page_exist_with_their_options(page: Path) -> None:
    lines = [line for block in blocks(page, "console") for line in block.code.splitlines()]
    for line in lines:
        if line.startswith("$ vitalfew "):
            words = shlex.split(line.removeprefix("$ "), comments=True)
            typed = words[: next((at for at, word in enumerate(words) if word in {"|", "&&", ">"}), len(words))]
            assert unknown(typed) == [], f"{name(page)}: {line}"


def unknown(words: list[str]) -> list[str]:
    """The words of a typed line that the program does not know: its command, or its options."""
    known = next((known for known in COMMANDS if words[: len(known.split())] == known.split()), None)
    if known == "vitalfew manage":  # hands its words on to Django, which has options of its own
        return []
    if known is None:
        return [] if words[1:] in (["--help"], ["--version"]) else words[1:2]
    options = {"--help"} | {spelling for parameter in COMMANDS[known].params for spelling in parameter.opts}
    named = [word for word in words if word.startswith("-") and not word[1:2].isdigit()]  # -1.5 is a number
    return [word for word in named if word.partition("=")[0] not in options]

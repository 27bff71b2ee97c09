"""Writes docs/reference/cli.md from the program itself. A test fails when the page is stale.

Run it after a change of the command line: `.venv/bin/python tools/make_reference.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
HEAD = """# The command line

*Made from the program by `tools/make_reference.py`; edit the help texts, not this page.*

Exit codes: 0 fine, 1 findings or something failed, 2 wrong usage. With `--json` standard output holds JSON and nothing
else.
"""


def commands(app: typer.Typer) -> dict[str, Any]:
    """Every command a user can type, by its full name (`vitalfew act lock`), in the order of `--help`."""
    return dict(_walk(typer.main.get_command(app), "vitalfew"))


def reference(app: typer.Typer) -> str:
    """The page as Markdown, a section per command."""
    return HEAD + "".join(_section(name, command) for name, command in commands(app).items())


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer keeps these types private
    if not hasattr(command, "commands"):
        yield name, command
        return
    for key, child in command.commands.items():
        if not child.hidden:
            yield from _walk(child, f"{name} {key}")


def _section(name: str, command: Any) -> str:  # noqa: ANN401 - see _walk
    context = command.make_context(name, [], resilient_parsing=True)
    words = " ".join(context.get_usage().removeprefix("Usage: ").split())
    about = "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    records = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    rows = "".join(f"| `{_cell(left)}` | {_cell(right)} |\n" for left, right in records)
    table = f"\n| argument or option | meaning |\n|---|---|\n{rows}" if rows else ""
    return f"\n## {name}\n\n```text\n{words}\n```\n\n{about}\n{table}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    from vitalfew.cli import app

    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(app), encoding="utf-8")
    print(f"wrote {PAGE}")

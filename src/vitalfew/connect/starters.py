"""Starter templates: small value models to begin with, whose words and ranges people then make their own.

Each is a file of definitions in the folder `starters`, with a title in its first line and a sentence in its second.
Ranges are examples (`provisional`), and links carry no number: nothing is known of anybody's product yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from vitalfew.connect.words import key_of
from vitalfew.connect.writing import FILE, new_folder
from vitalfew.errors import UsageError, suggest
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.yaml_reader import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("loyalty", "subscription", "shop", "consumer_app", "internal_platform", "service_desk", "delivery")
SOURCE, TABLE, DAY = "kpis", "kpis.csv", "day"


@dataclass(frozen=True, slots=True)
class Starter:
    """A template: its name, its title, what it says of value in a sentence, and its file."""

    name: str
    title: str
    about: str
    raw: bytes

    @property
    def tree(self) -> dict[str, dict[str, Any]]:
        """Its definitions by kind and key, as YAML holds them."""
        return cast("dict[str, dict[str, Any]]", read_yaml(self.raw, self.name).tree)

    @property
    def definitions(self) -> Definitions:
        """Its definitions."""
        return Definitions.model_validate(self.tree)

    @property
    def header(self) -> str:
        """The first line of the table of its source: the day, and a column for each metric."""
        return ",".join((DAY, *self.tree["metrics"]))


def starters() -> tuple[Starter, ...]:
    """All templates, the general one first."""
    return tuple(map(starter, NAMES))


def starter(name: str) -> Starter:
    """One template.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in NAMES:
        raise UsageError(f"there is no template '{name}'", expected=", ".join(NAMES), hint=suggest(name, NAMES))
    raw = (resources.files("vitalfew.connect") / "starters" / f"{name}.yaml").read_bytes()
    title, about, *_ = (line.removeprefix("# ") for line in raw.decode().splitlines())
    return Starter(name, title, about, raw)


def begin_from(template: Starter, into: Path) -> tuple[str, ...]:
    """Write a workspace from a template, with an empty table for its numbers.

    Args:
        template: where to begin.
        into: the folder to write, new or empty, which names the workspace.

    Returns:
        Sentences: what was written, and what to do first.

    Raises:
        UsageError: the folder holds something, or cannot be written.
    """
    with new_folder(into) as folder:
        head = f"workspace: {{name: {key_of(into.resolve().name, (), 'workspace')}}}\n"
        (folder / FILE).write_bytes(template.raw + head.encode())
        (folder / TABLE).write_text(template.header + "\n", encoding="utf-8")
        (folder / ".gitignore").write_text(".vitalfew/\n", encoding="utf-8")
    return (f"{template.title}: {template.about}", f"Written: {into}", *next_steps(template, FILE))


def next_steps(template: Starter, place: str, table: str = TABLE, mark: str = "'provisional: true'") -> tuple[str, ...]:
    """What a template leaves to people, in order.

    Args:
        template: the one that was taken.
        place: where definitions are edited, such as a file.
        table: what the table is called there.
        mark: what says of a range that it is an example.
    """
    many = len(template.definitions.metrics)
    return (
        f"First: reword the vision, the titles and descriptions in {place}, and take out what does not fit.",
        f"Then: fill in {table}, a row for each day or month, a column for each of its {many} metrics.",
        f"Then: agree on the range of each factor and take {mark} out; until then a check reminds you.",
    )

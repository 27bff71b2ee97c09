"""A draft as files: written beside the place where the workspace will lie, then moved there whole."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from vitalfew.connect import removals
from vitalfew.errors import UsageError
from vitalfew.workspace import load
from vitalfew.workspace.whole import is_free, whole_folder
from vitalfew.workspace.writing import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vitalfew.connect.draft import Draft
    from vitalfew.workspace.definitions import Definitions

FILE = "vitalfew.yaml"
MOST_PER_FILE = 500
"""Initiatives in one file: more become files of their own, as a file of YAML has bounds."""


@contextmanager
def new_folder(home: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `home` when all went well and vanishes when not.

    Raises:
        UsageError: there is something at `home` already, or nothing can be written there.
    """
    hint = "name another folder: --into DIR; a newer sheet of ideas is taken in by: vitalfew import ideas FILE DIR"
    try:
        if not is_free(home):
            raise UsageError(f"'{home}' exists already and is never overwritten", hint=hint)
        with whole_folder(home) as folder:
            yield folder
    except OSError as error:
        raise UsageError(f"'{home}' cannot be written: {error.strerror or error}", hint=hint) from error


def write(draft: Draft, files: Sequence[str]) -> Definitions:
    """Write the definitions, and a page that says what to edit next; read them back as a check."""
    draft.tree["data"].setdefault("path", ".")
    draft.comments[()] = (
        f"Written by 'vitalfew start' from {', '.join(files)} on {date.today().isoformat()}.\n"  # noqa: DTZ011 - the day on the user's own clock
        "This file is yours: correct what was guessed, then run: vitalfew run FOLDER"
    )
    draft.comments.setdefault(("data",), "Your files are read where they lie and never changed.")
    draft.comments.setdefault(("sources",), "Sources: which table holds what, and in which columns.")
    kept = {kind: entries for kind, entries in draft.tree.items() if entries}
    comments = {path: text for path, text in draft.comments.items() if not path or path[0] in kept}
    more = _parted(kept)
    (draft.folder / FILE).write_text(to_yaml(kept, comments), encoding="utf-8")
    for number, entries in enumerate(more, 2):
        name = f"initiatives-{number}.yaml"
        (draft.folder / name).write_text(to_yaml({"initiatives": entries}, {}), encoding="utf-8")
    (draft.folder / "README.md").write_text(_page(draft, files), encoding="utf-8")
    (draft.folder / ".gitignore").write_text(".vitalfew/\n", encoding="utf-8")
    return load(draft.folder).definitions


def _parted(kept: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Take initiatives beyond the first out of the tree, in parts that a file may hold."""
    every = list(kept.get("initiatives", {}).items())
    if every:
        kept["initiatives"] = dict(every[:MOST_PER_FILE])
    return [dict(every[at : at + MOST_PER_FILE]) for at in range(MOST_PER_FILE, len(every), MOST_PER_FILE)]


def _page(draft: Draft, files: Sequence[str]) -> str:
    about = {
        "features": "`features`: title, cost, upkeep, shipped, team; correct each `cadence`",
        "factors": "`factors`: give each its `range: [worst, best]`; drop those nobody would miss",
        "segments": "`segments`: the groups whose use you want to compare",
        "metrics": "`metrics`: correct `direction`; make one a factor, `factors: {KEY: {range: [worst, best]}}`",
        "initiatives": "`initiatives`: what is planned or shipped, with team, cost and the need it serves",
        "releases": "`releases`: name the `metrics` each could have moved, and `controls` it cannot have touched",
        "experiments": "`experiments`: correct `control`; add `split` and `start`",
    }
    edits = "\n".join(f"- {text}" for kind, text in about.items() if draft.tree[kind])
    tests = "\n".join(removals.page(draft.facts, draft.tree["features"]))
    return (
        f"# {draft.tree['workspace']['name']}\n\nA vitalfew workspace, made from {', '.join(files)}.\n\n"
        f"Run it with `vitalfew run .` in this folder; `vitalfew run . --html report.html` writes a report.\n\n"
        f"## What to edit next, in {FILE}\n{edits}\n\n"
        "Forecasts, judgements and decisions are recorded with `vitalfew act`, never in YAML.\n"
        f"{tests and chr(10)}{tests}{tests and chr(10)}"
    )

"""Heads of the log that somebody else may hold: what git recorded of `acts.jsonl`, commit by commit.

A head is the hash of the last act at some time. A chain that still contains it has not been rewritten or shortened
below it since.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from vitalfew.workspace.chain import LONGEST_LINE, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

History = Literal["complete", "shallow", "none", "server"]

_TIMEOUT = 30  # seconds; a history of thousands of commits takes about one
_COMMITS_AT_ONCE = 50
# A folder may come from a stranger with its repository: none of these settings may start a program or reach a network.
_HARMLESS = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "core.hooksPath=/dev/null")
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Head:
    """A hash known from elsewhere. `n` and `at` are None for one given by hand."""

    hash: str
    source: str
    n: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Heads known from elsewhere, oldest first.

    `history`: of a git repository, `shallow` when it is cut off, `none` without one; `server` for what a server noted.
    """

    heads: tuple[Head, ...] = ()
    history: History = "none"


def given(hashes: Sequence[str]) -> tuple[Head, ...]:
    """Heads that the user gave by hand."""
    return tuple(Head(value.strip().lower(), "given by you") for value in hashes)


def recorded(root: Path, name: str = "acts.jsonl") -> Recorded:
    """Read the heads that commits recorded, along the main line of the branch that is checked out.

    Args:
        root: the workspace folder.
        name: the log's file name.

    Returns:
        What was found; nothing, when the folder is in no git work tree or git is not installed.
    """
    place = _git(root, "rev-parse", "--show-prefix", "--is-shallow-repository")
    if place is None:
        return Recorded()
    prefix, _, shallow = place.decode(errors="replace").rstrip("\n").rpartition("\n")
    listing = _git(root, "log", "--first-parent", "--reverse", "--format=%H %ct", "--", name)
    commits = [line.split() for line in (listing or b"").decode().splitlines()]
    found: list[Head] = []
    for start in range(0, len(commits), _COMMITS_AT_ONCE):
        batch = commits[start : start + _COMMITS_AT_ONCE]
        request = "".join(f"{commit}:{prefix}{name}\n" for commit, _ in batch).encode()
        answer = _git(root, "cat-file", "--batch", request=request) or b""
        for (commit, seconds), content in zip(batch, _blobs(answer), strict=False):
            head = _head_of(content, commit, int(seconds))
            found += [head] if head else []
    return Recorded(tuple(found), "shallow" if shallow == "true" else "complete")


def ever_committed(root: Path, folder: str = "acts") -> bool:
    """Whether any commit holds files of this folder: erasing them from the folder leaves them in the history."""
    return bool(_git(root, "log", "-1", "--format=%H", "--all", "--", folder))


def _git(root: Path, *arguments: str, request: bytes | None = None) -> bytes | None:
    """Run git in a folder; None when it fails, is not installed or takes too long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _QUIET
    command = ["git", "--no-pager", *_HARMLESS, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with fixed arguments; names go through standard input
            command, cwd=root, input=request, capture_output=True, timeout=_TIMEOUT, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _blobs(answer: bytes) -> Iterator[bytes]:
    """Split what `git cat-file --batch` printed; a file that a commit does not hold is empty."""
    position = 0
    while position < len(answer):
        end = answer.index(b"\n", position)
        header = answer[position:end].split()
        size = int(header[-1]) if len(header) == 3 and header[1] == b"blob" else None  # noqa: PLR2004 - name, type, size
        yield answer[end + 1 : end + 1 + size] if size is not None else b""
        position = end + 1 + (size + 1 if size is not None else 0)


def _head_of(content: bytes, commit: str, seconds: int) -> Head | None:
    last = content.rstrip()[-LONGEST_LINE:].rpartition(b"\n")[2]
    try:
        act = parse(last)
    except ValueError:
        return None
    return Head(act.hash, f"commit {commit[:10]}", act.n, datetime.fromtimestamp(seconds, UTC))

"""Findings accepted before, so that CI fails on new ones only. A finding is known by its check and its subject."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vitalfew.errors import UsageError, Where, suggest
from vitalfew.workspace.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vitalfew.results.rows import FindingRow, Severity

LEVELS: tuple[Severity, ...] = ("info", "warning", "error")


def accepted(file: Path, *, required: bool) -> frozenset[tuple[str, str]]:
    """Read which findings were accepted, as pairs of check and subject.

    Args:
        file: the baseline.
        required: whether its absence is an error.

    Raises:
        UsageError: the file is missing though required, or is no baseline.
    """
    if not file.exists() and not required:
        return frozenset()
    try:
        entries = json.loads(file.read_bytes())["accepted"]
        return frozenset((str(entry["id"]), str(entry["subject"])) for entry in entries)
    except FileNotFoundError:
        raise UsageError("there is no such baseline", where=Where(str(file)), hint="--accept writes one") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UsageError("this is no baseline of checks", where=Where(str(file)), hint="--accept writes one") from None


def write_baseline(file: Path, findings: Iterable[FindingRow]) -> None:
    """Accept these findings: write their checks and subjects, sorted, so that a change reads well in git."""
    pairs = sorted({(finding.id, finding.subject) for finding in findings})
    content = {"accepted": [{"id": check, "subject": subject} for check, subject in pairs]}
    try:
        write_whole(file, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise UsageError(f"the baseline cannot be written: {error.strerror}", where=Where(str(file))) from error


def at_least(severity: Severity, level: str) -> bool:
    """Whether a severity is as grave as a level, or graver.

    Raises:
        UsageError: there is no such level.
    """
    if level not in LEVELS:
        raise UsageError(f"there is no severity '{level}'", expected=", ".join(LEVELS), hint=suggest(level, LEVELS))
    return LEVELS.index(severity) >= LEVELS.index(level)

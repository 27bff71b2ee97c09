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

RENAMED = {"too_many_factors": "too_many", "planned_conflict": "team_conflict", "promise_missing": "unpredicted"}
"""What checks were called once, and are called now. A new line here needs a migration of dismissals on servers."""
LEVELS: tuple[Severity, ...] = ("info", "warning", "error")


def accepted(file: Path, *, required: bool) -> frozenset[tuple[str, str]]:
    """Read which findings were accepted, as pairs of check and subject; earlier names of checks are known.

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
        named = ((str(entry["id"]), str(entry["subject"])) for entry in entries)
        return frozenset((RENAMED.get(check, check), subject) for check, subject in named)
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

"""Checks of trust in experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check
from vitalfew.evidence.changes import beyond_doubt

if TYPE_CHECKING:
    from collections.abc import Iterator


@check(
    "trust before results",
    "warning",
    why="When the arms do not have the planned sizes, they were not made by chance alone, and differ in more than the "
    "change.",
    do="Find the cause in the assignment or the logging before you read the result; then run it again.",
    reads=("ratio_failed", "ratio_warning"),
)
def sample_ratio(view: View) -> Iterator[Found]:
    """Arms whose sizes depart from the plan: an error when failed; a warning when the departure stands out among all
    experiments of the workspace (Holm).
    """  # noqa: D205 - the first sentence is the summary, and the page of checks prints all of it
    rows = [row for row in view.tables.health if row.test == "sample_ratio"]
    tested = [row for row in rows if row.p is not None]
    stand_out = beyond_doubt([row.p or 0.0 for row in tested], view.thresholds.ratio_warning)
    for row, stands_out in zip(tested, stand_out, strict=True):
        failed = (row.p or 0.0) < view.thresholds.ratio_failed
        if failed or stands_out:
            name = view.title("experiments", row.experiment)
            yield Found(row.experiment, f"{name}: {row.message}", "error" if failed else None)
    for row in rows:
        if row.p is None and row.status != "ok":
            yield Found(row.experiment, f"{view.title('experiments', row.experiment)}: {row.message}")

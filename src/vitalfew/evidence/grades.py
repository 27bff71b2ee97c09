"""How strong an effect is as evidence: *tested*, unless trust in its experiment is broken."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, get_args

from vitalfew.workspace.definitions import Grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.results.rows import HealthRow

GRADES: tuple[Grade, ...] = get_args(Grade)
"""Strong to weak."""


def weakest(grades: Iterable[Grade]) -> Grade | None:
    """The weakest of some grades; None of none."""
    return max(grades, key=GRADES.index, default=None)


def broken_tests(health: Iterable[HealthRow]) -> dict[str, list[str]]:
    """Trust tests that failed, by experiment."""
    broken: dict[str, list[str]] = defaultdict(list)
    for row in health:
        if row.status == "failed":
            broken[row.experiment].append(row.test)
    return broken


def grade_of(experiment: str, metric: str, broken: Mapping[str, Sequence[str]]) -> tuple[Grade, tuple[str, ...]]:
    """*tested*, one step weaker when a trust test of the experiment or of this metric failed; with the reason."""
    tests = [test for test in broken.get(experiment, ()) if "/" not in test or test.partition("/")[2] == metric]
    if not tests:
        return "tested", ()
    names = ", ".join(test.partition("/")[0].replace("_", " ") for test in tests)
    return "staged", (f"trust test failed ({names}): the grade is staged instead of tested",)

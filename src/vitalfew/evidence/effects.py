"""Moments and ready results become effects: every metric, segment and arm against control, in one vectorised pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.arms import by_experiment, only_tellers
from vitalfew.evidence.comparisons import Item, comparisons
from vitalfew.evidence.estimates import estimate
from vitalfew.evidence.families import corrected
from vitalfew.evidence.given import as_given
from vitalfew.evidence.grades import broken_tests
from vitalfew.evidence.judging import Batch
from vitalfew.evidence.priors import corpus, spreads
from vitalfew.evidence.second_looks import second_looks
from vitalfew.evidence.settings import settings as settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.evidence.arms import Distribution
    from vitalfew.evidence.settings import Setting
    from vitalfew.results.rows import EffectRow, FailedRow, GivenRow, HealthRow, MomentsRow
    from vitalfew.workspace.definitions import Definitions


def effects(
    definitions: Definitions,
    moments: Iterable[MomentsRow],
    given: Iterable[GivenRow],
    health: Iterable[HealthRow] = (),
    distributions: Iterable[Distribution] = (),
    settings: Mapping[str, Setting] | None = None,
) -> tuple[tuple[EffectRow, ...], tuple[FailedRow, ...]]:
    """Compute the effect of every experiment on every metric it measures, per segment and arm.

    Args:
        definitions: experiments (also those nobody defined are computed, against the arm `control`) and metrics.
        moments: of the units of each arm.
        given: results somebody else computed; their intervals are normal, from the standard error as given.
        health: trust tests; one that *failed* makes the grade one step weaker, with a note.
        distributions: order statistics and lifetimes, for metrics that no moments can tell.
        settings: how each experiment is judged; by their definitions alone when not given, as if none were running.

    Returns:
        The effects, and what could not be computed, each with the reason; "not enough data" is an answer, and so a
        remark. A metric whose variance is missing keeps its estimate, without standard error and interval, and says so.
    """
    measured = by_experiment(moments, only_tellers(definitions, distributions))
    known = settings_of(definitions, measured) if settings is None else settings
    items: list[Item] = []
    failed: list[FailedRow] = []
    for experiment, found in measured.items():
        for item in comparisons(definitions, experiment, found):
            if isinstance(item, Item):
                items.append(item)
            else:
                failed.append(item)
    broken = broken_tests(health)
    batch = Batch.of(definitions, items, estimate(definitions, items), known, broken)
    rows, parts, missing = batch.rows()
    rows.extend(as_given(definitions, row, broken) for row in given)
    past = corpus(definitions, rows)
    rows = second_looks(definitions, rows, past, spreads(past))
    rows = corrected(definitions, rows, known, dict(enumerate(parts)))
    return tuple(rows), (*failed, *missing)

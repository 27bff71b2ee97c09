"""Trust before results: can this experiment be believed? One row per test, also when all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.errors import VitalfewError
from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.columns import metrics_in
from vitalfew.evidence.words import title_of
from vitalfew.results.rows import HealthRow
from vitalfew.stats.sample_sizes import missing_share_p, sample_ratio, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.evidence.arms import Measured
    from vitalfew.results.rows import AssignmentRow, HealthStatus, MomentsRow
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions

SAMPLE_RATIO, CROSSED, MISSING_SHARE = "sample_ratio", "crossed", "missing_share"
CROSSED_WARNING = 0.01
"""Share of units seen in several arms from which the left-out units deserve a warning."""
CROSSED_FAILED = 0.10
"""Share from which so many are left out that the arms can hardly be those that were drawn."""


def health(
    definitions: Definitions, assignments: Iterable[AssignmentRow], moments: Iterable[MomentsRow]
) -> tuple[HealthRow, ...]:
    """Test every experiment: sizes of the arms, units seen in several arms, missing values that differ by arm.

    Aggregates carry neither missing values nor crossed units; their sizes are tested only against a `split` that the
    definition gives, because a plan that nobody stated cannot be broken.
    """
    arms: dict[str, list[AssignmentRow]] = {}
    for row in assignments:
        arms.setdefault(row.experiment, []).append(row)
    measured = by_experiment(moments)
    rows: list[HealthRow] = []
    for experiment in dict.fromkeys((*arms, *measured)):
        found = measured.get(experiment)
        aggregated = _is_aggregated(definitions, experiment, found)
        rows.append(_sizes(definitions, experiment, _units(arms.get(experiment, ()), found), aggregated=aggregated))
        if not aggregated:
            rows.extend(_crossed(experiment, arms.get(experiment, ())))
            rows.extend(_missing(definitions, experiment, found))
    return tuple(rows)


def _is_aggregated(definitions: Definitions, experiment: str, found: Measured | None) -> bool:
    defined = definitions.experiments.get(experiment)
    key = defined.source if defined is not None else found.source if found is not None else None
    source = None if key is None else definitions.sources.get(key)
    return source is not None and source.shape == "aggregates"


def _units(assigned: Sequence[AssignmentRow], found: Measured | None) -> dict[str, int]:
    if assigned:
        return {row.arm: row.units for row in assigned}
    return found.units(None) if found is not None else {}


def _sizes(definitions: Definitions, experiment: str, counts: Mapping[str, int], *, aggregated: bool) -> HealthRow:
    defined = definitions.experiments.get(experiment)
    split = defined.split if defined is not None else None
    if split is None and aggregated:
        total = sum(counts.values()) or 1
        seen = ", ".join(f"{arm} {units / total:.2%}" for arm, units in counts.items())
        return HealthRow(experiment, SAMPLE_RATIO, None, "ok", f"Not tested: the planned split is not known ({seen}).")
    planned = dict.fromkeys(split, 0) if split is not None else {}
    try:
        found = sample_ratio({**planned, **counts}, split)
    except VitalfewError as error:
        return HealthRow(experiment, SAMPLE_RATIO, None, "warning", f"Not tested: {error}.")
    return HealthRow(experiment, SAMPLE_RATIO, found.p_value, found.status, found.message)


def _crossed(experiment: str, assigned: Sequence[AssignmentRow]) -> Iterator[HealthRow]:
    if not assigned:
        return
    # Every row of an experiment repeats the same total.
    crossed = max(row.crossed for row in assigned)
    total = crossed + sum(row.units for row in assigned)
    share = crossed / total if total else 0.0
    status: HealthStatus = "failed" if share > CROSSED_FAILED else "warning" if share > CROSSED_WARNING else "ok"
    if crossed == 0:
        message = "No unit was seen in more than one arm."
    else:
        message = (
            f"{crossed:,} of {total:,} units ({share:.2%}) were seen in more than one arm; all arms leave them out."
        )
    if status != "ok":
        message += (
            " Likely causes: an id that changes between visits, several people on one id, a restart that dealt anew."
        )
    yield HealthRow(experiment, CROSSED, None, status, message)


def _missing(definitions: Definitions, experiment: str, found: Measured | None) -> Iterator[HealthRow]:
    arms = found.over_phases(None) if found is not None else {}
    if not arms:
        return
    counted = {metric: _missing_by_arm(arms, metric) for metric in _metrics_of(next(iter(arms.values())))}
    tested = {metric: by_arm for metric, by_arm in counted.items() if any(gone for gone, _ in by_arm.values())}
    if not tested:
        yield HealthRow(experiment, MISSING_SHARE, None, "ok", "No metric has missing values.")
    for metric, by_arm in tested.items():
        missing, units = zip(*by_arm.values(), strict=True)
        # With many metrics one of them differs by luck: p is multiplied by their number (Bonferroni).
        p_value = min(1.0, missing_share_p(missing, units) * len(tested))
        seen = ", ".join(f"{arm} {gone / every:.2%}" for arm, (gone, every) in by_arm.items() if every)
        status = status_of(p_value)
        alike = (
            "alike in all arms"
            if status == "ok"
            else "not alike in all arms: units drop out of one arm more than of another"
        )
        message = f"{title_of(definitions, metric)} is missing for {seen} of the units, {alike}."
        yield HealthRow(experiment, f"{MISSING_SHARE}/{metric}", p_value, status, message)


def _metrics_of(parts: Sequence[Moments]) -> list[str]:
    return metrics_in(name for part in parts for name in part.names)


def _missing_by_arm(arms: Mapping[str, Sequence[Moments]], metric: str) -> dict[str, tuple[int, int]]:
    """Units without a value and all units, by arm."""
    counts: dict[str, tuple[int, int]] = {}
    for arm, parts in arms.items():
        part = next((part for part in parts if metric in part.names), None)
        if part is not None:
            counts[arm] = (part.units - part.count(metric), part.units)
    return counts

"""Trust before results: can this experiment be believed? One row per test, also when all is well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.comparisons import control_of
from vitalfew.evidence.counted import counted
from vitalfew.evidence.pre_period import pre_period
from vitalfew.evidence.settings import Setting
from vitalfew.evidence.sizes import Arrivals, ramp, sizes
from vitalfew.evidence.words import title_of
from vitalfew.results.columns import metrics_in
from vitalfew.results.grouped import grouped
from vitalfew.results.rows import HealthRow
from vitalfew.results.words import listed, named_units
from vitalfew.stats.percent import percent
from vitalfew.stats.sample_sizes import missing_share_p, status_of
from vitalfew.workspace.metric_kinds import follow_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.evidence.arms import Measured
    from vitalfew.results.rows import ArrivalRow, AssignmentRow, CountRow, HealthStatus, MomentsRow
    from vitalfew.stats.moments import Moments
    from vitalfew.workspace.definitions import Definitions

CROSSED, MISSING_SHARE, ALIKE = "crossed", "missing_share", "arm_names"
CROSSED_WARNING = 0.01
"""Share of units seen in several arms from which the left-out units deserve a warning."""
CROSSED_FAILED = 0.10
"""Share from which so many are left out that the arms can hardly be those that were drawn."""
WHAT_BECAME = {
    "exclude": "all arms leave them out",
    "first": "each is kept in the arm that it saw first",
}


def health(
    definitions: Definitions,
    assignments: Iterable[AssignmentRow],
    moments: Iterable[MomentsRow],
    arrivals: Iterable[ArrivalRow] = (),
    counts: Iterable[CountRow] = (),
    settings: Mapping[str, Setting] | None = None,
) -> tuple[HealthRow, ...]:
    """Test every experiment before its results are looked at.

    Sizes of the arms, changes of the split, units seen in several arms, missing values that differ by arm, differences
    before the exposure, and what was counted per arm. A test whose data a source cannot give has no row. Aggregates
    carry neither missing values nor crossed units; their sizes are tested only against a `split` that the definition
    gives, because a plan that nobody stated cannot be broken.

    Args:
        definitions: the experiments.
        assignments: units per arm.
        moments: of the units of each arm.
        arrivals: units by day of first exposure and arm.
        counts: facts counted per arm.
        settings: how each experiment is judged: one that runs is tested for any number of looks.
    """
    arms, came, facts = grouped(assignments), grouped(arrivals), grouped(counts)
    measured = by_experiment(moments)
    rows: list[HealthRow] = []
    for experiment in dict.fromkeys((*arms, *measured, *facts)):
        found, arrived = measured.get(experiment), Arrivals.of(came.get(experiment, ()))
        aggregated = _is_aggregated(definitions, experiment, found)
        units = _units(arms.get(experiment, ()), found)
        setting = (settings or {}).get(experiment, Setting())
        defined = definitions.experiments.get(experiment)
        running, dealt = setting.running, named_units(definitions, experiment)
        rows.append(sizes(experiment, defined, units, arrived, aggregated=aggregated, running=running, what=dealt))
        rows.extend(_alike(experiment, units))
        rows.extend(ramp(experiment, arrived))
        if not aggregated:
            rows.extend(_crossed(definitions, experiment, arms.get(experiment, ())))
            rows.extend(_missing(definitions, experiment, found))
        if found is not None:
            rows.extend(pre_period(definitions, experiment, control_of(definitions, experiment), found))
        dated = setting.running or setting.ended is not None
        last = _last_day(definitions, experiment)
        rows.extend(counted(experiment, facts.get(experiment, ()), dated=dated, last=last))
    return tuple(rows)


def _last_day(definitions: Definitions, experiment: str) -> str | None:
    """The last day whose events count for an experiment that has an end: that of the longest window of its metrics."""
    defined = definitions.experiments.get(experiment)
    if defined is None or defined.end is None:
        return None
    metrics = [definitions.metrics[key] for key in defined.named_metrics if key in definitions.metrics]
    longest = max((follow_up(metric) or 0.0 for metric in metrics), default=0.0)
    return (defined.end + timedelta(days=longest)).isoformat()


def _is_aggregated(definitions: Definitions, experiment: str, found: Measured | None) -> bool:
    defined = definitions.experiments.get(experiment)
    key = defined.source if defined is not None else found.source if found is not None else None
    source = None if key is None else definitions.sources.get(key)
    return source is not None and source.shape == "aggregates"


def _units(assigned: Sequence[AssignmentRow], found: Measured | None) -> dict[str, int]:
    if assigned:
        return {row.arm: row.units for row in assigned}
    return found.units(None) if found is not None else {}


def _alike(experiment: str, units: Mapping[str, int]) -> Iterator[HealthRow]:
    """Warn of arms whose names differ only in spaces and in upper and lower case: one arm, written in two ways."""
    written: dict[str, list[str]] = {}
    for arm in units:
        written.setdefault(" ".join(arm.split()).casefold(), []).append(arm)
    for names in written.values():
        if len(names) > 1:
            shown = listed(f"'{name}' ({units[name]:,})" for name in names)
            message = (
                f"The arms {shown} look alike and are compared as different ones. Likely cause: one variant written in"
                " several ways. Write it alike in the data, or one arm is taken apart."
            )
            yield HealthRow(experiment, ALIKE, None, "warning", message)


def _crossed(definitions: Definitions, experiment: str, assigned: Sequence[AssignmentRow]) -> Iterator[HealthRow]:
    if not assigned:
        return
    defined = definitions.experiments.get(experiment)
    rule = defined.crossed if defined is not None else "exclude"
    # Every row of an experiment repeats the same total.
    crossed = max(row.crossed for row in assigned)
    total = sum(row.units for row in assigned) + (crossed if rule == "exclude" else 0)
    share = crossed / total if total else 0.0
    status: HealthStatus = "failed" if share > CROSSED_FAILED else "warning" if share > CROSSED_WARNING else "ok"
    if crossed == 0:
        message = "No unit was seen in more than one arm."
    else:
        became = WHAT_BECAME[rule]
        what = named_units(definitions, experiment)
        message = f"{crossed:,} of {total:,} {what} ({percent(share, 2)}) were seen in more than one arm; {became}."
    if status != "ok":
        message += (
            " Likely causes: an id that changes between visits, several people on one id, a restart that dealt anew."
        )
    yield HealthRow(experiment, CROSSED, None, status, message)


def _missing(definitions: Definitions, experiment: str, found: Measured | None) -> Iterator[HealthRow]:
    arms = found.over_phases(None) if found is not None else {}
    if not arms:
        return
    what = named_units(definitions, experiment)
    names = metrics_in(name for part in next(iter(arms.values())) for name in part.names)
    counts = {metric: _missing_by_arm(arms, metric) for metric in names}
    tested = {metric: by_arm for metric, by_arm in counts.items() if any(gone for gone, _ in by_arm.values())}
    if not tested:
        yield HealthRow(experiment, MISSING_SHARE, None, "ok", "No metric has missing values.")
    for metric, by_arm in tested.items():
        missing, units = zip(*by_arm.values(), strict=True)
        # With many metrics one of them differs by luck: p is multiplied by their number (Bonferroni).
        p_value = min(1.0, missing_share_p(missing, units) * len(tested))
        seen = ", ".join(f"{arm} {percent(gone / every, 2)}" for arm, (gone, every) in by_arm.items() if every)
        status = status_of(p_value)
        alike = (
            "alike in all arms"
            if status == "ok"
            else f"not alike in all arms: {what} drop out of one arm more than of another"
        )
        message = f"{title_of(definitions, metric)} is missing for {seen} of the {what}, {alike}."
        yield HealthRow(experiment, f"{MISSING_SHARE}/{metric}", p_value, status, message)


def _missing_by_arm(arms: Mapping[str, Sequence[Moments]], metric: str) -> dict[str, tuple[int, int]]:
    """Units without a value and all units, by arm."""
    counts: dict[str, tuple[int, int]] = {}
    for arm, parts in arms.items():
        part = next((part for part in parts if metric in part.names), None)
        if part is not None:
            counts[arm] = (part.units - part.count(metric), part.units)
    return counts

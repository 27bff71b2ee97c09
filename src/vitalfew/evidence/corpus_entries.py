"""Which comparisons belong in the corpus: every arm against its control, sound ones only, the same data only once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.comparisons import Item, comparisons
from vitalfew.evidence.grades import broken_tests
from vitalfew.results.words import listed
from vitalfew.workspace.metric_kinds import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.results.rows import EffectRow, HealthRow, MomentsRow
    from vitalfew.workspace.definitions import Definitions

HOLDOUT = "a holdout: what it measures are the effects of experiments that are here already"
TWICE = "the same data as {first}, which is here already"
FAULTY = "failed a trust test ({tests})"
NO_MOMENTS = (
    "{metrics}: quantiles and times to an event have no products with other metrics, and are left out of what effects"
    " show together"
)
METRIC_FAULTY = "{experiment}: {metric} failed a trust test ({tests}) and is left out"
_NAMED = 5


@dataclass(slots=True)
class Entry:
    """One arm against its control.

    Attributes:
        rows: effects by metric, all with a standard error.
        items: what was compared, by metric; empty without moments.
        units: of control and of the arm; zeros when nobody said.
        correlation: of errors on a metric with those on others, by metric, where there are no moments but placebos.
    """

    experiment: str
    arm: str
    control: str
    rows: dict[str, EffectRow] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    units: tuple[float, float] = (0.0, 0.0)
    correlation: dict[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Comparisons in the order of their experiments, what was refused with the reason, what was left out of others."""

    entries: tuple[Entry, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def gather(
    definitions: Definitions, moments: Iterable[MomentsRow], effects: Sequence[EffectRow], health: Iterable[HealthRow]
) -> Gathered:
    """Collect the comparisons of a run, all units, one per arm of an experiment."""
    by_place = _by_place(definitions, effects)
    broken = broken_tests(health)
    items = _items(definitions, moments, {place[0] for place in by_place})
    refused, notes = dict[str, str](), list[str]()
    found: dict[tuple[object, ...], Entry] = {}
    for (experiment, arm), (control, rows) in sorted(by_place.items()):
        reason = _unsound(definitions, experiment, broken.get(experiment, ()))
        if reason is not None:
            refused[experiment] = reason
            continue
        sound, left_out = _sound(experiment, rows, broken.get(experiment, ()))
        notes += left_out
        entry = _entry(experiment, arm, control, sound, items.get((experiment, arm), {}))
        if entry.rows:
            first = found.setdefault(_data(definitions, entry), entry)
            if first is not entry:
                refused[experiment] = TWICE.format(first=first.experiment)
    untold = sorted({row.metric for row in effects if row.segment is None and _untold(definitions, row.metric)})
    notes += [NO_MOMENTS.format(metrics=listed(untold, _NAMED))] if untold else []
    return Gathered(tuple(found.values()), tuple(refused.items()), tuple(dict.fromkeys(notes)))


def _by_place(
    definitions: Definitions, effects: Iterable[EffectRow]
) -> dict[tuple[str, str], tuple[str, dict[str, EffectRow]]]:
    """Effects over all units with a standard error, by experiment and arm, each with the control."""
    found: dict[tuple[str, str], tuple[str, dict[str, EffectRow]]] = {}
    for row in effects:
        if row.segment is not None or row.estimate is None or not row.se or _untold(definitions, row.metric):
            continue
        found.setdefault((row.experiment, row.arm), (row.control, {}))[1].setdefault(row.metric, row)
    return found


def _untold(definitions: Definitions, metric: str) -> bool:
    defined = definitions.metrics.get(metric)
    return defined is not None and defined.kind in DISTRIBUTIONS


def _items(
    definitions: Definitions, moments: Iterable[MomentsRow], wanted: set[str]
) -> dict[tuple[str, str], dict[str, Item]]:
    """What was compared over all units, by experiment, arm and metric."""
    rows = [row for row in moments if row.experiment in wanted and row.day is None and _counts(definitions, row)]
    found: dict[tuple[str, str], dict[str, Item]] = defaultdict(dict)
    for experiment, measured in by_experiment(rows).items():
        for item in comparisons(definitions, experiment, measured):
            if isinstance(item, Item) and item.segment is None and item.cells:
                found[experiment, item.arm][item.metric] = item
    return found


def _counts(definitions: Definitions, row: MomentsRow) -> bool:
    """All units; the strata of an experiment too, over which its effects are averaged."""
    defined = definitions.experiments.get(row.experiment)
    return row.segment is None or (defined is not None and row.segment in defined.strata)


def _unsound(definitions: Definitions, experiment: str, broken: Sequence[str]) -> str | None:
    defined = definitions.experiments.get(experiment)
    if defined is not None and defined.design == "holdout":
        return HOLDOUT
    whole = [test.replace("_", " ") for test in broken if "/" not in test]
    return FAULTY.format(tests=listed(whole)) if whole else None


def _sound(
    experiment: str, rows: Mapping[str, EffectRow], broken: Sequence[str]
) -> tuple[dict[str, EffectRow], list[str]]:
    """The effects on metrics that failed no trust test of their own, and what to say of the others."""
    tests: dict[str, list[str]] = defaultdict(list)
    for test in broken:
        kind, _, metric = test.partition("/")
        tests[metric].append(kind.replace("_", " "))
    notes = [
        METRIC_FAULTY.format(experiment=experiment, metric=metric, tests=listed(tests[metric]))
        for metric in rows
        if metric in tests
    ]
    return {metric: row for metric, row in rows.items() if metric not in tests}, notes


def _entry(experiment: str, arm: str, control: str, rows: dict[str, EffectRow], items: Mapping[str, Item]) -> Entry:
    """A comparison with those of its items that have an effect."""
    own = {metric: items[metric] for metric in rows if metric in items}
    return Entry(experiment, arm, control, rows, own, (_units(rows, own, control, 0), _units(rows, own, arm, 1)))


def _units(rows: Mapping[str, EffectRow], items: Mapping[str, Item], arm: str, side: int) -> float:
    """Units of one arm: of the metric that most have; of results as given, what they say."""
    told = [float(row.n[arm]) for row in rows.values() if arm in row.n]
    measured = [float(sum(cell[side].units for cell in item.cells)) for item in items.values()]
    return max((*told, *measured), default=0.0)


def _data(definitions: Definitions, entry: Entry) -> tuple[object, ...]:
    """What tells sets of data apart: an experiment may be defined under two names."""
    defined = definitions.experiments.get(entry.experiment)
    if defined is None:
        return (None, entry.experiment, entry.control, entry.arm)
    source = definitions.sources.get(defined.source)
    name = None if source is not None and source.shape == "units" else defined.id or entry.experiment
    return (defined.source, defined.variant, name, entry.control, entry.arm)


def sources(definitions: Definitions, moments: Iterable[MomentsRow]) -> dict[str, str]:
    """What each experiment was measured from."""
    found = {key: experiment.source for key, experiment in definitions.experiments.items()}
    for row in moments:
        found[row.experiment] = row.source
    return found


def shared(entries: Iterable[Entry], by_experiment: Mapping[str, str]) -> Iterator[int]:
    """A number per comparison, the same for those that share a control.

    Tables that report every variant beside a copy of the control name the experiment before a slash.
    """
    numbers: dict[tuple[str | None, str, str], int] = {}
    for entry in entries:
        name = entry.experiment.partition("/")[0]
        yield numbers.setdefault((by_experiment.get(entry.experiment), name, entry.control), len(numbers))

"""From a source that holds experiments to Moments: the one entry to measuring, whatever the shape of the source."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vitalfew.errors import VitalfewError
from vitalfew.results.rows import FailedRow
from vitalfew.warehouse.measured import Measured
from vitalfew.workspace.definitions import AggregateSource, ExposureSource, ResultSource, UnitSource

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.state import State
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import Definitions, Experiment


def measure(
    definitions: Definitions, source_key: str, engine: Engine, as_of: date | None = None, remembered: Path | None = None
) -> Measured:
    """Measure all experiments of one source.

    Args:
        definitions: the workspace.
        source_key: a source of units, exposures, aggregates or results.
        engine: where the tables lie.
        as_of: events and exposures after the end of this day (in the workspace's time zone) are ignored.
        remembered: folder for what the next run need not compute again; nothing is remembered without one.

    Returns:
        Moments per experiment, arm and segment, and the items that could not be measured, with the reason; one that
        fails does not stop the others.
    """
    source = definitions.sources[source_key]
    if isinstance(source, AggregateSource | ResultSource):
        return _reported(definitions, source_key, source, engine, as_of)
    experiments = {key: found for key, found in definitions.experiments.items() if found.source == source_key}
    state = _state(remembered)
    if isinstance(source, UnitSource | ExposureSource):
        from vitalfew.warehouse.prepared import IDENTITIES, learn_identities

        try:
            learn_identities(engine, definitions.data)
            if isinstance(source, UnitSource):
                return _units(definitions, source_key, source, experiments, engine, as_of, state)
            return _exposures(definitions, source_key, source, experiments, engine, as_of, state)
        except VitalfewError as error:
            return Measured(failed=tuple(FailedRow("measure", key, str(error)) for key in experiments))
        finally:
            engine.drop(IDENTITIES)
    reason = f"'{source_key}' holds {source.shape}; experiments need units, exposures, aggregates or results"
    return Measured(failed=tuple(FailedRow("measure", key, reason) for key in experiments))


def _state(folder: Path | None) -> State | None:
    if folder is None:
        return None
    from vitalfew.warehouse.state import State

    return State(folder)


def _reported(
    definitions: Definitions,
    source_key: str,
    source: AggregateSource | ResultSource,
    engine: Engine,
    as_of: date | None,
) -> Measured:
    from vitalfew.warehouse.aggregates import measure_aggregates
    from vitalfew.warehouse.results_table import measure_results

    try:
        if isinstance(source, AggregateSource):
            return measure_aggregates(definitions, source_key, engine, as_of)
        return measure_results(definitions, source_key, engine, as_of)
    except VitalfewError as error:
        return Measured(failed=(FailedRow("measure", source_key, str(error)),))


def _units(
    definitions: Definitions,
    source_key: str,
    source: UnitSource,
    experiments: dict[str, Experiment],
    engine: Engine,
    as_of: date | None,
    state: State | None,
) -> Measured:
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.units import measure_in_place, own_table_suffices

    measured = Measured()
    # Experiments that take the same column, part of the time and rule for units in several arms share one pass.
    alike: dict[tuple[object, ...], dict[str, Experiment]] = {}
    for key, experiment in experiments.items():
        rules = (experiment.crossed, experiment.cluster, experiment.design == "switchback")
        same = (experiment.variant, experiment.end, *rules)
        alike.setdefault(same, {})[key] = experiment
    for group in alike.values():
        study = Study(definitions, source_key, group)
        one = next(iter(group.values()))
        variant, end = one.variant, study.until(one, study.end(as_of))
        try:
            if study.switchback:
                measured += study.nothing("a switchback needs a table in which every row begins a block (exposures)")
            elif variant is None:
                measured += study.nothing("it names no column with the variant; add `variant: COLUMN`")
            elif own_table_suffices(study):
                measured += measure_in_place(study, source, variant, engine, end)
            else:
                measured += _joined(study, source, variant, engine, end, state)
        except VitalfewError as error:
            measured += study.nothing(str(error))
    return measured


def _joined(
    study: Study, source: UnitSource, variant: str, engine: Engine, end: int | None, state: State | None
) -> Measured:
    from vitalfew.warehouse.events import measure_joined
    from vitalfew.warehouse.population import from_units

    return measure_joined(study, from_units(study, source, variant, engine, end), engine, end, state)


def _exposures(
    definitions: Definitions,
    source_key: str,
    source: ExposureSource,
    experiments: dict[str, Experiment],
    engine: Engine,
    as_of: date | None,
    state: State | None,
) -> Measured:
    from vitalfew.warehouse.events import measure_joined
    from vitalfew.warehouse.study import Study
    from vitalfew.warehouse.switchback import blocks

    measured = Measured()
    alike: dict[tuple[object, ...], dict[str, Experiment]] = {}
    for key, experiment in experiments.items():
        alike.setdefault((experiment.cluster, experiment.design == "switchback"), {})[key] = experiment
    for group in alike.values():
        study = Study(definitions, source_key, group)
        end = study.end(as_of)
        try:
            if study.switchback:
                # Where a block ends is known once the next begins, so nothing of it can be remembered.
                measured += measure_joined(study, blocks(study, source, engine, end), engine, end)
                continue
            measured += _from_exposures(study, source, engine, end, state)
        except VitalfewError as error:
            measured += study.nothing(str(error))
    return measured


def _from_exposures(
    study: Study, source: ExposureSource, engine: Engine, end: int | None, state: State | None
) -> Measured:
    """Go on from the last run where that can be, else begin anew."""
    from vitalfew.warehouse.continued import Continued
    from vitalfew.warehouse.events import measure_joined
    from vitalfew.warehouse.grouped import NotOnward
    from vitalfew.warehouse.population import from_exposures
    from vitalfew.warehouse.state import Damaged

    continued = Continued.of(study, source, engine, end, state)
    known = None if continued is None else continued.population()
    if known is not None:
        with suppress(NotOnward, Damaged):
            return measure_joined(study, known, engine, end, state, continued)
    population = from_exposures(study, source, engine, end)
    if continued is not None:
        population = continued.ordinary(population)
    return measure_joined(study, population, engine, end, state, continued)

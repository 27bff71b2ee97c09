"""Units that change arms in blocks of time: each row of the exposures begins a block, and a block is what is compared.

Events belong to the block they fall in, from `burn_in` hours after its beginning, when the arm before no longer carries
over, until the next row of the same unit. A metric is what it adds up to in a block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError
from vitalfew.warehouse.compile import whole
from vitalfew.warehouse.population import Population, asked_for
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.silence import unplaced

if TYPE_CHECKING:
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import ExposureSource

_HOUR = 3_600_000_000


def blocks(study: Study, source: ExposureSource, engine: Engine, end: int | None) -> Population:
    """The blocks of switchback experiments as a population: `start` after the burn-in, and `until`.

    Raises:
        DataError: no time tells when blocks begin, or a column is missing.
    """
    if source.time is None:
        raise DataError(
            "a switchback needs the time at which each block begins",
            hint=f"name it in the source '{study.source}' (`time: COLUMN`)",
        )
    scope = opened(engine, study.definitions.data, source, "x")
    unit, arm, moment = scope.column(source.unit), scope.text(source.variant), scope.instant(source.time)
    same = exp.EQ(this=scope.text(source.experiment), expression=exp.column("id", "n"))
    rows = exp.select("n.experiment", exp.alias_(unit, "unit"), exp.alias_(arm, "arm"), exp.alias_(moment, "began"))
    rows = rows.from_(scope.source()).join(asked_for(study, end), on=same).select("n.until AS final")
    for column in (unit, scope.column(source.variant), moment):
        rows = rows.where(exp.not_(exp.Is(this=column.copy(), expression=exp.null())))
    rows = rows.where(exp.LT(this=moment.copy(), expression=exp.column("until", "n")))
    following = exp.Window(
        this=exp.Lead(this=exp.column("began")),
        partition_by=[exp.column("experiment"), exp.column("unit")],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column("began")), exp.Ordered(this=exp.column("arm"))]),
    )
    until = exp.Coalesce(this=following, expressions=[exp.column("final")])
    hours = exp.Case()
    for at, experiment in enumerate(study.experiments.values()):
        mine = exp.EQ(this=exp.column("experiment"), expression=whole(at))
        hours = hours.when(mine, whole(round(experiment.burn_in * _HOUR)))
    start = exp.Add(this=exp.column("began"), expression=hours)
    each = exp.select("experiment", "unit", "arm", exp.alias_(start, "start"), exp.alias_(until, "until"))
    query = exp.select("*").from_(each.from_(rows.subquery("r")).subquery("b")).where("start < until")
    notes = tuple(unplaced(engine, scope, source, study))
    return Population(query, scope.type_of(source.unit), timed=True, crossed={}, notes=notes)

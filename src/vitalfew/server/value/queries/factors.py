"""Factors in words and numbers: what each means, its range from worst to best, and where it stands today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report.words import level
from vitalfew.results.figures import significant, unit_of, with_unit
from vitalfew.server.value.queries.metrics import known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.evidence.standing import Standing
    from vitalfew.pipeline import Results
    from vitalfew.report.words import Unit
    from vitalfew.workspace.definitions import Definitions


@dataclass(frozen=True, slots=True)
class Facts:
    """A factor as people meet it.

    Attributes:
        meaning: what its metric says, in a sentence; '' where nobody wrote one.
        metric: the title of its metric.
        worst: end of its range that nobody wants, in the metric's unit; `best` the other.
        today: where the metric stands: as measured, else as defined; None where neither is known.
        today_from: where that is from, in words.
    """

    key: str
    title: str
    meaning: str
    metric: str
    worst: float
    best: float
    today: float | None
    today_from: str
    unit: Unit
    stakeholder: str
    north_star: bool
    provisional: bool
    provenance: str
    value_type: str
    proxy: str

    @property
    def swing(self) -> str:
        """The range in words, its unit once: `from 45 to 30 min`."""
        return f"from {significant(self.worst * self.unit.factor, 4)} to {level(self.best, self.unit)}"

    @property
    def stands(self) -> str:
        """Where it stands today, in words; '' where that is not known."""
        return "" if self.today is None else with_unit(significant(self.today * self.unit.factor), self.unit.level)


def facts(definitions: Definitions, keys: Iterable[str], run: Results | None) -> dict[str, Facts]:
    """What is to be said of some factors; those that are none any more are left out."""
    told = known(run).standings
    return {key: _facts(definitions, key, told.get(key)) for key in keys if key in definitions.factors}


def _facts(definitions: Definitions, key: str, standing: Standing | None) -> Facts:
    factor, metric = definitions.factors[key], definitions.metrics.get(key)
    unit = unit_of(metric)
    worst, best = sorted(factor.range, reverse=unit.down_is_better)
    today, origin = (factor.baseline, "as defined") if standing is None else (standing.value, "as measured")
    return Facts(
        key,
        definitions.title("factors", key),
        (metric.description or "") if metric else "",
        definitions.title("metrics", key),
        worst,
        best,
        today,
        "" if today is None else origin,
        unit,
        definitions.title("stakeholders", factor.stakeholder) if factor.stakeholder else "",
        factor.north_star,
        factor.provisional,
        factor.provenance or "",
        (metric.value_type or "") if metric else "",
        (factor.proxy or "not named") if factor.tangible is False else "",
    )

"""The planted truth, written beside the data as `truth.json`. Nothing that computes a ledger reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from vitalfew.simulate.plan import FeatureUse, InfluenceLink

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "truth.json"

_NOTE = "What was planted in the simulated data. For comparison only: no part of a run reads this file."


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """The true mean effect of one experiment on one metric over its exposed users (of one segment; None: all).

    `effect` is treatment minus control and `base` the mean without treatment, both in the metric's unit and both
    expectations under the process that generated the data, not estimates. `sound` is False for a faulty trial.
    """

    experiment: str
    metric: str
    segment: str | None
    effect: float
    base: float
    sound: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that was planted."""

    company: str
    seed: int
    size: str
    users: int
    events: int
    effects: tuple[PlantedEffect, ...]
    features: tuple[FeatureUse, ...]
    links: tuple[InfluenceLink, ...]
    forecast_trust: Mapping[str, float]
    story: Mapping[str, Mapping[str, object]]

    def effect(self, experiment: str, metric: str, segment: str | None = None) -> PlantedEffect:
        """The planted effect of an experiment on a metric in a segment (None: all)."""
        return self._by_place()[experiment, metric, segment]

    def _by_place(self) -> dict[tuple[str, str, str | None], PlantedEffect]:
        return {(row.experiment, row.metric, row.segment): row for row in self.effects}

    def hardly_used(self) -> frozenset[str]:
        """Keys of the features that are hardly used."""
        return frozenset(feature.key for feature in self.features if feature.use == "hardly_used")

    def faulty(self) -> frozenset[str]:
        """Keys of the experiments that lost units."""
        return frozenset(row.experiment for row in self.effects if not row.sound)

    def write(self, folder: Path) -> None:
        """Write the truth into a folder."""
        text = json.dumps({"note": _NOTE, **asdict(self)}, indent=1, ensure_ascii=False)
        (folder / FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the truth of a simulated company from its folder."""
        raw = json.loads((folder / FILE).read_text(encoding="utf-8"))
        del raw["note"]
        raw["effects"] = tuple(PlantedEffect(**row) for row in raw["effects"])
        raw["features"] = tuple(FeatureUse(**row) for row in raw["features"])
        raw["links"] = tuple(InfluenceLink(**row) for row in raw["links"])
        return cls(**raw)

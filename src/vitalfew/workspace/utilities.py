"""How much a change of a factor is worth along its range: the utility forms."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from vitalfew.workspace.vocabulary import Definition, Number, Share


class Utility(Definition):
    """Worth along a factor's range: 0 at its worst end, 1 at its best; levels are in the metric's unit.

    *linear*: every step counts alike. *saturating*: half of the worth is reached at `half`, and further steps count
    less (or more) and less. *threshold*: an S whose middle is `target`, most of it within `width` around it.
    *piecewise*: straight lines through `points` (level and worth), between the ends. `loss`: how many times more a step
    below the baseline counts than one above it.
    """

    form: Literal["linear", "saturating", "threshold", "piecewise"] = "linear"
    half: Number | None = None
    target: Number | None = None
    width: Annotated[float, Strict(), Field(gt=0)] | None = None
    points: Annotated[tuple[tuple[Number, Share], ...], Field(max_length=5)] = ()
    loss: Annotated[float, Strict(), Field(ge=1, le=10)] = 1.0

    @model_validator(mode="after")
    def _parts_of_form(self) -> Self:
        needed = {"saturating": "half", "threshold": "target", "piecewise": "points"}.get(self.form)
        for name in ("half", "target", "points"):
            given = getattr(self, name) not in (None, ())
            if given != (name == needed):
                raise ValueError(f"{self.form} needs {needed}" if name == needed else f"{self.form} takes no {name}")
        if self.width is not None and self.form != "threshold":
            raise ValueError(f"{self.form} takes no width")
        levels = sorted(self.points)
        if len({level for level, _ in levels}) < len(levels):
            raise ValueError("points hold one level twice")
        worths = [worth for _, worth in levels]
        if any(a > b for a, b in pairwise(worths)) and any(a < b for a, b in pairwise(worths)):
            raise ValueError("points must rise all the way, or fall all the way")
        return self

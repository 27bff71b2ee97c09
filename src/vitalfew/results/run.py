"""What is known about a run besides its tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageInfo:
    """How one stage went.

    Attributes:
        name: of the stage.
        key: hash of everything its output depends on.
        tables: what it computed.
        seconds: how long that took.
        reused: the run whose output was taken because no input had changed.
        sha256: of each table's file, in the order of `tables`; empty when the run is not kept.
    """

    name: str
    key: str
    tables: tuple[str, ...]
    seconds: float
    reused: str | None = None
    sha256: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Identity of a run: what was computed, when, from what.

    `computed_at` is UTC, ISO 8601; `as_of` a date or None; `code_version`, `data_version` and `definitions_version`
    identify the inputs, `seed` the random draws. `data_to`: the last day (ISO) of the data; None where no table of the
    run says it, and in runs of versions that did not keep it.
    """

    id: str
    workspace: str
    computed_at: str
    as_of: str | None
    code_version: str
    data_version: str
    definitions_version: str
    seed: int
    stages: tuple[StageInfo, ...] = ()
    data_to: str | None = None

    def holds(self, table: str) -> bool:
        """Whether a table was computed at all: that it is empty says something only then."""
        return any(table in stage.tables for stage in self.stages)

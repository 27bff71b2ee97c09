"""What is known about a run besides its tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StageInfo:
    """How one stage went. `reused` names the run whose output was taken because no input had changed."""

    name: str
    key: str
    tables: tuple[str, ...]
    seconds: float
    reused: str | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Identity of a run: what was computed, when, from what.

    `computed_at` is UTC, ISO 8601; `as_of` a date or None; `code_version`, `data_version` and `definitions_version`
    identify the inputs, `seed` the random draws.
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

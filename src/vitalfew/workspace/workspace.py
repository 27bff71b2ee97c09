"""A workspace as one value: what is defined, what people said and did, and where each definition stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definition, Definitions
from vitalfew.workspace.journal import FolderJournal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vitalfew.errors import Where
    from vitalfew.workspace.journal import Journal

_NO_PLACES: Mapping[tuple[str | int, ...], Where] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Workspace:
    """One product organisation.

    Attributes:
        definitions: everything defined.
        acts: the log of judgements, forecasts, locks, waivers, decisions and sign-offs.
        root: its folder; None when it was made in memory.
        places: the file and line of each key, and of each item of a list, by its path in the definitions.
        journal: where its acts are kept: in its folder unless said otherwise; None when nothing can be recorded.
    """

    definitions: Definitions
    acts: ActLog = field(default_factory=ActLog)
    root: Path | None = None
    places: Mapping[tuple[str | int, ...], Where] = _NO_PLACES
    journal: Journal | None = None

    def __post_init__(self) -> None:
        if self.journal is None and self.root is not None:
            object.__setattr__(self, "journal", FolderJournal(self.root))

    @classmethod
    def of(cls, definitions: Definitions) -> Self:
        """A workspace in memory, without a folder and without acts."""
        return cls(definitions)

    def where(self, *path: str | int) -> Where | None:
        """The place of a definition or field, else of the nearest thing around it; None when made in memory."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return None

    def __repr__(self) -> str:
        from vitalfew.workspace.fields import singular

        counted = ", ".join(
            f"{count} {singular(kind) if count == 1 else kind}" for kind, count in self._counts().items()
        )
        place = f" in {self.root}" if self.root else ""
        return f"<Workspace '{self.definitions.workspace.name}'{place}: {counted or 'empty'}>"

    def _counts(self) -> dict[str, int]:
        counts = {kind: _size(getattr(self.definitions, kind)) for kind in type(self.definitions).model_fields}
        counts["acts"] = len(self.acts.acts)
        return {kind: count for kind, count in counts.items() if count}


def _size(value: Definition | Mapping[str, Definition]) -> int:
    return 0 if isinstance(value, Definition) else len(value)

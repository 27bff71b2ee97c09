"""Small logs and workspaces of acts, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from vitalfew.workspace import sound
from vitalfew.workspace.acts import writing
from vitalfew.workspace.chain import Act, Chain, follow, timestamp, to_line
from vitalfew.workspace.definitions import (
    Definitions,
    Experiment,
    Factor,
    Hypothesis,
    Initiative,
    Measure,
    Metric,
    UnitSource,
)
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from vitalfew.workspace.chain import Kind

BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def append(root: Path, kind: Kind, about: str, by: str, body: Mapping[str, Any], at: datetime | None = None) -> Act:
    """Append one act to the log of a workspace folder."""
    with writing(root) as writer:
        return writer.append(kind, about, by, body, at=at)


def chain_of(count: int, *, salt: str = "") -> list[Act]:
    """A sound chain of so many acts, a minute apart."""
    acts: list[Act] = []
    for number in range(count):
        last = acts[-1] if acts else None
        at = timestamp(BEGIN + timedelta(minutes=number))
        body_hash = f"{number:02x}{salt}".ljust(64, "0")
        acts.append(follow(last, at=at, by="p-anna", kind="forecast", about="h", definition=None, body_hash=body_hash))
    return acts


def as_bytes(acts: Iterable[Act]) -> bytes:
    return b"".join(to_line(act) for act in acts)


def inspected(raw: bytes) -> Chain:
    """A log read from its bytes."""
    return sound.read(BytesIO(raw))


def definitions(**changes: object) -> Definitions:
    """One initiative with a hypothesis, an experiment and three factors."""
    base = Definitions(
        sources={"players": UnitSource(table="players.csv", unit="id")},
        metrics={name: Metric(numerator=Measure(source="players", column=name)) for name in ("a", "b", "c")},
        factors={name: Factor(range=(0.0, 1.0)) for name in ("a", "b", "c")},
        initiatives={"gate": Initiative(started=date(2026, 3, 1))},
        hypotheses={"h": Hypothesis(initiative="gate", metric="a", due=date(2026, 6, 1))},
        experiments={"x": Experiment(source="players", initiative="gate", variant="arm", start=date(2026, 3, 10))},
    )
    return base.model_copy(update=changes)


def workspace(root: Path, defined: Definitions | None = None) -> Workspace:
    from vitalfew.workspace.acts import read

    return Workspace(definitions=defined or definitions(), acts=read(root), root=root, places={})

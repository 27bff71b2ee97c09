"""One walk over the stages: keys, reuse of what did not change, going on past what fails."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitalfew.errors import VitalfewError
from vitalfew.pipeline.results import Results
from vitalfew.pipeline.stages import ALL_KINDS, Context, Stage, stages
from vitalfew.results.rows import FailedRow
from vitalfew.results.run import RunInfo, StageInfo
from vitalfew.results.store import OpenRun, Output, Store, joined, new_run_id
from vitalfew.warehouse.fingerprint import Fingerprint, fingerprint
from vitalfew.workspace.hashing import definitions_hash

if TYPE_CHECKING:
    from vitalfew.workspace.workspace import Workspace

log = logging.getLogger(__name__)

SEED = 2025
Progress = Callable[[str, int, int], None]
"""Called before each stage with its name, its number and how many there are."""


def run(
    workspace: Workspace,
    *,
    as_of: date | None = None,
    seed: int = SEED,
    progress: Progress | None = None,
    frames: Mapping[str, Any] | None = None,
) -> Results:
    """Walk all stages and return the results; stored as a run when the workspace is a folder.

    Args:
        workspace: definitions and acts, as `load` gives them.
        as_of: read the past: data, acts and verdicts up to the end of this day.
        seed: of all random draws.
        progress: called before each stage.
        frames: tables in memory by name, for sources that name them instead of files.
    """
    now = datetime.now(UTC)
    workspace = workspace if as_of is None else replace(workspace, acts=workspace.acts.until(as_of))
    store = None if workspace.root is None else Store(workspace.root)
    history = _History.of(store)
    definitions = workspace.definitions
    known = fingerprint(definitions, workspace.root, history.fingerprints, frames)
    today = as_of or now.astimezone(ZoneInfo(definitions.workspace.time_zone)).date()
    context = Context(workspace, today, as_of, seed, known, frames or {})
    run_id = new_run_id(now.isoformat())
    with store.begin(run_id) if store else nullcontext() as writing:
        walk = _Walk(context, history, writing)
        try:
            walk.over(stages(definitions), progress)
        finally:
            context.close()
        info = RunInfo(
            id=run_id,
            workspace=definitions.workspace.name,
            computed_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            as_of=as_of.isoformat() if as_of else None,
            code_version=code_version(),
            data_version=_digest({key: print_.sha256 for key, print_ in known.items()}),
            definitions_version=definitions_hash(definitions, ALL_KINDS),
            seed=seed,
            stages=tuple(walk.infos),
        )
        if writing is not None:
            prints = {key: asdict(print_) for key, print_ in known.items()}
            writing.finish(info, {"fingerprints": prints, "unusable": sorted(walk.unusable)})
    return Results(workspace, info, joined(walk.outputs.values()))


@dataclass
class _Walk:
    """The state of one walk: what each stage gave, under which key."""

    context: Context
    history: _History
    writing: OpenRun | None
    outputs: dict[str, Output] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    infos: list[StageInfo] = field(default_factory=list)
    unusable: set[str] = field(default_factory=set)

    def over(self, todo: tuple[Stage, ...], progress: Progress | None) -> None:
        for number, stage in enumerate(todo, start=1):
            if progress:
                progress(stage.name, number, len(todo))
            self._step(stage)

    def _step(self, stage: Stage) -> None:
        started = time.perf_counter()
        key = self.keys[stage.name] = self._key(stage)
        reused = self.history.with_key(stage.name, key)
        if reused is not None:
            run_id, info = reused
            output: Output = self.history.output(run_id, info)
            if self.writing:
                self.writing.reuse(stage.name, run_id)
        else:
            run_id, output = None, self._compute(stage)
            if self.writing:
                self.writing.write(stage.name, output)
        self.outputs[stage.name] = output
        seconds = round(time.perf_counter() - started, 4)
        self.infos.append(StageInfo(stage.name, key, tuple(output), seconds, run_id))

    def _compute(self, stage: Stage) -> Output:
        before = joined(self.outputs[name] for name in stage.after)
        try:
            return stage.compute(self.context, before)
        except VitalfewError as error:
            reason = str(error)
        except Exception:
            if os.environ.get("VITALFEW_DEBUG"):
                raise
            log.exception("stage %s failed", stage.name)
            reason = "an unexpected error, a fault of vitalfew; the log has the detail"
        self.unusable.add(stage.name)
        return {"failed": (FailedRow(stage.name, "", reason),)}

    def _key(self, stage: Stage) -> str:
        prints = self.context.fingerprints
        return _digest(
            [
                code_version(),
                stage.name,
                definitions_hash(self.context.definitions, stage.kinds),
                [self.keys[name] for name in stage.after],
                [prints[key].sha256 for key in stage.sources if key in prints],
                stage.other(self.context),
            ]
        )


@dataclass
class _History:
    """Earlier runs of the workspace, newest first: what can be reused."""

    store: Store | None
    manifests: list[tuple[str, Mapping[str, Any]]]

    @classmethod
    def of(cls, store: Store | None) -> _History:
        manifests: list[tuple[str, Mapping[str, Any]]] = []
        for run_id in reversed(store.ids() if store else ()):
            try:
                manifests.append((run_id, store.manifest(run_id) if store else {}))
            except VitalfewError:
                log.warning("run %s has a damaged manifest and is not reused", run_id)
        return cls(store, manifests)

    @property
    def fingerprints(self) -> dict[str, Fingerprint]:
        recorded = self.manifests[0][1].get("fingerprints", {}) if self.manifests else {}
        return {key: Fingerprint(**values) for key, values in recorded.items()}

    def with_key(self, stage: str, key: str) -> tuple[str, StageInfo] | None:
        """The newest run in which the stage had this key and did not fail."""
        for run_id, manifest in self.manifests:
            for record in manifest["run"]["stages"]:
                if record["key"] == key and record["name"] == stage and stage not in manifest["unusable"]:
                    return run_id, StageInfo(**{**record, "tables": tuple(record["tables"])})
        return None

    def output(self, run_id: str, stage: StageInfo) -> Output:
        if self.store is None:
            raise AssertionError("runs of a workspace in memory are not kept")
        return self.store.output(run_id, stage)


@cache
def code_version() -> str:
    """Version of the package and a hash of its source, so that no result outlives the code that computed it."""
    from vitalfew import __version__

    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()

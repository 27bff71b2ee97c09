"""One walk over the stages: keys, reuse of what did not change, going on past what fails."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitalfew.errors import UsageError, VitalfewError
from vitalfew.pipeline.context import ALL_KINDS, Context, Stage
from vitalfew.pipeline.results import Results
from vitalfew.pipeline.stages import stages
from vitalfew.results.rows import FailedRow
from vitalfew.results.run import RunInfo, StageInfo
from vitalfew.results.store import OpenRun, Output, Store, joined, new_run_id, stage_info
from vitalfew.results.tables import last_day_of
from vitalfew.results.words import count
from vitalfew.warehouse.fingerprint import Fingerprint, fingerprint
from vitalfew.workspace.hashing import definitions_hash

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.workspace import Workspace

log = logging.getLogger(__name__)

SEED = 2025
_USUAL_LOG = 2_000
Progress = Callable[[str, int, int], None]
"""Called before each stage with its name, its number and how many there are."""


def run(
    workspace: Workspace,
    *,
    as_of: date | None = None,
    seed: int = SEED,
    progress: Progress | None = None,
    frames: Mapping[str, Any] | None = None,
    keep: bool = True,
    wanted: Sequence[str] = (),
) -> Results:
    """Walk all stages and return the results; stored as a run when the workspace is a folder.

    Args:
        workspace: definitions and acts, as `load` gives them.
        as_of: read the past: data, acts and verdicts up to the end of this day.
        seed: of all random draws.
        progress: called before each stage.
        frames: tables in memory by name, for sources that name them instead of files.
        keep: whether the run is stored; without, earlier ones are still made use of.
        wanted: stages to walk, with all that they are made from; all stages when empty.

    Raises:
        UsageError: `as_of` lies in the future, or `seed` below 0.

    Example:
        >>> import vitalfew as vf
        >>> from vitalfew.workspace.definitions import Definitions
        >>> from vitalfew.workspace.workspace import Workspace
        >>> ideas = {"search": {"title": "Faster search", "cost": 5}, "photos": {"title": "Larger photos", "cost": 3}}
        >>> results = vf.run(Workspace.of(Definitions.model_validate({"initiatives": ideas})))
        >>> [(line.line, line.recommendation) for line in results.ledger.candidates]
        [('photos', 'test_first'), ('search', 'test_first')]
    """
    if seed < 0:
        raise UsageError(f"seed {seed}", expected="a whole number from 0 up")
    now = datetime.now(UTC)
    today = _last_day(workspace, now, as_of)
    workspace = workspace if as_of is None else _as_known(workspace, as_of)
    store = None if workspace.root is None else Store(workspace.root)
    history = _History.of(store)
    definitions = workspace.definitions
    known = fingerprint(definitions, workspace.root, history.fingerprints, frames, place=workspace.where)
    context = Context(workspace, today, as_of, seed, known, frames or {})
    run_id = new_run_id(now.isoformat())
    walk = _Walk(context, history)
    walk.notes += _faults(workspace)
    try:
        walk.begin(store if keep else None, run_id)
        walk.over(_leading_to(stages(definitions), wanted), progress)
        info = RunInfo(
            id=run_id,
            workspace=name_of(workspace),
            computed_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            as_of=as_of.isoformat() if as_of else None,
            code_version=code_version(),
            data_version=_digest({key: print_.sha256 for key, print_ in known.items()}),
            definitions_version=definitions_hash(definitions, ALL_KINDS),
            seed=seed,
            stages=tuple(walk.infos),
            data_to=last_day_of(tables := joined(walk.outputs.values()), today),
        )
        walk.finish(info)
    finally:
        walk.close()
    return Results(workspace, info, tables, tuple(walk.notes))


def stage_keys(workspace: Workspace) -> dict[str, str]:
    """What decides which stages of a run can be used again, by stage, as long as the data stay as they are."""
    today = _last_day(workspace, datetime.now(UTC), None)
    walk = _Walk(Context(workspace, today, None, SEED, {}, {}), _History(None, []))
    for stage in stages(workspace.definitions):
        walk.keys[stage.name] = walk.key(stage)
    return walk.keys


def _leading_to(every: tuple[Stage, ...], wanted: Sequence[str]) -> tuple[Stage, ...]:
    """Some stages and those before them, in order; all of them when none is named."""
    needed = set(wanted or (stage.name for stage in every))
    for stage in reversed(every):
        if stage.name in needed:
            needed.update(stage.after)
    return tuple(stage for stage in every if stage.name in needed)


def _faults(workspace: Workspace) -> list[str]:
    """A note where acts are damaged: they count for nothing. What was said is only looked at in logs of usual size."""
    log = workspace.acts
    faults = len(log.damage if len(log.acts) <= _USUAL_LOG else log.chain_damage)
    if not faults:
        return []
    told = f"the log of acts has {count(faults, 'fault')}: what is damaged counts for nothing"
    return [f"{told} (vitalfew verify says where)"]


def _last_day(workspace: Workspace, now: datetime, as_of: date | None) -> date:
    """The day up to which a run reads: today in the workspace's time zone, or a day before it."""
    today = now.astimezone(ZoneInfo(workspace.definitions.workspace.time_zone)).date()
    if as_of is not None and as_of > today:
        raise UsageError(f"as of {as_of}: that day has not been yet", expected=f"{today} or a day before it")
    return as_of or today


def _as_known(workspace: Workspace, day: date) -> Workspace:
    """The workspace without what happened after a day: acts, experiments begun and releases made later."""
    defined = workspace.definitions
    begun = {k: e for k, e in defined.experiments.items() if e.start is None or e.start <= day}
    released = {key: release for key, release in defined.releases.items() if release.date <= day}
    return replace(
        workspace,
        acts=workspace.acts.until(day, ZoneInfo(defined.workspace.time_zone)),
        definitions=defined.model_copy(update={"experiments": begun, "releases": released}),
    )


@dataclass
class _Walk:
    """The state of one walk: what each stage gave, under which key."""

    context: Context
    history: _History
    writing: OpenRun | None = None
    outputs: dict[str, Output] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    infos: list[StageInfo] = field(default_factory=list)
    unusable: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    hashes: dict[tuple[str, ...], str] = field(default_factory=dict)

    def begin(self, store: Store | None, run_id: str) -> None:
        """Start to keep the run, where there is a folder to keep it in."""
        if store is not None:
            self.writing = store.begin(run_id)  # before its folder is there: an interrupt in between leaves nothing
            self._keep(OpenRun.open)

    def finish(self, info: RunInfo) -> None:
        """Make the run visible."""
        prints = {key: asdict(print_) for key, print_ in self.context.fingerprints.items()}
        self._keep(lambda run: run.define(self.context.definitions.model_dump(mode="json", exclude_defaults=True)))
        self._keep(lambda run: run.finish(info, {"fingerprints": prints, "unusable": sorted(self.unusable)}))

    def close(self) -> None:
        """Leave nothing behind: neither an open engine nor an unfinished run."""
        self.context.close()
        if self.writing:
            self.writing.close()

    def over(self, todo: tuple[Stage, ...], progress: Progress | None) -> None:
        for number, stage in enumerate(todo, start=1):
            if progress:
                progress(stage.name, number, len(todo))
            self._step(stage)

    def _step(self, stage: Stage) -> None:
        started = time.perf_counter()
        key = self.keys[stage.name] = self.key(stage)
        earlier = self.history.with_key(stage.name, key)
        if earlier is not None:
            run_id, output, sha256 = earlier
            if not self._keep(lambda run: run.reuse(stage.name, run_id)):
                sha256 = self._keep(lambda run: run.write(stage.name, output)) or ()
        else:
            run_id, output = "", self._compute(stage)
            sha256 = self._keep(lambda run: run.write(stage.name, output)) or ()
        self.outputs[stage.name] = output
        seconds = round(time.perf_counter() - started, 4)
        self.infos.append(StageInfo(stage.name, key, tuple(output), seconds, run_id or None, sha256))

    def _keep[T](self, write: Callable[[OpenRun], T]) -> T | None:
        """Write to the run's folder; a disk that takes no more costs the keeping, not the results."""
        if self.writing is None:
            return None
        try:
            return write(self.writing)
        except OSError as error:
            self.writing.close()
            self.writing = None
            self._give_up(error)
            return None

    def _give_up(self, error: OSError) -> None:
        place = f"{error.filename}: " if error.filename else ""
        self.notes.append(f"this run is not kept, so the next one starts anew ({place}{error.strerror or error})")

    def _compute(self, stage: Stage) -> Output:
        if self.unusable.intersection(stage.after):  # built on what failed this time, though its inputs are the same
            self.unusable.add(stage.name)
        before = joined(self.outputs[name] for name in stage.after)
        try:
            output = stage.compute(self.context, before)
            read = tuple(FailedRow(stage.name, table, text, remark=True) for table, text in self.context.remarks())
            return {**output, "failed": (*output.get("failed", ()), *read)} if read else output
        except VitalfewError as error:
            reason = str(error)
        except Exception as error:
            if os.environ.get("VITALFEW_DEBUG"):
                raise
            name = type(error).__name__
            log.error("stage %s failed: %s", stage.name, name)  # noqa: TRY400 - a trace may hold what customers wrote
            reason = f"an unexpected error ({name}), a fault of vitalfew; with VITALFEW_DEBUG=1 it shows where"
        self.unusable.add(stage.name)
        return {"failed": (FailedRow(stage.name, "", reason),)}

    def _defined(self, kinds: tuple[str, ...]) -> str:
        """The hash of some kinds of definitions; with thousands of them, once per set of kinds."""
        if kinds not in self.hashes:
            self.hashes[kinds] = definitions_hash(self.context.definitions, kinds)
        return self.hashes[kinds]

    def key(self, stage: Stage) -> str:
        """The hash of everything a stage is made from, once those before it have theirs."""
        prints = self.context.fingerprints
        return _digest(
            [
                code_version(),
                stage.name,
                self._defined(stage.kinds),
                _order_of(self.context.definitions, stage.kinds),
                [self.keys[name] for name in stage.after],
                [prints[key].sha256 for key in stage.sources if key in prints],
                stage.other(self.context),
            ]
        )


@dataclass
class _History:
    """Earlier runs of the workspace, newest first: what can be reused."""

    store: Store | None
    runs: list[_Earlier]

    @classmethod
    def of(cls, store: Store | None) -> _History:
        runs = () if store is None else tuple(_earlier(store, run_id) for run_id in reversed(store.ids()))
        return cls(store, [run for run in runs if run is not None])

    @property
    def fingerprints(self) -> Mapping[str, Fingerprint]:
        return self.runs[0].fingerprints if self.runs else {}

    def with_key(self, stage: str, key: str) -> tuple[str, Output, tuple[str, ...]] | None:
        """The output of the newest run in which the stage had this key, did not fail, and is stored whole."""
        for run in self.runs:
            info = run.usable.get(stage)
            if self.store is None or info is None or info.key != key:
                continue
            try:
                return run.id, self.store.output(run.id, info), info.sha256
            except VitalfewError as error:
                log.warning("%s", error)
        return None


@dataclass(frozen=True)
class _Earlier:
    """What a later run wants to know of an earlier one."""

    id: str
    usable: Mapping[str, StageInfo]
    fingerprints: Mapping[str, Fingerprint]


def _earlier(store: Store, run_id: str) -> _Earlier | None:
    """Read the manifest of an earlier run; None when it is damaged, which must not cost the new one."""
    try:
        manifest = store.manifest(run_id)
        infos = [stage_info(record) for record in manifest["run"]["stages"]]
        prints = {key: Fingerprint(**values) for key, values in manifest["fingerprints"].items()}
        return _Earlier(run_id, {info.name: info for info in infos if info.name not in manifest["unusable"]}, prints)
    except (VitalfewError, LookupError, TypeError, AttributeError):
        log.warning("run %s has a damaged manifest and is not reused", run_id)
        return None


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


def _order_of(definitions: Definitions, kinds: tuple[str, ...]) -> list[list[str]]:
    """Keys in the order of the files: no number depends on it, but rows are listed in it."""
    found = (getattr(definitions, kind) for kind in kinds)
    return [list(kind) for kind in found if isinstance(kind, dict)]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def name_of(workspace: Workspace) -> str:
    """What a run is called: the workspace's name, else its folder's, which is no part of what is hashed."""
    given = workspace.definitions.workspace
    folder = workspace.root.resolve().name if workspace.root and workspace.places else ""
    return given.name if "name" in given.model_fields_set or not folder else folder

"""Runs on disk: `DIR/.vitalfew/runs/ID/STAGE/TABLE.arrow` with a manifest; the last 20 runs are kept.

Every run is complete in itself: what a stage did not have to compute again is linked from the run that computed it.
A run is written to a hidden folder and renamed when it is complete, so that an interrupted run leaves nothing that
looks like one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, Self, cast

import pyarrow as pa
from pyarrow import ipc

from vitalfew.errors import DataError, UsageError, suggest
from vitalfew.results.codec import from_table, plain, to_table
from vitalfew.results.rows import Tables
from vitalfew.results.run import RunInfo, StageInfo
from vitalfew.results.tables import ROW_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

KEPT_RUNS = 20
MANIFEST = "manifest.json"
DEFINITIONS = "definitions.json"
_SHA256 = "definitions_sha256"
_ABANDONED_AFTER = 86_400  # seconds: a run that was killed left a hidden folder; none takes a day

Output = Mapping[str, Sequence[Any]]
"""What a stage computed: rows by table name."""


class Store:
    """The runs of one workspace folder."""

    def __init__(self, root: Path) -> None:
        self.folder = root / ".vitalfew" / "runs"

    def ids(self) -> tuple[str, ...]:
        """Ids of complete runs, oldest first (ids sort by time)."""
        if not self.folder.is_dir():
            return ()
        entries = (entry for entry in self.folder.iterdir() if not entry.name.startswith("."))
        return tuple(sorted(entry.name for entry in entries if (entry / MANIFEST).is_file()))

    def __contains__(self, run_id: str) -> bool:
        """Whether a complete run of this id is kept."""
        return (self.folder / run_id / MANIFEST).is_file()

    def begin(self, run_id: str) -> OpenRun:
        """A run to be written; its folder is made when it is opened, so that nothing lies there that nobody closes."""
        return OpenRun(self, run_id, self.folder / f".{run_id}-{os.getpid()}")

    def manifest(self, run_id: str) -> dict[str, Any]:
        """The manifest of a run."""
        path = self.folder / run_id / MANIFEST
        if not path.is_file():
            raise UsageError(f"no run '{run_id}'", hint=suggest(run_id, self.ids()[-5:]))
        try:
            return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"the manifest of run '{run_id}' is damaged", hint="run again") from error

    def info(self, run_id: str) -> RunInfo:
        """Identity of a run."""
        try:
            record = dict(self.manifest(run_id)["run"])
            return RunInfo(**{**record, "stages": tuple(stage_info(stage) for stage in record["stages"])})
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the manifest of run '{run_id}' is damaged", hint="run again") from error

    def output(self, run_id: str, stage: StageInfo) -> dict[str, tuple[Any, ...]]:
        """What one stage of a run computed.

        Raises:
            DataError: a table is missing, or not what was written.
        """
        folder = self.folder / run_id / stage.name
        try:
            return {
                name: from_table(ROW_CLASSES[name], _read_arrow(folder / f"{name}.arrow", sha256))
                for name, sha256 in zip(stage.tables, stage.sha256, strict=True)
            }
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"stage '{stage.name}' of run '{run_id}' is damaged", hint="run again") from error

    def tables(self, run_id: str) -> Tables:
        """All tables of a run, the stages' parts joined."""
        return joined(self.output(run_id, stage) for stage in self.info(run_id).stages)

    def definitions(self, run_id: str) -> Any:  # noqa: ANN401 - a plain tree, for `Definitions.model_validate`
        """The definitions a run was made from.

        Raises:
            DataError: the run was made by a version that did not keep them, or they are damaged.
        """
        try:
            content = (self.folder / run_id / DEFINITIONS).read_bytes()
            if self.manifest(run_id).get(_SHA256) in (None, hashlib.sha256(content).hexdigest()):
                return json.loads(content)
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"run '{run_id}' does not hold its definitions", hint="run again") from error
        raise DataError(f"the definitions of run '{run_id}' are not what was written", hint="run again")

    def forget(self, run_id: str) -> None:
        """Drop a run that is not to be kept; nothing where there is none of this id."""
        shutil.rmtree(self.folder / run_id, ignore_errors=True)

    def forget_all(self) -> None:
        """Drop every run, finished or not: the next one is computed anew, and one that is being written fails.

        Raises:
            DataError: a run could not be deleted.
        """
        try:
            while entries := [*self.folder.iterdir()] if self.folder.is_dir() else []:
                for entry in entries:
                    _remove(entry)
        except OSError as error:
            hint = "delete the folder by hand"
            raise DataError(f"runs in {self.folder} could not be deleted: {error.strerror}", hint=hint) from error

    def forget_old(self) -> None:
        """Drop the oldest runs beyond the last 20, and what killed runs left behind."""
        for run_id in self.ids()[:-KEPT_RUNS]:
            self.forget(run_id)
        for unfinished in self.folder.glob(".*-*"):
            if _age(unfinished) > _ABANDONED_AFTER:
                shutil.rmtree(unfinished, ignore_errors=True)


class OpenRun:
    """A run being written. Closing leaves nothing behind of one that is not finished."""

    def __init__(self, store: Store, run_id: str, folder: Path) -> None:
        self._store, self._id, self._folder = store, run_id, folder
        self._defined: str | None = None

    def open(self) -> None:
        """Make the folder that is written to."""
        runs = self._store.folder
        runs.mkdir(parents=True, exist_ok=True)
        (runs.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        self._folder.mkdir()

    def close(self) -> None:
        """Remove what is unfinished; a finished run stays."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, stage: str, output: Output) -> tuple[str, ...]:
        """Write what a stage computed; gives the SHA-256 of each table's file."""
        (self._folder / stage).mkdir()
        return tuple(
            _write_arrow(self._folder / stage / f"{name}.arrow", to_table(ROW_CLASSES[name], rows))
            for name, rows in output.items()
        )

    def reuse(self, stage: str, run_id: str) -> bool:
        """Take what a stage computed in an earlier run (files are never changed, so a link is as good as a copy).

        Returns:
            False when that run has gone in the meantime, dropped by a run beside this one.
        """
        target = self._folder / stage
        try:
            shutil.copytree(self._store.folder / run_id / stage, target, copy_function=_link_or_copy)
        except (FileNotFoundError, shutil.Error):
            shutil.rmtree(target, ignore_errors=True)
            return False
        return True

    def define(self, definitions: Mapping[str, Any]) -> None:
        """Keep the definitions beside what was made from them: they may have changed when somebody reads the run."""
        content = json.dumps(definitions, ensure_ascii=False, allow_nan=False).encode()
        (self._folder / DEFINITIONS).write_bytes(content)
        self._defined = hashlib.sha256(content).hexdigest()

    def finish(self, info: RunInfo, extra: Mapping[str, Any]) -> None:
        """Write the manifest and make the run visible; `extra` is kept in the manifest."""
        manifest = json.dumps({"run": plain(info), **extra, _SHA256: self._defined}, indent=1, allow_nan=False)
        (self._folder / MANIFEST).write_text(manifest, encoding="utf-8")
        self._folder.rename(self._store.folder / self._id)
        self._store.forget_old()


def joined(outputs: Iterable[Output]) -> Tables:
    """The tables of several stages' outputs, rows in the order of the stages."""
    parts: dict[str, list[Sequence[Any]]] = {}
    for output in outputs:
        for name, rows in output.items():
            parts.setdefault(name, []).append(rows)
    return Tables(**{name: tuple(chain.from_iterable(rows)) for name, rows in parts.items()})


def new_run_id(now: str) -> str:
    """An id that sorts by time: `20261122T081200-3f2a9c`."""
    stamp = now.replace("-", "").replace(":", "").split(".")[0].removesuffix("Z")
    return f"{stamp}-{secrets.token_hex(3)}"


def stage_info(record: Mapping[str, Any]) -> StageInfo:
    """A stage as the manifest holds it."""
    return StageInfo(**{**record, "tables": tuple(record["tables"]), "sha256": tuple(record["sha256"])})


def _write_arrow(path: Path, table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content = sink.getvalue()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _read_arrow(path: Path, sha256: str) -> pa.Table:
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DataError(f"the stored table '{path.name}' is not what was written", hint="run again")
        return ipc.open_file(pa.BufferReader(content)).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"the stored table '{path.name}' cannot be read", hint="run again") from error


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _remove(entry: Path) -> None:
    """Remove a run, or a file, that somebody may be writing: under another name nobody does any more."""
    gone = entry.with_name(f".{secrets.token_hex(8)}-gone")
    with suppress(FileNotFoundError):  # such as one that has got its name meanwhile: it is found under that
        entry.rename(gone)
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target

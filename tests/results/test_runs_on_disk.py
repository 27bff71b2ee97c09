from __future__ import annotations

import json
import threading
from datetime import date
from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DataError, UsageError
from vitalfew.results.rows import ArrivalRow, FailedRow, SeriesRow, Tables, WeightRow
from vitalfew.results.run import RunInfo, StageInfo
from vitalfew.results.store import KEPT_RUNS, MANIFEST, Store, new_run_id
from vitalfew.results.tables import last_day_of

if TYPE_CHECKING:
    from pathlib import Path

FAILED = FailedRow("measure", "a/b", "no such column")
WEIGHT = WeightRow("retention", 0.7, raters=3)


def info(run_id: str, *stages: StageInfo) -> RunInfo:
    return RunInfo(run_id, "Acme", "2026-11-22T08:12:00Z", None, "1", "d", "e", 7, stages)


def write(store: Store, run_id: str) -> RunInfo:
    with store.begin(run_id) as run:
        sha256 = run.write("judgement", {"weights": (WEIGHT,), "failed": (FAILED,)})
        written = info(run_id, StageInfo("judgement", "key", ("weights", "failed"), 0.1, sha256=sha256))
        run.finish(written, {"fingerprints": {}})
    return written


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = write(store, "20261122T081200-aaaaaa")
    assert store.ids() == (written.id,)
    assert store.info(written.id) == written
    tables = store.tables(written.id)
    assert tables.weights == (WEIGHT,)
    assert tables.failed == (FAILED,)


def test_a_run_kept_before_it_held_its_last_day_is_still_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = write(store, "20261122T081200-aaaaaa")
    path = store.folder / written.id / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["run"]["data_to"]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert store.info(written.id).data_to is None


def test_the_last_day_of_the_data_is_the_newest_of_all_rows_with_a_day() -> None:
    arrivals = (ArrivalRow("search", "2026-10-04", "control", 12),)
    series = tuple(SeriesRow("events", "orders", None, day, 3.0) for day in ("2026-10-30", "2026-10-31", "2099-01-01"))
    today = date(2026, 11, 22)
    assert last_day_of(Tables(arrivals=arrivals), today) == "2026-10-04"
    assert last_day_of(Tables(arrivals=arrivals, series=series), today) == "2026-10-31"
    assert last_day_of(Tables(), today) is None


def test_an_unfinished_run_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def interrupted() -> None:
        with store.begin("20261122T081200-aaaaaa") as run:
            run.write("judgement", {"weights": (WEIGHT,)})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.ids() == ()
    assert list(store.folder.iterdir()) == []


def test_a_reused_stage_survives_the_run_it_came_from(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = write(store, "20261122T081200-aaaaaa")
    reused = info("20261122T091200-bbbbbb", first.stages[0])
    with store.begin(reused.id) as run:
        run.reuse("judgement", first.id)
        run.finish(reused, {})
    for path in sorted((store.folder / first.id).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert store.tables(reused.id).weights == (WEIGHT,)


def test_the_last_twenty_runs_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(KEPT_RUNS + 3):
        write(store, f"20261122T0812{number:02}-aaaaaa")
    assert len(store.ids()) == KEPT_RUNS
    assert store.ids()[0].startswith("20261122T081203")


def test_the_folder_of_runs_is_ignored_by_git(tmp_path: Path) -> None:
    write(Store(tmp_path), "20261122T081200-aaaaaa")
    assert (tmp_path / ".vitalfew" / ".gitignore").read_text() == "*\n"


def test_an_unknown_run_is_answered_with_the_nearest(tmp_path: Path) -> None:
    write(Store(tmp_path), "20261122T081200-aaaaaa")
    with pytest.raises(UsageError, match="did you mean '20261122T081200-aaaaaa'"):
        Store(tmp_path).info("20261122T081200-aaaaab")


def test_a_damaged_table_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = write(store, "20261122T081200-aaaaaa")
    (store.folder / written.id / "judgement" / "weights.arrow").write_bytes(b"not arrow")
    with pytest.raises(DataError, match="weights"):
        store.tables(written.id)
    (store.folder / written.id / MANIFEST).write_text("{")
    with pytest.raises(DataError, match="damaged"):
        store.info(written.id)


def test_ids_sort_by_time() -> None:
    ids = [new_run_id(f"2026-11-22T08:{minute:02}:00+00:00") for minute in range(60)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_the_manifest_is_plain_json(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = write(store, "20261122T081200-aaaaaa")
    manifest = json.loads((store.folder / written.id / MANIFEST).read_text())
    assert manifest["run"]["stages"][0]["tables"] == ["weights", "failed"]


def test_all_runs_go_while_one_is_being_written_and_that_one_fails(tmp_path: Path) -> None:
    """Many times over: what is written falls between any two looks of whoever removes it."""
    store, over = Store(tmp_path), threading.Event()
    broken: list[OSError] = []

    def write_on() -> None:
        while not over.is_set():
            try:
                with store.begin(new_run_id("2026-11-22T08:12:00Z")) as run:
                    for stage in range(20):
                        run.write(f"stage_{stage}", {"weights": (WEIGHT,), "failed": (FAILED,)})
            except OSError as error:
                broken.append(error)

    writing = threading.Thread(target=write_on)
    writing.start()
    try:
        while len(broken) < 20:
            store.forget_all()
    finally:
        over.set()
        writing.join()
    store.forget_all()
    assert [*store.folder.iterdir()] == []

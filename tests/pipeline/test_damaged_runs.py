from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import PROGRAM, workspace
from vitalfew.errors import DataError, UsageError
from vitalfew.pipeline import stored
from vitalfew.results.store import DEFINITIONS, KEPT_RUNS, MANIFEST, Store

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline import Results


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path)


def computed(results: Results) -> set[str]:
    return {stage.name for stage in results.info.stages if stage.reused is None}


MANIFESTS = {
    "no JSON": "{",
    "bytes": "\x00\ufffd",
    "a list": "[]",
    "nothing of ours": "{}",
    "stages that are text": '{"run": {"stages": "abc"}, "fingerprints": {}, "unusable": []}',
    "fingerprints that are none": '{"run": {"stages": []}, "fingerprints": {"players": {"no": 1}}, "unusable": []}',
    "100,000 lists": "[" * 100_000,
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_damaged_manifest_costs_the_reuse_and_not_the_run(folder: Path, what: str) -> None:
    first = vf.run(vf.load(folder))
    (Store(folder).folder / first.info.id / MANIFEST).write_text(MANIFESTS[what], encoding="utf-8")
    again = vf.run(vf.load(folder))
    assert again.tables == first.tables
    assert len(computed(again)) == len(again.info.stages)


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "gone"])
def test_a_damaged_table_is_computed_again(folder: Path, damage: str) -> None:
    first = vf.run(vf.load(folder))
    path = Store(folder).folder / first.info.id / "measure.players" / "moments.arrow"
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
        path.write_bytes({"cut": whole[:middle], "flipped": flipped, "emptied": b""}[damage])
    again = vf.run(vf.load(folder))
    assert again.tables == first.tables
    assert computed(again) == {"measure.players"}
    assert Store(folder).tables(again.info.id) == again.tables


def test_damaged_definitions_of_a_run_are_refused_and_those_of_an_older_one_read(folder: Path) -> None:
    vf.run(vf.load(folder))
    run_id = Store(folder).ids()[-1]
    path, manifest = (Store(folder).folder / run_id / name for name in (DEFINITIONS, MANIFEST))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Came back", b"Came bakk"))
    with pytest.raises(DataError, match="are not what was written; run again"):
        stored(folder)
    manifest.write_text(manifest.read_text().replace("definitions_sha256", "something_else"))
    assert stored(folder).workspace.definitions.metrics["retention"].title == "Came bakk"
    path.write_bytes(whole.replace(b'"proportion"', b'"an_older_kind"'))
    with pytest.raises(DataError, match="definitions that this version does not read"):
        stored(folder)


def test_a_run_that_is_not_stored_is_answered_with_those_that_are(folder: Path) -> None:
    run_id = vf.run(vf.load(folder)).info.id
    with pytest.raises(UsageError, match=f"no run 'nope' is stored .*{run_id}"):
        stored(folder, "nope")
    with pytest.raises(UsageError, match="no run"):
        stored(folder, f"../runs/{run_id}")


def test_a_folder_that_cannot_keep_runs_still_gives_results_and_says_so(folder: Path) -> None:
    (folder / ".vitalfew").write_text("in the way")
    results = vf.run(vf.load(folder))
    assert results.tables.effects
    (note,) = results.notes
    assert "not kept" in note
    assert ".vitalfew" in note


def test_two_runs_at_the_same_time_both_finish_and_are_both_kept(folder: Path) -> None:
    words = [*PROGRAM, "run", str(folder), "--json"]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    documents = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert set(Store(folder).ids()) == {document["run"] for document in documents}
    assert documents[0]["experiments"] == documents[1]["experiments"]


def test_what_another_run_is_writing_is_neither_read_nor_removed(folder: Path) -> None:
    store = Store(folder)
    unfinished = store.folder / ".20200101T000000-aaaaaa-1"
    unfinished.mkdir(parents=True)
    (unfinished / MANIFEST).write_text("{}")
    for _ in range(KEPT_RUNS + 1):
        vf.run(vf.load(folder))
    assert unfinished.is_dir()
    assert len(store.ids()) == KEPT_RUNS

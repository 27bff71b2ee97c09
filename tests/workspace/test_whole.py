from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vitalfew.workspace.whole import is_free, whole_folder, write_whole

KILLED = """
import os, signal, sys
from pathlib import Path
from vitalfew.workspace.whole import whole_folder
with whole_folder(Path(sys.argv[1])) as draft:
    (draft / "a.txt").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_file_is_written_and_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        write_whole(tmp_path / "a.txt", content)
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.txt", content)]


def test_a_name_as_long_as_names_may_be_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("a" * 255), b"long")
    assert (tmp_path / ("a" * 255)).read_bytes() == b"long"


def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_stays_one(tmp_path: Path) -> None:
    place, link = tmp_path / "a.txt", tmp_path / "link.txt"
    place.write_bytes(b"one")
    place.chmod(0o640)
    link.symlink_to(place)
    write_whole(link, b"two")
    assert link.is_symlink()
    assert (place.read_bytes(), stat.S_IMODE(place.stat().st_mode)) == (b"two", 0o640)


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_whole(tmp_path / "pipe", b"told")
    reader.join(timeout=20)
    assert heard == [b"told"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_what_was_there_stays_when_there_is_no_room(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one")
    full = (
        "import resource, sys; from pathlib import Path; from vitalfew.workspace.whole import write_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "write_whole(Path(sys.argv[1]), b'x' * 200)"
    )
    ran = subprocess.run([sys.executable, "-c", full, tmp_path / "a.txt"], capture_output=True, text=True, check=False)
    assert "File too large" in ran.stderr
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.txt", b"one")]


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_appears_when_all_of_it_is_written(tmp_path: Path, *, there: bool) -> None:
    home = tmp_path / "far" / "home"
    if there:
        home.mkdir(parents=True)
    with whole_folder(home) as draft:
        (draft / "a.txt").write_text("a")
        (draft / "data").mkdir()
        (draft / "data" / "b.txt").write_text("b")
        assert is_free(home)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "far", "far/home", "far/home/a.txt", "far/home/data", "far/home/data/b.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_is_not_finished_leaves_nothing(tmp_path: Path, *, there: bool) -> None:
    home = tmp_path / "home"
    if there:
        home.mkdir()
    before = list(tmp_path.rglob("*"))

    def interrupted() -> None:
        with whole_folder(home) as draft:
            (draft / "a.txt").write_text("a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.rglob("*")) == before


def test_who_stands_in_an_empty_folder_can_fill_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with whole_folder(Path()) as draft:
        (draft / "a.txt").write_text("a")
    assert [path.name for path in Path().iterdir()] == ["a.txt"]
    assert tmp_path.samefile(Path.cwd())


@pytest.mark.parametrize("there", [False, True])
def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path, *, there: bool) -> None:
    home = tmp_path / "home"
    if there:
        home.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, home], check=False)
    assert len(list(tmp_path.rglob("a.txt"))) == 1
    assert is_free(home)
    with whole_folder(home) as draft:
        (draft / "a.txt").write_text("whole")
    assert (home / "a.txt").read_text() == "whole"


@pytest.mark.parametrize("there", [False, True])
def test_what_a_killed_process_left_a_day_ago_goes_at_the_next_write(tmp_path: Path, *, there: bool) -> None:
    home = tmp_path / "home"
    if there:
        home.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, home], check=False)
    ((half,),) = (list(tmp_path.rglob("a.txt")),)
    left, lone = half.parent, (home if there else tmp_path) / f".vitalfew-01234567-{ended_process()}"
    lone.write_text("half a file")
    for path in (half, left, lone):
        age(path, 2)
    with whole_folder(home) as draft:
        (draft / "b.txt").write_text("whole")
    assert not left.exists()
    assert not lone.exists()
    assert sorted(path.name for path in home.iterdir()) == ["b.txt"]


def test_what_is_young_or_still_written_or_somebody_elses_stays(tmp_path: Path) -> None:
    gone = ended_process()
    (tmp_path / "letters").mkdir()
    (tmp_path / ".vitalfew-cafe0000").symlink_to(tmp_path / "letters")
    kept = {
        f".vitalfew-aaaaaaaa-{gone}": 0,  # may be of another machine
        f".vitalfew-bbbbbbbb-{os.getpid()}": 2,
        ".vitalfew-notes": 2,
        ".vitalfew-aaaaaaaa-old": 2,
        ".vitalfew": 2,
    }
    for name, days in kept.items():
        (tmp_path / name).mkdir()
        age(tmp_path / name, days)
    written = tmp_path / f".vitalfew-dddddddd-{gone}"
    written.mkdir()
    (written / "growing.csv").write_text("a")
    age(written, 2)
    of_old = tmp_path / ".vitalfew-eeeeeeee"
    of_old.mkdir()
    age(of_old, 2)
    write_whole(tmp_path / "a.txt", b"whole")
    assert not of_old.exists()
    there = {path.name for path in tmp_path.iterdir()}
    assert there == {*kept, written.name, "letters", ".vitalfew-cafe0000", "a.txt"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_what_was_left_goes_where_another_process_has_the_number_by_now(tmp_path: Path) -> None:
    """In a container the server is process 1 after every start."""
    home = tmp_path / "home"
    with whole_folder(home) as draft:
        (draft / "a.txt").write_text("whole")
        own = draft.name
    number, begun = own.split("-")[2:]
    assert int(number) == os.getpid()
    other = tmp_path / "other"
    other.mkdir()
    mine, before = (other / f".vitalfew-{n:08x}-{number}-{int(begun) - n}" for n in (0, 1))
    for left in (mine, before):
        left.write_text("half a file")
        age(left, 2)
    write_whole(other / "b.txt", b"whole")
    assert {path.name for path in other.iterdir()} == {mine.name, "b.txt"}


def age(path: Path, days: int) -> None:
    then = time.time() - days * 25 * 3600
    os.utime(path, (then, then))


def ended_process() -> int:
    """The number of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_folder_that_holds_something_is_not_free_nor_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear reader")
    assert not is_free(tmp_path)
    assert not is_free(tmp_path / "letter.txt")
    assert is_free(tmp_path / "new")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    assert not is_free(tmp_path / "lost")

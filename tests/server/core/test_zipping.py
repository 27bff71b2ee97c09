"""Zips of many files, written with little memory, are read by everybody."""

from __future__ import annotations

import io
import zipfile

import pytest

from vitalfew.server.core.zipping import write_zip


def opened(files: list[tuple[str, list[bytes]]], *, shrunk: bool = True) -> zipfile.ZipFile:
    held = io.BytesIO()
    write_zip(held, files, shrunk=shrunk)
    archive = zipfile.ZipFile(held)
    assert archive.testzip() is None
    return archive


@pytest.mark.parametrize("shrunk", [True, False])
def test_what_is_packed_in_parts_is_read_as_a_whole(shrunk: bool) -> None:
    long = [b"one line of a log\n" * 100, b"and another\n" * 1_000]
    archive = opened([("log.jsonl", long), ("ü/short", [b"a", b"b"]), ("empty", [])], shrunk=shrunk)
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "log.jsonl": b"".join(long),
        "ü/short": b"ab",
        "empty": b"",
    }
    assert (archive.getinfo("log.jsonl").compress_size < 1_000) is shrunk


def test_more_files_than_the_first_zips_knew_are_all_there() -> None:
    archive = opened([(f"acts/{n:06}.json", [str(n).encode()]) for n in range(70_000)])
    assert len(archive.namelist()) == 70_000
    assert archive.read("acts/069999.json") == b"69999"


def test_the_same_files_are_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    for held in (first, second):
        write_zip(held, [("a", [b"x" * 5_000])])
    assert first.getvalue() == second.getvalue()

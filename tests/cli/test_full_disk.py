"""Where there is no room left: one sentence, exit code 1 or 2, and every file as it was before."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from command_line import workspace
from connect.foreign_shop import manifest, shop, simple

if TYPE_CHECKING:
    from pathlib import Path

FULL = (
    "import resource, sys; from vitalfew.cli import main\n"
    "room = int(sys.argv.pop(1)); resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)); main()"
)


def typed(room: int, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Type a command where no file may grow beyond `room` bytes."""
    return subprocess.run(
        [sys.executable, "-c", FULL, str(room), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "VITALFEW_DEBUG": ""},
    )


def held(folder: Path) -> dict[str, bytes]:
    """The files that are a person's own, and what is in them; runs can be made again."""
    files = (path for path in folder.rglob("*") if path.is_file() and "runs" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def product(tmp_path: Path) -> Path:
    return workspace(tmp_path / "product")


def test_a_report_that_does_not_fit_leaves_the_one_before(product: Path) -> None:
    (product / "r.html").write_text("the report of yesterday", encoding="utf-8")
    before = held(product)
    ran = typed(20_000, "run", product, "--html", product / "r.html")
    told = f"vitalfew: {product / 'r.html'}: the report cannot be written: File too large"
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, told)
    after = held(product)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if name.startswith(".vitalfew-")]


@pytest.mark.parametrize(
    "words",
    [
        ("act", "decision", "product", "gate", "--by", "ada", "--what", "w", "--evidence", "e", "--counter", "c"),
        ("export", "product", "copy"),
        ("start", "product/players.csv", "--into", "new", "--yes"),
        ("demo", "--small", "--into", "new"),
    ],
    ids=lambda words: words[0],
)
def test_nothing_is_left_half_written(
    product: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert product.exists()
    before = held(tmp_path)
    ran = typed(8, *words)
    told = ran.stderr.splitlines()
    assert ran.returncode in (1, 2)
    assert "File too large" in told[-1]
    assert "Traceback" not in ran.stderr
    assert all(line.startswith("vitalfew: ") or "/" in line.split()[0] for line in told)
    after = held(tmp_path)
    # The private folder may have been made; it holds nothing of a person's yet.
    assert {name: text for name, text in after.items() if "/.vitalfew/" not in name} == before
    assert not [name for name in after if name.endswith("people.key")]


def test_an_import_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    shop(folder)
    file = manifest(tmp_path, simple("revenue", "revenue"))
    before = held(folder)
    ran = typed(200, "import", "dbt", file, folder, "--unit", "customer")
    assert ran.returncode == 1
    assert "nothing was changed: File too large" in ran.stderr
    assert {name: text for name, text in held(folder).items() if "/.vitalfew/" not in f"/{name}"} == before

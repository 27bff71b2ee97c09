from __future__ import annotations

import doctest
import shutil
from typing import TYPE_CHECKING

import pytest

from docs.pages import PAGES, ROOT, blocks, name

if TYPE_CHECKING:
    from pathlib import Path

WITH_PYTHON = [page for page in PAGES if blocks(page, "python")]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_python_on_a_page_runs_from_top_to_bottom(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if (ROOT / "examples").is_dir():
        shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns(".vitalfew"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": page.stem}
    for block in blocks(page, "python"):
        if ">>>" in block.code:
            test = doctest.DocTestParser().get_doctest(block.code, names, name(page), str(page), block.line - 1)
            doctest.DebugRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False)
            names = test.globs
        else:
            exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), names)  # noqa: S102 - our own pages

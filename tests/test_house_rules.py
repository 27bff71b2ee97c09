"""Sizes, reasons and finished work: what the linters do not hold."""

from __future__ import annotations

import ast
import re
import tokenize
import tomllib
from itertools import chain
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[1]
OURS = sorted(chain.from_iterable((ROOT / folder).rglob("*.py") for folder in ("src", "tests", "tools", "benchmarks")))
SOURCES = [file for file in OURS if (ROOT / "src") in file.parents]
WRITTEN = [*OURS, *(ROOT / "tools").glob("*.sh"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(file: Path) -> list[Function]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, Function)]


def length(function: Function) -> int:
    """Lines of a function, its docstring left out."""
    start = function.body[0].lineno if ast.get_docstring(function) is None else function.body[0].end_lineno or 0
    return (function.end_lineno or 0) - start + 1


def test_files_are_short() -> None:
    lines = {file: len(file.read_text().splitlines()) for file in OURS}
    assert {file.name: count for file, count in lines.items() if count > 600} == {}
    assert median(lines[file] for file in SOURCES) <= 150


def test_functions_are_short() -> None:
    lengths = [(length(function), f"{file.name}:{function.name}") for file in SOURCES for function in functions(file)]
    counts = [count for count, _ in lengths]
    assert [entry for entry in lengths if entry[0] > 60] == []
    assert median(counts) <= 8
    assert quantiles(counts, n=10)[-1] <= 30


def test_functions_take_at_most_eight_arguments() -> None:
    for file in SOURCES:
        for function in functions(file):
            given = function.args
            count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
            assert count - (given.args[:1] != [] and given.args[0].arg in {"self", "cls"}) <= 8, (file, function.name)


@pytest.mark.parametrize("file", OURS, ids=lambda file: str(file.relative_to(ROOT)))
def test_exceptions_to_the_linters_name_their_rule_and_reason(file: Path) -> None:
    with file.open("rb") as stream:
        comments = [token.string for token in tokenize.tokenize(stream.readline) if token.type == tokenize.COMMENT]
    waivers = [comment for comment in comments if re.search(r"\bnoqa\b|type:\s*ignore", comment)]
    reasoned = re.compile(r"# (noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\]) +(# |- )?\S.{6,}\S")
    assert [comment for comment in waivers if not reasoned.match(comment)] == []


def test_every_dependency_and_every_ignored_rule_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    lint = project["tool"]["ruff"]["lint"]
    named = project["project"]["dependencies"] + project["dependency-groups"]["dev"] + lint["ignore"]
    for name in named:
        assert re.search(rf'^ *"{re.escape(name)}",? +# \w.{{6,}}\w', text, re.MULTILINE), name


def test_work_is_finished() -> None:
    unfinished = re.compile("TO" + "DO|FIX" + "ME|X" + "XX|NotImplemented" + "Error")
    assert [file.name for file in WRITTEN if unfinished.search(file.read_text())] == []


def test_the_lock_names_no_host_and_no_path() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links|^/| /", lock)
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\w)", lock))

"""What is loaded when: start-up stays fast, and the base install stays small."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys

import pytest

import vitalfew

HEAVY = {"numpy", "scipy", "pandas", "pyarrow", "duckdb", "sqlglot", "pydantic", "yaml", "rich", "typer", "django"}


def loaded_by(statement: str) -> set[str]:
    """Names of the top-level packages in memory after a statement, in a fresh interpreter."""
    program = f"import sys, json\n{statement}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import vitalfew") & HEAVY == set()


def test_importing_statistics_loads_no_engine_and_no_parser() -> None:
    assert loaded_by("import vitalfew.stats") & (HEAVY - {"numpy"}) == set()


def test_the_command_line_starts_without_the_heavy_rooms() -> None:
    heavy = HEAVY - {"typer", "rich"}
    assert loaded_by("import vitalfew.cli") & heavy == set()


def test_no_room_below_the_server_loads_a_web_framework_data_frames_or_slow_statistics() -> None:
    everything = """
import importlib, pkgutil, sys, vitalfew
for room in pkgutil.iter_modules(vitalfew.__path__, "vitalfew."):
    if room.name != "vitalfew.server":
        found = importlib.import_module(room.name)
        for module in pkgutil.walk_packages(found.__path__ if room.ispkg else [], room.name + "."):
            importlib.import_module(module.name)
assert "scipy.stats" not in sys.modules
"""
    assert loaded_by(everything) & {"django", "ninja", "pandas", "polars"} == set()


def test_an_unknown_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        vitalfew.nonsense  # noqa: B018  reading the attribute is the test


@pytest.mark.parametrize("name", [name for name in vitalfew.__all__ if callable(getattr(vitalfew, name))])
def test_every_public_function_has_an_example_that_is_run(name: str) -> None:
    (found,) = doctest.DocTestFinder().find(getattr(vitalfew, name), name, module=False)
    assert found.examples


@pytest.mark.parametrize("name", vitalfew.__all__)
def test_every_public_name_can_be_read(name: str) -> None:
    assert getattr(vitalfew, name) is not None

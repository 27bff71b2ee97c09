"""What all tests share: how hard to try, and where real data lie."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

IN_CI = "CI" in os.environ
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does; each worker has a core of its own
COMPANIES = "test_demo_truth.py"

# In CI a submission must not fail by the luck of another draw; at a desk the proofs explore anew each time.
settings.register_profile("default", max_examples=100, deadline=None, derandomize=True)
settings.register_profile("prove", max_examples=1_000, deadline=None, derandomize=IN_CI)
settings.load_profile("default")


def pytest_configure() -> None:
    """Programs that tests start hear Ctrl-C, also where the tests themselves run in the background and ignore it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Prove with many companies last: they keep two cores busy by themselves, so that none idles at the end."""
    items.sort(key=lambda item: item.path.name == COMPANIES and item.get_closest_marker("prove") is not None)


def missing(what: str) -> NoReturn:
    """Skip a test for want of something this machine lacks; in CI nothing may be lacking."""
    if IN_CI:
        pytest.fail(f"{what} (in CI this is a failure)")
    pytest.skip(what)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data files; each has a README that says where they come from."""
    named = os.environ.get("VITALFEW_DATA", "")
    if not named or not Path(named).is_dir():
        missing("real data: set VITALFEW_DATA to the folder that holds them")
    return Path(named)

"""The container file holds together, and does what it says: as far as can be seen without a daemon that builds images.

Its steps are run as they stand, but for the places: what the image has at its root lies in a temporary folder.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import time
import tomllib
import venv
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
PLACES = ("/src", "/app", "/wheels", "/tmp", "/data")  # noqa: S108 - of the image


class Step(NamedTuple):
    """An instruction and what it is told."""

    name: str
    told: str


def steps(text: str) -> list[Step]:
    """The instructions of a container file, in order."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    whole = re.sub(r"\\\n", "", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in whole.splitlines()]


@pytest.fixture(scope="module")
def stages() -> list[list[Step]]:
    """The steps of each image, the last one being that which is kept."""
    found: list[list[Step]] = []
    for step in steps((ROOT / "Containerfile").read_text(encoding="utf-8")):
        if step.name == "FROM":
            found.append([])
        found[-1].append(step)
    return found


def told(stage: list[Step], name: str) -> list[str]:
    return [step.told for step in stage if step.name == name]


def environment(stage: list[Step]) -> dict[str, str]:
    return dict(part.split("=", 1) for line in told(stage, "ENV") for part in shlex.split(line))


# What can be seen -------------------------------------------------------------------------------------------------


def test_both_images_begin_with_the_same_python_which_the_package_takes(stages: list[list[Step]]) -> None:
    bases = [stage[0].told.split()[0] for stage in stages]
    assert len(set(bases)) == 1
    version = re.search(r"python:(\d+)\.(\d+)", bases[0])
    assert version is not None
    least = re.search(
        r"(\d+)\.(\d+)", tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    )
    assert least is not None
    assert tuple(map(int, version.groups())) >= tuple(map(int, least.groups()))


def test_what_is_kept_runs_as_a_user_without_rights_who_may_write_to_the_data_alone(stages: list[list[Step]]) -> None:
    build, kept = stages
    (user,) = told(kept, "USER")
    (made,) = told(kept, "RUN")
    assert f"--shell /usr/sbin/nologin {user}" in made
    assert int(re.search(r"--uid (\d+)", made).group(1)) > 0  # type: ignore[union-attr]  # or it fails here
    assert re.findall(rf"install -d -o {user} -g {user} -m 0700 (\S+)", made) == told(kept, "VOLUME")
    assert environment(kept)["VITALFEW_HOME"] == told(kept, "VOLUME")[0]
    names = [step.name for step in kept]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name in ("RUN", "COPY"))
    (copied,) = told(kept, "COPY")
    assert copied.startswith(f"--from={build[0].told.split()[-1]} ")


def test_one_port_is_listened_at_told_of_and_looked_at(stages: list[list[Step]]) -> None:
    kept = stages[-1]
    command, looked = json.loads(told(kept, "CMD")[0]), told(kept, "HEALTHCHECK")[0]
    port = command[command.index("--port") + 1]
    assert told(kept, "EXPOSE") == [port]
    assert re.findall(r"http://[^/']+/\w+", looked) == [f"http://127.0.0.1:{port}/readyz"]


def test_no_other_address_is_named(stages: list[list[Step]]) -> None:
    text = " ".join(step.told for stage in stages for step in stage)
    assert {*re.findall(r"https?://([^/:']+)", text)} <= {"127.0.0.1"}
    assert not re.search(r"--(extra-)?index-url|--registry|ADD ", text)


# What it does -----------------------------------------------------------------------------------------------------


@pytest.mark.prove
def test_what_the_file_says_builds_an_application_that_answers(stages: list[list[Step]], tmp_path: Path) -> None:
    for place in PLACES:
        (tmp_path / place[1:]).mkdir()
    _copy_the_checkout(tmp_path / "src")
    venv.create(tmp_path / "base", with_pip=True)
    path = f"{tmp_path / 'base' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    for script in told(stages[0], "RUN"):
        subprocess.run(
            ["/bin/sh", "-ec", _below(tmp_path, script)], cwd=tmp_path / "src", env=given | {"PATH": path}, check=True
        )
    application = tmp_path / "app"
    before = _state_of(application)
    kept = environment(stages[-1])
    runs = {name: _below(tmp_path, value) for name, value in kept.items()} | {
        "LANG": "C.UTF-8",
        "TMPDIR": str(tmp_path),
    }
    runs["PATH"] = runs["PATH"].replace("$PATH", "/usr/bin:/bin")
    setting_up = [str(application / "bin" / "vitalfew"), "manage", "set_up", "--address", "https://value.example.org"]
    subprocess.run(setting_up, cwd="/", env=runs, check=True, stdout=subprocess.DEVNULL)
    with closing(socket.socket()) as trial:
        trial.bind(("127.0.0.1", 0))
        port = str(trial.getsockname()[1])
    (own,) = told(stages[-1], "EXPOSE")
    name, *rest = json.loads(told(stages[-1], "CMD")[0].replace(own, port))
    look = json.loads(told(stages[-1], "HEALTHCHECK")[0].partition("CMD ")[2].replace(own, port))
    with subprocess.Popen([str(application / "bin" / name), *rest], cwd="/", env=runs) as web:
        try:
            _soon(lambda: _answers(f"http://127.0.0.1:{port}/healthz"))
            looking = [str(application / "bin" / look[0]), *look[1:]]
            _soon(lambda: subprocess.run(looking, env=runs, check=False).returncode == 0)
            with urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=30) as answer:
                styles = re.findall(r'href="(/static/[^"]+\.css)"', answer.read().decode())
            assert _answers(f"http://127.0.0.1:{port}{styles[0]}")
        finally:
            web.terminate()
    assert _state_of(application) == before, "nothing of it is written to: it may be read-only"


def _copy_the_checkout(to: Path) -> None:
    """As `COPY . .` does in a fresh checkout: what belongs to it, nothing that was made in it."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes((ROOT / name).read_bytes())


def _below(folder: Path, text: str) -> str:
    """What a step says, its places below a folder."""
    return re.sub(rf"(?<![\w.$])({'|'.join(PLACES)})(?=[/\s:\"'*]|$)", rf"{folder}\1", text)


def _state_of(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310 - our own
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def _soon(happens: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.2)

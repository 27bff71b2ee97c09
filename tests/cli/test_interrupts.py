from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import signal, time
from vitalfew.cli.interrupts import heard

class Going:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

try:
    with heard():
        {happens}
        time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(130)
"""


@pytest.mark.parametrize(
    "happens",
    [
        "signal.raise_signal(signal.SIGINT)",
        "exec('signal.raise_signal(signal.SIGINT)')",  # the interpreter would end by the signal
        "Going()",  # Python drops what is raised here
        "(lambda many: many.clear())([Going() for _ in range(50)])",
    ],
)
def test_an_interrupt_is_heard_wherever_it_comes_and_gives_one_exit_code(happens: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(happens=happens)], capture_output=True, text=True, timeout=50, check=False
    )
    assert (ended.returncode, ended.stderr) == (130, "")


def test_who_ignores_interrupts_keeps_doing_so() -> None:
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    happens = "signal.raise_signal(signal.SIGINT); raise SystemExit(0)"
    ended = subprocess.run([sys.executable, "-c", ignoring + PROGRAM.format(happens=happens)], check=False)
    assert ended.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as elsewhere")
@pytest.mark.parametrize("loading", ["vitalfew.cli", "typer", "vitalfew.cli.runs", "vitalfew.errors"])
def test_an_interrupt_while_the_command_line_is_loaded_gives_no_trace(loading: str) -> None:
    program = (
        "import signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {loading!r}:\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.argv = ['vitalfew', '--help']\n"
        "from vitalfew.__main__ import main\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
    assert ended.returncode == 130
    assert ended.stderr == "vitalfew: interrupted; nothing was left half-written\n"

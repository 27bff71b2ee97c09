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

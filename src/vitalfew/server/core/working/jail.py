"""What the process that does the work shuts itself into: bounds, no network, and few files.

Bounds hold on every POSIX system; files and network are closed on Linux where the kernel has Landlock and seccomp.
Everything is called through the C library, by number, before anything else is loaded.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.server.core.working.order import Bounds

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # Landlock, the same numbers on every architecture
_READ, _WRITE_KINDS = 0b1101, {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_OF_A_FILE = 0b100_0000_0000_0111  # execute, write, read, truncate: what may be said of a file that is no folder
_PARENT_DEATH, _NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 1, 38, 22, 2
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # as audit names them, and their `socket`
_IO_URING_SETUP, _OTHER_ABI = 425, 0x40000000
_AF_UNIX, _EPERM = 1, 1
_PYTHON_READS = (
    *("/usr", "/lib", "/lib64", "/bin", "/dev", "/sys/devices", "/sys/fs/cgroup"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),  # of no other process: its environment has secrets
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf"),
)


def end_with_parent() -> None:
    """End at once when the process that started this one ends, however it ends. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)


def shut_in(bounds: Bounds) -> tuple[str, ...]:
    """Shut this process in; gives what this machine cannot hold."""
    _bound(bounds)
    if sys.platform != "linux":
        return ("files", "network")
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    lacking = [] if _close_files(library, bounds) else ["files"]
    return (*lacking, *(() if _close_network(library) else ("network",)))


def _bound(bounds: Bounds) -> None:
    """Memory, time and size of files; a bound that the system has set lower stays."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    wanted = {
        resource.RLIMIT_AS: bounds.memory,
        resource.RLIMIT_CPU: bounds.seconds,
        resource.RLIMIT_FSIZE: bounds.file,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        _, most = resource.getrlimit(kind)
        low = value if most == resource.RLIM_INFINITY else min(value, most)
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (low, low))


# Files ------------------------------------------------------------------------------------------------------------


def _close_files(library: ctypes.CDLL, bounds: Bounds) -> bool:
    """Leave Python's own files and some of the workspace's; False where the kernel has no Landlock."""
    version = library.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    every = (1 << _WRITE_KINDS[min(version, 5)]) - 1
    attributes = struct.pack("=Q", every)
    rules = library.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        own = (sys.prefix, sys.base_prefix, sys.exec_prefix, str(_package()), *sys.path)
        for path in dict.fromkeys((*_PYTHON_READS, *own, *bounds.reads)):
            _allow(library, rules, path, _READ)
        for path in (*bounds.writes, os.devnull):
            _allow(library, rules, path, every)
        return int(library.syscall(_RESTRICT_SELF, rules, 0)) == 0
    finally:
        os.close(rules)


def _allow(library: ctypes.CDLL, rules: int, path: str, access: int) -> None:
    if not path or not Path(path).exists():
        return
    allowed = access if Path(path).is_dir() else access & _OF_A_FILE
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        library.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", allowed, descriptor), 0)
    finally:
        os.close(descriptor)


def _package() -> Path:
    return Path(__file__).resolve().parents[3]


# Network ----------------------------------------------------------------------------------------------------------


def _close_network(library: ctypes.CDLL) -> bool:
    """Refuse every socket but those of this machine; False where the kernel or the machine has no such filter."""
    known = _MACHINES.get(platform.machine())
    if known is None:
        return False
    program = b"".join(_filter(*known))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    return int(library.prctl(_SECCOMP, _FILTER, ctypes.byref(Program(len(program) // 8, program)), 0, 0)) == 0


def _filter(machine: int, socket: int) -> Iterable[bytes]:
    """The filter in the kernel's small language: load a word, jump, answer."""
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    refused, fine = 0x00050000 | _EPERM, 0x7FFF0000

    def step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
        return struct.pack("=HBBI", code, if_so, if_not, value)

    yield step(load, 4)  # which architecture
    yield step(equal, machine, 0, 6)
    yield step(load, 0)  # which call
    yield step(at_least, _OTHER_ABI, 4, 0)
    yield step(equal, _IO_URING_SETUP, 3, 0)
    yield step(equal, socket, 0, 3)
    yield step(load, 16)  # its first argument: the family
    yield step(equal, _AF_UNIX, 1, 0)
    yield step(answer, refused)
    yield step(answer, fine)


def without_secrets(environment: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The part of the environment that the work needs: where programs and words are, not what the server knows."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "SYSTEMROOT", "VITALFEW_DEBUG")
    return {name: value for name, value in environment if name in kept} | {"OPENBLAS_NUM_THREADS": "1"}

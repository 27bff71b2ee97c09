"""The limit on memory that a workspace sets."""

from __future__ import annotations

_UNITS = {"MB": 10**6, "GB": 10**9}


def bytes_of(memory: str) -> int:
    """An amount of memory such as 4GB in bytes."""
    return int(memory[:-2]) * _UNITS[memory[-2:]]

"""Whole numbers as addresses and forms bring them: of any length, and sometimes none."""

from __future__ import annotations

LARGEST = 2**63 - 1
"""The largest number that a table holds."""
_DIGITS = 18


def whole(text: str | None) -> int | None:
    """The number that a text is; None where it is none, or longer than any of ours.

    >>> whole("42"), whole("²"), whole("-1"), whole("9" * 5000), whole(None)
    (42, None, None, None, None)
    """
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= _DIGITS else None

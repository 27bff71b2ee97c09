"""A share as people read it."""

from __future__ import annotations


def percent(share: float, places: int = 0, *, signed: bool = False) -> str:
    """A share in percent.

    >>> percent(0.126), percent(1.5), percent(0.0031, 2), percent(0.02, 1, signed=True)
    ('13 %', '150 %', '0.31 %', '+2.0 %')
    """
    return f"{100 * share:{'+' if signed else ''},.{places}f} %".replace("-", "−")

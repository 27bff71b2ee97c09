"""Random streams keyed by names, so that adding, removing or reordering things changes no other thing's numbers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def stream(seed: int, *names: str) -> np.random.Generator:
    """The random stream of one thing, by its names: of a line and a factor, of a line's cost, of a weight."""
    digest = hashlib.sha256("/".join(names).encode()).digest()  # no key holds a slash
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def weight_numbers(seed: int, factors: Sequence[str], draws: int) -> tuple[Floats, Floats]:
    """What draws of weights are made from: uniform numbers `(draws,)` and normal ones, a row per factor."""
    normals = [stream(seed, "", "weight", factor).standard_normal(draws) for factor in factors]
    return stream(seed, "", "weights").uniform(size=draws), np.array(normals)

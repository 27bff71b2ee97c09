"""Random streams keyed by names, so that adding, removing or reordering things changes no other thing's numbers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_WORD = (1 << 32) - 1


def stream(seed: int, *names: str) -> np.random.Generator:
    """The random stream of one thing, by its names: of a line and a factor, of a line's cost, of a weight."""
    digest = hashlib.sha256("/".join(names).encode()).digest()  # no key holds a slash
    name = int.from_bytes(digest[:8], "big")
    # The words that numpy would make of [seed, name], made here: thousands of streams are begun in a run.
    words = np.array([*_words(seed), *_words(name)], dtype=np.uint32)
    return np.random.Generator(np.random.PCG64(words))


def _words(number: int) -> list[int]:
    """A whole number as words of 32 bits, the lowest first."""
    words = [number & _WORD]
    while number := number >> 32:
        words.append(number & _WORD)
    return words


def weight_numbers(seed: int, factors: Sequence[str], draws: int) -> tuple[Floats, Floats]:
    """What draws of weights are made from: uniform numbers `(draws,)` and normal ones, a row per factor."""
    normals = [stream(seed, "", "weight", factor).standard_normal(draws) for factor in factors]
    return stream(seed, "", "weights").uniform(size=draws), np.array(normals)

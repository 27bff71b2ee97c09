"""Nodes and weights of numerical integration, computed once."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@lru_cache(maxsize=32)
def legendre(nodes: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on -1 to 1, `(nodes,)` each."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    return x, weight


@lru_cache(maxsize=4)
def hermite(nodes: int) -> tuple[Floats, Floats]:
    """Gauss-Hermite nodes, with weights for a plain integral, `(nodes,)` each."""
    x, weight = np.polynomial.hermite.hermgauss(nodes)
    return x, weight * np.exp(x**2)

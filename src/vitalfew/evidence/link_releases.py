"""What releases that nobody drew by chance say of a link, beside what experiments say: shown, never averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.downgrades import IDENTIFIED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.joint import Joint
    from vitalfew.results.basics import Estimate

    Floats = NDArray[np.float64]

_ROUNDING = 1e-6  # of the largest variance: below, a direction is none that anything could be told of


def slope_of_releases(joint: Joint | None, child: str, parents: Sequence[str], parent: str) -> Estimate | None:
    """How much a child moved with one of its parents over releases, with 95 % interval, the others held fixed.

    None where too few releases were judged on all of these, or where they moved the parents too little to tell.

    Args:
        joint: of releases, whose placebos say how errors go together.
        child: the metric that moves.
        parents: those of it that are told together.
        parent: the one asked for.
    """
    if joint is None or parent not in parents or not {child, *parents} <= set(joint.corpus.metrics):
        return None
    own = [joint.corpus.at(name) for name in parents]
    target, place = joint.corpus.at(child), list(parents).index(parent)
    if _strength(joint, own) < IDENTIFIED:
        return None

    def slope(spread: Floats) -> float:
        return float((np.linalg.pinv(spread[np.ix_(own, own)], hermitian=True) @ spread[own, target])[place])

    return joint.interval(slope(joint.spread), 0.0, joint.doubt_of(slope))


def _strength(joint: Joint, parents: Sequence[int]) -> float:
    """By how much releases moved parents beyond noise: z of the direction that was moved least."""
    effects, noise = joint.corpus.effects[:, parents], joint.corpus.noise[:, parents][:, :, parents]
    told = np.isfinite(effects).all(axis=1) & np.isfinite(noise).all(axis=(1, 2))
    if not told.any():
        return 0.0
    values, vectors = np.linalg.eigh(noise[told])
    scale = np.sqrt(np.maximum(values, _ROUNDING * values[:, -1:]))
    whitened = np.einsum("kij,kj->ki", vectors, np.einsum("kji,kj->ki", vectors, effects[told]) / scale)
    least = float(np.linalg.eigvalsh(whitened.T @ whitened / len(whitened))[0])
    return (least - 1) * float(np.sqrt(len(whitened) / 2))

"""Numbers in, numbers out: moments, comparisons, intervals and trust tests. Nothing here knows a file or a database."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.stats.comparison import Comparison, VarianceMissing, compare
    from vitalfew.stats.moments import Moments
    from vitalfew.stats.sample_sizes import SampleRatio, sample_ratio
    from vitalfew.stats.shares import wilson

__all__ = ["Comparison", "Moments", "SampleRatio", "VarianceMissing", "compare", "sample_ratio", "wilson"]

_HOME = {
    "Comparison": "vitalfew.stats.comparison",
    "Moments": "vitalfew.stats.moments",
    "SampleRatio": "vitalfew.stats.sample_sizes",
    "VarianceMissing": "vitalfew.stats.comparison",
    "compare": "vitalfew.stats.comparison",
    "sample_ratio": "vitalfew.stats.sample_sizes",
    "wilson": "vitalfew.stats.shares",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import vitalfew` loads no numerical package."""
    if name not in _HOME:
        raise AttributeError(f"module 'vitalfew.stats' has no attribute '{name}'")
    found: object = getattr(import_module(_HOME[name]), name)
    return found

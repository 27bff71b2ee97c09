"""What data say: moments become effects with a grade, trust tests and one plain recommendation per experiment."""

from __future__ import annotations

from vitalfew.evidence.effects import effects
from vitalfew.evidence.health import health
from vitalfew.evidence.summaries import summaries

__all__ = ["effects", "health", "summaries"]

"""Detectors that read a workspace and its results and say what is wrong, why it matters, and one thing to do."""

from vitalfew.checks.registry import Check, Thresholds, View, registered, run

__all__ = ["Check", "Thresholds", "View", "registered", "run"]

"""The rows that other apps hold and hand back, but never query or change: a workspace, and a user."""

from __future__ import annotations

from vitalfew.server.core.models import User, Workspace

__all__ = ["User", "Workspace"]

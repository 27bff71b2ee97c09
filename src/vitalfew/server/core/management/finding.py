"""What commands of the server are about."""

from __future__ import annotations

from vitalfew.errors import UsageError, suggest
from vitalfew.server.core.models import Workspace


def workspace_called(key: str) -> Workspace:
    """The workspace with this key.

    Raises:
        UsageError: there is none.
    """
    row = Workspace.objects.filter(key=key).first()
    if row is None:
        names = Workspace.objects.values_list("key", flat=True)
        raise UsageError(f"there is no workspace '{key[:80]}'", hint=suggest(key[:80], names))
    return row

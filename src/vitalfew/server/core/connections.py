"""Connections of a process to the database."""

from __future__ import annotations

from typing import Any

from django.db import connection, connections


def let_go() -> None:
    """Close this thread's connection, and those of PostgreSQL that wait for the next thread that asks."""
    connection.close()
    if connection.vendor == "postgresql":
        wrapper: Any = connection  # its class cannot be named where there is no psycopg
        wrapper.close_pool()


def bound(seconds: int) -> None:
    """Have PostgreSQL end whatever this process asks of it that takes longer; before the first connection.

    SQLite knows no such bound. Processes that work on jobs or change tables ask for none.
    """
    settings: dict[str, Any] = connections.settings["default"]
    if settings["ENGINE"].endswith("postgresql") and seconds:
        settings["OPTIONS"]["options"] = f"-c statement_timeout={1_000 * seconds}"


def took_too_long(error: Exception) -> bool:
    """Whether the database ended a question because of its bound."""
    return type(error.__cause__).__name__ == "QueryCanceled"

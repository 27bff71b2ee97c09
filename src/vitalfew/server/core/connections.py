"""Connections of a process to the database."""

from __future__ import annotations

from typing import Any

from django.db import connection


def let_go() -> None:
    """Close this thread's connection, and those of PostgreSQL that wait for the next thread that asks."""
    connection.close()
    if connection.vendor == "postgresql":
        wrapper: Any = connection  # its class cannot be named where there is no psycopg
        wrapper.close_pool()

"""How often something may be done: counted in the cache, in windows of fixed length."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone


def count(name: str, seconds: int) -> int:
    """Count something once more; gives how often it was done in this window, this time included."""
    key = _key(name, seconds)
    cache.add(key, 0, timeout=2 * seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ended between the two
        return 1


def counted(name: str, seconds: int) -> int:
    """How often something was done in this window so far."""
    return int(cache.get(_key(name, seconds), 0))


def rest(seconds: int) -> int:
    """Seconds until a new window begins."""
    return seconds - int(time.time() % seconds)


def forget() -> None:
    """Remove counts of windows that are over, which the cache does by itself only once it is full."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {settings.CACHES['default']['LOCATION']} WHERE expires < %s", [now])


def _key(name: str, seconds: int) -> str:
    return f"{name}:{int(time.time() // seconds)}"

"""The application as web servers call it."""

from __future__ import annotations

import os
from importlib import import_module
from threading import Timer

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.signals import request_finished

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.server.settings")

from vitalfew.server.core.bounded import Bounded
from vitalfew.server.core.connections import bound

QUIET = 3.0
"""Seconds after the first answer: the first pages are out, and what programs ask for is made ready."""


def _make_ready(**_: object) -> None:
    """Have the operations of the API made, so that no program waits for that."""
    if request_finished.disconnect(_make_ready):
        ready = Timer(QUIET, import_module, ["vitalfew.server.api"])
        ready.daemon = True
        ready.start()


request_finished.connect(_make_ready)
bound(settings.CONFIG.request_seconds)
application = Bounded(get_asgi_application(), settings.CONFIG.upload_mb * 1_000_000)

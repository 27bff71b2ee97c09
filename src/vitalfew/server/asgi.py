"""The application as web servers call it."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.server.settings")

from vitalfew.server.core.bounded import Bounded

application = Bounded(get_asgi_application(), settings.CONFIG.upload_mb * 1_000_000)

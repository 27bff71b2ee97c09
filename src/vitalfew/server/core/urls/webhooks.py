"""Addresses of webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.urls.people import SETTINGS
from vitalfew.server.core.views import webhooks

if TYPE_CHECKING:
    from django.urls import URLPattern

_BASE = f"{SETTINGS}webhooks/"
_ONE = f"{_BASE}<int:webhook>/"

urlpatterns: list[URLPattern] = [
    route(_BASE, webhooks.index, "webhooks", Ability.ADMINISTER),
    route(f"{_ONE}test/", webhooks.test, "webhook-test", Ability.ADMINISTER),
    route(f"{_ONE}switch/", webhooks.switch, "webhook-switch", Ability.ADMINISTER),
    route(f"{_ONE}secret/", webhooks.rotate, "webhook-secret", Ability.ADMINISTER),
    route(f"{_ONE}remove/", webhooks.remove, "webhook-remove", Ability.ADMINISTER),
]

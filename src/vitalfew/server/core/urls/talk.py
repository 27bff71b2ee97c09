"""Addresses of talk and finding: search, what is behind a number, comments, mentions, undo and earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views import find, number, talk, undo

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}find/", find.find, "find", Ability.READ),
    route(f"{MINE}numbers/<slug:part>/<int:place>/", number.number, "number", Ability.READ),
    route(f"{MINE}comments/", talk.say, "comment-add", Ability.DISCUSS),
    route(f"{MINE}comments/people/", talk.people, "people-to-name", Ability.DISCUSS),
    route(f"{MINE}comments/<int:pk>/", talk.reword, "comment-edit", Ability.DISCUSS),
    route(f"{MINE}comments/<int:pk>/delete/", talk.withdraw, "comment-delete", Ability.DISCUSS),
    route(f"{MINE}mentions/", talk.mentions, "mentions", Ability.READ),
    route(f"{MINE}undo/<str:token>/", undo.undo, "undo", Ability.DISCUSS),
    route(f"{MINE}history/<int:history>/restore/", undo.restore, "restore", Ability.BET),
]

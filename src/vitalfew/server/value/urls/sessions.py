"""Addresses of value sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.value.views import live, minutes, rating, sessions

if TYPE_CHECKING:
    from django.urls import URLPattern

ONE = MINE + "sessions/<slug:key>/"

urlpatterns: list[URLPattern] = [
    route(MINE + "sessions/", sessions.session_list, "sessions", Ability.READ),
    route(MINE + "sessions/new/", sessions.new_session, "new-session", Ability.FACILITATE),
    route(ONE, sessions.session, "session", Ability.READ),
    route(ONE + "events/", live.session_events, "session-events", Ability.READ),
    route(ONE + "live/", sessions.session_live, "session-live", Ability.READ),
    route(ONE + "projector/", sessions.projector, "session-projector", Ability.FACILITATE),
    route(ONE + "step/", sessions.session_step, "session-step", Ability.FACILITATE),
    route(ONE + "people/", sessions.session_people, "session-people", Ability.FACILITATE),
    route(ONE + "factors/", sessions.session_factors, "session-factors", Ability.FACILITATE),
    route(ONE + "minutes/", minutes.session_minutes, "session-minutes", Ability.FACILITATE),
    route(ONE + "rate/", rating.rate_as_member, "session-rate", Ability.RATE),
    route("rate/", rating.rate, "rate", Access.LINK),
    route("rate/answer/", rating.rate_answer, "rate-answer", Access.LINK),
    route("rate/events/", live.rater_events, "rate-events", Access.LINK),
    route("rate/<str:secret>/", rating.rate_link, "rate-link", Access.LINK),
    route("join/<str:code>/", rating.join, "join", Access.LINK),
]

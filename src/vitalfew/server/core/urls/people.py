"""Addresses of people: members, invitations, tokens, audit, settings, one's own account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.views import account, audit, owners, people, settings, tokens, ways_in
from vitalfew.server.core.views.people import post_only

if TYPE_CHECKING:
    from django.urls import URLPattern

SETTINGS = f"{MINE}settings/"
_OWN = f"{MINE}settings/tokens/"
_PEOPLE = f"{MINE}settings/people/"

urlpatterns: list[URLPattern] = [
    route("setup/<str:secret>/", ways_in.setup, "setup", Access.LINK),
    route("invitation/<str:secret>/", ways_in.join, "invitation", Access.LINK),
    route("password/<str:secret>/", ways_in.choose_password, "choose-password", Access.LINK),
    route("account/", account.account, "account", Access.SIGNED_IN),
    route("account/colours/", post_only(account.theme), "account-theme", Access.SIGNED_IN),
    route("account/sessions/end/", post_only(account.end_sessions), "end-sessions", Access.SIGNED_IN),
    route("account/export/", account.export, "account-export", Access.SIGNED_IN),
    route(f"{MINE}me/erase/", account.erase, "erase-me", Ability.READ),
    route(SETTINGS, settings.index, "settings", Ability.READ),
    route(f"{SETTINGS}workspace/", settings.workspace, "workspace-settings", Ability.ADMINISTER),
    route(f"{SETTINGS}workspace/second-factor/", settings.second_factor, "second-factor", Ability.ADMINISTER),
    route(f"{SETTINGS}owners/", owners.index, "owners", Ability.ADMINISTER),
    route(f"{SETTINGS}owners/<slug:kind>/", owners.change, "owner-change", Ability.ADMINISTER),
    route(_PEOPLE, people.index, "people", Ability.ADMINISTER),
    route(f"{_PEOPLE}<int:user>/", post_only(people.change), "member-change", Ability.ADMINISTER),
    route(f"{_PEOPLE}<int:user>/remove/", post_only(people.remove), "member-remove", Ability.ADMINISTER),
    route(f"{_PEOPLE}<int:user>/password/", post_only(people.password), "member-password", Ability.ADMINISTER),
    route(
        f"{_PEOPLE}invitations/<int:link>/revoke/", post_only(people.revoke), "invitation-revoke", Ability.ADMINISTER
    ),
    route(f"{_PEOPLE}invitations/<int:link>/renew/", post_only(people.renew), "invitation-renew", Ability.ADMINISTER),
    route(f"{_PEOPLE}links/<int:link>/end/", post_only(people.end_link), "rater-link-end", Ability.ADMINISTER),
    route(_OWN, tokens.index, "tokens", Ability.READ),
    route(f"{_OWN}<int:token>/revoke/", post_only(tokens.revoke), "token-revoke", Ability.READ),
    route(f"{SETTINGS}audit/", audit.index, "audit", Ability.ADMINISTER),
]

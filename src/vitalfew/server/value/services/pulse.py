"""The pulse: two questions answered by members and by personal link, each answer an act under a pseudonym."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from vitalfew.judgement import recording
from vitalfew.server.core.persons import address_in
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.links import make_link, refuse_members, replaced
from vitalfew.server.core.services.opened import Opened
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.server.core.access import Place
    from vitalfew.workspace.chain import Act

PULSE = "pulse"


def answer(where: Place | Opened, factor: str | None, metric: str | None, team: str | None) -> Act:
    """Record what a member, or whoever came by a personal link, answers; the latest answer in a quarter counts.

    Raises:
        UsageError: a factor, metric or team is unknown, or there is no factor.
    """
    voice = where.voice if isinstance(where, Opened) else voice_of_user(where.user)
    return recording.pulse(acting(where.workspace), voice, factor, metric, team=team)


def ask(place: Place, people: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Make a personal link for each of some people, by name or e-mail address; gives names and secrets.

    Raises:
        UsageError: somebody is a member, who answers signed in.
    """
    refuse_members(place.workspace, people)
    with transaction.atomic():
        return tuple(
            (
                person,
                make_link(
                    PULSE,
                    place.workspace,
                    place.user,
                    about=VALUE_MODEL,
                    name=person[:120],
                    email=address_in(person),
                    speaks_as=replaced(place.workspace, PULSE, VALUE_MODEL, person[:120], place.user),
                ),
            )
            for person in people
        )

"""Voices and the persons behind them: who speaks in the log of a workspace, and which voices are one person's."""

from __future__ import annotations

from collections import defaultdict
from itertools import batched
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db.models import Q

from vitalfew.server.core.models import Link, User, Workspace
from vitalfew.workspace.people import LONGEST_NAME, PSEUDONYM, keyed_pseudonym, same_person
from vitalfew.workspace.sealed import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

LONGEST_ADDRESS = 254
_FORGOTTEN = f"^{PSEUDONYM.pattern}$"


def voice_of_user(user: User) -> str:
    """By what the log tells a user from others, before it makes a pseudonym of it."""
    return _of_account(user.pk)


def voice_of_link(link_pk: int) -> str:
    """The same of whoever came by a personal link."""
    return f"link:{link_pk}"


def address_in(person: str) -> str:
    """The e-mail address as which somebody is named; empty where the name is none that is ever written to."""
    return person if "@" in person and len(person) <= LONGEST_ADDRESS else ""


def same_people(workspace: int) -> dict[str, str]:
    """Pseudonyms that are known to be of one person, each with the one that stands for all of that person's.

    Known is the address that a personal link was made for: whoever has an account of it, or was asked by it before, is
    the same person. Nothing is known of an account whose address its holder chose without proof. Without an address the
    name is, among those who were asked to forecast and for the pulse; in value sessions a name keeps its voice from the
    start (`sessions.invite`). Of a link without both nothing is known.
    """
    links = Link.objects.filter(telling(), workspace=workspace).order_by("pk")
    asked = list(links.values_list("pk", "speaks_as", "name", "email"))
    if not asked:
        return {}
    key = bytes.fromhex(Workspace.objects.values_list("people_key", flat=True).get(pk=workspace))
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for pk, speaks_as, name, email in asked:
        found[_hashed(key, email or name)].setdefault(voice_of_link(speaks_as or pk))
    addresses = {same_person(email or name) for _, _, name, email in asked}
    users = _proven_users(workspace, (address for address in addresses if "@" in address))
    accounts = {_hashed(key, email): _of_account(pk) for pk, email in users.items()}
    people = [[*([accounts[who]] if who in accounts else ()), *voices] for who, voices in found.items()]
    hashed = ([keyed_pseudonym(key, voice) for voice in voices] for voices in people if len(voices) > 1)
    return {other: one for one, *others in hashed for other in others}


def is_proven(user: User) -> bool:
    """Whether somebody vouches that the address of an account is its holder's."""
    return not EmailAddress.objects.filter(user=user, verified=False).exists()


def telling() -> Q:
    """Links that tell who answers by them."""
    named = Q(name__contains="@") | ~Q(email="") | Q(name__regex=_FORGOTTEN)
    return Q(purpose__in=Link.RATERS) & (named | (~Q(purpose=Link.Purpose.SESSION) & ~Q(name="")))


def forget_names(ended_before: datetime) -> None:
    """Forget whom links were for that ended before a moment; a keyed hash still tells which were one person's.

    Links that nobody opened go altogether.
    """
    ended = Link.objects.filter(expires_at__lt=ended_before)
    opened = ended.filter(telling()).exclude(opened_at=None, used_at=None)
    ended.exclude(pk__in=opened.values("pk")).delete()
    for link in opened.exclude(name__regex=_FORGOTTEN, email="").select_related("workspace"):
        if link.workspace is not None:
            link.name, link.email = _hashed(bytes.fromhex(link.workspace.people_key), link.email or link.name), ""
            link.save(update_fields=["name", "email"])


def _proven_users(workspace: int, addresses: Iterable[str]) -> dict[int, str]:
    """Addresses of members and of whoever else has one of these, by number of the account; those that are proven."""
    proven = User.objects.exclude(emailaddress__verified=False)
    found = dict(proven.filter(memberships__workspace=workspace).values_list("pk", "email"))
    for some in batched(addresses, AT_ONCE):
        found |= proven.filter(email__in=some).values_list("pk", "email")
    return found


def _hashed(key: bytes, known_as: str) -> str:
    return keyed_pseudonym(key, same_person(known_as)[:LONGEST_NAME])


def _of_account(user_pk: int) -> str:
    return f"user:{user_pk}"

"""Personal tokens of the API: random, shown once, kept as a hash, with scopes, until they expire or are revoked."""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Token
from vitalfew.server.core.roles import Ability, Role
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.links import hashed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.server.core.models import User, Workspace

PREFIX = "vf_"
LONGEST_DAYS = 366
_LENGTH = len(PREFIX) + 43 + 8  # 32 random bytes as text, and a checksum
_SHOWN = 10
_NOTED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token lets a program do, never more than its person may."""

    READ = "read"
    ACT = "act"
    DEFINE = "define"
    ADMIN = "admin"

    @property
    def abilities(self) -> frozenset[Ability]:
        """All that this scope allows."""
        return _ABILITIES[self]

    @property
    def meaning(self) -> str:
        """The scope in a sentence."""
        return _MEANINGS[self]


_ABILITIES = {
    Scope.READ: frozenset({Ability.READ}),
    Scope.ACT: frozenset({Ability.READ, Ability.RATE, Ability.DISCUSS, Ability.BET}),
    Scope.DEFINE: frozenset({Ability.READ, Ability.BET, Ability.FACILITATE, Ability.DEFINE}),
    Scope.ADMIN: frozenset(Ability),
}
_MEANINGS = {
    Scope.READ: "reads what you may read",
    Scope.ACT: "judges, forecasts, locks, decides and comments in your name",
    Scope.DEFINE: "changes definitions you may change",
    Scope.ADMIN: "does everything you may do, people and settings included",
}


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who sent a token, and what it allows. `workspace_id` None: every workspace of the person."""

    token_id: int
    user: User
    workspace_id: int | None
    scopes: frozenset[Scope]

    def abilities(self, role: Role | str) -> frozenset[Ability]:
        """What it allows where its person has this role."""
        given: frozenset[Ability] = frozenset().union(*(scope.abilities for scope in self.scopes))
        return given & Role(role).abilities

    def reaches(self, workspace: Workspace) -> bool:
        """Whether it opens this workspace."""
        return self.workspace_id is None or self.workspace_id == workspace.pk


def make(
    user: User, name: str, scopes: Iterable[Scope | str], *, days: int = 90, workspace: Workspace | None = None
) -> str:
    """Make a token and give its secret, which is shown once and not kept.

    Args:
        user: whose.
        name: what it is for.
        scopes: what it allows; at least one.
        days: for how long, 1 to 366.
        workspace: the only one it opens; None: all of the user.

    Raises:
        UsageError: no name, no scope, or a term out of range.
    """
    wanted = sorted({Scope(scope).value for scope in scopes})
    if not name.strip() or not wanted or not 1 <= days <= LONGEST_DAYS:
        raise UsageError(
            "a token needs a name, a scope and a term",
            expected=f"scopes read, act, define, admin; 1 to {LONGEST_DAYS} days",
        )
    body = PREFIX + secrets.token_urlsafe(32)
    secret = body + _checksum(body)
    expires = timezone.now() + timedelta(days=days)
    Token.objects.create(
        user=user,
        workspace=workspace,
        name=name.strip()[:120],
        prefix=secret[:_SHOWN],
        hash=hashed(secret),
        scopes=wanted,
        expires_at=expires,
    )
    note(workspace, user, "token made", name.strip(), scopes=wanted, expires=expires.date().isoformat())
    return secret


def find(secret: str) -> Bearer | None:
    """Who sent this token; None when it is none, or revoked, or expired, or its person may no longer sign in.

    Notes when it was used, to the minute.
    """
    if len(secret) != _LENGTH or not secret.startswith(PREFIX) or secret[-8:] != _checksum(secret[:-8]):
        return None
    now = timezone.now()
    found = (
        Token.objects.select_related("user")
        .filter(hash=hashed(secret), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if found is None:
        return None
    if found.last_used_at is None or now - found.last_used_at > _NOTED_EVERY:
        Token.objects.filter(pk=found.pk).update(last_used_at=now)
    scopes = frozenset(Scope(scope) for scope in found.scopes)
    return Bearer(found.pk, found.user, found.workspace_id, scopes)


def revoke(user: User, token_id: int) -> bool:
    """End a token of one's own at once; False when there is none of that number that works."""
    found = Token.objects.filter(pk=token_id, user=user, revoked_at=None).first()
    if found is None:
        return False
    Token.objects.filter(pk=found.pk).update(revoked_at=timezone.now())
    note(found.workspace, user, "token revoked", found.name)
    return True


def _checksum(text: str) -> str:
    """Lets a mistyped or cut token be seen without asking the database, and scanners tell tokens from noise."""
    return f"{zlib.crc32(text.encode()):08x}"

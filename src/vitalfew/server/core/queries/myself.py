"""What the server keeps about one person, for that person alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.usersessions.models import UserSession
from django.utils import timezone

from vitalfew.server.core.models import AuditEntry, Comment, Definition, Member, Token

if TYPE_CHECKING:
    from datetime import datetime

    from vitalfew.server.core.models import User

_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl")
_NAMES = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux")


@dataclass(frozen=True, slots=True)
class Session:
    """Where somebody is signed in."""

    browser: str
    address: str
    since: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A token as its owner sees it: never the secret."""

    id: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    where: str
    made_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    works: bool
    state: str


def sessions(user: User, current: str | None) -> tuple[Session, ...]:
    """Where somebody is signed in, newest first."""
    rows = UserSession.objects.purge_and_list(user)
    return tuple(
        Session(_browser(row.user_agent), row.ip, row.created_at, row.session_key == current)
        for row in sorted(rows, key=lambda row: row.created_at, reverse=True)
    )


def tokens(user: User) -> tuple[OwnToken, ...]:
    """Somebody's tokens, newest first; those that ended stay in the list."""
    rows = Token.objects.filter(user=user).select_related("workspace").order_by("-created_at")
    return tuple(_token(row) for row in rows)


def kept(user: User) -> dict[str, Any]:
    """All that is kept about somebody, as plain data; what they said is added by workspace."""
    members = Member.objects.filter(user=user).select_related("workspace")
    comments = Comment.objects.filter(author=user, deleted_at=None).select_related("workspace")
    return {
        "account": {
            "email": user.email,
            "name": user.name,
            "colours": user.theme,
            "since": user.date_joined,
            "last_signed_in": user.last_login,
        },
        "workspaces": [
            {
                "workspace": row.workspace.key,
                "role": row.role,
                "team": row.team,
                "group": row.group,
                "since": row.joined_at,
            }
            for row in members
        ],
        "sessions": [
            {"browser": row.browser, "address": row.address, "since": row.since} for row in sessions(user, None)
        ],
        "tokens": [
            {"name": row.name, "scopes": row.scopes, "made": row.made_at, "last_used": row.last_used_at}
            for row in tokens(user)
        ],
        "comments": [
            {"workspace": row.workspace.key, "about": f"{row.kind}.{row.about}", "text": row.text, "at": row.at}
            for row in comments
        ],
        "definitions_edited_last": [
            f"{row.workspace.key}: {row.kind}.{row.key}"
            for row in Definition.objects.filter(updated_by=user).select_related("workspace")
        ],
        "audit": [
            {"at": row.at, "action": row.action, "subject": row.subject, "detail": row.detail}
            for row in AuditEntry.objects.filter(actor=user)
        ],
    }


def _token(row: Token) -> OwnToken:
    expired = row.expires_at is not None and row.expires_at <= timezone.now()
    state = "revoked" if row.revoked_at else "expired" if expired else "works"
    where = row.workspace.name if row.workspace else "all your workspaces"
    return OwnToken(
        row.pk,
        row.name,
        row.prefix,
        tuple(row.scopes),
        where,
        row.created_at,
        row.expires_at,
        row.last_used_at,
        state == "works",
        state,
    )


def _browser(agent: str) -> str:
    browser = next((name for name in _BROWSERS if name in agent), "A browser")
    system = next((name for name in _SYSTEMS if name in agent), "")
    name = _NAMES.get(browser, browser)
    return f"{name} on {system}" if system else name

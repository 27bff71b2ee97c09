"""Personal links that are open: the secret leaves the address at once, a signed cookie stands for it for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from vitalfew.server.core.models import Link
from vitalfew.server.core.services.acts import voice_of_link
from vitalfew.server.core.services.links import find_link

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.models import Workspace

_ANSWERED = ":answered"


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody who came by a personal link: where to, about what, and by which voice the log tells them from others.

    `until`: when the link ends. `here`: this browser opened it before. `answered`: in this browser, since the link was
    opened in it; what was said is shown there only, since a link that took the place of another speaks by its voice.
    """

    link: int
    workspace: Workspace
    about: str
    name: str
    voice: str
    until: datetime
    here: bool = False
    answered: bool = False


def open_link(request: HttpRequest, secret: str, purpose: str) -> Opened | None:
    """A link by its secret; None where it does not exist, has ended, or was opened in another browser."""
    link = find_link(secret, purpose)
    if link is None or link.workspace is None:
        return None
    known = still_open(request, purpose)
    if known is not None and known.link == link.pk:
        return known
    return _opened(link, link.workspace) if link.opened_at is None else None


def begin(opened: Opened) -> bool:
    """Bind a link to the browser that asks; False when another was faster."""
    return bool(Link.objects.filter(pk=opened.link, opened_at=None).update(opened_at=timezone.now()))


def keep_open(answer: HttpResponse, opened: Opened, purpose: str, path: str, *, answered: bool = False) -> None:
    """Let a signed cookie stand for an open link, below one path only, and for that it was answered here."""
    answer.set_signed_cookie(
        _cookie(purpose),
        f"{opened.link}{_ANSWERED if answered else ''}",
        salt=purpose,
        max_age=max(int((opened.until - timezone.now()).total_seconds()), 0),
        path=path,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def still_open(request: HttpRequest, purpose: str) -> Opened | None:
    """The link that the cookie of a request stands for, if it still holds."""
    given = request.get_signed_cookie(_cookie(purpose), default="", salt=purpose)
    number, mark, _ = (given or "").partition(_ANSWERED)
    if not number:
        return None
    link = Link.objects.select_related("workspace").filter(
        pk=number, purpose=purpose, used_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
    found = link.first()
    if found is None or found.workspace is None:
        return None
    return replace(_opened(found, found.workspace), here=True, answered=bool(mark))


def asked(workspace: Workspace, purpose: str, about: str) -> tuple[int, int]:
    """How many links about something were handed out, and how many of them were opened."""
    links = Link.objects.filter(workspace=workspace, purpose=purpose, about=about, revoked_at=None)
    return links.count(), links.exclude(opened_at=None).count()


def _cookie(purpose: str) -> str:
    return f"vitalfew-{purpose}"


def _opened(link: Link, workspace: Workspace) -> Opened:
    voice = voice_of_link(link.speaks_as or link.pk)
    return Opened(link.pk, workspace, link.about, link.name, voice, link.expires_at)

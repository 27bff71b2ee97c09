"""Accounts: the first admin, new passwords, sessions, one's own name and colours."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Link, Member, Token, User, Workspace
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.links import NoSuch, make_link, use_up
from vitalfew.server.core.services.members import add_member

THEMES = ("system", "light", "dark")


def new_user(email: str, name: str, password: str | None, *, is_proven: bool = True) -> User:
    """Make an account; without a password only a provider lets its person in.

    Args:
        email: its address.
        name: as others see it.
        password: with which its person signs in.
        is_proven: whether somebody vouches for the address; else whoever came by an open link has chosen it.

    Raises:
        UsageError: the address has an account already.
        ValidationError: the password is too weak.
    """
    address = User.objects.normalize_email(email).casefold()
    if password is not None:
        validate_password(password, User(email=address, name=name))
    try:
        with transaction.atomic():
            user = User.objects.create_user(address, password, name=name.strip())
    except IntegrityError:
        raise UsageError(f"{address} has an account already", hint="sign in with it") from None
    EmailAddress.objects.create(user=user, email=address, primary=True, verified=is_proven)
    return user


def prove(user: User, *, keep_password: bool = False) -> None:
    """Note that an address belongs to whoever shows it now. Whoever chose it before without proof keeps no way in.

    Args:
        user: whose address was shown to be theirs.
        keep_password: whether the password was set by whoever showed it.
    """
    with transaction.atomic():
        if not EmailAddress.objects.filter(user=user, verified=False).update(verified=True):
            return
        Authenticator.objects.filter(user=user).delete()
        Token.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
        if not keep_password:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        note(None, user, "address proven", str(user))
    end_sessions(user)


def is_set_up() -> bool:
    """Whether there is an account: from then on nobody becomes admin by a link of the console."""
    return User.objects.exists()


def first_address(server: str) -> str:
    """Where the first admin makes an account, once; empty when there is an account.

    The path is that of the page `setup`: the table of all pages takes a second to load, which starting does without.
    """
    return "" if is_set_up() else f"{server.rstrip('/')}/setup/{make_link('setup')}/"


def set_up(link: Link, email: str, name: str, password: str) -> User:
    """Make the first admin of this server, and of every workspace it has.

    Raises:
        UsageError: there is an account already, or the link was used meanwhile.
        ValidationError: the password is too weak.
    """
    with transaction.atomic():
        if not use_up(link) or is_set_up():
            raise UsageError("this server has an admin already", hint="sign in, or ask for an invitation")
        user = new_user(email, name, password)
        for workspace in Workspace.objects.all():
            add_member(workspace, user, Role.ADMIN, by=user)
        note(None, user, "server set up", str(user))
    return user


def make_password_link(workspace: Workspace, user_id: int, *, by: User) -> str:
    """Make a link with which a member who forgot the password chooses a new one; gives its secret.

    Raises:
        NoSuch: there is no such member.
        UsageError: the person is in a workspace that `by` does not administer: its admins would be passed over.
    """
    member = Member.objects.select_related("user").filter(workspace=workspace, user_id=user_id).first()
    if member is None:
        raise NoSuch("there is no such member in this workspace")
    if _reaches_beyond(user_id, by):
        raise UsageError(
            f"{member.user} is also in a workspace that you do not administer",
            hint="an admin of all their workspaces can make this link",
        )
    secret = make_link(Link.Purpose.PASSWORD, workspace, by, about=str(user_id))
    note(workspace, by, "password link made", str(member.user))
    return secret


def _reaches_beyond(user_id: int, by: User | None) -> bool:
    """Whether somebody is in a workspace that another does not administer."""
    theirs = Member.objects.filter(user_id=user_id).values("workspace")
    administered = Member.objects.filter(user=by, role=Role.ADMIN).values("workspace")
    return Member.objects.filter(workspace__in=theirs).exclude(workspace__in=administered).exists()


def choose_password(link: Link, password: str) -> User:
    """Set the password of whom a link was made for. All their sessions end.

    Raises:
        UsageError: the link was used meanwhile, or its person has joined a workspace of others since.
        ValidationError: the password is too weak.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=int(link.about))
        validate_password(password, user)
        if _reaches_beyond(user.pk, link.made_by):
            raise UsageError("this link no longer serves: you joined another workspace since", hint="ask for a new one")
        if not use_up(link):
            raise UsageError("this link was used already", hint="ask for a new one")
        user.set_password(password)
        user.save(update_fields=["password"])
        note(link.workspace, user, "password changed", str(user), by="link")
    end_sessions(user)
    return user


def end_sessions(user: User, *, keep: str | None = None) -> int:
    """End the sessions of a user, all but the one with this key; gives how many ended."""
    ended = 0
    for session in UserSession.objects.filter(user=user).exclude(session_key=keep or ""):
        session.end()
        ended += 1
    return ended


def change_account(user: User, *, name: str, theme: str) -> None:
    """Set one's own name and colours.

    Raises:
        UsageError: there are no such colours.
    """
    if theme not in THEMES:
        raise UsageError(f"there are no colours '{theme}'", expected=", ".join(THEMES))
    User.objects.filter(pk=user.pk).update(name=name.strip()[:120], theme=theme)

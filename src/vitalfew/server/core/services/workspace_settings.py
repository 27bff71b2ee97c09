"""Changing what a workspace is called, its units, and what its members need to come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction

from vitalfew.errors import UsageError
from vitalfew.server.core.models import Workspace
from vitalfew.server.core.services import definitions
from vitalfew.server.core.services.audit import note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.server.core.models import User


def describe(row: Workspace, given: Mapping[str, Any], *, by: User) -> None:
    """Set name, currency and time zone.

    Args:
        row: the workspace.
        given: `name`, `currency` (may be ''), `time_zone`, and the `version` they rest on.
        by: who does it.

    Raises:
        FolderOwned: they stand in a file of the folder.
        Conflict: somebody else changed them meanwhile.
        DefinitionError: one of them cannot be.
    """
    body = {"name": given["name"], "time_zone": given["time_zone"]}
    if given["currency"]:
        body["currency"] = given["currency"].upper()
    with transaction.atomic():
        definitions.save(row, "workspace", "", body, by=by, version=given["version"])
        Workspace.objects.filter(pk=row.pk).update(name=given["name"])
        note(row, by, "workspace described", given["name"])
    row.name = given["name"]


def hold(row: Workspace) -> None:
    """Let nobody else change what a workspace needs until the transaction ends; `row` then says what it needs."""
    Workspace.objects.select_for_update(no_key=True).get(pk=row.pk)
    row.refresh_from_db(fields=["needs_second_factor"])


def need_second_factor(row: Workspace, *, needed: bool, by: User) -> None:
    """Open a workspace only to members with a second factor, or to all of them again.

    Raises:
        UsageError: whoever asks has none, and would be shut out.
    """
    if needed and not is_mfa_enabled(by):
        raise UsageError("you have no second factor yourself", hint="set one up in your account first")
    with transaction.atomic():
        Workspace.objects.filter(pk=row.pk).update(needs_second_factor=needed)
        note(row, by, "second factor needed" if needed else "second factor no longer needed")
    row.needs_second_factor = needed

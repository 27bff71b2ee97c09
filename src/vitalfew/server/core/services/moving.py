"""Definitions of a workspace out of the server and into it: planned first, then changed all at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from vitalfew.errors import UsageError
from vitalfew.pipeline.changing import change_plan
from vitalfew.server.core.journal import TableJournal, part_of
from vitalfew.server.core.models import ActRecord
from vitalfew.server.core.models import Workspace as WorkspaceRow
from vitalfew.server.core.persons import same_people
from vitalfew.server.core.queries.acts import PERSONAL, pseudonym_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.acts import voice_of_user
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.definitions import change
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.changes import differences, entries_of, merged
from vitalfew.workspace.exporting import files_of, known

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from vitalfew.server.core.models import User
    from vitalfew.server.core.services.definitions import Saved
    from vitalfew.workspace.changes import Change, ChangePlan
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.log_copies import LogCopy


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that is not made yet: what it means, what would be saved, and at which stamp that was worked out.

    `voices`: pseudonyms of those whose acts are new; `saved`: what was saved once it is made.
    """

    plan: ChangePlan
    bodies: dict[tuple[str, str], dict[str, Any] | None]
    acts: LogCopy | None
    new_acts: int
    voices: frozenset[str]
    stamp: int
    saved: tuple[Saved, ...] = ()


def propose(row: WorkspaceRow, after: Definitions, acts: LogCopy | None = None) -> Proposal:
    """Say what it means to let a workspace define something else.

    Args:
        row: the workspace.
        after: all it would define; `workspace.changes.merged` lays other definitions over those that stand.
        acts: a log to go on with.

    Raises:
        ActError: that log does not continue the one here.
    """
    row.refresh_from_db(fields=["stamp", "acts_count"])
    if acts is not None:
        acts.refuse_shorter(row.acts_count)
    standing = loaded(row).workspace
    changes = tuple(differences(standing.definitions, after))
    entries = entries_of(after)
    bodies = {(one.kind, one.key): entries[one.kind].get(one.key) for one in changes}
    plan = change_plan(replace(standing, acts=_acts_behind(row, changes), journal=TableJournal(row.pk)), after)
    new = ActLog(acts.beyond(TableJournal(row.pk).read()) if acts else ())
    return Proposal(plan, bodies, acts, len(new.acts), new.people, row.stamp)


def propose_from(
    row: WorkspaceRow,
    source: Definitions,
    kinds: Collection[str] = (),
    *,
    prune: bool = False,
    acts: LogCopy | None = None,
) -> Proposal:
    """The same for definitions of another workspace, laid over those that stand; see `workspace.changes.merged`.

    Raises:
        UsageError: there is no such kind.
        ActError: as for `propose`.
    """
    known(kinds)
    return propose(row, merged(loaded(row).workspace.definitions, source, kinds or None, prune=prune), acts)


def accept(
    row: WorkspaceRow, proposal: Proposal, *, by: User | None, heard: Callable[[str, int], object] | None = None
) -> Proposal:
    """Make a proposed change, all of it or nothing; gives it with what was saved.

    Args:
        row: the workspace.
        proposal: what was proposed.
        by: who makes it.
        heard: told how far the log is, as `TableJournal` tells it; what it raises ends all of it.

    Raises:
        UsageError: the workspace has changed since it was proposed.
        FolderOwned: a kind belongs to the folder.
        DefinitionError: definitions would be wrong afterwards.
    """
    with transaction.atomic():
        held = WorkspaceRow.objects.select_for_update(no_key=True).get(pk=row.pk)
        if held.stamp != proposal.stamp:
            raise UsageError("the workspace was changed while you looked at the plan", hint="look at the new plan")
        saved = change(held, proposal.bodies, by=by) if proposal.bodies else ()
        journal = TableJournal(held.pk, heard) if heard else TableJournal(held.pk)
        if proposal.acts is not None and journal.take(proposal.acts):
            note(held, by, "acts taken over", str(proposal.new_acts))
    row.refresh_from_db()
    return replace(proposal, saved=saved)


def exported(
    row: WorkspaceRow, kinds: Collection[str] = (), *, with_acts: bool = False, by: User | None = None
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files of a folder that holds the same workspace, by name, one after another; its acts only when asked for.

    With `by`, somebody takes it away in a browser: what others judged and forecast stays here, as if it were erased.

    Raises:
        UsageError: there is no such kind.
        ActError: the log is damaged.
    """
    for name, content in files_of(loaded(row).workspace.definitions, kinds).items():
        yield name, (content,)
    if with_acts:
        yield from TableJournal(row.pk).files(_readable(row, by) if by else None)
    note(row, by, "exported", "definitions and acts" if with_acts else "definitions")


def _readable(row: WorkspaceRow, reader: User) -> Q:
    """The acts of which one person may read what they say: their own and everybody's."""
    return Q(act__by=pseudonym_of(row, voice_of_user(reader))) | ~Q(act__kind__in=PERSONAL)


def _acts_behind(row: WorkspaceRow, changes: Iterable[Change]) -> ActLog:
    """The acts that a change may take the ground from: all locks, and what was forecast and judged of what changes."""
    wanted = Q(kind="lock")
    for one in changes:
        if one.kind == "hypotheses":
            wanted |= Q(kind="forecast", about=one.key)
        elif one.kind == "factors":
            wanted |= Q(kind="judgement")
    return replace(part_of(ActRecord.objects.filter(wanted, workspace=row).order_by("n")), same=same_people(row.pk))

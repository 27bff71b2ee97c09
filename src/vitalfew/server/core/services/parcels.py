"""A workspace as one file: packed to be taken away; kept, unpacked, looked at and applied when one is brought.

What is brought lies in a folder of whoever brought it to a workspace: `TOKEN.packed` as it came, `TOKEN` once it is
unpacked, and beside that how many files were left out and the plans that were worked out. What is short is unpacked at
once, all else by the worker.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import shutil
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings

from vitalfew.errors import UsageError
from vitalfew.server.core.bounded import ORDINARY
from vitalfew.server.core.models import Link, User
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.acts import voice_of_link, voice_of_user
from vitalfew.server.core.services.moving import accept, propose_from
from vitalfew.server.core.services.reading import read
from vitalfew.server.core.services.storage import offered, offered_by, refuse_if_full
from vitalfew.server.core.working.order import Bounds, Order
from vitalfew.server.core.working.unpacking import MOST_DEFINED, WHOLE, keep_packed, unpack
from vitalfew.server.core.working.watch import watched
from vitalfew.server.core.zipping import write_zip
from vitalfew.workspace.acts import LOG
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.people import keyed_pseudonym
from vitalfew.workspace.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.core.files.uploadedfile import UploadedFile

    from vitalfew.server.core.models import Workspace
    from vitalfew.server.core.services.moving import Proposal
    from vitalfew.workspace.definitions import Definitions

MOST_TIMES = 5
"""How many times larger than an upload may be what is unpacked of it; a log shrinks to about a third."""
_KEPT = 24 * 3600
_MEMORY = 2 << 30
_FILE = 4 << 30
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,60}")
_PACKED, _LEFT_OUT, _GONE = ".packed", ".left-out", ".gone"
_one_at_a_time = Lock()


class Watching(Protocol):
    """Somebody who is told how far long work is, and may raise to end it (`table_work.Watch`)."""

    def look(self, *_: object) -> object:
        """Asked a few times a second."""
        ...

    def step(self, step: str, done: int = 0, total: int = 0) -> None:
        """What is done now, and how far that is."""
        ...


class Unwatched:
    """Nobody: somebody waits for a short piece of work."""

    def look(self, *_: object) -> None:
        """Go on."""

    def step(self, step: str, done: int = 0, total: int = 0) -> None:
        """Go on."""


UNWATCHED = Unwatched()


@dataclass(frozen=True, slots=True)
class How:
    """How definitions are applied: whether what is not among them is removed, whether the log of acts is taken on."""

    prune: bool = False
    acts: bool = False

    def arguments(self, token: str) -> dict[str, Any]:
        """What a job on an offer is told."""
        return {"token": token, "prune": self.prune, "acts": self.acts}


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying would mean, in sentences.

    `anything`: whether it would change something at all; `left_out`: files that are neither definitions nor the log.
    """

    stamp: int
    sentences: tuple[str, ...]
    in_the_way: tuple[str, ...]
    new_acts: int
    anything: bool
    left_out: int = 0


def packed(files: Mapping[str, bytes], *, shrunk: bool = True) -> bytes:
    """Files as a zip, the same bytes for the same files; `shrunk`: smaller than they are."""
    held = io.BytesIO()
    write_zip(held, ((name, (content,)) for name, content in sorted(files.items())), shrunk=shrunk)
    return held.getvalue()


def offer(row: Workspace, uploads: Sequence[UploadedFile[Any]], *, by: User) -> str:
    """Keep what was brought, so that it can be looked at before it is applied; what was brought before goes.

    Of more than an ordinary request holds no byte is looked at here: `is_packed` says so. Gives its token.

    Raises:
        UsageError: the workspace has no room for it, or, where it is short, it is no workspace, leads out of its
            folder, or is too much.
    """
    place, size = offered_by(row, by), sum(upload.size or 0 for upload in uploads)
    _put_aside(place, at_once=_holds_little(place))
    refuse_if_full(row, size)
    token = secrets.token_urlsafe(24)
    if size > ORDINARY:
        try:
            keep_packed(place / f"{token}{_PACKED}", ((upload.name or "", upload.chunks()) for upload in uploads))
        except FileNotFoundError:  # another upload of the same person took its place meanwhile
            raise _not_there() from None
        return token
    part = place / f"{token}.{secrets.token_hex(4)}"
    part.mkdir(mode=0o700, parents=True)
    with ExitStack() as after:
        after.callback(shutil.rmtree, part, ignore_errors=True)
        left_out = unpack(((upload.name or "", upload) for upload in uploads), part, _most(size))  # type: ignore[misc]  # read as any file
        refuse_if_full(row, 0)
        _stand(part, place, token, left_out)
    return token


def is_there(row: Workspace, token: str, *, by: User) -> bool:
    """Whether what was brought still is, unpacked or not."""
    return is_packed(row, token, by=by) or bool(_TOKEN.fullmatch(token) and (offered_by(row, by) / token).is_dir())


def is_packed(row: Workspace, token: str, *, by: User) -> bool:
    """Whether what was brought still waits to be unpacked."""
    place = offered_by(row, by)
    return bool(_TOKEN.fullmatch(token)) and not (place / token).is_dir() and (place / f"{token}{_PACKED}").is_dir()


def unpack_offer(row: Workspace, token: str, watch: Watching, *, by: User) -> None:
    """Unpack what was kept as it came, by a process that is shut in; nothing is left of what is refused.

    Another worker may do so at the same time, for another plan of the same: whoever is first is.

    Raises:
        UsageError: it is no workspace, leads out of its folder, is too much, took more than the server gives, or is no
            longer there.
    """
    place = offered_by(row, by)
    packed_in, part = place / f"{token}{_PACKED}", place / f"{token}.{secrets.token_hex(4)}"
    with ExitStack() as after:
        after.callback(shutil.rmtree, part, ignore_errors=True)
        try:
            part.mkdir(mode=0o700)
            size = sum(path.stat().st_size for path in packed_in.iterdir())
        except FileNotFoundError:
            _folder(row, token, by)
            return
        config = settings.CONFIG
        bounds = Bounds(_MEMORY, config.job_minutes * 60, _FILE, (str(packed_in),), (str(part),), config.require_jail)
        order = Order("unpack", str(packed_in), None, {"into": str(part), "most": _most(size)})
        outcome = watched(order, bounds, watch.step, lambda: bool(watch.look()))
        if outcome.result is None:
            if not packed_in.is_dir():
                _folder(row, token, by)
                return
            hint = "bring it in parts, or by the commands: vitalfew manage apply"
            raise UsageError(outcome.error) if outcome.error else UsageError("the zip could not be unpacked", hint=hint)
        refuse_if_full(row, 0)
        _stand(part, place, token, int(outcome.result["left_out"]))
    shutil.rmtree(packed_in, ignore_errors=True)


def _most(size: int) -> int:
    """Bytes that may be unpacked of an upload."""
    return MOST_TIMES * size + 2 * MOST_DEFINED


def _stand(part: Path, place: Path, token: str, left_out: int) -> None:
    """Let what was unpacked be what was brought, if nothing has taken its place and nobody was faster."""
    try:
        (place / f"{token}{_LEFT_OUT}").write_text(str(left_out), encoding="ascii")
        (part / WHOLE).rename(place / token)
    except FileNotFoundError:
        raise _not_there() from None
    except OSError:
        if not (place / token).is_dir():
            raise


def worked_out(row: Workspace, token: str, how: How, watch: Watching = UNWATCHED, *, by: User) -> Plan:
    """What it would mean to apply an offer, in sentences; it is unpacked first where it is not.

    Raises:
        UsageError: it is no longer there, or cannot be unpacked.
        DefinitionError, ActError: as for `proposed`.
    """
    if is_packed(row, token, by=by):
        watch.step("unpack")
        unpack_offer(row, token, watch, by=by)
    watch.step("brought")
    found = plan_of(row, proposed(row, token, how, watch, by=by))
    left_out = offered_by(row, by) / f"{token}{_LEFT_OUT}"
    return replace(found, left_out=int(left_out.read_text(encoding="ascii")) if left_out.exists() else 0)


def proposed(row: Workspace, token: str, how: How, watch: Watching = UNWATCHED, *, by: User) -> Proposal:
    """What it would mean to apply an offer.

    Raises:
        UsageError: it is no longer there.
        DefinitionError: its definitions are wrong.
        ActError: its log does not continue the one here.
    """
    folder = _folder(row, token, by)
    with _one_at_a_time:
        found = read(folder, watch.look)
    acts = FolderJournal(folder, watch.look).copy() if how.acts else None
    _folder(row, token, by)  # what was said would read as erased where another upload has taken its place meanwhile
    watch.look()
    proposal = propose_from(row, _read_here(row, found), prune=how.prune, acts=acts)
    _refuse_voices_of_others(row, proposal.voices, by)
    return proposal


def planned(row: Workspace, token: str, how: How, stamp: int, watch: Watching = UNWATCHED, *, by: User) -> Proposal:
    """The same once its plan was read: `stamp` is that of the workspace when it was shown.

    Raises:
        UsageError: the workspace has changed since, or the offer is gone.
        DefinitionError, ActError: as for `proposed`.
    """
    proposal = proposed(row, token, how, watch, by=by)
    refuse_changed(proposal.stamp, stamp)
    return proposal


def refuse_changed(stamp: int, seen: int) -> None:
    """Refuse a plan of another state of the workspace.

    Raises:
        UsageError: it is.
    """
    if stamp != seen:
        raise UsageError("the workspace was changed while you looked at the plan", hint="look at the new plan")


def applied(row: Workspace, token: str, how: How, stamp: int, *, by: User) -> Proposal:
    """Apply an offer, all of it or nothing.

    Args:
        row: the workspace.
        token: of the offer.
        how: as its plan was made.
        stamp: of the workspace when its plan was shown.
        by: who applies it.

    Raises:
        UsageError: the workspace has changed since, or the offer is gone.
        FolderOwned: a kind belongs to the folder.
        DefinitionError: definitions would be wrong afterwards.
        ActError: its log does not continue the one here.
    """
    done = accept(row, planned(row, token, how, stamp, by=by), by=by)
    forget(row, token, by=by)
    return done


def plan_of(row: Workspace, proposal: Proposal) -> Plan:
    """What a proposal means, for people."""
    anything = bool(proposal.bodies or proposal.new_acts)
    # Of definitions that stay as they are nothing need be said where acts are new.
    sentences = proposal.plan.sentences() if proposal.bodies or not anything else ()
    return Plan(proposal.stamp, tuple(sentences), in_the_way(row, proposal), proposal.new_acts, anything)


def keep_plan(row: Workspace, token: str, how: How, plan: Plan, *, by: User) -> None:
    """Keep a plan as long as what it is of.

    Raises:
        UsageError: that is no longer there.
    """
    write_whole(_kept_plan(_folder(row, token, by), how), json.dumps(asdict(plan)).encode())


def kept_plan(row: Workspace, token: str, how: How, *, by: User) -> Plan | None:
    """The plan that was kept, if any.

    Raises:
        UsageError: what it is of is no longer there.
    """
    if is_packed(row, token, by=by):
        return None
    place = _kept_plan(_folder(row, token, by), how)
    if not place.exists():
        return None
    found = json.loads(place.read_bytes())
    return Plan(**{**found, "sentences": tuple(found["sentences"]), "in_the_way": tuple(found["in_the_way"])})


def drop_plan(row: Workspace, token: str, how: How, *, by: User) -> None:
    """Forget a plan that was kept.

    Raises:
        UsageError: what it is of is no longer there.
    """
    if not is_packed(row, token, by=by):
        _kept_plan(_folder(row, token, by), how).unlink(missing_ok=True)


def is_long(row: Workspace, token: str, how: How, *, by: User) -> bool:
    """Whether more is taken on than is worked on while somebody waits.

    It is where more was brought than an ordinary request holds and not unpacked yet, or a log that is longer than that
    is taken on.

    Raises:
        UsageError: it is no longer there.
    """
    if is_packed(row, token, by=by):
        return True
    log = _folder(row, token, by) / LOG
    return how.acts and log.exists() and log.stat().st_size > ORDINARY


def forget(row: Workspace, token: str, *, by: User) -> None:
    """Remove what was brought, if nothing has taken its place."""
    if (offered_by(row, by) / token).is_dir():
        _put_aside(offered_by(row, by), at_once=True)


def _folder(row: Workspace, token: str, by: User) -> Path:
    """Where what was brought lies.

    Raises:
        UsageError: it is no longer there.
    """
    folder = offered_by(row, by) / token
    if not _TOKEN.fullmatch(token) or not folder.is_dir():
        raise _not_there()
    return folder


def _not_there() -> UsageError:
    return UsageError("what was uploaded is no longer there", hint="upload it again")


def _kept_plan(folder: Path, how: How) -> Path:
    return folder.with_name(f"{folder.name}{'-prune' if how.prune else ''}{'-acts' if how.acts else ''}.json")


def _put_aside(place: Path, *, at_once: bool) -> None:
    """Take a folder away, all at once for whoever reads in it; what is large is removed by the worker."""
    gone = place.with_name(f"{place.name}{_GONE}-{secrets.token_hex(8)}")  # counts as of its workspace until then
    with suppress(FileNotFoundError):
        place.rename(gone)
        if at_once:
            shutil.rmtree(gone, ignore_errors=True)


def _holds_little(place: Path) -> bool:
    """Whether what was brought before is removed while somebody waits: a log has a file for each act."""
    return all(log.stat().st_size <= ORDINARY for log in place.glob(f"*/{LOG}"))


def forget_put_aside() -> None:
    """Remove what another upload took the place of."""
    for gone in offered().glob(f"*{_GONE}-*"):
        shutil.rmtree(gone, ignore_errors=True)


def _read_here(row: Workspace, found: Definitions) -> Definitions:
    """The same definitions; where the folder of their data is not here, data are read where they are read now."""
    if (Path(row.folder) / Path(found.data.path).expanduser()).exists():
        return found
    return found.model_copy(update={"data": loaded(row).workspace.definitions.data})


def in_the_way(row: Workspace, proposal: Proposal) -> tuple[str, ...]:
    """Kinds that would change and belong to the folder."""
    return tuple(sorted({kind for kind, _ in proposal.bodies} & loaded(row).folder_kinds))


def forget_offers() -> None:
    """Remove what was brought and not applied within a day, and what another upload took the place of."""
    forget_put_aside()
    for place in offered().glob("*"):
        with suppress(FileNotFoundError):  # it is being applied, and has another name now
            if place.stat().st_mtime < time.time() - _KEPT:
                shutil.rmtree(place, ignore_errors=True)


def _refuse_voices_of_others(row: Workspace, voices: frozenset[str], by: User) -> None:
    """A file must not speak for people of this server, who say here themselves what they think.

    Raises:
        UsageError: it does.
    """
    users = map(voice_of_user, User.objects.exclude(pk=by.pk).only("pk"))
    links = map(voice_of_link, Link.objects.filter(workspace=row).values_list("pk", flat=True))
    here = {keyed_pseudonym(bytes.fromhex(row.people_key), voice) for voice in (*users, *links)}
    if voices & here:
        hint = "whoever runs the server can take the log on: vitalfew manage apply --acts"
        raise UsageError("the log holds new acts in the name of people who speak here themselves", hint=hint)

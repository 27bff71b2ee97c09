"""A workspace as one file: packed to be taken away; unpacked, looked at and applied when one is brought.

What is brought comes from outside. Of an archive only definitions and the log of acts are taken, under plain names,
and no more of it is ever unpacked than a server takes, whatever it says of itself.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import shutil
import stat
import time
import zipfile
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError
from vitalfew.server.core.bounded import ORDINARY
from vitalfew.server.core.models import Link, User
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.acts import voice_of_link, voice_of_user
from vitalfew.server.core.services.moving import accept, propose_from
from vitalfew.server.core.services.reading import read
from vitalfew.server.core.services.storage import offered, offered_by, refuse_if_full
from vitalfew.server.core.zipping import write_zip
from vitalfew.workspace.acts import LOG
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.people import keyed_pseudonym
from vitalfew.workspace.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.core.files.uploadedfile import UploadedFile

    from vitalfew.server.core.models import Workspace
    from vitalfew.server.core.services.moving import Proposal
    from vitalfew.workspace.definitions import Definitions

MOST_FILES = 200_000
"""Files of an archive: each act of a log is one."""
MOST_TIMES = 5
"""How many times larger than an upload may be what is unpacked of it; a log shrinks to about a third."""
MOST_DEFINED = 5_000_000
"""Bytes of definitions in all. While YAML is read it takes some two hundred times the memory of its bytes."""
_KEPT = 24 * 3600
_TAKEN = re.compile(r"(?:[^/]+/)*(?:[^/]+\.ya?ml|acts\.jsonl|acts/[^/]+\.json)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,60}")
_ZIP, _ENTRY = b"PK\x03\x04", b"PK\x01\x02"
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_YAML = (".yaml", ".yml")
_EXPECTED = "a zip of a workspace folder, or its YAML files"
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Offer:
    """What was brought, kept until it is applied or a day has passed. `left_out`: files that are no definitions."""

    token: str
    left_out: int


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
    """What applying would mean, in sentences; `anything`: whether it would change something at all."""

    stamp: int
    sentences: tuple[str, ...]
    in_the_way: tuple[str, ...]
    new_acts: int
    anything: bool


def packed(files: Mapping[str, bytes], *, shrunk: bool = True) -> bytes:
    """Files as a zip, the same bytes for the same files; `shrunk`: smaller than they are."""
    held = io.BytesIO()
    write_zip(held, ((name, (content,)) for name, content in sorted(files.items())), shrunk=shrunk)
    return held.getvalue()


def offer(row: Workspace, uploads: Sequence[UploadedFile[Any]], *, by: User) -> Offer:
    """Keep what was brought, so that it can be looked at before it is applied; what was brought before goes.

    Raises:
        UsageError: it is no workspace, leads out of its folder, is too much, or the workspace has no room for it.
    """
    size = sum(upload.size or 0 for upload in uploads)
    files, left_out = unpacked(uploads, MOST_TIMES * size + 2 * MOST_DEFINED)
    place = offered_by(row, by)
    _remove(place)
    refuse_if_full(row, sum(map(len, files.values())))
    token = secrets.token_urlsafe(24)
    for name, content in files.items():
        _keep(place / token / name, name, content)
    return Offer(token, left_out)


def proposed(row: Workspace, token: str, how: How, *, by: User) -> Proposal:
    """What it would mean to apply an offer.

    Raises:
        UsageError: it is no longer there.
        DefinitionError: its definitions are wrong.
        ActError: its log does not continue the one here.
    """
    folder = _folder(row, token, by)
    with _one_at_a_time:
        found = read(folder)
    acts = FolderJournal(folder).copy() if how.acts else None
    _folder(row, token, by)  # what was said would read as erased where another upload has taken its place meanwhile
    proposal = propose_from(row, _read_here(row, found), prune=how.prune, acts=acts)
    _refuse_voices_of_others(row, proposal.voices, by)
    return proposal


def planned(row: Workspace, token: str, how: How, stamp: int, *, by: User) -> Proposal:
    """The same once its plan was read: `stamp` is that of the workspace when it was shown.

    Raises:
        UsageError: the workspace has changed since, or the offer is gone.
        DefinitionError, ActError: as for `proposed`.
    """
    proposal = proposed(row, token, how, by=by)
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
    _kept_plan(_folder(row, token, by), how).unlink(missing_ok=True)


def is_long(row: Workspace, token: str, how: How, *, by: User) -> bool:
    """Whether more is taken on than is worked on while somebody waits: a log of more than an ordinary request holds.

    Raises:
        UsageError: it is no longer there.
    """
    log = _folder(row, token, by) / LOG
    return how.acts and log.exists() and log.stat().st_size > ORDINARY


def forget(row: Workspace, token: str, *, by: User) -> None:
    """Remove what was brought, if nothing has taken its place."""
    if (offered_by(row, by) / token).is_dir():
        _remove(offered_by(row, by))


def _folder(row: Workspace, token: str, by: User) -> Path:
    """Where what was brought lies.

    Raises:
        UsageError: it is no longer there.
    """
    folder = offered_by(row, by) / token
    if not _TOKEN.fullmatch(token) or not folder.is_dir():
        raise UsageError("what was uploaded is no longer there", hint="upload it again")
    return folder


def _kept_plan(folder: Path, how: How) -> Path:
    return folder.with_name(f"{folder.name}{'-prune' if how.prune else ''}{'-acts' if how.acts else ''}.json")


def _remove(place: Path) -> None:
    """Remove a folder, all at once for whoever reads in it."""
    gone = place.with_name(f".{secrets.token_hex(8)}")
    with suppress(FileNotFoundError):
        place.rename(gone)
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
    """Remove what was brought and not applied within a day."""
    for place in offered().glob("*"):
        with suppress(FileNotFoundError):  # it is being applied, and has another name now
            if place.stat().st_mtime < time.time() - _KEPT:
                shutil.rmtree(place, ignore_errors=True)


def unpacked(uploads: Sequence[UploadedFile[Any]], most: int) -> tuple[dict[str, bytes], int]:
    """The definitions and the log among what was brought, by name, and how many other files there were.

    Args:
        uploads: one archive, or files of definitions.
        most: bytes that are unpacked at most.

    Raises:
        UsageError: it is no workspace, leads out of its folder, or is too much.
    """
    files: dict[str, bytes] = {}
    left_out = 0
    for name, content in _members(uploads, most):
        if not _TAKEN.fullmatch(name) or any(part.startswith(".") for part in name.split("/")):
            left_out += 1
        elif name in files:
            raise UsageError(f"two files are called '{name[:80]}'", hint="give them different names")
        else:
            files[name] = content
    defined = sum(len(content) for name, content in files.items() if name.endswith(_YAML))
    if not any(name.endswith(_YAML) for name in files):
        raise UsageError("there are no definitions in it", expected=_EXPECTED)
    if defined > MOST_DEFINED:
        raise UsageError("it defines too much at once", expected=f"at most {MOST_DEFINED // 1_000_000} MB of YAML")
    return _without_common_folder(files), left_out


def _members(uploads: Sequence[UploadedFile[Any]], most: int) -> Iterator[tuple[str, bytes]]:
    left = most
    for upload in uploads:
        if upload.read(len(_ZIP)) != _ZIP:
            upload.seek(0)
            yield Path(upload.name or "").name, upload.read()
            continue
        if sum(part.count(_ENTRY) for part in upload.chunks()) > MOST_FILES:  # its index is read as a whole
            raise UsageError("it holds too many files", expected=f"at most {MOST_FILES:,}")
        upload.seek(0)
        try:
            with zipfile.ZipFile(upload) as archive:
                for name, content in _in(archive, left):
                    left -= len(content)
                    yield name, content
        except (
            zipfile.BadZipFile,
            zipfile.LargeZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            OSError,
            ValueError,  # names that are no text, places before the beginning
        ) as error:
            raise UsageError("the zip cannot be read", expected=_EXPECTED) from error


def _in(archive: zipfile.ZipFile, most: int) -> Iterator[tuple[str, bytes]]:
    """The files of an archive; it is stopped where it becomes too much, whatever its index promises."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MOST_FILES:
        raise UsageError(f"{len(members):,} files are too many", expected=f"at most {MOST_FILES:,}")
    left = most
    for member in members:
        name = _safe(member)
        if not _TAKEN.fullmatch(name):
            yield name, b""
            continue
        if member.compress_type not in _PACKED:
            raise zipfile.BadZipFile("packed in a way that takes as much memory as it says")
        with archive.open(member) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise UsageError("it unpacks to too much", expected=f"at most {most // 1_000_000:,} MB")
        yield name, content


def _safe(member: zipfile.ZipInfo) -> str:
    """The name of a file of an archive, where it stays within the folder.

    Raises:
        UsageError: it leads out of it.
    """
    name, path = member.filename, PurePosixPath(member.filename)
    is_plain = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name.isprintable()
    if outside or not is_plain or len(name) > 300:  # noqa: PLR2004 - longer than a path of a workspace
        raise UsageError(f"'{name[:80]!s}' leads out of the folder", expected=_EXPECTED)
    return str(path)


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    """As the folder itself was packed or what is in it: the log stands at the top."""
    first = {name.split("/", 1)[0] for name in files}
    if len(first) > 1 or any("/" not in name for name in files):
        return files
    return {name.split("/", 1)[1]: content for name, content in files.items()}


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


def _keep(path: Path, name: str, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:  # a name that is too long, or that of a folder
        raise UsageError(f"'{name[:80]}' cannot be kept: {error.strerror}", expected=_EXPECTED) from error

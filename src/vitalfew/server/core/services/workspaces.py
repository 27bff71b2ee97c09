"""New workspaces: empty, of a folder, from a stranger's files, or the demo."""

from __future__ import annotations

import re
import secrets
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from vitalfew.errors import UsageError
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Definition, Job, KindOwner, Member, Workspace
from vitalfew.server.core.queries.jobs import OPEN
from vitalfew.server.core.queries.runs import run_ids
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.jobs import ask
from vitalfew.server.core.services.storage import ASK_OPERATOR, refuse_if_full
from vitalfew.server.core.working.deeds import UPLOADS
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.loading import documents_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.core.files.uploadedfile import UploadedFile

    from vitalfew.server.core.models import User
    from vitalfew.server.core.queries.jobs import JobView

MOST_FILES = 10
SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".log", ".parquet", ".jsonl", ".ndjson", ".json")
"""Of files that can be recognised; delimited text and JSON lines may be compressed (`.gz`) as well."""
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Started:
    """A workspace that is being started: its key, and the job that does it."""

    workspace: str
    job: JobView


def create(user: User, name: str) -> Workspace:
    """Make an empty workspace, of which the user is admin.

    Raises:
        UsageError: it has no name, or the user has as many workspaces as the server allows one person.
    """
    most = settings.CONFIG.workspaces
    if Member.objects.filter(user=user, role=Role.ADMIN).count() >= most:
        raise UsageError(f"you are admin of {most} workspaces, and one person may make no more", hint=ASK_OPERATOR)
    title = " ".join(name.split())[:200]
    if not title:
        raise UsageError("the workspace has no name", expected="a few words, such as the name of the product")
    with transaction.atomic():
        row = _new_row(title)
        Definition.objects.create(workspace=row, kind="workspace", key="", body={"name": title}, updated_by=None)
        Member.objects.create(workspace=row, user=user, role=Role.ADMIN)
        note(row, user, "workspace made", row.key)
    Path(row.folder).mkdir(parents=True, exist_ok=True)
    return row


def demo_workspace(user: User) -> Started:
    """Make a workspace of the demo product, which the server owns, and run it."""
    row = create(user, "Fieldnote (demo)")
    Workspace.objects.filter(pk=row.pk).update(is_demo=True)
    return Started(row.key, ask(row, "demo", {}, user))


def from_files(
    user: User, row: Workspace | None, uploads: Sequence[UploadedFile[Any]], kinds: Mapping[str, str] | None = None
) -> Started:
    """Start a workspace from files: recognise them, define what is in them, run it.

    Files that come later are added to those that came first, and all is started anew, as long as nobody has edited what
    was made of them.

    Args:
        user: who gives them.
        row: the workspace; None for a new one, named after the first file.
        uploads: the files.
        kinds: what files are, by name, where their columns do not tell.

    Raises:
        UsageError: no file, too many, one that is too large or of a kind that cannot be read, no room for them, or a
            workspace in which people have defined things already.
    """
    given = _named(uploads)
    row = row or create(user, _titled(next(iter(given))))
    refuse_if_edited(row)
    place = keep_files(row, given)
    files = _files_so_far(row) | {name: f"{place}/{name}" for name in given}
    wanted = [f"{name}={kinds[name]}" for name in given if name in kinds] if kinds else []
    return Started(row.key, ask(row, "start", {"files": files, "kinds": wanted}, user))


def keep_files(row: Workspace, given: Mapping[str, UploadedFile[Any]]) -> str:
    """Keep files by their names in a place of their own below `UPLOADS`, so that nothing in use is written over.

    Raises:
        UsageError: there is no room for them.
    """
    refuse_if_full(row, sum(upload.size or 0 for upload in given.values()))
    place = secrets.token_hex(4)
    folder = Path(row.folder) / UPLOADS / place
    folder.mkdir(parents=True)
    for name, upload in given.items():
        _keep(folder / name, upload)
    return place


def start_again(user: User, row: Workspace, answers: Mapping[str, str], kinds: Mapping[str, str]) -> JobView:
    """Start a workspace from its files once more: with other answers to what was asked, or told what the files are.

    Raises:
        UsageError: it has no files, or people have edited what was made of them.
    """
    refuse_if_edited(row)
    last = Job.objects.filter(workspace=row, kind="start").order_by("-id").first()
    if last is None:
        raise UsageError("this workspace was not started from files", hint="give it some")
    files = last.arguments["files"]
    wanted = [f"{name}={kinds[name]}" for name in files if name in kinds]
    return ask(row, "start", {"files": files, "answers": dict(answers), "kinds": wanted}, user)


def refuse_if_edited(row: Workspace) -> None:
    """Keep what people made from being written over.

    Raises:
        UsageError: the folder owns definitions, people have edited some or said something about them, or other files
            are being read just now.
    """
    if Job.objects.filter(workspace=row, kind__in=("start", "demo"), state__in=OPEN).exists():
        raise UsageError("files are being read here just now", hint="wait until that is done, or cancel it")
    hint = "make a new workspace for these files"
    if KindOwner.objects.filter(workspace=row, owner="folder").exists():
        raise UsageError("what this workspace defines lives in its folder", hint=hint)
    if Definition.objects.filter(workspace=row).exclude(updated_by=None).exists():
        raise UsageError("people have edited definitions here, which files would write over", hint=hint)
    if row.acts_count and not row.is_demo:
        raise UsageError("people have recorded judgements or decisions here, which files know nothing of", hint=hint)


def connect_folder(folder: Path) -> Workspace:
    """Make a folder a workspace, once: what it defines stays its own, its log of acts is taken over.

    Raises:
        ActError: its log is damaged.
    """
    whole = folder.resolve()
    with transaction.atomic():
        row = Workspace.objects.filter(folder=str(whole)).first()
        kinds = _kinds_in(whole)
        if row is None:
            row = _new_row(_name_in(whole), whole)
            if not kinds:
                Definition.objects.create(workspace=row, kind="workspace", key="", body={"name": row.name})
            for member in Member.objects.filter(role=Role.ADMIN).values_list("user", flat=True).distinct():
                Member.objects.create(workspace=row, user_id=member, role=Role.ADMIN)
        _own(row, kinds)
        copy = FolderJournal(whole).copy()
        if copy.lines and not row.acts_count:
            TableJournal(row.pk).take(copy)
        found = run_ids(row)
        if found and found[-1] > row.last_run:
            Workspace.objects.filter(pk=row.pk).update(last_run=found[-1], stamp=F("stamp") + 1)
    row.refresh_from_db()
    return row


def _own(row: Workspace, kinds: Iterable[str]) -> None:
    """Note which kinds the folder owns: those its files define, as long as the server defines none of them."""
    defined = set(Definition.objects.filter(workspace=row).values_list("kind", flat=True))
    known = set(KindOwner.objects.filter(workspace=row).values_list("kind", flat=True))
    new = [kind for kind in kinds if kind not in defined | known]
    KindOwner.objects.bulk_create(KindOwner(workspace=row, kind=kind, owner="folder") for kind in new)
    if new:
        Workspace.objects.filter(pk=row.pk).update(stamp=F("stamp") + 1, defined=F("defined") + 1)


def _kinds_in(folder: Path) -> tuple[str, ...]:
    documents, _ = documents_of(folder)
    trees = [document.tree for document in documents if isinstance(document.tree, dict)]
    return tuple(dict.fromkeys(kind for tree in trees for kind in tree))


def _name_in(folder: Path) -> str:
    documents, _ = documents_of(folder)
    for document in documents:
        own = document.tree.get("workspace") if isinstance(document.tree, dict) else None
        if isinstance(own, dict) and isinstance(own.get("name"), str):
            return str(own["name"])
    return folder.name


# Names and files --------------------------------------------------------------------------------------------------


def _new_row(name: str, folder: Path | None = None) -> Workspace:
    """A workspace under the first free key."""
    wanted = key_of(name)
    for number in range(1, 1_000):
        key = wanted if number == 1 else f"{wanted}-{number}"
        place = folder or settings.CONFIG.home.resolve() / "workspaces" / key
        if folder is None and place.exists():
            continue
        try:
            with transaction.atomic():
                return Workspace.objects.create(key=key, name=name, folder=str(place))
        except IntegrityError:
            continue
    raise UsageError(f"there are too many workspaces called '{name}'", hint="choose another name")


def key_of(name: str) -> str:
    """A name as part of an address.

    >>> key_of("Größe & Gewicht")
    'grosse-gewicht'
    >>> key_of("名前")
    'workspace'
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].rstrip("-") or "workspace"


def _titled(name: str) -> str:
    return name.partition(".")[0].replace("_", " ").replace("-", " ").strip().capitalize() or "Workspace"


def _files_so_far(row: Workspace) -> dict[str, str]:
    """The files that the workspace was started from, by name."""
    last = Job.objects.filter(workspace=row, kind="start", state=Job.State.DONE).order_by("-id").first()
    return dict(last.arguments["files"]) if last else {}


def _named(uploads: Sequence[UploadedFile[Any]]) -> dict[str, UploadedFile[Any]]:
    """Files by the names under which they are kept: the last part of what the browser says, plain letters only."""
    if not uploads:
        raise UsageError("no file was given", expected="CSV, Parquet or JSON lines")
    if len(uploads) > MOST_FILES:
        raise UsageError(f"{len(uploads)} files are too many at once", expected=f"at most {MOST_FILES}")
    named: dict[str, UploadedFile[Any]] = {}
    for upload in uploads:
        name = file_name(upload.name or "")
        if name in named:
            raise UsageError(f"two files are called '{name}'", hint="rename one of them")
        named[name] = upload
    return named


def file_name(given: str) -> str:
    """A safe name for a file, near to what it was called.

    >>> file_name("C:/Users/Ada/Usage of May (2).csv")
    'Usage_of_May_2_.csv'
    >>> file_name("../../etc/passwd")
    Traceback (most recent call last):
    vitalfew.errors.UsageError: 'passwd' is no file that can be read; expected CSV, Parquet or JSON lines
    """
    last = unicodedata.normalize("NFC", given.replace("\\", "/").rpartition("/")[2])
    plain = re.sub(r"[^\w.-]+", "_", last).lstrip("._-")
    stem = plain.removesuffix(".gz")
    if not stem.lower().endswith(SUFFIXES) or (stem != plain and stem.lower().endswith(".parquet")):
        raise _unreadable(last[:60])
    ending = plain[plain.index(".", max(0, len(stem) - 9)) :] if len(plain) > _LONGEST_NAME else ""
    return plain[: _LONGEST_NAME - len(ending)] + ending if ending else plain


def _unreadable(name: str) -> UsageError:
    """Why a file is not taken, with the next step for the kind that is given most often."""
    from vitalfew.connect.look import SPREADSHEETS

    if name.lower().endswith(SPREADSHEETS):
        return UsageError(f"'{name}' is a spreadsheet, which is not read", hint="save the sheet as CSV, give that file")
    return UsageError(f"'{name}' is no file that can be read", expected="CSV, Parquet or JSON lines")


def _keep(path: Path, upload: UploadedFile[Any]) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            shutil.copyfileobj(upload, file, 1 << 20)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

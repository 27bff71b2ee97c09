"""The acts of a workspace in the tables of the server: the same bytes as in a folder, appended one after another."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import batched
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import F, Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from vitalfew.errors import ActError
from vitalfew.server.core.models import ActBody, ActRecord, Workspace
from vitalfew.server.core.persons import same_people
from vitalfew.workspace.acts import LOG, ActLog, Erasure, opened, words_of
from vitalfew.workspace.chain import Chain, Damage, entry_hash, examine, from_fields, to_line
from vitalfew.workspace.heads import Head, Recorded
from vitalfew.workspace.log_copies import LogCopy, whole
from vitalfew.workspace.people import keyed_pseudonym
from vitalfew.workspace.sealed import InMemory, body_name
from vitalfew.workspace.sound import Listening
from vitalfew.workspace.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from django.db.models import QuerySet

    from vitalfew.workspace.chain import Act, Kind
    from vitalfew.workspace.sound import SoundActs

RECORD = "the record of this server"
_BATCH = 2_000
_IN_LINES = ("about", "at", "body_hash", "by", "named", "hash", "kind", "n", "prev")
_FIELDS = ("n", "at", "by", "kind", "about", "definition", "body_hash", "prev", "hash")

# A log of a hundred thousand acts is one transaction: rows that Django makes one by one would take five times as long.
_ADD_ACT = (
    'INSERT INTO "core_actrecord" '
    '("workspace_id", "n", "at", "by", "kind", "about", "definition", "body_hash", "prev", "hash", "recorded_at") '
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_ADD_BODY = (
    'INSERT INTO "core_actbody" ("act_id", "content") '
    'SELECT "id", %s FROM "core_actrecord" WHERE "workspace_id" = %s AND "n" = %s'
)

type Heard = Callable[[str, int], object]


def _unheard(_what: str, _n: int) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class TableJournal:
    """The acts of one workspace (`workspace.journal.Journal`). What is acknowledged has been committed.

    Whoever appends holds the row of the workspace, which also holds the number and the hash of the last act: so an end
    that is missing from the table is seen, and so no number is given twice.

    `heard` is told how far a long way through the log is, by number of the act: of its *acts* and of their *bodies*. It
    may raise to end it.
    """

    workspace: int
    heard: Heard = field(default=_unheard, compare=False)

    def read(self) -> ActLog:
        """The whole log, every act looked at; what acts say is read when it is asked for."""
        acts = self._sound()
        log = _log(self._acts) if acts is None else opened(Chain(acts), _InTables(self.workspace, self.heard))
        return replace(log, same=same_people(self.workspace))

    def since(self, n: int) -> ActLog:
        """The acts from number `n` on: what stands before them is not looked at."""
        log = _log(self._acts.filter(n__gte=n))
        before = (found for found in log.chain_damage if (found.code, found.n) != ("gap", 1))
        return ActLog(log.acts, log.bodies, tuple(before))

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Writer]:  # noqa: ARG002 - a database always is
        """Hold the row of the workspace until all that was appended is committed, or nothing of it."""
        with transaction.atomic():
            held = _HeldTable(_hold(self.workspace))
            yield Writer(held)
            held.close()

    def erase(self, by: str) -> Erasure:
        """Delete bodies and salts of a person's acts. Copies of the database keep theirs."""
        with transaction.atomic():
            workspace = _hold(self.workspace)
            person = keyed_pseudonym(bytes.fromhex(workspace.people_key), by)
            touched = self._acts.filter(by=person).order_by().values("about")
            numbers = words_of(part_of(self._acts.filter(about__in=touched)), person)
            ActBody.objects.filter(act__workspace=workspace, act__n__in=numbers).delete()
            _changed(workspace)
        return Erasure(person, numbers)

    def pseudonym(self, by: str) -> str:
        """By the key of the workspace."""
        key = Workspace.objects.values_list("people_key", flat=True).get(pk=self.workspace)
        return keyed_pseudonym(bytes.fromhex(key), by)

    def recorded(self) -> Recorded:
        """What the server noted by its own clock: when it took each lock, and the last act of all."""
        locks = self._acts.filter(kind="lock").values_list("hash", "n", "recorded_at")
        heads = [Head(digest, RECORD, n, at) for digest, n, at in locks]
        workspace = Workspace.objects.only("acts_head", "acts_count").get(pk=self.workspace)
        if workspace.acts_count:
            heads.append(Head(workspace.acts_head, RECORD, workspace.acts_count))
        return Recorded(tuple(heads), "server")

    def copy(self) -> LogCopy:
        """Lines and bodies as a folder would hold them."""
        return LogCopy.of(b"".join(self._lines()), dict(self._sealed()))

    def files(self, readable: Q | None = None) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The log as the files of a folder, each in parts, one after another; none of a log without acts.

        Args:
            readable: of which acts (`act__…`) that what they say is told; all.

        Raises:
            ActError: it is damaged.
        """
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for part in self._lines():
                count += part.count(b"\n")
                yield part

        if self._acts.exists():
            yield LOG, lines()
        for n, content in self._sealed(readable):
            if n <= count:  # what was said since is not in the lines
                yield body_name(n), (content,)

    def take(self, copy: LogCopy) -> int:
        """All acts in one transaction; the server notes them as of now."""
        with transaction.atomic():
            held = _HeldTable(_hold(self.workspace), self.heard)
            new = copy.beyond(self.read())
            held.add_all(new, copy.bodies)
            held.close()
        return len(new)

    def _sound(self) -> SoundActs | None:
        """The acts of a log in which nothing is wrong, as the lines that a folder would hold; else None."""
        listening = Listening()
        return listening.acts() if all(heard for _, heard in self._heard(listening)) else None

    def _heard(self, listening: Listening) -> Iterator[tuple[bytes, bool]]:
        """The lines that a folder would hold, in parts, each with whether nothing is wrong so far."""
        rows = self._acts.annotate(named=Cast("definition", TextField())).values_list(*_IN_LINES)
        written, count = _Lines(), 0
        for some in batched(rows.iterator(_BATCH), _BATCH):
            count += len(some)
            self.heard("acts", count)
            lines = "".join([written.of(row) for row in some]).encode()
            yield lines, listening.hear(lines) and listening.count == count

    def _lines(self) -> Iterator[bytes]:
        """The lines that a folder would hold, in parts, each looked at before it is given.

        Raises:
            ActError: it is damaged.
        """
        listening, given = Listening(), 0
        for lines, heard in self._heard(listening):
            if not heard:  # or only written in another way, which takes ten times as long to find out
                yield b"".join(map(to_line, whole(_log(self._acts)).acts[given:]))
                return
            yield lines
            given = listening.count

    def _sealed(self, readable: Q | None = None) -> Iterator[tuple[int, bytes]]:
        """The bytes of what acts say, by number, in order."""
        found = ActBody.objects.filter(readable or Q(), act__workspace=self.workspace).order_by("act__n")
        return ((n, bytes(content)) for n, content in found.values_list("act__n", "content").iterator(_BATCH))

    @property
    def _acts(self) -> QuerySet[ActRecord]:
        return ActRecord.objects.filter(workspace=self.workspace).order_by("n")


class _Lines:
    """Writes rows as lines of `acts.jsonl`. Whether that is what they are is for the reader of lines to find out."""

    def __init__(self) -> None:
        self._named: dict[str | None, str] = {None: "null"}

    def of(self, row: tuple[Any, ...]) -> str:
        """The line of a row, whose fields are those of `_IN_LINES`."""
        about, at, body_hash, by, named, digest, kind, n, prev = row
        if named not in self._named:
            self._named[named] = json.dumps(json.loads(named or "null"), sort_keys=True, separators=(",", ":"))
        return (
            f'{{"about":"{about}","at":"{at}","body_hash":"{body_hash}","by":"{by}","definition":{self._named[named]},'
            f'"hash":"{digest}","kind":"{kind}","n":{n},"prev":"{prev}"}}\n'
        )


@dataclass(frozen=True, slots=True)
class _InTables:
    """What the acts of a workspace say (`sealed.Kept`)."""

    workspace: int
    heard: Heard

    def fetch(self, numbers: Sequence[int]) -> Mapping[int, bytes | OSError]:
        self.heard("bodies", max(numbers, default=0))
        found = ActBody.objects.filter(act__workspace=self.workspace, act__n__in=numbers)
        return {n: bytes(content) for n, content in found.values_list("act__n", "content")}

    def among(self, numbers: Sequence[int]) -> set[int]:
        gone = ActRecord.objects.filter(workspace=self.workspace, body__isnull=True).order_by()
        return {*numbers} - {*gone.values_list("n", flat=True)}


class _HeldTable:
    """The log of a workspace whose row is held (`writer.Held`)."""

    def __init__(self, workspace: Workspace, heard: Heard = _unheard) -> None:
        self._workspace = workspace
        self._heard = heard
        self._acts = ActRecord.objects.filter(workspace=workspace).order_by("n")
        self.last = self._begun = _end(workspace, self._acts.last())

    def about(self, key: str) -> ActLog:
        """The acts about one thing."""
        return replace(part_of(self._acts.filter(about=key)), same=same_people(self._workspace.pk))

    def version_of(self, kind: str, key: str, digest: str) -> int:
        """Asked of the last act that spoke of it, which is nearly always of the same wording."""
        named = self._acts.filter(about=key, definition__kind=kind, definition__key=key)
        last = named.values_list("definition__hash", "definition__version").last()
        if last is None or last[0] != digest:
            last = named.filter(definition__hash=digest).values_list("definition__hash", "definition__version").first()
        if last is not None:
            return int(last[1])
        # In their order, for which the index by what acts are about serves; SQLite would count in that of all acts.
        return len(set(named.values_list("definition__hash", flat=True))) + 1

    def last_of(self, kind: Kind) -> Act | None:
        """The last act of a kind."""
        record = self._acts.filter(kind=kind).last()
        return from_fields(_raw(record)) if record else None

    def pseudonym(self, by: str) -> str:
        """By the key of the workspace."""
        return keyed_pseudonym(bytes.fromhex(self._workspace.people_key), by)

    def add(self, act: Act, said: Mapping[str, Any], sealed: bytes) -> None:  # noqa: ARG002 - read back when asked for
        """Two rows of one transaction."""
        self.add_all([act], {act.n: sealed})

    def add_all(self, acts: Sequence[Act], bodies: Mapping[int, bytes]) -> None:
        """Acts that follow the last one, with what is still known of what they say."""
        workspace, now = self._workspace.pk, connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            for some in batched(acts, _BATCH):
                self._heard("rows", some[-1].n)
                cursor.executemany(_ADD_ACT, [(workspace, *_values(act), now) for act in some])
                said = [(bodies[act.n], workspace, act.n) for act in some if act.n in bodies]
                if said:
                    cursor.executemany(_ADD_BODY, said)
        self.last = acts[-1] if acts else self.last

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """A savepoint."""
        last = self.last
        try:
            with transaction.atomic():
                yield
        except BaseException:
            self.last = last
            raise

    def close(self) -> None:
        """Note the end of the log beside it."""
        if self.last is not None and self.last != self._begun:
            _changed(self._workspace, acts_count=self.last.n, acts_head=self.last.hash)


def _hold(workspace: int) -> Workspace:
    # Rows that name the workspace may be added meanwhile (no_key), other acts may not. SQLite locks as a whole.
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace)


def _changed(workspace: Workspace, **fields: object) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(stamp=F("stamp") + 1, **fields)


def _end(workspace: Workspace, record: ActRecord | None) -> Act | None:
    """The last act, which must be the one that the workspace names, as it was written."""
    found = record.hash if record else ""
    if found != workspace.acts_head or (record and (record.n != workspace.acts_count or not _holds(record))):
        message = "the log is damaged, nothing was appended: its end is not what was written last"
        raise ActError(message, hint="verify the log, and restore the database from a copy")
    return from_fields(_raw(record)) if record else None


def _holds(record: ActRecord) -> bool:
    try:
        return entry_hash(from_fields(_raw(record))) == record.hash
    except ValueError:
        return False


def _values(act: Act) -> tuple[Any, ...]:
    """The fields of an act, in their order, as the database takes them."""
    definition = None if act.definition is None else json.dumps(asdict(act.definition))
    return (act.n, act.at, act.by, act.kind, act.about, definition, act.body_hash, act.prev, act.hash)


def _raw(record: ActRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _FIELDS}


def part_of(acts: QuerySet[ActRecord]) -> ActLog:
    """Some acts of a log: that others lie between them is no damage."""
    log = _log(acts)
    return ActLog(log.acts, log.bodies, tuple(found for found in log.chain_damage if found.code != "gap"))


def _log(acts: QuerySet[ActRecord]) -> ActLog:
    chain, bodies = _read(acts)
    return opened(chain, InMemory(bodies))


def _read(acts: QuerySet[ActRecord]) -> tuple[Chain, dict[int, bytes]]:
    """A chain and the bytes of what its acts say, by act."""
    entries: list[tuple[None, Act]] = []
    damage: list[Damage] = []
    bodies: dict[int, bytes] = {}
    for *values, content in acts.values_list(*_FIELDS, "body__content").iterator(_BATCH):
        raw = dict(zip(_FIELDS, values, strict=True))
        if content is not None:
            bodies[raw["n"]] = bytes(content)
        try:
            entries.append((None, from_fields(raw)))
        except ValueError as error:
            damage.append(Damage("malformed", f"the row of act {raw['n']} {error}", n=raw["n"]))
    return examine(entries, damage), bodies

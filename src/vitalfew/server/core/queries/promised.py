"""How many forecast each hypothesis, and what is locked: counts, never what anybody said."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from itertools import batched
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from django.core.cache import cache
from django.db.models import Count

from vitalfew.server.core.models import ActRecord, Workspace
from vitalfew.server.core.persons import same_people
from vitalfew.workspace.sealed import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

_KEPT = 16
_OFTEN = 50  # acts, after which what was counted is put down again for other processes
_DAYS = 30 * 86_400
_NAME = "spoken-2:{}"  # with the number of its form
_lock = Lock()
_known: OrderedDict[int, _Counted] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of one hypothesis, by the hash of its wording: how many people forecast it, when it was locked."""

    forecasters: dict[str, int] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)


class _Counted(NamedTuple):
    """What was said up to act number `last`, whose hash is `head`; `put_down`: up to which all processes know it.

    `same`: voices that counted as one person's, as `same_people` told then.
    """

    head: str
    last: int
    same: dict[str, str]
    spoken: dict[str, Spoken]
    put_down: int


def spoken(workspace: Workspace) -> dict[str, Spoken]:
    """What was said of each hypothesis that anybody spoke of, counted by the database; who has several voices is one.

    Kept, in this process and for those that begin later: after more acts only what these were about is counted anew,
    and once more is known of whose voices are one person's, what these forecast.
    """
    head, last = Workspace.objects.values_list("acts_head", "acts_count").get(pk=workspace.pk)
    same = same_people(workspace.pk)
    with _lock:
        known = _known.get(workspace.pk)
    if known is None:
        known = _taken_up(workspace)
    if known is None or (known.head, known.same) != (head, same):
        acts = ActRecord.objects.filter(workspace=workspace).order_by()
        known = _counted(acts, known, _Counted(head, last, same, {}, 0))
        if last - known.put_down >= _OFTEN:
            known = _put_down(workspace, known)
    with _lock:
        _known[workspace.pk] = known
        _known.move_to_end(workspace.pk)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return known.spoken


def _counted(acts: QuerySet[ActRecord], known: _Counted | None, now: _Counted) -> _Counted:
    """What is said now, counted on from what is known."""
    if known is None or not acts.filter(n=known.last, hash=known.head).exists():
        return now._replace(spoken=_count(acts, now.same))  # nothing is known yet, or what is known was taken back
    touched = [acts.filter(n__gt=known.last)]
    told_apart = sorted({by for by, _ in known.same.items() ^ now.same.items()})
    touched += [acts.filter(kind="forecast", by__in=some) for some in batched(told_apart, AT_ONCE)]
    found = dict(known.spoken)
    for some in touched:
        found |= _count(acts.filter(about__in=some.values("about")), now.same)
    return now._replace(spoken=found, put_down=known.put_down)


def _put_down(workspace: Workspace, known: _Counted) -> _Counted:
    said = {key: (of.forecasters, of.locked) for key, of in known.spoken.items()}
    cache.set(_NAME.format(workspace.pk), (known.head, known.last, known.same, said), timeout=_DAYS)
    return known._replace(put_down=known.last)


def _taken_up(workspace: Workspace) -> _Counted | None:
    head, last, same, said = cache.get(_NAME.format(workspace.pk)) or ("", 0, {}, {})
    return _Counted(head, last, same, {key: Spoken(*of) for key, of in said.items()}, last) if head else None


def forecasters(workspace: Workspace, about: str, wording: str) -> int:
    """How many people forecast a hypothesis in the wording of this hash; who has several voices is one."""
    acts = ActRecord.objects.filter(workspace=workspace, kind="forecast", about=about, definition__hash=wording)
    same = same_people(workspace.pk)
    return len({same.get(by, by) for by in acts.order_by().values_list("by", flat=True).distinct()})


def forecast_by(workspace: Workspace, by: str, about: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Which of some hypotheses a pseudonym forecast, with the hash of the wording, as far as it was not erased."""
    # By the person first, and apart: of what they forecast there is little, of all forecasts much. Asked at
    # once, SQLite goes through all forecasts in an index that holds every column.
    own = ActRecord.objects.filter(workspace=workspace, by=by, kind="forecast").order_by().values("n")
    acts = ActRecord.objects.filter(workspace=workspace, n__in=own, body__isnull=False)
    named, wanted = acts.order_by().values_list("about", "definition"), frozenset(about)
    return frozenset((key, definition["hash"]) for key, definition in named if definition and key in wanted)


def _count(acts: QuerySet[ActRecord], same: Mapping[str, str]) -> dict[str, Spoken]:
    """Counted by the definition an act speaks of, as an index holds it: nothing in it is looked into."""
    found: dict[str, Spoken] = {}
    again = _said_again(acts, same)
    forecasts = acts.filter(kind="forecast").values_list("about", "definition")
    for about, definition, voices in forecasts.annotate(voices=Count("by", distinct=True)):
        if definition and definition["kind"] == "hypotheses":
            wording = definition["hash"]
            found.setdefault(about, Spoken()).forecasters[wording] = voices - again.get((about, wording), 0)
    locks = acts.filter(kind="lock").order_by("n").values_list("about", "definition", "at")
    for about, definition, at in locks:
        if definition and definition["kind"] == "hypotheses":
            found.setdefault(about, Spoken()).locked.setdefault(definition["hash"], at)
    return found


def _said_again(acts: QuerySet[ActRecord], same: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """How many voices forecast what their person had forecast by another, by hypothesis and hash of the wording."""
    heard: dict[tuple[str, str], set[str]] = defaultdict(set)
    for some in batched({*same, *same.values()}, AT_ONCE):
        forecasts = acts.filter(kind="forecast", by__in=some).values_list("about", "definition", "by")
        for about, definition, by in forecasts:
            if definition:
                heard[about, definition["hash"]].add(by)
    return {what: len(voices) - len({same.get(by, by) for by in voices}) for what, voices in heard.items()}

"""How many forecast each hypothesis, and what is locked: counts, never what anybody said."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Count

from vitalfew.server.core.models import ActRecord, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

_KEPT = 16
_lock = Lock()
_known: OrderedDict[int, _Counted] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of one hypothesis, by the hash of its wording: how many people forecast it, when it was locked."""

    forecasters: dict[str, int] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)


class _Counted(NamedTuple):
    """What was said up to act number `last`, whose hash is `head`."""

    head: str
    last: int
    spoken: dict[str, Spoken]


def spoken(workspace: Workspace) -> dict[str, Spoken]:
    """What was said of each hypothesis that anybody spoke of, counted by the database.

    Kept: after more acts only what these were about is counted anew.
    """
    head, last = Workspace.objects.values_list("acts_head", "acts_count").get(pk=workspace.pk)
    with _lock:
        known = _known.get(workspace.pk)
    if known is not None and known.head == head:
        return known.spoken
    acts = ActRecord.objects.filter(workspace=workspace).order_by()
    if known is not None and acts.filter(n=known.last, hash=known.head).exists():
        touched = acts.filter(n__gt=known.last).values("about")
        found = {**known.spoken, **_count(acts.filter(about__in=touched))}
    else:  # nothing is known yet, or what is known was taken back
        found = _count(acts)
    with _lock:
        _known[workspace.pk] = _Counted(head, last, found)
        _known.move_to_end(workspace.pk)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def forecast_by(workspace: Workspace, by: str, about: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Which of some hypotheses a pseudonym forecast, with the hash of the wording, as far as it was not erased."""
    acts = ActRecord.objects.filter(workspace=workspace, by=by, kind="forecast", about__in=about, body__isnull=False)
    named = acts.order_by().values_list("about", "definition").distinct()
    return frozenset((key, definition["hash"]) for key, definition in named if definition)


def _count(acts: QuerySet[ActRecord]) -> dict[str, Spoken]:
    """Counted by the definition an act speaks of, as an index holds it: nothing in it is looked into."""
    found: dict[str, Spoken] = {}
    forecasts = acts.filter(kind="forecast").values_list("about", "definition")
    for about, definition, people in forecasts.annotate(people=Count("by", distinct=True)):
        if definition and definition["kind"] == "hypotheses":
            found.setdefault(about, Spoken()).forecasters[definition["hash"]] = people
    locks = acts.filter(kind="lock").order_by("n").values_list("about", "definition", "at")
    for about, definition, at in locks:
        if definition and definition["kind"] == "hypotheses":
            found.setdefault(about, Spoken()).locked.setdefault(definition["hash"], at)
    return found

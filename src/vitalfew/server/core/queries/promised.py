"""How many forecast each hypothesis, and what is locked: counts, never what anybody said."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from django.db.models import Count, Min
from django.db.models.fields.json import KT

from vitalfew.server.core.models import ActRecord, Workspace

_KEPT = 16
_lock = Lock()
_known: OrderedDict[int, tuple[str, dict[str, Spoken]]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of one hypothesis, by the hash of its wording: how many people forecast it, when it was locked."""

    forecasters: dict[str, int] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)


def spoken(workspace: Workspace) -> dict[str, Spoken]:
    """What was said of each hypothesis that anybody spoke of, counted by the database; kept until the next act."""
    head = Workspace.objects.values_list("acts_head", flat=True).get(pk=workspace.pk)
    with _lock:
        known = _known.get(workspace.pk)
        if known is not None and known[0] == head:
            return known[1]
    found = _count(workspace)
    with _lock:
        _known[workspace.pk] = (head, found)
        _known.move_to_end(workspace.pk)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _count(workspace: Workspace) -> dict[str, Spoken]:
    about = ActRecord.objects.filter(
        workspace=workspace, kind__in=("forecast", "lock"), definition__kind="hypotheses"
    ).order_by()
    rows = about.annotate(wording=KT("definition__hash")).values("about", "kind", "wording")
    found: dict[str, Spoken] = {}
    for row in rows.annotate(people=Count("by", distinct=True), first=Min("at")):
        said = found.setdefault(row["about"], Spoken())
        if row["kind"] == "forecast":
            said.forecasters[row["wording"]] = row["people"]
        else:
            said.locked[row["wording"]] = row["first"]
    return found

"""What a session shows once its answers are open: the group, never one of it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from vitalfew.server.core.persons import same_people
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.value.queries.sessions import pseudonyms
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.pipeline.weighing import Weighed
    from vitalfew.results.rows import WeightRow
    from vitalfew.server.core.rows import Workspace
    from vitalfew.server.value.queries.sessions import SessionView

FEWEST = 3
"""People from whom on anything is told: what two say together tells each what the other said."""
_KEPT = 32
_lock = Lock()
_known: OrderedDict[tuple[object, ...], Reveal] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Reveal:
    """What a session found: `now` by the last answers of everybody, `first` by those of the first round.

    Of fewer than three people it holds how many they are and nothing else. `first` is None where there was one round
    only, and where too few answered in the first.
    """

    now: Weighed
    first: Weighed | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A factor's weight after the first and after the second round."""

    factor: str
    before: WeightRow | None
    after: WeightRow


def reveal(workspace: Workspace, view: SessionView, run: Results | None) -> Reveal:
    """What participants said, as far as it is open."""
    name = (view.id, workspace.stamp, view.revealed_n, view.again_n, run.info.id if run else "")
    with _lock:
        if name in _known:
            _known.move_to_end(name)
            return _known[name]
    found = _reveal(workspace, view, run)
    with _lock:
        _known[name] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def moved(found: Reveal) -> tuple[Moved, ...]:
    """How weights moved from the first round to the second, what moved most first; nothing after one round."""
    if found.first is None:
        return ()
    before = found.first.weights
    rows = [Moved(strip.factor, before.get(strip.factor), strip.weight) for strip in found.now.strips]
    return tuple(sorted(rows, key=lambda row: -abs(row.after.mean - (row.before.mean if row.before else 0.0))))


def _reveal(workspace: Workspace, view: SessionView, run: Results | None) -> Reveal:
    from vitalfew.pipeline.weighing import Weighed, choosable, weigh

    if view.revealed_n is None:
        return Reveal(Weighed(0), None)
    people = pseudonyms(view.id)
    last = view.again_n or view.revealed_n
    judged = [
        (act, body)
        for act, body in said(workspace, kind="judgement", about=VALUE_MODEL)
        if act.by in people and view.begun_n < act.n <= last
    ]
    definitions, same = loaded(workspace).workspace, same_people(workspace.pk)
    options = None if run is None else per_run(run, "choosable", choosable)

    def upto(n: int) -> Weighed:
        kept = [(act, body) for act, body in judged if act.n <= n]
        log = ActLog(tuple(act for act, _ in kept), {act.n: body for act, body in kept}, same=same)
        return weigh(replace(definitions, acts=log), options)

    now, first = upto(last), upto(view.revealed_n) if view.again_n is not None else None
    return Reveal(
        now if now.people >= FEWEST else Weighed(now.people), first if first and first.people >= FEWEST else None
    )

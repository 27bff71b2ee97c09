"""What pages work out from a run, kept: runs never change, so it holds for good."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.pipeline import Results

_RUNS, _KEPT = 8, 128  # runs, and things of each: as many runs as stay open
_lock = Lock()
_known: OrderedDict[tuple[str, str], OrderedDict[str, _Once]] = OrderedDict()


class _Once:
    """A place for what is worked out once, however many ask for it meanwhile."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.found: list[Any] = []


def per_run[Found](run: Results, what: str, make: Callable[[Results], Found]) -> Found:
    """What `make` finds in a run, worked out once; `what` names it. Others who ask wait for the first."""
    once = _place(str(run.workspace.root), run.info.id, what)
    with once.lock:
        if not once.found:
            once.found.append(make(run))
    return cast("Found", once.found[0])


def _place(folder: str, run: str, what: str) -> _Once:
    with _lock:
        things = _known.setdefault((folder, run), OrderedDict())
        _known.move_to_end((folder, run))
        once = things.setdefault(what, _Once())
        things.move_to_end(what)
        while len(things) > _KEPT:
            things.popitem(last=False)
        while len(_known) > _RUNS:
            _known.popitem(last=False)
        return once

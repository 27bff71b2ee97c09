"""What pages work out from a run, kept: runs never change, so it holds for good."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.pipeline import Results

_KEPT = 64
_lock = Lock()
_known: OrderedDict[tuple[str, str, str], Any] = OrderedDict()


def per_run[Found](run: Results, what: str, make: Callable[[Results], Found]) -> Found:
    """What `make` finds in a run, worked out once; `what` names it."""
    name = (str(run.workspace.root), run.info.id, what)
    with _lock:
        if name in _known:
            _known.move_to_end(name)
            return cast("Found", _known[name])
    found = make(run)
    with _lock:
        _known[name] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found

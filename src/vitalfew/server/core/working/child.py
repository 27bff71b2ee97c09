"""The process that does the work: `python -m vitalfew.server.core.working.child`, its order on standard input.

It answers on the file descriptor it is told, a line of JSON each: steps as they come, at the end what came of it. It
knows neither the database nor the network.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import traceback
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.working.jail import end_with_parent, shut_in
from vitalfew.server.core.working.order import Bounds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

LONGEST_MESSAGE = 4_000


def main(answers: int) -> None:
    """Take the order, shut the door, work, answer."""
    end_with_parent()
    given = sys.stdin.buffer
    bounds = json.loads(given.readline())
    with os.fdopen(answers, "w", encoding="utf-8", buffering=1) as out:
        within = Bounds(**{**bounds, "reads": tuple(bounds["reads"]), "writes": tuple(bounds["writes"])})
        lacking = shut_in(within)
        _say(out, lacking=lacking)
        if refused := refusal(within, lacking):
            _say(out, error=refused)
            return
        try:
            order = pickle.load(given)  # noqa: S301 - written by the worker that started this process, on its own pipe
            from vitalfew.server.core.working.deeds import WORK

            result = WORK[order.work](order, lambda step, done, total: _say(out, step=step, done=done, total=total))
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker is told of it
            _say(out, **_fault(error))
        else:
            _say(out, result=result)


def refusal(bounds: Bounds, lacking: Sequence[str]) -> str:
    """Why nothing is done on a machine that lacks some means of shutting work in; empty where it is done."""
    if not (bounds.required and lacking):
        return ""
    return f"this server refuses work that its machine cannot shut out of other {' and '.join(lacking)}"


def _fault(error: Exception) -> dict[str, Any]:
    """What went wrong: for people where it is theirs to mend; where in the code, without any text of customers."""
    from vitalfew.errors import VitalfewError

    frames = traceback.extract_tb(error.__traceback__)[-4:]
    detail = f"{type(error).__name__} at " + ", ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in frames)  # noqa: PTH119 - names in code objects are no paths of this machine
    if isinstance(error, VitalfewError):
        told = "\n".join(str(problem) for problem in error.problems) or str(error)
        return {"error": told[:LONGEST_MESSAGE], "detail": detail}
    if isinstance(error, MemoryError):
        return {"error": "this takes more memory than the server gives to one job", "detail": detail}
    return {"error": "", "detail": detail}


def _say(out: TextIO, **answer: object) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))

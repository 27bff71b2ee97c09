"""A verdict is spoken on the day it fell due: what an experiment shows later changes the effect, not the verdict."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import yaml

import vitalfew as vf
from acts_building import append

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import VerdictRow

UNITS = 400
DEFINED: dict[str, Any] = {
    "sources": {
        "shown": {"table": "shown.csv", "unit": "user", "experiment": "exp", "variant": "arm", "time": "at"},
        "log": {"table": "log.csv", "unit": "user", "time": "at", "event": "event"},
    },
    "metrics": {"bought": {"source": "log", "kind": "proportion", "events": ["bought"]}},
    "factors": {"bought": {"range": [0, 1]}},
    "initiatives": {"basket": {"started": "2026-03-01", "shipped": "2026-03-02"}},
    "hypotheses": {"h": {"initiative": "basket", "metric": "bought", "due": "2026-03-10"}},
    "experiments": {"e": {"source": "shown", "initiative": "basket", "control": "a", "metrics": ["bought"]}},
}


def _folder(folder: Path, **experiment: Any) -> Path:
    """Until the day, the new arm buys more; after it, everybody of the old arm buys and nobody else of the new."""
    shown: list[list[object]] = [["user", "exp", "arm", "at"]]
    log: list[list[object]] = [["user", "event", "at"]]
    for at in range(UNITS):
        arm = "ab"[at % 2]
        shown.append([f"u{at}", "e", arm, "2026-03-02 09:00:00"])
        if at % 10 < (2 if arm == "a" else 6):
            log.append([f"u{at}", "bought", "2026-03-05 10:00:00"])
        elif arm == "a":
            log.append([f"u{at}", "bought", "2026-03-20 10:00:00"])
    for name, rows in (("shown.csv", shown), ("log.csv", log)):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    defined = DEFINED | {"experiments": {"e": DEFINED["experiments"]["e"] | experiment}}
    (folder / "w.yaml").write_text(yaml.safe_dump(defined))
    said = {"p10": 0.1, "p50": 0.3, "p90": 0.5}
    at_once = datetime(2026, 2, 1, 9, tzinfo=UTC)
    append(folder, "forecast", "h", "anna", said, at=at_once)
    body = {"hypothesis": "h", "promise": said | {"p_zero": 0.0, "forecasters": 1}, "metric": "bought"}
    append(folder, "lock", "h", "anna", body | {"segment": "all", "due": "2026-03-10"}, at=at_once)
    return folder


def _verdict(folder: Path, as_of: date | None = None) -> VerdictRow:
    (row,) = vf.run(vf.load(folder), as_of=as_of).tables.verdicts
    return row


def test_what_comes_after_the_day_does_not_change_the_verdict(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    today, then = _verdict(folder), _verdict(folder, date(2026, 3, 11))
    assert today.verdict == then.verdict == "kept"
    assert today.estimate == then.estimate
    assert today.low is not None
    assert today.low == then.low  # one look, as of the day
    (effect,) = vf.run(vf.load(folder)).tables.effects
    assert effect.estimate is not None
    assert effect.estimate < 0  # what is known by now is shown as an effect all the same


def test_on_the_day_itself_it_is_not_spoken_as_the_day_is_still_in_progress(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    found = _verdict(folder, date(2026, 3, 10))
    assert (found.verdict, found.reason) == ("unproven", "the verdict is due on 10 Mar 2026")
    (headline,) = vf.run(vf.load(folder), as_of=date(2026, 3, 10)).tables.headline
    assert headline.resolved == 0


def test_an_experiment_that_began_after_the_day_has_no_say(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    shown = (folder / "shown.csv").read_text().replace("2026-03-02", "2026-03-15")
    (folder / "shown.csv").write_text(shown)
    found = _verdict(folder)
    assert found.verdict == "unproven"
    assert found.estimate is None


def test_an_experiment_that_ended_by_the_day_counts_whole(tmp_path: Path) -> None:
    assert _verdict(_folder(tmp_path, end="2026-03-10")).verdict == "harmful"

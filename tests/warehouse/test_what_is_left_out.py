"""What is left out, or counted twice, is said: nothing may go missing without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

YAML = """
sources:
  seen: {table: seen.csv, shape: exposures, unit: user, experiment: test, variant: arm, time: at}
  did: {table: did.csv, shape: events, unit: user, time: at, event: name}
metrics:
  buys: {source: did, events: [buy], window: {length: 7}}
experiments:
  gate: {source: seen, variant: arm, control: old, metrics: [buys], start: 2026-01-01}
"""


def reasons(folder: Path, seen: list[str], did: list[str], yaml: str = YAML) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "w.yaml").write_text(yaml, "utf-8")
    (folder / "seen.csv").write_text("\n".join(["user,test,arm,at", *seen, ""]), "utf-8")
    head = "user,name,at,message" if " id: " in yaml else "user,name,at"
    (folder / "did.csv").write_text("\n".join([head, *did, ""]), "utf-8")
    return [row.reason for row in run(load(folder)).tables.failed]


SEEN = [f"u{n},gate,{('old', 'new')[n % 2]},2026-01-0{n % 5 + 1} 10:00:00" for n in range(200)]
DID = [f"u{n},buy,2026-01-0{n % 5 + 2} 1{n % 10}:0{n % 7}:00" for n in range(0, 200, 3)]


def test_exposures_without_unit_or_variant_are_counted_by_arm(tmp_path: Path) -> None:
    lost = [*(f",gate,old,2026-01-02 10:00:{n:02}" for n in range(7)), ",gate,new,2026-01-02 10:00:00"]
    lost += ["u900,gate,,2026-01-02 10:00:00", "u901,other,,2026-01-02 10:00:00"]
    said = reasons(tmp_path / "w", [*SEEN, *lost], DID)
    assert "8 rows of 'seen.csv' without a unit in 'user' (1 in new, 7 in old) are left out" in said
    assert "1 row of 'seen.csv' without a variant in 'arm' is left out" in said
    assert not [reason for reason in reasons(tmp_path / "v", SEEN, DID) if "without a" in reason]


def test_events_that_were_sent_twice_are_warned_of_where_nothing_tells_them_apart(tmp_path: Path) -> None:
    said = [reason for reason in reasons(tmp_path / "w", SEEN, DID + DID[:20]) if "count again" in reason]
    assert len(said) == 1
    assert said[0].startswith("20 of 87 rows of 'did.csv' are the same in every column as another")
    days = [f"{line[:-9]}" for line in DID]
    assert not [reason for reason in reasons(tmp_path / "v", SEEN, days + days) if "count again" in reason]
    told = YAML.replace("event: name}", "event: name, id: message}")
    known = [f"{line},m{n}" for n, line in enumerate(DID)]
    assert not [reason for reason in reasons(tmp_path / "x", SEEN, known, told) if "count again" in reason]


def test_of_many_events_the_share_that_was_sent_twice_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = DID + DID[:20]
    monkeypatch.setattr("vitalfew.warehouse.silence._MOST_LOOKED_AT", len(twice))
    (said,) = (reason for reason in reasons(tmp_path / "w", SEEN, twice) if "count again" in reason)
    assert said.startswith("about 23 % of the rows of 'did.csv' are the same in every column as another")


def test_a_metric_is_0_for_everybody_when_no_event_fell_into_its_window(tmp_path: Path) -> None:
    late = [line.replace("2026-01", "2026-03") for line in DID]
    said = reasons(tmp_path / "w", SEEN, late)
    assert "not enough data for 'buys': it is 0 for every unit, as no event fell into its window" in said

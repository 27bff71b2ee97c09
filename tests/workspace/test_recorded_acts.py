from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from acts_building import BEGIN, append, as_bytes, chain_of
from vitalfew.errors import ActError
from vitalfew.workspace import acts as acts_of
from vitalfew.workspace.acts import body_path, erase, read, writing
from vitalfew.workspace.chain import DefinitionRef
from vitalfew.workspace.people import pseudonym

if TYPE_CHECKING:
    from pathlib import Path

FORECAST = {"p10": 0, "p50": 1.5, "p90": 3, "p_zero": 0.2}


def forecast(root: Path, by: str = "anna", about: str = "h", **changes: Any) -> acts_of.Act:
    return append(root, "forecast", about, by, FORECAST | changes, at=BEGIN)


def test_a_folder_without_a_log_has_an_empty_one_and_reading_leaves_nothing(tmp_path: Path) -> None:
    assert read(tmp_path).acts == ()
    assert list(tmp_path.iterdir()) == []


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    first, second = forecast(tmp_path), forecast(tmp_path, "ben", p50=2)
    log = read(tmp_path)
    assert log.acts == (first, second)
    assert log.bodies == {1: FORECAST, 2: FORECAST | {"p50": 2}}
    assert (log.damage, log.erased, log.head) == ((), (), second.hash)
    assert first.at == "2026-01-05T09:00:00Z"


def test_a_line_has_the_documented_fields_and_holds_no_name_and_no_words(tmp_path: Path) -> None:
    append(tmp_path, "waiver", "gate", "Anna Smith", {"reason": "the fault is mended"}, at=BEGIN)
    text = (tmp_path / "acts.jsonl").read_text()
    assert set(json.loads(text)) == {"n", "at", "by", "kind", "about", "definition", "body_hash", "prev", "hash"}
    everything = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "anna" not in everything.lower()
    assert "mended" not in text
    assert "mended" in everything


def test_a_name_has_one_pseudonym_however_it_is_typed_and_another_in_another_folder(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    assert pseudonym(here, "Zoë") == pseudonym(here, " zoe\u0308 ") == pseudonym(here, pseudonym(here, "zoë"))
    assert pseudonym(here, "Zoë") != pseudonym(here, "Zoe")
    assert pseudonym(here, "Zoë") != pseudonym(there, "Zoë")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_key_of_the_pseudonyms_is_private_and_kept_out_of_git(tmp_path: Path) -> None:
    pseudonym(tmp_path, "anna")
    assert stat.S_IMODE((tmp_path / ".vitalfew/people.key").stat().st_mode) == 0o600
    assert (tmp_path / ".vitalfew/.gitignore").read_text() == "*\n"


def test_a_damaged_key_is_named_not_replaced(tmp_path: Path) -> None:
    pseudonym(tmp_path, "anna")
    (tmp_path / ".vitalfew/people.key").write_text("abc")
    with pytest.raises(ActError, match="key of the pseudonyms"):
        pseudonym(tmp_path, "anna")


@pytest.mark.parametrize("name", ["", "  ", "x" * 200, "\ud800"])
def test_nobody_cannot_record(tmp_path: Path, name: str) -> None:
    with pytest.raises(ActError, match="who records"):
        forecast(tmp_path, name)
    assert not (tmp_path / "acts.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p10": 2}, "must rise"),
        ({"p90": float("nan")}, "p90: input should be a finite number"),
        ({"p90": float("inf")}, "p90: input should be a finite number"),
        ({"p90": 1e300}, "p90: input should be less than"),
        ({"p_zero": 1.2}, "p_zero: input should be less than or equal to 1"),
        ({"p50": "1"}, "p50: input should be a valid number"),
        ({"p50": True}, "p50: input should be a valid number"),
        ({"p51": 1}, "p51 is not a field of it; did you mean 'p50'"),
    ],
)
def test_an_impossible_forecast_is_refused_and_leaves_nothing(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ActError, match=message):
        forecast(tmp_path, **changes)
    assert not (tmp_path / "acts.jsonl").exists()


def test_points_below_zero_an_unknown_kind_and_a_strange_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ActError, match=r"points\.a: input should be greater than or equal to 0"):
        append(tmp_path, "judgement", "value_model", "anna", {"points": {"a": -1}})
    with pytest.raises(ActError, match="no kind of act called 'wish'"):
        append(tmp_path, "wish", "h", "anna", {})  # type: ignore[arg-type] # the fault that is tried
    with pytest.raises(ActError, match="cannot be about"):
        forecast(tmp_path, about="../h")


def test_an_act_cannot_be_dated_back_but_clocks_may_differ_a_little(tmp_path: Path) -> None:
    forecast(tmp_path)
    append(tmp_path, "forecast", "h", "ben", FORECAST, at=BEGIN - timedelta(minutes=4))
    with pytest.raises(ActError, match="cannot be dated back"):
        append(tmp_path, "forecast", "h", "ben", FORECAST, at=BEGIN - timedelta(minutes=30))
    with pytest.raises(ActError, match="needs a time zone"):
        append(tmp_path, "forecast", "h", "ben", FORECAST, at=datetime(2026, 1, 6))  # noqa: DTZ001 - the fault that is tried
    assert len(read(tmp_path).acts) == 2


def test_without_a_time_the_clock_is_taken(tmp_path: Path) -> None:
    act = append(tmp_path, "forecast", "h", "anna", FORECAST)
    assert abs(act.time - datetime.now(UTC)) < timedelta(seconds=30)


def test_nothing_is_appended_to_a_damaged_log(tmp_path: Path) -> None:
    forecast(tmp_path)
    forecast(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"forecast", b"decision", 1))
    before = path.read_bytes()
    with pytest.raises(ActError, match=r"damaged, nothing was appended: act 1 was edited") as raised:
        forecast(tmp_path)
    assert raised.value.problem.where is not None
    assert raised.value.problem.where.line == 1
    assert path.read_bytes() == before
    assert not body_path(tmp_path, 3).exists()


def test_a_torn_last_line_is_named_with_the_way_out(tmp_path: Path) -> None:
    forecast(tmp_path)
    forecast(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert [found.code for found in read(tmp_path).damage] == ["torn"]
    with pytest.raises(ActError, match="remove the last line"):
        forecast(tmp_path)


def test_a_last_line_without_its_newline_is_completed(tmp_path: Path) -> None:
    forecast(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(path.read_bytes().rstrip())
    forecast(tmp_path)
    assert len(read(tmp_path).acts) == 2
    assert read(tmp_path).damage == ()


def test_lines_ended_by_windows_editors_are_still_sound(tmp_path: Path) -> None:
    forecast(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(tmp_path).damage == ()


def test_an_edited_body_is_found_and_not_believed(tmp_path: Path) -> None:
    forecast(tmp_path)
    path = body_path(tmp_path, 1)
    path.write_text(path.read_text().replace("1.5", "2.5"))
    log = read(tmp_path)
    assert [(found.code, found.n) for found in log.damage] == [("body", 1)]
    assert (dict(log.bodies), log.erased) == ({}, ())


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"body":{},"salt":"1"}', b"\xff", b"[" * 99_999, b" " * 300_000]
)
def test_a_hostile_body_is_answered_with_a_finding(tmp_path: Path, content: bytes) -> None:
    forecast(tmp_path)
    body_path(tmp_path, 1).write_bytes(content)
    assert [found.code for found in read(tmp_path).damage] == ["body"]


@pytest.mark.parametrize("content", [b"hello\n", b"\xff\xfea\x00\n", b'{"a": 1}\n', b"null\n"])
def test_a_file_that_is_no_log_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "acts.jsonl").write_bytes(content)
    with pytest.raises(ActError, match="this is no log of acts"):
        read(tmp_path)


def test_a_folder_in_place_of_the_log_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "acts.jsonl").mkdir()
    with pytest.raises(ActError, match="no ordinary file"):
        read(tmp_path)
    with pytest.raises(ActError, match="cannot be opened"):
        forecast(tmp_path)


def test_a_log_beyond_all_measure_is_refused_in_words(tmp_path: Path) -> None:
    with (tmp_path / "acts.jsonl").open("wb") as file:
        file.truncate(acts_of.LARGEST_LOG + 1)
    with pytest.raises(ActError, match="at most 512 MB"):
        read(tmp_path)


def test_an_interrupt_while_writing_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forecast(tmp_path)
    before = (tmp_path / "acts.jsonl").read_bytes()
    written = os.write

    def half(descriptor: int, content: bytes) -> int:
        written(descriptor, content[:50])
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(KeyboardInterrupt):
        forecast(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / "acts.jsonl").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "acts").iterdir()) == ["000001.json"]
    forecast(tmp_path)
    assert len(read(tmp_path).acts) == 2


def test_a_full_disk_is_answered_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(ActError, match="No space left"):
        forecast(tmp_path)
    monkeypatch.undo()
    assert not (tmp_path / "acts.jsonl").exists()


def test_processes_that_append_at_once_make_one_sound_chain(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from vitalfew.workspace.acts import writing\n"
        "for n in range(6):\n"
        "    with writing(Path(sys.argv[1])) as log: log.append('sign_off', f'h{n}', sys.argv[2], {})"
    )
    people = ("anna", "ben", "cleo", "dora")
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), person]) for person in people]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    log = read(tmp_path)
    assert (len(log.acts), log.damage, log.erased) == (24, (), ())
    assert len({act.by for act in log.acts}) == 4


@pytest.mark.parametrize("durable", [True, False])
def test_many_acts_can_be_appended_under_one_lock(tmp_path: Path, durable: bool) -> None:
    with writing(tmp_path, durable=durable) as writer:
        written = tuple(writer.append("forecast", "h", "anna", FORECAST, at=BEGIN) for _ in range(3))
        assert writer.about("h").acts == written
        assert writer.about("g").acts == ()
    assert read(tmp_path).acts == written


def test_the_log_can_be_read_as_of_a_day(tmp_path: Path) -> None:
    forecast(tmp_path)
    append(tmp_path, "forecast", "h", "ben", FORECAST, at=BEGIN + timedelta(days=1))
    assert [act.n for act in read(tmp_path).until(BEGIN.date()).acts] == [1]


def test_erasing_a_person_takes_their_words_and_keeps_the_chain(tmp_path: Path) -> None:
    forecast(tmp_path)
    forecast(tmp_path, "ben")
    append(tmp_path, "judgement", "value_model", "anna", {"points": {"a": 10}}, at=BEGIN)
    erased = erase(tmp_path, "Anna")
    log = read(tmp_path)
    assert erased.acts == log.erased == (1, 3)
    assert (len(log.acts), log.damage, set(log.bodies)) == (3, (), {2})
    assert forecast(tmp_path).n == 4
    assert erase(tmp_path, erased.by).acts == (4,)


def test_erasing_somebody_unknown_says_so(tmp_path: Path) -> None:
    forecast(tmp_path)
    with pytest.raises(ActError, match="in another copy of this workspace"):
        erase(tmp_path, "ben")


@pytest.mark.parametrize(("forecasters", "erased"), [(1, (1, 2)), (2, (1,))])
def test_a_lock_stays_unless_it_is_the_forecast_of_that_person_alone(
    tmp_path: Path, forecasters: int, erased: tuple[int, ...]
) -> None:
    forecast(tmp_path)
    promise = FORECAST | {"forecasters": forecasters}
    append(tmp_path, "lock", "h", "ben", {"hypothesis": "h", "promise": promise}, at=BEGIN)
    assert erase(tmp_path, "anna").acts == erased


def test_the_lock_of_another_s_forecast_stays_where_one_answered_an_earlier_wording(tmp_path: Path) -> None:
    earlier, present = (DefinitionRef("hypotheses", "h", version, f"{version}" * 64) for version in (1, 2))
    promise = {"hypothesis": "h", "promise": FORECAST | {"forecasters": 1}}
    with writing(tmp_path) as writer:
        writer.append("forecast", "h", "anna", FORECAST, earlier)
        writer.append("forecast", "h", "ben", FORECAST, present)
        writer.append("lock", "h", "cleo", promise, present)
    assert erase(tmp_path, "anna").acts == (1,)
    assert erase(tmp_path, "ben").acts == (2, 3)


def test_the_order_of_fields_and_spaces_do_not_matter(tmp_path: Path) -> None:
    acts = chain_of(2)
    lines = [json.dumps(dict(reversed(json.loads(line).items())), indent=None) for line in as_bytes(acts).splitlines()]
    (tmp_path / "acts.jsonl").write_text("\n".join(lines))
    assert read(tmp_path).acts == tuple(acts)
    assert read(tmp_path).erased == (1, 2)


def test_a_person_is_erased_from_a_damaged_log(tmp_path: Path) -> None:
    for name in ("Ada", "Ben", "Ada"):
        append(tmp_path, "waiver", "retention", name, {"reason": "why not"})
    lines = (tmp_path / "acts.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "acts.jsonl").write_text("".join([*lines[:2], "no act\n"]))
    (tmp_path / "acts" / "000001.json").write_text("{}")
    done = erase(tmp_path, "Ada")
    assert done.acts == (1,)
    assert [path.name for path in sorted((tmp_path / "acts").glob("*.json"))] == ["000002.json", "000003.json"]
    assert done.of_nobody == ("000003.json",)
    assert any("000003.json" in sentence for sentence in done.sentences())

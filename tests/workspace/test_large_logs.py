"""Large logs: read fast and in little memory, with what the careful reading finds; only what counts is opened."""

from __future__ import annotations

import random
import tracemalloc
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts_building import BEGIN, as_bytes, chain_of, definitions, inspected
from vitalfew.decide.bets import bets
from vitalfew.judgement.calibration_rows import History
from vitalfew.judgement.promises import behind_lock, promises
from vitalfew.results.rows import Tables
from vitalfew.workspace import sound
from vitalfew.workspace.act_log import ActLog
from vitalfew.workspace.bodies import _plain_forecast, seal, unseal, validate
from vitalfew.workspace.chain import MOST_UNREADABLE, DefinitionRef, entry_hash, follow, inspect, timestamp, to_line
from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.heads import Head
from vitalfew.workspace.sealed import InMemory, Sealed
from vitalfew.workspace.sound import SoundActs
from vitalfew.workspace.verify import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.workspace.chain import Act, Kind

WORDS = st.sampled_from(["h", "value_model", 'a"b', "back\\slash", "Grüße", "line\nbreak", "\x7f", "x" * 300])
MOMENTS = st.sampled_from(
    ["2026-01-05T09:00:00Z", "2026-01-05T09:00:00.25Z", "2026-01-05T08:58:00Z", "2025-01-01T00:00:00Z"]
)
NAMED = DefinitionRef("hypotheses", "h", 1, definition_hash("hypotheses", "h", definitions().hypotheses["h"]))
OTHER = replace(NAMED, version=2, hash="e" * 64)
DEFINED = definitions()


def spoken(words: Sequence[tuple[str, str, bool]]) -> list[Act]:
    """A chain of acts about things, at times, with or without a definition."""
    acts: list[Act] = []
    for about, at, named in words:
        last = acts[-1] if acts else None
        definition = NAMED if named else None
        acts.append(
            follow(last, at=at, by="p-a", kind="waiver", about=about, definition=definition, body_hash="0" * 64)
        )
    return acts


@given(st.lists(st.tuples(WORDS, MOMENTS, st.booleans()), min_size=1, max_size=8), st.data())
def test_the_fast_reading_finds_what_the_careful_one_finds(
    said: list[tuple[str, str, bool]], data: st.DataObject
) -> None:
    raw = bytearray(as_bytes(spoken(said)))
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.sampled_from([0, 1, 1, 5, 80]))
        raw[at : at + length] = data.draw(st.sampled_from([b"", b"0", b"\n", b" ", b"}", b"\n\n", b'"', b"\xff"]))
    careful = inspect(BytesIO(bytes(raw)))
    found = inspected(bytes(raw))
    assert (found.damage, tuple(found.acts)) == (careful.damage, careful.acts)
    assert found.ends_with_newline == careful.ends_with_newline


def test_a_log_as_it_was_written_needs_no_careful_reading() -> None:
    acts = spoken([("h", "2026-01-05T09:00:00Z", True), ("h", "2026-01-05T08:58:00.5Z", False)])
    found = inspected(as_bytes(acts)).acts
    assert isinstance(found, SoundActs)
    assert found == acts
    assert (list(found), found[-1], tuple(found[:1]), found[1:]) == (acts, acts[-1], (acts[0],), (acts[1],))
    assert [found.number_of(act.hash) for act in acts] == [1, 2]
    assert found.number_of(acts[0].hash[2:] + acts[1].hash[:2]) is None  # across two of them


@pytest.mark.parametrize("number", [1, 2_500, 5_000])
def test_an_edit_of_a_large_log_is_found_wherever_it_is(number: int) -> None:
    acts = chain_of(5_000)
    edited = [replace(act, by="p-eve") if act.n == number else act for act in acts]
    assert [(found.code, found.n) for found in inspected(as_bytes(edited)).damage] == [("edited", number)]
    bare = replace(acts[number - 1], by="p-eve")
    anew = [*acts[: number - 1], replace(bare, hash=entry_hash(bare)), *acts[number:]]
    head = Head(acts[number - 1].hash, "a note", number)
    log = ActLog(inspected(as_bytes(anew)).acts)
    codes = [found.code for found in (*inspected(as_bytes(anew)).damage, *audit(log, DEFINED, [head]).damage)]
    assert codes == (["link", "head"] if number < 5_000 else ["head"])


def test_acts_of_a_large_log_take_little_memory() -> None:
    file = BytesIO(as_bytes(chain_of(20_000)))
    tracemalloc.start()
    chain = sound.read(file)
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(chain.acts) == 20_000
    assert kept < 20_000 * 160
    assert most < 20_000 * 250 + 4_000_000  # what is read at once, as lines and fields


# What acts say -----------------------------------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.integers(-5, 5), st.floats(-3, 3), st.sampled_from([1e-5, 0.0001, -0.0, 1e15, 123456.75, 2.0, 1e16])
)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.sampled_from([0, 0.2, 1, 1.5, 1e-7]), st.data())
def test_a_forecast_opened_at_once_is_one_that_was_opened_with_care(
    quantiles: tuple[float, ...], p_zero: float, data: st.DataObject
) -> None:
    said = {**dict(zip(("p10", "p50", "p90"), quantiles, strict=True)), "p_zero": p_zero}
    digest, raw = seal(said)
    raw = raw.replace(*data.draw(st.sampled_from([(b"", b""), (b'"p10":', b'"p10": '), (b"0.", b"00."), (b"\n", b"")])))
    found = _plain_forecast(raw, digest)
    if found is not None:
        assert found == validate("forecast", said)
    else:
        assert outcome(raw, digest) == outcome(raw + b" ", digest)  # the careful way takes white space


def outcome(raw: bytes, digest: str) -> object:
    try:
        return unseal("forecast", raw, digest)
    except ValueError as error:
        return str(error)


def test_a_plain_forecast_is_opened_at_once() -> None:
    digest, raw = seal({"p10": -1, "p50": 0, "p90": 3.25, "p_zero": 0.1})
    assert _plain_forecast(raw, digest) == {"p10": -1.0, "p50": 0.0, "p90": 3.25, "p_zero": 0.1}
    assert _plain_forecast(raw.replace(b"3.25", b"3.75"), digest) is None


# What counts -------------------------------------------------------------------------------------------------------

SAID = st.lists(
    st.tuples(
        st.sampled_from(["forecast", "forecast", "forecast", "lock", "judgement", "decision"]),
        st.sampled_from(["p-anna", "p-ben"]),
        st.sampled_from([NAMED, NAMED, OTHER, None]),
        st.integers(0, 20),
        st.sampled_from(["kept", "kept", "kept", "erased", "damaged"]),
    ),
    max_size=14,
)
_BODIES: Mapping[str, Any] = {
    "judgement": {"points": {"a": 1, "b": 2}},
    "decision": {"what": "go", "evidence": "looked", "counter": "none"},
}


def log_of(said: Sequence[tuple[Kind, str, DefinitionRef | None, int, str]]) -> tuple[list[Act], dict[int, bytes]]:
    """A sound chain about one hypothesis and what is left of what its acts say."""
    acts: list[Act] = []
    left: dict[int, bytes] = {}
    for kind, by, definition, number, state in said:
        guess = {"p10": 0, "p50": number, "p90": 30, "p_zero": 0.1}
        promise = {"hypothesis": "h", "promise": {**guess, "forecasters": 1}}
        bodies: Mapping[str, Any] = {**_BODIES, "forecast": guess, "lock": promise}
        digest, raw = seal(validate(kind, bodies[kind]))
        last = acts[-1] if acts else None
        fields = {"by": by, "kind": kind, "about": "h", "definition": definition, "body_hash": digest}
        acts.append(follow(last, at=timestamp(BEGIN + timedelta(len(acts))), **fields))
        if state != "erased":
            left[acts[-1].n] = raw if state == "kept" else raw.replace(b'"salt":"', b'"salt": "0')
    return acts, left


@given(SAID)
def test_what_is_carried_to_a_run_gives_what_the_whole_log_gives(
    said: list[tuple[Kind, str, DefinitionRef | None, int, str]],
) -> None:
    acts, left = log_of(said)
    whole = inspected(as_bytes(acts)).acts
    lazy = ActLog(whole, Sealed(whole, InMemory(left)))
    opened = {act.n: found for act in acts if act.n in left and isinstance(found := read_body(act, left[act.n]), dict)}
    plain = ActLog(tuple(acts), opened)
    carried = lazy.carried()
    assert dict(lazy.bodies) == opened
    assert carried.state() == lazy.state()
    for log in (lazy, carried):
        assert promises(DEFINED, log) == promises(DEFINED, plain)
        assert behind_lock("h", DEFINED, log) == behind_lock("h", DEFINED, plain)
        asked = [act.at[:10] for act in acts if act.n in left and act.kind in {"forecast", "lock"}]
        assert [row.asked for row in bets(DEFINED, log, Tables(), date(2027, 1, 1))] == [next(iter(asked), None)]
        assert [*log.of("judgement", "h")] == [*plain.of("judgement", "h")]
        assert [*log.of("decision")] == [*plain.of("decision")]
    assert {found.n for found in lazy.damage} == {*left} - {*opened}
    assert {*lazy.erased} == {act.n for act in acts} - {*left}


def read_body(act: Act, raw: bytes) -> object:
    try:
        return unseal(act.kind, raw, act.body_hash)
    except ValueError as error:
        return error


class Counting(InMemory):
    """Sealed bytes that tell how many of them were asked for."""

    asked = 0

    def fetch(self, numbers: Sequence[int]) -> Mapping[int, bytes | OSError]:
        """As in memory."""
        self.asked += len(numbers)
        return super().fetch(numbers)


def test_of_a_thousand_forecasts_by_five_people_five_are_opened() -> None:
    people = random.Random(4).choices([f"p-{at}" for at in range(5)], k=1_000)  # noqa: S311 - no secret
    acts, left = log_of([("forecast", by, NAMED, at % 20, "kept") for at, by in enumerate(people)])
    kept = Counting(left)
    whole = inspected(b"".join(map(to_line, acts))).acts
    log = ActLog(whole, Sealed(whole, kept))
    (row,) = promises(DEFINED, log)
    assert row.forecasters == 5
    assert log.state()[-1] == []
    assert History.of((), DEFINED, log).everybody == frozenset()
    assert kept.asked == 5


def test_a_body_that_counts_and_was_changed_changes_what_a_run_hangs_on() -> None:
    acts, left = log_of([("forecast", "p-anna", NAMED, number, "kept") for number in (1, 2)])
    whole = inspected(as_bytes(acts)).acts
    before = ActLog(whole, Sealed(whole, InMemory(left))).state()
    for n in left:
        changed = {**left, n: left[n].replace(b'"p90":30', b'"p90":31')}
        log = ActLog(whole, Sealed(whole, InMemory(changed)))
        assert [found.n for found in log.damage] == [n]
        assert (log.state() != before) == (n == 2)  # the first was replaced by the second and counts no more


def test_another_file_in_place_of_a_log_is_not_told_line_by_line() -> None:
    damage = inspected(as_bytes(chain_of(1)) + b"no act\n" * 30_000).damage
    assert len(damage) == MOST_UNREADABLE + 1
    assert damage[-1].message.startswith("no more lines were read")

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts_building import as_bytes, chain_of, definitions, inspected
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.chain import GENESIS, entry_hash, to_line
from vitalfew.workspace.heads import Head
from vitalfew.workspace.verify import audit

if TYPE_CHECKING:
    from vitalfew.workspace.chain import Act, Chain

LOGS = Path(__file__).parent / "logs"
SIZES = st.integers(min_value=2, max_value=8)


def faults_against(chain: Chain, head: Act) -> list[str]:
    log = ActLog(chain.acts, {}, chain.damage)
    return [found.code for found in audit(log, definitions(), [Head(head.hash, "a note", head.n)]).damage]


def rehashed(act: Act) -> Act:
    return replace(act, hash=entry_hash(act))


def rewritten(acts: list[Act], position: int) -> list[Act]:
    """The same chain with one act changed and everything from there on hashed anew."""
    changed = [*acts[:position], rehashed(replace(acts[position], about="another"))]
    for act in acts[position + 1 :]:
        changed.append(rehashed(replace(act, prev=changed[-1].hash)))
    return changed


def test_a_sound_chain_has_no_damage_and_starts_with_zeros() -> None:
    acts = chain_of(5)
    chain = inspected(as_bytes(acts))
    assert chain.acts == tuple(acts)
    assert chain.damage == ()
    assert acts[0].prev == GENESIS
    assert all(later.prev == earlier.hash for earlier, later in pairwise(acts))


def test_an_empty_log_is_sound() -> None:
    assert inspected(b"") == inspected(b"\n\n")
    assert inspected(b"").damage == ()


@given(SIZES, st.data())
def test_any_edit_of_a_field_is_found(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    position = data.draw(st.integers(0, size - 1))
    change = data.draw(
        st.sampled_from(
            [
                {"n": size + 7},
                {"at": "2025-01-01T00:00:00Z"},
                {"by": "p-other"},
                {"kind": "lock"},
                {"about": "other"},
                {"body_hash": "f" * 64},
                {"prev": "e" * 64},
                {"hash": "d" * 64},
            ]
        )
    )
    acts[position] = replace(acts[position], **change)  # type: ignore[arg-type] # the names of fields come from the list above
    assert inspected(as_bytes(acts)).damage


@given(SIZES, st.data())
def test_any_change_of_one_byte_is_found_or_changes_nothing(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    raw = bytearray(as_bytes(acts))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    chain = inspected(bytes(raw))
    assert chain.damage or chain.acts == tuple(acts)


@given(SIZES, st.data())
def test_an_edit_hashed_anew_is_found_by_what_follows(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    position = data.draw(st.integers(0, size - 2))
    acts[position] = rehashed(replace(acts[position], about="another"))
    assert "link" in {found.code for found in inspected(as_bytes(acts)).damage}


@given(SIZES, st.data())
def test_any_removal_but_of_the_end_is_found(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    del acts[data.draw(st.integers(0, size - 2))]
    assert "gap" in {found.code for found in inspected(as_bytes(acts)).damage}


@given(SIZES, st.data())
def test_any_other_order_is_found(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    shuffled = data.draw(st.permutations(acts))
    codes = {found.code for found in inspected(as_bytes(shuffled)).damage}
    assert ("reordered" in codes) == (shuffled != acts)


@given(SIZES, st.data())
def test_any_insertion_is_found(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    forged = data.draw(st.sampled_from([*acts, *chain_of(size, salt="f")]))
    acts.insert(data.draw(st.integers(0, size - 1)), forged)
    assert inspected(as_bytes(acts)).damage


@given(SIZES, st.data())
def test_a_rewritten_chain_is_found_only_with_a_head_from_elsewhere(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    chain = inspected(as_bytes(rewritten(acts, data.draw(st.integers(0, size - 1)))))
    assert chain.damage == ()
    assert faults_against(chain, acts[-1]) == ["head"]


@given(SIZES, st.data())
def test_a_shortened_chain_is_found_only_with_a_head_from_elsewhere(size: int, data: st.DataObject) -> None:
    acts = chain_of(size)
    chain = inspected(as_bytes(acts[: data.draw(st.integers(1, size - 1))]))
    assert chain.damage == ()
    assert faults_against(chain, acts[-1]) == ["head"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("sound", []),
        ("edited", ["edited"]),
        ("removed", ["gap"]),
        ("reordered", ["reordered"]),
        ("duplicated", ["duplicated"]),
        ("torn", ["torn"]),
        ("rewritten", []),
        ("shortened", []),
    ],
)
def test_the_kept_logs_are_judged_as_their_names_say(name: str, codes: list[str]) -> None:
    chain = inspected((LOGS / f"{name}.jsonl").read_bytes())
    assert [found.code for found in chain.damage] == codes


@pytest.mark.parametrize(("name", "codes"), [("sound", []), ("rewritten", ["head"]), ("shortened", ["head"])])
def test_the_kept_logs_are_judged_against_the_head_of_the_sound_one(name: str, codes: list[str]) -> None:
    head = inspected((LOGS / "sound.jsonl").read_bytes()).acts[-1]
    assert faults_against(inspected((LOGS / f"{name}.jsonl").read_bytes()), head) == codes


def line_with(**changes: object) -> bytes:
    return json.dumps(json.loads(to_line(chain_of(1)[0])) | changes).encode()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "is not JSON"),
        (b"[1]", "is not a JSON object"),
        (b"\xff\xfe{\x00", "is not UTF-8"),
        (b'{"n": 1, "n": 2}', "the key 'n' twice"),
        (b'{"n": NaN}', "NaN, which is no number"),
        (b'{"n": 1e999}', "a number too large"),
        (b'{"n": ' + b"9" * 5000 + b"}", "too large to be exact"),
        (b'{"n": "\\ud800"}', "half of a surrogate pair"),
        (b"[" * 30_000, "nested deeper"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "nested deeper"),
        (b'"' + b"x" * 70_000 + b'"', "bytes long; at most 65,536"),
        (b'{"n": 1}', "lacks about"),
        (line_with(more=1), "no act has: more"),
        (line_with(n=1.0), "no whole number"),
        (line_with(n=True), "no whole number"),
        (line_with(at="2026-13-01T00:00:00Z"), "no UTC time"),
        (line_with(at="2026-01-01T00:00:00+01:00"), "no UTC time"),
        (line_with(kind="wish"), "none of judgement"),
        (line_with(by=""), "no text of 1 to 120"),
        (line_with(prev="0"), "no SHA-256"),
        (line_with(definition={"kind": "x"}), "does not give kind, key, version and hash"),
    ],
)
def test_a_hostile_line_is_named_and_the_rest_is_read(line: bytes, message: str) -> None:
    acts = chain_of(3)
    chain = inspected(as_bytes(acts) + line + b"\n")
    assert chain.acts == tuple(acts)
    assert [found.code for found in chain.damage] == ["malformed"]
    assert message in chain.damage[0].message
    assert chain.damage[0].line == 4


@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_answered_with_findings(raw: bytes) -> None:
    chain = inspected(raw)
    assert chain.acts == ()
    assert chain.damage or not raw.strip()


def test_a_clock_that_went_back_is_found() -> None:
    first, second = chain_of(2)
    late = rehashed(replace(first, at="2026-01-05T10:00:00Z"))
    chain = inspected(as_bytes([late, rehashed(replace(second, prev=late.hash))]))
    assert [found.code for found in chain.damage] == ["clock"]

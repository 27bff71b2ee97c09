"""What forecasts rest on: one's own until the lock, then a fact about five people or more, and never who said it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acts_building import BEGIN, definitions, workspace
from vitalfew.errors import ActError, UsageError
from vitalfew.judgement.promises import promises
from vitalfew.judgement.recording import erase, forecast, lock
from vitalfew.workspace.acts import body_path, read
from vitalfew.workspace.bodies import body_hash, seal, unseal, validate
from vitalfew.workspace.strict_json import canonical
from vitalfew.workspace.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import PromiseRow
    from vitalfew.workspace.workspace import Workspace

SAID = {"p10": 0.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.2}
PAGE = "https://example.org/interviews"
PEOPLE = ("anna", "ben", "cleo", "dora", "emil", "fay")
_KEYS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,30}", fullmatch=True)
_PAGES = st.from_regex(
    r"https?://[a-z]{1,20}\.example(:[1-9][0-9]{0,3})?/[a-zä-ü0-9/._~?=&%#;,-]{0,60}", fullmatch=True
)


def promise(root: Path) -> PromiseRow:
    (row,) = promises(definitions(), read(root))
    return row


def told(row: PromiseRow) -> tuple[tuple[str, ...], int | None]:
    return row.evidence, row.evidenced


def said_by(ws: Workspace, evidence: dict[str, list[str]]) -> None:
    for person, named in evidence.items():
        forecast(ws, "h", person, SAID, evidence=named, at=BEGIN)


@given(st.lists(st.one_of(_KEYS, _PAGES), min_size=1, max_size=10))
def test_evidence_is_read_back_as_it_was_sealed(named: list[str]) -> None:
    body = validate("forecast", SAID | {"evidence": named})
    digest, sealed = seal(body)
    assert unseal("forecast", sealed, digest) == SAID | {"evidence": named}
    assert unseal("forecast", sealed, digest) == validate("forecast", body)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["x", "a", "gate", PAGE, f"{PAGE}?page=2"]), max_size=8))
def test_evidence_that_was_recorded_is_in_the_log_once_each(tmp_path: Path, named: list[str]) -> None:
    ws = workspace(tmp_path)
    act = forecast(ws, "h", "anna", SAID, evidence=named, at=BEGIN)
    log = read(tmp_path)
    assert log.bodies[act.n].get("evidence", []) == list(dict.fromkeys(named))
    assert log.damage == ()


def test_a_forecast_without_evidence_has_the_bytes_it_always_had(tmp_path: Path) -> None:
    forecast(workspace(tmp_path), "h", "anna", SAID, evidence=[], at=BEGIN)
    raw = body_path(tmp_path, 1).read_bytes()
    salt = json.loads(raw)["salt"]
    assert raw == b'{"body":{"p10":0,"p50":2,"p90":3,"p_zero":0.2},"salt":"' + salt.encode() + b'"}\n'
    assert read(tmp_path).acts[0].body_hash == body_hash(salt, SAID)
    assert canonical(validate("forecast", SAID)) == b'{"p10":0,"p50":2,"p90":3,"p_zero":0.2}'


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        ([], "at least 1"),
        (["x"] * 11, "at most 10"),
        (["javascript:alert(1)"], "evidence.0: is neither"),
        (["x", 3], "evidence.1"),
        ("x", "evidence"),
    ],
)
def test_a_body_with_evidence_that_cannot_be_is_refused(evidence: object, told: str) -> None:
    with pytest.raises(ActError, match=told):
        validate("forecast", SAID | {"evidence": evidence})


def test_a_lock_holds_numbers_and_no_evidence(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    said_by(ws, {person: ["x", PAGE] for person in PEOPLE})
    act = lock(ws, "h", "anna", at=BEGIN)
    body = read(tmp_path).bodies[act.n]
    assert set(body["promise"]) == {"p10", "p50", "p90", "p_zero", "forecasters"}
    assert PAGE not in str(body)
    with pytest.raises(ActError, match=r"promise\.evidence is not a field"):
        validate("lock", body | {"promise": body["promise"] | {"evidence": ["x"]}})


def test_evidence_that_is_not_there_records_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing called 'gat' here.*did you mean 'gate'"):
        forecast(workspace(tmp_path), "h", "anna", SAID, evidence=["gat"])
    assert not (tmp_path / "acts.jsonl").exists()


def test_before_the_lock_nothing_is_told_of_what_forecasts_rest_on(tmp_path: Path) -> None:
    said_by(workspace(tmp_path), {person: [PAGE] for person in PEOPLE})
    assert told(promise(tmp_path)) == ((), None)


def test_after_the_lock_all_that_was_named_is_told_together_keys_first(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    said_by(ws, dict(zip(PEOPLE, ([PAGE], ["x", "a"], ["x"], ["gate"], ["a", PAGE], []), strict=True)))
    lock(ws, "h", "anna", at=BEGIN)
    assert told(promise(tmp_path)) == (("a", "gate", "x", PAGE), 5)
    said_by(ws, {"fay": ["b"]})
    assert told(promise(tmp_path)) == (("a", "gate", "x", PAGE), 5), "what comes after the lock is no part of it"


def test_the_latest_forecast_of_a_person_is_the_one_that_rests_on_something(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    said_by(ws, {person: ["x"] for person in PEOPLE})
    said_by(ws, {"fay": ["b"]})
    said_by(ws, {"emil": []})
    lock(ws, "h", "anna", at=BEGIN)
    assert told(promise(tmp_path)) == (("b", "x"), 5)


def test_where_fewer_than_five_named_something_only_how_many_is_told(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    said_by(ws, dict(zip(PEOPLE, (["x"], ["a"], [PAGE], ["x"], [], []), strict=True)))
    lock(ws, "h", "anna", at=BEGIN)
    assert told(promise(tmp_path)) == ((), 4)


def test_of_fewer_than_five_forecasters_nothing_is_told(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    said_by(ws, {person: ["x", PAGE] for person in PEOPLE[:4]})
    lock(ws, "h", "anna", at=BEGIN)
    assert told(promise(tmp_path)) == ((), None)


def test_what_somebody_had_erased_is_told_no_more_and_never_of_fewer_than_five(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    said_by(ws, {person: ["x"] for person in PEOPLE})
    said_by(ws, {"fay": [f"{PAGE}/fay"]})
    lock(ws, "h", "anna", at=BEGIN)
    assert told(promise(tmp_path)) == (("x", f"{PAGE}/fay"), 6)
    erase(ws, "fay")
    assert told(promise(tmp_path)) == (("x",), 5)
    assert not any("fay" in path.read_text() for path in (tmp_path / "acts").iterdir())
    assert verify(workspace(tmp_path)).ok
    erase(ws, "emil")
    assert told(promise(tmp_path)) == ((), None)


def test_no_evidence_moves_what_is_promised(tmp_path: Path) -> None:
    bare, cited = tmp_path / "bare", tmp_path / "cited"
    for root, named in ((bare, []), (cited, ["x", "a", PAGE])):
        root.mkdir()
        ws = workspace(root)
        for person, more in zip(PEOPLE, range(6), strict=True):
            numbers = SAID | {"p50": 2 + more / 10}
            forecast(ws, "h", person, numbers, evidence=named if more % 2 else (), at=BEGIN)
        lock(ws, "h", "anna", at=BEGIN)
    first, second = promise(bare), promise(cited)
    assert (first.p10, first.p50, first.p90, first.p_zero) == (second.p10, second.p50, second.p90, second.p_zero)

"""`vitalfew calibrate`, and locks of forecasters with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import typed
from forecast_building import folder
from vitalfew.errors import ActError, UsageError
from vitalfew.workspace.people import pseudonym

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]

PEOPLE = {"anna": 1.0, "ben": 2.0, "cleo": 1.5, "dan": 1.0, "eve": 1.2}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("record"), PEOPLE)


def test_the_record_of_the_organisation_is_told_in_sentences(record: Path, typed: Typed) -> None:
    answer = typed("calibrate", record)
    assert answer.code == 0
    assert answer.out.startswith("Everything (5 people): 12 promises resolved\n")
    for part in ("of the gains promised, 7", "inside the 80 % ranges", "score (CRPS)"):
        assert part in answer.out
    assert "p-" not in answer.out
    assert not any(name in answer.out for name in PEOPLE)


def test_with_your_name_you_see_yourself_and_nobody_else(record: Path, typed: Typed) -> None:
    answer = typed("calibrate", record, "--by", "Ben")
    assert answer.out.startswith("Your own record, shown to you alone: 12 forecasts resolved\n")
    assert "ranges" in answer.out.split("Everything")[0]
    by_pseudonym = typed("calibrate", record, "--by", pseudonym(record, "ben"), "--json").json
    assert by_pseudonym["person"]["delivered"]["estimate"] == pytest.approx(0.5, abs=0.05)
    assert set(by_pseudonym) == {"schema", "run", "workspace", "overall", "teams", "sources", "person"}
    told = repr(by_pseudonym).replace(pseudonym(record, "ben"), "")
    assert "p-" not in told


def test_a_name_that_recorded_nothing_is_refused(record: Path, typed: Typed) -> None:
    answer = typed("calibrate", record, "--by", "bben")
    assert (answer.code, answer.out) == (2, "")
    assert "nobody of this name recorded anything here" in answer.err


def test_without_a_resolved_promise_it_is_said_what_the_record_waits_for(tmp_path: Path, typed: Typed) -> None:
    early = folder(tmp_path, PEOPLE, count=3)
    (early / "past.csv").write_text((early / "past.csv").read_text(encoding="utf-8").splitlines()[0] + "\n")
    answer = typed("calibrate", early)
    assert answer.out.startswith("Everything: 0 promises resolved\n")
    assert "3 promises locked, 0 resolved: the first " in answer.out
    (early / "acts.jsonl").unlink()
    assert "no promise is locked: `vitalfew act forecast`" in typed("calibrate", early).out


def test_a_forecast_after_the_lock_is_told_that_it_changes_nothing_of_it(tmp_path: Path, typed: Typed) -> None:
    numbers = ("--p10", "1", "--p50", "2", "--p90", "3", "--by", "anna")
    both = folder(tmp_path, PEOPLE, count=1)
    before = typed("act", "forecast", both, "h_next", *numbers)
    assert (before.code, "locked" in before.out) == (0, False)
    typed("act", "lock", both, "h_next", "--by", "anna")
    after = typed("act", "forecast", both, "h_next", *numbers)
    assert after.code == 0
    assert "the promise was locked on 20" in after.out
    assert "this forecast changes nothing of it" in after.out


def test_whoever_never_forecast_has_no_record_and_the_prior(tmp_path: Path, typed: Typed) -> None:
    record = folder(tmp_path, PEOPLE)
    assert typed("act", "sign-off", record, "--by", "frank").code == 0
    own = typed("calibrate", record, "--by", "frank", "--json").json["person"]
    assert (own["own"], own["resolved"], own["crps"], own["coverage"]) == (False, 0, None, None)
    assert own["slope"]["estimate"] == pytest.approx(0.4)


def test_exports_and_stored_runs_hold_no_person(record: Path, typed: Typed) -> None:
    assert "p-" not in typed("calibrate", record, "--json").out
    exported = typed("run", record, "--json").out
    kept = b"".join(path.read_bytes() for path in (record / ".vitalfew" / "runs").rglob("*") if path.is_file())
    for name in PEOPLE:
        assert pseudonym(record, name) not in exported
        assert pseudonym(record, name).encode() not in kept


def test_a_small_team_is_not_shown(record: Path, typed: Typed) -> None:
    answer = typed("calibrate", record, "--group", "checkout")
    assert answer.code == 2
    assert "no record of 'checkout' is shown; expected no name: teams and sources under five people are merged" in (
        answer.err
    )


def test_python_gives_the_same_record(record: Path) -> None:
    results = vf.run(vf.load(record))
    found = vf.calibrate(results)
    assert found.overall.resolved == results.ledger.headline.resolved == 12
    assert found.person is None
    assert vf.calibrate(results, person="ben").person == vf.calibrate(vf.load(record), person="Ben ").person
    with pytest.raises(UsageError, match="no record of 'blue' is shown"):
        vf.calibrate(results, group="blue")


def test_below_ten_resolved_the_headline_and_the_record_show_the_prior_alone(tmp_path: Path) -> None:
    results = vf.run(vf.load(folder(tmp_path, PEOPLE, count=9)))
    found = vf.calibrate(results).overall
    assert (found.own, found.resolved) == (False, 9)
    delivery = results.to_dict()["ledger"]["headline"]["delivery"]
    assert (delivery["own"], delivery["resolved"]) == (None, 9)
    assert delivery["prior"]["mean"] == pytest.approx(found.slope.estimate)


def test_a_name_means_nothing_where_no_key_is(record: Path, tmp_path: Path) -> None:
    for path in ("w.yaml", "past.csv", "users.csv", "acts.jsonl"):
        (tmp_path / path).write_bytes((record / path).read_bytes())
    results = vf.run(vf.load(tmp_path))
    with pytest.raises(ActError, match="no name is known in this copy"):
        vf.calibrate(results, person="ben")
    assert not (tmp_path / ".vitalfew" / "people.key").exists()


def test_a_lock_counts_forecasters_by_their_record_and_never_says_so(tmp_path: Path, typed: Typed) -> None:
    both = folder(tmp_path, {"near": 1.0, "far": 3.0}, count=14)
    said = vf.load(both).acts
    near, far = (pseudonym(both, name) for name in ("near", "far"))
    p50 = {act.by: body["p50"] for act, body in said.of("forecast", "h_next")}
    assert typed("act", "lock", both, "h_next", "--by", "near").code == 0
    ws = vf.load(both)
    ((_, body),) = ws.acts.of("lock", "h_next")
    locked = body["promise"]
    assert p50[near] < locked["p50"] < (p50[near] + p50[far]) / 2 * 0.95
    assert locked["forecasters"] == 2
    assert set(locked) == {"p10", "p50", "p90", "p_zero", "forecasters"}
    rows = {row.hypothesis: row for row in vf.run(ws).tables.promises}
    assert rows["h_next"].p50 == locked["p50"]


def test_an_open_promise_is_combined_as_it_would_be_locked(tmp_path: Path, typed: Typed) -> None:
    both = folder(tmp_path, {"near": 1.0, "far": 3.0}, count=14)
    (open_,) = [row for row in vf.run(vf.load(both)).tables.promises if row.locked_at is None]
    typed("act", "lock", both, "h_next", "--by", "near")
    ((_, body),) = vf.load(both).acts.of("lock", "h_next")
    assert open_.p50 == pytest.approx(body["promise"]["p50"])


def test_locked_promises_do_not_change_with_the_record(tmp_path: Path) -> None:
    both = folder(tmp_path, {"near": 1.0, "far": 3.0}, count=14)
    ws = vf.load(both)
    for row in vf.run(ws).tables.promises:
        if row.locked_at is not None:
            said = [body["p50"] for _, body in ws.acts.of("forecast", row.hypothesis)]
            assert row.p50 == pytest.approx(sum(said) / len(said))


def test_where_outcomes_cannot_be_read_all_count_alike_and_it_is_said(tmp_path: Path, typed: Typed) -> None:
    both = folder(tmp_path, {"near": 1.0, "far": 3.0}, count=14)
    (both / "past.csv").unlink()
    answer = typed("act", "lock", both, "h_next", "--by", "near")
    assert answer.code == 0
    assert "outcomes cannot be read, so all forecasters count alike" in answer.err

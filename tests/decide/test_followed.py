"""How much of agreed work follows the value model, and how what does not is explained."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

import vitalfew as vf
from decide.building import definitions
from vitalfew.decide.followed import followed, with_deviations
from vitalfew.judgement.recording import decide, judge
from vitalfew.results.rows import CandidateLine
from vitalfew.workspace.acts import ActLog, read
from vitalfew.workspace.bodies import seal, unseal

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 6, 1)
SAID = {"what": "go on for the contract", "evidence": "the letter", "counter": "nobody uses it"}
YAML = """
workspace: {name: Acme}
data: {engine: duckdb, path: .}
policy: {budget: 5}
sources: {users: {table: users.csv, unit: id}}
metrics: {calm: {source: users, column: calm}, speed: {source: users, column: speed}}
factors: {calm: {range: [0, 10]}, speed: {range: [0, 10]}}
initiatives:
  good: {title: Good, status: committed, cost: 5}
  bad: {title: Bad, status: committed, cost: 50}
hypotheses:
  good_calm: {initiative: good, metric: calm}
  bad_calm: {initiative: bad, metric: calm}
"""


def line(key: str, recommendation: Any) -> CandidateLine:
    return CandidateLine(key, key.title(), "initiative", None, None, (), None, 0.1, 0.1, recommendation, "opinion")


def company(**initiatives: Any) -> Any:
    return definitions(initiatives={key: {"status": status} for key, status in initiatives.items()})


def test_only_agreed_work_counts_and_what_would_be_dropped_deviates() -> None:
    made = company(good="committed", bad="committed", idea="idea")
    lines = [line("good", "fund"), line("bad", "drop"), line("idea", "drop")]
    found = followed(made, ActLog(), lines, TODAY)
    assert (found.agreed, found.lines) == (2, 1)
    assert [(each.line.line, each.explained) for each in found.deviations] == [("bad", "none")]
    said = "50 % of agreed work follows the value model (1 of 2); of the other 1, 0 by a recorded decision"
    assert found.sentence() == said
    good, bad, idea = with_deviations(lines, found)
    assert (good.reasons, idea.reasons) == ((), ())
    assert bad.reasons == ("it goes on against the value model, and no decision says why",)


def test_where_all_agreed_work_follows_that_is_all_there_is_to_say() -> None:
    found = followed(company(good="committed"), ActLog(), [line("good", "test_first")], TODAY)
    assert found.sentence() == "100 % of agreed work follows the value model (1 of 1)"


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    (tmp_path / "acme.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "users.csv").write_text("id,calm,speed\n1,2,3\n2,3,4\n", encoding="utf-8")
    return tmp_path


def forecast(folder: Path, hypothesis: str, quantiles: tuple[float, float, float]) -> None:
    from vitalfew.judgement import recording

    for who in ("ann", "bob", "cem"):
        told = dict(zip(("p10", "p50", "p90"), quantiles, strict=True))
        recording.forecast(vf.load(folder), hypothesis, who, told)


def test_a_run_tells_the_share_and_the_line_the_decision_that_explains_it(acme: Path) -> None:
    judge(vf.load(acme), "ann", {"calm": 60, "speed": 40})
    forecast(acme, "good_calm", (1, 2, 3))
    forecast(acme, "bad_calm", (-3, -2, -1))
    decide(vf.load(acme), "bad", "ann", SAID)
    results = vf.run(vf.load(acme))
    told = "50 % of agreed work follows the value model (1 of 2); of the other 1, 1 by a recorded decision"
    assert told in results.tables.headline[0].notes
    (bad,) = (each for each in results.tables.candidates if each.line == "bad")
    day = read(acme).acts[-1].at[:10]
    act = f"decided on {day} under version 1 of the value model (act 8)"
    assert bad.reasons[-1] == f"it goes on against the value model: “go on for the contract”, {act}"
    (acme / "acme.yaml").write_text(YAML.replace("calm: {range: [0, 10]}", "calm: {range: [0, 12]}"), encoding="utf-8")
    later = vf.run(vf.load(acme))
    (bad,) = (each for each in later.tables.candidates if each.line == "bad")
    assert bad.reasons[-1].endswith("(act 8), and the value model is another one since")


def test_a_decision_cites_the_version_of_the_value_model_as_judgements_count_it(acme: Path) -> None:
    judge(vf.load(acme), "ann", {"calm": 60, "speed": 40})
    decide(vf.load(acme), "bad", "ann", SAID)
    (acme / "acme.yaml").write_text(YAML.replace("calm: {range: [0, 10]}", "calm: {range: [0, 12]}"), encoding="utf-8")
    judge(vf.load(acme), "ann", {"calm": 50, "speed": 50})
    decide(vf.load(acme), "bad", "ann", SAID)
    log = read(acme)
    versions = [act.definition.version for act in log.acts if act.kind == "judgement" and act.definition]
    assert [body["value_model"]["version"] for _, body in log.of("decision")] == versions == [1, 2]


def test_a_decision_from_before_versions_were_cited_is_read_as_it_was_and_still_explains() -> None:
    made = company(bad="committed")
    old = SAID | {"value_model": {"definitions": "a" * 64}}
    digest, raw = seal(old)
    assert unseal("decision", raw, digest)["value_model"] == {"definitions": "a" * 64}
    log = decided_long_ago(old)
    (only,) = followed(made, log, [line("bad", "drop")], TODAY).deviations
    assert (only.explained, "version" in only.decision) == ("earlier", False)
    (only,) = followed(made, decided_long_ago(SAID), [line("bad", "drop")], TODAY).deviations
    assert only.explained == "current"


def decided_long_ago(body: dict[str, Any]) -> ActLog:
    from vitalfew.workspace.chain import Act

    act = Act(1, "2026-05-01T09:00:00Z", "lead", "decision", "bad", None, "0" * 64, "", "1" * 64)
    return ActLog((act,), {1: body})

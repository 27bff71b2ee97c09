"""The classic columns of a run: each by its convention, beside what the order is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import ClassicRow

RICE = "rice: {{reach: {0}, impact: 2, confidence: 0.8, effort: {1}}}"


def rows(folder: Path, text: str) -> dict[str, ClassicRow]:
    (folder / "w.yaml").write_text(text, encoding="utf-8")
    results = run(load(folder))
    assert not results.failures
    return {row.line: row for row in results.tables.classic}


def test_each_method_is_a_column_with_a_rank_of_its_own(tmp_path: Path) -> None:
    found = rows(tmp_path, """
policy: {criteria: {need: {weight: 3}, risk: {weight: 1, direction: down}}}
needs:
  lost: {statement: People lose work, survey: {importance: 0.85, satisfaction: 0.4, respondents: 60}}
  small: {statement: Small, survey: {importance: 0.5, satisfaction: 0.4, respondents: 20}}
initiatives:
  a:
    serves: [lost, small]
    scores:
      rice: {reach: 2000, impact: 2, confidence: 0.8, effort: 4}
      ice: {impact: 7, confidence: 5, ease: 8}
      wsjf: {value: 8, criticality: 5, opportunity: 3, size: 5}
      delay: {per_week: 12000, weeks: 4}
      value_effort: {value: 8, effort: 4}
      weighted: {need: 5, risk: 2}
      kano: {attractive: 40, one_dimensional: 25, must_be: 20, indifferent: 10}
      maxdiff: {best: 30, worst: 10, shown: 100}
  b: {scores: {rice: {reach: 500, impact: 1, confidence: 0.5, effort: 1}, weighted: {need: 6, risk: 1}}}
  nothing: {title: No scores}
  out: {status: shipped, shipped: 2025-01-01, scores: {rice: {reach: 9, impact: 1, confidence: 1, effort: 1}}}
""")  # fmt: skip
    assert set(found) == {"a", "b"}
    a, b = found["a"], found["b"]
    assert (a.rice, a.ice_product, a.wsjf, a.delay, a.value_effort, a.weighted) == (800, 280, 3.2, 3000, 2, 13)
    assert a.ice_mean == pytest.approx(20 / 3)
    assert a.odi is not None
    assert a.odi.estimate == pytest.approx(13)
    assert a.kano == "attractive"
    assert a.maxdiff == pytest.approx(0.2)
    assert a.better is not None
    assert a.better.estimate == pytest.approx(0.684, abs=5e-4)
    assert (b.weighted, b.normalised) == (17, 100)
    assert a.normalised == pytest.approx(100 * 13 / 17)
    assert a.ranks == dict.fromkeys(("rice", "ice_mean", "ice_product", "wsjf", "delay", "value_effort"), 1) | {
        "weighted": 2
    }
    assert (a.by, a.top, a.among) == ("rice", 1, 2)


def test_the_variant_of_ice_that_a_workspace_does_not_use_is_not_shown(tmp_path: Path) -> None:
    text = "policy: {ice: mean}\ninitiatives: {a: {scores: {ice: {impact: 7, confidence: 5, ease: 8}}}}"
    row = rows(tmp_path, text)["a"]
    assert row.ice_mean == pytest.approx(20 / 3)
    assert row.ice_product is None
    assert row.by == "ice_mean"


@pytest.mark.parametrize(("unit", "score"), [("person-months", 640), ("person-weeks", 1280)])
def test_half_a_month_is_the_least_effort_where_months_are_counted(unit: str, score: float, tmp_path: Path) -> None:
    text = f"policy: {{cost_unit: {unit}}}\ninitiatives: {{a: {{scores: {{{RICE.format(200, 0.25)}}}}}}}"
    assert rows(tmp_path, text)["a"].rice == pytest.approx(score)


@pytest.mark.parametrize(
    ("links", "level", "kind"),
    [
        ("serves: []", 0.01, "own conviction"),
        ("serves: [asked]", 1.0, "anecdotes"),
        ("serves: [seen]", 3.0, "user evidence"),
        ("serves: [assumed]", 0.01, "own conviction"),
    ],
)
def test_confidence_on_the_ladder_comes_from_what_is_linked(
    links: str, level: float, kind: str, tmp_path: Path
) -> None:
    found = rows(tmp_path, f"""
needs:
  asked: {{statement: A, feedback: 3}}
  seen: {{statement: S, causes: [{{cause: C, evidence: observed}}]}}
  assumed: {{statement: S, causes: [{{cause: C, evidence: assumed}}]}}
initiatives: {{a: {{{links}, scores: {{{RICE.format(10, 1)}}}}}}}
""")  # fmt: skip
    assert (found["a"].evidence, found["a"].evidence_kind) == (level, kind)


def test_a_larger_error_of_the_inputs_leaves_less_of_the_order(tmp_path: Path) -> None:
    ideas = ", ".join(f"i{at}: {{scores: {{{RICE.format(100 * 2**at, 2)}}}}}" for at in range(8))
    found = {}
    for error in (1.1, 3.0):
        folder = tmp_path / str(error)
        folder.mkdir()
        found[error] = rows(folder, f"policy: {{input_error: {error}}}\ninitiatives: {{{ideas}}}")["i7"]
    sure, open_ = found[1.1], found[3.0]
    assert (sure.p_first or 0) > 0.95
    assert (open_.p_first or 0) < 0.5
    assert sure.likely is not None
    assert open_.likely is not None
    assert open_.likely.estimate < sure.likely.estimate < (sure.score or 0)


def test_ranges_are_compared_per_cost_where_all_have_one_and_may_be_negative(tmp_path: Path) -> None:
    found = rows(tmp_path, """
initiatives:
  a: {cost: 2, scores: {estimate: {p10: 1, p50: 4, p90: 9}}}
  b: {cost: {p10: 1, p50: 4, p90: 9}, scores: {estimate: {p10: -2, p50: 6, p90: 9}}}
  c: {cost: 1, scores: {estimate: {p10: 3, p50: 3, p90: 3}}}
""")  # fmt: skip
    assert {key: row.estimate for key, row in found.items()} == {"a": 2, "b": 1.5, "c": 3}
    assert {row.input_error for row in found.values()} == {None}
    assert max(found.values(), key=lambda row: row.p_first or 0).line == "c"
    assert sum(row.p_first or 0 for row in found.values()) == pytest.approx(1)


def test_a_score_of_zero_is_never_among_the_first(tmp_path: Path) -> None:
    found = rows(
        tmp_path, f"initiatives: {{a: {{scores: {{{RICE.format(0, 1)}}}}}, b: {{scores: {{{RICE.format(0, 2)}}}}}}}"
    )
    assert [(row.score, row.p_first, row.rank) for row in found.values()] == [(0, 0, None)] * 2


def test_what_a_sheet_says_it_moves_is_valued_as_opinion_until_somebody_forecasts(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("""
sources: {users: {table: users.csv, unit: id}}
metrics: {kept: {source: users, column: kept, kind: proportion}}
factors: {kept: {range: [0, 0.1]}}
initiatives: {a: {cost: 2, scores: {moves: {kept: {p10: 0, p50: 0.02, p90: 0.05}}}}}
""", encoding="utf-8")  # fmt: skip
    (tmp_path / "users.csv").write_text("id,kept\n1,1\n2,0\n", encoding="utf-8")
    tables = run(load(tmp_path)).tables
    (line,) = tables.candidates
    assert line.value is not None
    assert 0 < line.value.mean < 50
    assert (line.grade, line.recommendation) == ("opinion", "test_first")
    assert not tables.promises


def test_a_candidate_with_scores_alone_rests_on_opinion(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        f"initiatives: {{a: {{scores: {{{RICE.format(9, 2)}}}}}, b: {{}}}}", encoding="utf-8"
    )
    grades = {line.line: (line.grade, line.recommendation) for line in run(load(tmp_path)).tables.candidates}
    assert grades == {"a": ("opinion", "test_first"), "b": (None, "test_first")}


def test_a_score_below_zero_is_shown_as_it_is(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        """
initiatives:
  harm: {scores: {value_effort: {value: -2, effort: 5}}}
  good: {scores: {value_effort: {value: 3, effort: 5}}}
""",
    )
    assert (found["harm"].score, found["harm"].p_first) == (-0.4, 0.0)
    assert found["good"].p_first == 1.0
    assert found["harm"].notes == ("a score below 0 stays below 0 however far off its inputs are",)

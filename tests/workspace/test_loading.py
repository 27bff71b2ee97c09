from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitalfew.workspace as room
from vitalfew.errors import DefinitionError, UsageError
from vitalfew.workspace import Definitions, Workspace, load
from vitalfew.workspace.definitions import AggregateSource, EventSource, Quantiles, UnitSource
from vitalfew.workspace.graph import event_source
from vitalfew.workspace.writing import to_yaml

SOUND = """
workspace: {name: Cookie Cats, currency: EUR, time_zone: Europe/Copenhagen}
sources:
  players: {table: cookie_cats.csv, unit: userid}
  events: {table: events.parquet, unit: user_id, time: at, event: name}
  asos:
    {table: a, shape: aggregates, experiment: id, metric: m, arms: {control: {n: a, mean: b}, t: {n: c, mean: d}}}
metrics:
  retention_7: {source: players, kind: proportion, column: retention_7, filters: ["rounds < 10000"]}
factors:
  retention_7: {range: [0.15, 0.25], stakeholder: player}
stakeholders: {player: }
needs:
features:
  gate: {events: [gate_reached], cost: 20, shipped: 2025-06-01}
initiatives:
  move_gate: {feature: gate, cost: {p10: 5, p50: 8, p90: 15}}
experiments:
  gate_40: {initiative: move_gate, source: players, variant: version, control: gate_30, metrics: [retention_7]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "all.yaml").write_text(SOUND, encoding="utf-8")
    return tmp_path


def complaint(folder: Path, text: str | None = None) -> str:
    if text is not None:
        (folder / "w.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load(folder)
    return str(caught.value).replace(f"{folder}{os.sep}", "")


def test_a_folder_gives_typed_definitions(folder: Path) -> None:
    definitions = load(folder).definitions
    assert isinstance(definitions.sources["players"], UnitSource)
    assert isinstance(definitions.sources["events"], EventSource)
    assert isinstance(definitions.sources["asos"], AggregateSource)
    assert definitions.initiatives["move_gate"].cost == Quantiles(p10=5, p50=8, p90=15)
    assert definitions.needs == {}
    assert str(definitions.features["gate"].shipped) == "2025-06-01"
    assert event_source(definitions, definitions.features["gate"]) == "events"


def test_every_definition_knows_its_place(folder: Path) -> None:
    workspace = load(folder)
    where = workspace.where("experiments", "gate_40", "metrics", 0)
    assert where is not None
    assert (Path(where.file), where.line) == (folder / "all.yaml", 19)
    assert workspace.where("metrics", "retention_7", "kind") == workspace.places["metrics", "retention_7", "kind"]
    # A field that is a default has no place of its own; the definition has.
    assert workspace.where("metrics", "retention_7", "direction") == workspace.places["metrics", "retention_7"]
    assert Workspace.of(Definitions()).where("metrics", "x") is None


def test_one_file_is_a_workspace_too_and_files_may_share_kinds(folder: Path) -> None:
    whole = load(folder / "all.yaml").definitions
    (folder / "deep").mkdir()
    (folder / "deep" / "more.yml").write_text("teams: {growth: {}}\nmetrics:\n", encoding="utf-8")
    assert load(folder).definitions == whole.model_copy(update={"teams": load(folder).definitions.teams})
    assert list(load(folder).definitions.teams) == ["growth"]


def test_hidden_and_foreign_folders_and_links_that_lead_out_are_left_out(folder: Path) -> None:
    outside = folder.parent / f"{folder.name}-outside.yaml"
    outside.write_text("teams: {outside: {}}", encoding="utf-8")
    (folder / "link.yaml").symlink_to(outside)
    for name in (".vitalfew", ".venv", "node_modules"):
        (folder / name).mkdir()
        (folder / name / "x.yaml").write_text("teams: {x: {}}", encoding="utf-8")
    assert load(folder).definitions.teams == {}


def test_a_workspace_shows_itself_in_a_line(folder: Path) -> None:
    assert repr(load(folder)) == (
        f"<Workspace 'Cookie Cats' in {folder}: 3 sources, 1 metric, 1 factor, 1 stakeholder, 1 feature, "
        "1 initiative, 1 experiment>"
    )
    assert repr(Workspace.of(Definitions())) == "<Workspace 'workspace': empty>"


def test_a_path_to_nothing_and_a_folder_without_yaml_say_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="vitalfew start"):
        load(tmp_path / "nothing")
    assert "vitalfew start" in complaint(tmp_path)


def test_all_problems_of_all_files_come_at_once_in_order(folder: Path) -> None:
    (folder / "b.yaml").write_text("metrics:\n  m: {source: players, column: x, levl: 1}\n  n: [", encoding="utf-8")
    text = (
        "metrics:\n  retention_7: {source: players, column: x}\n  m: {source: playrs, column: x, kind: proportoin}\n"
        "features:\n  f: {eligible: alls, cost: -1}\n"
    )
    lines = complaint(folder, text).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "b.yaml:3",
        "w.yaml:2 (metrics.retention_7)",
        "w.yaml:3 (metrics.m.source)",
        "w.yaml:3 (metrics.m.kind)",
        "w.yaml:5 (features.f.eligible)",
        "w.yaml:5 (features.f.cost)",
    ]
    assert "first in all.yaml:9" in lines[1]


SOURCES = "sources: {p: {table: p.csv, unit: u}, e: {table: e.csv, unit: u, time: t, event: n}}\n"
CIRCLE = """
metrics: {a: {source: e}, b: {source: e}}
links: {x: {parent: a, child: b}, y: {parent: b, child: a}}
"""
TWO_UNITS = """
sources: {p: {table: p, unit: a}, q: {table: q, unit: b}}
metrics:
  m: {kind: ratio, numerator: {source: p, column: x}, denominator: {source: q, column: y}}
"""
COVARIANCES = """
sources:
  s:
    {shape: aggregates, table: t, experiment: e, metric: m, arms: {x: {n: n, mean: m}, y: {n: o, mean: p}},
    covariances: {table: c, metrics: [a, b], arms: {x: j, y: k}}}
"""
ONE_ARM = """
sources: {a: {shape: aggregates, table: t, experiment: e, metric: m, arms: {x: {n: n, mean: m}}}}
experiments: {e: {source: a}}
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "sources: {e: {table: e.csv}}\nmetrics: {m: {source: e, column: x, kind: ratio}}",
            "a ratio needs a denominator: add",
        ),
        (
            "sources: {e: {table: e.csv}}\nmetrics: {m: {source: e, column: x, denominator: {source: e, column: y}}}",
            "only a ratio has a denominator: write 'kind: ratio', or remove it",
        ),
        ("features: {gate: {eligible: everyone}}", "write 'all' for everybody, or define it under 'segments'"),
        ("metrcs: {}", "there is no kind 'metrcs'; did you mean 'metrics'?"),
        ("forecasts: {}", "recorded with 'vitalfew act', never in YAML"),
        ("metrics: [a]", "found a list of 1; expected keys, each with its definition"),
        ("[a]", "the file holds a list of 1; expected kinds such as"),
        ("teams: {a b: {}}", "'a b' cannot be a key; expected letters, digits"),
        ("teams: {a: {titel: x}}", "(teams.a.titel): unknown field 'titel'; did you mean 'title'?"),
        ("teams: {a: {title: 2026}}", 'found 2026; expected a text; put it into quotes: "2026"'),
        ("teams: {a: {capacity: 0}}", "found 0; expected a number above 0"),
        ("teams: {a: {capacity: true}}", "found true; expected a number above 0"),
        ("policy: {discount: 5%}", "found '5%'; expected a number from 0 to 1; write 0.05"),
        ("policy: {budget: 1_000}", "found '1_000'; expected a number above 0; write 1000"),
        ("policy: {budget: 010}", "found '010'; expected a number above 0; write 10"),
        ("policy: {budget: 0x10}", "write 16"),
        ("policy: {budget: '12,5'}", "write 12.5"),
        ("policy: {budget: .inf}", "leave the field out when there is no number"),
        ("workspace: {time_zone: Europe/Copenhagn}", "did you mean 'Europe/Copenhagen'?"),
        ("workspace: {currency: eur}", "expected three capital letters such as EUR"),
        ("sources: {a: {shape: unit, table: x}}", "expected one of: units, events, exposures, aggregates, results"),
        ("sources: {a: {tabel: x, unit: u, event: n}}", "'time' is missing; expected the name of a column"),
        ("sources: {a: 5}", "found 5; expected the fields table, sql, title, fresh_days, shape, unit"),
        ("stakeholders: {a: {role: usr}}", "did you mean 'user'?"),
        ("features: {a: {shipped: 2025-2-30}}", "expected a date such as 2026-02-01"),
        ("features: {a: {shipped: 9999-12-31}}", "write year (1900 to 2999), month and day"),
        ("releases: {r: {date: 0001-01-01}}", "write year (1900 to 2999), month and day"),
        ("releases: {r: {date: 2026-01-01, after_days: 1.0e+300}}", "expected a number above 0 and up to 3650"),
        ("links: {l: {parent: m, child: m, low: 1}}", "a range needs both its ends"),
        ("links: {l: {parent: m, child: m, low: 1, high: 1.0e+300}}", "expected a number from -1e+15 to 1e+15"),
        ("features: {a: {shipped: 20250601}}", "found 20250601; expected a date such as 2026-02-01"),
        ("features: {a: {cost: x}}", "found 'x'; expected a number above 0 or the fields p10, p50, p90"),
        ("features: {a: {cost: {p10: 3, p50: 2, p90: 4}}}", "p10, p50 and p90 must rise"),
        ("features: {a: {cost: {p10: 3, p50: 4}}}", "'p90' is missing; expected a number"),
        ("features: {a: {events: x}}", "expected a list, each item the name of an event; write a list: [x]"),
        ("factors: {m: {range: [1]}}", "found a list of 1; expected two numbers, as in [0.15, 0.25]"),
        ("factors: {m: {range: [1, 2], north_star: yes}}", "found 'yes'; expected true or false; write true"),
        ("factors: {m: {range: [1, 1]}}", "a range needs two different ends"),
        ("factors: {m: {range: [1, 2]}}", "there is no metric 'm'; none is defined yet; define it under 'metrics'"),
        ("objectives: {o: {title: x, serves: [o, o]}}", "(objectives.o.serves[1]): 'o' is listed twice"),
        ("segments: {s: {filter: plan = 'pro'}}", "(segments.s.filter): '=' means nothing in a filter"),
        (COVARIANCES.replace("y: k", "z: k"), "(sources.s.covariances.arms.z): the source 's' has no arm 'z'"),
        (COVARIANCES.replace(", y: k", ""), "'arms' has no column for the arm 'y'; expected a covariance of every arm"),
        (COVARIANCES.replace("[a, b]", "[a, a]"), "'a' is given twice; expected two columns, which name the pair"),
        (COVARIANCES.replace("[a, b]", "[a]"), "found a list of 1; expected a list of two, each the name of a column"),
        (COVARIANCES.replace("table: c", "table: c, variant: v"), "'variant' is given here but not in the source"),
        (COVARIANCES.replace("table: c", "tabel: c"), "unknown field 'tabel'; did you mean 'table'?"),
        (SOURCES + "metrics: {m: {source: p}}", "'column' is missing"),
        (SOURCES + "metrics: {m: {colum: x}}", "'source' is missing; expected the key of a source"),
        (SOURCES + "metrics: {m: {source: q, column: x}}", "there is no source 'q'"),
        (SOURCES + "metrics: {m: {source: p, column: x, events: [a]}}", "'events' needs a source of events"),
        (SOURCES + "metrics: {m: {source: e, filters: ['a >']}}", "(metrics.m.filters[0]): found the end"),
        (SOURCES + "metrics: {m: {source: e, numerator: {source: e}}}", "move 'source' into 'numerator'"),
        (SOURCES + "features: {f: {source: p, events: [a]}}", "the source 'p' holds no events"),
        ("features: {f: {events: [a]}}", "expected one source of events"),
        (SOURCES + "experiments: {x: {source: p}}", "'variant' is missing"),
        (SOURCES + "experiments: {x: {source: e}}", "a source of shape events does not say which unit got which"),
        (SOURCES + "experiments: {x: {source: p, variant: v, split: {a: 1}}}", "no share for the control 'control'"),
        (SOURCES + "experiments: {x: {source: p, variant: v, start: 2026-02-01, end: 2026-01-01}}", "ends before"),
        (SOURCES + CIRCLE, "links go round in a circle: a → b → a"),
        (TWO_UNITS, "'m' divides per a by per b; expected the same unit in both"),
        (ONE_ARM, "the source has no arm 'control'"),
        (ONE_ARM, "the source 'a' has 1 arm; expected control and at least one more"),
    ],
)
def test_each_fault_is_told_with_what_was_expected(tmp_path: Path, text: str, line: str) -> None:
    found = complaint(tmp_path, text)
    assert line in found
    assert found.startswith("w.yaml:")
    assert not any(word in found.lower() for word in ("pydantic", "input should", "traceback", "value error"))


def test_eleven_factors_are_refused_and_ten_are_not(tmp_path: Path) -> None:
    metrics = {f"m{number}": {"source": "p", "column": "x"} for number in range(11)}
    factors = {key: {"range": [0, 1]} for key in metrics}
    tree = {"sources": {"p": {"table": "p"}}, "metrics": metrics, "factors": factors}
    assert "11 factors count as value; expected at most 10" in complaint(tmp_path, to_yaml(tree))
    del factors["m10"]
    (tmp_path / "w.yaml").write_text(to_yaml(tree), encoding="utf-8")
    assert len(load(tmp_path).definitions.factors) == 10


def test_a_broken_source_does_not_make_its_users_wrong(tmp_path: Path) -> None:
    text = (
        "sources: {e: {tabel: x, unit: u, time: t, event: n}}\nfeatures: {f: {events: [a]}}\nmetrics: {m: {source: e}}"
    )
    assert [line.split(";")[0].split("): ")[1] for line in complaint(tmp_path, text).splitlines()] == [
        "'table' is missing",
        "unknown field 'tabel'",
    ]


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "z.yaml").write_bytes(b"\xff\xfe")
    assert complaint(folder).startswith("z.yaml: the file is written in UTF-16")


def test_many_wrong_definitions_are_told_within_two_seconds(tmp_path: Path) -> None:
    text = "metrics:\n" + "".join(f"  m{n}: {{sorce: nope{n}, kind: proportoin}}\n" for n in range(2_000))
    start = time.process_time()
    assert len(complaint(tmp_path, text).splitlines()) == 6_000
    assert time.process_time() - start < 2


def test_names_of_the_room_are_found_when_asked_for() -> None:
    assert room.Definitions is Definitions
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = room.nothing


NAMES = st.sampled_from(
    [*Definitions.model_fields, "a", "b", "source", "column", "kind", "table", "shape", "unit", "event", "arms", "cost"]
)
VALUES = st.recursive(
    st.one_of(
        NAMES, st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.sampled_from(["", "a b", "1%"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
DEFINITIONS = st.dictionaries(
    st.sampled_from(list(Definitions.model_fields)), st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES)), max_size=5
)


@given(st.one_of(DEFINITIONS, VALUES.map(lambda value: {"metrics": value})))
def test_any_tree_is_a_workspace_or_our_own_error(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "w.yaml").write_text(to_yaml(tree), encoding="utf-8")
    try:
        found: object = load(folder)
    except DefinitionError as error:
        found = error.problems
        assert all(problem.where and problem.where.line for problem in error.problems)  # noqa: PT017 - either outcome is right
    assert found


CHANGES = st.tuples(
    st.integers(0, len(SOUND)),
    st.integers(0, 8),
    st.sampled_from(
        [":", " ", "\n", "[", "]", "{", "}", "'", "#", "&a ", "*a", "- ", "~", "no", "\t", "é", "1", "!x ", ""]
    ),
)


@given(st.lists(CHANGES, min_size=1, max_size=5))
def test_a_workspace_spoilt_by_typing_errors_is_told_within_a_second(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int, str]]
) -> None:
    text = SOUND
    for position, removed, inserted in changes:
        text = text[:position] + inserted + text[position + removed :]
    file = tmp_path_factory.mktemp("spoilt") / "w.yaml"
    file.write_text(text, encoding="utf-8")
    start = time.process_time()
    try:
        problems = len(repr(load(file)))
    except DefinitionError as error:
        problems = len(error.problems)
    assert problems
    assert time.process_time() - start < 1


def test_a_file_of_data_is_no_workspace_and_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    (tmp_path / "players.csv").write_text("user,arm\n1,a\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"is no workspace.*vitalfew start"):
        load(tmp_path / "players.csv")

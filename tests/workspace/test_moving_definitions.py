"""Definitions out of a workspace and into another, without loss; the log of acts with them where that is asked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts_building import BEGIN, append, definitions
from vitalfew.errors import ActError, DataError, DefinitionError, UsageError
from vitalfew.judgement import recording
from vitalfew.workspace import load
from vitalfew.workspace.acts import erase
from vitalfew.workspace.applying import apply, prepare
from vitalfew.workspace.definitions import Definitions, Need, Policy, Team
from vitalfew.workspace.editing import edited
from vitalfew.workspace.exporting import GROUPS, export, files_of
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.workspace import Workspace
from vitalfew.workspace.yaml_reader import read_yaml
from vitalfew.workspace.yaml_text import MAX_BYTES

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = """\
# Our teams, as agreed in spring.
teams:
  # The people of the first floor.
  growth: {title: Growth}   # since 2024

  core:
    title: Core
    capacity: 3

  # Nobody is in it any more.
  labs: {}

# What we may spend.
policy: {budget: 12}
"""


def everything(tmp_path: Path) -> Workspace:
    """A workspace with acts of several people, one of whom was erased."""
    ws = Workspace(definitions(), root=tmp_path)
    for name in ("anna", "ben", "cleo"):
        recording.forecast(ws, "h", name, {"p10": 0.0, "p50": 1.5, "p90": 3.0, "p_zero": 0.2}, at=BEGIN)
    recording.lock(ws, "h", "anna", at=BEGIN)
    recording.erase(ws, "ben")
    return ws


def applied(source: Definitions, folder: Path, *, prune: bool = False) -> Definitions:
    apply(prepare(Workspace.of(source), folder, prune=prune))
    return load(folder).definitions


def folder_with(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


# Out ---------------------------------------------------------------------------------------------------------------


def test_every_kind_has_its_file() -> None:
    assert sorted(kind for kinds in GROUPS.values() for kind in kinds) == sorted(Definitions.model_fields)


def test_what_is_exported_reads_back_as_equal_definitions(tmp_path: Path) -> None:
    export(definitions(), tmp_path / "out")
    found = load(tmp_path / "out")
    assert found.definitions == definitions()
    assert list(found.definitions.metrics) == ["a", "b", "c"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "bets.yaml",
        "evidence.yaml",
        "metrics.yaml",
        "value.yaml",
    ]
    assert "#" not in (tmp_path / "out" / "bets.yaml").read_text()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
        st.builds(
            Need, statement=st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=200).filter(str.strip)
        ),
        max_size=4,
    )
)
def test_whatever_people_write_comes_back_as_it_was(needs: dict[str, Need]) -> None:
    wanted = Definitions(needs=needs)
    trees: list[Any] = [read_yaml(content, "").tree for content in files_of(wanted).values()]
    assert Definitions.model_validate({kind: found for tree in trees for kind, found in (tree or {}).items()}) == wanted


def test_an_empty_workspace_can_be_exported(tmp_path: Path) -> None:
    export(Definitions(), tmp_path / "out")
    assert load(tmp_path / "out").definitions == Definitions()


def test_a_group_that_is_too_large_for_a_file_goes_on_in_a_second_one(tmp_path: Path) -> None:
    many = Definitions(teams={f"team_{number:05}": Team(title="x" * 100) for number in range(4_000)})
    export(many, tmp_path / "out")
    assert all(path.stat().st_size <= MAX_BYTES for path in (tmp_path / "out").iterdir())
    found = load(tmp_path / "out").definitions
    assert found == many
    assert list(found.teams) == list(many.teams)


def test_only_some_kinds_can_be_exported(tmp_path: Path) -> None:
    export(definitions(), tmp_path / "out", ["sources", "metrics"])
    found = load(tmp_path / "out").definitions
    assert (found.metrics, found.factors) == (definitions().metrics, {})
    with pytest.raises(UsageError, match=r"no kind 'metric'.*did you mean 'metrics'"):
        export(definitions(), tmp_path / "other", ["metric"])


def test_nothing_is_overwritten_and_nothing_is_left_half_written(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, mine="teams: {}")
    with pytest.raises(UsageError, match="something in"):
        export(definitions(), folder)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        export(definitions(), tmp_path / "file" / "below")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "into"]


def test_a_log_goes_out_and_in_to_the_last_byte_and_the_key_stays(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    ws = everything(tmp_path / "first")
    export(ws.definitions, tmp_path / "out", acts=FolderJournal(tmp_path / "first").copy())
    assert sorted(path.name for path in (tmp_path / "out" / "acts").iterdir()) == [
        "000001.json",
        "000003.json",
        "000004.json",
    ]
    assert not (tmp_path / "out" / ".vitalfew").exists()
    folder = folder_with(tmp_path)
    apply(prepare(load(tmp_path / "out"), folder, with_acts=True))
    assert FolderJournal(folder).copy() == FolderJournal(tmp_path / "first").copy()
    assert load(folder).definitions == ws.definitions
    assert load(folder).acts == load(tmp_path / "out").acts
    assert load(folder).acts.erased == (2,)


# In ----------------------------------------------------------------------------------------------------------------


def test_into_an_empty_folder_everything_comes(tmp_path: Path) -> None:
    assert applied(definitions(), folder_with(tmp_path)) == definitions()


def test_what_does_not_change_keeps_its_words_order_and_comments(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ours=WRITTEN)
    source = Definitions(teams={"core": Team(title="Core", capacity=5), "new": Team(title="New")})
    found = applied(source, folder)
    assert found.teams == {
        "growth": Team(title="Growth"),
        "core": Team(title="Core", capacity=5),
        "labs": Team(),
        "new": Team(title="New"),
    }
    assert (folder / "ours.yaml").read_text() == WRITTEN.replace(
        "  core:\n    title: Core\n    capacity: 3\n", "  core: {title: Core, capacity: 5}\n"
    ).replace("  labs: {}\n", "  labs: {}\n  new: {title: New}\n")


def test_what_the_other_lacks_goes_only_when_asked(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ours=WRITTEN)
    source = Definitions(teams={"core": Team(title="Core", capacity=3)})
    assert not prepare(Workspace.of(source), folder).changes_anything
    assert applied(source, folder, prune=True) == Definitions(teams=source.teams, policy=Policy(budget=12))
    text = (folder / "ours.yaml").read_text()
    assert "growth" not in text
    assert "# What we may spend.\npolicy: {budget: 12}" in text


def test_each_field_of_the_settings_changes_where_it_stands(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a="policy: {budget: 12, test_cost: 3}", b="policy: {discount: 0.1}\n")
    found = applied(Definitions(policy=Policy(budget=20, discount=0.2, cost_unit="days")), folder)
    assert found.policy == Policy(budget=20, discount=0.2, cost_unit="days")
    assert load(folder).where("policy", "discount").file.endswith("b.yaml")  # type: ignore[union-attr]  # it is defined


def test_new_definitions_go_to_the_file_that_has_their_kind(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a="teams: {growth: {}}", z="workspace: {name: Z}")
    applied(Definitions(teams={"labs": Team()}, needs={"n": Need(statement="Too slow")}), folder)
    assert sorted(path.name for path in folder.iterdir() if path.suffix) == ["a.yaml", "needs.yaml", "z.yaml"]
    assert "labs" in (folder / "a.yaml").read_text()


def test_a_file_with_nothing_left_in_it_goes(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a="teams: {growth: {}}", b="teams: {labs: {}}")
    applied(Definitions(teams={"growth": Team()}), folder, prune=True)
    assert [path.name for path in folder.glob("*.yaml")] == ["a.yaml"]


def test_more_than_a_file_holds_goes_into_others(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ours=WRITTEN)
    many = Definitions(teams={f"team_{number:05}": Team(title="x" * 100) for number in range(4_000)})
    assert applied(many, folder).teams.items() >= many.teams.items()
    assert (folder / "ours.yaml").read_text() == WRITTEN


def test_a_change_that_would_make_other_definitions_wrong_is_refused_whole(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    applied(definitions(), folder)
    before = {path.name: path.read_bytes() for path in folder.glob("*.yaml")}
    fewer = Definitions(sources=definitions().sources, metrics={"b": definitions().metrics["b"]})
    with pytest.raises(DefinitionError, match=r"factors.*'a'"):
        prepare(Workspace.of(fewer), folder, prune=True)
    assert {path.name: path.read_bytes() for path in folder.glob("*.yaml")} == before


def test_files_edited_while_the_plan_is_read_are_not_overwritten(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, ours=WRITTEN)
    planned = prepare(Workspace.of(Definitions(teams={"new": Team()})), folder)
    (folder / "ours.yaml").write_text(WRITTEN + "\n# one more word\n")
    with pytest.raises(UsageError, match="changed while you looked"):
        apply(planned)
    assert "new" not in load(folder).definitions.teams


def test_a_log_goes_on_only_where_it_begins_with_the_one_that_is_there(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    ws = everything(first)
    export(ws.definitions, second / "w", acts=FolderJournal(first).copy())
    append(second / "w", "sign_off", "value_model", "dora", {}, at=BEGIN)
    erase(second / "w", "dora")
    source = load(second / "w")
    planned = prepare(source, first, with_acts=True)
    assert planned.new_acts == 1
    apply(planned)
    assert load(first).acts == load(second / "w").acts
    append(first, "sign_off", "value_model", "emil", {}, at=BEGIN)
    with pytest.raises(ActError, match="it ends at act 5, this one at act 6"):
        prepare(source, first, with_acts=True)
    append(second / "w", "sign_off", "value_model", "fay", {}, at=BEGIN)
    with pytest.raises(ActError, match="they part at act 6"):
        prepare(load(second / "w"), first, with_acts=True)


def test_what_was_erased_here_does_not_come_back_with_a_copy_that_still_holds_it(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    ws = everything(tmp_path / "first")
    export(ws.definitions, tmp_path / "copy", acts=FolderJournal(tmp_path / "first").copy())
    append(tmp_path / "copy", "sign_off", "value_model", "dora", {}, at=BEGIN)
    recording.erase(ws, "cleo")
    apply(prepare(load(tmp_path / "copy"), tmp_path / "first", with_acts=True))
    assert load(tmp_path / "first").acts.erased == (2, 3)


def test_a_damaged_log_is_not_carried_anywhere(tmp_path: Path) -> None:
    everything(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"about":"h"', b'"about":"i"', 1))
    with pytest.raises(ActError, match="damaged log is not carried elsewhere: act 1 was edited"):
        FolderJournal(tmp_path).copy()


# One file ----------------------------------------------------------------------------------------------------------

STYLES = [
    WRITTEN,
    WRITTEN.replace("\n", "\r\n"),
    "teams: {growth: {title: Growth}, core: {title: Core, capacity: 3}, labs: {}}\npolicy: {budget: 12}\n",
    (
        "teams:\n    growth:\n        title: Growth\n    core: {title: Core,\n           capacity: 3}\n    labs:\n"
        "policy:\n    budget: 12"
    ),
    (
        "\ufeffpolicy: {budget: 12}\nteams: {\n  growth: {title: Growth},\n  core: {title: Core, capacity: 3},\n"
        "  labs: {}\n}"
    ),
    (
        "policy: {budget: 12}\nteams:\n  growth: &g\n    title: Growth\n  core: {title: Core, capacity: 3}\n"
        "  labs: {}\n  same: *g\n"
    ),
]
_TEAM = st.one_of(
    st.none(), st.just({}), st.builds(lambda title: {"title": title}, st.sampled_from(["A: b", "# c", "it's"]))
)


@given(
    st.sampled_from(STYLES),
    st.fixed_dictionaries(dict.fromkeys(("growth", "core", "labs", "same", "new"), _TEAM)),
    st.sampled_from([{}, {"budget": 13}, {"budget": 12}, {"discount": 0.1}]),
    st.sampled_from([{}, {"v": {"title": "Up"}}]),
)
def test_a_file_says_what_it_should_however_it_was_written(
    text: str, teams: dict[str, dict[str, str] | None], policy: dict[str, float], vision: dict[str, dict[str, str]]
) -> None:
    kept = {key: body for key, body in teams.items() if body is not None}
    wanted = {kind: found for kind, found in (("teams", kept), ("policy", policy), ("vision", vision)) if found}
    tree: Any = read_yaml(edited(text.encode(), wanted), "").tree or {}
    found = {kind: entries for kind, entries in tree.items() if entries}
    if "teams" in found:
        found["teams"] = {key: body or {} for key, body in found["teams"].items()}
    assert found == wanted


def test_a_date_stays_a_date(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    later = definitions().hypotheses["h"].model_copy(update={"due": date(2031, 1, 2)})
    found = applied(definitions(hypotheses={"h": later}), folder)
    assert found.hypotheses["h"].due == date(2031, 1, 2)

"""Segments and links by form: conditions stay typed, slopes are told in the units in which metrics are shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from form_pages import kept, page_at, wrong_in
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]


@pytest.fixture
def ada(client_of: ClientOf) -> Client:
    """An analyst."""
    return client_of("analyst")


@pytest.fixture
def data(workspace: Workspace) -> Workspace:
    """The table that the workspace names."""
    table = "id,age,country,rounds,back\n" + "".join(f"p{at},{at},{'DE' if at % 2 else 'DK'},1,0\n" for at in range(60))
    (Path(workspace.folder) / "players.csv").write_text(table, encoding="utf-8")
    return workspace


def _where(*rows: tuple[str, str, str]) -> dict[str, str]:
    parts = ("column", "operator", "value")
    return {f"where__{at}__{part}": said for at, row in enumerate(rows) for part, said in zip(parts, row, strict=True)}


# Segments ---------------------------------------------------------------------------------------------------------


def test_a_segment_is_conditions_over_columns(data: Workspace, ada: Client) -> None:
    sent = {"title": "Young Germans", "source": "players", "share": "12.5"}
    rows = _where(("age", "<", "20"), ("country", "==", "DE"), ("", "==", ""))
    assert ada.post(page_at("new-segment", data), sent | rows).headers["Location"] == page_at("segments", data)
    expected = {"title": "Young Germans", "source": "players", "share": 0.125}
    assert kept(data, "segments", "young_germans") == expected | {"filter": "age < 20 and country == 'DE'"}


def test_a_segment_opens_with_its_conditions_in_rows(data: Workspace, ada: Client) -> None:
    standing = {"source": "players", "filter": "age < 20 and country in ('DE', 'DK') and back is null"}
    save(data, "segments", "some", standing, by=None, version=0)
    form = ada.get(page_at("edit-segment", data, key="some")).context["form"]
    shown = [tuple(form.initial[f"where__{at}__{part}"] for part in ("column", "operator", "value")) for at in (0, 1)]
    assert shown == [("age", "<", "20"), ("back", "is empty", "")]
    sent = {name: value for name, value in form.initial.items() if value is not None}
    ada.post(page_at("edit-segment", data, key="some"), sent | {"title": "Some"})
    assert kept(data, "segments", "some")["filter"] == "(`country` in ('DE', 'DK')) and age < 20 and back is null"


def test_a_number_is_asked_for_where_the_column_holds_numbers(data: Workspace, ada: Client) -> None:
    answer = ada.post(
        page_at("new-segment", data), {"title": "Odd", "source": "players"} | _where(("age", "<", "twenty"))
    )
    assert "the column holds numbers" in wrong_in(answer)["where__0__value"].lower()
    assert kept(data, "segments", "odd") == {}


def test_conditions_need_a_table(data: Workspace, ada: Client) -> None:
    answer = ada.post(page_at("new-segment", data), {"title": "Odd", "source": ""} | _where(("country", "==", "DE")))
    assert "choose the table" in wrong_in(answer)["source"]


def test_a_segment_that_something_names_stays(workspace: Workspace, ada: Client) -> None:
    answer = ada.post(page_at("remove-segment", workspace, key="young"), {"version": "1"}, follow=True)
    assert "It is still needed" in answer.text
    assert kept(workspace, "segments", "young")


def test_the_list_of_segments_says_who_names_each(workspace: Workspace, client_of: ClientOf) -> None:
    page = client_of("viewer").get(page_at("segments", workspace)).text
    assert "Young players" in page
    assert "1 need" in page
    assert page_at("new-segment", workspace) not in page


# Links ------------------------------------------------------------------------------------------------------------


def test_a_range_of_a_link_is_told_as_both_metrics_are_shown(workspace: Workspace, ada: Client) -> None:
    """A round more brings 2 to 3 percentage points: 0.02 to 0.03 of the share that the metric is."""
    sent = {"kind": "influence", "parent": "rounds", "child": "retention", "low": "2", "high": "3", "author": "Games"}
    assert ada.post(page_at("new-link", workspace), sent | {"said": "2026-02-01"}).status_code == 302
    body = kept(workspace, "links", "rounds_retention")
    expected = {"parent": "rounds", "child": "retention", "author": "Games", "said": "2026-02-01"}
    assert body == expected | {"low": 0.02, "high": 0.03}
    form = ada.get(page_at("edit-link", workspace, key="rounds_retention")).context["form"]
    assert (float(form.initial["low"]), float(form.initial["high"])) == (2, 3)


def test_a_formula_belongs_to_an_exact_link_only(workspace: Workspace, ada: Client) -> None:
    sent = {"kind": "component", "parent": "", "child": "rounds", "formula": "retention * roundz", "low": "1"}
    assert "Did you mean 'rounds'" in wrong_in(ada.post(page_at("new-link", workspace), sent))["formula"]
    sent |= {"kind": "influence", "parent": "retention", "low": ""}
    assert ada.post(page_at("new-link", workspace), sent).status_code == 302
    assert kept(workspace, "links", "retention_rounds") == {"parent": "retention", "child": "rounds"}


def test_half_a_range_is_none(workspace: Workspace, ada: Client) -> None:
    sent = {"kind": "influence", "parent": "rounds", "child": "retention", "low": "2"}
    assert "needs both its ends" in wrong_in(ada.post(page_at("new-link", workspace), sent))["high"]


@pytest.mark.parametrize(
    ("kind", "field", "said"),
    [("influence", "parent", "Choose the metric"), ("component", "formula", "Write the formula")],
)
def test_what_a_kind_of_link_lacks_is_said_beside_its_field(
    workspace: Workspace, ada: Client, kind: str, field: str, said: str
) -> None:
    assert said in wrong_in(ada.post(page_at("new-link", workspace), {"kind": kind, "child": "rounds"}))[field]


def test_links_that_no_run_knows_yet_can_be_changed(workspace: Workspace, ada: Client) -> None:
    assert "First step: define two metrics" in ada.get(page_at("links", workspace)).text
    save(workspace, "links", "l", {"parent": "rounds", "child": "retention"}, by=None, version=0)
    page = ada.get(page_at("links", workspace)).text
    assert "Rounds played" in page
    assert page_at("edit-link", workspace, key="l") in page

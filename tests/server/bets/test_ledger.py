"""The ledger in the browser: the numbers of the run, filtered, each line with its evidence and its next step."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vitalfew.report import cells, words
from vitalfew.report.view import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import CandidateLine, ShippedLine
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

PAGE = "/w/fieldnote/ledger/"
MOST_QUERIES = 25


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def _rows(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_text(client, address))))


def _numbers(page: str, line: str) -> list[str]:
    """The figures of a row, as they stand on the page."""
    row = page.split(f'id="line-{line}"', 1)[1].split('role="row"', 1)[0]
    return re.findall(r'<span class="n">([^<]*)</span>', row)


@pytest.mark.usefixtures("demo")
def test_the_file_holds_the_numbers_of_the_run_to_the_last_digit(client_of: ClientOf, run: Results) -> None:
    rows = {row["line"]: row for row in _rows(client_of("viewer"), f"{PAGE}?format=csv")}
    lines: list[ShippedLine | CandidateLine] = [*run.ledger.shipped, *run.ledger.candidates]
    assert set(rows) == {line.line for line in lines}
    for line in lines:
        row = rows[line.line]
        told = [line.value.mean, line.value.low, line.value.high, line.value.p_positive] if line.value else [None] * 4
        names = ("value", "value_low_80", "value_high_80", "p_above_zero")
        assert [float(row[name]) if row[name] else None for name in names] == told
    for shipped in run.ledger.shipped:
        held = rows[shipped.line]["p_vital"]
        assert (float(held) if held else None) == shipped.p_vital
    for candidate in run.ledger.candidates:
        held = rows[candidate.line]["p_in_plan"]
        assert (float(held) if held else None) == candidate.p_in


def test_the_command_line_the_library_and_the_page_show_the_same_run(
    client_of: ClientOf, demo: Workspace, run: Results
) -> None:
    command = [sys.executable, "-m", "vitalfew", "run", demo.folder, "--id", demo.last_run, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    shown = {row["line"]: row for row in _rows(client_of("viewer"), f"{PAGE}?format=csv&run={demo.last_run}")}
    for half in ("shipped", "candidates"):
        for line in told["ledger"][half]:
            value = line["value"]
            assert (float(shown[line["line"]]["value"]) if value else None) == (value["mean"] if value else None)
    assert run.info.id == demo.last_run


@pytest.mark.usefixtures("demo")
def test_the_cells_of_the_page_are_those_of_the_run(client_of: ClientOf, run: Results) -> None:
    page = _text(client_of("viewer"), f"{PAGE}?all=1")
    for line in run.ledger.shipped:
        if line.value is None or line.promised is None or line.measured is None:
            continue
        unit = run.view.unit(line.promised.metric)
        assert _numbers(page, line.line) == [
            words.change_parts(line.promised.p50, line.promised.p10, line.promised.p90, unit)[0],
            words.change_parts(
                line.measured.estimate, line.measured.low, line.measured.high, run.view.unit(line.measured.metric)
            )[0],
            words.change_parts(line.value.mean, line.value.low, line.value.high, words.BARE_VALUE)[0],
        ]


@pytest.mark.usefixtures("demo")
def test_the_drawn_line_cuts_the_page_where_it_cuts_the_run(client_of: ClientOf, run: Results) -> None:
    page = _text(client_of("viewer"), PAGE)
    shipped = page.split('id="shipped"', 1)[1].split('id="candidates"', 1)[0]
    above = re.findall(r'id="line-([^"]+)"', shipped.split('class="cut"', 1)[0])
    assert above == [line.line for line in cut(run.ledger.shipped)[0]]


@pytest.mark.usefixtures("demo")
def test_a_number_never_stands_alone(client_of: ClientOf, run: Results) -> None:
    page = _text(client_of("viewer"), PAGE)
    valued = next(line for line in run.ledger.shipped if line.value and line.grade)
    row = page.split(f'id="line-{valued.line}"', 1)[1].split('role="row"', 1)[0]
    assert valued.value is not None
    assert cells.value_words(valued.value).replace(" %", "\N{NO-BREAK SPACE}%") in html.unescape(row)
    assert f"{valued.grade}: evidence grade" in row
    unknown = next(line for line in run.ledger.candidates if line.value is None)
    assert "no expected value: " in _text(client_of("viewer"), f"{PAGE}?q={unknown.title}")


@pytest.mark.usefixtures("demo")
def test_filters_stand_in_the_address_and_apply_to_the_file_too(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    team = next(line.team for line in run.ledger.shipped if line.team)
    assert {row["team"] for row in _rows(client, f"{PAGE}?format=csv&team={team}")} == {team}
    assert [row["line"] for row in _rows(client, f"{PAGE}?format=csv&q=OFFLINE")] == ["offline_forms"]
    everything = _rows(client, f"{PAGE}?format=csv&team=strangers&segment=nowhere&time=never")
    assert len(everything) == len(run.ledger.shipped) + len(run.ledger.candidates)


@pytest.mark.usefixtures("demo")
def test_a_segment_shows_what_lines_mean_to_it(client_of: ClientOf, run: Results) -> None:
    found = next(row for row in run.tables.group_values if row.kind == "segment" and row.value and row.shipped)
    page = _text(client_of("viewer"), f"{PAGE}?segment={found.group}&all=1")
    assert found.value is not None
    shown = words.change_parts(found.value.mean, found.value.low, found.value.high, words.BARE_VALUE)[0]
    assert shown in _numbers(page, found.line)


@pytest.mark.usefixtures("demo")
def test_lines_shipped_last_quarter_are_those_of_its_days(client_of: ClientOf, run: Results) -> None:
    rows = _rows(client_of("viewer"), f"{PAGE}?format=csv&time=quarter")
    made = run.workspace.definitions
    for row in rows:
        if row["list"] == "shipped":
            day = (made.initiatives.get(row["line"]) or made.features[row["line"]]).shipped
            assert day is not None
            assert (run.day - day).days <= 91
    assert 0 < sum(row["list"] == "shipped" for row in rows) < len(run.ledger.shipped)


@pytest.mark.usefixtures("demo")
def test_a_line_opens_beside_the_list_and_as_a_page(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    page = _text(client, f"{PAGE}offline_forms/")
    beside = client.get(f"{PAGE}offline_forms/", headers={"HX-Request": "true"}).content.decode()
    why = run.explain("offline_forms").why[0].replace(" %", "\N{NO-BREAK SPACE}%")
    for text in (page, beside):
        assert why.split("\N{NO-BREAK SPACE}")[0] in text.replace(" %", "\N{NO-BREAK SPACE}%")
        for heading in ("Why it stands here", "By factor", "who gains, who loses", "Evidence"):
            assert heading in text
    assert "<html" in page
    assert "<html" not in beside
    assert client.get(f"{PAGE}no_such_line/").status_code == 404


@pytest.mark.usefixtures("demo")
def test_open_forecasts_are_not_told(client_of: ClientOf, run: Results) -> None:
    open_ = next(row for row in run.tables.promises if row.locked_at is None)
    page = _text(client_of("admin"), f"{PAGE}{open_.initiative}/")
    assert f"{words.count(open_.forecasters, 'blind forecast')}, not locked yet" in page
    told = words.change(open_.p50, open_.p10, open_.p90, run.view.unit(open_.metric))
    assert told not in page


@pytest.mark.usefixtures("demo")
def test_the_next_step_is_offered_to_those_who_may_take_it(client_of: ClientOf) -> None:
    assert 'class="next" href=' not in _text(client_of("viewer"), PAGE)
    assert "/decisions/about/offline_forms/" in _text(client_of("editor"), PAGE)


@pytest.mark.usefixtures("demo")
def test_the_picture_is_a_file_of_its_own(client_of: ClientOf) -> None:
    answer = client_of("viewer").get(f"{PAGE}?format=svg&q=offline")
    svg = answer.content.decode()
    assert answer["Content-Type"] == "image/svg+xml"
    assert svg.startswith("<svg")
    assert 'xmlns="http://www.w3.org/2000/svg"' in svg
    assert "Offline forms" in svg
    assert "Repeat jobs" not in svg


@pytest.mark.usefixtures("demo")
def test_queries_do_not_grow_with_the_rows(client_of: ClientOf) -> None:
    client = client_of("editor")
    client.get(PAGE)
    counts = []
    for address in (f"{PAGE}?q=offline", f"{PAGE}?all=1"):
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        counts.append(len(found))
    assert counts[0] == counts[1] <= MOST_QUERIES


@pytest.mark.usefixtures("demo")
def test_a_run_of_an_id_that_is_none_is_not_found(client_of: ClientOf) -> None:
    client = client_of("viewer")
    for wrong in ("nothing", "../../elsewhere", ".."):
        assert client.get(PAGE, {"run": wrong}).status_code == 404


def test_a_workspace_without_a_run_says_what_to_do_first(client_of: ClientOf, workspace: Workspace) -> None:
    page = _text(client_of("editor"), f"/w/{workspace.key}/ledger/")
    assert "Nothing has been run yet" in page
    assert f'action="/w/{workspace.key}/run/"' in page
    assert "Somebody who may write bets can start it" in _text(client_of("viewer"), f"/w/{workspace.key}/ledger/")

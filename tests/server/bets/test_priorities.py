"""What if: other weights or another budget rank the same draws anew, and nothing is stored."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vitalfew.decide.explain_payback import after_weeks
from vitalfew.server.bets.queries.what_if import Asked, ranked
from vitalfew.server.core.models import ActRecord, Definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

PAGE = "/w/fieldnote/priorities/"


def _order(page: str) -> list[str]:
    listed = page.split('class="ranked"', 1)[1].split("</table>", 1)[0]
    return re.findall(r'<tr class="[^"]*" id="line-([^"]+)"', listed)


def test_as_it_is_the_probabilities_are_those_of_the_run(demo: Workspace, run: Results) -> None:
    known = {line.line: line.p_in for line in run.ledger.candidates if line.p_in is not None}
    found = ranked(demo, run, Asked())
    order = [place.line for place in found.places]
    assert sorted(order, key=lambda line: -(known[line] or 0)) == order
    assert found.says == ""
    assert all(place.moved in (0, None) and not place.before for place in found.places)


def test_the_capacity_line_is_where_mean_costs_fill_the_budget(demo: Workspace, run: Results) -> None:
    all_of_it = ranked(demo, run, Asked(budget=1e6))
    assert all_of_it.fits == len(all_of_it.places)
    assert ranked(demo, run, Asked(budget=0)).fits == 0
    assert 0 < ranked(demo, run, Asked()).fits < len(all_of_it.places)


def test_nothing_changes_is_said_when_nothing_changes(demo: Workspace, run: Results) -> None:
    budget = run.workspace.definitions.policy.budget
    assert ranked(demo, run, Asked(budget=budget)).says.startswith("Nothing changes")


def test_what_leaves_the_budget_is_named(demo: Workspace, run: Results) -> None:
    before = ranked(demo, run, Asked())
    found = ranked(demo, run, Asked(budget=before.places[0].at))
    lost = before.places[0].title
    assert found.fits == 0
    assert "No longer fits: " in found.says
    assert lost in found.says


def test_weights_that_are_not_set_share_what_is_left(demo: Workspace, run: Results) -> None:
    factor = next(iter(run.workspace.definitions.factors))
    found = {one.key: one for one in ranked(demo, run, Asked(weights=((factor, 0.6),))).factors}
    assert found[factor].share == pytest.approx(0.6)
    assert found[factor].is_set
    assert sum(one.share for one in found.values()) == pytest.approx(1)


def test_weights_above_the_whole_are_taken_as_proportions(demo: Workspace, run: Results) -> None:
    one, other, *_ = run.workspace.definitions.factors
    found = {one.key: one.share for one in ranked(demo, run, Asked(weights=((one, 1.0), (other, 1.0)))).factors}
    assert found[one] == found[other] == pytest.approx(0.5)


def test_a_factor_says_what_a_unit_of_it_weighs(demo: Workspace, run: Results) -> None:
    definitions = run.workspace.definitions
    for factor in ranked(demo, run, Asked()).factors:
        plain = factor.exchange.replace("\N{NO-BREAK SPACE}", " ")
        said = re.fullmatch(r"(.)1 .*weighs as much as (.)([\d.,]+) .*", plain)
        assert said is not None, factor.exchange
        assert float(said[3].replace(",", "")) >= 1
        sign = "\N{MINUS SIGN}" if definitions.metrics[factor.key].direction == "down" else "+"
        title = definitions.title("factors", factor.key)
        assert f"on {title}" in factor.exchange
        assert sign in (said[1], said[2])


def test_only_strong_evidence_leaves_the_rest_out_and_says_so(demo: Workspace, run: Results) -> None:
    found = ranked(demo, run, Asked(strong=True))
    every = ranked(demo, run, Asked())
    assert all(place.grade in ("staged", "tested", "replicated") for place in found.places)
    assert len(found.places) + found.left_out == len(every.places)


def test_a_preview_is_marked_and_near_what_is_exact(demo: Workspace, run: Results) -> None:
    asked = Asked(budget=30.0)
    exact, quick = ranked(demo, run, asked), ranked(demo, run, asked, preview=True)
    assert quick.preview
    assert not exact.preview
    assert {place.line for place in exact.places[:2]} & {place.line for place in quick.places[:2]}


@pytest.mark.usefixtures("demo")
def test_the_address_says_what_is_asked_and_nothing_is_stored(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    factor = list(run.workspace.definitions.factors)[-1]
    before = (ActRecord.objects.count(), Definition.objects.count())
    page = client.get(PAGE, {f"w.{factor}": "0.6", "budget": "30"}).content.decode()
    alone = client.get(f"{PAGE}ranked/", {f"w.{factor}": "0.6", "budget": "30", "preview": "1"}).content.decode()
    assert 'value="0.6000"' in page
    assert "preview, 2,000 draws" in alone
    assert "<html" not in alone
    assert _order(page) != _order(client.get(PAGE).content.decode())
    assert (ActRecord.objects.count(), Definition.objects.count()) == before


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("wrong", ["w.nothing=0.5", "budget=lots", "budget=-1", "budget=nan", "w.seats_added=inf"])
def test_what_is_no_number_asks_for_nothing(client_of: ClientOf, wrong: str) -> None:
    client = client_of("viewer")
    answer = client.get(f"{PAGE}?{wrong}")
    assert answer.status_code == 200
    assert _order(answer.content.decode()) == _order(client.get(PAGE).content.decode())


@pytest.mark.usefixtures("demo")
def test_the_file_says_what_fits(client_of: ClientOf, run: Results) -> None:
    text = client_of("viewer").get(f"{PAGE}?format=csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    known = {line.line: line for line in run.ledger.candidates}
    assert [row["fits_in_budget"] for row in rows] == sorted((row["fits_in_budget"] for row in rows), reverse=True)
    for row in rows:
        line = known[row["line"]]
        assert float(row["p_in_plan"]) == line.p_in
        assert line.net is not None
        assert line.viability is not None
        assert float(row["net"]) == line.net.estimate
        assert float(row["p_pays_within_horizon"]) == line.viability.p_within
        assert row["payback_weeks"] == ("" if line.viability.weeks is None else repr(line.viability.weeks.estimate))


@pytest.mark.usefixtures("demo")
def test_what_is_left_and_when_it_pays_stand_on_the_page_and_beside_the_line(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    shown = client.get(PAGE).content.decode().partition("<h3>Does it pay?</h3>")[2].partition("</table>")[0]
    known = [line for line in run.ledger.candidates if line.viability]
    assert shown.count("<tr>") == len(known) + 1
    first = known[0]
    assert first.viability is not None
    assert after_weeks(first.viability) in shown
    beside = client.get(f"/w/fieldnote/ledger/{first.line}/").content.decode()
    assert f"It has paid for itself {after_weeks(first.viability)} after it is out" in beside


@pytest.mark.usefixtures("demo")
def test_two_scenarios_stand_side_by_side(client_of: ClientOf) -> None:
    page = client_of("viewer").get(f"{PAGE}compare/", {"a": "", "b": "budget=10", "b_name": "<Lean>"}).content.decode()
    assert "&lt;Lean&gt;" in page
    assert "only here" in page


@pytest.mark.usefixtures("demo")
def test_ranking_anew_asks_the_database_little(client_of: ClientOf) -> None:
    client = client_of("viewer")
    client.get(f"{PAGE}ranked/?preview=1")
    with CaptureQueriesContext(connection) as found:
        client.get(f"{PAGE}ranked/?preview=1&budget=20")
    assert len(found) <= 15


@pytest.mark.usefixtures("demo")
def test_the_picture_holds_candidates_alone(client_of: ClientOf) -> None:
    svg = client_of("viewer").get(f"{PAGE}?format=svg").content.decode()
    assert "P(in plan)" in svg
    assert "P(vital)" not in svg

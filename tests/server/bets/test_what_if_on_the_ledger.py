"""What if, beside the ledger: the candidates ranked anew by other weights, another budget, stronger evidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from vitalfew.server.bets.queries.what_if import STRONG, Asked, ranked, rankings, relisted

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

PAGE = "/w/fieldnote/ledger/"
ANEW = "/w/fieldnote/what-if/ledger/"


def _order(page: str) -> list[str]:
    return re.findall(r'id="line-([^"]+)"', page.split('id="candidates"', 1)[1].split("</section>", 1)[0])


def _heavy(run: Results) -> str:
    return f"w.{next(iter(run.workspace.definitions.factors))}=0.9"


@pytest.mark.usefixtures("demo")
def test_the_panel_is_opened_by_a_link_and_by_an_address_that_asks(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    closed = client.get(PAGE).content.decode()
    assert 'id="what-if"' not in closed
    assert 'href="?what_if=1#what-if"' in closed
    for query in ("what_if=1", _heavy(run), "budget=3", "strong=1", "any=1"):
        page = client.get(f"{PAGE}?{query}").content.decode()
        assert page.count('type="range"') == len(run.workspace.definitions.factors) + 1
        assert "weighs as much as" in page


@pytest.mark.usefixtures("demo")
def test_opened_it_changes_nothing_and_asked_it_lists_the_order_of_the_priorities(
    client_of: ClientOf, run: Results, demo: Workspace
) -> None:
    client = client_of("viewer")
    assert _order(client.get(f"{PAGE}?what_if=1&all=1").content.decode()) == _order(
        client.get(f"{PAGE}?all=1").content.decode()
    )
    page = client.get(f"{ANEW}?{_heavy(run)}&all=1").content.decode()
    factor = next(iter(run.workspace.definitions.factors))
    places = [place.line for place in ranked(demo, run, Asked(weights=((factor, 0.9),))).places]
    assert _order(page)[: len(places)] == places
    assert 'class="moved"' in page


@pytest.mark.usefixtures("demo")
def test_nothing_changes_is_said_when_nothing_changes(client_of: ClientOf, run: Results) -> None:
    budget = run.workspace.definitions.policy.budget
    page = client_of("viewer").get(f"{ANEW}?budget={budget}").content.decode()
    assert "Nothing changes" in page
    assert 'class="moved"' not in page


def test_only_strong_evidence_plans_without_the_rest(demo: Workspace, run: Results) -> None:
    base, found = rankings(demo, run, Asked(strong=True))
    weak = {line.line for line in base.lines if line.grade not in STRONG}
    assert weak
    assert not weak & {line.line for line in found.lines}
    lines, _ = relisted(demo, run, Asked(strong=True))
    assert not weak & {line.line for line in lines}
    assert len(lines) == len(run.ledger.candidates) - len(weak)
    assert ranked(demo, run, Asked(strong=True)).left_out == len(weak)


@pytest.mark.usefixtures("demo")
def test_any_weights_are_those_that_nobody_agreed_on(demo: Workspace, run: Results) -> None:
    base, found = rankings(demo, run, Asked((("no_such_factor", 0.4),), any_weights=True))
    assert {round(weight.estimate, 1) for weight in found.weights.values()} == {round(1 / len(base.weights), 1)}
    assert any("nobody agreed" in note for note in found.notes)


def test_filters_and_what_if_go_together(client_of: ClientOf, run: Results) -> None:
    page = client_of("viewer").get(f"{PAGE}?team=planning&{_heavy(run)}&all=1").content.decode()
    planning = {line.line for line in run.ledger.candidates if line.team == "planning"}
    assert set(_order(page)) == planning
    assert '<input type="hidden" name="team" value="planning">' in page
    bar = page.split('<form class="filters"', 1)[1].split("</form>", 1)[0]
    name, _, weight = _heavy(run).partition("=")
    assert f'<input type="hidden" name="{name}" value="{weight}">' in bar


@pytest.mark.usefixtures("demo")
def test_an_impossible_question_is_answered_by_what_stands(client_of: ClientOf, run: Results) -> None:
    factors = run.workspace.definitions.factors
    nothing = "&".join(f"w.{factor}=0" for factor in factors)
    answer = client_of("viewer").get(f"{ANEW}?{nothing}&all=1")
    assert answer.status_code == 200
    assert len(_order(answer.content.decode())) == len(run.ledger.candidates)

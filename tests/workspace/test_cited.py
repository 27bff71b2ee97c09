"""A claim without evidence rests on no figure, no link and nothing that is defined; a forecast names what is there."""

from __future__ import annotations

import pytest

from vitalfew.errors import UsageError
from vitalfew.workspace.cited import LONGEST_ADDRESS, Citable, cited, is_address, separated
from vitalfew.workspace.definitions import Definitions

DEFINED = Definitions.model_validate(
    {
        "metrics": {"plan_time": {"title": "Minutes to plan a day", "source": "days", "column": "minutes"}},
        "experiments": {"gate": {"title": "The new gate", "source": "days"}},
    }
)
KNOWN = Citable.of(DEFINED)


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("everybody knows", False),
        ("the competitor has it, so we must", False),
        ("9 of 12 asked for it", True),
        ("see https://example.org/interviews", True),
        ("plan_time fell", True),
        ("minutes to PLAN a day fell", True),
        ("the new gate showed it", True),
        ("the new gates showed it", False),
    ],
)
def test_evidence_is_a_figure_a_link_or_what_is_defined(text: str, *, gives: bool) -> None:
    assert KNOWN.gives_evidence(text) is gives


def test_what_was_decided_rests_on_its_evidence_and_the_counter_argument_on_itself() -> None:
    assert KNOWN.bare("everybody knows", "plan_time rose by 4") == ("what",)
    assert KNOWN.bare("plan_time fell by 4", "we shall be a laughing stock") == ("counter",)
    assert KNOWN.bare("plan_time fell by 4", "12 people would wait") == ()


def test_where_nothing_is_defined_only_figures_and_links_are_evidence() -> None:
    nothing = Citable.of(Definitions())
    assert nothing.bare("plan_time fell", "it took 3 days") == ("what",)
    assert nothing.bare("", "") == ("what", "counter")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://example.org/interviews?page=2#dispatchers", True),
        ("http://wiki:8080/a;b,c", True),
        ("HTTPS://EXAMPLE.ORG", True),
        ("https://[::1]/x", True),
        ("https://münchen.example/ä", True),
        ("https://example.org/" + "a" * (LONGEST_ADDRESS - 20), True),
        ("https://example.org/" + "a" * (LONGEST_ADDRESS - 19), False),
        ("https://anna:secret@example.org", False),
        ("https://anna@example.org", False),
        ("ftp://example.org/table.csv", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("javascript://example.org/%0aalert(1)", False),
        ("https://", False),
        ("https:///x", False),
        ("https://example.org:port/", False),
        ("https://example.org/a b", False),
        ("https://example.org/\n", False),
        ("https://example.org/\N{RIGHT-TO-LEFT OVERRIDE}gnp", False),
        ('https://example.org/"><script>', False),
        ("//example.org/x", False),
        ("https://[broken/", False),
        ("", False),
    ],
)
def test_an_address_is_kept_when_it_leads_somewhere_and_hides_nothing(text: str, *, kept: bool) -> None:
    assert is_address(text) is kept


def test_what_a_forecast_rests_on_is_named_once_each_in_the_order_given() -> None:
    given = ["gate", " https://example.org ", "plan_time", "gate", ""]
    assert cited(given, DEFINED) == ("gate", "https://example.org", "plan_time")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["plan_tim"], "there is nothing called 'plan_tim' here; .*did you mean 'plan_time'"),
        (["the new gate"], "there is nothing called 'the new gate'"),
        (["ftp://example.org"], "'ftp://example.org' cannot be kept as evidence; expected a web address"),
        (["https://example.org/" + "a" * LONGEST_ADDRESS], "of at most 500 characters"),
        ([f"https://example.org/{n}" for n in range(11)], "at most 10 pieces of evidence, and these are 11"),
        (["days"], "there is nothing called 'days'"),
    ],
)
def test_evidence_that_is_not_there_is_refused_with_what_could_be_meant(given: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        cited(given, DEFINED)


def test_whoever_is_told_of_no_definition_names_addresses_alone_and_learns_of_no_key() -> None:
    assert cited(["https://example.org"], None) == ("https://example.org",)
    for tried in ("gate", "no_such_thing"):
        with pytest.raises(UsageError) as raised:
            cited([tried], None)
        assert "plan_time" not in str(raised.value)
        assert str(raised.value).replace(tried, "X").startswith("'X' cannot be kept")


def test_pieces_of_evidence_in_one_cell_are_apart_by_blanks_lines_or_semicolons() -> None:
    assert separated(" gate;plan_time\nhttps://example.org/a,b, https://example.org/c ") == [
        "gate", "plan_time", "https://example.org/a,b", "https://example.org/c",
    ]  # fmt: skip
    assert separated("") == []

"""Advice of checks in the browser: the page where something is done, never a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from vitalfew.checks.registry import registered
from vitalfew.server.core.commands import in_words, linked

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]


@pytest.mark.parametrize("text", sorted({check.do for check in registered() if "vitalfew" in check.do}))
def test_no_advice_of_a_check_names_a_command_in_the_browser(text: str) -> None:
    assert "vitalfew" not in in_words(text)


def test_a_command_becomes_a_link_to_the_page_of_the_bet() -> None:
    advice = "Let people forecast it, then lock the promise: `vitalfew act lock DIR h --by NAME`."
    said = linked(advice, "/w/x/board/bet/h/", lambda name: f"/w/x/{name}/")
    assert said.endswith('lock the promise: <a href="/w/x/board/bet/h/">the page of the bet</a>.')
    assert in_words(advice) == "Let people forecast it, then lock the promise: the page of the bet."


def test_no_page_of_the_demo_that_gives_advice_names_a_command(demo: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor", of=demo)
    for name in ("checks", "ledger"):
        assert "vitalfew act" not in browser.get(reverse(name, kwargs={"workspace": demo.key})).text

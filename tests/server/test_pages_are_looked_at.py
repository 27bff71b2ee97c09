"""No page is forgotten by tests in a browser and by the pictures: the list of pages is held against all routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import resolve

from server_routes import filling_of, routes
from web_pages import EDITS, FORMS, PAGES, SIGNED_IN, SIGNED_OUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

STEPS = {
    "session": "a session that runs",
    "session-projector": "a session that runs",
    "rate-link": "whoever rates by a link",
    "pulse-link": "whoever answers the pulse by a link",
    "forecast-link": "whoever forecasts by a link",
}
"""Pages that the pictures come to step by step (`tools/screenshots.py`), by the name of their route."""
NO_PAGES = {
    "api-root": "the description of the API says what is below it",
    "home": "leads to the ledger",
    "started": "leads to the ledger once a file was taken",
    "account_signup": "nobody signs up: leads to signing in",
    "account_reauthenticate": "leads on to what was asked for; its page stands before a second factor",
    "account_set_password": "for whoever signed in through the company first",
    "openid_connect_login": "a page of the company",
    "openid_connect_callback": "leads back from the company",
    "mfa_authenticate": "needs a code of somebody's app",
    "mfa_reauthenticate": "needs a code of somebody's app",
    "mfa_deactivate_totp": "needs a second factor that is on",
    "mfa_view_recovery_codes": "needs a second factor that is on",
    "mfa_generate_recovery_codes": "needs a second factor that is on",
    "mfa_download_recovery_codes": "a file",
    "job": "of a piece of work; the demo has had none",
    "moving-plan": "what a file that was given would change",
    "session-events": "a stream",
    "rate-events": "a stream",
    "session-live": "part of a page",
    "metric-card": "part of the tree",
    "metric-sql": "part of a page",
    "ledger-what-if": "part of the ledger",
    "what-if": "part of the priorities",
    "edit-product": "the demo has one product without a definition; the form is that of a new one",
    "forecast": "leads to the page of the hypothesis",
}
"""Routes that answer a reader without a page of their own, with what they are."""


def test_every_page_is_listed_for_browsers_and_pictures(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    listed = {*STEPS, *(_name(f"/w/{workspace.key}/{path}") for path in (*PAGES, *FORMS, *EDITS))}
    listed |= {_name(f"/{path}") for path in (*SIGNED_IN, *SIGNED_OUT) if path != "nothing/is/here/"}
    client = client_of("admin")
    filling = filling_of(workspace, client.member)  # type: ignore[attr-defined]  # see conftest
    asked = {route.name: route.fill(filling) for route in routes() if not route.is_api}
    unlisted = set(asked) - listed - set(NO_PAGES)
    missing = {name for name in unlisted if _is_page(client_of, asked[name])}
    assert not missing, (
        f"{sorted(missing)}: add an address of each to tests/web_pages.py, or say in NO_PAGES what it is"
    )
    assert not set(NO_PAGES) & listed, "listed as a page and as none"


def test_what_is_said_to_be_no_page_still_exists() -> None:
    names = {route.name for route in routes()}
    assert set(NO_PAGES) <= names


def _name(path: str) -> str:
    return str(resolve(path.partition("?")[0]).url_name)


def _is_page(client_of: Callable[..., Client], path: str) -> bool:
    """Whether an admin who asks for it gets a page, an error or another address, rather than data or a part of one."""
    answer = client_of("admin").get(path)
    if answer.streaming:
        answer.close()
        return False
    if answer.status_code == 405:
        return False
    return answer.status_code != 200 or b"<html" in answer.content

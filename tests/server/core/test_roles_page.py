"""The page about roles says what the roles are."""

from __future__ import annotations

from make_roles_page import PAGE, page


def test_the_page_about_roles_is_what_the_roles_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: .venv/bin/python tools/make_roles_page.py"

"""A server without a built front end says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/accounts/login/", "/no/such/page/"])
def test_a_page_without_a_built_front_end_says_how_to_get_one(client: Client, tmp_path: Path, address: str) -> None:
    with override_settings(STATIC_ROOT=str(tmp_path)):
        answer = client.get(address)
    assert answer.status_code == 503
    assert "make setup" in answer.content.decode()
    assert "pip install" in answer.content.decode()
    assert str(tmp_path) not in answer.content.decode()

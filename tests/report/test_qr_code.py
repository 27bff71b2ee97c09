"""QR codes: codes that readers of other makers read, at every size, and what is refused."""

from __future__ import annotations

import hashlib

import pytest

from vitalfew.errors import UsageError
from vitalfew.report.qr_code import modules, qr_code

READ = {
    "http://127.0.0.1:8000/join/3-1a2b3c4d5e6f7a8b9c0d/": "e645d8c273748729",
    "z" * 100: "f14a648d9aa6dcff",
    "r" * 213: "4f2a0eab7d05c297",
}
"""Codes that OpenCV 5 read back as they were written, by the SHA-256 of their modules."""


def _digest(text: str) -> str:
    rows = ["".join("1" if dark else "0" for dark in row) for row in modules(text)]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


@pytest.mark.parametrize("text", READ, ids=["a link", "a middle one", "the largest"])
def test_codes_are_those_that_a_reader_of_another_maker_read(text: str) -> None:
    assert _digest(text) == READ[text]


@pytest.mark.parametrize("length", [1, 14, 15, 26, 42, 62, 84, 106, 122, 152, 180, 213])
def test_every_size_has_its_three_finders_and_its_timing(length: int) -> None:
    code = modules("a" * length)
    size = len(code)
    assert (size - 17) % 4 == 0
    for x, y in ((0, 0), (size - 7, 0), (0, size - 7)):
        assert [code[y + 3][x + at] for at in range(7)] == [True, False, True, True, True, False, True]
    assert [code[6][at] for at in range(8, size - 8)] == [at % 2 == 0 for at in range(8, size - 8)]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        modules("a" * 214)


def test_the_picture_says_what_it_is_for_and_stays_black_on_white() -> None:
    drawn = qr_code("https://vitalfew.example.org/join/1-a/", "Join the session", width=300)
    assert "<title>Join the session</title>" in drawn
    assert 'fill="#fff"' in drawn
    assert 'width="300"' in drawn

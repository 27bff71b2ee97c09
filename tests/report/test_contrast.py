from __future__ import annotations

import re

import pytest

from vitalfew.report.html import css

LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", css(), re.DOTALL)[:2]
)
TEXT = ("ink", "muted", "accent", "kept", "short", "harm", "unproven", "none")
MARKS = ("bar", "bar-soft", "short-fill", "strong-rule")


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def scheme(dark: bool) -> dict[str, str]:
    return LIGHT | DARK if dark else LIGHT


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("ground", ["ground", "surface", "tint"])
@pytest.mark.parametrize("text", TEXT)
def test_text_is_readable_on_every_ground(text: str, ground: str, dark: bool) -> None:
    colours = scheme(dark)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("mark", MARKS)
def test_marks_stand_out_from_the_ground(mark: str, dark: bool) -> None:
    colours = scheme(dark)
    least = 2.5 if mark == "short-fill" else 3.0  # the half circle carries its ring and its word beside it
    assert contrast(colours[mark], colours["ground"]) >= least


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("place", range(10))
def test_letters_are_readable_on_the_shades_of_factors(place: int, dark: bool) -> None:
    colours = scheme(dark)
    letter = {0: "ground", 1: "ground", 2: "black"}.get(place % 5, "ink")
    assert contrast(colours[letter], colours[f"f{place}"]) >= 4.5

"""What forms say of a field that cannot be kept: our own words, with what to do, in every form."""

from __future__ import annotations

import pytest
from django import forms

from vitalfew.server.core.definition_fields import Day, Percent, number

REFUSED = {
    "nothing": (forms.CharField(), "", "fill it in"),
    "no number": (number("Cost"), "much", "12.5"),
    "too small": (Percent("Share"), "-1", "write 0 or more"),
    "too large": (Percent("Share"), "120", "write 100 or less"),
    "no day": (Day("Due"), "soon", "2026-02-01"),
    "no whole number": (forms.IntegerField(), "1.5", "such as 12"),
    "none of the list": (forms.ChoiceField(choices=[("a", "a")]), "b", "take one of the list"),
    "too long": (forms.CharField(max_length=3), "four", "shorten it to 3"),
    "no address": (forms.EmailField(), "ada", "ada@example.org"),
}


@pytest.mark.parametrize(("field", "given", "said"), REFUSED.values(), ids=REFUSED)
def test_a_field_says_what_is_wrong_and_what_to_do(field: forms.Field, given: str, said: str) -> None:
    with pytest.raises(forms.ValidationError) as refusal:
        field.clean(given)
    (text,) = refusal.value.messages
    assert said in text
    assert "This field" not in text
    assert "Ensure" not in text

"""What forms say of a field that cannot be kept: what is wrong, and what to write instead; for every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.core import validators

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = "This is no number: write one such as 12 or 12.5."
_CHOICE = "“%(value)s” is none of the choices: take one of the list."
_WORDS: Mapping[type[forms.Field], Mapping[str, str]] = {
    forms.Field: {"required": "Nothing stands here: fill it in, it cannot be left out."},
    forms.BooleanField: {"required": "Tick this to go on."},
    forms.ChoiceField: {"required": "Nothing is chosen: take one of the list.", "invalid_choice": _CHOICE},
    forms.MultipleChoiceField: {"required": "Nothing is chosen: tick one or more.", "invalid_choice": _CHOICE},
    forms.IntegerField: {"invalid": "This is no whole number: write one such as 12."},
    forms.FloatField: {"invalid": _NUMBER},
    forms.DecimalField: {"invalid": _NUMBER},
    forms.DateField: {"invalid": "This is no day: write one such as 2026-02-01."},
    forms.FileField: {"required": "No file is chosen: take one.", "empty": "The file is empty: take another one."},
}
_LIMITS: Mapping[type[validators.BaseValidator], str] = {
    validators.MinValueValidator: "This is too small: write %(limit_value)s or more.",
    validators.MaxValueValidator: "This is too large: write %(limit_value)s or less.",
    validators.MaxLengthValidator: "This has %(show_value)d characters: shorten it to %(limit_value)d.",
}


def speak() -> None:
    """Let every form of this server say it in these words: fields look their messages up in their classes."""
    for field, words in _WORDS.items():
        field.default_error_messages = {**field.__dict__.get("default_error_messages", {}), **words}
    for limit, text in _LIMITS.items():
        limit.message = text
    validators.EmailValidator.message = "This is no e-mail address: write one such as ada@example.org."

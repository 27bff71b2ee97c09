"""The form that opens a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.server.value.queries.factors import Facts

LONGEST = 120


class NewSession(forms.Form):
    """What is weighed, and by whom."""

    title = forms.CharField(label="What is this session called?", max_length=200)
    factors = forms.MultipleChoiceField(
        label="What is weighed?",
        widget=forms.CheckboxSelectMultiple,
        help_text="Few: above five people tire, above ten it is refused.",
    )
    people = forms.CharField(
        label="Who is invited by a personal link?",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "Anna, support\nBen, engineering"}),
        help_text="One a line: the name and, after a comma, the group they speak for. Each gets a link of their own.",
    )
    seats = forms.IntegerField(
        label="How many more may join by a code on the wall?",
        required=False,
        min_value=0,
        max_value=200,
        help_text="For a room: everybody points a phone at the screen and takes one free seat.",
    )
    groups = forms.CharField(
        label="Which groups are there?",
        required=False,
        help_text="Apart by commas. Groups under five people are merged before anything is shown of them.",
    )
    shows_names = forms.BooleanField(
        label="I see the names of those who have answered",
        required=False,
        help_text="Otherwise only how many. You can switch it off later, not on. What anybody answered is never shown.",
    )

    def __init__(self, *args: Any, factors: Mapping[str, Facts], groups: Sequence[str], **given: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **given)
        choices = [(key, each.title) for key, each in factors.items()]
        self.fields["factors"].choices = choices  # type: ignore[attr-defined]  # a field of choices
        self.fields["factors"].initial = [key for key, _ in choices]
        self.fields["groups"].initial = ", ".join(groups)

    def clean_groups(self) -> tuple[str, ...]:
        """Names of groups."""
        found = (name.strip()[:LONGEST] for name in self.cleaned_data["groups"].split(","))
        return tuple(dict.fromkeys(name for name in found if name))

    def clean_people(self) -> tuple[tuple[str, str], ...]:
        """Name and group of each."""
        return people_of(self.cleaned_data["people"])


def people_of(text: str) -> tuple[tuple[str, str], ...]:
    """People from lines as `Anna, support`; a line without a name counts nothing."""
    found = []
    for line in text.splitlines():
        name, _, group = line.partition(",")
        if name.strip():
            found.append((name.strip()[:LONGEST], group.strip()[:LONGEST]))
    return tuple(found)

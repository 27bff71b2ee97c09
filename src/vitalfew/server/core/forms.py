"""Forms of people: accounts, invitations, members, tokens, the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms

from vitalfew.server.core.events import Event
from vitalfew.server.core.outbound import LONGEST_ADDRESS
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.accounts import THEMES
from vitalfew.server.core.services.tokens import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET = forms.PasswordInput(attrs={"autocomplete": "new-password"})
_TERMS = [(30, "30 days"), (90, "90 days"), (180, "half a year"), (365, "a year")]
ROLES = [(role.value, role.value) for role in Role]


class NewAccount(forms.Form):
    """Name, address and password of somebody new; the address is fixed where it was invited."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(help_text="Ten characters or more; a few plain words are fine.", widget=_SECRET)

    def __init__(self, *args: Any, fixed: str = "", **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **given)
        if fixed:
            del self.fields["email"]


class NewPassword(forms.Form):
    """A new password."""

    password = forms.CharField(
        label="New password", help_text="Ten characters or more; a few plain words are fine.", widget=_SECRET
    )


class Mine(forms.Form):
    """One's own name and colours."""

    name = forms.CharField(max_length=120, required=False, help_text="As others see you; empty: your address.")
    theme = forms.ChoiceField(label="Colours", choices=[(theme, theme) for theme in THEMES])


class Erase(forms.Form):
    """Meant in earnest."""

    sure = forms.BooleanField(label="Erase all of it. I know that nobody can bring it back.")


class MemberForm(forms.Form):
    """A member's role, team and group; teams and groups are those of the workspace."""

    role = forms.ChoiceField(choices=ROLES)
    team = forms.ChoiceField(required=False)
    group = forms.ChoiceField(required=False)

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - Django's
        teams: Mapping[str, str],
        groups: Mapping[str, str],
        **given: Any,  # noqa: ANN401 - likewise
    ) -> None:
        super().__init__(*args, **given)
        self.fields["team"].choices = [("", "no team"), *teams.items()]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["group"].choices = [("", "no group"), *groups.items()]  # type: ignore[attr-defined]  # likewise


class Invite(MemberForm):
    """Whom to invite."""

    email = forms.EmailField(
        label="E-mail", required=False, help_text="Empty: a link that the first who opens it may use."
    )
    field_order = ("email", "role", "team", "group")


class NewToken(forms.Form):
    """What a token is for, what it allows, and for how long."""

    name = forms.CharField(label="What for", max_length=120)
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[(scope.value, f"{scope.value}: {scope.meaning}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(label="Ends after", choices=_TERMS, coerce=int, initial=90)
    here = forms.BooleanField(label="Only in this workspace", required=False, initial=True)


class NewWebhook(forms.Form):
    """Where to tell what happens, and of what."""

    address = forms.CharField(
        max_length=LONGEST_ADDRESS,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
        help_text="Of a program that answers by a status of 2xx.",
    )
    events = forms.MultipleChoiceField(
        label="It is told of",
        choices=[(event.value, f"{event.value}: {event.meaning}") for event in Event],
        widget=forms.CheckboxSelectMultiple,
    )


class WorkspaceForm(forms.Form):
    """What a workspace is called, and its units."""

    name = forms.CharField(max_length=200)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$", required=False, help_text="Three letters, such as EUR. Empty: amounts have no currency."
    )
    time_zone = forms.ChoiceField(label="Time zone", help_text="Where days begin and end.")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **given)
        zones = [(zone, zone) for zone in sorted(available_timezones())]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]  # a ChoiceField

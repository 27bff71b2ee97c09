"""The two questions of the pulse, and the team whose answer it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions


class PulseForm(forms.Form):
    """What comes first, what is mine, where I work; an empty choice says that one does not know."""

    factor = forms.ChoiceField(label="Which of these comes first here?", required=False)
    metric = forms.ChoiceField(label="Which metric is yours to move?", required=False)
    team = forms.ChoiceField(label="In which team do you work?", required=False)

    def __init__(self, definitions: Definitions, data: object = None, team: str = "") -> None:
        super().__init__(data, initial={"team": team})  # type: ignore[arg-type]  # what a request was sent with
        for name, kind, none in (
            ("factor", "factors", "I do not know"),
            ("metric", "metrics", "none, or I do not know"),
            ("team", "teams", "none of these"),
        ):
            self._choose(name, none, [(key, definitions.title(kind, key)) for key in getattr(definitions, kind)])

    def said(self) -> tuple[str | None, str | None, str | None]:
        """The answer as it is recorded."""
        factor, metric, team = (self.cleaned_data[name] or None for name in ("factor", "metric", "team"))
        return factor, metric, team

    def _choose(self, name: str, none: str, choices: list[tuple[str, str]]) -> None:
        offered = [("", none), *sorted(choices, key=lambda choice: choice[1].casefold())]
        self.fields[name] = forms.ChoiceField(label=self.fields[name].label, choices=offered, required=False)

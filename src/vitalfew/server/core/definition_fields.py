"""Fields of forms over definitions: each turns what stands in a definition into what one types, and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from vitalfew.errors import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    type Choices = list[tuple[str, Any]]

_BIGGEST = 1e15
_SHOWN = 60
_QUANTILES = ("p10", "p50", "p90")
_SURE = "One number: as likely. Three say how sure you are: 1 in 10 below the low, 1 in 10 above the high."


class Pick(forms.ChoiceField):
    """One definition of some kinds (`of`, apart by blanks), or none where it may be left out."""

    def __init__(self, of: str, label: str, *, none: str = "none", required: bool = False, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(label=label, required=required, **given)
        self.of, self.none = of, "choose one" if required else none

    def offer(self, found: Choices) -> None:
        """Choose among these; nothing is chosen already."""
        self.choices = [("", self.none), *found]

    def outwards(self, value: str) -> str:
        """`all` is no choice among others."""
        return "" if value == "all" else value


class Picks(forms.MultipleChoiceField):
    """Some definitions of some kinds."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, of: str, label: str, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(label=label, required=False, **given)
        self.of = of

    def offer(self, found: Choices) -> None:
        """Choose among these."""
        self.choices = found


class Column(forms.ChoiceField):
    """A column of a table; `DefinitionForm.columns` offers those that the data hold."""

    def __init__(self, label: str, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(label=label, required=False, **given)

    def offer(self, tables: Mapping[str, Iterable[str]], own: str) -> None:
        """Choose among the columns of some tables, by their titles, and the one that stands though no table has it."""
        groups = [(title, [(name, name) for name in names]) for title, names in tables.items()]
        known = {name for names in tables.values() for name in names}
        more = [(own, f"{own} (not in the data)")] if own and own not in known else []
        self.choices = [("", "none"), *(groups if len(groups) > 1 else groups[0][1] if groups else []), *more]


class Percent(forms.FloatField):
    """A share, typed in per cent."""

    def __init__(self, label: str, *, most: float | None = 100, required: bool = False, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(label=label, required=required, min_value=0, max_value=most, **given)

    def outwards(self, value: float) -> str:
        """0.2 is 20."""
        return f"{Decimal(repr(value)) * 100:f}".rstrip("0").rstrip(".") if value else "0"

    def inwards(self, value: float | None) -> float | None:
        """20 is 0.2."""
        return None if value is None else float(Decimal(repr(value)) / 100)


class Day(forms.DateField):
    """A day; definitions hold it as text."""

    def __init__(self, label: str, *, required: bool = False, **given: Any) -> None:  # noqa: ANN401 - Django's
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, required=required, widget=widget, **given)

    def inwards(self, value: date | None) -> str | None:
        """As YAML would hold it."""
        return value.isoformat() if value else None


class Pairs(forms.CharField):
    """Names with something each: lines as `customers, 50`.

    `read` makes what is kept of what is typed, `write` the other way round; `among`: the only names there are.
    """

    def __init__(
        self,
        label: str,
        *,
        read: Callable[[str], Any],
        write: Callable[[Any], str] = str,
        expected: str = "a number above 0",
        among: Collection[str] = (),
        example: str = "",
        **given: Any,  # noqa: ANN401 - Django's
    ) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "placeholder": example})
        super().__init__(label=label, required=False, widget=widget, max_length=20_000, **given)
        self.read, self.write, self.expected, self.among = read, write, expected, among

    def outwards(self, value: Mapping[str, object]) -> str:
        """A line each."""
        return "\n".join(f"{name}, {self.write(each)}" for name, each in value.items())

    def clean(self, value: Any) -> dict[str, Any]:  # noqa: ANN401 - Django's
        """What the lines say, by name.

        Raises:
            ValidationError: a line is none, its name is not known, or stands twice.
        """
        found: dict[str, Any] = {}
        for line in filter(None, map(str.strip, str(super().clean(value)).splitlines())):
            name, said = self._read(line)
            if name in found:
                raise forms.ValidationError(f"“{name[:_SHOWN]}” stands there twice.")
            found[name] = said
        return found

    def _read(self, line: str) -> tuple[str, Any]:
        name, _, said = map(str.strip, line.rpartition(","))
        try:
            read = self.read(said)
        except ValueError:
            read = None
        if not name or read is None:
            raise forms.ValidationError(f"“{line[:_SHOWN]}” is not a name, a comma and {self.expected}.")
        if self.among and name not in self.among:
            raise forms.ValidationError(f"There is no “{name[:_SHOWN]}”; {suggest(name, self.among)}.")
        return name, read


class Listed(forms.CharField):
    """Names, apart by commas."""

    def __init__(self, label: str, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(label=label, required=False, max_length=2_000, **given)

    def outwards(self, value: Iterable[str]) -> str:
        """In a row."""
        return ", ".join(value)

    def inwards(self, value: str | None) -> list[str]:
        """One by one."""
        return [name.strip() for name in (value or "").split(",") if name.strip()]


class _Three(forms.MultiWidget):
    """Low, likely and high, side by side."""

    def __init__(self) -> None:
        told = {"low": "1 in 10 below", "likely": "as likely more as less", "high": "1 in 10 above"}
        parts: dict[str, forms.Widget | type[forms.Widget]] = {
            name: forms.NumberInput(attrs={"step": "any", "placeholder": name, "aria-label": f"{name}: {meaning}"})
            for name, meaning in told.items()
        }
        super().__init__(parts, attrs={"class": "of-three"})

    def decompress(self, value: Any) -> list[Any]:  # noqa: ANN401 - a number or its quantiles
        """A number alone is as likely."""
        found = [value.get(name) for name in _QUANTILES] if isinstance(value, dict) else [None, value, None]
        return [trimmed(each) for each in found]


class Spread(forms.MultiValueField):
    """A positive quantity: one number, as likely; or three that say how sure one is."""

    def __init__(self, label: str, hint: str = "", **given: Any) -> None:  # noqa: ANN401 - Django's
        parts = [forms.FloatField(required=False) for _ in _QUANTILES]
        super().__init__(
            fields=parts, widget=_Three(), required=False, require_all_fields=False, label=label,
            help_text=f"{hint} {_SURE}".strip(), **given,
        )  # fmt: skip

    def compress(self, values: list[float | None]) -> float | dict[str, float] | None:
        """As a definition holds it.

        Raises:
            ValidationError: it is neither one number nor three, they do not rise, or say nothing.
        """
        given = [value for value in values if value is not None]
        alone = len(given) == 1 and values[1] is not None
        if given and not alone and len(given) != len(_QUANTILES):
            raise forms.ValidationError("Give one number, as likely, or all three: low, likely, high.")
        if given != sorted(given):
            raise forms.ValidationError("The three must rise: low, likely, high.")
        if given and (given[0] < 0 or given[-1] <= 0):
            raise forms.ValidationError("This is more than 0; leave it out when it is not known.")
        return values[1] if alone else dict(zip(_QUANTILES, given, strict=True)) if given else None


def positive(text: str) -> float | None:
    """A number above 0, a sign of per cent forgiven; None for others.

    Raises:
        ValueError: it is no number.
    """
    value = float(text.rstrip("%"))
    return value if 0 < value < _BIGGEST else None


def trimmed(value: Any) -> Any:  # noqa: ANN401 - whatever is held
    """A whole number without a fraction, anything else as it is: 60.0 is shown as 60."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def times(value: float, factor: float) -> Decimal:
    """A number in the unit in which it is shown, exactly: 0.45 of a share is 45 %."""
    return (Decimal(repr(value)) * Decimal(str(factor))).normalize() + 0


def over(value: Decimal | float, factor: float) -> float:
    """A number that was typed in the unit in which it is shown, in the metric's own."""
    return float((value if isinstance(value, Decimal) else Decimal(repr(value))) / Decimal(str(factor)))


def number_text(value: float) -> str:
    """A number without zeros that say nothing."""
    return f"{value:g}"


def day(text: str) -> str:
    """A day as it is written in definitions.

    Raises:
        ValueError: it is none.
    """
    return date.fromisoformat(text).isoformat()


def number(label: str, hint: str = "", **given: Any) -> forms.DecimalField:  # noqa: ANN401 - Django's
    """A number that may be left out."""
    widget = forms.NumberInput(attrs={"step": "any"})
    return forms.DecimalField(label=label, help_text=hint, widget=widget, **{"required": False, **given})


def text(label: str, hint: str = "", *, long: bool = False, most: int = 200, required: bool = False) -> forms.CharField:
    """A text; a long one has lines."""
    widget = forms.Textarea(attrs={"rows": 2}) if long else forms.TextInput()
    return forms.CharField(label=label, help_text=hint, widget=widget, max_length=most, required=required)


def tick(label: str, hint: str = "") -> forms.BooleanField:
    """Yes, or nothing said."""
    return forms.BooleanField(label=label, help_text=hint, required=False)


def choice(
    label: str, choices: Iterable[tuple[str, Any]], hint: str = "", *, required: bool = False
) -> forms.ChoiceField:
    """One of some words."""
    return forms.ChoiceField(label=label, choices=list(choices), help_text=hint, required=required)


def unknown(name: str, known: Collection[str], what: str) -> str:
    """What to say of a name that the data do not hold, with what was probably meant; empty when they do."""
    if not known or not name or name in known:
        return ""
    return f"The data hold no {what} “{name}”; {suggest(name, known)}"
